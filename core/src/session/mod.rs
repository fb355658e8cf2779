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
//! | [`handshake`]  | HELLO to WELCOME                                                |
//! | [`dispatch`]   | every message of an established session                         |

mod company;
pub(crate) mod connection;
mod dispatch;
mod features;
mod handshake;
pub(crate) mod outbox;
mod pump;
pub(crate) mod turn;

use std::fmt;
use std::sync::Arc;

pub(crate) use features::Features;

use crate::auth::Identity;
use crate::id::Id;
use crate::serializer::Serializer;
use outbox::Outbox;

/// A client's membership in a realm, as everybody else sees it: a name, a spelling and an outbox.
pub(crate) struct Session {
    id: Id,
    identity: Identity,
    features: Features,
    format: Format,
    outbox: Arc<Outbox>,
}

impl Session {
    pub(crate) fn new(
        id: Id,
        identity: Identity,
        features: Features,
        format: Format,
        outbox: Arc<Outbox>,
    ) -> Self {
        Session { id, identity, features, format, outbox }
    }

    pub(crate) fn id(&self) -> Id {
        self.id
    }

    pub(crate) fn identity(&self) -> &Identity {
        &self.identity
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
