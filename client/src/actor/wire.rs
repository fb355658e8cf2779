//! The transport, taken apart, with messages in place of frames.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use crossway_core::message::Message;
use crossway_core::serializer::{DEPTH_CAP, Serializer};
use crossway_core::transport::{Close, Inbound, Outgoing, Sink, Source, Transport, TransportError};

use crate::Error;

/// Both halves of a transport.
pub(crate) struct Wire {
    serializer: Arc<dyn Serializer>,
    source: Box<dyn Source>,
    sink: Box<dyn Sink>,
    arrived: VecDeque<Inbound>,
    batch: Vec<Inbound>,
    scratch: Vec<u8>,
    /// The router takes no more at the moment.
    blocked: bool,
}

impl Wire {
    pub(crate) fn new(transport: Box<dyn Transport>) -> Self {
        let serializer = transport.serializer();
        let (source, sink) = transport.split();
        let (arrived, batch, scratch) = (VecDeque::new(), Vec::new(), Vec::new());
        Wire { serializer, source, sink, arrived, batch, scratch, blocked: false }
    }

    pub(crate) fn serializer(&self) -> &Arc<dyn Serializer> {
        &self.serializer
    }

    /// How deep nested values may be.
    pub(crate) fn depth(&self) -> usize {
        DEPTH_CAP
    }

    /// Whether the router takes no more: whoever has a choice waits.
    pub(crate) fn is_blocked(&self) -> bool {
        self.blocked
    }

    /// Bytes that wait for the router.
    pub(crate) fn backlog(&self) -> usize {
        self.sink.backlog().bytes
    }

    /// Queues a message, to be flushed.
    ///
    /// # Errors
    /// [`Error::TooLong`].
    pub(crate) fn say<'m>(&mut self, message: impl Into<Message<'m>>) -> Result<(), Error> {
        self.scratch.clear();
        message.into().encode(&*self.serializer, &mut self.scratch);
        let (length, limit) = (self.scratch.len(), self.sink.max_message());
        if length > limit {
            return Err(Error::TooLong { length, limit });
        }
        self.sink.put(Outgoing { head: &self.scratch, payload: &Bytes::new(), tail: b"" });
        Ok(())
    }

    /// Writes what waits. Ready also when there is nothing more to do at the moment.
    pub(crate) fn flush(&mut self, cx: &mut Context<'_>) -> Result<(), TransportError> {
        match self.sink.poll_flush(cx) {
            Poll::Ready(flushed) => {
                self.blocked = false;
                flushed
            }
            Poll::Pending => {
                self.blocked = true;
                Ok(())
            }
        }
    }

    /// The next message.
    pub(crate) fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Result<Bytes, TransportError>> {
        loop {
            while let Some(inbound) = self.arrived.pop_front() {
                match inbound {
                    Inbound::Message(frame) => return Poll::Ready(Ok(frame)),
                    Inbound::Reply(frame) => self.sink.control(frame),
                    Inbound::Alive => {}
                }
            }
            ready!(self.source.poll_batch(cx, &mut self.batch))?;
            self.arrived.extend(self.batch.drain(..));
        }
    }

    /// Flushes, and waits for the next message.
    pub(crate) async fn next_frame(&mut self) -> Result<Bytes, TransportError> {
        poll_fn(|cx| {
            self.flush(cx)?;
            self.poll_frame(cx)
        })
        .await
    }

    /// Lets the last bytes leave, and closes.
    pub(crate) async fn close(mut self) {
        if poll_fn(|cx| self.sink.poll_flush(cx)).await.is_ok() {
            poll_fn(|cx| self.sink.poll_close(cx, Close::Normal)).await;
        }
    }
}
