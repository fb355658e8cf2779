//! The receiving half of a framed byte stream.
//!
//! All connections of a thread read into one shared buffer, and messages are slices of it. Only the part of a frame that
//! has to wait for its rest moves into a buffer of the connection's own:
//!
//! ```text
//!   shared  [ frame │ frame │ frame │ fra ]      one read; 64 KiB per thread
//!               v       v       v      │
//!              batch of messages       v
//!   held                             [ fra........ ]   exactly one incomplete frame, grows as its octets arrive
//! ```
//!
//! The shared buffer is used again as soon as the messages of the last read are gone.
//!
//! A long frame would be copied out of the shared buffer in pieces. So its rest is read into its own place, with a little
//! room behind it for the beginning of the next; and a connection whose last frame was long gets a buffer as long at once.
//!
//! ```text
//!   Open ── error behind messages ──> Failing ── told ──┬── the stream broke ──> Closed
//!     └──── error ──────────────────────────────────────┴── the peer sends on ──> Deaf ── end ──> Closed
//! ```

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BufMut, BytesMut};
use crossway_core::transport::{Inbound, Source, TransportError};
use tokio::io::{AsyncRead, ReadBuf};
use tokio_util::io::poll_read_buf;

use crate::{Decoder, Step};

/// Size of the shared buffer.
const SHARED: usize = 64 * 1024;
/// A read gets at least this much room.
const ROOM: usize = 16 * 1024;
/// When at least this much of a frame is missing, it is read straight into the connection's own buffer.
const DIRECT: usize = 32 * 1024;
/// The first size of a connection's own buffer, unless its frame is shorter.
const HELD: usize = 1024;
/// What is read behind the end of a long frame: the next header, and not so much more that copying it would matter.
const AHEAD: usize = 4 * 1024;
/// Who has sent a frame of some length gets room for another, up to this length, before its octets have come.
const TRUST: usize = 256 * 1024;
/// Reads that complete no message, in one call, before other tasks get their turn.
const READS: usize = 16;

thread_local! {
    static BUFFER: Cell<BytesMut> = Cell::new(BytesMut::new());
    /// A buffer for a long frame that didn't come.
    static SPARE: Cell<BytesMut> = Cell::new(BytesMut::new());
}

/// A [`Source`] for any byte stream and [`Decoder`].
#[derive(Debug)]
pub struct FrameSource<R, D> {
    reader: R,
    decoder: D,
    /// The beginning of the stream that is not decoded yet: less than one frame, except at first.
    held: BytesMut,
    /// Nothing can be decoded before `held` is this long. Zero: not looked at yet.
    need: usize,
    /// Length of the last frame, if it was long.
    long: usize,
    state: State,
}

#[derive(Debug)]
enum State {
    Open,
    /// Why there is no more, told after the messages that came before.
    Failing(TransportError),
    /// The peer broke a rule or said good-bye, but the stream goes on. What comes is read and thrown away, for as long
    /// as the router asks: if it were left unread, closing would reset the connection, and the reset would take along
    /// what the peer was told last.
    Deaf,
    Closed,
}

impl State {
    fn after(error: &TransportError) -> Self {
        if matches!(error, TransportError::Io(_)) { State::Closed } else { State::Deaf }
    }
}

