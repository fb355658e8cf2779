//! Steps: a headline, a tally, the time it took, and the table at the end.
//!
//! The closing line of every run is `N passed, N failed`, alone on its line: scripts read it. A step without tests of
//! its own counts as one.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::workspace::Workspace;

/// How many tests passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
}

impl Tally {
    pub(crate) const ONE: Tally = Tally { passed: 1, failed: 0 };

    pub(crate) fn add(&mut self, other: Tally) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

/// How a step ended.
pub(crate) enum Outcome {
    Passed(Tally),
    /// Not run, and why.
    Skipped(String),
    /// What was counted before it failed, and why it did.
    Failed(Tally, String),
}

impl Outcome {
    /// Of a step that is one test.
    pub(crate) fn of(result: Result<(), String>) -> Self {
        Self::counted(Tally::ONE, result)
    }

    /// Of a step that counted its tests. A failure outside of them counts as one more.
    pub(crate) fn counted(tally: Tally, result: Result<(), String>) -> Self {
        match result {
            Ok(()) if tally.failed == 0 => Outcome::Passed(tally),
            Ok(()) => Outcome::Failed(tally, format!("{} failed", tally.failed)),
            Err(why) if tally.failed > 0 => Outcome::Failed(tally, why),
            Err(why) if tally == Tally::ONE => Outcome::Failed(Tally { passed: 0, failed: 1 }, why),
            Err(why) => Outcome::Failed(Tally { failed: 1, ..tally }, why),
        }
    }
}

/// One thing that has to be right.
pub(crate) struct Step {
    /// As in `--only NAME`.
    pub(crate) name: &'static str,
    /// The headline.
    pub(crate) about: &'static str,
    pub(crate) run: Box<dyn Fn(&Workspace) -> Outcome>,
}

impl Step {
    pub(crate) fn new(
        name: &'static str,
        about: &'static str,
        run: impl Fn(&Workspace) -> Outcome + 'static,
    ) -> Self {
        Self { name, about, run: Box::new(run) }
    }
}

/// Runs the steps in order, up to the first that fails unless told to go on.
pub(crate) fn run(workspace: &Workspace, steps: &[Step], keep_going: bool) -> ExitCode {
    let start = Instant::now();
    let mut done: Vec<(&Step, Outcome, Duration)> = Vec::new();
    for (number, step) in steps.iter().enumerate() {
        println!("\n── {} of {}: {} ── {}", number + 1, steps.len(), step.name, step.about);
        let began = Instant::now();
        let outcome = (step.run)(workspace);
        let failed = matches!(outcome, Outcome::Failed(..));
        if let Outcome::Failed(_, why) | Outcome::Skipped(why) = &outcome {
            println!("\n{why}");
        }
        done.push((step, outcome, began.elapsed()));
        if failed && !keep_going {
            break;
        }
    }
    summary(steps, &done, start.elapsed())
}

fn summary(steps: &[Step], done: &[(&Step, Outcome, Duration)], took: Duration) -> ExitCode {
    println!("\n── Summary, {} s", seconds(took));
    let mut total = Tally::default();
    for (step, outcome, took) in done {
        let (mark, tally, words) = match outcome {
            Outcome::Passed(tally) => ("ok", *tally, format!("{} passed", tally.passed)),
            Outcome::Skipped(why) => ("skipped", Tally::default(), first_line(why)),
            Outcome::Failed(tally, why) => (
                "FAILED",
                *tally,
                format!("{} passed, {} failed: {}", tally.passed, tally.failed, first_line(why)),
            ),
        };
        total.add(tally);
        println!("  {:16} {mark:8} {:>7} s   {words}", step.name, seconds(*took));
    }
    for step in &steps[done.len()..] {
        println!("  {:16} not run", step.name);
    }
    println!("\n{} passed, {} failed", total.passed, total.failed);
    if total.failed == 0 && total.passed > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_string()
}

fn seconds(duration: Duration) -> String {
    format!("{:.1}", duration.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(outcome: &Outcome) -> (usize, usize) {
        match outcome {
            Outcome::Passed(tally) | Outcome::Failed(tally, _) => (tally.passed, tally.failed),
            Outcome::Skipped(_) => (0, 0),
        }
    }

    #[test]
    fn a_failure_always_counts_as_one_at_least() {
        let failure = || Err("broken".to_string());
        assert_eq!(tally(&Outcome::of(failure())), (0, 1));
        assert_eq!(tally(&Outcome::counted(Tally { passed: 7, failed: 0 }, failure())), (7, 1));
        assert_eq!(tally(&Outcome::counted(Tally { passed: 7, failed: 2 }, failure())), (7, 2));
        assert_eq!(tally(&Outcome::counted(Tally::default(), failure())), (0, 1));
    }

    #[test]
    fn failed_tests_fail_the_step() {
        let outcome = Outcome::counted(Tally { passed: 7, failed: 2 }, Ok(()));
        assert!(matches!(outcome, Outcome::Failed(..)));
    }
}
