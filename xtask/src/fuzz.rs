//! `cargo xtask fuzz`.

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
                Outcome::of(succeed(&mut fuzz(
                    workspace,
                    &["run", name, "--", &format!("-max_total_time={seconds}")],
                )))
            })
        })
        .collect();
    if steps.is_empty() {
        eprintln!("There is no such fuzz target; `ls fuzz/fuzz_targets` shows them.");
        return ExitCode::from(64);
    }
    step::run(workspace, &steps, true)
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
