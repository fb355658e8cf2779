//! Why a request is not done, or not now, and what the client is told.
//!
//! Law: whatever a peer provokes becomes ERROR or the end of the session here.

use bytes::Bytes;

use super::dispatch::{Established, Next};
use super::waiting::Asking;
use crate::broker::Burst;
use crate::dealer;
use crate::error::{Fault, Refusal, Violation};
use crate::id::Id;
use crate::message::{Code, Message};
use crate::session::turn::Turn;
use crate::uri::UriError;

/// Why a request is not done now.
pub(super) enum Stop {
    /// It can't be granted, or breaks the protocol.
    Fault(Fault),
    /// It is not decided yet whether the session may do it.
    Wait(Asking),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Stop::Fault(fault)
    }
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Stop::Fault(refusal.into())
    }
}

impl From<UriError> for Stop {
    fn from(error: UriError) -> Self {
        Refusal::from(error).into()
    }
}

impl Established<'_> {
    /// Answers a request that is not done, or lets it wait.
    #[cold]
    pub(super) fn stop(
        &self,
        frame: &Bytes,
        message: &Message<'_>,
        stop: Stop,
        burst: &mut Burst<'_>,
        turn: &mut Turn,
    ) -> Result<Next, Violation> {
        let Some((code, request)) = request_of(message) else { return Ok(Next::Continue) };
        let is_progressive = matches!(&message, Message::Call(m) if m.options.progress == Some(true));
        match stop {
            Stop::Wait(asking) => {
                self.deliver(burst, turn);
                self.wait_for(frame, asking);
                Ok(Next::Continue)
            }
            Stop::Fault(Fault::Violated(violation)) => Err(violation),
            Stop::Fault(Fault::Refused(_))
                if code == Code::Call && self.member.dealer.ignores(request, !is_progressive) =>
            {
                Ok(Next::Continue)
            }
            // The caller would take it for the answer to the call that waits.
            Stop::Fault(Fault::Refused(_)) if code == Code::Call && self.member.dealer.knows(request) => {
                Err(dealer::pending_already(request))
            }
            Stop::Fault(Fault::Refused(refusal)) => {
                if is_progressive {
                    self.member.dealer.ignore_the_rest_of(request);
                }
                turn.refuse(&self.member.session, code, request, &refusal);
                Ok(Next::Continue)
            }
        }
    }
}

/// The messages that carry a request id of their own.
pub(super) fn request_of(message: &Message<'_>) -> Option<(Code, Id)> {
    Some(match message {
        Message::Publish(m) => (Code::Publish, m.request),
        Message::Subscribe(m) => (Code::Subscribe, m.request),
        Message::Unsubscribe(m) => (Code::Unsubscribe, m.request),
        Message::Call(m) => (Code::Call, m.request),
        Message::Register(m) => (Code::Register, m.request),
        Message::Unregister(m) => (Code::Unregister, m.request),
        _ => return None,
    })
}
