//! Sessions inside the router itself: an outbox whose messages are read by a task of this process.
//!
//! Law: what others put here is only kept, and its reader woken, when they flush: they hold locks, and the reader may need
//! any of them.
//!
//! ```text
//!   task of a caller ── put ──> Outbox ── LocalSink ──> queue      the ordinary limits of an outbox
//!                       flush ────────────────────────> wake ──> Inbox::poll_take, in the reader's own task
//! ```

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::{Bytes, BytesMut};
use parking_lot::Mutex;

use super::outbox::Outbox;
use super::{Features, Format, Session};
use crate::auth::Identity;
use crate::id::Id;
use crate::limits::{Counters, Limits};
use crate::serializer::native::Native;
use crate::transport::{Backlog, Close, Outgoing, Sink, TransportError, TransportInfo};

/// The reader's end.
pub(crate) struct Inbox {
    queue: Arc<Mutex<Queue>>,
}

#[derive(Default)]
struct Queue {
    frames: VecDeque<Bytes>,
    bytes: usize,
    reader: Option<Waker>,
    /// The outbox is gone.
    closed: bool,
}

/// The writers' end, inside an [`Outbox`].
struct LocalSink {
    queue: Arc<Mutex<Queue>>,
}

/// An outbox, and where its messages arrive.
pub(crate) fn outbox(limits: &Arc<Limits>, counters: &Arc<Counters>) -> (Arc<Outbox>, Inbox) {
    let queue = Arc::new(Mutex::default());
    let sink = LocalSink { queue: Arc::clone(&queue) };
    (Outbox::new(Box::new(sink), Arc::clone(limits), Arc::clone(counters)), Inbox { queue })
}

/// A session of the router's own: nobody let it in, and what it is sent arrives here.
pub(crate) fn session(id: Id, limits: &Arc<Limits>, counters: &Arc<Counters>) -> (Arc<Session>, Inbox) {
    let (outbox, inbox) = outbox(limits, counters);
    outbox.open(Some(id));
    let identity = Identity::new("router", "router", "router");
    let format = Format::new(Arc::new(Native));
    let info = Arc::new(TransportInfo::default());
    (Arc::new(Session::new(id, identity, None, info, Features::default(), format, outbox)), inbox)
}

impl Inbox {
    /// Moves up to `most` messages to `frames`, or waits for one. `false`: none will ever come again.
    ///
    /// For one reader at a time: whoever polls last is woken.
    pub(crate) fn poll_take(&self, cx: &mut Context<'_>, most: usize, frames: &mut Vec<Bytes>) -> Poll<bool> {
        let mut queue = self.queue.lock();
        let taken = queue.frames.len().min(most);
        if taken > 0 {
            let from = frames.len();
            frames.extend(queue.frames.drain(..taken));
            queue.bytes -= frames[from..].iter().map(Bytes::len).sum::<usize>();
            return Poll::Ready(true);
        }
        if queue.closed {
            return Poll::Ready(false);
        }
        queue.reader = Some(cx.waker().clone());
        Poll::Pending
    }

    /// The next message, if it is there already.
    pub(crate) fn take(&self) -> Option<Bytes> {
        let mut queue = self.queue.lock();
        let frame = queue.frames.pop_front()?;
        queue.bytes -= frame.len();
        Some(frame)
    }
}

impl Clone for Inbox {
    fn clone(&self) -> Self {
        Inbox { queue: Arc::clone(&self.queue) }
    }
}

impl LocalSink {
    fn wake(&self) {
        let reader = self.queue.lock().reader.take();
        if let Some(reader) = reader {
            reader.wake();
        }
    }
}

impl Sink for LocalSink {
    fn put(&mut self, message: Outgoing<'_>) {
        let mut frame = BytesMut::with_capacity(message.len());
        message.write(&mut frame);
        let mut queue = self.queue.lock();
        queue.bytes += frame.len();
        queue.frames.push_back(frame.freeze());
    }

    fn control(&mut self, _: Bytes) {}

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        if self.backlog().messages > 0 {
            self.wake();
        }
        Poll::Ready(Ok(()))
    }

    fn poll_close(&mut self, _: &mut Context<'_>, _: Close) -> Poll<()> {
        Poll::Ready(())
    }

    fn backlog(&self) -> Backlog {
        let queue = self.queue.lock();
        Backlog { bytes: queue.bytes, messages: queue.frames.len() }
    }

    fn max_message(&self) -> usize {
        usize::MAX
    }
}

impl Drop for LocalSink {
    fn drop(&mut self) {
        self.queue.lock().closed = true;
        self.wake();
    }
}
