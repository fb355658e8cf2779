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
use super::fanout::{Fanout, Publication, Spellings};
use super::filter::Filter;
use super::publish::{Naming, Terms};
use crate::history::{Audience, EventLog};
use crate::limits::Counters;
use crate::message::Options;
use crate::session::Session;
use crate::session::turn::Turn;

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
    /// Where they are published, if the subscription is to a pattern.
    topic: Option<Box<str>>,
    filter: Filter<'static>,
    /// Whether the publisher was to be named, and what came of it.
    asked: Naming,
    terms: Terms,
}

impl Over {
    fn topic(&self) -> &str {
        self.topic.as_deref().unwrap_or(&self.subscription.topic)
    }

    /// What is delivered together is kept one by one, as it comes.
    #[cold]
    fn record(&self, history: &dyn EventLog, publication: &Publication, publisher: &Session) {
        let details = self.terms.details(publisher, None);
        history.append(publication.stored(self.topic(), details, Audience::default(), publisher.format()));
    }
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

    /// Whether a publication to `topic` goes the same way as those that wait, and the same is said of it.
    pub(super) fn goes_on(&self, topic: &str, filter: &Filter<'_>, asked: Naming) -> bool {
        self.over
            .as_ref()
            .is_some_and(|over| over.topic() == topic && over.filter == *filter && over.asked == asked)
    }

    /// From now on publications go this way. Those that waited have been delivered.
    pub(super) fn begin(
        &mut self,
        subscription: Arc<Subscription>,
        topic: &str,
        filter: Filter<'static>,
        asked: Naming,
        terms: Terms,
    ) {
        if self.publications.capacity() == 0 {
            self.publications = PUBLICATIONS.take();
        }
        let topic = subscription.names(topic).map(Box::from);
        self.over = Some(Over { subscription, topic, filter, asked, terms });
    }

    pub(super) fn push(&mut self, publication: Publication) {
        if let Some(over) = &self.over
            && let Some(history) = &over.subscription.history
        {
            over.record(&**history, &publication, self.publisher);
        }
        self.publications.push(publication);
    }

    /// Delivers what waits.
    pub(super) fn deliver(&mut self, counters: &Counters, turn: &mut Turn) {
        let Some(Over { subscription, topic, filter, terms, .. }) = self.over.take() else { return };
        let details = terms.details(self.publisher, topic.as_deref());
        let fanout = Fanout {
            subscription: subscription.id,
            from: self.publisher.format(),
            publications: &self.publications,
            spellings: &Spellings::default(),
            said: details.clone().into_dict(),
            details,
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
