//! Publishing.

use std::future::{Future, IntoFuture};
use std::pin::Pin;

use crossway_core::Id;
use crossway_core::message::PublishOptions;

use crate::actor::command::Command;
use crate::payload::{Arguments, takes_arguments};
use crate::{Error, Session};

/// An event to be; await it to publish it.
#[derive(Clone, Debug)]
#[must_use = "nothing is published before it is awaited"]
pub struct Publish<'s> {
    session: &'s Session,
    topic: String,
    options: PublishOptions,
    arguments: Arguments,
}

impl<'s> Publish<'s> {
    pub(crate) fn new(session: &'s Session, topic: String) -> Self {
        Publish { session, topic, options: PublishOptions::default(), arguments: Arguments::default() }
    }

    takes_arguments!();

    /// Whether this session is left out even if it has subscribed; true unless said otherwise.
    pub fn exclude_me(mut self, exclude: bool) -> Self {
        self.options.exclude_me = Some(exclude);
        self
    }

    /// Tells subscribers who published.
    pub fn disclose_me(mut self) -> Self {
        self.options.disclose_me = Some(true);
        self
    }

    /// Replaces all options.
    pub fn options(mut self, options: PublishOptions) -> Self {
        self.options = options;
        self
    }

    /// Waits for the router to confirm, and returns the publication's id.
    pub fn acknowledge(mut self) -> AcknowledgedPublish<'s> {
        self.options.acknowledge = Some(true);
        AcknowledgedPublish(self)
    }
}

impl<'s> IntoFuture for Publish<'s> {
    type Output = Result<(), Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 's>>;

    /// Ready when the event is on its way: the router answers nothing, not even for a bad topic.
    fn into_future(mut self) -> Self::IntoFuture {
        Box::pin(async move {
            self.options.acknowledge = None;
            let payload = self.arguments.spell(self.session.serializer())?;
            let Publish { session, topic, options, .. } = self;
            session.ask(|reply| Command::Publish { topic, options, payload, reply }).await
        })
    }
}

/// An event to be, whose arrival at the router is confirmed; await it to publish it.
#[derive(Clone, Debug)]
#[must_use = "nothing is published before it is awaited"]
pub struct AcknowledgedPublish<'s>(Publish<'s>);

impl<'s> IntoFuture for AcknowledgedPublish<'s> {
    type Output = Result<Id, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 's>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let Publish { session, topic, options, arguments } = self.0;
            let payload = arguments.spell(session.serializer())?;
            session.ask(|reply| Command::AcknowledgedPublish { topic, options, payload, reply }).await
        })
    }
}
