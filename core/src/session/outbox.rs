//! The outbox of a connection: what waits for one receiver.
//!
//! Law: nobody waits for a slow receiver. Every session has one outbox, bounded in bytes and messages. Any task may put
//! messages into it and flush it; only the connection's own task waits for the peer.
//!
//! ```text
//!   task of a publisher ──┐  put   ┌────────────┐ flush at the end of the sender's turn
//!   task of a caller ─────┼───────>│ lock: Sink ├────────────────────────────────────────> peer
//!   own task (replies) ───┘        └─────┬──────┘
//!                                        │ the peer takes no more: `blocked`, and from now on only the own task,
//!                                        └ woken by the transport, flushes
//! ```

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use parking_lot::{Mutex, MutexGuard};

use crate::id::Id;
use crate::limits::{Counters, Limits, OutboxPolicy};
use crate::transport::{Close, Framed, Framing, Outgoing, Sink, TransportError};

/// One per connection, shared by the sessions that it carries in turn.
pub(crate) struct Outbox {
    inner: Mutex<Inner>,
    framing: Option<&'static Framing>,
    limits: Arc<Limits>,
    counters: Arc<Counters>,
}

struct Inner {
    sink: Box<dyn Sink>,
    /// Wakes the connection's own task. Replaced when that task is polled with another.
    waker: Waker,
    /// The session that messages are for; others, which have ended on this connection, get nothing any more.
    session: Option<Id>,
    /// Some turn has promised to flush this outbox.
    promised: bool,
    /// The peer takes no more at the moment; the own task will be woken.
    blocked: bool,
    /// Why nothing can be sent any more.
    broken: Option<TransportError>,
    /// What the own task is to do next.
    order: Option<Order>,
    /// Events that this session lost since the last that it got.
    lost: u64,
}

/// What others ask of a connection's own task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// End the session with GOODBYE and this reason, then the connection.
    Goodbye(&'static str),
    /// The same for one session alone, in the words of whoever killed it.
    Kill(Arc<Farewell>),
    /// End the session because its outbox is full.
    TooSlow,
    /// End the connection at once.
    Drop,
}

/// What a killed session is told.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Farewell {
    /// `GOODBYE.Reason`.
    pub(crate) reason: String,
    /// `GOODBYE.Details.message`.
    pub(crate) message: Option<String>,
}

/// How a message may be treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lane {
    /// An event: the outbox policy decides when there is no room.
    Event,
    /// An invocation: turned away when there is no room, and the caller told.
    Invocation,
    /// A progressive result: when there is no room the call ends.
    Progress,
    /// An answer, for which room is kept.
    Reply,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// It is in the outbox.
    Accepted,
    /// The outbox is full.
    Full,
    /// The peer does not accept messages of this length.
    TooLong,
    /// The session is over.
    Gone,
}

impl Outbox {
    pub(crate) fn new(sink: Box<dyn Sink>, limits: Arc<Limits>, counters: Arc<Counters>) -> Arc<Self> {
        let framing = sink.framing();
        let inner = Inner {
            sink,
            waker: Waker::noop().clone(),
            session: None,
            promised: false,
            blocked: false,
            broken: None,
            order: None,
            lost: 0,
        };
        Arc::new(Outbox { inner: Mutex::new(inner), framing, limits, counters })
    }

