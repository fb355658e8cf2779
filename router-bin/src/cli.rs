//! The command line.

use std::path::PathBuf;

use clap::{ArgAction, Parser, Subcommand};
use crossway_load::Bench;

use crate::config::LogFormat;

/// A WAMP router: WebSocket, RawSocket and Unix sockets; JSON, MessagePack and CBOR.
///
/// Without arguments it serves the realm "realm1" to everybody on this machine, at 127.0.0.1:8080.
#[derive(Debug, Parser)]
#[command(version, after_help = AFTER, args_conflicts_with_subcommands = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    #[command(flatten)]
    pub(crate) run: Run,
}

/// Options of the router itself.
#[derive(Debug, clap::Args)]
pub(crate) struct Run {
    /// The config file, TOML or YAML by its extension.
    #[arg(short, long, value_name = "FILE", env = "CROSSWAY_CONFIG")]
    pub(crate) config: Option<PathBuf>,

    /// How log lines look, instead of what the configuration says.
    #[arg(long, value_name = "FORMAT")]
    pub(crate) log_format: Option<LogFormat>,

    /// Log more: -v debug, -vv trace.
    #[arg(short, long, action = ArgAction::Count, conflicts_with = "quiet")]
    pub(crate) verbose: u8,

    /// Log warnings and errors only, and print no greeting.
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

/// What else the program does. Options are built when their subcommand is asked for: a router needs none of them, and the
/// code alone would be half a mebibyte of its memory.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub(crate) enum Command {
    /// Check a config file without starting anything: a summary, or every mistake, and what is hardly meant.
    Check {
        /// The file; without it, what `crossway` alone would run.
        #[arg(value_name = "FILE", env = "CROSSWAY_CONFIG")]
        file: Option<PathBuf>,

        /// Take warnings for mistakes.
        #[arg(long)]
        strict: bool,
    },
    /// Write an example config file with every key and its default.
    Init {
        /// Where to; `-` is standard output.
        #[arg(value_name = "FILE", default_value = "crossway.toml")]
        file: PathBuf,

        /// Replace the file if there is one.
        #[arg(short, long)]
        force: bool,
    },
    /// Load a router, this or any other, and check every answer.
    Bench {
        #[command(subcommand)]
        mode: Box<Bench>,
    },
}

const AFTER: &str = "\
Environment:
  CROSSWAY_CONFIG           the config file, like --config
  CROSSWAY_LOG              what is logged: `debug`, or by module: `warn,crossway_core=trace`
  CROSSWAY__SECTION__KEY    any key of the configuration: CROSSWAY__LIMITS__MAX_SESSIONS=100,
                            CROSSWAY__LISTENER__0__TCP=0.0.0.0:9000 (members of lists count from 0)
  NO_COLOR                  no colours

Exit status:
  0 stopped by a signal, in good order   1 a listener could not be opened
  64 wrong usage                         78 a mistake in the configuration";
