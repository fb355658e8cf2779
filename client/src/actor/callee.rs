//! What this session has registered, and the invocations that run.
//!
//! Law: every invocation is answered exactly once, with what its handler returned or with the reason why it did not.

use std::sync::Arc;
use std::task::{Context, Poll};

use crossway_core::Id;
use crossway_core::message as wire;
use crossway_core::message::Payload;
use crossway_core::serializer::Serializer;
use crossway_core::uri;
use hashbrown::HashMap;
use tokio::task::{AbortHandle, JoinSet};

use super::command::Token;
use crate::registration::Handler;
use crate::{CallError, Invocation, Reply};

/// A handler that panicked. The specification has no word for it; this is what other clients say.
const RUNTIME_ERROR: &str = "wamp.error.runtime_error";

pub(super) struct Callee {
    serializer: Arc<dyn Serializer>,
    handlers: HashMap<Id, Handler>,
    /// Withdrawn registrations are gone from here, but have their handler until UNREGISTERED.
    tokens: HashMap<Token, Id>,
    running: HashMap<Id, AbortHandle>,
    tasks: JoinSet<Outcome>,
    limit: usize,
}

/// The answer to an invocation.
pub(super) struct Outcome {
    pub(super) request: Id,
    pub(super) answer: Result<Payload, Failure>,
}

/// ERROR in the session's own spelling.
pub(super) struct Failure {
    pub(super) uri: String,
    pub(super) payload: Payload,
}

impl Failure {
    fn new(error: &CallError, serializer: &dyn Serializer) -> Self {
        // The URI alone still says what happened.
        let payload = Payload::write(&error.args, &error.kwargs, serializer).unwrap_or_default();
        Failure { uri: error.uri.clone(), payload }
    }
}

impl Callee {
    pub(super) fn new(serializer: Arc<dyn Serializer>, limit: usize) -> Self {
        Callee {
            serializer,
            handlers: HashMap::new(),
            tokens: HashMap::new(),
            running: HashMap::new(),
            tasks: JoinSet::new(),
            limit,
        }
    }

    /// REGISTERED.
    pub(super) fn enter(&mut self, token: Token, id: Id, handler: Handler) {
        self.tokens.insert(token, id);
        self.handlers.insert(id, handler);
    }

    /// A registration that is still in force, to be unregistered.
    pub(super) fn withdraw(&mut self, token: Token) -> Option<Id> {
        self.tokens.remove(&token)
    }

    /// UNREGISTERED.
    pub(super) fn forget(&mut self, id: Id) {
        self.handlers.remove(&id);
    }

    /// Runs a handler in a task of its own.
    ///
    /// # Errors
    /// What to answer at once.
    pub(super) fn invoke(&mut self, message: wire::Invocation) -> Result<(), Failure> {
        let refuse = |uri: &str, text: &str| Failure::new(&CallError::new(uri).arg(text), &*self.serializer);
        let Some(handler) = self.handlers.get(&message.registration).cloned() else {
            return Err(refuse(uri::NO_SUCH_PROCEDURE, "the callee does not know this registration"));
        };
        if self.running.len() >= self.limit {
            return Err(refuse(uri::UNAVAILABLE, "the callee runs as many invocations as it takes"));
        }
        let serializer = Arc::clone(&self.serializer);
        let request = message.request;
        let task = self.tasks.spawn(async move { run(handler, message, &*serializer).await });
        self.running.insert(request, task);
        Ok(())
    }

    /// INTERRUPT. Returns the answer if the invocation was still running.
    pub(super) fn interrupt(&mut self, request: Id) -> Option<Failure> {
        self.running.remove(&request)?.abort();
        Some(Failure::new(&CallError::new(uri::CANCELED), &*self.serializer))
    }

    /// The next invocation that has been answered.
    pub(super) fn poll_outcome(&mut self, cx: &mut Context<'_>) -> Poll<Outcome> {
        while let Poll::Ready(Some(finished)) = self.tasks.poll_join_next(cx) {
            let outcome = match finished {
                Ok(outcome) => outcome,
                Err(error) if error.is_cancelled() => continue,
                Err(error) => match self.panicked(error.id()) {
                    Some(outcome) => outcome,
                    None => continue,
                },
            };
            // It may have finished just before it was interrupted; then it is answered already.
            if self.running.remove(&outcome.request).is_some() {
                return Poll::Ready(outcome);
            }
        }
        Poll::Pending
    }

    fn panicked(&self, task: tokio::task::Id) -> Option<Outcome> {
        let (request, _) = self.running.iter().find(|(_, handle)| handle.id() == task)?;
        let error = CallError::new(RUNTIME_ERROR).arg("the procedure panicked");
        Some(Outcome { request: *request, answer: Err(Failure::new(&error, &*self.serializer)) })
    }
}

/// Reads the arguments, runs the handler, and spells its answer: all of it beside the session, not in its way.
async fn run(handler: Handler, message: wire::Invocation, serializer: &dyn Serializer) -> Outcome {
    let wire::Invocation { request, details, payload, .. } = message;
    let answer = match payload.read(serializer) {
        Ok((args, kwargs)) => handler(Invocation { request, details, args, kwargs }).await,
        Err(error) => Err(CallError::new(uri::INVALID_ARGUMENT).arg(error.to_string())),
    };
    let spelt = answer.and_then(|Reply { arguments }| {
        let spelt = arguments.spell(serializer);
        spelt.map_err(|error| CallError::new(uri::INVALID_ARGUMENT).arg(error.to_string()))
    });
    Outcome { request, answer: spelt.map_err(|error| Failure::new(&error, serializer)) }
}
