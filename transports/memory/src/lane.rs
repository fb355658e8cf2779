//! One direction of a connection.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::{Bytes, BytesMut};
use crossway_core::transport::{Backlog, Close, Inbound, Outgoing, Sink, Source, TransportError};
use parking_lot::Mutex;

/// What one end has sent and the other has not yet taken.
#[derive(Debug)]
pub(crate) struct Lane {
    state: Mutex<State>,
    capacity: usize,
}

#[derive(Debug, Default)]
struct State {
    messages: VecDeque<Bytes>,
    bytes: usize,
    /// One of the two ends is gone.
    closed: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Lane {
    pub(crate) fn new(capacity: usize) -> Arc<Self> {
        Arc::new(Lane { state: Mutex::default(), capacity })
    }

    /// What was sent can still be read; nothing more is accepted.
    fn close(&self) {
        let mut state = self.state.lock();
        state.closed = true;
        let wakers = [state.reader.take(), state.writer.take()];
        drop(state);
        wakers.into_iter().flatten().for_each(Waker::wake);
    }
}

/// The end that reads a lane.
#[derive(Debug)]
pub(crate) struct LaneSource {
    lane: Arc<Lane>,
}

impl LaneSource {
    pub(crate) fn new(lane: Arc<Lane>) -> Self {
        LaneSource { lane }
    }
}

impl Source for LaneSource {
    fn poll_batch(
        &mut self,
        cx: &mut Context<'_>,
        batch: &mut Vec<Inbound>,
    ) -> Poll<Result<(), TransportError>> {
        let mut state = self.lane.state.lock();
        if state.messages.is_empty() {
            if state.closed {
                return Poll::Ready(Err(TransportError::Closed));
            }
            state.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        batch.extend(state.messages.drain(..).map(Inbound::Message));
        state.bytes = 0;
        let writer = state.writer.take();
        drop(state);
        if let Some(writer) = writer {
            writer.wake();
        }
        Poll::Ready(Ok(()))
    }
}

impl Drop for LaneSource {
    fn drop(&mut self) {
        self.lane.close();
    }
}

/// The end that writes a lane.
#[derive(Debug)]
pub(crate) struct LaneSink {
    lane: Arc<Lane>,
    waiting: VecDeque<Bytes>,
    waiting_bytes: usize,
    max_message: usize,
}

impl LaneSink {
    pub(crate) fn new(lane: Arc<Lane>, max_message: usize) -> Self {
        LaneSink { lane, waiting: VecDeque::new(), waiting_bytes: 0, max_message }
    }
}

impl Sink for LaneSink {
    fn put(&mut self, message: Outgoing<'_>) {
        let mut whole = BytesMut::with_capacity(message.len());
        whole.extend_from_slice(message.head);
        whole.extend_from_slice(message.payload);
        whole.extend_from_slice(message.tail);
        self.waiting_bytes += whole.len();
        self.waiting.push_back(whole.freeze());
    }

    /// The source never asks for one.
    fn control(&mut self, _frame: Bytes) {}

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        if self.waiting.is_empty() {
            return Poll::Ready(Ok(()));
        }
        let mut state = self.lane.state.lock();
        if state.closed {
            return Poll::Ready(Err(TransportError::Closed));
        }
        // One message fits into an empty lane, whatever its length.
        while state.bytes < self.lane.capacity
            && let Some(message) = self.waiting.pop_front()
        {
            self.waiting_bytes -= message.len();
            state.bytes += message.len();
            state.messages.push_back(message);
        }
        let flushed = self.waiting.is_empty();
        if !flushed {
            state.writer = Some(cx.waker().clone());
        }
        let reader = state.reader.take();
        drop(state);
        if let Some(reader) = reader {
            reader.wake();
        }
        if flushed { Poll::Ready(Ok(())) } else { Poll::Pending }
    }

    fn poll_close(&mut self, _cx: &mut Context<'_>, _why: Close) -> Poll<()> {
        self.lane.close();
        Poll::Ready(())
    }

    fn backlog(&self) -> Backlog {
        Backlog { bytes: self.waiting_bytes, messages: self.waiting.len() }
    }

    fn max_message(&self) -> usize {
        self.max_message
    }
}

impl Drop for LaneSink {
    fn drop(&mut self) {
        self.lane.close();
    }
}
