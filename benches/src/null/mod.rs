//! Transports without a wire, and sessions over them.
//!
//! ```text
//!   Peer::feed ── frames ──> Feed ──> Source ──> Router: scan, route, encode, outbox ──> Sink that counts ──> Progress
//!                              ^                                                           │
//!                              └────────────── YIELD for every INVOCATION ─────────────────┘
//! ```

mod transport;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use bytes::Bytes;
use crossway_anonymous::Anonymous;
use crossway_cbor::Cbor;
use crossway_core::message::{
    Call, CallOptions, Hello, Message, Payload, Publish, PublishOptions, Register, RegisterOptions,
    Subscribe, SubscribeOptions,
};
use crossway_core::serializer::Serializer;
use crossway_core::{Dict, Id, MetaApi, RealmConfig, Router, Value};
use crossway_json::Json;
use crossway_msgpack::MessagePack;
use tokio::runtime::Runtime;
use tokio::sync::Notify;
use transport::{Feed, Null};

/// A router with one realm, its runtime, and what has been delivered so far.
pub struct Bench {
    runtime: Runtime,
    router: Router,
    progress: Arc<Progress>,
}

/// Whether a transport takes frames that receivers share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frames {
    /// It does, in the framing of RawSocket.
    Shared,
    /// It takes every message by itself, as WebSocket with compression does.
    OneByOne,
}

/// What has been delivered, and who waits for it.
#[derive(Default)]
struct Progress {
    delivered: AtomicUsize,
    target: AtomicUsize,
    reached: Notify,
}

impl Progress {
    /// So many messages came out.
    fn add(&self, messages: usize) {
        let delivered = self.delivered.fetch_add(messages, Ordering::SeqCst) + messages;
        if delivered >= self.target.load(Ordering::SeqCst) {
            self.reached.notify_one();
        }
    }
}

impl Bench {
    /// On this thread, or on `threads` others.
    pub fn new(threads: usize) -> Self {
        Bench::with_meta_api(threads, MetaApi::default())
    }

    /// As [`new`](Self::new), with this much of the meta API.
    pub fn with_meta_api(threads: usize, meta: MetaApi) -> Self {
        Bench::with_realm(threads, |realm| realm.meta_api(meta))
    }

    /// As [`new`](Self::new), with another realm.
    pub fn with_realm(threads: usize, change: impl FnOnce(RealmConfig) -> RealmConfig) -> Self {
        let mut builder = match threads {
            0 => tokio::runtime::Builder::new_current_thread(),
            _ => tokio::runtime::Builder::new_multi_thread(),
        };
        let runtime = builder.worker_threads(threads.max(1)).enable_time().build().unwrap();
        let realm = change(RealmConfig::new("realm1").authenticator(Arc::new(Anonymous::default())));
        let router = Router::builder().realm(realm).build().unwrap();
        Bench { runtime, router, progress: Arc::default() }
    }

    /// A session with MessagePack that takes events in frames that receivers share, as most transports do.
    pub fn join(&self) -> Peer {
        self.join_with(Arc::new(MessagePack), Frames::Shared)
    }

    /// A session with MessagePack, JSON or CBOR, in turn.
    pub fn join_speaking(&self, number: usize) -> Peer {
        let serializer: Arc<dyn Serializer> = match number % 3 {
            0 => Arc::new(MessagePack),
            1 => Arc::new(Json),
            _ => Arc::new(Cbor),
        };
        self.join_with(serializer, Frames::Shared)
    }

    /// A session. Those that are called have to speak MessagePack.
    pub fn join_with(&self, serializer: Arc<dyn Serializer>, frames: Frames) -> Peer {
        let feed = Arc::new(Feed::default());
        let progress = Arc::clone(&self.progress);
        let null = Null { serializer: Arc::clone(&serializer), frames, feed: Arc::clone(&feed), progress };
        let router = self.router.clone();
        self.runtime.spawn(async move { router.attach(Box::new(null)).await });
        let peer = Peer { serializer, feed, requests: AtomicU64::new(0) };
        let roles = ["publisher", "subscriber", "caller", "callee"].map(|role| (role, Dict::new()));
        let details = Dict::new().with("roles", roles.into_iter().collect::<Dict>());
        peer.say(self, Hello { realm: "realm1".into(), details });
        peer
    }

    /// Waits until all sessions have left.
    pub fn empty(&self) {
        self.runtime.block_on(async {
            while self.router.connections() > 0 {
                tokio::task::yield_now().await;
            }
        });
    }

    /// Feeds something, and waits until so many messages have come out.
    pub fn deliver(&self, messages: usize, feed: impl FnOnce()) {
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
pub struct Peer {
    serializer: Arc<dyn Serializer>,
    feed: Arc<Feed>,
    requests: AtomicU64,
}

impl Peer {
    /// Has the router find `frames`.
    pub fn feed(&self, frames: &[Bytes]) {
        self.feed.push(frames);
    }

    /// Subscribes to a topic.
    pub fn subscribe(&self, bench: &Bench, topic: &str) {
        let (request, options) = (self.next(), SubscribeOptions::default());
        self.say(bench, Subscribe { request, options, topic: topic.into() });
    }

    /// Registers a procedure. Whoever calls it is answered at once, without a payload.
    pub fn register(&self, bench: &Bench, procedure: &str) {
        let (request, options) = (self.next(), RegisterOptions::default());
        self.say(bench, Register { request, options, procedure: procedure.into() });
    }

    /// The frame of a PUBLISH.
    pub fn publish(&self, topic: &str) -> Bytes {
        let (request, options) = (self.next(), PublishOptions::default());
        self.frame(Publish { request, options, topic: topic.into(), payload: self.payload() })
    }

    /// The frame of a CALL.
    pub fn call(&self, procedure: &str) -> Bytes {
        let (request, options) = (self.next(), CallOptions::default());
        self.frame(Call { request, options, procedure: procedure.into(), payload: self.payload() })
    }

    /// Breaks the connection. What comes after is not waited for: see [`Bench::empty`].
    pub fn hang_up(self) {
        self.feed.end();
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
