//! Which ways of logging in a listener allows.

use std::sync::Arc;

use arc_swap::ArcSwap;

/// The ways of logging in that are allowed at a listener, by their names in `authmethods`; all that a realm has unless
/// something is said. May change while the listener runs: each connection goes by what holds when it comes. Clones are the
/// same.
#[derive(Clone, Debug, Default)]
pub struct Allowed(Arc<ArcSwap<Option<Arc<[String]>>>>);

impl Allowed {
    /// Those that connections get that come now; `None` for all.
    pub fn now(&self) -> Option<Arc<[String]>> {
        Option::clone(&self.0.load())
    }

    /// Allows others, at all clones, for the connections to come.
    pub fn set(&self, methods: Option<Arc<[String]>>) {
        self.0.store(Arc::new(methods));
    }
}

impl From<Option<Arc<[String]>>> for Allowed {
    fn from(methods: Option<Arc<[String]>>) -> Self {
        Allowed(Arc::new(ArcSwap::from_pointee(methods)))
    }
}
