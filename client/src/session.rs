//! The handle.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crossway_core::message::Welcome;
use crossway_core::serializer::Serializer;
use crossway_core::transport::Transport;
use crossway_core::{Dict, Id};
use tokio::sync::{mpsc, oneshot, watch};

use crate::actor::Actor;
use crate::actor::command::{Answer, Command, Token};
use crate::actor::wire::Wire;
use crate::registration::Reply;
use crate::{Call, CallError, Ended, Error, Invocation, JoinError, Login, Publish, Register, Subscribe};

/// Commands that wait for the actor; whoever gives one more waits as well.
const COMMANDS: usize = 64;

/// A session. A cheap handle; clones are the same session.
///
/// The session lasts until [`leave`](Session::leave), until the router or the transport ends it, or until the last
/// handle is dropped: of `Session`, [`Subscription`](crate::Subscription) and [`Registration`](crate::Registration).
#[derive(Clone)]
pub struct Session {
    shared: Arc<Shared>,
}

struct Shared {
    id: Id,
    details: Dict,
    serializer: Arc<dyn Serializer>,
    commands: mpsc::Sender<Command>,
    /// Holds at most one entry for each call, subscription and registration that the program holds, so it needs no bound.
    departures: mpsc::UnboundedSender<Token>,
    ended: watch::Receiver<Option<Arc<Ended>>>,
    tokens: AtomicU64,
}

impl Session {
    /// Joins `realm` anonymously. [`Login`] joins in other ways.
    ///
    /// # Errors
    /// Why there is no session.
    pub async fn join(transport: impl Transport, realm: impl Into<String>) -> Result<Self, JoinError> {
        Login::new(realm).join(transport).await
    }

    pub(crate) fn start(wire: Wire, welcome: &Welcome, max_invocations: usize) -> Self {
        let (commands, inbox) = mpsc::channel(COMMANDS);
        let (departures, departed) = mpsc::unbounded_channel();
        let (end, ended) = watch::channel(None);
        let serializer = Arc::clone(wire.serializer());
        let actor = Actor::new(wire, &welcome.details, inbox, departed, max_invocations);
        tokio::spawn(async move {
            let (how, wire) = actor.run().await;
            end.send_replace(Some(Arc::new(how)));
            wire.close().await;
        });
        let (id, details) = (welcome.session, welcome.details.clone());
        let tokens = AtomicU64::new(0);
        Session { shared: Arc::new(Shared { id, details, serializer, commands, departures, ended, tokens }) }
    }

    /// The session's id.
    pub fn id(&self) -> Id {
        self.shared.id
    }

    /// `WELCOME.Details`: `authid`, `authrole`, what the router can do.
    pub fn details(&self) -> &Dict {
        &self.shared.details
    }

    /// Says something on a topic.
    pub fn publish(&self, topic: impl Into<String>) -> Publish<'_> {
        Publish::new(self, topic.into())
    }

    /// Listens to a topic.
    pub fn subscribe(&self, topic: impl Into<String>) -> Subscribe<'_> {
        Subscribe::new(self, topic.into())
    }

    /// Calls a procedure.
    pub fn call(&self, procedure: impl Into<String>) -> Call<'_> {
        Call::new(self, procedure.into())
    }

    /// Offers a procedure. Each invocation runs `handler` in a task of its own, several at the same time.
    ///
    /// The task is aborted at its current await point when the caller cancels, or when the session ends. A handler that
    /// panics is answered with `wamp.error.runtime_error`.
    pub fn register<F, R>(&self, procedure: impl Into<String>, handler: F) -> Register<'_>
    where
        F: Fn(Invocation) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Reply, CallError>> + Send + 'static,
    {
        Register::new(self, procedure.into(), handler)
    }

    /// Leaves the realm, and waits up to five seconds for the router to say GOODBYE as well. Handlers that still run are aborted.
    ///
    /// # Errors
    /// The session had ended, or ended in another way.
    pub async fn leave(&self) -> Result<(), Error> {
        let asked = self.shared.commands.send(Command::Leave).await;
        match &*self.ended().await {
            Ended::Left if asked.is_ok() => Ok(()),
            _ => Err(self.end_error()),
        }
    }

    /// Waits for the end of the session, and says how it ended.
    pub async fn ended(&self) -> Arc<Ended> {
        let mut ended = self.shared.ended.clone();
        match ended.wait_for(Option::is_some).await {
            Ok(how) => how.clone().unwrap_or_else(aborted),
            Err(_) => aborted(),
        }
    }

    pub(crate) fn serializer(&self) -> &dyn Serializer {
        &*self.shared.serializer
    }

    /// A name for something that this session opens, before the router has one.
    pub(crate) fn next_token(&self) -> Token {
        Token(self.shared.tokens.fetch_add(1, Ordering::Relaxed))
    }

    /// Gives the actor a command and waits for its answer.
    pub(crate) async fn ask<T>(&self, command: impl FnOnce(Answer<T>) -> Command) -> Result<T, Error> {
        let (reply, answer) = oneshot::channel();
        if self.shared.commands.send(command(reply)).await.is_ok()
            && let Ok(answer) = answer.await
        {
            return answer;
        }
        self.ended().await;
        Err(self.end_error())
    }

    /// Tells the actor that something was dropped.
    pub(crate) fn depart(&self, token: Token) {
        let _ = self.shared.departures.send(token);
    }

    fn end_error(&self) -> Error {
        Error::Ended(self.shared.ended.borrow().clone().unwrap_or_else(aborted))
    }
}

/// The actor's task did not come to its end: its runtime was shut down.
fn aborted() -> Arc<Ended> {
    Arc::new(Ended::Lost("the runtime has stopped".to_owned()))
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Session({})", self.shared.id)
    }
}
