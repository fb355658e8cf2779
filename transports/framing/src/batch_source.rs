//! The receiving half of a transport with batches.

use std::collections::VecDeque;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use crossway_core::transport::{Inbound, Source, TransportError};

use crate::{Batching, Separator};

/// The most messages that are handed over at once. A batch may hold many more, and what it comes to in memory is bounded
/// by this.
const PORTION: usize = 1024;
/// Reads of a peer whose messages do not count any more, in one call, before other tasks get their turn.
const READS: usize = 16;

/// A [`Source`] of messages, out of one whose messages are batches.
///
/// ```text
///   inner     ( batch, pong, batch )          what one read brought in
///                v
///   open      [ message │ message │ ... ]     taken apart in portions
/// ```
#[derive(Debug)]
pub struct BatchSource<S> {
    inner: S,
    batching: Batching,
    separator: Separator,
    max_message: usize,
    /// What came behind the batch that is open.
    arrived: VecDeque<Inbound>,
    /// The rest of a batch.
    open: Bytes,
    state: State,
}

#[derive(Debug)]
enum State {
    Open,
    /// What the peer did wrong, told after the messages that came before.
    Failing(TransportError),
    /// It was told. What comes is thrown away until the inner source ends.
    Deaf,
}

impl<S: Source> BatchSource<S> {
    /// `max_message` is the limit of each message, in octets; that of batches is the inner source's. The sink needs to know
    /// the `separator`.
    pub fn new(inner: S, batching: Batching, separator: Separator, max_message: usize) -> Self {
        BatchSource {
            inner,
            batching,
            separator,
            max_message,
            arrived: VecDeque::new(),
            open: Bytes::new(),
            state: State::Open,
        }
    }

    fn poll_open(
        &mut self,
        cx: &mut Context<'_>,
        batch: &mut Vec<Inbound>,
    ) -> Poll<Result<(), TransportError>> {
        let before = batch.len();
        if self.arrived.is_empty() && self.open.is_empty() {
            let mut arrived = Vec::new();
            ready!(self.inner.poll_batch(cx, &mut arrived))?;
            self.arrived = arrived.into();
        }
        match self.unpack(batch) {
            Ok(()) => Poll::Ready(Ok(())),
            Err(error) if batch.len() == before => Poll::Ready(Err(self.fail(error))),
            Err(error) => {
                self.state = State::Failing(error);
                Poll::Ready(Ok(()))
            }
        }
    }

    /// Hands over a portion.
    fn unpack(&mut self, batch: &mut Vec<Inbound>) -> Result<(), TransportError> {
        let full = batch.len() + PORTION;
        while batch.len() < full {
            if !self.open.is_empty() {
                let message = self.batching.take(&mut self.open, &self.separator, self.max_message)?;
                batch.push(Inbound::Message(message));
                continue;
            }
            match self.arrived.pop_front() {
                // An empty one is an error, so it is looked at once in any case.
                Some(Inbound::Message(mut next)) => {
                    let message = self.batching.take(&mut next, &self.separator, self.max_message)?;
                    batch.push(Inbound::Message(message));
                    self.open = next;
                }
                Some(other) => batch.push(other),
                None => break,
            }
        }
        if self.open.is_empty() {
            // An empty slice may still hold the memory of its batch.
            self.open = Bytes::new();
        }
        if self.arrived.is_empty() {
            self.arrived = VecDeque::new();
        }
        Ok(())
    }

    fn fail(&mut self, error: TransportError) -> TransportError {
        self.arrived = VecDeque::new();
        self.open = Bytes::new();
        self.state = State::Deaf;
        error
    }

    fn poll_deaf(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        let mut ignored = Vec::new();
        for _ in 0..READS {
            ready!(self.inner.poll_batch(cx, &mut ignored))?;
            ignored.clear();
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl<S: Source> Source for BatchSource<S> {
    fn poll_batch(
        &mut self,
        cx: &mut Context<'_>,
        batch: &mut Vec<Inbound>,
    ) -> Poll<Result<(), TransportError>> {
        match std::mem::replace(&mut self.state, State::Open) {
            State::Open => self.poll_open(cx, batch),
            State::Failing(error) => Poll::Ready(Err(self.fail(error))),
            State::Deaf => {
                self.state = State::Deaf;
                self.poll_deaf(cx)
            }
        }
    }
}

#[cfg(test)]
mod tests;
