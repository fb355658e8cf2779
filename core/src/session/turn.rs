//! A turn: what one task does between two looks at its transport.
//!
//! Law: all output of a turn leaves in one flush per receiver, and a turn needs no memory of its own between turns.
//!
//! Where several sessions have something to say, their turns even flush together: whoever is the first to touch an outbox
//! promises to flush it, and keeps the promise only when the others have had their turn.
//!
//! ```text
//!   one tick of the runtime          │ all sessions that were ready have had their turn
//!   caller 1 ── CALL ──> callee  promise ──────────────────────────────────────────> flush: one write
//!   caller 2 ── CALL ──> callee      │                                               ^
//!   caller 3 ── CALL ──> callee      └── tick over, caller 1 goes on ────────────────┘
//! ```

use std::cell::Cell;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use tokio::time::Instant;

use super::outbox::{Delivery, Lane, Locked, Outbox};
use super::{Format, Session};
use crate::error::Refusal;
use crate::id::Id;
use crate::message::{Code, Payload};
use crate::serializer::{HeadItem, Run, Unrepresentable};
use crate::transport::Outgoing;
use crate::value::{Dict, Value};

/// Collects the outboxes that got something, and flushes them when it is dropped.
pub(crate) struct Turn {
    promises: Promises,
    scratch: Vec<u8>,
    frames: BytesMut,
    now: Option<Instant>,
}

/// Buffers that one thread lends to its turns.
#[derive(Default)]
struct Buffers {
    touched: Vec<Arc<Outbox>>,
    scratch: Vec<u8>,
    frames: BytesMut,
}

thread_local! {
    static BUFFERS: Cell<Buffers> = Cell::default();
}

/// Buffers that have grown beyond this many bytes or outboxes are given back to the system.
const KEEP: usize = 64 << 10;

impl Turn {
    /// Begins a turn with the thread's buffers.
    pub(crate) fn begin() -> Self {
        let Buffers { touched, scratch, frames } = BUFFERS.take();
        Turn { promises: Promises(touched), scratch, frames, now: None }
    }

    /// Begins a turn at a time of the test's own.
    #[cfg(test)]
    pub(crate) fn at(now: Instant) -> Self {
        let mut turn = Turn::begin();
        turn.now = Some(now);
        turn
    }

    /// What time it is. The clock is read at most once in a turn, and only if somebody asks.
    pub(crate) fn now(&mut self) -> Instant {
        *self.now.get_or_insert_with(Instant::now)
    }

    /// Ends the turn, but does not flush yet.
    pub(crate) fn end(mut self) -> Promises {
        let promises = std::mem::take(&mut self.promises);
        drop(self);
        promises
    }

    /// Remembers to flush `outbox`, if nobody else has promised to.
    pub(crate) fn touch(&mut self, outbox: &Arc<Outbox>, locked: &mut Locked<'_>) {
        if locked.promise() {
            self.promises.0.push(Arc::clone(outbox));
        }
    }

