//! `crossway user` and `crossway hash`: a file of users, and what may stand in one.

mod file;
mod password;
mod verifiers;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use toml_edit::InlineTable;

use self::file::{Failed, UsersFile};
use self::verifiers::Method;
use crate::exit;

/// What may be done with a file of users.
#[derive(Debug, Subcommand)]
pub(crate) enum User {
    /// Add a user. The secret is asked for at a terminal, and else read from standard input, one line.
    Add {
        #[command(flatten)]
        whom: Whom,

        /// The role, which decides what the user may do.
        #[arg(short, long)]
        role: String,

        /// Public keys for cryptosign: 64 hexadecimal digits each. Who has one needs no secret.
        #[arg(long, value_name = "KEY", value_delimiter = ',')]
        pubkey: Vec<String>,

        /// The ways of logging in that the secret is for: ticket and wamp-scram, unless there is a public key.
        #[arg(short, long, value_name = "METHOD", value_delimiter = ',')]
        method: Vec<Method>,
    },
    /// Give a user another secret, for all ways of logging in that it has one for.
    Passwd {
        #[command(flatten)]
        whom: Whom,

        /// For these ways of logging in instead; it need not have had them.
        #[arg(short, long, value_name = "METHOD", value_delimiter = ',')]
        method: Vec<Method>,
    },
    /// Show who there is: name, role, ways of logging in.
    List {
        #[command(flatten)]
        at: At,
    },
    /// Remove a user. Sessions that it has stay.
    Rm {
        #[command(flatten)]
        whom: Whom,
    },
}

/// Where the users are.
#[derive(Debug, Args)]
pub(crate) struct At {
    /// The file of users, `users_file` in the configuration. Routers notice what changes in it.
    #[arg(short, long, value_name = "FILE", default_value = "users.toml")]
    file: PathBuf,
}

/// One of them.
#[derive(Debug, Args)]
pub(crate) struct Whom {
    /// The name: what clients say as authid.
    name: String,

    #[command(flatten)]
    at: At,
}

/// What a secret is to be turned into.
#[derive(Debug, Args)]
pub(crate) struct Hash {
    /// The ways of logging in that it is for.
    #[arg(
        short,
        long,
        value_name = "METHOD",
        value_delimiter = ',',
        default_value = "ticket,wampcra,wamp-scram,scram"
    )]
    method: Vec<Method>,
}

pub(crate) fn run(what: User) -> ExitCode {
    let done = match what {
        User::Add { whom, role, pubkey, method } => add(&whom, &role, &pubkey, method),
        User::Passwd { whom, method } => passwd(&whom, method),
        User::List { at } => UsersFile::open(&at.file).map(|file| file.list()),
        User::Rm { whom } => rm(&whom),
    };
    match done {
        Ok(text) => exit::saying(&text),
        Err(failed) => exit::with(failed.code(), &failed.to_string()),
    }
}

/// Writes what may stand in a file of users, or in the configuration, in the place of a secret.
pub(crate) fn hash(what: &Hash) -> ExitCode {
    let lines = password::ask("Secret").and_then(|secret| {
        let lines =
            what.method.iter().map(|method| Ok(format!("{method} = {}\n", method.verifier(&secret)?)));
        lines.collect::<Result<String, Failed>>()
    });
    match lines {
        Ok(lines) => exit::saying(&lines),
        Err(failed) => exit::with(failed.code(), &failed.to_string()),
    }
}

fn add(whom: &Whom, role: &str, keys: &[String], methods: Vec<Method>) -> Result<String, Failed> {
    let add = |file: &mut UsersFile| file.add(&whom.name, role);
    // Before anybody is asked for a secret, and once more when it is there.
    add(&mut UsersFile::open_or_new(&whom.at.file)?)?;
    let methods = match (methods.is_empty(), keys.is_empty()) {
        (true, true) => vec![Method::Ticket, Method::WampScram],
        _ => methods,
    };
    let verifiers = verifiers(&whom.name, &methods)?;
    file::edit(&whom.at.file, UsersFile::open_or_new, |file| {
        add(file)?;
        if !keys.is_empty() {
            file.set_keys(&whom.name, keys)?;
        }
        file.set(&whom.name, verifiers)
    })
}

fn passwd(whom: &Whom, methods: Vec<Method>) -> Result<String, Failed> {
    let known = UsersFile::open(&whom.at.file)?.methods(&whom.name)?;
    let methods = if methods.is_empty() { known } else { methods };
    if methods.is_empty() {
        let what = format!("{} has no secret. --method says what one would be for.", whom.name);
        return Err(Failed::Refused(what));
    }
    let verifiers = verifiers(&whom.name, &methods)?;
    file::edit(&whom.at.file, UsersFile::open, |file| file.set(&whom.name, verifiers))
}

fn rm(whom: &Whom) -> Result<String, Failed> {
    file::edit(&whom.at.file, UsersFile::open, |file| file.remove(&whom.name))
}

/// Asks for a secret, and makes something to check it with for each method.
fn verifiers(name: &str, methods: &[Method]) -> Result<Vec<(Method, InlineTable)>, Failed> {
    if methods.is_empty() {
        return Ok(Vec::new());
    }
    let secret = password::ask(&format!("Secret of {name}"))?;
    methods.iter().map(|method| Ok((*method, method.verifier(&secret)?))).collect()
}
