//! The sending half of a framed byte stream.

use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use crossway_core::transport::{Backlog, Close, Framed, Framing, Outgoing, Sink, TransportError};
use tokio::io::AsyncWrite;

use crate::Encoder;
use crate::queue::{PIECES, Queue};

/// One flush writes this much before other connections get their turn.
const TURN: usize = 1024 * 1024;

/// A [`Sink`] for any byte stream and [`Encoder`].
#[derive(Debug)]
pub struct FrameSink<W, E> {
    writer: W,
    encoder: E,
    queue: Queue,
    /// The peer let control frames pile up.
    overflown: bool,
    /// [`Sink::poll_close`] has queued the last frame.
    closing: bool,
}

impl<W: AsyncWrite + Send + Unpin + 'static, E: Encoder> FrameSink<W, E> {
    /// Writes to `writer`.
    pub fn new(writer: W, encoder: E) -> Self {
        FrameSink { writer, encoder, queue: Queue::default(), overflown: false, closing: false }
    }

    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut turn = TURN;
        while !self.queue.is_empty() {
            if turn == 0 {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            let count = ready!(self.poll_write(cx))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.queue.advance(count);
            turn = turn.saturating_sub(count);
        }
        // TLS has octets of its own to write.
        Pin::new(&mut self.writer).poll_flush(cx)
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut slices = [IoSlice::new(&[]); PIECES];
        let used = self.queue.slices(&mut slices);
        let writer = Pin::new(&mut self.writer);
        if used > 1 && writer.is_write_vectored() {
            writer.poll_write_vectored(cx, &slices[..used])
        } else {
            writer.poll_write(cx, &slices[0])
        }
    }

    /// Runs `poll` outside tokio's cooperative budget.
    ///
    /// The budget belongs to the task that runs, and that is often the task of another session which delivers to this
    /// one. Without this, a publisher with some hundred subscribers would use its budget up: every further write would
    /// answer `Pending` without an attempt and wake the receiver's task to write a few octets for itself. `TURN` bounds
    /// the work instead.
    fn unbudgeted<T>(
        &mut self,
        cx: &mut Context<'_>,
        mut poll: impl FnMut(&mut Self, &mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        let future = std::future::poll_fn(|cx| poll(self, cx));
        pin!(tokio::task::unconstrained(future)).poll(cx)
    }
}

impl<W: AsyncWrite + Send + Unpin + 'static, E: Encoder> Sink for FrameSink<W, E> {
    fn put(&mut self, message: Outgoing<'_>) {
        let encoder = &mut self.encoder;
        self.queue.message(message, |out| encoder.header(message.len(), out));
    }

    fn framing(&self) -> Option<&'static Framing> {
        self.encoder.framing()
    }

    fn put_framed(&mut self, messages: Framed<'_>) {
        self.queue.framed(messages.octets, messages.messages);
    }

    fn control(&mut self, frame: Bytes) {
        let end = self.encoder.is_close(&frame);
        self.overflown |= self.queue.control(frame, end).is_err();
    }

    fn ping(&mut self) -> bool {
        let Some(frame) = self.encoder.ping() else { return false };
        // The last answer was long ago: if control frames wait nevertheless, one more tells nothing.
        let _ = self.queue.control(frame, false);
        true
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        if self.overflown {
            let what = "asks for more control frames than it reads";
            return Poll::Ready(Err(TransportError::violation(Close::PolicyViolation, what)));
        }
        self.unbudgeted(cx, Self::poll_drain).map_err(TransportError::Io)
    }

    fn poll_close(&mut self, cx: &mut Context<'_>, why: Close) -> Poll<()> {
        if !self.closing {
            self.closing = true;
            if let Some(frame) = self.encoder.close(why) {
                self.queue.last(&frame);
            }
        }
        self.unbudgeted(cx, |sink, cx| {
            if ready!(sink.poll_drain(cx)).is_ok() {
                // Nothing is left to be done about an error.
                let _ = ready!(Pin::new(&mut sink.writer).poll_shutdown(cx));
            }
            Poll::Ready(())
        })
    }

    fn backlog(&self) -> Backlog {
        self.queue.backlog()
    }

    fn max_message(&self) -> usize {
        self.encoder.max_message()
    }
}

#[cfg(test)]
mod tests;
