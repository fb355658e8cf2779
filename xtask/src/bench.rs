//! `cargo xtask bench`: the benchmarks, and the tables of `docs/performance.md`.

mod contender;
mod document;
mod logins;
mod permissions;
mod picture;
mod table;

use std::process::{Command, ExitCode};

use crate::process::{cargo, succeed};
use crate::workspace::Workspace;

/// Runs the benchmarks; the arguments are theirs. Figures without the number of cores mean little, so it is said first.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> ExitCode {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    println!("{cores} cores");
    let benches = &["bench", "--package", "crossway-benches", "--benches"];
    let outcome = match arguments {
        [word, rest @ ..] if word == "table" => table::run(workspace, rest),
        [word, rest @ ..] if word == "permissions" => permissions::run(workspace, rest),
        [word, rest @ ..] if word == "logins" => logins::run(workspace, rest),
        [word, rest @ ..] if word == "scaling" => succeed(scaling(workspace).args(rest)),
        all => succeed(cargo(workspace, benches).args(all)),
    };
    match outcome {
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
