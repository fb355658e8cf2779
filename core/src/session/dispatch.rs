//! Every message of an established session.
//!
//! Law: one `match` says who handles what; what a client may not send is a violation. Requests are answered in one place.

use std::cell::RefCell;

use bytes::Bytes;

use super::authorize::{Decided, Decisions};
use super::stop::{Stop, request_of};
use super::waiting::Waiting;
use crate::authorization::Asked;
use crate::broker::Burst;
use crate::error::Violation;
use crate::id::IdSequence;
use crate::limits::{Counters, Limits, Protocol};
use crate::message::{Call, Code, Error, Message, Publish, Register, Subscribe};
use crate::realm::Membership;
use crate::serializer::HeadItem;
use crate::session::turn::Turn;
use crate::uri::{self, UriError};

/// How a session goes on after a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// With the next message.
    Continue,
    /// It said GOODBYE.
    Goodbye,
    /// It said ABORT.
    Aborted,
}

/// An established session, as its own task sees it.
pub(super) struct Established<'a> {
    pub(super) member: Membership,
    pub(super) limits: &'a Limits,
    pub(super) protocol: Protocol,
    pub(super) counters: &'a Counters,
    pub(super) requests: RefCell<IdSequence>,
    /// What it may do, as far as that was asked and may be remembered.
    pub(super) decisions: RefCell<Option<Box<Decisions>>>,
    /// The request that waits for its authorization, and what waits behind it.
    pub(super) waiting: RefCell<Option<Box<Waiting>>>,
}

/// What a request comes to: the terms are in its ERROR, or it has to wait.
type Outcome = Result<(), Stop>;

impl<'a> Established<'a> {
    pub(super) fn new(
        member: Membership,
        limits: &'a Limits,
        protocol: Protocol,
        counters: &'a Counters,
    ) -> Self {
        let (requests, decisions, waiting) = Default::default();
        Established { member, limits, protocol, counters, requests, decisions, waiting }
    }

    pub(super) fn member(&self) -> &Membership {
        &self.member
    }

