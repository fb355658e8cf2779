#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::task::{Context, Waker};

use bytes::{Bytes, BytesMut};
use crossway_core::transport::{Backlog, Close, Framed, Outgoing, Sink};
use crossway_framing::Batching::{self, Prefixed, Separated};
use crossway_framing::Separator;
use proptest::collection::vec;
use proptest::prelude::*;

use super::{ALONE, BatchSink, MESSAGES, OCTETS};
use crate::deflate::{DEFLATED, inflate};
use crate::extension::Agreement;
use crate::wire::Wire;

/// A sink and what it has written.
struct Receiver {
    sink: BatchSink<Wire>,
    wire: Wire,
}

impl Receiver {
    fn new(batching: Batching) -> Self {
        Self::agreed(batching, None)
    }

    fn compressed() -> Self {
        Self::agreed(Separated, Some(Agreement { window_bits: 15 }))
    }

    fn agreed(batching: Batching, agreement: Option<Agreement>) -> Self {
        let wire = Wire::default();
        Receiver { sink: BatchSink::new(wire.clone(), batching, Separator::default(), agreement), wire }
    }

    fn put(&mut self, head: &str, payload: &[u8]) {
        let payload = Bytes::copy_from_slice(payload);
        self.sink.put(Outgoing { head: head.as_bytes(), payload: &payload, tail: b"]" });
    }

    /// Messages that core has framed for everybody.
    fn put_framed(&mut self, messages: &[&str]) {
        let mut octets = BytesMut::new();
        let frame = self.sink.framing().unwrap().frame;
        for message in messages {
            frame(Outgoing { head: message.as_bytes(), payload: &Bytes::new(), tail: b"" }, &mut octets);
        }
        let longest = messages.iter().map(|message| message.len()).max().unwrap();
        self.sink.put_framed(Framed { octets: &octets.freeze(), messages: messages.len(), longest });
    }

    /// What a flush writes.
    fn flush(&mut self) -> Vec<u8> {
        assert!(self.sink.poll_flush(&mut Context::from_waker(Waker::noop())).is_ready());
        self.wire.take()
    }
}

/// The first octets and the payloads of frames.
fn frames(mut octets: &[u8]) -> Vec<(u8, &[u8])> {
    let mut frames = Vec::new();
    while let [first, short, ..] = *octets {
        let (header, len) = match short {
            126 => (4, usize::from(u16::from_be_bytes(octets[2..4].try_into().unwrap()))),
            127 => (10, u64::from_be_bytes(octets[2..10].try_into().unwrap()) as usize),
            short => (2, usize::from(short)),
        };
        let (frame, rest) = octets.split_at(header + len);
        frames.push((first, &frame[header..]));
        octets = rest;
    }
    frames
}

/// The messages of a batch.
fn messages(batching: Batching, batch: &[u8]) -> Vec<Bytes> {
    let mut batch = Bytes::copy_from_slice(batch);
    let mut messages = Vec::new();
    while messages.is_empty() || !batch.is_empty() {
        messages.push(batching.take(&mut batch, &Separator::default(), usize::MAX).unwrap());
    }
    messages
}

// covers: BATCH-01, BATCH-03, BATCH-08
#[test]
fn what_waits_is_one_message_in_its_order() {
    let mut text = Receiver::new(Separated);
    text.put("[36,1,", b"[1]");
    text.put_framed(&["[36,2]", "[36,3]"]);
    text.put("[50,4", b"");
    assert_eq!(text.flush(), b"\x81\x20[36,1,[1]]\x1E[36,2]\x1E[36,3]\x1E[50,4]\x1E");

    let mut binary = Receiver::new(Prefixed);
    binary.put("a", b"bc");
    binary.put_framed(&["de"]);
    assert_eq!(binary.flush(), b"\x82\x0E\0\0\0\x04abc]\0\0\0\x02de");
}

// covers: BATCH-05
#[test]
fn a_single_message_is_a_batch() {
    let mut text = Receiver::new(Separated);
    text.put("[1", b"");
    assert_eq!(text.flush(), b"\x81\x04[1]\x1E");
    text.put("[2", b"");
    assert_eq!(text.flush(), b"\x81\x04[2]\x1E");
}

// covers: BATCH-06
#[test]
fn where_nothing_waits_nothing_is_sent() {
    let mut receiver = Receiver::new(Separated);
    assert_eq!(receiver.flush(), b"");
    assert!(receiver.sink.ping());
    assert_eq!(receiver.flush()[0], 0x89);
    assert_eq!(receiver.flush(), b"");
}

#[test]
fn closing_sends_what_waits_first() {
    let mut receiver = Receiver::new(Separated);
    receiver.put("[6", b"");
    let cx = &mut Context::from_waker(Waker::noop());
    assert!(receiver.sink.poll_close(cx, Close::Normal).is_ready());
    assert_eq!(receiver.wire.take(), b"\x81\x04[6]\x1E\x88\x02\x03\xE8");
}

#[test]
fn a_batch_is_bounded_in_messages_and_octets() {
    let mut receiver = Receiver::new(Prefixed);
    for _ in 0..2 * MESSAGES + 1 {
        receiver.put("x", b"");
    }
    let written = receiver.flush();
    let counts: Vec<_> = frames(&written).iter().map(|(_, batch)| messages(Prefixed, batch).len()).collect();
    assert_eq!(counts, [MESSAGES, MESSAGES, 1]);

    for _ in 0..50 {
        receiver.put("", &[b'x'; ALONE - 1]);
    }
    let written = receiver.flush();
    let lengths: Vec<_> = frames(&written).iter().map(|(_, batch)| batch.len()).collect();
    assert!(lengths.iter().all(|len| *len <= OCTETS), "{lengths:?}");
    assert_eq!(lengths.len(), 4);
}

