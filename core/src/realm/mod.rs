//! A realm: one routing and administrative domain. Nothing is ever routed from one realm to another.

mod authenticators;
mod calls;
mod clock;
mod config;
mod membership;
mod meta;

use std::sync::Arc;

use parking_lot::Mutex;

pub(crate) use authenticators::{Authenticators, Way};
pub use config::{MetaApi, RealmConfig};
pub(crate) use membership::Membership;

use crate::authorization::Authorizer;
use crate::broker::Broker;
use crate::dealer::Dealer;
use crate::id::Id;
use crate::limits::{Counters, Limits, Protocol};
use crate::session::{Session, features};
use crate::uri::UriError;
use crate::value::Dict;
use crate::witness::Witness;
use meta::Meta;

/// A broker, a dealer, the sessions that share them, and the ways to become one of those.
pub(crate) struct Realm {
    uri: String,
    authenticators: Arc<Authenticators>,
    authorizer: Option<Arc<dyn Authorizer>>,
    pub(crate) broker: Broker,
    pub(crate) dealer: Dealer,
    sessions: papaya::HashMap<Id, Arc<Session>>,
    meta: Meta,
    /// What WELCOME says, unless somebody has it just now.
    welcome: Mutex<Dict>,
    protocol: Protocol,
    limits: Arc<Limits>,
    counters: Arc<Counters>,
}

impl Realm {
    pub(crate) fn new(
        config: &RealmConfig,
        uri: &str,
        authenticators: Arc<Authenticators>,
        protocol: Protocol,
        limits: &Arc<Limits>,
        counters: &Arc<Counters>,
    ) -> Arc<Self> {
        let policies = Arc::new(config.policies.clone());
        let broker = Broker::new(Arc::clone(&policies), Arc::clone(limits), Arc::clone(counters));
        for rule in &config.histories {
            broker.keep(uri, rule, &*config.event_store);
        }
        let dealer = Dealer::new(policies, protocol, Arc::clone(limits), Arc::clone(counters));
        Arc::new(Realm {
            uri: uri.to_owned(),
            authenticators,
            authorizer: config.authorizer.clone(),
            broker,
            sessions: papaya::HashMap::new(),
            meta: Meta::new(config.meta, &dealer, limits, counters),
            dealer,
            welcome: Mutex::default(),
            protocol,
            limits: Arc::clone(limits),
            counters: Arc::clone(counters),
        })
    }

    pub(crate) fn uri(&self) -> &str {
        &self.uri
    }

    /// Who decides what sessions may do; `None`: they may do everything.
    #[inline]
    pub(crate) fn authorizer(&self) -> Option<&Arc<dyn Authorizer>> {
        self.authorizer.as_ref()
    }

    /// Who is told of changes.
    pub(crate) fn witness(&self) -> &dyn Witness {
        self
    }

    /// What WELCOME says, of this realm and of whom was welcomed last; give it back with
    /// [`take_welcome_back`](Self::take_welcome_back). What there is to say of the router is long by now, and to say it anew to
    /// every session was a good part of what joining cost.
    pub(crate) fn lend_welcome(&self) -> Dict {
        let welcome = std::mem::take(&mut *self.welcome.lock());
        if !welcome.is_empty() {
            return welcome;
        }
        Dict::new()
            .with("realm", self.uri())
            .with("roles", features::of_router(self.meta_api()))
            .with("agent", concat!("Crossway-", env!("CARGO_PKG_VERSION")))
    }

    /// Returns what [`lend_welcome`](Self::lend_welcome) lent.
    pub(crate) fn take_welcome_back(&self, welcome: Dict) {
        *self.welcome.lock() = welcome;
    }

    /// How much of the meta API there is.
    pub(crate) fn meta_api(&self) -> MetaApi {
        self.meta.api()
    }

    /// Whether `uri` is a URI by the rules of this router.
    fn check(&self, uri: &str) -> Result<(), UriError> {
        if uri.len() > self.limits.max_uri_length {
            self.counters.uris_over_limit.increment();
            return Err(UriError::TooLong { limit: self.limits.max_uri_length });
        }
        self.protocol.uri.check(uri)
    }

    /// The ways to log in.
    pub(crate) fn authenticators(&self) -> &Arc<Authenticators> {
        &self.authenticators
    }

    /// An id that no session of this realm has. Ids are random over 2^53, so the first draw is as good as always it.
    pub(crate) fn unused_id(&self) -> Id {
        loop {
            let id = Id::unguessable();
            if id != self.meta.session().id() && !self.sessions.pin().contains_key(&id) {
                return id;
            }
        }
    }
}

impl Drop for Realm {
    /// The realm's own session leaves last: its seat and its registrations know each other.
    fn drop(&mut self) {
        self.meta.leave(&self.dealer);
    }
}
