//! The command line.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{ArgAction, Parser, Subcommand};
use crossway_core::authorization::Action;
use crossway_core::message::Match;
use crossway_load::Bench;

use crate::config::{ACTIONS, LogFormat, MATCHES};
use crate::keygen::Keygen;
use crate::user::{Hash, User};

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
    /// Tell what a role may do, and which permission says so. Exit status: 0 allowed, 1 denied, 2 a procedure decides.
    Explain(Explain),
    /// Write an example config file with every key and its default.
    Init {
        /// Where to; `-` is standard output.
        #[arg(value_name = "FILE", default_value = "crossway.toml")]
        file: PathBuf,

        /// Replace the file if there is one.
        #[arg(short, long)]
        force: bool,
    },
    /// Make keys to log in with.
    Keygen {
        #[command(subcommand)]
        kind: Keygen,
    },
    /// Keep a file of users: who may log in with which secret or key.
    User {
        #[command(subcommand)]
        what: User,
    },
    /// Turn a secret into what may stand in its place in the configuration or in a file of users.
    Hash(Hash),
    /// Load a router, this or any other, and check every answer.
    Bench {
        #[command(subcommand)]
        mode: Box<Bench>,
    },
}

/// Tell what a role may do, and which permission says so.
///
/// Exit status: 0 allowed, 1 denied, 2 a procedure decides while the router runs, 64 there is no such realm or role, 78 a mistake in
/// the configuration.
#[derive(Debug, clap::Args)]
pub(crate) struct Explain {
    /// The config file; without it, what `crossway` alone would run.
    #[arg(short, long, value_name = "FILE", env = "CROSSWAY_CONFIG")]
    pub(crate) config: Option<PathBuf>,

    /// The realm.
    #[arg(long)]
    pub(crate) realm: String,

    /// The role of the session.
    #[arg(long)]
    pub(crate) role: String,

    /// What it wants to do.
    #[arg(value_parser = named(&ACTIONS))]
    pub(crate) action: Action,

    /// The topic or procedure, or a pattern of them.
    pub(crate) uri: String,

    /// How a pattern is compared.
    #[arg(long = "match", value_name = "POLICY", default_value = "exact", value_parser = named(&MATCHES))]
    pub(crate) policy: Match,
}

/// Reads one of a few words.
fn named<T: Copy + Send + Sync + 'static>(
    words: &'static [(&'static str, T)],
) -> impl TypedValueParser<Value = T> {
    let names = PossibleValuesParser::new(words.iter().map(|(name, _)| *name));
    // The parser lets nothing else through.
    names.try_map(|found| {
        words.iter().find(|(name, _)| *name == found).map(|(_, value)| *value).ok_or("unknown")
    })
}

const AFTER: &str = "\
Environment:
  CROSSWAY_CONFIG           the config file, like --config
  CROSSWAY_LOG              what is logged: `debug`, or by module: `warn,crossway_core=trace`
  CROSSWAY__SECTION__KEY    any key of the configuration: CROSSWAY__LIMITS__MAX_SESSIONS=100,
                            CROSSWAY__LISTENER__0__TCP=0.0.0.0:9000 (members of lists count from 0)
  NO_COLOR                  no colours

Signals:
  HUP        reads the configuration again; so does a change of its files: see [reload]
  TERM, INT  GOODBYE to every session; once more: at once

Exit status:
  0 stopped by a signal, in good order   1 a listener could not be opened; explain: denied
  2 explain: a procedure decides
  64 wrong usage                         78 a mistake in the configuration";
