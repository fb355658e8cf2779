//! `cargo xtask bench`.

use std::process::ExitCode;

use crate::process::{cargo, succeed};
use crate::workspace::Workspace;

/// Runs the benchmarks; the arguments are theirs. Figures without the number of cores mean little, so it is said first.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> ExitCode {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    println!("{cores} cores");
    let mut bench = cargo(workspace, &["bench", "--package", "crossway-benches", "--benches"]);
    match succeed(bench.args(arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}
