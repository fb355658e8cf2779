//! Calls of the router itself, each by a session of its own that lasts as long as the call.

use std::future::poll_fn;
use std::sync::Arc;

use bytes::Bytes;

use super::Realm;
use crate::caller::{Answer, Answering, CallFailed};
use crate::dealer;
use crate::error::{Fault, Refusal};
use crate::id::Id;
use crate::message::{Call, CallOptions, Message, Payload};
use crate::serializer::native::Native;
use crate::serializer::{DEPTH_CAP, Serializer};
use crate::session::local::{self, Inbox};
use crate::session::turn::Turn;
use crate::uri;
use crate::value::{Dict, Value};
use crate::witness::Nobody;

/// Of a session that makes one call.
const REQUEST: Id = Id::MIN;

/// A call that the router waits for; dropping it cancels the call.
struct Asking {
    realm: Arc<Realm>,
    seat: Arc<dealer::Seat>,
    inbox: Inbox,
}

impl Drop for Asking {
    fn drop(&mut self) {
        self.realm.dealer.leave(&self.seat, &Nobody, &mut Turn::begin());
        self.realm.keep_time();
    }
}

impl Realm {
    /// Calls a procedure as the router. The CALL is on its way when this returns.
    pub(crate) fn ask(
        self: &Arc<Self>,
        procedure: &str,
        args: &[Value],
        kwargs: &Dict,
    ) -> Result<Answering, CallFailed> {
        self.check(procedure).map_err(Refusal::from)?;
        let payload = Payload::write(args, kwargs, &Native).map_err(Refusal::from)?;
        self.meta.serve(self);
        let asking = self.asking();
        let options = CallOptions::default();
        let call = Call { request: REQUEST, options, procedure: procedure.into(), payload };
        let called = self.dealer.call(&asking.seat, &call, None, &mut Turn::begin());
        self.keep_time();
        called.map_err(|fault| match fault {
            Fault::Refused(refusal) => CallFailed::from(refusal),
            Fault::Violated(violation) => CallFailed::new(uri::PROTOCOL_VIOLATION, violation.to_string()),
        })?;
        Ok(Box::pin(asking.answer()))
    }

    /// A session for one call.
    fn asking(self: &Arc<Self>) -> Asking {
        let (session, inbox) = local::session(self.unused_id(), &self.limits, &self.counters);
        Asking { realm: Arc::clone(self), seat: dealer::Seat::new(session), inbox }
    }
}

impl Asking {
    async fn answer(self) -> Result<Answer, CallFailed> {
        let mut frames = Vec::new();
        while poll_fn(|cx| self.inbox.poll_take(cx, 1, &mut frames)).await {
            if let Some(answer) = frames.drain(..).find_map(|frame| read(&frame)) {
                return answer;
            }
        }
        Err(CallFailed::new(uri::CANCELED, "the realm is gone"))
    }
}

/// RESULT or ERROR; nothing else is for a caller.
fn read(frame: &Bytes) -> Option<Result<Answer, CallFailed>> {
    let scan = Native.scan(frame, DEPTH_CAP).ok()?;
    let unreadable = |_| CallFailed::new(uri::INVALID_ARGUMENT, "the answer is outside of what WAMP can say");
    match Message::decode(frame, &scan, &Native).ok()? {
        Message::Result(result) => {
            let read = result.payload.read(&Native).map_err(unreadable);
            Some(read.map(|(args, kwargs)| Answer { args, kwargs }))
        }
        Message::Error(error) => {
            let (args, kwargs) = error.payload.read(&Native).unwrap_or_default();
            Some(Err(CallFailed { uri: error.error.into_owned(), args, kwargs }))
        }
        _ => None,
    }
}
