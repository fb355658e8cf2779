//! What a realm is made from.

use std::fmt;
use std::sync::Arc;

use crate::auth::Authenticator;
use crate::authorization::Authorizer;
use crate::caller::Procedures;
use crate::history::{EventStore, HistoryRule, MemoryStore};
use crate::policy::{Policies, ProcedureRule, TopicRule};

/// How much of the meta API a realm has: what sessions may learn of each other and do to each other by calling procedures
/// below `wamp.`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MetaApi {
    /// All of it. Procedures that change something, by which sessions are killed for example, are for those whose permission
    /// says so ([`Grant::explicit`](crate::authorization::Grant::explicit)).
    #[default]
    Full,
    /// Questions and meta events. Procedures that change something are answered with `wamp.error.not_authorized`.
    ReadOnly,
    /// Nothing: `wamp.error.no_such_procedure`, and no meta events.
    Off,
}

impl MetaApi {
    /// Whether `procedure` is one of the router's that change something for others, so that it can be called with a permission
    /// only that was given on purpose: see [`Grant::explicit`](crate::authorization::Grant::explicit).
    pub fn changes(procedure: &str) -> bool {
        super::meta::changes(procedure)
    }
}

/// A realm to be: its URI, who may join, and what holds for its topics and procedures.
#[derive(Clone)]
pub struct RealmConfig {
    pub(crate) uri: String,
    pub(crate) authenticators: Vec<Arc<dyn Authenticator>>,
    pub(crate) authorizer: Option<Arc<dyn Authorizer>>,
    pub(crate) policies: Policies,
    pub(crate) histories: Vec<HistoryRule>,
    pub(crate) event_store: Arc<dyn EventStore>,
    pub(crate) meta: MetaApi,
}

impl RealmConfig {
    /// A realm that nobody may join yet. For a template of automatic realms the URI is ignored.
    pub fn new(uri: impl Into<String>) -> Self {
        RealmConfig {
            uri: uri.into(),
            authenticators: Vec::new(),
            authorizer: None,
            policies: Policies::default(),
            histories: Vec::new(),
            event_store: Arc::new(MemoryStore),
            meta: MetaApi::default(),
        }
    }

    /// Lets clients in that this authenticator accepts. Of several with the same method the first counts.
    #[must_use]
    pub fn authenticator(mut self, authenticator: Arc<dyn Authenticator>) -> Self {
        self.authenticators.push(authenticator);
        self
    }

    /// Says who decides what sessions may do; without it they may do everything but call procedures of the router that change
    /// something for others. A template gives the same one to all its realms: the request says which.
    #[must_use]
    pub fn authorizer(mut self, authorizer: Arc<dyn Authorizer>) -> Self {
        self.authorizer = Some(authorizer);
        self
    }

    /// How much of the meta API there is; all of it if nothing is said.
    #[must_use]
    pub fn meta_api(mut self, meta: MetaApi) -> Self {
        self.meta = meta;
        self
    }

    /// Says something of topics, below what was said before.
    #[must_use]
    pub fn topic_rule(mut self, rule: TopicRule) -> Self {
        self.policies.topics.push(rule);
        self
    }

    /// Says something of procedures, below what was said before.
    #[must_use]
    pub fn procedure_rule(mut self, rule: ProcedureRule) -> Self {
        self.policies.procedures.push(rule);
        self
    }

    /// Keeps the events of a topic, or of all that match a pattern, for `wamp.subscription.get_events`. Of several rules
    /// for the same topic and policy the first counts.
    #[must_use]
    pub fn history(mut self, rule: HistoryRule) -> Self {
        self.histories.push(rule);
        self
    }

    /// Says where histories are kept; in memory if nobody says.
    #[must_use]
    pub fn event_store(mut self, store: Arc<dyn EventStore>) -> Self {
        self.event_store = store;
        self
    }

    /// Tells everything that decides for this realm where the procedures are that it may want to ask.
    pub(crate) fn bind(&self, procedures: &Procedures) {
        self.authenticators.iter().for_each(|authenticator| authenticator.bind(procedures));
        self.authorizer.iter().for_each(|authorizer| authorizer.bind(procedures));
    }
}

impl fmt::Debug for RealmConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let methods: Vec<&str> = self.authenticators.iter().map(|a| a.method()).collect();
        f.debug_struct("RealmConfig")
            .field("uri", &self.uri)
            .field("authenticators", &methods)
            .field("authorizer", &self.authorizer.is_some())
            .finish()
    }
}
