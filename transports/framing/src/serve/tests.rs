use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use async_trait::async_trait;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::mpsc;

use super::{REFUSALS, ServeOptions, serve};
use crate::testing::Echo;
use crate::{Accepted, Arrival, Handshake, HandshakeError, Listener, Locked, Peer};

/// Connections that a test makes.
struct Hand(mpsc::UnboundedReceiver<DuplexStream>);

impl Listener for Hand {
    type Io = Locked<DuplexStream>;

    async fn accept(&mut self) -> (Self::Io, Peer) {
        match self.0.recv().await {
            Some(io) => (Locked(io), Peer::default()),
            None => pending().await,
        }
    }

    fn address(&self) -> String {
        "hand".to_owned()
    }
}

/// Does what the first octet says.
struct Moody;

#[async_trait]
impl Handshake<Locked<DuplexStream>> for Moody {
    async fn accept(&self, mut arrival: Arrival<Locked<DuplexStream>>) -> Result<Accepted, HandshakeError> {
        if arrival.full {
            arrival.io.write_all(b"full").await?;
            arrival.io.read_u8().await?;
            return Err(HandshakeError::Full);
        }
        arrival.read_to(1).await?;
        match arrival.seen[0] {
            b'p' => panic!("a bug in a plug-in"),
            b'r' => Err(HandshakeError::refused("not today")),
            _ => pending().await,
        }
    }
}

fn start(options: ServeOptions) -> (mpsc::UnboundedSender<DuplexStream>, Echo, tokio::task::JoinHandle<()>) {
    let (hand, connections) = mpsc::unbounded_channel();
    let (echo, _) = Echo::new();
    let serving = tokio::spawn(serve(Hand(connections), Arc::new(Moody), echo.clone(), options));
    (hand, echo, serving)
}

/// A connection that sends `octets`.
async fn connect(hand: &mpsc::UnboundedSender<DuplexStream>, octets: &[u8]) -> DuplexStream {
    let (mut ours, theirs) = duplex(64);
    hand.send(theirs).expect("a listener");
    ours.write_all(octets).await.expect("room for a few octets");
    ours
}

/// Everything up to the end.
async fn rest(stream: &mut DuplexStream) -> String {
    let mut rest = String::new();
    stream.read_to_string(&mut rest).await.expect("an end");
    rest
}

#[tokio::test]
async fn a_handshake_that_fails_or_panics_concerns_nobody_else() {
    let options = ServeOptions::new("test");
    let counters = Arc::clone(&options.counters);
    let (hand, echo, serving) = start(options);
    for octet in [b"r", b"p", b"r"] {
        assert_eq!(rest(&mut connect(&hand, octet).await).await, "");
    }
    echo.close();
    serving.await.expect("the loop lives on");
    assert_eq!((counters.accepted.load(Relaxed), counters.failed.load(Relaxed)), (3, 2));
    assert_eq!(counters.open.load(Relaxed), 0, "a place is given back even by a panic");
}

#[tokio::test(start_paused = true)]
async fn a_handshake_without_end_is_given_up_after_its_time() {
    let options = ServeOptions { handshake_timeout: Duration::from_secs(3), ..ServeOptions::new("test") };
    let counters = Arc::clone(&options.counters);
    let (hand, _echo, _serving) = start(options);
    let begin = tokio::time::Instant::now();
    assert_eq!(rest(&mut connect(&hand, b"x").await).await, "");
    assert_eq!(begin.elapsed().as_secs(), 3);
    assert_eq!(counters.timed_out.load(Relaxed), 1);
}

#[tokio::test]
async fn a_closing_router_ends_handshakes() {
    let (hand, echo, serving) = start(ServeOptions::new("test"));
    let mut stuck = connect(&hand, b"x").await;
    tokio::task::yield_now().await;
    echo.close();
    assert_eq!(rest(&mut stuck).await, "");
    serving.await.expect("the loop has ended");
}

#[tokio::test]
async fn no_connection_outlives_the_loop() {
    let options = ServeOptions::new("test");
    let counters = Arc::clone(&options.counters);
    let (hand, _echo, serving) = start(options);
    let mut stuck = connect(&hand, b"x").await;
    while counters.open.load(Relaxed) == 0 {
        tokio::task::yield_now().await;
    }
    serving.abort();
    assert_eq!(rest(&mut stuck).await, "");
    assert_eq!(counters.open.load(Relaxed), 0);
}

#[tokio::test(start_paused = true)]
async fn refusals_are_limited_as_well() {
    let options = ServeOptions { max_connections: 0, ..ServeOptions::new("test") };
    let counters = Arc::clone(&options.counters);
    let (hand, _echo, _serving) = start(options);
    let mut streams = Vec::new();
    for _ in 0..REFUSALS + 10 {
        streams.push(connect(&hand, b"").await);
    }
    let (mut told, mut dropped) = (0, 0);
    for stream in &mut streams {
        match &rest(stream).await[..] {
            "full" => told += 1,
            _ => dropped += 1,
        }
    }
    assert_eq!((told, dropped), (REFUSALS, 10));
    assert_eq!(counters.refused.load(Relaxed), REFUSALS as u64 + 10);
}
