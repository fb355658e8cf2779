//! Our own tests, and the program that the interop steps run.

use crate::process::{cargo, succeed, succeed_watched};
use crate::step::{Outcome, Step, Tally};
use crate::workspace::Workspace;

pub(crate) fn steps() -> Vec<Step> {
    vec![
        Step::new("test", "unit tests, examples, dependency arrows, behaviour through sockets", test),
        Step::new("build", "the router as users get it", build),
    ]
}

fn test(workspace: &Workspace) -> Outcome {
    let mut tally = Tally::default();
    let mut test = cargo(workspace, &["test", "--workspace", "--no-fail-fast"]);
    let result = succeed_watched(&mut test, |line| tally.add(counted(line).unwrap_or_default()));
    Outcome::counted(tally, result)
}

/// Builds the program in release mode.
pub(crate) fn build(workspace: &Workspace) -> Outcome {
    Outcome::of(succeed(&mut cargo(workspace, &["build", "--release", "--package", "crossway"])))
}

/// Reads `test result: ok. 12 passed; 0 failed; 1 ignored; ...`, the last line of every test program.
fn counted(line: &str) -> Option<Tally> {
    let (_, counts) = line.trim().strip_prefix("test result: ")?.split_once(". ")?;
    let count = |word: &str| {
        let part = counts.split("; ").find_map(|part| part.strip_suffix(word))?;
        part.trim().parse().ok()
    };
    Some(Tally { passed: count("passed")?, failed: count("failed")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_test_programs_are_counted() {
        let line = "test result: FAILED. 12 passed; 3 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s";
        assert_eq!(counted(line), Some(Tally { passed: 12, failed: 3 }));
        assert_eq!(counted("test result_of_something ... ok"), None);
        assert_eq!(counted("running 3 tests"), None);
    }
}
