//! The Crossway WAMP router.

mod banner;
mod bench;
mod check;
mod cli;
mod compose;
mod config;
mod descriptors;
mod exit;
mod explain;
mod init;
mod keygen;
mod logging;
mod memory;
mod output;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod power;
mod reload;
mod run;
mod signals;
mod terminal;
mod user;

use std::path::Path;
use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command, Run};
use crate::config::{Config, Environment, Loaded, LogFormat};
use crate::reload::Source;
use crate::run::Greeting;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let environment = Environment::of_process();
    match cli.command {
        Some(Command::Bench { mode }) => bench::run(&mode),
        Some(Command::Init { file, force }) => init::run(&file, force),
        Some(Command::Keygen { kind }) => keygen::run(&kind),
        Some(Command::User { what }) => user::run(what),
        Some(Command::Hash(what)) => user::hash(&what),
        Some(Command::Check { file, strict }) => {
            configured(file.as_deref(), &environment, |loaded| check::run(&loaded, file.as_deref(), strict))
        }
        Some(Command::Explain(ask)) => {
            configured(ask.config.as_deref(), &environment, |loaded| explain::run(&loaded, &ask))
        }
        None => serve(&cli.run, environment),
    }
}

/// Reads the configuration, and runs the router until it is told to go.
fn serve(options: &Run, environment: Environment) -> ExitCode {
    let source = Source(options.config.clone());
    let (loaded, files) = source.read();
    let Loaded { config, warnings } = match loaded {
        Ok(loaded) => loaded,
        Err(report) => return exit::with(exit::CONFIG, &terminal::drawn(&report)),
    };
    if let Err(mistake) = logging::init(config.log, options, &environment) {
        return exit::with(exit::CONFIG, &mistake);
    }
    // There may be secrets in it.
    drop(environment);
    warnings.lines().for_each(|line| tracing::warn!("{line}"));
    let greeting = greeting(&config, options);
    run::run(config, source, files, greeting)
}

/// Goes on with the configuration, or shows what is wrong with it.
fn configured(
    file: Option<&Path>,
    environment: &Environment,
    then: impl FnOnce(Loaded) -> ExitCode,
) -> ExitCode {
    match config::load(file, environment) {
        Ok(loaded) => then(loaded),
        Err(report) => exit::with(exit::CONFIG, &terminal::drawn(&report)),
    }
}

/// Machines read the log instead, and who wrote a config file knows how to use it.
fn greeting(config: &Config, run: &Run) -> Greeting {
    match (run.log_format.unwrap_or(config.log.format), run.quiet, &run.config) {
        (LogFormat::Json, _, _) | (_, true, _) => Greeting::None,
        (_, _, Some(_)) => Greeting::Addresses,
        (_, _, None) => Greeting::Full,
    }
}

/// `--help` and `--version` come here too, and are no mistakes.
fn usage(error: &clap::Error) -> ExitCode {
    // Nobody is left to tell if this fails.
    let _ = error.print();
    if error.use_stderr() { ExitCode::from(exit::USAGE) } else { ExitCode::SUCCESS }
}
