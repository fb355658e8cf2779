//! From messages to answers, events and invocations.

use std::sync::Arc;

use bytes::Bytes;
use crossway_core::Id;
use crossway_core::error::Violation;
use crossway_core::message::{Error as ErrorMessage, Message, Payload, Revocation};

use super::Actor;
use super::requests::Request;
use crate::login::message_of;
use crate::{CallError, Ended, Error};

/// Bytes of answers that may wait for a router that does not read them and goes on asking.
const MAX_BACKLOG: usize = 64 << 20;

impl Actor {
    /// Handles one message.
    ///
    /// # Errors
    /// The session is over.
    pub(super) fn receive(&mut self, frame: &Bytes) -> Result<(), Ended> {
        let serializer = Arc::clone(self.wire.serializer());
        let violated = |violation: Violation| Ended::Violated(violation.to_string());
        let scan = serializer.scan(frame, self.wire.depth()).map_err(|error| violated(error.into()))?;
        match Message::decode(frame, &scan, &*serializer).map_err(violated)? {
            Message::Event(event) => self.topics.deliver(&event),
            Message::Result(result) => self.resulted(result.request, result.payload),
            Message::Invocation(invocation) => {
                let request = invocation.request;
                if let Err(failure) = self.callee.invoke(invocation) {
                    self.fail(request, failure);
                }
            }
            Message::Interrupt(interrupt) => {
                if let Some(failure) = self.callee.interrupt(interrupt.request) {
                    self.fail(interrupt.request, failure);
                }
            }
            Message::Error(error) => self.refused(error),
            Message::Published(published) => self.published(published.request, published.publication),
            Message::Subscribed(subscribed) => self.subscribed(subscribed.request, subscribed.subscription),
            Message::Registered(registered) => self.registered(registered.request, registered.registration),
            Message::Unsubscribed(message) => self.undone(&message.request),
            Message::Unregistered(message) => self.undone(&message.request),
            other => return Err(self.end(other)),
        }
        if self.wire.backlog() > MAX_BACKLOG && self.wire.is_blocked() {
            return Err(Ended::Violated("asks for answers and does not read them".to_owned()));
        }
        Ok(())
    }

    /// The messages that end a session.
    fn end(&mut self, message: Message<'_>) -> Ended {
        match message {
            Message::Goodbye(_) if self.leaving.is_some() => Ended::Left,
            Message::Goodbye(goodbye) => {
                // The answer; whether it arrives changes nothing.
                let _ = self.leave();
                Ended::Goodbye { reason: goodbye.reason.into_owned() }
            }
            Message::Abort(abort) => {
                Ended::Aborted { reason: abort.reason.into_owned(), message: message_of(&abort.details) }
            }
            other => Ended::Violated(format!("{} is not for routers to send", other.code().name())),
        }
    }

    fn published(&mut self, request: Id, publication: Id) {
        if let Some(Request::Publish { reply }) = self.requests.take(request) {
            let _ = reply.send(Ok(publication));
        }
    }

    fn subscribed(&mut self, request: Id, subscription: Id) {
        if let Some(Request::Subscribe { topic }) = self.requests.take(request)
            && let Some(unwanted) = self.topics.confirmed(&topic, subscription)
        {
            self.say_unsubscribe(unwanted, None);
        }
    }

    fn registered(&mut self, request: Id, registration: Id) {
        if let Some(Request::Register { token, handler, reply }) = self.requests.take(request) {
            self.callee.enter(token, registration, handler);
            if reply.send(Ok(registration)).is_err()
                && let Some(unwanted) = self.callee.withdraw(token)
            {
                self.say_unregister(unwanted, None);
            }
        }
    }

    fn undone(&mut self, request: &Revocation) {
        let Revocation::Requested(request) = request else { return };
        match self.requests.take(*request) {
            Some(Request::Unregister { registration, reply }) => {
                self.callee.forget(registration);
                let _ = reply.map(|reply| reply.send(Ok(())));
            }
            Some(Request::Unsubscribe { reply }) => {
                let _ = reply.map(|reply| reply.send(Ok(())));
            }
            _ => {}
        }
    }

    fn resulted(&mut self, request: Id, payload: Payload) {
        if let Some(Request::Call { reply, .. }) = self.requests.take(request) {
            let _ = reply.send(Ok(payload));
        }
    }

    fn refused(&mut self, message: ErrorMessage<'_>) {
        let Some(request) = self.requests.take(message.request) else { return };
        let error = match message.payload.read(&**self.wire.serializer()) {
            Ok((args, kwargs)) => CallError { uri: message.error.into_owned(), args, kwargs },
            Err(_) => CallError::new(message.error),
        };
        match request {
            Request::Subscribe { topic } => self.topics.refused(&topic, &Error::Refused(error)),
            request => request.fail(Error::Refused(error)),
        }
    }
}
