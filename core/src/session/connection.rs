//! One connection from its first message to its last.
//!
//! ```text
//!          ┌────────────────────────── the transport is kept ───────────────────────────┐
//!          v                                                                            │
//!   ──> closed ──HELLO──> handshake ──WELCOME──> established ──GOODBYE, and ours back───┘
//!                          │   ^ │                │      │
//!             CHALLENGE <──┘   │ │ABORT      ABORT│      │ our GOODBYE
//!             AUTHENTICATE ────┘ v                v      v
//!                             transport closed <──── shutting down
//!                              ^                  GOODBYE back, or goodbye_timeout
//!                              └── from any state when the transport is lost
//! ```
//!
//! Law: nothing is locked across an await, and what others want of this connection they put into its outbox. What is
//! awaited but briefly, before and after a session, is boxed: a task is as large as the largest of what it awaits, and
//! most tasks are sessions that rest.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::timeout;

use super::Format;
use super::dispatch::Established;
use super::handshake::Refused;
use super::outbox::{Delivery, Farewell, Order, Outbox};
use super::turn::Turn;
use crate::error::Violation;
use crate::message::{Abort, Goodbye, Message, Payload};
use crate::router::Shared;
use crate::transport::{Close, Inbound, Source, Transport, TransportError, TransportInfo};
use crate::uri;
use crate::value::Dict;

/// Serves a connection until it ends.
pub(crate) async fn serve(router: &Arc<Shared>, transport: Box<dyn Transport>) {
    let format = Format::new(transport.serializer());
    let (info, keepalive) = (transport.info(), transport.keepalive());
    let (source, sink) = transport.split();
    let outbox = Outbox::new(sink, Arc::clone(&router.limits), Arc::clone(&router.counters));
    let _presence = router.enter(&outbox);
    let early = VecDeque::new();
    let mut connection = Connection { router, format, info, keepalive, source, outbox, early };
    loop {
        if let After::Close(close) = connection.session().await {
            return Box::pin(connection.close(close)).await;
        }
    }
}

/// What follows a session.
enum After {
    /// Perhaps another on the same transport.
    NextSession,
    /// Nothing.
    Close(Close),
}

/// How a session, or the wait for one, ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// The client said GOODBYE.
    Goodbye,
    /// The client said ABORT.
    Aborted,
    /// The client broke the protocol.
    Violated(Violation),
    /// The client answers no probes any more.
    Silent,
    /// Somebody else ended it.
    Ordered(Order),
    /// The transport is gone.
    Lost(TransportError),
}

/// A connection, as its own task holds it.
pub(super) struct Connection<'r> {
    pub(super) router: &'r Arc<Shared>,
    pub(super) format: Format,
    pub(super) info: Arc<TransportInfo>,
    /// How often a silent client is probed.
    pub(super) keepalive: Option<Duration>,
    pub(super) source: Box<dyn Source>,
    pub(super) outbox: Arc<Outbox>,
    /// What arrived together with the message that was handled last.
    pub(super) early: VecDeque<Inbound>,
}

