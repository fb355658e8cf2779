//! How many instructions the data path takes: `cargo xtask instructions`, and the step of that name in the tests.
//!
//! Time depends on the machine and on who else uses it; the number of instructions does not. Callgrind counts them for
//! every case of the program `instructions` in `benches`, which runs twice:
//!
//! ```text
//!   start + 1 * COUNT operations ──> a
//!   start + 2 * COUNT operations ──> b         (b - a) / COUNT is what one operation takes
//! ```
//!
//! So neither the start of the process nor symbols matter, and what chance there is (hash seeds, random ids) disappears.

mod baseline;

use std::path::PathBuf;
use std::process::Command;

use baseline::{Baseline, MadeWith};

use crate::process::{cargo, output, said, succeed};
use crate::step::{Outcome, Step, Tally};
use crate::workspace::Workspace;

/// What one operation of a case takes, in the order of the program.
type Figures = Vec<(String, u64)>;

/// Counts, and compares with the baseline.
pub(crate) fn step() -> Step {
    Step::new("instructions", "no operation of the data path takes more of them", |workspace| {
        count_all(workspace).map_or_else(|outcome| outcome, |figures| compare(workspace, &figures))
    })
}

/// Counts, and makes that the baseline.
pub(crate) fn update() -> Step {
    Step::new("instructions", "a new baseline", |workspace| {
        count_all(workspace).map_or_else(|outcome| outcome, |figures| renew(workspace, figures))
    })
}

fn compare(workspace: &Workspace, now: &Figures) -> Outcome {
    let baseline = match Baseline::read(&workspace.instructions()) {
        Ok(baseline) => baseline,
        Err(why) => return Outcome::of(Err(why)),
    };
    let comparison = baseline.compare(now, &MadeWith::here());
    print!("{}", comparison.table);
    let failed = comparison.failures.len();
    let tally = Tally { passed: now.len().saturating_sub(failed), failed };
    if failed == 0 {
        return Outcome::Passed(tally);
    }
    let why = format!(
        "{}\n\nWhere they go: callgrind_annotate {}/CASE\n\
         If they are worth it, the commit says why and renews the baseline: cargo xtask instructions --update",
        comparison.failures.join("\n"),
        profiles(workspace).display(),
    );
    Outcome::Failed(tally, why)
}

fn renew(workspace: &Workspace, figures: Figures) -> Outcome {
    let file = workspace.instructions();
    if let Ok(before) = Baseline::read(&file) {
        print!("{}", before.compare(&figures, &MadeWith::here()).table);
    }
    Outcome::of(Baseline { made_with: MadeWith::here(), figures }.write(&file))
}

/// Runs every case; an outcome instead if that is not possible.
fn count_all(workspace: &Workspace) -> Result<Figures, Outcome> {
    if output(Command::new("valgrind").arg("--version")).is_none() {
        return Err(Outcome::Skipped("valgrind is not installed. To get it: apt install valgrind".into()));
    }
    count_cases(workspace).map_err(|why| Outcome::of(Err(why)))
}

fn count_cases(workspace: &Workspace) -> Result<Figures, String> {
    let build = ["build", "--release", "--package", "crossway-benches", "--bin", "instructions"];
    succeed(&mut cargo(workspace, &build))?;
    std::fs::create_dir_all(profiles(workspace))
        .map_err(|error| format!("no folder for profiles: {error}"))?;
    let cases = output(&mut Command::new(program(workspace))).ok_or("the list of cases can't be had")?;
    cases.lines().map(|line| count_case(workspace, line)).collect()
}

/// `line` is the name of a case, and how often it is to run.
fn count_case(workspace: &Workspace, line: &str) -> Result<(String, u64), String> {
    let case = line.split_once(' ').and_then(|(name, count)| Some((name, count.parse().ok()?)));
    let (name, count): (&str, u64) = case.ok_or_else(|| format!("`{line}` is no case"))?;
    let once = count_run(workspace, name, count)?;
    let twice = count_run(workspace, name, 2 * count)?;
    Ok((name.to_string(), (twice.saturating_sub(once) + count / 2) / count))
}

/// The instructions of one run. Its profile stays, for whoever wants to know more.
fn count_run(workspace: &Workspace, name: &str, count: u64) -> Result<u64, String> {
    let profile = profiles(workspace).join(name);
    let mut valgrind = Command::new("valgrind");
    valgrind.arg("--tool=callgrind").arg(format!("--callgrind-out-file={}", profile.display()));
    let said = said(valgrind.arg(program(workspace)).args([name, &count.to_string()]))?;
    collected(&said).ok_or_else(|| format!("callgrind has not counted {name}:\n{said}"))
}

/// Reads `==7== Collected : 54321`.
fn collected(said: &str) -> Option<u64> {
    said.lines().find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok())
}

fn program(workspace: &Workspace) -> PathBuf {
    workspace.target.join("release/instructions")
}

fn profiles(workspace: &Workspace) -> PathBuf {
    workspace.target.join("instructions")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callgrind_says_how_many_it_has_collected() {
        let said = "==7== Events    : Ir\n==7== Collected : 54321\n==7== \n==7== I   refs:      54,321\n";
        assert_eq!(collected(said), Some(54321));
        assert_eq!(collected("valgrind: no such file"), None);
    }
}
