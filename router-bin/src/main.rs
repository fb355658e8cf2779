//! The Crossway WAMP router.

mod cli;
mod config;
mod exit;
mod init;
mod terminal;

use std::path::Path;
use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};
use crate::config::{Config, Environment};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    match cli.command {
        Some(Command::Init { file, force }) => init::run(&file, force),
        Some(Command::Check { file }) => configured(file.as_deref(), |config| {
            let name =
                file.as_ref().map_or("The built-in configuration".into(), |file| file.display().to_string());
            print!("{name} is fine.\n\n{}", config::summary(&config));
            ExitCode::SUCCESS
        }),
        None => configured(cli.run.config.as_deref(), |_config| ExitCode::SUCCESS),
    }
}

/// Goes on with the configuration, or shows what is wrong with it.
fn configured(file: Option<&Path>, then: impl FnOnce(Config) -> ExitCode) -> ExitCode {
    match config::load(file, &Environment::of_process()) {
        Ok(config) => then(config),
        Err(report) => {
            exit::with(exit::CONFIG, &report.render(terminal::look(&std::io::stderr()), terminal::width()))
        }
    }
}

/// `--help` and `--version` come here too, and are no mistakes.
fn usage(error: &clap::Error) -> ExitCode {
    // Nobody is left to tell if this fails.
    let _ = error.print();
    if error.use_stderr() { ExitCode::from(exit::USAGE) } else { ExitCode::SUCCESS }
}