    /// How messages have to be framed for [`Locked::put_framed`], if the transport takes such.
    pub(crate) fn framing(&self) -> Option<&'static Framing> {
        self.framing
    }

    /// The outbox, locked for several messages that nothing may come between.
    pub(crate) fn lock(&self) -> Locked<'_> {
        Locked { inner: self.inner.lock(), outbox: self }
    }

    /// From now on messages of `session` are accepted, and of no other.
    pub(crate) fn open(&self, session: Option<Id>) {
        let mut inner = self.inner.lock();
        inner.session = session;
        inner.lost = 0;
        // It was meant for the session before.
        if matches!(inner.order, Some(Order::Kill(_))) {
            inner.order = None;
        }
    }

    /// Asks the connection's own task for something. Earlier orders win over later ones, except over [`Order::Drop`], and
    /// those for the connection over those for its session.
    pub(crate) fn order(&self, order: Order) {
        let mut inner = self.inner.lock();
        inner.give(order);
    }

    /// The same, if `session` is still the one. Returns whether it is.
    pub(crate) fn order_session(&self, session: Id, order: Order) -> bool {
        let mut inner = self.inner.lock();
        let is_there = inner.session == Some(session);
        if is_there {
            inner.give(order);
        }
        is_there
    }

    /// Writes what waits, unless the own task does. Called at the end of a turn, by any task.
    pub(crate) fn flush(&self) {
        let mut inner = self.inner.lock();
        inner.promised = false;
        if !inner.blocked {
            inner.flush();
        }
    }

    /// The own task's look at its outbox: goes on writing where the peer has become ready, and reports what has happened.
    pub(crate) fn poll_own(&self, cx: &mut Context<'_>) -> Poll<Result<Order, TransportError>> {
        let mut inner = self.inner.lock();
        if !inner.waker.will_wake(cx.waker()) {
            inner.waker = cx.waker().clone();
            // A blocked sink knows the old waker only.
            inner.flush();
        } else if inner.blocked {
            inner.flush();
        }
        if let Some(order) = inner.order.take() {
            // A connection that is to be dropped stays so, whoever looks first.
            inner.order = (order == Order::Drop).then_some(Order::Drop);
            return Poll::Ready(Ok(order));
        }
        match inner.broken.take() {
            Some(error) => Poll::Ready(Err(error)),
            None => Poll::Pending,
        }
    }

    /// Waits until everything is written. For the own task, when nothing more will be put.
    pub(crate) fn poll_drained(&self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        let mut inner = self.inner.lock();
        if let Some(error) = inner.broken.take() {
            return Poll::Ready(Err(error));
        }
        if inner.order == Some(Order::Drop) {
            return Poll::Ready(Err(TransportError::Closed));
        }
        inner.waker.clone_from(cx.waker());
        let drained = inner.sink.poll_flush(cx);
        inner.blocked = drained.is_pending();
        drained
    }

    /// Closes the transport. For the own task, at the end.
    pub(crate) fn poll_close(&self, cx: &mut Context<'_>, why: Close) -> Poll<()> {
        self.inner.lock().sink.poll_close(cx, why)
    }

    /// Whether the replies of this session are piling up: its own task then stops reading until they have left.
    pub(crate) fn is_congested(&self) -> bool {
        let inner = self.inner.lock();
        inner.blocked && inner.sink.backlog().bytes > self.limits.outbox_bytes
    }

    /// Sends a keep-alive probe, if the transport has one; tells whether it has.
    pub(crate) fn ping(&self) -> bool {
        let mut inner = self.inner.lock();
        let probed = inner.sink.ping();
        if probed && !inner.blocked {
            inner.flush();
        }
        probed
    }
}

/// A locked [`Outbox`].
pub(crate) struct Locked<'a> {
    inner: MutexGuard<'a, Inner>,
    outbox: &'a Outbox,
}

