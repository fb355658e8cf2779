//! Developer commands of Crossway: `cargo xtask test` passes or the tree is not fit to be shared.
//!
//! Every command is a list of steps. A step says what it is about, runs other programs, and answers with a tally; the
//! last line of every run is `N passed, N failed`, counted over all of them.

#![allow(clippy::print_stdout, reason = "a program for people")]

mod bench;
mod checks;
mod cli;
mod fuzz;
mod instructions;
mod interop;
mod process;
mod step;
mod suite;
mod workspace;

use std::process::ExitCode;

use cli::Command;
use workspace::Workspace;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let command = match cli::parse(&arguments) {
        Ok(command) => command,
        Err(mistake) => {
            eprintln!("{mistake}\n\nTry: cargo xtask --help");
            return ExitCode::from(64);
        }
    };
    let workspace = Workspace::find();
    match command {
        Command::Help => {
            print!("{}", cli::help());
            ExitCode::SUCCESS
        }
        Command::Test(options) => step::run(&workspace, &cli::select(&options), options.keep_going),
        Command::Interop(words) => step::run(&workspace, &interop::steps(words), true),
        Command::WebSocketSuite => {
            step::run(&workspace, &[interop::websocket_suite(interop::Cases::All)], true)
        }
        Command::Instructions { update: false } => step::run(&workspace, &[instructions::step()], true),
        Command::Instructions { update: true } => step::run(&workspace, &[instructions::update()], true),
        Command::Bench(arguments) => bench::run(&workspace, &arguments),
        Command::Fuzz(options) => fuzz::run(&workspace, &options),
    }
}
