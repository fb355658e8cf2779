//! The accept loop.
//!
//! Law: no task outlives the call of [`serve()`]. While it runs, it owns every connection's task; when the router closes it
//! stops accepting, and returns after the last connection has ended; when it is dropped, they are cut off.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use bytes::BytesMut;
use crossway_core::Router;
use crossway_core::transport::Transport;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::{Accepted, Allowed, Arrival, Handshake, HandshakeError, Host, Listener, Peer};

/// Where transports go: the router. Tests put something smaller here.
pub trait Attach: Clone + Send + Sync + 'static {
    /// Serves one connection until it ends.
    fn attach(&self, transport: Box<dyn Transport>) -> impl Future<Output = ()> + Send;

    /// Waits until no more connections are wanted.
    fn closing(&self) -> impl Future<Output = ()> + Send;
}

impl Attach for Router {
    async fn attach(&self, transport: Box<dyn Transport>) {
        Router::attach(self, transport).await;
    }

    async fn closing(&self) {
        Router::closing(self).await;
    }
}

/// How a listener is run.
#[derive(Clone, Debug)]
pub struct ServeOptions {
    /// The listener's name in logs and in [`TransportInfo::transport`](crossway_core::transport::TransportInfo).
    pub name: String,
    /// The time for the whole handshake of the transport, TLS included. 10 s.
    pub handshake_timeout: Duration,
    /// How long a peer may be silent before it is probed, and how long the probe may stay unanswered. `None` never
    /// probes. 30 s.
    pub keepalive: Option<Duration>,
    /// The ways of logging in that are allowed here, all that a realm has unless something is said. Keep a clone to change it.
    pub authmethods: Allowed,
    /// The most connections at a time, those in their handshake included. 10,000.
    pub max_connections: usize,
    /// What happened so far. Keep a clone to read it.
    pub counters: Arc<ListenerCounters>,
}

impl ServeOptions {
    /// The defaults.
    pub fn new(name: impl Into<String>) -> Self {
        ServeOptions {
            name: name.into(),
            handshake_timeout: Duration::from_secs(10),
            keepalive: Some(Duration::from_secs(30)),
            authmethods: Allowed::default(),
            max_connections: 10_000,
            counters: Arc::default(),
        }
    }
}

/// What happened at a listener.
#[derive(Debug, Default)]
pub struct ListenerCounters {
    /// Connections accepted.
    pub accepted: AtomicU64,
    /// Of those, refused because `max_connections` were there.
    pub refused: AtomicU64,
    /// Of those, given up because the handshake took too long.
    pub timed_out: AtomicU64,
    /// Of those, failed in their handshake for another reason.
    pub failed: AtomicU64,
    /// Connections that are there now, the handshake included.
    pub open: AtomicUsize,
}

/// A connection beyond the limit costs a handshake too, so that it can be told why. This many may be told at a time, for
/// this long; further ones are dropped without a word.
const REFUSALS: usize = 64;
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(2);

/// Accepts connections and hands them to the router, until the router closes and the last of them has ended.
pub async fn serve<L, H, A>(mut listener: L, handshake: Arc<H>, router: A, options: ServeOptions)
where
    L: Listener,
    H: Handshake<L::Io> + ?Sized,
    A: Attach,
{
    let (host, mut transports, close) = Host::new();
    let door = Door { handshake, router: router.clone(), host, options, refusing: AtomicUsize::new(0) };
    let door = Arc::new(door);
    let mut tasks = JoinSet::new();
    let mut closing = pin!(router.closing());
    loop {
        tokio::select! {
            biased;
            () = &mut closing => break,
            Some(ended) = tasks.join_next() => log_panic(ended),
            Some(transport) = transports.recv() => {
                let router = router.clone();
                tasks.spawn(async move { router.attach(transport).await });
            }
            (io, peer) = listener.accept() => door.open(io, peer, &mut tasks),
        }
    }
    drop((listener, transports));
    close.send_replace(true);
    while let Some(ended) = tasks.join_next().await {
        log_panic(ended);
    }
}

fn log_panic(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a connection's task ended badly");
    }
}

struct Door<H: ?Sized, A> {
    router: A,
    host: Host,
    options: ServeOptions,
    refusing: AtomicUsize,
    handshake: Arc<H>,
}

