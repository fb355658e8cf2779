//! `cargo xtask fuzz`.

use std::fs;
use std::process::{Command, ExitCode};

use crate::cli::FuzzOptions;
use crate::process::{cargo, output, succeed};
use crate::step::{self, Outcome, Step};
use crate::workspace::Workspace;

/// Runs one target or all of them; each is a step.
pub(crate) fn run(workspace: &Workspace, options: &FuzzOptions) -> ExitCode {
    let steps = match targets(workspace) {
        Ok(names) => {
            names.into_iter().filter(|name| options.target.as_ref().is_none_or(|wanted| wanted == name))
        }
        Err(why) => {
            eprintln!("{why}");
            return ExitCode::FAILURE;
        }
    };
    let seconds = options.seconds;
    let steps: Vec<Step> = steps
        .map(|name| {
            // Lives as long as the program: a handful of names.
            let name: &'static str = name.leak();
            Step::new(name, "arbitrary input does no harm", move |workspace| {
                Outcome::of(run_target(workspace, name, seconds))
            })
        })
        .collect();
    if steps.is_empty() {
        eprintln!("There is no such fuzz target; `ls fuzz/fuzz_targets` shows them.");
        return ExitCode::from(64);
    }
    step::run(workspace, &steps, true)
}

/// Begins with what earlier runs have found, and with the seeds of the target if it has some.
fn run_target(workspace: &Workspace, name: &str, seconds: u32) -> Result<(), String> {
    let [corpus, seeds] =
        ["corpus", "seeds"].map(|folder| workspace.root.join("fuzz").join(folder).join(name));
    // cargo-fuzz makes it only where it is not named.
    fs::create_dir_all(&corpus).map_err(|error| format!("can't create {}: {error}", corpus.display()))?;
    let mut command = fuzz(workspace, &["run", name]);
    command.arg(corpus);
    if seeds.is_dir() {
        command.arg(seeds);
    }
    succeed(command.args(["--", &format!("-max_total_time={seconds}")]))
}

fn targets(workspace: &Workspace) -> Result<Vec<String>, String> {
    if output(Command::new("cargo-fuzz").arg("--version")).is_none() {
        return Err("cargo-fuzz is not installed. To get it: cargo install cargo-fuzz --locked".into());
    }
    let listed = output(&mut fuzz(workspace, &["list"])).ok_or("`cargo fuzz list` failed")?;
    Ok(listed.lines().map(String::from).collect())
}

/// The sanitizers that fuzzing needs are behind unstable flags, which this variable opens on the stable toolchain.
fn fuzz(workspace: &Workspace, arguments: &[&str]) -> Command {
    let mut command = cargo(workspace, &["fuzz"]);
    command.args(arguments).env("RUSTC_BOOTSTRAP", "1");
    command
}
