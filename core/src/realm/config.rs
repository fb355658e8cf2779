//! What a realm is made from.

use std::fmt;
use std::sync::Arc;

use crate::auth::Authenticator;

/// A realm to be: its URI and who may join.
#[derive(Clone)]
pub struct RealmConfig {
    pub(crate) uri: String,
    pub(crate) authenticators: Vec<Arc<dyn Authenticator>>,
}

impl RealmConfig {
    /// A realm that nobody may join yet. For a template of automatic realms the URI is ignored.
    pub fn new(uri: impl Into<String>) -> Self {
        RealmConfig { uri: uri.into(), authenticators: Vec::new() }
    }

    /// Lets clients in that this authenticator accepts. Of several with the same method the first counts.
    #[must_use]
    pub fn authenticator(mut self, authenticator: Arc<dyn Authenticator>) -> Self {
        self.authenticators.push(authenticator);
        self
    }
}

impl fmt::Debug for RealmConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let methods: Vec<&str> = self.authenticators.iter().map(|a| a.method()).collect();
        f.debug_struct("RealmConfig").field("uri", &self.uri).field("authenticators", &methods).finish()
    }
}
