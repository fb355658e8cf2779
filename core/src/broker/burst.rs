//! Publications in a row.
//!
//! Law: what a publisher says over one subscription without a break is delivered together, before anything else that the
//! publisher does. Then every subscriber's outbox is locked once for all of it, and not once for every event.
//!
//! ```text
//!   PUBLISH a   PUBLISH a   PUBLISH a   CALL p            PUBLISH b
//!   └──────── burst ───────┘│           │                 └─ burst ...
//!                           └─ deliver ─┘
//! ```

use std::cell::Cell;
use std::sync::Arc;

use super::Subscription;
use super::fanout::{Fanout, Publication};
use super::filter::Filter;
use crate::limits::Counters;
use crate::message::EventDetails;
use crate::session::Session;
use crate::session::turn::Turn;
use crate::value::Dict;

/// The publications of one publisher that are not delivered yet. [`Broker::deliver`](super::Broker::deliver) has to be
/// the end of every burst.
pub(crate) struct Burst<'p> {
    pub(super) publisher: &'p Session,
    over: Option<Over>,
    publications: Vec<Publication>,
}

/// What they have in common.
struct Over {
    subscription: Arc<Subscription>,
    filter: Filter<'static>,
}

/// More publications than this are not kept room for.
const KEEP: usize = 1024;

thread_local! {
    static PUBLICATIONS: Cell<Vec<Publication>> = const { Cell::new(Vec::new()) };
}

impl<'p> Burst<'p> {
    /// Nothing yet.
    pub(crate) fn new(publisher: &'p Session) -> Self {
        Burst { publisher, over: None, publications: Vec::new() }
    }

    /// Whether a publication to `topic` goes the same way as those that wait.
    pub(super) fn goes_on(&self, topic: &str, filter: &Filter<'_>) -> bool {
        self.over.as_ref().is_some_and(|over| &*over.subscription.topic == topic && over.filter == *filter)
    }

    /// From now on publications go this way. Those that waited have been delivered.
    pub(super) fn begin(&mut self, subscription: Arc<Subscription>, filter: Filter<'static>) {
        if self.publications.capacity() == 0 {
            self.publications = PUBLICATIONS.take();
        }
        self.over = Some(Over { subscription, filter });
    }

    pub(super) fn push(&mut self, publication: Publication) {
        self.publications.push(publication);
    }

    /// Delivers what waits.
    pub(super) fn deliver(&mut self, counters: &Counters, turn: &mut Turn) {
        let Some(Over { subscription, filter }) = self.over.take() else { return };
        let fanout = Fanout {
            subscription: subscription.id,
            from: self.publisher.format(),
            publications: &self.publications,
            details: EventDetails::default(),
            said: Dict::new(),
            counters,
        };
        fanout.deliver(&subscription.members.load(), &filter, turn);
        self.publications.clear();
    }
}

impl Drop for Burst<'_> {
    fn drop(&mut self) {
        debug_assert!(
            self.publications.is_empty() || std::thread::panicking(),
            "a burst has to be delivered"
        );
        if (1..=KEEP).contains(&self.publications.capacity()) {
            PUBLICATIONS.set(std::mem::take(&mut self.publications));
        }
    }
}