impl<R: AsyncRead + Send + Unpin + 'static, D: Decoder> FrameSource<R, D> {
    /// Decodes `received`, then what comes from `reader`.
    pub fn new(reader: R, received: BytesMut, decoder: D) -> Self {
        // The buffer of a handshake that is over would stay for as long as the connection is silent.
        let held = if received.is_empty() { BytesMut::new() } else { received };
        FrameSource { reader, decoder, held, need: 0, long: 0, state: State::Open }
    }

    fn poll_open(
        &mut self,
        cx: &mut Context<'_>,
        batch: &mut Vec<Inbound>,
    ) -> Poll<Result<(), TransportError>> {
        let before = batch.len();
        for _ in 0..READS {
            let step = if self.need == 0 && !self.held.is_empty() {
                self.decode_held(batch)
            } else {
                match self.poll_read(cx, batch) {
                    Poll::Ready(step) => step,
                    Poll::Pending => return Poll::Pending,
                }
            };
            match step {
                Ok(()) if batch.len() == before => {}
                Ok(()) => return Poll::Ready(Ok(())),
                Err(error) if batch.len() == before => return Poll::Ready(Err(self.fail(error))),
                Err(error) => {
                    self.state = State::Failing(error);
                    return Poll::Ready(Ok(()));
                }
            }
        }
        // A long frame, or fragments without end: let others run, then come back.
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Ends with an error: nothing is decoded any more.
    fn fail(&mut self, error: TransportError) -> TransportError {
        self.held = BytesMut::new();
        self.state = State::after(&error);
        error
    }

    /// Reads and throws away.
    fn poll_deaf(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        let mut ignored = [0; 4096];
        for _ in 0..READS {
            let mut ignored = ReadBuf::new(&mut ignored);
            let read = ready!(Pin::new(&mut self.reader).poll_read(cx, &mut ignored));
            if read.is_err() || ignored.filled().is_empty() {
                self.state = State::Closed;
                return Poll::Ready(Err(TransportError::Closed));
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Reads once and decodes what came.
    fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        batch: &mut Vec<Inbound>,
    ) -> Poll<Result<(), TransportError>> {
        if self.need.saturating_sub(self.held.len()) >= DIRECT {
            return self.poll_read_direct(cx, batch);
        }
        if self.long > 0 && self.held.is_empty() {
            return self.poll_read_long(cx, batch);
        }
        let mut shared = BUFFER.take();
        let read = self.poll_read_shared(cx, &mut shared, batch);
        shared.clear();
        BUFFER.set(shared);
        read
    }

    fn poll_read_shared(
        &mut self,
        cx: &mut Context<'_>,
        shared: &mut BytesMut,
        batch: &mut Vec<Inbound>,
    ) -> Poll<Result<(), TransportError>> {
        // Back to the start of the buffer if all slices of it are gone; a new one only when this is used up.
        if !shared.try_reclaim(SHARED) && shared.capacity() < ROOM {
            shared.reserve(SHARED);
        }
        let count = ready!(poll_read_buf(Pin::new(&mut self.reader), cx, shared))?;
        if count == 0 {
            return Poll::Ready(Err(self.end()));
        }
        self.complete_held(shared, batch)?;
        if !shared.is_empty() {
            self.need = drain(&mut self.decoder, shared, batch)?;
            self.hold(shared);
        }
        self.long = long(batch);
        Poll::Ready(Ok(()))
    }

    /// Moves octets behind the held ones until their frame is complete, or nothing is left to move.
    fn complete_held(
        &mut self,
        shared: &mut BytesMut,
        batch: &mut Vec<Inbound>,
    ) -> Result<(), TransportError> {
        while !self.held.is_empty() && !shared.is_empty() {
            let missing = self.need.saturating_sub(self.held.len()).min(shared.len());
            self.grow(missing);
            self.held.extend_from_slice(&shared[..missing]);
            shared.advance(missing);
            if self.held.len() >= self.need {
                self.decode_held(batch)?;
            }
        }
        Ok(())
    }

    /// Reads into a buffer with room for one more frame as long as the last.
    fn poll_read_long(
        &mut self,
        cx: &mut Context<'_>,
        batch: &mut Vec<Inbound>,
    ) -> Poll<Result<(), TransportError>> {
        let room = self.long.min(TRUST) + AHEAD;
        let mut buffer = SPARE.take();
        if buffer.capacity() < room {
            buffer = BytesMut::with_capacity(room);
        }
        let read = poll_read_buf(Pin::new(&mut self.reader), cx, &mut buffer);
        let Poll::Ready(Ok(1..)) = read else {
            SPARE.set(buffer);
            ready!(read)?;
            return Poll::Ready(Err(self.end()));
        };
        self.held = buffer;
        self.decode_held(batch)?;
        Poll::Ready(Ok(()))
    }

    /// Reads into the held buffer: no copy for long frames.
    fn poll_read_direct(
        &mut self,
        cx: &mut Context<'_>,
        batch: &mut Vec<Inbound>,
    ) -> Poll<Result<(), TransportError>> {
        self.grow(1);
        let missing = self.need - self.held.len();
        // Not beyond the buffer, which `read_buf` would make longer.
        let room = (missing + AHEAD).min(self.held.capacity() - self.held.len());
        let mut limited = (&mut self.held).limit(room);
        let count = ready!(poll_read_buf(Pin::new(&mut self.reader), cx, &mut limited))?;
        if count == 0 {
            return Poll::Ready(Err(self.end()));
        }
        if self.held.len() >= self.need {
            self.decode_held(batch)?;
        }
        Poll::Ready(Ok(()))
    }

    /// Makes room for `more` octets at least. Room is never more than four times what has really arrived, however long the
    /// frame claims to be, unless the last frame was as long; and in the end it is exactly the frame, with a little behind
    /// it where the rest will be read in place.
    fn grow(&mut self, more: usize) {
        let wanted = self.held.len() + more;
        if self.held.capacity() >= wanted {
            return;
        }
        let ahead = if self.long > 0 { AHEAD } else { 0 };
        let trusted = (wanted * 4).max(HELD).max(self.long.min(TRUST));
        let capacity = trusted.min(self.need.max(wanted)) + ahead;
        // `reserve` would round up, beyond the frame.
        let mut larger = BytesMut::with_capacity(capacity);
        larger.extend_from_slice(&self.held);
        self.held = larger;
    }

    fn hold(&mut self, rest: &BytesMut) {
        if !rest.is_empty() {
            self.grow(rest.len());
            self.held.extend_from_slice(rest);
        }
    }

    fn decode_held(&mut self, batch: &mut Vec<Inbound>) -> Result<(), TransportError> {
        let before = self.held.len();
        self.need = drain(&mut self.decoder, &mut self.held, batch)?;
        self.long = long(batch);
        // What is left moves to a place of its own: where it stands it would keep the memory of the frames before it.
        if self.held.len() < before {
            let rest = std::mem::take(&mut self.held);
            self.hold(&rest);
        }
        Ok(())
    }

    fn end(&self) -> TransportError {
        if self.held.is_empty() {
            TransportError::Closed
        } else {
            TransportError::Io(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "closed in the middle of a frame",
            ))
        }
    }
}

impl<R: AsyncRead + Send + Unpin + 'static, D: Decoder> Source for FrameSource<R, D> {
    fn poll_batch(
        &mut self,
        cx: &mut Context<'_>,
        batch: &mut Vec<Inbound>,
    ) -> Poll<Result<(), TransportError>> {
        match std::mem::replace(&mut self.state, State::Closed) {
            State::Open => {
                self.state = State::Open;
                self.poll_open(cx, batch)
            }
            State::Failing(error) => Poll::Ready(Err(self.fail(error))),
            State::Deaf => {
                self.state = State::Deaf;
                self.poll_deaf(cx)
            }
            State::Closed => Poll::Ready(Err(TransportError::Closed)),
        }
    }
}

/// The length of the last frame of a batch, if it was long.
fn long(batch: &[Inbound]) -> usize {
    match batch.last() {
        Some(Inbound::Message(message)) if message.len() >= DIRECT => message.len(),
        _ => 0,
    }
}

/// Decodes what is complete. Returns how long the rest has to become before there is more.
fn drain<D: Decoder>(
    decoder: &mut D,
    input: &mut BytesMut,
    batch: &mut Vec<Inbound>,
) -> Result<usize, TransportError> {
    while !input.is_empty() {
        match decoder.decode(input)? {
            Step::Need(total) => return Ok(total.max(input.len() + 1)),
            Step::Message(message) => batch.push(Inbound::Message(message)),
            Step::Reply(frame) => batch.push(Inbound::Reply(frame)),
            Step::Close(frame) => {
                batch.push(Inbound::Reply(frame));
                return Err(TransportError::Closed);
            }
            Step::Alive => batch.push(Inbound::Alive),
            Step::Skip => {}
        }
    }
    Ok(0)
}

#[cfg(test)]
mod tests;
