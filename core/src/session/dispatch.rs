//! Every message of an established session.
//!
//! Law: one `match` says who handles what; what a client may not send is a violation. Requests are answered in one place.

use std::cell::RefCell;

use bytes::Bytes;

use crate::broker::Burst;
use crate::dealer;
use crate::error::{Fault, Refusal, Violation};
use crate::id::{Id, IdSequence};
use crate::limits::{Counters, Limits, Protocol, RequestIds};
use crate::message::{Call, Code, Error, Match, Message, Publish, Register, Subscribe};
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
    member: Membership,
    limits: &'a Limits,
    protocol: Protocol,
    counters: &'a Counters,
    requests: RefCell<IdSequence>,
}

impl<'a> Established<'a> {
    pub(super) fn new(
        member: Membership,
        limits: &'a Limits,
        protocol: Protocol,
        counters: &'a Counters,
    ) -> Self {
        Established { member, limits, protocol, counters, requests: RefCell::default() }
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
        self.check_attributes(&message)?;
        if !matches!(message, Message::Publish(_)) {
            self.deliver(burst, turn);
        }
        let (code, request) = match &message {
            Message::Publish(m) => (Code::Publish, m.request),
            Message::Subscribe(m) => (Code::Subscribe, m.request),
            Message::Unsubscribe(m) => (Code::Unsubscribe, m.request),
            Message::Call(m) => (Code::Call, m.request),
            Message::Register(m) => (Code::Register, m.request),
            Message::Unregister(m) => (Code::Unregister, m.request),
            _ => return self.receive_other(&message, turn),
        };
        self.check_request_id(code, request)?;
        let is_progressive = matches!(&message, Message::Call(m) if m.options.progress == Some(true));
        match self.request(&mut message, burst, turn) {
            Ok(()) => Ok(Next::Continue),
            Err(Fault::Violated(violation)) => Err(violation),
            Err(Fault::Refused(_))
                if code == Code::Call && self.member.dealer.ignores(request, !is_progressive) =>
            {
                Ok(Next::Continue)
            }
            // The caller would take it for the answer to the call that waits.
            Err(Fault::Refused(_)) if code == Code::Call && self.member.dealer.knows(request) => {
                Err(dealer::pending_already(request))
            }
            Err(Fault::Refused(refusal)) => {
                if is_progressive {
                    self.member.dealer.ignore_the_rest_of(request);
                }
                turn.refuse(&self.member.session, code, request, &refusal);
                Ok(Next::Continue)
            }
        }
    }