impl Connection<'_> {
    /// One session from HELLO to its end.
    async fn session(&mut self) -> After {
        let limit = self.router.limits.handshake_timeout;
        let joined = match Box::pin(timeout(limit, self.join())).await {
            Ok(joined) => joined,
            Err(_) => {
                self.router.counters.handshake_timeouts.increment();
                let text = format!("no session within handshake_timeout = {limit:?}");
                Err(Refused::Abort(uri::PROTOCOL_VIOLATION, text))
            }
        };
        match joined {
            Ok((member, slot)) => {
                let Shared { limits, protocol, counters, .. } = &**self.router;
                // The room that HELLO needed.
                self.early.shrink_to_fit();
                let mut established = Established::new(member, limits, *protocol, counters);
                let ended = self.pump(&mut established).await;
                let session = established.member().session.id();
                tracing::debug!(%session, peer = %self.info, ?ended, "left");
                drop(established);
                drop(slot);
                Box::pin(self.after_session(ended)).await
            }
            Err(Refused::Abort(reason, message)) => {
                tracing::debug!(peer = %self.info, reason, message, "refused");
                self.router.counters.handshakes_refused.increment();
                self.abort(reason, &message);
                After::Close(Close::PolicyViolation)
            }
            Err(Refused::Ended(ended)) => self.after_handshake(ended),
        }
    }

    /// The session has left its realm; what remains is to tell the client.
    async fn after_session(&mut self, ended: Ended) -> After {
        match ended {
            Ended::Goodbye => {
                self.say(Goodbye { details: Dict::new(), reason: uri::GOODBYE_AND_OUT.into() });
                After::NextSession
            }
            Ended::Ordered(Order::Goodbye(reason)) => {
                self.say(Goodbye { details: Dict::new(), reason: reason.into() });
                self.until_goodbye().await;
                After::Close(Close::GoingAway)
            }
            Ended::Ordered(Order::Kill(farewell)) => {
                self.bid(&farewell);
                self.until_goodbye().await;
                After::Close(Close::Normal)
            }
            Ended::Violated(violation) => {
                self.router.counters.protocol_violations.increment();
                self.abort(uri::PROTOCOL_VIOLATION, &violation.to_string());
                After::Close(Close::ProtocolError)
            }
            Ended::Ordered(Order::TooSlow) => {
                self.abort(
                    uri::LIMIT_EXCEEDED,
                    "too slow: the outbox is full (limits outbox_bytes, outbox_messages)",
                );
                After::Close(Close::PolicyViolation)
            }
            ended => After::Close(closing_code(&ended)),
        }
    }

    fn after_handshake(&mut self, ended: Ended) -> After {
        if let Ended::Ordered(Order::Goodbye(reason)) = ended {
            // There is no session that could say GOODBYE.
            self.abort(reason, "the router is going down");
            return After::Close(Close::GoingAway);
        }
        After::Close(closing_code(&ended))
    }

    /// SHUTTING DOWN: everything but GOODBYE is ignored (SESS-20, SESS-21).
    async fn until_goodbye(&mut self) {
        let serializer = Arc::clone(self.format.shared());
        let depth = self.router.limits.max_depth;
        let is_goodbye = |frame: &Bytes| {
            let scan = serializer.scan(frame, depth);
            scan.is_ok_and(|scan| {
                matches!(Message::decode(frame, &scan, &*serializer), Ok(Message::Goodbye(_)))
            })
        };
        let limit = self.router.limits.goodbye_timeout;
        let answered = async {
            while let Ok(frame) = self.next_frame().await {
                if is_goodbye(&frame) {
                    return;
                }
            }
        };
        let _ = timeout(limit, answered).await;
    }

    /// Waits for one message. For everything but established sessions.
    ///
    /// Cancel safe: what has arrived is kept for the next call.
    pub(super) async fn next_frame(&mut self) -> Result<Bytes, Ended> {
        let mut batch = Vec::new();
        loop {
            while let Some(inbound) = self.early.pop_front() {
                match inbound {
                    Inbound::Message(frame) => return Ok(frame),
                    Inbound::Reply(frame) => self.control(frame),
                    Inbound::Alive => {}
                }
            }
            poll_fn(|cx| {
                if let Poll::Ready(happened) = self.outbox.poll_own(cx) {
                    return Poll::Ready(Err(happened.map_or_else(Ended::Lost, Ended::Ordered)));
                }
                if self.outbox.is_congested() {
                    return Poll::Pending;
                }
                self.source.poll_batch(cx, &mut batch).map_err(Ended::Lost)
            })
            .await?;
            self.early.extend(batch.drain(..));
        }
    }

    /// Looks after the connection while nobody waits for a message, until there is one: it is kept for
    /// [`next_frame`](Self::next_frame). Ready when the connection is lost, or has to end.
    pub(super) fn poll_lost(&mut self, cx: &mut Context<'_>) -> Poll<Ended> {
        let mut batch = Vec::new();
        loop {
            if let Poll::Ready(happened) = self.outbox.poll_own(cx) {
                return Poll::Ready(happened.map_or_else(Ended::Lost, Ended::Ordered));
            }
            if !self.early.is_empty() || self.outbox.is_congested() {
                return Poll::Pending;
            }
            match self.source.poll_batch(cx, &mut batch) {
                Poll::Ready(Err(error)) => return Poll::Ready(Ended::Lost(error)),
                Poll::Ready(Ok(())) => {}
                Poll::Pending => return Poll::Pending,
            }
            for inbound in batch.drain(..) {
                match inbound {
                    Inbound::Reply(frame) => self.control(frame),
                    Inbound::Alive => {}
                    Inbound::Message(frame) => self.early.push_back(Inbound::Message(frame)),
                }
            }
        }
    }

    /// Sends a message of the connection's own: handshake and farewell, which no limit holds back but the peer's.
    pub(super) fn say<'m>(&mut self, message: impl Into<Message<'m>>) -> Delivery {
        let mut frame = Vec::new();
        message.into().encode(self.format.serializer(), &mut frame);
        let mut turn = Turn::begin();
        turn.say_for_connection(&self.outbox, &frame)
    }

    /// GOODBYE to a killed session, in fewer words where the client takes no longer message.
    fn bid(&mut self, farewell: &Farewell) {
        let message = farewell.message.as_ref().map(|message| Dict::new().with("message", message.as_str()));
        let goodbye = |details, reason: &str| Goodbye { details, reason: reason.to_owned().into() };
        let ways = [
            goodbye(message.unwrap_or_default(), &farewell.reason),
            goodbye(Dict::new(), &farewell.reason),
            goodbye(Dict::new(), uri::KILLED),
        ];
        for goodbye in ways {
            if self.say(goodbye) != Delivery::TooLong {
                return;
            }
        }
    }

    fn abort(&mut self, reason: &str, message: &str) {
        let details = Dict::new().with("message", message);
        let abort = |details| Abort { details, reason: reason.into(), payload: Payload::none() };
        if self.say(abort(details)) == Delivery::TooLong {
            // The reason alone fits everywhere: the shortest limit is 512 bytes.
            self.say(abort(Dict::new()));
        }
    }

    fn control(&mut self, frame: Bytes) {
        Turn::begin().control(&self.outbox, frame);
    }

    /// Lets the last bytes leave, closes, and waits until the peer has closed as well: a connection that is dropped with
    /// unread bytes takes back what was sent last, the reason.
    async fn close(mut self, why: Close) {
        self.early.clear();
        let limit = self.router.limits.goodbye_timeout;
        let ending = async {
            if poll_fn(|cx| self.outbox.poll_drained(cx)).await.is_err() {
                return;
            }
            poll_fn(|cx| self.outbox.poll_close(cx, why)).await;
            let mut ignored = Vec::new();
            while poll_fn(|cx| self.poll_unless_dropped(cx, &mut ignored)).await.is_ok() {
                ignored.clear();
            }
        };
        let _ = timeout(limit, ending).await;
    }

    fn poll_unless_dropped(
        &mut self,
        cx: &mut std::task::Context<'_>,
        ignored: &mut Vec<Inbound>,
    ) -> Poll<Result<(), TransportError>> {
        match self.outbox.poll_own(cx) {
            Poll::Ready(Ok(Order::Drop)) => Poll::Ready(Err(TransportError::Closed)),
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            _ => self.source.poll_batch(cx, ignored),
        }
    }
}

/// How to close when there is nothing to say.
fn closing_code(ended: &Ended) -> Close {
    match ended {
        Ended::Lost(TransportError::Violation { close, .. }) => *close,
        Ended::Violated(_) => Close::ProtocolError,
        Ended::Silent | Ended::Ordered(_) => Close::PolicyViolation,
        Ended::Goodbye | Ended::Aborted | Ended::Lost(_) => Close::Normal,
    }
}
