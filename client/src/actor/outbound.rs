//! From commands to messages.

use crossway_core::message::Payload;
use crossway_core::message::{
    Call, Cancel, CancelOptions, Code, Error as ErrorMessage, Publish, Register, ResultDetails, Subscribe,
    SubscribeOptions, Unregister, Unsubscribe, Yield,
};
use crossway_core::{Dict, Id, uri};

use super::Actor;
use super::callee::{Failure, Outcome};
use super::command::{Answer, Command, Token};
use super::requests::Request;
use super::topics::Subscriber;
use crate::Error;

impl Actor {
    /// Carries out a command, unless whoever gave it has gone.
    pub(super) fn obey(&mut self, command: Command) {
        let request = self.requests.peek();
        match command {
            Command::Publish { topic, options, payload, reply } => {
                let sent = self.wire.say(Publish { request, options, topic: topic.into(), payload });
                if sent.is_ok() {
                    self.requests.sent();
                }
                let _ = reply.send(sent);
            }
            Command::AcknowledgedPublish { topic, options, payload, reply } => {
                let sent = self.wire.say(Publish { request, options, topic: topic.into(), payload });
                self.wait(sent, Request::Publish { reply });
            }
            Command::Register { reply, .. } if reply.is_closed() => {}
            Command::Register { token, procedure, options, handler, reply } => {
                let sent = self.wire.say(Register { request, options, procedure: procedure.into() });
                self.wait(sent, Request::Register { token, handler, reply });
            }
            Command::Call { reply, .. } if reply.is_closed() => {}
            Command::Call { token, procedure, options, payload, reply } => {
                let sent = self.wire.say(Call { request, options, procedure: procedure.into(), payload });
                self.wait(sent, Request::Call { token, reply });
            }
            Command::Subscribe { reply, .. } if reply.is_closed() => {}
            Command::Subscribe { token, topic, events, reply } => {
                self.subscribe(topic, Subscriber { token, events, reply: Some(reply), lost: 0 });
            }
            Command::Unsubscribe { token, reply } => self.unsubscribe(token, Some(reply)),
            Command::Unregister { token, reply } => self.unregister(token, Some(reply)),
            Command::Leave => {}
        }
    }

    /// Undoes what somebody has dropped. Tokens that are over mean nothing.
    pub(super) fn depart(&mut self, token: Token) {
        if self.leaving.is_some() {
            return;
        }
        if let Some(request) = self.requests.call(token) {
            if self.can_cancel {
                let _ = self.wire.say(Cancel { request, options: CancelOptions::default() });
            }
            return;
        }
        self.unsubscribe(token, None);
        self.unregister(token, None);
    }

    /// The answer to an invocation.
    pub(super) fn answer(&mut self, outcome: Outcome) {
        let request = outcome.request;
        let sent = match outcome.answer {
            Ok(payload) => self.wire.say(Yield { request, options: ResultDetails::default(), payload }),
            Err(failure) => return self.fail(request, failure),
        };
        if sent.is_err() {
            let uri = uri::PAYLOAD_SIZE_EXCEEDED.to_owned();
            self.fail(request, Failure { uri, payload: Payload::none() });
        }
    }

    /// ERROR for an invocation; without its payload where that is too long.
    pub(super) fn fail(&mut self, request: Id, failure: Failure) {
        let Failure { uri, payload } = failure;
        let error = |payload| ErrorMessage {
            request_type: Code::Invocation.into(),
            request,
            details: Dict::new(),
            error: uri.as_str().into(),
            payload,
        };
        if self.wire.say(error(payload)).is_err() {
            let _ = self.wire.say(error(Payload::none()));
        }
    }

    fn subscribe(&mut self, topic: String, subscriber: Subscriber) {
        if !self.topics.enter(topic.clone(), subscriber) {
            return;
        }
        let request = self.requests.peek();
        let options = SubscribeOptions::default();
        match self.wire.say(Subscribe { request, options, topic: topic.as_str().into() }) {
            Ok(()) => self.requests.wait(Request::Subscribe { topic }),
            Err(error) => self.topics.refused(&topic, &error),
        }
    }

    /// Ends a subscriber, and with the last one the subscription.
    fn unsubscribe(&mut self, token: Token, reply: Option<Answer<()>>) {
        match self.topics.leave(token) {
            Some(subscription) => self.say_unsubscribe(subscription, reply),
            None => {
                let _ = reply.map(|reply| reply.send(Ok(())));
            }
        }
    }

    pub(super) fn say_unsubscribe(&mut self, subscription: Id, reply: Option<Answer<()>>) {
        let request = self.requests.peek();
        let sent = self.wire.say(Unsubscribe { request, subscription });
        self.wait(sent, Request::Unsubscribe { reply });
    }

    fn unregister(&mut self, token: Token, reply: Option<Answer<()>>) {
        match self.callee.withdraw(token) {
            Some(registration) => self.say_unregister(registration, reply),
            None => {
                let _ = reply.map(|reply| reply.send(Ok(())));
            }
        }
    }

    pub(super) fn say_unregister(&mut self, registration: Id, reply: Option<Answer<()>>) {
        let request = self.requests.peek();
        let sent = self.wire.say(Unregister { request, registration });
        self.wait(sent, Request::Unregister { registration, reply });
    }

    fn wait(&mut self, sent: Result<(), Error>, request: Request) {
        match sent {
            Ok(()) => self.requests.wait(request),
            Err(error) => request.fail(error),
        }
    }
}