    /// The messages that carry a request id of their own, and are answered with it.
    fn request(
        &self,
        message: &mut Message<'_>,
        burst: &mut Burst<'_>,
        turn: &mut Turn,
    ) -> Result<(), Fault> {
        let Membership { realm, broker, dealer, .. } = &self.member;
        match message {
            Message::Publish(m) => return Ok(self.publish(m, burst, turn)?),
            Message::Subscribe(m) => self.subscribe(m, turn)?,
            Message::Unsubscribe(m) => realm.broker.unsubscribe(broker, m, realm.witness(), turn)?,
            Message::Call(m) => self.call(m, turn)?,
            Message::Register(m) => self.register(m, turn)?,
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
            Message::Cancel(m) => realm.dealer.cancel(dealer, m, turn),
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
        burst: &mut Burst<'_>,
        turn: &mut Turn,
    ) -> Result<(), Refusal> {
        let request = message.request;
        let acknowledge = message.options.acknowledge == Some(true);
        let hears_itself = message.options.exclude_me == Some(false);
        let Membership { realm, session, .. } = &self.member;
        let published = match self.check_own(&message.topic) {
            Ok(()) => realm.broker.publish(message, burst, turn),
            Err(error) => Err(error.into()),
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

    fn subscribe(&self, message: &Subscribe<'_>, turn: &mut Turn) -> Result<(), Refusal> {
        self.check_pattern(message.options.policy, &message.topic)?;
        let Membership { realm, broker, .. } = &self.member;
        realm.broker.subscribe(broker, message, realm.witness(), turn)
    }

    fn call(&self, message: &Call<'_>, turn: &mut Turn) -> Result<(), Fault> {
        self.check(&message.procedure).map_err(Refusal::from)?;
        let Membership { realm, dealer, .. } = &self.member;
        realm.dealer.call(dealer, message, turn)
    }

    fn register(&self, message: &Register<'_>, turn: &mut Turn) -> Result<(), Refusal> {
        self.check_pattern(message.options.policy, &message.procedure)?;
        if uri::is_reserved(&message.procedure) {
            return Err(UriError::Reserved.into());
        }
        let Membership { realm, dealer, .. } = &self.member;
        realm.dealer.register(dealer, message, realm.witness(), turn)
    }

    fn error(&self, message: &Error<'_>, turn: &mut Turn) -> Result<(), Violation> {
        if message.request_type != Code::Invocation.into() {
            return Err(Violation::new("ERROR from a client has to be for an INVOCATION"));
        }
        self.check(&message.error).map_err(|error| Violation::new(format!("ERROR.Error: {error}")))?;
        self.member.realm.dealer.yield_error(&self.member.dealer, message, turn)
    }

    /// Attributes that only some messages have: what HELLO did not announce must not be used (RPC-PINV-04, PPT-04, PPT-07,
    /// PPT-10), and what is kept with a call or an event has to be short, beside its payload.
    fn check_attributes(&self, message: &Message<'_>) -> Result<(), Violation> {
        let features = self.member.session.features();
        let (ppt, may_ppt, rkey) = match message {
            Message::Call(m) => {
                if m.options.progress == Some(true) && !features.caller_progressive_invocations {
                    return Err(unannounced(message, "progressive_call_invocations"));
                }
                (&m.options.ppt, features.caller_ppt, m.options.rkey.as_deref())
            }
            Message::Publish(m) => (&m.options.ppt, features.publisher_ppt, m.options.rkey.as_deref()),
            Message::Yield(m) => (&m.options.ppt, features.callee_ppt, None),
            _ => return Ok(()),
        };
        if ppt.is_used() && !may_ppt {
            return Err(unannounced(message, "payload_passthru_mode"));
        }
        let limit = self.limits.max_uri_length;
        if ppt.longest().max(rkey.map_or(0, str::len)) <= limit {
            return Ok(());
        }
        let text = format!(
            "{}: rkey and ppt attributes are no longer than {limit} bytes (limit max_uri_length)",
            message.code().name()
        );
        Err(Violation::new(text))
    }

    fn check_reason(&self, reason: &str) -> Result<(), Violation> {
        self.check(reason).map_err(|error| Violation::new(format!("GOODBYE.Reason: {error}")))
    }

    fn check(&self, uri: &str) -> Result<(), UriError> {
        self.check_length(uri)?;
        self.protocol.uri.check(uri)
    }

    /// As [`check`](Self::check), for what is matched as `policy` says.
    fn check_pattern(&self, policy: Option<Match>, uri: &str) -> Result<(), UriError> {
        self.check_length(uri)?;
        self.protocol.uri.check_pattern(policy.unwrap_or(Match::Exact), uri)
    }

    fn check_length(&self, uri: &str) -> Result<(), UriError> {
        if uri.len() > self.limits.max_uri_length {
            self.counters.uris_over_limit.increment();
            return Err(UriError::TooLong { limit: self.limits.max_uri_length });
        }
        Ok(())
    }

    /// As [`check`](Self::check), for topics and procedures of the client's own: `wamp.` is the router's (URI-08).
    fn check_own(&self, uri: &str) -> Result<(), UriError> {
        self.check(uri)?;
        if uri::is_reserved(uri) { Err(UriError::Reserved) } else { Ok(()) }
    }

    fn check_request_id(&self, code: Code, request: Id) -> Result<(), Violation> {
        if self.protocol.request_ids != RequestIds::Strict {
            return Ok(());
        }
        let mut requests = self.requests.borrow_mut();
        let expected = requests.peek();
        if expected == request {
            requests.next_id();
            return Ok(());
        }
        // More of a progressive call takes no id of its own.
        if code == Code::Call && self.member.dealer.knows(request) {
            return Ok(());
        }
        Err(Violation::new(format!("request id {request} where {expected} has to follow")))
    }
}

fn unannounced(message: &Message<'_>, feature: &str) -> Violation {
    Violation::new(format!("{} uses {feature}, which HELLO has not announced", message.code().name()))
}
