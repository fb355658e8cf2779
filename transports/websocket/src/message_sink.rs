//! The sending half of a connection whose messages are compressed, or of either kind.
//!
//! ```text
//!   put ── shorter than `min_length` ─────────────> [ header │ head │ payload │ tail ] ──┐
//!    └── not ──> compressed in this turn? ─ no ─> deflate ── gets no shorter ──^          ├──> FrameSink ──> peer
//!                   └ yes ─> [ header with RSV1 │ deflated ] <──┘ gets shorter            │
//!                                └────────────────────────────────────────────────────────┘
//! ```
//!
//! [`FrameSink`] queues and writes what comes out, and adds no header of its own.

use std::cell::RefCell;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use crossway_core::transport::{Backlog, Close, Outgoing, Sink, TransportError};
use crossway_framing::{Encoder, FrameSink};
use tokio::io::AsyncWrite;

use crate::compression::{Compression, CompressionCounters};
use crate::encoder::write_header;
use crate::extension::Agreement;
use crate::frame::{BINARY, FIN, RSV1, TEXT};
use crate::{WebSocketEncoder, deflate, shared};

/// A [`Sink`] for compressed messages.
pub(crate) struct MessageSink<W> {
    frames: FrameSink<W, WholeFrames>,
    deflating: Option<Deflating>,
    opcode: u8,
}

struct Deflating {
    window_bits: u8,
    min_length: usize,
    counters: Arc<CompressionCounters>,
}

thread_local! {
    /// The header of a message, and its head behind it.
    static HEAD: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

impl<W: AsyncWrite + Send + Unpin + 'static> MessageSink<W> {
    /// `text`: whether messages are text or binary. Without an agreement nothing is compressed.
    pub(crate) fn new(writer: W, text: bool, compression: Option<(Agreement, &Compression)>) -> Self {
        let deflating = compression.map(|(agreement, compression)| Deflating {
            window_bits: agreement.window_bits,
            min_length: compression.min_length,
            counters: Arc::clone(&compression.counters),
        });
        let opcode = if text { TEXT } else { BINARY };
        let frames = FrameSink::new(writer, WholeFrames(WebSocketEncoder::new(text)));
        MessageSink { frames, deflating, opcode }
    }

    /// From now on messages are of this kind.
    pub(crate) fn set_kind(&mut self, text: bool) {
        self.opcode = if text { TEXT } else { BINARY };
    }
}

impl<W: AsyncWrite + Send + Unpin + 'static> Sink for MessageSink<W> {
    fn put(&mut self, message: Outgoing<'_>) {
        let MessageSink { frames, deflating, opcode } = self;
        let plain = FIN | *opcode;
        let Some(deflating) = deflating.as_ref().filter(|deflating| message.len() >= deflating.min_length)
        else {
            return put_framed(frames, plain, message);
        };
        let make = || deflating.deflate(message);
        shared::deflated(message, deflating.window_bits, make, |deflated| match deflated {
            Some(payload) => put_framed(frames, plain | RSV1, Outgoing { head: &[], payload, tail: &[] }),
            None => put_framed(frames, plain, message),
        });
    }

    fn control(&mut self, frame: Bytes) {
        self.frames.control(frame);
    }

    fn ping(&mut self) -> bool {
        self.frames.ping()
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        // The turn is over: all receivers have got theirs.
        shared::forget();
        self.frames.poll_flush(cx)
    }

    fn poll_close(&mut self, cx: &mut Context<'_>, why: Close) -> Poll<()> {
        self.frames.poll_close(cx, why)
    }

    fn backlog(&self) -> Backlog {
        self.frames.backlog()
    }

    fn max_message(&self) -> usize {
        self.frames.max_message()
    }
}

impl Deflating {
    fn deflate(&self, Outgoing { head, payload, tail }: Outgoing<'_>) -> Option<Bytes> {
        let deflated = deflate::deflate(&[head, payload, tail], self.window_bits);
        self.counters.compressed.increment();
        if deflated.is_none() {
            self.counters.incompressible.increment();
        }
        deflated
    }
}

/// Puts a message with a header before its head.
fn put_framed<S: Sink>(frames: &mut S, first: u8, message: Outgoing<'_>) {
    HEAD.with_borrow_mut(|head| {
        head.clear();
        write_header(first, message.len(), head);
        head.extend_from_slice(message.head);
        frames.put(Outgoing { head, ..message });
    });
}

/// For frames that have their header already.
struct WholeFrames(WebSocketEncoder);

impl Encoder for WholeFrames {
    fn header(&mut self, _len: usize, _out: &mut Vec<u8>) {}

    fn max_message(&self) -> usize {
        self.0.max_message()
    }

    fn ping(&mut self) -> Option<Bytes> {
        self.0.ping()
    }

    fn close(&mut self, why: Close) -> Option<Bytes> {
        self.0.close(why)
    }

    fn is_close(&self, reply: &[u8]) -> bool {
        self.0.is_close(reply)
    }
}

#[cfg(test)]
mod tests;
