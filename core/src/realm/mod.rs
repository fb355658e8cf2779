//! A realm: one routing and administrative domain. Nothing is ever routed from one realm to another.

mod clock;
mod config;
mod membership;

use std::sync::Arc;

pub use config::RealmConfig;
pub(crate) use membership::Membership;

use crate::auth::Authenticator;
use crate::broker::Broker;
use crate::dealer::Dealer;
use crate::id::Id;
use crate::limits::{Counters, Limits, Protocol};
use crate::session::Session;
use crate::witness::{Nobody, Witness};

/// A broker, a dealer, the sessions that share them, and the ways to become one of those.
pub(crate) struct Realm {
    uri: String,
    authenticators: Vec<Arc<dyn Authenticator>>,
    pub(crate) broker: Broker,
    pub(crate) dealer: Dealer,
    sessions: papaya::HashMap<Id, Arc<Session>>,
}

impl Realm {
    pub(crate) fn new(
        config: &RealmConfig,
        uri: &str,
        protocol: Protocol,
        limits: &Arc<Limits>,
        counters: &Arc<Counters>,
    ) -> Arc<Self> {
        let policies = Arc::new(config.policies.clone());
        let broker = Broker::new(Arc::clone(&policies), Arc::clone(limits), Arc::clone(counters));
        for rule in &config.histories {
            broker.keep(uri, rule, &*config.event_store);
        }
        Arc::new(Realm {
            uri: uri.to_owned(),
            authenticators: config.authenticators.clone(),
            broker,
            dealer: Dealer::new(policies, protocol, Arc::clone(limits), Arc::clone(counters)),
            sessions: papaya::HashMap::new(),
        })
    }

    pub(crate) fn uri(&self) -> &str {
        &self.uri
    }

    /// Who is told of changes.
    pub(crate) fn witness(&self) -> &dyn Witness {
        &Nobody
    }

    /// The first method that the client prefers among those that this realm has.
    pub(crate) fn authenticator(&self, preferred: &[String]) -> Option<Arc<dyn Authenticator>> {
        let known = |method: &String| self.authenticators.iter().find(|known| known.method() == method);
        preferred.iter().find_map(known).cloned()
    }

    /// An id that no session of this realm has. Ids are random over 2^53, so the first draw is as good as always it.
    pub(crate) fn unused_id(&self) -> Id {
        loop {
            let id = Id::unguessable();
            if !self.sessions.pin().contains_key(&id) {
                return id;
            }
        }
    }
}
