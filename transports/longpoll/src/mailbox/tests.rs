#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use crossway_core::transport::{Backlog, Close, TransportError};
use crossway_framing::Batching;

use super::{Fetched, INBOUND, InFlight, Mailbox};

const HOLD: Duration = Duration::from_millis(10);

fn mailbox(batching: Option<Batching>) -> Arc<Mailbox> {
    Mailbox::new(batching, "text/plain")
}

fn put(mailbox: &Mailbox, messages: &[&'static str]) {
    for message in messages {
        mailbox.put(Bytes::from_static(message.as_bytes()), 1);
    }
}

/// What a request gets, which there is.
async fn fetched(mailbox: &Arc<Mailbox>) -> (Vec<Bytes>, InFlight) {
    match mailbox.receive(HOLD).await {
        Fetched::Items(items, in_flight) => (items, in_flight),
        other => panic!("{other:?}"),
    }
}

fn flushed(mailbox: &Mailbox) -> Poll<Result<(), String>> {
    mailbox.poll_flush(&mut Context::from_waker(Waker::noop())).map_err(|error| error.to_string())
}

fn arrived(mailbox: &Mailbox) -> Poll<Result<Vec<Bytes>, String>> {
    let arrived = mailbox.poll_arrived(&mut Context::from_waker(Waker::noop()));
    arrived.map(|arrived| arrived.map(Vec::from).map_err(|error| error.to_string()))
}

// covers: LP-10
#[tokio::test]
async fn one_message_for_each_request() {
    let mailbox = mailbox(None);
    put(&mailbox, &["a", "b"]);
    for message in ["a", "b"] {
        assert!(flushed(&mailbox).is_pending());
        let (items, in_flight) = fetched(&mailbox).await;
        assert_eq!(items, [message]);
        in_flight.written();
    }
    assert_eq!(flushed(&mailbox), Poll::Ready(Ok(())));
    assert!(matches!(mailbox.receive(HOLD).await, Fetched::Nothing));
}

// covers: LP-11
#[tokio::test]
async fn all_messages_for_one_request() {
    let mailbox = mailbox(Some(Batching::Separated));
    put(&mailbox, &["a", "b", "c"]);
    assert_eq!(mailbox.backlog(), Backlog { bytes: 3, messages: 3 });
    let (items, in_flight) = fetched(&mailbox).await;
    assert_eq!(items, ["a", "b", "c"]);
    in_flight.written();
    assert_eq!(mailbox.backlog(), Backlog::default());
}

// covers: LP-09
#[tokio::test]
async fn what_was_not_written_is_fetched_again() {
    let mailbox = mailbox(Some(Batching::Separated));
    put(&mailbox, &["a"]);
    let (_, in_flight) = fetched(&mailbox).await;
    put(&mailbox, &["b"]);
    assert!(matches!(mailbox.receive(HOLD).await, Fetched::Nothing), "one response at a time");
    assert_eq!(mailbox.backlog().messages, 2);
    drop(in_flight);
    let (items, in_flight) = fetched(&mailbox).await;
    assert_eq!(items, ["a", "b"]);
    put(&mailbox, &["c"]);
    in_flight.written();
    assert_eq!(fetched(&mailbox).await.0, ["c"]);
}

#[tokio::test]
async fn a_request_that_waits_gets_what_is_flushed() {
    let mailbox = mailbox(None);
    let waiting = tokio::spawn({
        let mailbox = Arc::clone(&mailbox);
        async move { fetched(&mailbox).await.0 }
    });
    tokio::task::yield_now().await;
    put(&mailbox, &["a"]);
    assert!(flushed(&mailbox).is_pending());
    assert_eq!(waiting.await.unwrap(), ["a"]);
}

// covers: LP-16
#[tokio::test]
async fn a_later_request_sends_the_earlier_one_away() {
    let mailbox = mailbox(None);
    let early = tokio::spawn({
        let mailbox = Arc::clone(&mailbox);
        async move { mailbox.receive(Duration::MAX / 4).await }
    });
    tokio::task::yield_now().await;
    assert!(matches!(mailbox.receive(HOLD).await, Fetched::Nothing), "for it came nothing");
    assert!(matches!(early.await.unwrap(), Fetched::Nothing), "it was sent away");
}

#[tokio::test]
async fn what_is_sent_waits_for_room() {
    let mailbox = mailbox(None);
    let long = Bytes::from(vec![b'x'; 2 * INBOUND]);
    assert!(mailbox.send(long.clone()).await, "one body fits in any case");
    let waiting = tokio::spawn({
        let mailbox = Arc::clone(&mailbox);
        async move { mailbox.send(Bytes::from_static(b"y")).await }
    });
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished());
    assert_eq!(arrived(&mailbox), Poll::Ready(Ok(vec![long])));
    assert!(waiting.await.unwrap());
    assert_eq!(arrived(&mailbox), Poll::Ready(Ok(vec![Bytes::from_static(b"y")])));
    assert!(arrived(&mailbox).is_pending());
}

#[tokio::test]
async fn after_a_violation_the_client_may_fetch_but_not_send() {
    let mailbox = mailbox(None);
    put(&mailbox, &["a"]);
    assert!(mailbox.send(Bytes::from_static(b"before")).await);
    mailbox.fail(TransportError::violation(Close::ProtocolError, "nonsense"));
    mailbox.fail(TransportError::violation(Close::ProtocolError, "more nonsense"));
    assert!(!mailbox.send(Bytes::from_static(b"after")).await);
    assert_eq!(arrived(&mailbox), Poll::Ready(Ok(vec![Bytes::from_static(b"before")])));
    assert_eq!(arrived(&mailbox), Poll::Ready(Err("transport violation: nonsense".into())));
    assert_eq!(arrived(&mailbox), Poll::Ready(Err("closed by the peer".into())));
    mailbox.finish();
    let (items, in_flight) = fetched(&mailbox).await;
    assert_eq!(items, ["a"]);
    in_flight.written();
    assert!(matches!(mailbox.receive(HOLD).await, Fetched::Gone));
}

#[tokio::test]
async fn closing_is_the_end_for_both_sides() {
    let mailbox = mailbox(None);
    put(&mailbox, &["a"]);
    mailbox.close();
    assert!(!mailbox.send(Bytes::new()).await);
    assert!(matches!(mailbox.receive(HOLD).await, Fetched::Gone));
    assert_eq!(arrived(&mailbox), Poll::Ready(Err("closed by the peer".into())));
    assert_eq!(flushed(&mailbox), Poll::Ready(Err("closed by the peer".into())));
}