    /// Answers a session: a message with room of its own in the outbox.
    pub(crate) fn reply(&mut self, to: &Session, head: &[HeadItem<'_>], payload: &Shared<'_>) -> Delivery {
        self.send(to, head, payload, Lane::Reply)
    }

    /// Sends a message without payload.
    pub(crate) fn say(&mut self, to: &Session, head: &[HeadItem<'_>], lane: Lane) -> Delivery {
        self.send(to, head, &Shared::new(&Payload::none(), to.format()), lane)
    }

    /// Answers a request that was granted.
    pub(crate) fn acknowledge(&mut self, to: &Session, head: &[HeadItem<'_>]) -> Delivery {
        self.say(to, head, Lane::Reply)
    }

    /// Answers a request that was granted, and does something before anybody can put another message behind the answer.
    pub(crate) fn acknowledge_then(&mut self, to: &Session, head: &[HeadItem<'_>], then: impl FnOnce()) {
        self.acknowledge_with(to, head, |_| then());
    }

    /// As [`acknowledge_then`](Self::acknowledge_then), for what puts messages of its own behind the answer.
    pub(crate) fn acknowledge_with(
        &mut self,
        to: &Session,
        head: &[HeadItem<'_>],
        then: impl FnOnce(&mut Locked<'_>),
    ) {
        let mut scratch = self.scratch();
        to.format().serializer().encode(head, Run::default(), &mut scratch);
        let message = Outgoing { head: &scratch, payload: &Bytes::new(), tail: b"" };
        let mut locked = to.outbox().lock();
        locked.put(to.id(), message, Lane::Reply);
        then(&mut locked);
        self.touch(to.outbox(), &mut locked);
        drop(locked);
        self.give_back(scratch);
    }

    /// Answers a request that was refused with ERROR.
    #[cold]
    pub(crate) fn refuse(
        &mut self,
        to: &Session,
        request_type: Code,
        request: Id,
        refusal: &Refusal,
    ) -> Delivery {
        let args = [Value::from(refusal.message.as_ref())];
        // A text is something that every serializer can express; without it the URI still says what happened.
        let payload = Payload::write(&args, &Dict::new(), to.format().serializer()).unwrap_or_default();
        let head = [
            HeadItem::Uint(Code::Error.number()),
            HeadItem::Uint(request_type.number()),
            HeadItem::Uint(request.get()),
            HeadItem::Dict(&Dict::new()),
            HeadItem::Text(refusal.uri),
        ];
        match self.reply(to, &head, &Shared::new(&payload, to.format())) {
            // Room for the bare URI is there on any transport: the shortest limit is 512 bytes.
            Delivery::TooLong => self.say(to, &head, Lane::Reply),
            delivery => delivery,
        }
    }

    /// Sends one message to one session.
    pub(crate) fn send(
        &mut self,
        to: &Session,
        head: &[HeadItem<'_>],
        payload: &Shared<'_>,
        lane: Lane,
    ) -> Delivery {
        let mut scratch = self.scratch();
        let delivery = payload.spelt(to.format(), head, &mut scratch, |message| {
            let mut locked = to.outbox().lock();
            let delivery = locked.put(to.id(), message, lane);
            self.touch(to.outbox(), &mut locked);
            delivery
        });
        self.give_back(scratch);
        // The dealer transcodes before it admits a call, so only a serializer that contradicts itself fails here.
        delivery.unwrap_or(Delivery::TooLong)
    }

    /// Sends a message that no limit and no session's end holds back.
    pub(crate) fn say_for_connection(&mut self, outbox: &Arc<Outbox>, frame: &[u8]) -> Delivery {
        let mut locked = outbox.lock();
        let delivery = locked.put_for_connection(Outgoing { head: frame, payload: &Bytes::new(), tail: b"" });
        self.touch(outbox, &mut locked);
        delivery
    }

    /// Queues a control frame of the transport.
    pub(crate) fn control(&mut self, outbox: &Arc<Outbox>, frame: Bytes) {
        let mut locked = outbox.lock();
        locked.control(frame);
        self.touch(outbox, &mut locked);
    }

    /// A buffer for the heads of a fan-out; give it back with [`give_back`](Self::give_back).
    pub(crate) fn scratch(&mut self) -> Vec<u8> {
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.clear();
        scratch
    }

    /// Returns what [`scratch`](Self::scratch) lent.
    pub(crate) fn give_back(&mut self, scratch: Vec<u8>) {
        self.scratch = scratch;
    }

    /// A buffer with room for `len` bytes that receivers are going to share; split off what they get, and give the rest
    /// back with [`give_back_frames`](Self::give_back_frames).
    pub(crate) fn frames(&mut self, len: usize) -> BytesMut {
        let mut frames = std::mem::take(&mut self.frames);
        // Back to the start of the buffer if nobody has anything of it any more, which is the rule: flushed is gone.
        if !frames.try_reclaim(KEEP.max(len)) && frames.capacity() < len {
            frames.reserve(KEEP.max(len));
        }
        frames
    }

    /// Returns what [`frames`](Self::frames) lent.
    pub(crate) fn give_back_frames(&mut self, frames: BytesMut) {
        self.frames = frames;
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.promises.keep();
        let touched = std::mem::take(&mut self.promises.0);
        let (scratch, frames) = (std::mem::take(&mut self.scratch), std::mem::take(&mut self.frames));
        if touched.capacity() <= KEEP && scratch.capacity() <= KEEP {
            BUFFERS.set(Buffers { touched, scratch, frames });
        }
    }
}

/// The outboxes that a turn has promised to flush. Dropping it keeps the promise.
#[derive(Default)]
pub(crate) struct Promises(Vec<Arc<Outbox>>);

impl Promises {
    fn keep(&mut self) {
        for outbox in self.0.drain(..) {
            outbox.flush();
        }
    }
}

impl Drop for Promises {
    fn drop(&mut self) {
        self.keep();
    }
}

/// The payload of a message that is being routed, with its spellings in the serializers of the receivers met so far.
///
/// Law: transcoded at most once per target serializer, and only when a receiver needs it.
pub(crate) struct Shared<'a> {
    payload: &'a Payload,
    from: &'a Format,
    spellings: std::cell::RefCell<Vec<(Format, Result<Payload, Unrepresentable>)>>,
}

impl<'a> Shared<'a> {
    pub(crate) fn new(payload: &'a Payload, from: &'a Format) -> Self {
        Shared { payload, from, spellings: Default::default() }
    }

    /// Whether `format` can spell the payload; if it has to be transcoded, this does it.
    pub(crate) fn check(&self, format: &Format) -> Result<(), Unrepresentable> {
        self.spelling(format, |_| ())
    }

    /// Shows `then` the payload as `format` spells it.
    fn spelling<T>(&self, format: &Format, then: impl FnOnce(&Payload) -> T) -> Result<T, Unrepresentable> {
        if self.payload.is_empty() || self.from.is(format) {
            return Ok(then(self.payload));
        }
        let mut spellings = self.spellings.borrow_mut();
        let known = spellings.iter().position(|(known, _)| known.is(format));
        let at = known.unwrap_or_else(|| {
            let spelling = self.payload.transcode(self.from.serializer(), format.serializer());
            spellings.push((format.clone(), spelling));
            spellings.len() - 1
        });
        match &spellings[at].1 {
            Ok(payload) => Ok(then(payload)),
            Err(error) => Err(error.clone()),
        }
    }

    /// Shows `then` a whole message as `format` spells it. Its head is written into `scratch`, which is empty.
    pub(crate) fn spelt<T>(
        &self,
        format: &Format,
        head: &[HeadItem<'_>],
        scratch: &mut Vec<u8>,
        then: impl FnOnce(Outgoing<'_>) -> T,
    ) -> Result<T, Unrepresentable> {
        self.spelling(format, |payload| spelt(payload, format, head, scratch, then))
    }
}

/// Shows `then` a message whose payload is in the spelling of `format` already. The head is written into `scratch`,
/// which is empty.
pub(crate) fn spelt<T>(
    payload: &Payload,
    format: &Format,
    head: &[HeadItem<'_>],
    scratch: &mut Vec<u8>,
    then: impl FnOnce(Outgoing<'_>) -> T,
) -> T {
    let serializer = format.serializer();
    match serializer.encode_around(head, payload.count(), scratch) {
        Some(tail) => then(Outgoing { head: scratch, payload: payload.bytes(), tail }),
        None => {
            scratch.clear();
            serializer.encode(head, payload.run(), scratch);
            then(Outgoing { head: scratch, payload: &Bytes::new(), tail: b"" })
        }
    }
}

/// A message, spelt for all receivers with one serializer. Its head stands in a scratch buffer.
pub(crate) struct Spelt {
    start: usize,
    end: usize,
    payload: Payload,
    tail: &'static [u8],
}

impl Spelt {
    /// A message whose payload is in the spelling of `format` already. Its head is written behind what `scratch` holds.
    pub(crate) fn new(
        payload: Payload,
        format: &Format,
        head: &[HeadItem<'_>],
        scratch: &mut Vec<u8>,
    ) -> Spelt {
        let start = scratch.len();
        let serializer = format.serializer();
        match serializer.encode_around(head, payload.count(), scratch) {
            Some(tail) => Spelt { start, end: scratch.len(), payload, tail },
            None => {
                scratch.truncate(start);
                serializer.encode(head, payload.run(), scratch);
                Spelt { start, end: scratch.len(), payload: Payload::none(), tail: b"" }
            }
        }
    }

    pub(crate) fn outgoing<'a>(&'a self, scratch: &'a [u8]) -> Outgoing<'a> {
        Outgoing { head: &scratch[self.start..self.end], payload: self.payload.bytes(), tail: self.tail }
    }
}
