//! The sending half of a connection with batches.
//!
//! ```text
//!   put, put_framed ──> [ room │ message │ message ]    the open batch
//!                         ^         │ poll_flush, poll_close, or it is as long as a batch may be
//!                       header      v
//!                     [ header │ batch ] ── or ── [ header with RSV1 │ deflated batch ] ──> FrameSink ──> peer
//! ```
//!
//! What waits when it is flushed leaves as one WebSocket message. Law: a batch has a message in it.

use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use crossway_core::transport::{Backlog, Close, Framed, Framing, Outgoing, Sink, TransportError};
use crossway_framing::{Batching, FrameSink, Separator};
use tokio::io::AsyncWrite;

use crate::encoder::{WholeFrames, write_header};
use crate::extension::Agreement;
use crate::frame::{BINARY, FIN, RSV1, TEXT};
use crate::framing::SHORTEST_DEFLATED;
use crate::{deflate, shared};

/// A batch has at most this many messages and octets, unless one message, or events that came framed together, are more.
const MESSAGES: usize = 64;
const OCTETS: usize = 256 * 1024;
/// Messages of this length and more are a batch of their own, and their payload is not copied.
const ALONE: usize = 16 * 1024;
/// Room before a batch for the longest header.
const ROOM: usize = 10;

/// A [`Sink`] that sends batches.
pub(crate) struct BatchSink<W> {
    frames: FrameSink<W, WholeFrames>,
    batching: Batching,
    separator: Separator,
    opcode: u8,
    /// Nothing is compressed without.
    agreement: Option<Agreement>,
    /// The open batch behind its room; nothing at all while it has no messages.
    open: BytesMut,
    messages: usize,
}

impl<W: AsyncWrite + Send + Unpin + 'static> BatchSink<W> {
    /// `separator` is what the source finds. Without an agreement nothing is compressed.
    pub(crate) fn new(
        writer: W,
        batching: Batching,
        separator: Separator,
        agreement: Option<Agreement>,
    ) -> Self {
        let text = batching == Batching::Separated;
        BatchSink {
            frames: FrameSink::new(writer, WholeFrames::new(text)),
            batching,
            separator,
            opcode: if text { TEXT } else { BINARY },
            agreement,
            open: BytesMut::new(),
            messages: 0,
        }
    }

    /// The open batch, with space for so many messages and octets more.
    fn open(&mut self, messages: usize, octets: usize) -> &mut BytesMut {
        let (many, long) = (self.messages + messages > MESSAGES, self.open.len() + octets > ROOM + OCTETS);
        if many || long {
            self.seal();
        }
        if self.messages == 0 {
            shared::forget_batch();
            self.open.reserve(ROOM + octets);
            self.open.resize(ROOM, 0);
        }
        self.messages += messages;
        &mut self.open
    }

    /// Makes a WebSocket message of the open batch.
    fn seal(&mut self) {
        let messages = std::mem::take(&mut self.messages);
        if messages == 0 {
            return;
        }
        let mut frame = std::mem::take(&mut self.open);
        self.separator.translate(&mut frame[ROOM..]);
        let header = header(FIN | self.opcode, frame.len() - ROOM);
        let start = ROOM - header.len();
        frame[start..ROOM].copy_from_slice(&header);
        let frame = frame.freeze();
        let octets = match self.deflated(&frame.slice(ROOM..)) {
            Some(deflated) => deflated,
            None => frame.slice(start..),
        };
        self.frames.put_framed(Framed { octets: &octets, messages, longest: octets.len() });
    }

    /// The batch as a compressed frame, if it is one and gets shorter.
    fn deflated(&self, batch: &Bytes) -> Option<Bytes> {
        let Agreement { window_bits } = self.agreement.filter(|_| batch.len() >= SHORTEST_DEFLATED)?;
        let deflated =
            shared::deflated_batch(batch, window_bits, || deflate::deflate(&[batch], window_bits))?;
        let mut frame = header(FIN | RSV1 | self.opcode, deflated.len());
        frame.extend_from_slice(&deflated);
        Some(frame.freeze())
    }

    /// Whether a payload may be kept by reference: what is compressed or translated is copied in any case.
    fn leaves_as_it_is(&self) -> bool {
        self.agreement.is_none() && !self.separator.is_translated()
    }

    /// Puts a payload by reference, with what is written `before` and stands `behind` it, as a batch.
    fn put_alone(&mut self, before: impl FnOnce(&mut BytesMut), payload: &Bytes, behind: &'static [u8]) {
        self.seal();
        let mut items = BytesMut::new();
        before(&mut items);
        let mut head = header(FIN | self.opcode, items.len() + payload.len() + behind.len());
        head.extend_from_slice(&items);
        self.frames.put(Outgoing { head: &head, payload, tail: behind });
    }
}

/// The header of a frame.
fn header(first: u8, len: usize) -> BytesMut {
    let mut header = BytesMut::with_capacity(ROOM);
    write_header(first, len, &mut header);
    header
}

/// A tail and the separator as one piece that lives forever, for the tails that there are.
fn closed(tail: &'static [u8], batching: Batching) -> Option<&'static [u8]> {
    match (batching, tail) {
        (Batching::Prefixed, tail) => Some(tail),
        (Batching::Separated, b"") => Some(b"\x1E"),
        (Batching::Separated, b"]") => Some(b"]\x1E"),
        _ => None,
    }
}

impl<W: AsyncWrite + Send + Unpin + 'static> Sink for BatchSink<W> {
    fn put(&mut self, message: Outgoing<'_>) {
        let batching = self.batching;
        let (Outgoing { head, payload, tail }, len) = (message, message.len());
        if payload.len() >= ALONE
            && self.leaves_as_it_is()
            && let Some(behind) = closed(tail, batching)
        {
            let before = |out: &mut BytesMut| {
                batching.before(len, out);
                out.extend_from_slice(head);
            };
            return self.put_alone(before, payload, behind);
        }
        batching.write(message, self.open(1, len + Batching::OVERHEAD));
    }

    /// That of the items: what is put in one turn is one batch, whoever put it.
    fn framing(&self) -> Option<&'static Framing> {
        Some(self.batching.framing())
    }

    fn put_framed(&mut self, items: Framed<'_>) {
        let Framed { octets, messages, .. } = items;
        if octets.len() >= ALONE && self.leaves_as_it_is() {
            return self.put_alone(|_| (), octets, b"");
        }
        self.open(messages, octets.len()).extend_from_slice(octets);
    }

    fn control(&mut self, frame: Bytes) {
        self.frames.control(frame);
    }

    fn ping(&mut self) -> bool {
        self.frames.ping()
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        self.seal();
        self.frames.poll_flush(cx)
    }

    fn poll_close(&mut self, cx: &mut Context<'_>, why: Close) -> Poll<()> {
        self.seal();
        self.frames.poll_close(cx, why)
    }

    fn backlog(&self) -> Backlog {
        let Backlog { bytes, messages } = self.frames.backlog();
        Backlog { bytes: bytes + self.open.len(), messages: messages + self.messages }
    }

    fn max_message(&self) -> usize {
        self.batching.max_message()
    }
}

#[cfg(test)]
mod tests;
