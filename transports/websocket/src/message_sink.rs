//! The sending half of a connection whose messages are compressed, or of either kind.
//!
//! ```text
//!   put ── shorter than 256 octets ───────────────> [ header │ head │ payload │ tail ] ──┐
//!    └── not ──> compressed in this turn? ─ no ─> deflate ── gets no shorter ──^          ├──> FrameSink ──> peer
//!                   └ yes ─> [ header with RSV1 │ deflated ] <──┘ gets shorter            │
//!                                └────────────────────────────────────────────────────────┘
//! ```
//!
//! [`FrameSink`] queues and writes what comes out, and adds no header of its own. Events come framed and compressed already,
//! by one of the functions of [`framing`](crate::framing), where core can share them.

use std::cell::RefCell;
use std::task::{Context, Poll};

use bytes::Bytes;
use crossway_core::transport::{Backlog, Close, Framed, Framing, Outgoing, Sink, TransportError};
use crossway_framing::FrameSink;
use tokio::io::AsyncWrite;

use crate::encoder::{WholeFrames, write_header};
use crate::extension::Agreement;
use crate::frame::{BINARY, FIN, RSV1, TEXT};
use crate::framing::{SHORTEST_DEFLATED, framing};
use crate::{deflate, shared};

/// A [`Sink`] for compressed messages.
pub(crate) struct MessageSink<W> {
    frames: FrameSink<W, WholeFrames>,
    /// Nothing is compressed without.
    agreement: Option<Agreement>,
    opcode: u8,
}

thread_local! {
    /// The header of a message, and its head behind it.
    static HEAD: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

impl<W: AsyncWrite + Send + Unpin + 'static> MessageSink<W> {
    /// `text`: whether messages are text or binary. Without an agreement nothing is compressed.
    pub(crate) fn new(writer: W, text: bool, agreement: Option<Agreement>) -> Self {
        let opcode = if text { TEXT } else { BINARY };
        let frames = FrameSink::new(writer, WholeFrames::new(text));
        MessageSink { frames, agreement, opcode }
    }

    /// From now on messages are of this kind.
    pub(crate) fn set_kind(&mut self, text: bool) {
        self.opcode = if text { TEXT } else { BINARY };
    }
}

impl<W: AsyncWrite + Send + Unpin + 'static> Sink for MessageSink<W> {
    fn put(&mut self, message: Outgoing<'_>) {
        let MessageSink { frames, agreement, opcode } = self;
        let plain = FIN | *opcode;
        let long = message.len() >= SHORTEST_DEFLATED;
        let Some(Agreement { window_bits }) = agreement.filter(|_| long) else {
            return put_behind(frames, plain, message);
        };
        let Outgoing { head, payload, tail } = message;
        let make = || deflate::deflate(&[head, payload, tail], window_bits);
        shared::deflated(message, window_bits, make, |deflated| match deflated {
            Some(payload) => put_behind(frames, plain | RSV1, Outgoing { head: &[], payload, tail: &[] }),
            None => put_behind(frames, plain, message),
        });
    }

    fn framing(&self) -> Option<&'static Framing> {
        Some(framing(self.opcode, self.agreement.map(|agreement| agreement.window_bits)))
    }

    fn put_framed(&mut self, messages: Framed<'_>) {
        self.frames.put_framed(messages);
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

/// Puts a message with a header before its head.
fn put_behind<S: Sink>(frames: &mut S, first: u8, message: Outgoing<'_>) {
    HEAD.with_borrow_mut(|head| {
        head.clear();
        write_header(first, message.len(), head);
        head.extend_from_slice(message.head);
        frames.put(Outgoing { head, ..message });
    });
}

#[cfg(test)]
mod tests;
