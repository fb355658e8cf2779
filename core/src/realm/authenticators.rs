//! The ways to log in to a realm, which may change while the router runs.
//!
//! Law: a login goes by one snapshot from HELLO to WELCOME, and a session keeps no authenticator: what was replaced is gone,
//! with the secrets in it, when the last login that began before is over.

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::auth::Authenticator;

/// One way.
#[derive(Clone)]
pub(crate) struct Way {
    /// Its name, which sessions keep.
    pub(crate) method: Arc<str>,
    pub(crate) authenticator: Arc<dyn Authenticator>,
}

/// Those of a realm, or of all realms that are made from one template. Of several with the same method the first counts.
pub(crate) struct Authenticators(ArcSwap<Vec<Way>>);

impl Authenticators {
    pub(crate) fn of(authenticators: &[Arc<dyn Authenticator>]) -> Arc<Self> {
        Arc::new(Authenticators(ArcSwap::from_pointee(ways(authenticators))))
    }

    /// As they are now. Asked once for each login.
    pub(crate) fn now(&self) -> Arc<Vec<Way>> {
        self.0.load_full()
    }

    /// Has others from the next login on.
    pub(crate) fn replace(&self, authenticators: &[Arc<dyn Authenticator>]) {
        self.0.store(Arc::new(ways(authenticators)));
    }
}

fn ways(authenticators: &[Arc<dyn Authenticator>]) -> Vec<Way> {
    let way = |authenticator: &Arc<dyn Authenticator>| Way {
        method: authenticator.method().into(),
        authenticator: Arc::clone(authenticator),
    };
    authenticators.iter().map(way).collect()
}
