//! What a router is made from.

use std::sync::Arc;

use super::registry::Registry;
use super::{Router, Shared};
use crate::gate::Gate;
use crate::limits::{Counters, Limits, Protocol};
use crate::realm::{Authenticators, Realm, RealmConfig};
use crate::uri::UriError;

/// Describes a router. Nothing happens before [`build`](Builder::build).
#[derive(Debug, Default)]
pub struct Builder {
    limits: Limits,
    protocol: Protocol,
    realms: Vec<RealmConfig>,
    template: Option<RealmConfig>,
}

/// Why a description is no router.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// The name of a realm is no URI.
    #[error("realm {realm:?}: {}", .error)]
    RealmUri {
        /// The name.
        realm: String,
        /// What is wrong with it.
        error: UriError,
    },
    /// A rule for topics, procedures or histories is for something that is no URI, nor a pattern of them.
    #[error("realm {realm:?}: the rule for {uri:?}: {}", .error)]
    RuleUri {
        /// The name of the realm.
        realm: String,
        /// What the rule is for.
        uri: String,
        /// What is wrong with it.
        error: UriError,
    },
    /// Two realms with one name.
    #[error("realm {0:?} is described twice")]
    RealmTwice(String),
}

impl Builder {
    /// Replaces the default limits.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Says how closely clients are held to the letter.
    #[must_use]
    pub fn protocol(mut self, protocol: Protocol) -> Self {
        self.protocol = protocol;
        self
    }

    /// Adds a realm.
    #[must_use]
    pub fn realm(mut self, realm: RealmConfig) -> Self {
        self.realms.push(realm);
        self
    }

    /// Makes every realm that a client asks for, as this one is described, up to `max_auto_realms`.
    #[must_use]
    pub fn auto_create(mut self, template: RealmConfig) -> Self {
        self.template = Some(template);
        self
    }

    /// Makes the router. Opens nothing.
    ///
    /// # Errors
    /// A realm whose name is no URI or comes twice, or a rule for what is no URI.
    pub fn build(self) -> Result<Router, BuildError> {
        let (limits, counters) = (Arc::new(self.limits), Arc::new(Counters::default()));
        let mut realms = hashbrown::HashMap::new();
        for config in self.realms.iter().chain(&self.template) {
            check_rules(config, self.protocol)?;
        }
        for config in &self.realms {
            let uri = config.uri.as_str();
            let checked = self.protocol.uri.check(uri);
            checked.map_err(|error| BuildError::RealmUri { realm: uri.to_owned(), error })?;
            let ways = Authenticators::of(&config.authenticators);
            let realm = Realm::new(config, uri, ways, self.protocol, &limits, &counters);
            if realms.insert(uri.to_owned(), realm).is_some() {
                return Err(BuildError::RealmTwice(uri.to_owned()));
            }
        }
        let lobby = self.template.as_ref().map(|template| {
            let ways = Authenticators::of(&template.authenticators);
            Realm::new(template, "template", ways, self.protocol, &limits, &counters)
        });
        let shared = Arc::new(Shared {
            gate: Gate::new(&limits, &counters),
            limits,
            protocol: self.protocol,
            counters,
            configured_realms: realms.len(),
            realms: realms.into(),
            template: self.template,
            lobby,
            registry: Registry::new(),
        });
        let procedures = shared.procedures();
        self.realms.iter().chain(&shared.template).for_each(|config| config.bind(&procedures));
        Ok(Router { shared })
    }
}

fn check_rules(config: &RealmConfig, protocol: Protocol) -> Result<(), BuildError> {
    let policies = config.policies.scopes().map(|scope| (scope.policy, &scope.uri));
    let histories = config.histories.iter().map(|rule| (rule.policy, &rule.uri));
    for (policy, uri) in policies.chain(histories) {
        protocol.uri.check_pattern(policy, uri).map_err(|error| BuildError::RuleUri {
            realm: config.uri.clone(),
            uri: uri.clone(),
            error,
        })?;
    }
    Ok(())
}
