//! Sessions: who they are, what waits for them, and the state machine that each connection runs.
//!
//! | file           | subject                                                         |
//! |----------------|-----------------------------------------------------------------|
//! | [`outbox`]     | what waits for one receiver                                     |
//! | [`turn`]       | what one task does between two looks at its transport           |
//! | [`features`]   | what a client said in HELLO that it can do                      |
//! | [`connection`] | one connection from its first message to its last; the states   |
//! | [`pump`]       | batch in, turn out                                              |
//! | [`company`]    | whether to wait for other sessions before flushing              |
//! | [`local`]      | sessions inside the router itself                               |
//! | [`testament`]  | what is published when a session is gone                        |
//! | [`handshake`]  | HELLO to WELCOME                                                |
//! | [`greeting`]   | what HELLO says                                                 |
//! | [`login`]      | which method                                                    |
//! | [`exchange`]   | the rounds of one authentication                                |
//! | [`dispatch`]   | every message of an established session                         |
//! | [`checks`]     | what is wrong with a message whatever exists                    |
//! | [`stop`]       | why a request is not done, and what the client is told          |
//! | [`authorize`]  | what a session may do, and what it remembers of that            |
//! | [`waiting`]    | a request whose authorization is awaited, and what is behind it |

mod authorize;
mod checks;
mod company;
pub(crate) mod connection;
mod dispatch;
mod exchange;
pub(crate) mod features;
mod greeting;
mod handshake;
pub(crate) mod local;
mod login;
pub(crate) mod outbox;
mod pump;
mod stop;
mod testament;
pub(crate) mod turn;
mod waiting;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use parking_lot::Mutex;

pub(crate) use features::Features;
pub(crate) use testament::Testament;
use testament::Testaments;

use crate::auth::Identity;
use crate::id::Id;
use crate::serializer::Serializer;
use crate::transport::TransportInfo;
use outbox::Outbox;

/// A client's membership in a realm, as everybody else sees it: a name, a spelling and an outbox.
pub(crate) struct Session {
    id: Id,
    identity: Identity,
    /// How it was let in; not at all where it belongs to the router.
    authmethod: Option<Arc<str>>,
    info: Arc<TransportInfo>,
    features: Features,
    fate: AtomicU8,
    testaments: Mutex<Option<Box<Testaments>>>,
    format: Format,
    outbox: Arc<Outbox>,
}

/// What becomes of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Nobody has decided.
    Open,
    /// It was killed.
    Killed,
    /// It was killed, and nothing is said of it.
    KilledSilently,
}

impl Session {
    pub(crate) fn new(
        id: Id,
        identity: Identity,
        authmethod: Option<Arc<str>>,
        info: Arc<TransportInfo>,
        features: Features,
        format: Format,
        outbox: Arc<Outbox>,
    ) -> Self {
        let fate = AtomicU8::new(Fate::Open as u8);
        let testaments = Mutex::default();
        Session { id, identity, authmethod, info, features, fate, testaments, format, outbox }
    }

    pub(crate) fn id(&self) -> Id {
        self.id
    }

    pub(crate) fn identity(&self) -> &Identity {
        &self.identity
    }

    /// `WELCOME.Details.authmethod`.
    pub(crate) fn authmethod(&self) -> &str {
        self.authmethod.as_deref().unwrap_or("local")
    }

    /// The connection.
    pub(crate) fn info(&self) -> &TransportInfo {
        &self.info
    }

    /// Whether it belongs to the router itself, and not to a client.
    pub(crate) fn is_router(&self) -> bool {
        self.authmethod.is_none()
    }

    pub(crate) fn fate(&self) -> Fate {
        match self.fate.load(Ordering::Acquire) {
            fate if fate == Fate::Killed as u8 => Fate::Killed,
            fate if fate == Fate::KilledSilently as u8 => Fate::KilledSilently,
            _ => Fate::Open,
        }
    }

    pub(crate) fn set_fate(&self, fate: Fate) {
        self.fate.store(fate as u8, Ordering::Release);
    }

    pub(crate) fn features(&self) -> Features {
        self.features
    }

    pub(crate) fn format(&self) -> &Format {
        &self.format
    }

    pub(crate) fn outbox(&self) -> &Arc<Outbox> {
        &self.outbox
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Session({} {})", self.id, self.identity.authid)
    }
}

/// A serializer that can be compared quickly. Two are the same if they have the same name.
#[derive(Clone)]
pub(crate) struct Format {
    serializer: Arc<dyn Serializer>,
    name: &'static str,
}

impl Format {
    pub(crate) fn new(serializer: Arc<dyn Serializer>) -> Self {
        let name = serializer.name();
        Format { serializer, name }
    }

    pub(crate) fn is(&self, other: &Format) -> bool {
        std::ptr::eq(self.name, other.name) || self.name == other.name
    }

    pub(crate) fn shared(&self) -> &Arc<dyn Serializer> {
        &self.serializer
    }

    pub(crate) fn serializer(&self) -> &dyn Serializer {
        &*self.serializer
    }
}
