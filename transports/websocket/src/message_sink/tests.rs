use std::task::{Context, Waker};

use bytes::{Bytes, BytesMut};
use crossway_core::transport::{Close, Framed, Outgoing, Sink};
use crossway_framing::Encoder;

use super::MessageSink;
use crate::WebSocketEncoder;
use crate::deflate::{DEFLATED, inflate};
use crate::extension::Agreement;
use crate::wire::Wire;

/// Some receivers at one listener.
struct Receivers {
    sinks: Vec<MessageSink<Wire>>,
    wires: Vec<Wire>,
}

impl Receivers {
    /// Each with its window and its kind of messages.
    fn new(receivers: &[(u8, bool)]) -> Self {
        let wires: Vec<Wire> = receivers.iter().map(|_| Wire::default()).collect();
        let sink = |(&(window_bits, text), wire): (&(u8, bool), &Wire)| {
            MessageSink::new(wire.clone(), text, Some(Agreement { window_bits }))
        };
        let sinks = receivers.iter().zip(&wires).map(sink).collect();
        Receivers { sinks, wires }
    }

    /// A turn in which everybody gets this message.
    fn turn(&mut self, head: &[u8], payload: &Bytes) {
        self.put(head, payload);
        self.flush();
    }

    fn put(&mut self, head: &[u8], payload: &Bytes) {
        for sink in &mut self.sinks {
            sink.put(Outgoing { head, payload, tail: b"]" });
        }
    }

    fn flush(&mut self) {
        for sink in &mut self.sinks {
            assert!(sink.poll_flush(&mut Context::from_waker(Waker::noop())).is_ready());
        }
    }

    /// What the receivers got, each whole.
    fn received(&self) -> Vec<Vec<u8>> {
        self.wires.iter().map(|wire| wire.take()).collect()
    }

    /// How many messages were compressed so far. Each test has a thread of its own.
    fn compressed(&self) -> usize {
        DEFLATED.get()
    }
}

fn text(len: usize) -> Bytes {
    (0..).flat_map(|number: u32| format!("{number},").into_bytes()).take(len).collect()
}

/// Octets in which nothing repeats.
fn noise(len: usize) -> Bytes {
    let mut state = 1_u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    std::iter::repeat_with(next).take(len).collect()
}

#[test]
fn short_messages_go_as_they_are() {
    let mut receivers = Receivers::new(&[(15, true)]);
    receivers.turn(b"[36,", &Bytes::from_static(b"[1]"));
    assert_eq!(receivers.received(), [b"\x81\x08[36,[1]]"]);
    assert_eq!(receivers.compressed(), 0);
}

#[test]
fn long_messages_are_compressed_whole() {
    for len in [500, 1000, 70_000, 1 << 20] {
        let mut receivers = Receivers::new(&[(15, true), (10, false)]);
        receivers.turn(b"[36,", &text(len));
        let [json, msgpack] = receivers.received().try_into().unwrap();
        for (first, frame) in [(0xC1, json), (0xC2, msgpack)] {
            assert_eq!(frame[0], first, "RSV1 and the opcode");
            let header = match frame[1] {
                127 => 10,
                126 => 4,
                _ => 2,
            };
            let message = inflate(&frame[header..], len + 5).unwrap();
            assert_eq!(message, [b"[36,", &text(len)[..], b"]"].concat());
            assert!(frame.len() < len, "{} of {len}", frame.len());
        }
    }
}

#[test]
fn one_compressed_frame_serves_every_receiver() {
    let mut receivers = Receivers::new(&[(15, true); 100]);
    receivers.turn(b"[36,1,", &text(1000));
    let received = receivers.received();
    assert!(received.iter().all(|frame| *frame == received[0]));
    assert_eq!(receivers.compressed(), 1);
}

#[test]
fn receivers_with_three_serializers_get_three_frames_whatever_their_order() {
    let mut receivers = Receivers::new(&[(15, true); 30]);
    let (one, other) = (text(1000), text(1000));
    // MessagePack and CBOR have payloads of their own, which are at other places in memory.
    for sinks in receivers.sinks.chunks_mut(3) {
        for (sink, (head, payload)) in sinks.iter_mut().zip([("a", &one), ("b", &one), ("c", &other)]) {
            sink.put(Outgoing { head: head.as_bytes(), payload, tail: b"" });
        }
    }
    receivers.flush();
    assert_eq!(receivers.compressed(), 3);
}

#[test]
fn a_burst_of_long_events_is_compressed_once_too() {
    let mut receivers = Receivers::new(&[(15, true); 10]);
    let burst: Vec<Bytes> = (300..360).map(text).collect();
    for sink in &mut receivers.sinks {
        for payload in &burst {
            sink.put(Outgoing { head: b"[36,", payload, tail: b"]" });
        }
    }
    receivers.flush();
    assert_eq!(receivers.compressed(), burst.len());
    let received = receivers.received();
    assert!(received.iter().all(|frames| *frames == received[0]));
}

