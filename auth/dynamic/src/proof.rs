//! Methods in which the client proves something: the decider says what it has to fit, and the method itself does the rest.
//!
//! ```text
//!   HELLO ──> Question ──> {role, secret | pubkey, ...} ──> a user who is known for this one login ──> CHALLENGE ... as ever
//!                     └──> no ──> a user who does not exist ──────────────────────────────────────> CHALLENGE ... denied
//! ```
//!
//! Law: who does not exist takes the same steps, with the same challenge each time, of a kind that others have had.

use std::sync::Arc;

use crossway_core::auth::Authenticator;
use crossway_core::{Dict, Value};
use crossway_cryptosign::{Cryptosign, PublicKey};
use crossway_scram::Scram;
use crossway_users::{Roster, Salting, ScramDialect, ScramKdf, Seed, User, Users, VerifierError};
use crossway_wampcra::WampCra;
use parking_lot::Mutex;
use zeroize::Zeroizing;

use crate::verdict::{Undecided, nonsense, take_text};

/// What is proved, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// A signature with a shared secret.
    WampCra,
    /// A password.
    Scram(ScramDialect),
    /// A signature with a private key.
    Cryptosign,
}

/// What the proof has to fit.
#[derive(Clone, Debug)]
pub(crate) enum Proof {
    WampCra(crossway_users::WampCra),
    Scram(ScramDialect, crossway_users::Scram),
    Cryptosign(Vec<PublicKey>),
}

impl Scheme {
    /// The method itself, for these users.
    pub(crate) fn for_users(self, users: Users) -> Arc<dyn Authenticator> {
        match self {
            Scheme::WampCra => Arc::new(WampCra::of(users)),
            Scheme::Scram(dialect) => Arc::new(Scram::of(dialect, users)),
            Scheme::Cryptosign => Arc::new(Cryptosign::of(users)),
        }
    }

    /// What an answer says of it: as in Crossbar's configuration, with `_` or `-` in the names.
    pub(crate) fn read(self, answer: &mut Dict) -> Result<Proof, Undecided> {
        let proof = match self {
            Scheme::WampCra => wampcra(answer)?.map(Proof::WampCra),
            Scheme::Scram(dialect) => scram(answer)?.map(|keys| Proof::Scram(dialect, keys)),
            Scheme::Cryptosign => return cryptosign(answer).map(Proof::Cryptosign),
        };
        proof.map_err(|error| nonsense(&error.to_string()))
    }
}

/// `secret`, as it is, or derived if there is a `salt`.
fn wampcra(answer: &mut Dict) -> Result<Result<crossway_users::WampCra, VerifierError>, Undecided> {
    let secret = Zeroizing::new(text(answer, "secret")?);
    let salt = take_text(answer, "salt")?;
    let (iterations, keylen) =
        (count(answer, "iterations")?.unwrap_or(1000), count(answer, "keylen")?.unwrap_or(32));
    Ok(match salt {
        None => Ok(crossway_users::WampCra::plain(&secret)),
        Some(salt) => crossway_users::WampCra::salted(Salting { salt, iterations, keylen }, &secret),
    })
}

/// `kdf`, `iterations`, `memory`, `salt`, `stored_key` and `server_key`, the last three in base64.
fn scram(answer: &mut Dict) -> Result<Result<crossway_users::Scram, VerifierError>, Undecided> {
    let kdf = text(answer, "kdf")?;
    let iterations = count(answer, "iterations")?.ok_or_else(|| nonsense("it says no iterations"))?;
    let memory = count(answer, "memory")?;
    let salt = text(answer, "salt")?;
    let mut key = |name| text(answer, name).map(Zeroizing::new);
    let (stored, server) = (key("stored_key")?, key("server_key")?);
    let kdf = ScramKdf::new(&kdf, iterations, memory);
    Ok(kdf.and_then(|kdf| crossway_users::Scram::stored(kdf, &salt, &stored, &server)))
}

/// `pubkey`, in hex; several in a list.
fn cryptosign(answer: &mut Dict) -> Result<Vec<PublicKey>, Undecided> {
    let key = |value: &Value| {
        let text = value.as_text().ok_or_else(|| nonsense("pubkey is no string"))?;
        PublicKey::parse(text).map_err(|error| nonsense(&format!("pubkey: {error}")))
    };
    match answer.remove("pubkey") {
        Some(Value::List(keys)) if !keys.is_empty() => keys.iter().map(key).collect(),
        Some(one @ Value::Text(_)) => Ok(vec![key(&one)?]),
        _ => Err(nonsense("it says no pubkey")),
    }
}

fn text(answer: &mut Dict, key: &str) -> Result<String, Undecided> {
    let found = match take_text(answer, key)? {
        None => take_text(answer, &key.replace('_', "-"))?,
        found => found,
    };
    found.ok_or_else(|| nonsense(&format!("it says no {key}")))
}

fn count(answer: &mut Dict, key: &str) -> Result<Option<u32>, Undecided> {
    match answer.remove(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Uint(number)) => {
            u32::try_from(number).map(Some).map_err(|_| nonsense(&format!("{key} is too large")))
        }
        Some(_) => Err(nonsense(&format!("{key} is no number"))),
    }
}

/// What users look like, without any of them.
pub(crate) struct Likeness(Mutex<Roster>);

impl Likeness {
    pub(crate) fn new() -> Self {
        Likeness(Mutex::new(Roster::new(Seed::of_process())))
    }

    /// Somebody whom the decider knows, and nobody else.
    pub(crate) fn with(&self, authid: &str, role: &str, proof: Proof) -> Users {
        let user = User::new(authid, role);
        let user = match proof {
            Proof::WampCra(key) => user.wampcra(key),
            Proof::Scram(dialect, keys) => user.scram(dialect, keys),
            Proof::Cryptosign(keys) => keys.iter().fold(user, |user, key| user.key(*key.octets())),
        };
        let mut known = self.0.lock();
        known.resemble(&user);
        let mut roster = known.clone();
        drop(known);
        roster.add(user);
        roster.into()
    }

    /// Nobody at all.
    pub(crate) fn without_anybody(&self) -> Users {
        self.0.lock().clone().into()
    }
}
