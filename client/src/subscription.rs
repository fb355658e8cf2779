//! Subscribing.

use std::future::{Future, IntoFuture};
use std::pin::Pin;

use crossway_core::message::{EventDetails, Payload};
use crossway_core::{Dict, Id, Value};
use tokio::sync::mpsc;

use crate::actor::command::{Command, Guard};
use crate::{Error, Session};

/// A subscription to be; await it to subscribe.
#[derive(Clone, Debug)]
#[must_use = "nothing is subscribed before it is awaited"]
pub struct Subscribe<'s> {
    session: &'s Session,
    topic: String,
    queue: usize,
}

impl<'s> Subscribe<'s> {
    pub(crate) fn new(session: &'s Session, topic: String) -> Self {
        Subscribe { session, topic, queue: 1024 }
    }

    /// How many events may wait to be taken; more are lost, see [`Event::lost`]. At least 1, and 1024 unless said
    /// otherwise.
    pub fn queue(mut self, events: usize) -> Self {
        self.queue = events.max(1);
        self
    }

    async fn run(self) -> Result<Subscription, Error> {
        let Subscribe { session, topic, queue } = self;
        let (events, queue) = mpsc::channel(queue);
        let guard = Guard::new(session);
        let token = guard.token();
        let id = session.ask(|reply| Command::Subscribe { token, topic, events, reply }).await?;
        Ok(Subscription { session: session.clone(), guard, id, queue, unreadable: 0 })
    }
}

impl<'s> IntoFuture for Subscribe<'s> {
    type Output = Result<Subscription, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 's>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

/// The events of one topic. Dropping it unsubscribes.
///
/// One session may subscribe to one topic several times: each subscription gets every event.
#[derive(Debug)]
pub struct Subscription {
    session: Session,
    guard: Guard,
    id: Id,
    queue: mpsc::Receiver<Arrival>,
    unreadable: u64,
}

/// An event as the actor hands it over: reading it is the subscriber's business.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) publication: Id,
    pub(crate) details: EventDetails,
    pub(crate) payload: Payload,
    pub(crate) lost: u64,
}

/// What a publisher said.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The publication's id, which all its subscribers see.
    pub publication: Id,
    /// What the broker said about it, such as the publisher where it is disclosed.
    pub details: EventDetails,
    /// Its arguments.
    pub args: Vec<Value>,
    /// Its keyword arguments.
    pub kwargs: Dict,
    /// How many events of this subscription were lost since the last one: because [`queue`](Subscribe::queue) was full,
    /// or because a payload held what can't be expressed as a [`Value`].
    ///
    /// What the router itself dropped on the way to this session is in [`EventDetails::lost`].
    pub lost: u64,
}

impl Subscription {
    /// The subscription's id.
    pub fn id(&self) -> Id {
        self.id
    }

    /// The next event; `None` when the session is over.
    ///
    /// Cancel safe: an event is either returned or stays for the next call.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            let arrival = self.queue.recv().await?;
            if let Some(event) = self.read(arrival) {
                return Some(event);
            }
        }
    }

    /// The next event, if one is there already.
    pub fn try_next(&mut self) -> Option<Event> {
        loop {
            let arrival = self.queue.try_recv().ok()?;
            if let Some(event) = self.read(arrival) {
                return Some(event);
            }
        }
    }

    /// Unsubscribes and waits until it is done. Without this, dropping it does the same in the background.
    ///
    /// # Errors
    /// The session ended first.
    pub async fn unsubscribe(self) -> Result<(), Error> {
        let token = self.guard.token();
        self.session.ask(|reply| Command::Unsubscribe { token, reply }).await
    }

    fn read(&mut self, arrival: Arrival) -> Option<Event> {
        let Arrival { publication, details, payload, lost } = arrival;
        self.unreadable += lost;
        match payload.read(self.session.serializer()) {
            Ok((args, kwargs)) => {
                let lost = std::mem::take(&mut self.unreadable);
                Some(Event { publication, details, args, kwargs, lost })
            }
            Err(error) => {
                tracing::debug!(%publication, %error, "event skipped");
                self.unreadable += 1;
                None
            }
        }
    }
}
