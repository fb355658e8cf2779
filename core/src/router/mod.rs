//! The router: realms by name, connections that come and go, and the way down.

mod builder;
mod registry;

use std::fmt;
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::RwLock;

pub use builder::{BuildError, Builder};
use registry::Registry;
pub(crate) use registry::SessionSlot;

use crate::auth::Authenticator;
use crate::caller::{Answering, CallFailed, Procedures, Realms};
use crate::gate::Gate;
use crate::limits::{Counters, Limits, Protocol};
use crate::realm::{Realm, RealmConfig};
use crate::session::connection;
use crate::session::outbox::Outbox;
use crate::transport::Transport;
use crate::uri;
use crate::value::{Dict, Value};

/// A WAMP router. A cheap handle; clones are the same router.
#[derive(Clone)]
pub struct Router {
    shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) limits: Arc<Limits>,
    pub(crate) protocol: Protocol,
    pub(crate) counters: Arc<Counters>,
    realms: RwLock<hashbrown::HashMap<String, Arc<Realm>>>,
    /// How realms are made that nobody configured; `None` if they are not.
    template: Option<RealmConfig>,
    /// Where those log in who want to join a realm that is still to be made.
    lobby: Option<Arc<Realm>>,
    configured_realms: usize,
    registry: Registry,
    /// Who may try to log in.
    pub(crate) gate: Gate,
}

impl Router {
    /// Describes a router.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Serves one connection until it ends, whatever the peer does. Call it in a task of the connection's own, inside a
    /// tokio runtime with time enabled.
    ///
    /// Dropping the future ends the connection at once; its session leaves the realm as after a lost connection.
    pub async fn attach(&self, transport: Box<dyn Transport>) {
        connection::serve(&self.shared, transport).await;
    }

    /// Waits until the router begins to shut down. Listeners stop accepting then.
    pub async fn closing(&self) {
        self.shared.registry.closing().await;
    }

    /// Ends all sessions, in this order:
    ///
    /// 1. [`closing`](Self::closing) resolves and new connections are turned away;
    /// 2. every session is told GOODBYE `wamp.close.system_shutdown` behind what waits in its outbox, and leaves its realm;
    /// 3. every connection waits for the answer and for its last bytes to leave, at most `goodbye_timeout`;
    /// 4. after `grace` the connections that are left are dropped.
    ///
    /// Returns when there are none any more. A second call shortens the grace of the first.
    pub async fn shutdown(&self, grace: Duration) {
        self.shared.registry.shutdown(grace).await;
    }

    /// Replaces the ways of logging in to a realm that was described by name, as a whole, for the logins to come. Sessions stay, and
    /// a login that is under way ends as it began. Of several with the same method the first counts. Returns whether there is such
    /// a realm; those that were made automatically have what their [template](Self::set_auto_authenticators) has.
    ///
    /// What sessions may do changes through [`Replaceable`](crate::authorization::Replaceable).
    pub fn set_authenticators(&self, realm: &str, authenticators: &[Arc<dyn Authenticator>]) -> bool {
        let found = self.shared.realms.read().get(realm).cloned();
        let described = found.filter(|realm| match &self.shared.lobby {
            Some(lobby) => !Arc::ptr_eq(realm.authenticators(), lobby.authenticators()),
            None => true,
        });
        self.shared.let_in(described.as_deref(), authenticators)
    }

    /// The same for all realms that are made automatically, those that are there already included. Returns whether there may
    /// be any.
    pub fn set_auto_authenticators(&self, authenticators: &[Arc<dyn Authenticator>]) -> bool {
        self.shared.let_in(self.shared.lobby.as_deref(), authenticators)
    }

    /// What happened at the limits so far.
    pub fn counters(&self) -> &Counters {
        &self.shared.counters
    }

    /// The limits in force.
    pub fn limits(&self) -> &Limits {
        &self.shared.limits
    }

    /// How many connections there are, those in their handshake included.
    pub fn connections(&self) -> usize {
        self.shared.registry.connections()
    }

    /// How many sessions there are, over all realms.
    pub fn sessions(&self) -> usize {
        self.shared.registry.sessions()
    }
}

