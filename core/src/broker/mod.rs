//! The broker of a realm: routes events from publishers to subscribers.
//!
//! Law: knows neither the dealer, nor the runtime. (Who, message) in, deliveries out through the turn. Publishing takes no
//! lock but those of the receivers' outboxes, unless the event is to be retained; subscribing takes the broker's one write
//! lock.
//!
//! ```text
//!   topics: topic ───────────┐
//!   patterns: topic ─────────┼─> Subscription { id, members } ──> Member ──> Session ──> outbox
//!   subscriptions: id ───────┘                                       ^
//!   Seat (one per session): subscription id ─────────────────────────┘
//! ```
//!
//! | file             | subject                                                      |
//! |------------------|--------------------------------------------------------------|
//! | [`subscription`] | one subscription, and what can be asked of all of them       |
//! | [`subscribe`]    | SUBSCRIBE, UNSUBSCRIBE, sessions that leave, revocation       |
//! | [`publish`]      | PUBLISH: what is said of it, and by which ways it goes        |
//! | [`burst`]        | publications in a row                                        |
//! | [`fanout`]       | publications on their way to the members of one subscription |
//! | [`group`]        | members that get the same octets                             |
//! | [`filter`]       | who may get an event                                         |
//! | [`retention`]    | events that later subscribers get                            |
//! | [`history`]      | events that are kept, and how they are asked for             |
//! | [`members`]      | the subscribers of one subscription                          |

mod burst;
mod fanout;
mod filter;
mod group;
mod history;
mod members;
mod publish;
mod retention;
mod subscribe;
mod subscription;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use arc_swap::ArcSwap;
use hashbrown::{DefaultHashBuilder, HashMap};
use parking_lot::Mutex;

use crate::id::{Id, IdSequence};
use crate::limits::{Counters, Limits};
use crate::pattern::Index;
use crate::policy::Policies;
use crate::session::Session;
pub(crate) use burst::Burst;
pub(crate) use history::{Events, HistoryQuery};
use members::Member;
use retention::Retention;
pub(crate) use subscription::Subscription;

/// All subscriptions of a realm.
pub(crate) struct Broker {
    topics: papaya::HashMap<Box<str>, Arc<Subscription>, DefaultHashBuilder>,
    patterns: ArcSwap<Index<Arc<Subscription>>>,
    /// Whether there are patterns: what publishing looks at where there are none.
    has_patterns: AtomicBool,
    subscriptions: papaya::HashMap<Id, Arc<Subscription>, DefaultHashBuilder>,
    /// Held by everything that changes a subscription; hands out their ids.
    write: Mutex<IdSequence>,
    /// Subscriptions that topics below `wamp.` can match. Changed under the write lock.
    meta: AtomicUsize,
    retention: Mutex<Retention>,
    policies: Arc<Policies>,
    limits: Arc<Limits>,
    counters: Arc<Counters>,
}

/// What the broker knows of one session.
pub(crate) struct Seat {
    session: Arc<Session>,
    held: Mutex<HashMap<Id, Held>>,
}

struct Held {
    subscription: Arc<Subscription>,
    member: Arc<Member>,
}

impl Seat {
    pub(crate) fn new(session: Arc<Session>) -> Arc<Self> {
        Arc::new(Seat { session, held: Mutex::default() })
    }
}

impl Broker {
    pub(crate) fn new(policies: Arc<Policies>, limits: Arc<Limits>, counters: Arc<Counters>) -> Self {
        Broker {
            topics: papaya::HashMap::default(),
            patterns: ArcSwap::default(),
            has_patterns: AtomicBool::new(false),
            subscriptions: papaya::HashMap::default(),
            write: Mutex::default(),
            meta: AtomicUsize::new(0),
            retention: Mutex::default(),
            policies,
            limits,
            counters,
        }
    }

    /// Whether anybody may be subscribed to a meta event. One load of an atomic.
    pub(crate) fn hears_meta_events(&self) -> bool {
        self.meta.load(Ordering::Relaxed) > 0
    }
}