    /// Publications in a row begin here; they end with [`Established::deliver`].
    pub(super) fn burst(&self) -> Burst<'_> {
        Burst::new(&self.member.session)
    }

    /// Delivers what was published in a row.
    pub(super) fn deliver(&self, burst: &mut Burst<'_>, turn: &mut Turn) {
        self.member.realm.broker.deliver(burst, turn);
    }

    /// Handles one message. PUBLISH goes into `burst`; anything else is done after what is in there.
    ///
    /// # Errors
    /// The client broke the protocol: the session has to be aborted.
    pub(super) fn receive(
        &self,
        frame: &Bytes,
        burst: &mut Burst<'_>,
        turn: &mut Turn,
    ) -> Result<Next, Violation> {
        let serializer = self.member.session.format().serializer();
        let scan = serializer.scan(frame, self.limits.max_depth)?;
        let mut message = Message::decode(frame, &scan, serializer)?;
        if self.is_waiting() && self.has_to_wait(&message) {
            return self.wait_behind(&message, frame);
        }
        self.check_attributes(&message)?;
        if !matches!(message, Message::Publish(_)) {
            self.deliver(burst, turn);
        }
        let Some((code, request)) = request_of(&message) else {
            return self.receive_other(&message, turn);
        };
        self.check_request_id(code, request)?;
        self.handle_request(frame, &mut message, None, burst, turn)
    }

    /// Goes on with a request whose authorization was awaited.
    ///
    /// # Errors
    /// As those of [`receive`](Self::receive).
    pub(super) fn resume(
        &self,
        frame: &Bytes,
        decided: &Decided,
        burst: &mut Burst<'_>,
        turn: &mut Turn,
    ) -> Result<Next, Violation> {
        let serializer = self.member.session.format().serializer();
        let scan = serializer.scan(frame, self.limits.max_depth)?;
        let mut message = Message::decode(frame, &scan, serializer)?;
        self.handle_request(frame, &mut message, Some(decided), burst, turn)
    }

    /// Does what a request asks for, or says why not, or lets it wait.
    #[inline]
    fn handle_request(
        &self,
        frame: &Bytes,
        message: &mut Message<'_>,
        decided: Option<&Decided>,
        burst: &mut Burst<'_>,
        turn: &mut Turn,
    ) -> Result<Next, Violation> {
        match self.request(message, decided, burst, turn) {
            Ok(()) => Ok(Next::Continue),
            Err(stop) => self.stop(frame, message, stop, burst, turn),
        }
    }

    /// The messages that carry a request id of their own, and are answered with it.
    fn request(
        &self,
        message: &mut Message<'_>,
        decided: Option<&Decided>,
        burst: &mut Burst<'_>,
        turn: &mut Turn,
    ) -> Outcome {
        let Membership { realm, broker, dealer, .. } = &self.member;
        match message {
            Message::Publish(m) => return self.publish(m, decided, burst, turn),
            Message::Subscribe(m) => self.subscribe(m, decided, turn)?,
            Message::Unsubscribe(m) => realm.broker.unsubscribe(broker, m, realm.witness(), turn)?,
            Message::Call(m) => self.call(m, decided, turn)?,
            Message::Register(m) => self.register(m, decided, turn)?,
            Message::Unregister(m) => realm.dealer.unregister(dealer, m, realm.witness(), turn)?,
            _ => {}
        }
        realm.keep_time();
        Ok(())
    }

    /// The messages that answer something, end something, or have no business here.
    fn receive_other(&self, message: &Message<'_>, turn: &mut Turn) -> Result<Next, Violation> {
        let Membership { realm, dealer, .. } = &self.member;
        match message {
            Message::Yield(m) => realm.dealer.yield_result(dealer, m, turn)?,
            Message::Error(m) => self.error(m, turn)?,
            Message::Cancel(m) => {
                realm.dealer.cancel(dealer, m, turn);
                realm.look_again_at(self.member.session.id());
            }
            Message::Goodbye(m) => {
                self.check_reason(&m.reason)?;
                return Ok(Next::Goodbye);
            }
            Message::Abort(_) => return Ok(Next::Aborted),
            Message::Hello(_) => return Err(Violation::new("a second HELLO in one session")),
            Message::Authenticate(_) => return Err(Violation::new("AUTHENTICATE without a CHALLENGE")),
            other => {
                let text =
                    format!("{} is not for clients to send in an established session", other.code().name());
                return Err(Violation::new(text));
            }
        }
        realm.keep_time();
        Ok(Next::Continue)
    }

    /// Silent about everything unless the publisher wants an answer (PS-08).
    fn publish(
        &self,
        message: &mut Publish<'_>,
        decided: Option<&Decided>,
        burst: &mut Burst<'_>,
        turn: &mut Turn,
    ) -> Outcome {
        let request = message.request;
        let acknowledge = message.options.acknowledge == Some(true);
        let hears_itself = message.options.exclude_me == Some(false);
        let Membership { realm, session, .. } = &self.member;
        let granted = self
            .check_own(&message.topic)
            .map_err(Stop::from)
            .and_then(|()| self.authorize(&message.topic, Asked::Publish(&message.options), decided));
        let published = match granted {
            Ok(grant) => realm.broker.publish(message, grant.disclose, burst, turn).map_err(Stop::from),
            Err(wait @ Stop::Wait(_)) => return Err(wait),
            Err(refused) => Err(refused),
        };
        if acknowledge {
            let publication = published?;
            // A publisher that is its own subscriber gets the event first, then the answer.
            if hears_itself {
                self.deliver(burst, turn);
            }
            let head = [
                HeadItem::Uint(Code::Published.number()),
                HeadItem::Uint(request.get()),
                HeadItem::Uint(publication.get()),
            ];
            turn.acknowledge(session, &head);
        }
        Ok(())
    }

    fn subscribe(&self, message: &Subscribe<'_>, decided: Option<&Decided>, turn: &mut Turn) -> Outcome {
        self.check_pattern(message.options.policy, &message.topic)?;
        self.authorize(&message.topic, Asked::Subscribe(&message.options), decided)?;
        let Membership { realm, broker, .. } = &self.member;
        Ok(realm.broker.subscribe(broker, message, realm.witness(), turn)?)
    }

    fn call(&self, message: &Call<'_>, decided: Option<&Decided>, turn: &mut Turn) -> Outcome {
        self.check(&message.procedure)?;
        let Membership { realm, dealer, .. } = &self.member;
        // It was decided about the first, and goes where that went. Nobody is chosen for it, so nobody's turn is over
        // (RPC-PINV-08).
        if dealer.goes_on(message) {
            return Ok(realm.dealer.go_on(dealer, message, turn)?);
        }
        let grant = self.authorize(&message.procedure, Asked::Call(&message.options), decided)?;
        if uri::is_reserved(&message.procedure) {
            realm.check_purpose(&message.procedure, grant)?;
        }
        Ok(realm.dealer.call(dealer, message, grant.disclose, turn)?)
    }

    fn register(&self, message: &Register<'_>, decided: Option<&Decided>, turn: &mut Turn) -> Outcome {
        self.check_pattern(message.options.policy, &message.procedure)?;
        if uri::is_reserved(&message.procedure) {
            return Err(UriError::Reserved.into());
        }
        self.authorize(&message.procedure, Asked::Register(&message.options), decided)?;
        let Membership { realm, dealer, .. } = &self.member;
        Ok(realm.dealer.register(dealer, message, realm.witness(), turn)?)
    }

    fn error(&self, message: &Error<'_>, turn: &mut Turn) -> Result<(), Violation> {
        if message.request_type != Code::Invocation.into() {
            return Err(Violation::new("ERROR from a client has to be for an INVOCATION"));
        }
        self.check(&message.error).map_err(|error| Violation::new(format!("ERROR.Error: {error}")))?;
        self.member.realm.dealer.yield_error(&self.member.dealer, message, turn)
    }
}
