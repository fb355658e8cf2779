//! From HELLO to WELCOME.
//!
//! Law: whatever goes wrong ends in ABORT with the URI that the specification has for it, and nothing of the session
//! exists before WELCOME is in the outbox.

use std::sync::Arc;

use bytes::Bytes;

use super::connection::{Connection, Ended};
use super::greeting::Greeting;
use super::outbox::Delivery;
use super::turn::Turn;
use super::{Session, features};
use crate::auth::{AuthRequest, Identity};
use crate::error::Violation;
use crate::id::Id;
use crate::message::{Code, Message};
use crate::realm::{Membership, Realm};
use crate::router::{NoRealm, SessionSlot, Shared};
use crate::serializer::{HeadItem, Run};
use crate::uri;
use crate::value::Dict;

/// What most WELCOMEs need, in whatever format.
const WELCOME_BYTES: usize = 2 << 10;

/// Why there is no session.
pub(super) enum Refused {
    /// The client gets ABORT with this URI and message.
    Abort(&'static str, String),
    /// There is nobody to tell any more.
    Ended(Ended),
}

impl From<Violation> for Refused {
    fn from(violation: Violation) -> Self {
        Refused::Abort(uri::PROTOCOL_VIOLATION, violation.to_string())
    }
}

impl From<Ended> for Refused {
    fn from(ended: Ended) -> Self {
        Refused::Ended(ended)
    }
}

impl Connection<'_> {
    /// Reads HELLO, authenticates, and says WELCOME.
    pub(super) async fn join(&mut self) -> Result<(Membership, SessionSlot), Refused> {
        let greeting = self.greeting().await?;
        let realm = self.find_realm(&greeting.realm, Shared::realm_to_join)?;
        let id = realm.unused_id();
        let request = AuthRequest {
            realm: greeting.realm,
            authid: greeting.authid,
            authrole: greeting.authrole,
            authextra: greeting.authextra,
            session: id.get(),
            transport: Arc::clone(&self.info),
        };
        // One snapshot for the whole login, whatever is replaced meanwhile.
        let known = realm.authenticators().now();
        let (identity, method) = self.log_in(&realm, &known, &greeting.authmethods, &request).await?;
        // Not before: strangers bring no realms into being.
        let realm = self.find_realm(&request.realm, Shared::realm)?;
        // Not before: whoever is still to prove who they are keeps nobody out.
        let slot = self.router.session_slot().ok_or_else(|| {
            let text = format!("the limit max_sessions = {} is reached", self.router.limits.max_sessions);
            Refused::Abort(uri::LIMIT_EXCEEDED, text)
        })?;
        for way in &*known {
            way.authenticator.admitted(&request, &identity, &method);
        }
        // WELCOME is flushed when the turn is over: whoever reads it is in the realm for all others.
        let mut turn = Turn::begin();
        self.welcome(id, &realm, &method, &identity, &mut turn)?;
        tracing::debug!(session = %id, realm = realm.uri(), authid = identity.authid, peer = %self.info, "joined");
        let outbox = Arc::clone(&self.outbox);
        let info = Arc::clone(&self.info);
        let (features, format) = (greeting.features, self.format.clone());
        let session = Session::new(id, identity, Some(method), info, features, format, outbox);
        Ok((Membership::join(realm, Arc::new(session)), slot))
    }

    /// Says WELCOME. A client that accepts short messages only is told of no features rather than turned away.
    fn welcome(
        &mut self,
        id: Id,
        realm: &Realm,
        method: &str,
        identity: &Identity,
        turn: &mut Turn,
    ) -> Result<(), Refused> {
        let mut details = realm.lend_welcome();
        address(&mut details, method, identity);
        let delivery = self.say_welcome(id, &details, turn);
        if delivery != Delivery::TooLong {
            details.remove("authextra");
            realm.take_welcome_back(details);
            return Ok(());
        }
        details.insert("roles", features::roles_of_router());
        match self.say_welcome(id, &details, turn) {
            Delivery::TooLong => Err(too_long("WELCOME")),
            _ => Ok(()),
        }
    }