#[test]
fn long_payloads_are_kept_by_reference_between_their_neighbours() {
    for batching in [Separated, Prefixed] {
        let mut receiver = Receiver::new(batching);
        let payload = Bytes::from(vec![b'x'; ALONE]);
        receiver.put("a", b"");
        receiver.sink.put(Outgoing { head: b"b", payload: &payload, tail: b"]" });
        assert!(!payload.is_unique(), "the payload is not copied");
        receiver.put("c", b"");
        let written = receiver.flush();
        let whole = [b"b", &payload[..], b"]"].concat();
        let all: Vec<_> = frames(&written).iter().flat_map(|(_, batch)| messages(batching, batch)).collect();
        assert_eq!(all, [&b"a]"[..], &whole, b"c]"]);
        assert!(payload.is_unique());
    }
}

#[test]
fn the_backlog_counts_the_open_batch() {
    let mut receiver = Receiver::new(Separated);
    assert_eq!(receiver.sink.backlog(), Backlog::default());
    receiver.put("[1", b"");
    receiver.put_framed(&["[2]", "[3]"]);
    let Backlog { bytes, messages } = receiver.sink.backlog();
    assert_eq!(messages, 3);
    assert!((12..30).contains(&bytes), "{bytes}");
    receiver.flush();
    assert_eq!(receiver.sink.backlog(), Backlog::default());
    assert_eq!(receiver.sink.open.capacity(), 0, "a sink at rest holds no buffer");
}

#[test]
fn a_batch_is_compressed_as_a_whole() {
    let mut receiver = Receiver::compressed();
    for number in 0..40 {
        receiver.put(&format!("[36,{number},"), b"[\"always the same\"]");
    }
    let written = receiver.flush();
    let [(first, deflated)] = frames(&written)[..] else { panic!("one frame: {written:?}") };
    assert_eq!(first, 0xC1);
    assert!(deflated.len() < 200, "{}", deflated.len());
    assert_eq!(messages(Separated, &inflate(deflated, 10_000).unwrap()).len(), 40);

    receiver.put("[1", b"");
    assert_eq!(receiver.flush(), b"\x81\x04[1]\x1E", "short ones are not");
}

#[test]
fn equal_batches_are_compressed_once_and_others_for_themselves() {
    let mut receivers: Vec<_> = (0..10).map(|_| Receiver::compressed()).collect();
    for (turn, text) in ["[36,1,\"a\"]", "[36,1,\"b\"]"].into_iter().enumerate() {
        for receiver in &mut receivers {
            receiver.put_framed(&[text; 50]);
        }
        receivers[7].put("[50,1", b"");
        let written: Vec<_> = receivers.iter_mut().map(Receiver::flush).collect();
        assert_eq!(written[0], written[9]);
        assert_ne!(written[0], written[7]);
        let [(_, deflated)] = frames(&written[0])[..] else { panic!("one frame") };
        assert_eq!(messages(Separated, &inflate(deflated, 10_000).unwrap()), [text; 50]);
        // Before and after the one that differs, and that one.
        assert_eq!(DEFLATED.get(), (turn + 1) * 3);
    }
}

/// What happens to a sink.
#[derive(Clone, Debug)]
enum Event {
    Put(usize),
    PutFramed(Vec<usize>),
    Flush,
}

fn event() -> impl Strategy<Value = Event> {
    let len = || prop_oneof![1_usize..50, ALONE - 5..ALONE + 5];
    prop_oneof![
        4 => len().prop_map(Event::Put),
        2 => vec(len(), 1..5).prop_map(Event::PutFramed),
        1 => Just(Event::Flush),
    ]
}

proptest! {
    #[test]
    fn everything_arrives_once_and_in_order(
        events in vec(event(), 0..30),
        text in any::<bool>(),
        compressed in any::<bool>(),
    ) {
        let batching = if text { Separated } else { Prefixed };
        let mut receiver = Receiver::agreed(batching, compressed.then_some(Agreement { window_bits: 12 }));
        let (mut expected, mut written) = (Vec::new(), Vec::new());
        let mut next = |len: usize| {
            let message = format!("{}{}]", expected.len(), "x".repeat(len));
            expected.push(message.clone());
            message
        };
        for event in events {
            match event {
                Event::Put(len) => {
                    let message = next(len);
                    let (head, payload) = message.strip_suffix(']').unwrap().split_at(1);
                    receiver.put(head, payload.as_bytes());
                }
                Event::PutFramed(lengths) => {
                    let messages: Vec<_> = lengths.into_iter().map(&mut next).collect();
                    receiver.put_framed(&messages.iter().map(String::as_str).collect::<Vec<_>>());
                }
                Event::Flush => written.extend(receiver.flush()),
            }
        }
        written.extend(receiver.flush());
        let mut arrived = Vec::new();
        for (first, payload) in frames(&written) {
            let batch = match first & 0x40 {
                0 => Bytes::copy_from_slice(payload),
                _ => inflate(payload, 1 << 24).unwrap(),
            };
            arrived.extend(messages(batching, &batch));
        }
        prop_assert_eq!(arrived, expected);
    }
}
