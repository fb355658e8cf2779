//! From a secret to what checks it, as it stands in a file of users.

use std::fmt;

use clap::ValueEnum;
use crossway_users::{Argon2Cost, Salting, Scram, ScramDialect, ScramKdf, Ticket, VerifierError, WampCra};
use toml_edit::InlineTable;

use super::file::Failed;

/// A way of logging in with a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Method {
    /// The secret is shown to the router, which keeps its hash.
    Ticket,
    /// The secret signs challenges. What the router keeps is as good as the secret, at this router.
    Wampcra,
    /// The secret is proved to be known, in the words of the specification.
    WampScram,
    /// The same in the words of autobahn-python and Crossbar.
    Scram,
}

impl Method {
    pub(super) const ALL: [Method; 4] = [Method::Ticket, Method::Wampcra, Method::WampScram, Method::Scram];

    /// As in HELLO and in the file.
    pub(super) fn name(self) -> &'static str {
        match self {
            Method::Ticket => "ticket",
            Method::Wampcra => "wampcra",
            Method::WampScram => ScramDialect::Spec.method(),
            Method::Scram => ScramDialect::Autobahn.method(),
        }
    }

    /// Takes its time: what is to be hard to guess is slow to make.
    pub(super) fn verifier(self, secret: &str) -> Result<InlineTable, Failed> {
        let made = match self {
            Method::Ticket => ticket(secret),
            Method::Wampcra => wampcra(secret),
            Method::WampScram => scram(ScramDialect::Spec, secret),
            Method::Scram => scram(ScramDialect::Autobahn, secret),
        };
        made.map_err(|error| Failed::Refused(format!("The secret is no good for {self}: it {error}.")))
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

fn ticket(secret: &str) -> Result<InlineTable, VerifierError> {
    let mut table = InlineTable::new();
    table.insert("hash", Ticket::hash(secret, Argon2Cost::TICKET)?.into());
    Ok(table)
}

fn wampcra(secret: &str) -> Result<InlineTable, VerifierError> {
    let salting = Salting::random();
    let key = WampCra::derive(secret, &salting)?;
    let mut table = InlineTable::new();
    table.insert("salt", salting.salt.into());
    table.insert("iterations", i64::from(salting.iterations).into());
    table.insert("keylen", i64::from(salting.keylen).into());
    table.insert("derived_key", key.as_str().into());
    Ok(table)
}

fn scram(dialect: ScramDialect, secret: &str) -> Result<InlineTable, VerifierError> {
    let kdf = ScramKdf::ARGON2ID;
    let keys = Scram::derive(dialect, kdf, secret)?;
    let [stored_key, server_key] = keys.keys();
    let mut table = InlineTable::new();
    table.insert("kdf", kdf.name(dialect).into());
    table.insert("iterations", i64::from(kdf.iterations()).into());
    if let Some(memory) = kdf.memory() {
        table.insert("memory", i64::from(memory).into());
    }
    table.insert("salt", keys.salt().into());
    table.insert("stored_key", stored_key.as_str().into());
    table.insert("server_key", server_key.as_str().into());
    Ok(table)
}