#[test]
fn more_than_can_be_remembered_is_right_all_the_same() {
    let mut receivers = Receivers::new(&[(15, true); 3]);
    let burst: Vec<Bytes> = (300..500).map(text).collect();
    for sink in &mut receivers.sinks {
        burst.iter().for_each(|payload| sink.put(Outgoing { head: b"", payload, tail: b"" }));
    }
    receivers.flush();
    let received = receivers.received();
    assert!(received.iter().all(|frames| *frames == received[0]));
    assert!(burst.iter().all(Bytes::is_unique));
}

/// Core frames events once for all receivers with the same framing, and puts them as they are.
#[test]
fn framed_by_core_is_what_the_sink_would_have_put() {
    for (window_bits, text_message) in [(15, true), (9, false), (12, true)] {
        for payload in [text(10), text(251), text(1000), noise(1000)] {
            let mut receivers = Receivers::new(&[(window_bits, text_message); 2]);
            let message = Outgoing { head: b"[36,", payload: &payload, tail: b"]" };
            let (one, other) = receivers.sinks.split_at_mut(1);
            one[0].put(message);
            let mut frames = BytesMut::new();
            (other[0].framing().unwrap().frame)(message, &mut frames);
            other[0].put_framed(Framed { octets: &frames.freeze(), messages: 1, longest: message.len() });
            receivers.flush();
            let [put, framed] = receivers.received().try_into().unwrap();
            assert_eq!(put, framed, "{} octets", payload.len());
        }
    }
}

#[test]
fn receivers_share_a_framing_only_if_everything_is_the_same() {
    let kinds: Vec<(u8, bool)> = (9..=15).flat_map(|bits| [(bits, true), (bits, false)]).collect();
    let receivers = Receivers::new(&kinds);
    let mut names: Vec<_> = receivers.sinks.iter().map(|sink| sink.framing().unwrap().name).collect();
    for text in [true, false] {
        names.push(WebSocketEncoder::new(text).framing().unwrap().name);
        let plain = MessageSink::new(Wire::default(), text, None);
        assert_eq!(plain.framing(), WebSocketEncoder::new(text).framing());
    }
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all);
}

#[test]
fn what_differs_is_compressed_for_itself() {
    let mut receivers = Receivers::new(&[(15, true), (15, false), (14, true)]);
    let payload = text(1000);
    receivers.put(b"[36,1,", &payload);
    assert_eq!(
        receivers.compressed(),
        2,
        "windows; that text and binary messages differ shows in the header"
    );
    receivers.put(b"[36,2,", &payload);
    assert_eq!(receivers.compressed(), 4, "heads");
    receivers.put(b"[36,2,", &payload.slice(..999));
    assert_eq!(receivers.compressed(), 6, "lengths");
    receivers.put(b"[36,2,", &text(1000));
    assert_eq!(receivers.compressed(), 8, "places in memory");
    receivers.flush();
    let first: Vec<u8> = receivers.received().iter().map(|frames| frames[0]).collect();
    assert_eq!(first, [0xC1, 0xC2, 0xC1]);
}

#[test]
fn nothing_is_kept_beyond_the_turn() {
    let mut receivers = Receivers::new(&[(15, true), (15, true)]);
    let payload = text(1000);
    receivers.put(b"[36,", &payload);
    assert!(
        !payload.is_unique(),
        "while frames are shared, the place of their payload can't be used for another"
    );
    receivers.flush();
    assert!(payload.is_unique());
    receivers.turn(b"[36,", &payload);
    assert_eq!(receivers.compressed(), 2);
}

#[test]
fn what_gets_no_shorter_goes_as_it_is_to_every_receiver() {
    let mut receivers = Receivers::new(&[(15, false); 3]);
    receivers.turn(b"head", &noise(300));
    for frame in receivers.received() {
        assert_eq!(frame, [b"\x82\x7E\x01\x31head", &noise(300)[..], b"]"].concat());
    }
    assert_eq!(receivers.compressed(), 1);
}

#[test]
fn control_frames_are_never_compressed() {
    let mut receivers = Receivers::new(&[(15, true)]);
    let sink = &mut receivers.sinks[0];
    assert!(sink.ping());
    sink.control(Bytes::from([&[0x8A, 125][..], &[b'x'; 125]].concat()));
    assert!(sink.poll_flush(&mut Context::from_waker(Waker::noop())).is_ready());
    assert!(sink.poll_close(&mut Context::from_waker(Waker::noop()), Close::Normal).is_ready());
    let expected = [b"\x89\x08crossway\x8A\x7D", &[b'x'; 125][..], b"\x88\x02\x03\xE8"].concat();
    assert_eq!(receivers.received(), [expected]);
}
