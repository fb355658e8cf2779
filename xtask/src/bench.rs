//! `cargo xtask bench`.

use std::process::{Command, ExitCode};

use crate::process::{cargo, succeed};
use crate::workspace::Workspace;

/// Runs the benchmarks; the arguments are theirs. Figures without the number of cores mean little, so it is said first.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> ExitCode {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    println!("{cores} cores");
    let (mut bench, arguments) = match arguments {
        [table, rest @ ..] if table == "scaling" => (scaling(workspace), rest),
        all => (cargo(workspace, &["bench", "--package", "crossway-benches", "--benches"]), all),
    };
    match succeed(bench.args(arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

/// One realm on one core and on two.
fn scaling(workspace: &Workspace) -> Command {
    cargo(workspace, &["run", "--release", "--package", "crossway-benches", "--bin", "scaling", "--"])
}
