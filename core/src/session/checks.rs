//! What is checked of a message before anything is done: attributes, URIs, request ids.
//!
//! Law: nothing here depends on what exists.

use super::dispatch::Established;
use crate::error::Violation;
use crate::id::Id;
use crate::limits::RequestIds;
use crate::message::{Code, Match, Message};
use crate::uri::{self, UriError};

impl Established<'_> {
    /// Attributes that only some messages have: what HELLO did not announce must not be used (RPC-PINV-04, PPT-04, PPT-07,
    /// PPT-10), and what is kept with a call or an event has to be short, beside its payload.
    pub(super) fn check_attributes(&self, message: &Message<'_>) -> Result<(), Violation> {
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

    pub(super) fn check_reason(&self, reason: &str) -> Result<(), Violation> {
        self.check(reason).map_err(|error| Violation::new(format!("GOODBYE.Reason: {error}")))
    }

    pub(super) fn check(&self, uri: &str) -> Result<(), UriError> {
        self.check_length(uri)?;
        self.protocol.uri.check(uri)
    }

    /// As [`check`](Self::check), for what is matched as `policy` says.
    pub(super) fn check_pattern(&self, policy: Option<Match>, uri: &str) -> Result<(), UriError> {
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
    pub(super) fn check_own(&self, uri: &str) -> Result<(), UriError> {
        self.check(uri)?;
        if uri::is_reserved(uri) { Err(UriError::Reserved) } else { Ok(()) }
    }

    pub(super) fn check_request_id(&self, code: Code, request: Id) -> Result<(), Violation> {
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