impl Locked<'_> {
    /// Puts a message in, if `session` is still the one and there is room.
    pub(crate) fn put(&mut self, session: Id, message: Outgoing<'_>, lane: Lane) -> Delivery {
        let Inner { session: current, sink, broken, .. } = &mut *self.inner;
        if *current != Some(session) || broken.is_some() {
            return Delivery::Gone;
        }
        if message.len() > sink.max_message() {
            return Delivery::TooLong;
        }
        let limits = &*self.outbox.limits;
        let backlog = sink.backlog();
        let room = match lane {
            Lane::Event | Lane::Invocation | Lane::Progress => {
                backlog.bytes + message.len() <= limits.outbox_bytes
                    && backlog.messages < limits.outbox_messages
            }
            Lane::Reply => backlog.bytes + message.len() <= limits.outbox_bytes + limits.outbox_reply_bytes,
        };
        if room || backlog.messages == 0 {
            sink.put(message);
            return Delivery::Accepted;
        }
        self.overflow(lane)
    }

    /// Puts in events that are framed already, all or none of them: if there is no room for all, or one is too long, it
    /// does nothing and answers `false`. Then [`put`](Self::put) can tell them apart.
    pub(crate) fn put_framed(&mut self, session: Id, messages: Framed<'_>) -> bool {
        let Inner { session: current, sink, broken, lost, .. } = &mut *self.inner;
        let limits = &*self.outbox.limits;
        let backlog = sink.backlog();
        let fits = *current == Some(session)
            && broken.is_none()
            && *lost == 0
            && messages.longest <= sink.max_message()
            && backlog.bytes + messages.octets.len() <= limits.outbox_bytes
            && backlog.messages + messages.messages <= limits.outbox_messages;
        if fits {
            sink.put_framed(messages);
        }
        fits
    }

    /// Puts in handshake and farewell of the connection itself: few, short, and for no session in particular.
    pub(crate) fn put_for_connection(&mut self, message: Outgoing<'_>) -> Delivery {
        let Inner { sink, broken, .. } = &mut *self.inner;
        if broken.is_some() {
            return Delivery::Gone;
        }
        if message.len() > sink.max_message() {
            return Delivery::TooLong;
        }
        sink.put(message);
        Delivery::Accepted
    }

    /// Queues a control frame that the transport's source asked for.
    pub(crate) fn control(&mut self, frame: Bytes) {
        self.inner.sink.control(frame);
    }

    #[cold]
    fn overflow(&mut self, lane: Lane) -> Delivery {
        let counters = &self.outbox.counters;
        match (lane, self.outbox.limits.outbox_policy) {
            (Lane::Invocation, _) => counters.invocations_refused.increment(),
            (Lane::Progress, _) => counters.progress_refused.increment(),
            (Lane::Event, OutboxPolicy::Drop) => {
                counters.events_dropped.increment();
                self.inner.lost += 1;
            }
            (Lane::Event, OutboxPolicy::Disconnect) | (Lane::Reply, _) => {
                counters.slow_sessions_closed.increment();
                self.inner.session = None;
                self.inner.give(Order::TooSlow);
            }
        }
        Delivery::Full
    }

    /// How many events were lost since this was last asked; the next event is to say it.
    pub(crate) fn take_lost(&mut self) -> u64 {
        std::mem::take(&mut self.inner.lost)
    }

    /// Takes back what [`take_lost`](Self::take_lost) gave, since the event that was to say it found no room either.
    pub(crate) fn restore_lost(&mut self, lost: u64) {
        self.inner.lost += lost;
    }

    /// Whether events were lost since the last that the session got.
    pub(crate) fn has_lost(&self) -> bool {
        self.inner.lost != 0
    }

    /// Promises to flush. Returns whether the caller has to keep that promise; otherwise somebody else has given it.
    pub(crate) fn promise(&mut self) -> bool {
        self.inner.promise()
    }
}

impl Inner {
    fn promise(&mut self) -> bool {
        !self.blocked && !std::mem::replace(&mut self.promised, true)
    }

    fn give(&mut self, order: Order) {
        let replaced = match self.order {
            None => true,
            Some(Order::Kill(_)) => !matches!(order, Order::Kill(_)),
            Some(_) => order == Order::Drop,
        };
        if replaced {
            self.order = Some(order);
        }
        self.waker.wake_by_ref();
    }

    fn flush(&mut self) {
        match self.sink.poll_flush(&mut Context::from_waker(&self.waker)) {
            Poll::Ready(Ok(())) => self.blocked = false,
            Poll::Pending => self.blocked = true,
            Poll::Ready(Err(error)) => {
                self.blocked = false;
                if self.broken.is_none() {
                    self.broken = Some(error);
                    self.waker.wake_by_ref();
                }
            }
        }
    }
}
