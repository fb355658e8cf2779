//! An authorizer that another one can take the place of while the router runs.
//!
//! ```text
//!   session ── version() ──> generation | version of the one that decides now, unless that is fixed
//!           ── authorize() ─────────────────> the one that decides now
//!   replace() ── bind ──> the next one, in the next generation: what sessions remember is forgotten
//! ```
//!
//! Law: no decision of one that was replaced is remembered as one of its successor. Sessions read the version before they ask,
//! so what an old version comes with may be newer, and never the other way round; and there is no new version before the one that
//! it belongs to decides.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;
use parking_lot::Mutex;

use super::{Answer, Authorizer, Request};
use crate::caller::Procedures;

/// Passes everything on to an authorizer that can be replaced.
///
/// ```
/// use std::sync::Arc;
/// use crossway_core::RealmConfig;
/// use crossway_core::authorization::{Permissions, Replaceable, Role};
///
/// let authorizer = Arc::new(Replaceable::new(Arc::new(Permissions::new([Role::new("user")]))));
/// let realm = RealmConfig::new("realm1").authorizer(authorizer.clone());
/// // Whenever it is time for it:
/// authorizer.replace(Arc::new(Permissions::new([Role::new("user"), Role::new("guest")])));
/// ```
pub struct Replaceable {
    current: ArcSwap<Current>,
    /// The version while it is [fixed](Authorizer::is_fixed), else [`ASK`]: what is read for each message. Set after `current`.
    fixed: AtomicU64,
    /// Those that it was bound to; locked by whoever binds or replaces.
    bound: Mutex<Vec<Procedures>>,
}

struct Current {
    authorizer: Arc<dyn Authorizer>,
    generation: u64,
}

/// Versions of one authorizer that are told apart, as a power of two; the generation stands above them.
const VERSIONS: u32 = 40;

/// No version: so many generations there are not.
const ASK: u64 = u64::MAX;

impl Current {
    fn version(&self) -> u64 {
        let own = self.authorizer.version() & ((1 << VERSIONS) - 1);
        (self.generation << VERSIONS) | own
    }

    fn fixed(&self) -> u64 {
        if self.authorizer.is_fixed() { self.version() } else { ASK }
    }
}

impl Replaceable {
    /// With an authorizer to begin with.
    pub fn new(authorizer: Arc<dyn Authorizer>) -> Self {
        let current = Current { authorizer, generation: 0 };
        let fixed = AtomicU64::new(current.fixed());
        Replaceable { current: ArcSwap::from_pointee(current), fixed, bound: Mutex::default() }
    }

    /// Lets another one decide from now on, in all realms that have this one; sessions ask anew. A session whose role there is not any
    /// more stays, and is told what the new one says of it.
    pub fn replace(&self, authorizer: Arc<dyn Authorizer>) {
        let bound = self.bound.lock();
        bound.iter().for_each(|procedures| authorizer.bind(procedures));
        let generation = self.current.load().generation + 1;
        let next = Current { authorizer, generation };
        let fixed = next.fixed();
        self.current.store(Arc::new(next));
        self.fixed.store(fixed, Ordering::Release);
    }
}

impl Authorizer for Replaceable {
    fn bind(&self, procedures: &Procedures) {
        let mut bound = self.bound.lock();
        bound.push(procedures.clone());
        self.current.load().authorizer.bind(procedures);
    }

    fn knows_role(&self, authrole: &str) -> bool {
        self.current.load().authorizer.knows_role(authrole)
    }

    fn authorize(&self, request: &Request<'_>) -> Answer {
        self.current.load().authorizer.authorize(request)
    }

    fn version(&self) -> u64 {
        match self.fixed.load(Ordering::Acquire) {
            ASK => self.current.load().version(),
            fixed => fixed,
        }
    }

    fn invalidate(&self) {
        self.current.load().authorizer.invalidate();
    }
}

impl fmt::Debug for Replaceable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let generation = self.current.load().generation;
        f.debug_struct("Replaceable").field("generation", &generation).finish_non_exhaustive()
    }
}