impl fmt::Debug for Router {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Router").field("sessions", &self.sessions()).finish_non_exhaustive()
    }
}

/// Why there is no such realm.
pub(crate) enum NoRealm {
    /// Nobody configured it, and realms are not made automatically.
    Unknown,
    /// `max_auto_realms` is reached.
    TooMany,
}

impl Shared {
    /// What this router offers to those who ask WAMP procedures.
    pub(crate) fn procedures(self: &Arc<Self>) -> Procedures {
        let realms: Weak<dyn Realms> = Arc::downgrade(&(Arc::clone(self) as Arc<dyn Realms>));
        Procedures::new(realms)
    }

    fn let_in(self: &Arc<Self>, realm: Option<&Realm>, authenticators: &[Arc<dyn Authenticator>]) -> bool {
        let Some(realm) = realm else { return false };
        // First, so that none of them is asked before it knows whom to ask.
        let procedures = self.procedures();
        authenticators.iter().for_each(|authenticator| authenticator.bind(&procedures));
        realm.authenticators().replace(authenticators);
        true
    }

    /// The realm to log in to: the one with this URI or, if it is still to be made, one that is like it. The URI has been
    /// checked.
    pub(crate) fn realm_to_join(&self, uri: &str) -> Result<Arc<Realm>, NoRealm> {
        let realms = self.realms.read();
        if let Some(realm) = realms.get(uri) {
            return Ok(Arc::clone(realm));
        }
        let lobby = self.lobby.as_ref().filter(|_| !uri::is_reserved(uri)).ok_or(NoRealm::Unknown)?;
        if realms.len() - self.configured_realms >= self.limits.max_auto_realms {
            self.counters.realms_over_limit.increment();
            return Err(NoRealm::TooMany);
        }
        Ok(Arc::clone(lobby))
    }

    /// The realm with this URI; makes it where that is allowed. The URI has been checked.
    pub(crate) fn realm(&self, uri: &str) -> Result<Arc<Realm>, NoRealm> {
        if let Some(realm) = self.realms.read().get(uri) {
            return Ok(Arc::clone(realm));
        }
        let automatic = self.template.as_ref().zip(self.lobby.as_ref());
        let (template, lobby) = automatic.filter(|_| !uri::is_reserved(uri)).ok_or(NoRealm::Unknown)?;
        let mut realms = self.realms.write();
        if let Some(realm) = realms.get(uri) {
            return Ok(Arc::clone(realm));
        }
        if realms.len() - self.configured_realms >= self.limits.max_auto_realms {
            self.counters.realms_over_limit.increment();
            return Err(NoRealm::TooMany);
        }
        let ways = Arc::clone(lobby.authenticators());
        let realm = Realm::new(template, uri, ways, self.protocol, &self.limits, &self.counters);
        realms.insert(uri.to_owned(), Arc::clone(&realm));
        Ok(realm)
    }

    /// Enters a connection into the registry until the guard is dropped.
    pub(crate) fn enter(self: &Arc<Self>, outbox: &Arc<Outbox>) -> registry::Presence {
        Registry::enter(self, outbox)
    }

    /// Room for one more session, until the guard is dropped; `None` if `max_sessions` is reached.
    pub(crate) fn session_slot(self: &Arc<Self>) -> Option<SessionSlot> {
        let slot = Registry::session_slot(self, self.limits.max_sessions);
        if slot.is_none() {
            self.counters.sessions_over_limit.increment();
        }
        slot
    }
}

impl Realms for Shared {
    fn call(
        &self,
        realm: &str,
        procedure: &str,
        args: &[Value],
        kwargs: &Dict,
    ) -> Result<Answering, CallFailed> {
        // One that is still to be made has nobody to ask.
        let found = self.realms.read().get(realm).cloned();
        let realm =
            found.ok_or_else(|| CallFailed::new(uri::NO_SUCH_REALM, format!("there is no realm {realm}")))?;
        realm.ask(procedure, args, kwargs)
    }

    fn counters(&self) -> Arc<Counters> {
        Arc::clone(&self.counters)
    }
}
