//! Running a client's scenarios and counting what came out.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use super::router::Router;
use crate::process::succeed_within;
use crate::step::{Outcome, Tally};

/// Beyond the limit that the runners set themselves: for one that hangs.
const LIMIT: Duration = Duration::from_secs(700);

/// Runs `scenarios`, which writes its result to `file`, and stops the router.
pub(super) fn of(mut scenarios: Command, file: &Path, router: Router) -> Outcome {
    // What an earlier run left must not count.
    let _ = fs::remove_file(file);
    let ran = succeed_within(&mut scenarios, LIMIT);
    let mut tally = tally(file).unwrap_or_default();
    let stopped = router.stop();
    tally.add(Tally { passed: usize::from(stopped.is_ok()), failed: usize::from(stopped.is_err()) });
    let counted = if tally.passed + tally.failed > 1 { Ok(()) } else { Err("no scenario ran".to_string()) };
    Outcome::counted(tally, stopped.and(ran).and(counted))
}

fn tally(file: &Path) -> Option<Tally> {
    let about: Value = serde_json::from_slice(&fs::read(file).ok()?).ok()?;
    let count = |key: &str| about.get(key)?.as_u64()?.try_into().ok();
    Some(Tally { passed: count("passed")?, failed: count("failed")? })
}
