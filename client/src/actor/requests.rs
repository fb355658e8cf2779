//! Requests that wait for their answer.
//!
//! Law: request ids are sequential in the order in which the requests go out.

use crossway_core::id::{Id, IdSequence};
use crossway_core::message::Payload;
use hashbrown::HashMap;

use super::command::{Answer, Token};
use crate::Error;
use crate::registration::Handler;

/// A request that was sent, with what its answer means.
pub(super) enum Request {
    Publish { reply: Answer<Id> },
    Subscribe { topic: String },
    Unsubscribe { reply: Option<Answer<()>> },
    Register { token: Token, handler: Handler, reply: Answer<Id> },
    Unregister { registration: Id, reply: Option<Answer<()>> },
    Call { token: Token, reply: Answer<Payload> },
}

#[derive(Default)]
pub(super) struct Requests {
    ids: IdSequence,
    pending: HashMap<Id, Request>,
    calls: HashMap<Token, Id>,
}

impl Requests {
    /// The id that the next request will have.
    pub(super) fn peek(&self) -> Id {
        self.ids.peek()
    }

    /// The request that was just sent needs no answer.
    pub(super) fn sent(&mut self) {
        self.ids.next_id();
    }

    /// The request that was just sent waits for its answer.
    pub(super) fn wait(&mut self, request: Request) {
        let id = self.ids.next_id();
        if let Request::Call { token, .. } = &request {
            self.calls.insert(*token, id);
        }
        self.pending.insert(id, request);
    }

    /// The request that an answer is for. `None` if the router made it up.
    pub(super) fn take(&mut self, id: Id) -> Option<Request> {
        let request = self.pending.remove(&id)?;
        if let Request::Call { token, .. } = &request {
            self.calls.remove(token);
        }
        Some(request)
    }

    /// The call with this token, if it still waits.
    pub(super) fn call(&self, token: Token) -> Option<Id> {
        self.calls.get(&token).copied()
    }
}

impl Request {
    /// Passes an ERROR on to whoever asked.
    pub(super) fn fail(self, error: Error) {
        let _ = match self {
            Request::Publish { reply } | Request::Register { reply, .. } => reply.send(Err(error)).is_ok(),
            Request::Unsubscribe { reply: Some(reply) } | Request::Unregister { reply: Some(reply), .. } => {
                reply.send(Err(error)).is_ok()
            }
            Request::Call { reply, .. } => reply.send(Err(error)).is_ok(),
            Request::Subscribe { .. } | Request::Unsubscribe { .. } | Request::Unregister { .. } => true,
        };
    }
}
