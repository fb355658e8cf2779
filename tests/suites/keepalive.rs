//! Silent peers: probed where the transport has a probe, left alone where it has none. On a clock of its own.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use crossway_anonymous::Anonymous;
use crossway_client::Session;
use crossway_core::serializer::Serializer;
use crossway_core::transport::{
    Backlog, Close, Outgoing, Sink, Source, Transport, TransportError, TransportInfo,
};
use crossway_core::{RealmConfig, Router};
use crossway_json::Json;
use crossway_memory::{MemoryOptions, MemoryTransport, pair};

const INTERVAL: Duration = Duration::from_secs(1);

/// A transport with an interval, and with or without a probe; nobody ever answers one.
struct Watched {
    inner: MemoryTransport,
    probes: bool,
}

impl Transport for Watched {
    fn serializer(&self) -> Arc<dyn Serializer> {
        self.inner.serializer()
    }
    fn info(&self) -> Arc<TransportInfo> {
        self.inner.info()
    }
    fn keepalive(&self) -> Option<Duration> {
        Some(INTERVAL)
    }
    fn split(self: Box<Self>) -> (Box<dyn Source>, Box<dyn Sink>) {
        let (source, sink) = Box::new(self.inner).split();
        (source, Box::new(WatchedSink { inner: sink, probes: self.probes }))
    }
}

struct WatchedSink {
    inner: Box<dyn Sink>,
    probes: bool,
}

impl Sink for WatchedSink {
    fn put(&mut self, message: Outgoing<'_>) {
        self.inner.put(message);
    }
    fn control(&mut self, frame: Bytes) {
        self.inner.control(frame);
    }
    fn ping(&mut self) -> bool {
        self.probes
    }
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        self.inner.poll_flush(cx)
    }
    fn poll_close(&mut self, cx: &mut Context<'_>, why: Close) -> Poll<()> {
        self.inner.poll_close(cx, why)
    }
    fn backlog(&self) -> Backlog {
        self.inner.backlog()
    }
    fn max_message(&self) -> usize {
        self.inner.max_message()
    }
}

async fn join(probes: bool) -> Session {
    let realm = RealmConfig::new("realm1").authenticator(Arc::new(Anonymous::default()));
    let router = Router::builder().realm(realm).build().expect("realm1 is a URI");
    let (ours, theirs) = pair(Arc::new(Json), &MemoryOptions::default());
    let watched = Watched { inner: theirs, probes };
    tokio::spawn(async move { router.attach(Box::new(watched)).await });
    Session::join(ours, "realm1").await.expect("anybody may join")
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_leaves_a_probe_unanswered_is_given_up() {
    let session = join(true).await;
    session.ended().await;
}

/// autobahn-python on RawSocket gets no probe, and used to be taken for dead after two intervals all the same.
#[tokio::test(start_paused = true)]
async fn a_peer_that_cannot_be_probed_is_left_alone() {
    let session = join(false).await;
    tokio::time::sleep(20 * INTERVAL).await;
    session.publish("com.example.alive").acknowledge().await.expect("still there");
}
