//! The actor: one task that owns the transport and everything that a session remembers.
//!
//! ```text
//!   commands ────┐ only while the router takes more        ┌──> requests, topics, callee
//!   departures ──┼──> Actor::poll ── one round ── flush ───┤
//!   outcomes ────┤ only while the router takes more        └──> Ended
//!   frames ──────┘ always
//! ```
//!
//! | file         | subject                                        |
//! |--------------|------------------------------------------------|
//! | [`command`]  | what handles ask                               |
//! | [`wire`]     | the transport                                  |
//! | `outbound`   | commands and departures become messages        |
//! | `inbound`    | messages become answers, events, invocations   |
//! | `requests`   | what waits for an answer                       |
//! | `topics`     | what is subscribed                             |
//! | `callee`     | what is registered, and what runs              |

mod callee;
pub(crate) mod command;
mod inbound;
mod outbound;
mod requests;
mod topics;
pub(crate) mod wire;

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use crossway_core::message::Goodbye;
use crossway_core::{Dict, Value, uri};
use tokio::sync::mpsc;
use tokio::time::{Sleep, sleep};

use crate::Ended;
use callee::Callee;
use command::{Command, Token};
use requests::Requests;
use topics::Topics;
use wire::Wire;

/// Rounds that the actor may do before other tasks get their turn.
const ROUNDS: usize = 16;

/// Commands, outcomes and messages that one round takes of each.
const PER_ROUND: usize = 64;

/// How long the router may take to answer GOODBYE.
const PATIENCE: Duration = Duration::from_secs(5);

pub(crate) struct Actor {
    wire: Wire,
    inbox: mpsc::Receiver<Command>,
    departures: mpsc::UnboundedReceiver<Token>,
    requests: Requests,
    topics: Topics,
    callee: Callee,
    /// Whether the router takes CANCEL.
    can_cancel: bool,
    /// This side has said GOODBYE: nothing more is asked, and until then an answer is waited for.
    leaving: Option<Pin<Box<Sleep>>>,
}

impl Actor {
    pub(crate) fn new(
        wire: Wire,
        welcome: &Dict,
        inbox: mpsc::Receiver<Command>,
        departures: mpsc::UnboundedReceiver<Token>,
        max_invocations: usize,
    ) -> Self {
        let callee = Callee::new(Arc::clone(wire.serializer()), max_invocations);
        Actor {
            wire,
            inbox,
            departures,
            requests: Requests::default(),
            topics: Topics::default(),
            callee,
            can_cancel: dealer_cancels(welcome),
            leaving: None,
        }
    }

    /// Runs the session to its end. All answers, queues and handlers are dropped then; what is left is to close the
    /// transport.
    pub(crate) async fn run(mut self) -> (Ended, Wire) {
        let ended = poll_fn(|cx| self.poll(cx)).await;
        tracing::debug!(?ended, "session over");
        (ended, self.wire)
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Ended> {
        for _ in 0..ROUNDS {
            match self.round(cx) {
                Err(ended) => return Poll::Ready(ended),
                Ok(false) => return Poll::Pending,
                Ok(true) => {}
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Does some of everything; says whether there may be more. What waits has the waker when it says no.
    fn round(&mut self, cx: &mut Context<'_>) -> Result<bool, Ended> {
        let mut more = self.take_departures(cx)?;
        more |= self.take_frames(cx)?;
        if !self.wire.is_blocked() {
            more |= self.take_commands(cx)?;
            // Behind the frames: handlers that those have started have to wake this task.
            more |= self.take_outcomes(cx)?;
        }
        if self.leaving.as_mut().is_some_and(|patience| patience.as_mut().poll(cx).is_ready()) {
            return Err(Ended::Left);
        }
        let was_blocked = self.wire.is_blocked();
        self.wire.flush(cx).map_err(|error| Ended::Lost(error.to_string()))?;
        Ok(more || (was_blocked && !self.wire.is_blocked()))
    }

    fn take_departures(&mut self, cx: &mut Context<'_>) -> Result<bool, Ended> {
        for _ in 0..PER_ROUND {
            match self.departures.poll_recv(cx) {
                Poll::Ready(Some(token)) => self.depart(token),
                Poll::Ready(None) | Poll::Pending => return Ok(false),
            }
        }
        Ok(true)
    }

    fn take_commands(&mut self, cx: &mut Context<'_>) -> Result<bool, Ended> {
        for _ in 0..PER_ROUND {
            if self.leaving.is_some() {
                return Ok(false);
            }
            match self.inbox.poll_recv(cx) {
                Poll::Ready(Some(Command::Leave) | None) => self.leave()?,
                Poll::Ready(Some(command)) => self.obey(command),
                Poll::Pending => return Ok(false),
            }
        }
        Ok(true)
    }

    fn take_outcomes(&mut self, cx: &mut Context<'_>) -> Result<bool, Ended> {
        for _ in 0..PER_ROUND {
            match self.callee.poll_outcome(cx) {
                Poll::Ready(outcome) if self.leaving.is_none() => self.answer(outcome),
                Poll::Ready(_) => {}
                Poll::Pending => return Ok(false),
            }
        }
        Ok(true)
    }

    fn take_frames(&mut self, cx: &mut Context<'_>) -> Result<bool, Ended> {
        for _ in 0..PER_ROUND {
            match self.wire.poll_frame(cx) {
                Poll::Ready(Ok(frame)) => self.receive(&frame)?,
                Poll::Ready(Err(_)) if self.leaving.is_some() => return Err(Ended::Left),
                Poll::Ready(Err(error)) => return Err(Ended::Lost(error.to_string())),
                Poll::Pending => return Ok(false),
            }
        }
        Ok(true)
    }

    /// GOODBYE; the end is the router's answer.
    fn leave(&mut self) -> Result<(), Ended> {
        self.leaving = Some(Box::pin(sleep(PATIENCE)));
        self.inbox.close();
        let goodbye = Goodbye { details: Dict::new(), reason: uri::CLOSE_REALM.into() };
        self.wire.say(goodbye).map_err(|error| Ended::Lost(error.to_string()))
    }
}

fn dealer_cancels(welcome: &Dict) -> bool {
    let inside = |dict: &Dict, key: &str| dict.get(key).and_then(Value::as_dict).cloned();
    let features = inside(welcome, "roles")
        .and_then(|roles| inside(&roles, "dealer"))
        .and_then(|dealer| inside(&dealer, "features"));
    features.is_some_and(|features| {
        ["call_canceling", "call_cancelling"]
            .iter()
            .any(|name| features.get(name) == Some(&Value::Bool(true)))
    })
}
