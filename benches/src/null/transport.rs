//! The null transport itself.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use crossway_core::serializer::Serializer;
use crossway_core::transport::{
    Backlog, Close, Framed, Framing, Inbound, Outgoing, Sink, Source, Transport, TransportError,
    TransportInfo,
};
use crossway_framing::Encoder;
use crossway_rawsocket::RawSocketEncoder;
use parking_lot::Mutex;

use super::{Frames, Progress};

/// What a router will read.
#[derive(Default)]
pub(super) struct Feed {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    frames: VecDeque<Bytes>,
    ended: bool,
    waker: Option<Waker>,
}

impl Feed {
    pub(super) fn push(&self, frames: &[Bytes]) {
        self.change(|state| state.frames.extend(frames.iter().cloned()));
    }

    /// Nothing follows what is there.
    pub(super) fn end(&self) {
        self.change(|state| state.ended = true);
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state.lock();
        change(&mut state);
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// A connection without a wire.
pub(super) struct Null {
    pub(super) serializer: Arc<dyn Serializer>,
    pub(super) frames: Frames,
    pub(super) feed: Arc<Feed>,
    pub(super) progress: Arc<Progress>,
}

impl Transport for Null {
    fn serializer(&self) -> Arc<dyn Serializer> {
        Arc::clone(&self.serializer)
    }

    fn info(&self) -> Arc<TransportInfo> {
        Arc::default()
    }

    fn split(self: Box<Self>) -> (Box<dyn Source>, Box<dyn Sink>) {
        let source = NullSource { feed: Arc::clone(&self.feed) };
        let Null { frames, feed, progress, .. } = *self;
        let framing = match frames {
            Frames::Shared => RawSocketEncoder::new(MAX_MESSAGE).framing(),
            Frames::OneByOne => None,
        };
        let sink = NullSink { framing, feed, progress, invocations: 0, answers: Vec::new(), put: 0 };
        (Box::new(source), Box::new(sink))
    }
}

struct NullSource {
    feed: Arc<Feed>,
}

impl Source for NullSource {
    fn poll_batch(
        &mut self,
        cx: &mut Context<'_>,
        batch: &mut Vec<Inbound>,
    ) -> Poll<Result<(), TransportError>> {
        let mut state = self.feed.state.lock();
        if state.frames.is_empty() {
            if state.ended {
                return Poll::Ready(Err(TransportError::Closed));
            }
            state.waker = Some(cx.waker().clone());
            return Poll::Pending;
        }
        batch.extend(state.frames.drain(..).map(Inbound::Message));
        Poll::Ready(Ok(()))
    }
}

/// Forgets everything, but answers invocations.
struct NullSink {
    framing: Option<&'static Framing>,
    feed: Arc<Feed>,
    progress: Arc<Progress>,
    invocations: u64,
    answers: Vec<Bytes>,
    put: usize,
}

/// The longest that RawSocket can carry, in octets.
const MAX_MESSAGE: usize = 1 << 24;

/// The type code of an INVOCATION; in MessagePack it is the second octet.
const INVOCATION: u8 = 68;

impl Sink for NullSink {
    fn put(&mut self, message: Outgoing<'_>) {
        self.put += 1;
        if message.head.get(1) == Some(&INVOCATION) {
            self.invocations += 1;
            // YIELD without a payload in MessagePack: [70, uint 64, {}].
            let mut answer = [0x93, 70, 0xCF, 0, 0, 0, 0, 0, 0, 0, 0, 0x80];
            answer[3..11].copy_from_slice(&self.invocations.to_be_bytes());
            self.answers.push(Bytes::copy_from_slice(&answer));
        }
    }

    fn framing(&self) -> Option<&'static Framing> {
        self.framing
    }

    fn put_framed(&mut self, messages: Framed<'_>) {
        self.put += messages.messages;
    }

    fn control(&mut self, _frame: Bytes) {}

    fn poll_flush(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        if !self.answers.is_empty() {
            self.feed.push(&self.answers);
            self.answers.clear();
        }
        self.progress.add(std::mem::take(&mut self.put));
        Poll::Ready(Ok(()))
    }

    fn poll_close(&mut self, _cx: &mut Context<'_>, _why: Close) -> Poll<()> {
        Poll::Ready(())
    }

    fn backlog(&self) -> Backlog {
        Backlog::default()
    }

    fn max_message(&self) -> usize {
        MAX_MESSAGE
    }
}