    fn say_welcome(&mut self, id: Id, details: &Dict, turn: &mut Turn) -> Delivery {
        let head =
            [HeadItem::Uint(Code::Welcome.number()), HeadItem::Uint(id.get()), HeadItem::Dict(details)];
        let mut frame = Vec::with_capacity(WELCOME_BYTES);
        self.format.serializer().encode(&head, Run::default(), &mut frame);
        turn.say_for_connection(&self.outbox, &frame)
    }

    async fn greeting(&mut self) -> Result<Greeting, Refused> {
        let frame = self.next_frame().await?;
        self.check_length(&frame)?;
        let scan =
            self.format.serializer().scan(&frame, self.router.limits.max_depth).map_err(Violation::from)?;
        match Message::decode(&frame, &scan, self.format.serializer())? {
            Message::Hello(hello) => {
                let limit = self.router.limits.max_uri_length;
                if hello.realm.len() > limit {
                    return Err(Refused::Abort(
                        uri::INVALID_URI,
                        uri::UriError::TooLong { limit }.to_string(),
                    ));
                }
                let checked = self.router.protocol.uri.check(&hello.realm);
                checked.map_err(|error| Refused::Abort(uri::INVALID_URI, error.to_string()))?;
                let greeting = Greeting::read(&hello.realm, &hello.details)?;
                if greeting.authid.as_ref().is_some_and(|authid| authid.len() > limit) {
                    self.router.counters.uris_over_limit.increment();
                    let text = format!("an authid has no more than max_uri_length = {limit} bytes");
                    return Err(Refused::Abort(uri::LIMIT_EXCEEDED, text));
                }
                Ok(greeting)
            }
            Message::Abort(_) => Err(Ended::Aborted.into()),
            other => Err(Violation::new(format!("{} before HELLO", other.code().name())).into()),
        }
    }

    /// Whether a message of somebody who is not known yet is short enough to be read.
    pub(super) fn check_length(&self, frame: &Bytes) -> Result<(), Refused> {
        let limit = self.router.limits.max_handshake_message;
        if frame.len() <= limit {
            return Ok(());
        }
        self.router.counters.handshake_messages_over_limit.increment();
        let text = format!("until WELCOME messages have no more than max_handshake_message = {limit} bytes");
        Err(Refused::Abort(uri::PAYLOAD_SIZE_EXCEEDED, text))
    }

    fn find_realm(
        &self,
        uri: &str,
        look: fn(&Shared, &str) -> Result<Arc<Realm>, NoRealm>,
    ) -> Result<Arc<Realm>, Refused> {
        let offered = self.info.realms.is_empty() || self.info.realms.iter().any(|realm| realm == uri);
        let found = if offered { look(self.router, uri) } else { Err(NoRealm::Unknown) };
        found.map_err(|why| match why {
            NoRealm::Unknown => Refused::Abort(uri::NO_SUCH_REALM, format!("there is no realm {uri:?} here")),
            NoRealm::TooMany => {
                let text =
                    format!("the limit max_auto_realms = {} is reached", self.router.limits.max_auto_realms);
                Refused::Abort(uri::LIMIT_EXCEEDED, text)
            }
        })
    }
}

pub(super) fn too_long(message: &str) -> Refused {
    Refused::Abort(uri::PAYLOAD_SIZE_EXCEEDED, format!("{message} is longer than the client accepts"))
}

/// Says in `welcome` whom it is for, where it says whom it was for before.
fn address(welcome: &mut Dict, method: &str, identity: &Identity) {
    welcome.write_text("authid", &identity.authid);
    welcome.write_text("authrole", &identity.authrole);
    welcome.write_text("authmethod", method);
    welcome.write_text("authprovider", &identity.authprovider);
    if !identity.authextra.is_empty() {
        welcome.insert("authextra", identity.authextra.clone());
    }
}
