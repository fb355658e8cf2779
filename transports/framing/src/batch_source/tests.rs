#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::VecDeque;
use std::task::{Context, Poll, Waker};

use bytes::{Bytes, BytesMut};
use crossway_core::transport::{Inbound, Outgoing, Source, TransportError};
use proptest::collection::vec;
use proptest::prelude::*;

use super::{BatchSource, PORTION};
use crate::{Batching, Separator};

/// Hands over what it was given, one read after the other, and closes.
struct Reads(VecDeque<Vec<Inbound>>);

impl Source for Reads {
    fn poll_batch(
        &mut self,
        _cx: &mut Context<'_>,
        batch: &mut Vec<Inbound>,
    ) -> Poll<Result<(), TransportError>> {
        match self.0.pop_front() {
            Some(read) => {
                batch.extend(read);
                Poll::Ready(Ok(()))
            }
            None => Poll::Ready(Err(TransportError::Closed)),
        }
    }
}

fn source(reads: impl IntoIterator<Item = Vec<Inbound>>) -> BatchSource<Reads> {
    BatchSource::new(Reads(reads.into_iter().collect()), Batching::Separated, Separator::default(), 100)
}

fn message(octets: &[u8]) -> Inbound {
    Inbound::Message(Bytes::copy_from_slice(octets))
}

/// One call, in words: messages as they are, other things by name, an error by what it says.
fn poll(source: &mut BatchSource<Reads>) -> Result<Vec<String>, String> {
    let mut batch = Vec::new();
    let cx = &mut Context::from_waker(Waker::noop());
    match source.poll_batch(cx, &mut batch) {
        Poll::Pending => panic!("the reads are there at once"),
        Poll::Ready(Err(error)) => Err(error.to_string()),
        Poll::Ready(Ok(())) => Ok(batch.into_iter().map(words).collect()),
    }
}

fn words(inbound: Inbound) -> String {
    match inbound {
        Inbound::Message(message) => String::from_utf8(message.to_vec()).unwrap(),
        Inbound::Reply(_) => "reply".into(),
        Inbound::Alive => "alive".into(),
    }
}

#[test]
fn batches_are_taken_apart_and_everything_else_keeps_its_place() {
    let read = vec![message(b"a\x1Eb\x1E"), Inbound::Alive, message(b"c\x1E"), Inbound::Reply(Bytes::new())];
    let mut source = source([read, vec![message(b"d\x1E")]]);
    assert_eq!(poll(&mut source).unwrap(), ["a", "b", "alive", "c", "reply"]);
    assert_eq!(poll(&mut source).unwrap(), ["d"]);
    assert_eq!(poll(&mut source), Err("closed by the peer".into()));
}

#[test]
fn what_came_before_an_error_is_handed_over_and_nothing_behind_it() {
    let mut source =
        source([vec![message(b"a\x1Eb\x1E\x1Ec\x1E"), message(b"d\x1E")], vec![message(b"e\x1E")]]);
    assert_eq!(poll(&mut source).unwrap(), ["a", "b"]);
    assert_eq!(poll(&mut source), Err("transport violation: an empty message in a batch".into()));
    assert_eq!(poll(&mut source), Err("closed by the peer".into()));
}

#[test]
fn an_error_at_the_beginning_is_told_at_once() {
    let mut source = source([vec![message(b"")]]);
    assert_eq!(poll(&mut source), Err("transport violation: a batch without messages".into()));
}

#[test]
fn a_long_batch_comes_in_portions() {
    let mut source = source([vec![message(&b"x\x1E".repeat(2 * PORTION + 1)), Inbound::Alive]]);
    assert_eq!(poll(&mut source).unwrap().len(), PORTION);
    assert_eq!(poll(&mut source).unwrap().len(), PORTION);
    assert_eq!(poll(&mut source).unwrap(), ["x", "alive"]);
}

#[test]
fn nothing_is_held_that_was_handed_over() {
    let batch = Bytes::from(b"a\x1Eb\x1E".to_vec());
    let mut source = source([vec![Inbound::Message(batch.clone())]]);
    poll(&mut source).unwrap();
    assert!(batch.is_unique());
    assert_eq!(source.arrived.capacity(), 0);
}

proptest! {
    #[test]
    fn how_messages_are_put_into_batches_and_reads_makes_no_difference(
        batches in vec((vec("[a-z]{1,9}", 1..9), any::<bool>()), 0..9),
    ) {
        let mut reads = vec![Vec::new()];
        for (messages, ends) in &batches {
            let mut batch = BytesMut::new();
            for message in messages {
                let message = Outgoing { head: message.as_bytes(), payload: &Bytes::new(), tail: b"" };
                Batching::Separated.write(message, &mut batch);
            }
            reads.last_mut().unwrap().push(Inbound::Message(batch.freeze()));
            if *ends {
                reads.push(Vec::new());
            }
        }
        reads.retain(|read| !read.is_empty());
        let mut source = source(reads);
        let mut all = Vec::new();
        while let Ok(more) = poll(&mut source) {
            prop_assert!(!more.is_empty());
            all.extend(more);
        }
        let expected: Vec<_> = batches.into_iter().flat_map(|(messages, _)| messages).collect();
        prop_assert_eq!(all, expected);
    }
}