impl<H: ?Sized + Send + Sync + 'static, A: Attach> Door<H, A> {
    fn open<Io: crate::Split>(self: &Arc<Self>, io: Io, mut peer: Peer, tasks: &mut JoinSet<()>)
    where
        H: Handshake<Io>,
    {
        let counters = &self.options.counters;
        counters.accepted.fetch_add(1, Relaxed);
        peer.transport.clone_from(&self.options.name);
        peer.keepalive = self.options.keepalive;
        peer.authmethods = self.options.authmethods.now();
        let mut arrival = Arrival { io, seen: BytesMut::new(), peer, full: false };
        // Only this loop adds to either count, so looking first and taking later can't exceed a limit.
        if let Some(place) =
            Place::take(self, |door| &door.options.counters.open, self.options.max_connections)
        {
            tasks.spawn(Self::connection(Arc::clone(self), arrival, place));
            return;
        }
        counters.refused.fetch_add(1, Relaxed);
        if let Some(place) = Place::take(self, |door| &door.refusing, REFUSALS) {
            arrival.full = true;
            tasks.spawn(Self::refusal(Arc::clone(self), arrival, place));
        }
    }

    async fn connection<Io: crate::Split>(self: Arc<Self>, arrival: Arrival<Io>, place: Place<H, A>)
    where
        H: Handshake<Io>,
    {
        // In a box that is gone afterwards: a task is as large as the largest of what it awaits, for its whole life.
        match Box::pin(self.agree(arrival)).await {
            Some(Accepted::Transport(transport)) => self.router.attach(transport).await,
            // Boxed by the trait.
            Some(Accepted::Conversation(conversation)) => conversation.run(self.host.clone()).await,
            None => {}
        }
        drop(place);
    }

    /// The handshake; tells the log why nothing came of it.
    async fn agree<Io: crate::Split>(&self, arrival: Arrival<Io>) -> Option<Accepted>
    where
        H: Handshake<Io>,
    {
        let peer = arrival.peer.address.clone();
        let handshake = timeout(self.options.handshake_timeout, self.handshake.accept(arrival));
        let outcome = tokio::select! {
            outcome = handshake => outcome,
            () = self.router.closing() => return None,
        };
        match outcome {
            Ok(Ok(accepted)) => return Some(accepted),
            Ok(Err(error)) => self.failed(&peer, &error),
            Err(_elapsed) => self.timed_out(&peer),
        }
        None
    }

    async fn refusal<Io: crate::Split>(self: Arc<Self>, arrival: Arrival<Io>, place: Place<H, A>)
    where
        H: Handshake<Io>,
    {
        tracing::debug!(listener = %self.options.name, peer = %arrival.peer.address, "refused: too many connections");
        // A handshake that agreed all the same gave us something; dropping it closes the connection.
        let _ = timeout(REFUSAL_TIMEOUT, self.handshake.accept(arrival)).await;
        drop(place);
    }

    fn failed(&self, peer: &str, error: &HandshakeError) {
        self.options.counters.failed.fetch_add(1, Relaxed);
        tracing::debug!(listener = %self.options.name, peer, %error, "handshake failed");
    }

    fn timed_out(&self, peer: &str) {
        self.options.counters.timed_out.fetch_add(1, Relaxed);
        tracing::debug!(listener = %self.options.name, peer, "handshake timed out");
    }
}

/// One of a limited number of places, given back when dropped.
struct Place<H: ?Sized, A> {
    door: Arc<Door<H, A>>,
    count: fn(&Door<H, A>) -> &AtomicUsize,
}

impl<H: ?Sized, A> Place<H, A> {
    fn take(door: &Arc<Door<H, A>>, count: fn(&Door<H, A>) -> &AtomicUsize, limit: usize) -> Option<Self> {
        let taken = count(door);
        if taken.load(Relaxed) >= limit {
            return None;
        }
        taken.fetch_add(1, Relaxed);
        Some(Place { door: Arc::clone(door), count })
    }
}

impl<H: ?Sized, A> Drop for Place<H, A> {
    fn drop(&mut self) {
        (self.count)(&self.door).fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests;
