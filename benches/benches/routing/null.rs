//! Transports without a wire, and sessions over them.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use crossway_anonymous::Anonymous;
use crossway_core::message::{
    Call, CallOptions, Hello, Message, Payload, Publish, PublishOptions, Register, RegisterOptions,
    Subscribe, SubscribeOptions,
};
use crossway_core::serializer::Serializer;
use crossway_core::transport::{
    Backlog, Close, Inbound, Outgoing, Sink, Source, Transport, TransportError, TransportInfo,
};
use crossway_core::{Dict, Id, RealmConfig, Router, Value};
use parking_lot::Mutex;
use tokio::runtime::Runtime;
use tokio::sync::Notify;

/// A router with one realm, its runtime, and what has been delivered so far.
pub(crate) struct Bench {
    runtime: Runtime,
    router: Router,
    progress: Arc<Progress>,
}

/// What has been delivered, and who waits for it.
#[derive(Default)]
struct Progress {
    delivered: AtomicUsize,
    target: AtomicUsize,
    reached: Notify,
}

impl Progress {
    fn add(&self, messages: usize) {
        let delivered = self.delivered.fetch_add(messages, Ordering::SeqCst) + messages;
        if delivered >= self.target.load(Ordering::SeqCst) {
            self.reached.notify_one();
        }
    }
}

impl Bench {
    /// On this thread, or on `threads` others.
    pub(crate) fn new(threads: usize) -> Self {
        let mut builder = match threads {
            0 => tokio::runtime::Builder::new_current_thread(),
            _ => tokio::runtime::Builder::new_multi_thread(),
        };
        let runtime = builder.worker_threads(threads.max(1)).enable_time().build().unwrap();
        let realm = RealmConfig::new("realm1").authenticator(Arc::new(Anonymous::default()));
        let router = Router::builder().realm(realm).build().unwrap();
        Bench { runtime, router, progress: Arc::default() }
    }

    pub(crate) fn join(&self) -> Peer {
        self.join_speaking(0)
    }

    /// With MessagePack, JSON or CBOR.
    pub(crate) fn join_speaking(&self, number: usize) -> Peer {
        let serializer: Arc<dyn Serializer> = match number % 3 {
            0 => Arc::new(crossway_msgpack::MessagePack),
            1 => Arc::new(crossway_json::Json),
            _ => Arc::new(crossway_cbor::Cbor),
        };
        let feed = Arc::new(Feed::default());
        let progress = Arc::clone(&self.progress);
        let null = Null { serializer: Arc::clone(&serializer), feed: Arc::clone(&feed), progress };
        let router = self.router.clone();
        self.runtime.spawn(async move { router.attach(Box::new(null)).await });
        let peer = Peer { serializer, feed, requests: AtomicU64::new(0) };
        let roles = ["publisher", "subscriber", "caller", "callee"].map(|role| (role, Dict::new()));
        let details = Dict::new().with("roles", roles.into_iter().collect::<Dict>());
        peer.say(self, Hello { realm: "realm1".into(), details });
        peer
    }

    /// Feeds something, and waits until so many messages have come out.
    pub(crate) fn deliver(&self, messages: usize, feed: impl FnOnce()) {
        let target = self.progress.delivered.load(Ordering::SeqCst) + messages;
        self.progress.target.store(target, Ordering::SeqCst);
        feed();
        self.runtime.block_on(async {
            while self.progress.delivered.load(Ordering::SeqCst) < target {
                self.progress.reached.notified().await;
            }
        });
    }
}

/// A session.
pub(crate) struct Peer {
    serializer: Arc<dyn Serializer>,
    feed: Arc<Feed>,
    requests: AtomicU64,
}

impl Peer {
    pub(crate) fn feed(&self, frames: &[Bytes]) {
        self.feed.push(frames);
    }

    pub(crate) fn subscribe(&self, bench: &Bench, topic: &str) {
        let (request, options) = (self.next(), SubscribeOptions::default());
        self.say(bench, Subscribe { request, options, topic: topic.into() });
    }

    pub(crate) fn register(&self, bench: &Bench, procedure: &str) {
        let (request, options) = (self.next(), RegisterOptions::default());
        self.say(bench, Register { request, options, procedure: procedure.into() });
    }

    pub(crate) fn publish(&self, topic: &str) -> Bytes {
        let (request, options) = (self.next(), PublishOptions::default());
        self.frame(Publish { request, options, topic: topic.into(), payload: self.payload() })
    }

    pub(crate) fn call(&self, procedure: &str) -> Bytes {
        let (request, options) = (self.next(), CallOptions::default());
        self.frame(Call { request, options, procedure: procedure.into(), payload: self.payload() })
    }

    /// About 50 octets.
    fn payload(&self) -> Payload {
        let args = [Value::from("a text of some length"), Value::from(23), Value::from(0.5)];
        Payload::write(&args, &Dict::new().with("sensor", "kitchen"), &*self.serializer).unwrap()
    }

    fn next(&self) -> Id {
        Id::new(self.requests.fetch_add(1, Ordering::Relaxed) + 1).unwrap()
    }

    fn frame<'m>(&self, message: impl Into<Message<'m>>) -> Bytes {
        let mut frame = Vec::new();
        message.into().encode(&*self.serializer, &mut frame);
        frame.into()
    }

    /// Says something, and waits for the answer.
    fn say<'m>(&self, bench: &Bench, message: impl Into<Message<'m>>) {
        bench.deliver(1, || self.feed(&[self.frame(message)]));
    }
}

/// What a router will read.
#[derive(Default)]
struct Feed {
    state: Mutex<(VecDeque<Bytes>, Option<Waker>)>,
}

impl Feed {
    fn push(&self, frames: &[Bytes]) {
        let mut state = self.state.lock();
        state.0.extend(frames.iter().cloned());
        let waker = state.1.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

struct Null {
    serializer: Arc<dyn Serializer>,
    feed: Arc<Feed>,
    progress: Arc<Progress>,
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
        let Null { feed, progress, .. } = *self;
        (Box::new(source), Box::new(NullSink { feed, progress, invocations: 0, answers: Vec::new(), put: 0 }))
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
        if state.0.is_empty() {
            state.1 = Some(cx.waker().clone());
            return Poll::Pending;
        }
        batch.extend(state.0.drain(..).map(Inbound::Message));
        Poll::Ready(Ok(()))
    }
}

/// Forgets everything, but answers invocations.
struct NullSink {
    feed: Arc<Feed>,
    progress: Arc<Progress>,
    invocations: u64,
    answers: Vec<Bytes>,
    put: usize,
}

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
        1 << 24
    }
}
