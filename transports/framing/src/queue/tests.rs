use std::io::IoSlice;

use bytes::Bytes;
use crossway_core::transport::{Backlog, Outgoing};
use proptest::prelude::*;

use super::{CONTROL, KEEP, Overflow, PIECES, Queue, SHARE, WRITE};
use crate::pool::CHUNK;

fn put(queue: &mut Queue, payload: impl Into<Bytes>) {
    queue.message(Outgoing { head: b"(", payload: &payload.into(), tail: b")" }, |out| out.push(b'#'));
}

/// What the next write would be given.
fn next(queue: &Queue) -> Vec<Vec<u8>> {
    let mut slices = [IoSlice::new(&[]); PIECES];
    let used = queue.slices(&mut slices);
    slices[..used].iter().map(|slice| slice.to_vec()).collect()
}

/// Writes at most `most` octets.
fn write(queue: &mut Queue, most: usize) -> Vec<u8> {
    let mut octets = next(queue).concat();
    octets.truncate(most);
    queue.advance(octets.len());
    octets
}

fn write_all(queue: &mut Queue) -> Vec<u8> {
    let mut octets = Vec::new();
    while !queue.is_empty() {
        octets.extend(write(queue, usize::MAX));
    }
    octets
}

fn assert_holds_nothing(queue: &Queue) {
    assert!(queue.is_empty());
    assert_eq!(queue.backlog(), Backlog::default());
    assert_eq!((queue.control_cost, queue.control_front, queue.front), (0, 0, 0));
    assert_eq!((queue.chunks.capacity(), queue.ends.capacity()), (0, 0));
    assert!(queue.control.capacity() <= KEEP);
}

#[test]
fn small_messages_are_one_piece() {
    let mut queue = Queue::default();
    for message in ["a", "", "bc"] {
        put(&mut queue, message);
    }
    assert_eq!(queue.backlog(), Backlog { bytes: 12, messages: 3 });
    assert_eq!(next(&queue), [b"#(a)#()#(bc)"]);
    write_all(&mut queue);
    assert_holds_nothing(&queue);
}

#[test]
fn a_large_payload_is_shared_not_copied() {
    let mut queue = Queue::default();
    let payload = Bytes::from(vec![b'x'; SHARE]);
    put(&mut queue, "a");
    put(&mut queue, payload.clone());
    put(&mut queue, "b");
    let mut slices = [IoSlice::new(&[]); PIECES];
    assert_eq!(queue.slices(&mut slices), 3);
    assert_eq!(&slices[0][..], b"#(a)#(");
    assert_eq!(slices[1].as_ptr(), payload.as_ptr());
    assert_eq!(&slices[2][..], b")#(b)");
    write_all(&mut queue);
    assert!(payload.is_unique(), "nobody holds the payload any more");
}

#[test]
fn chunks_end_at_their_length_and_writes_at_theirs() {
    let mut queue = Queue::default();
    for _ in 0..1000 {
        put(&mut queue, vec![b'x'; 1000]);
    }
    let pieces = next(&queue);
    assert!(pieces.iter().all(|piece| piece.len() <= CHUNK + 1), "a chunk is too long");
    assert_eq!(pieces.concat().len(), WRITE);
    assert_eq!(write_all(&mut queue).len(), 1000 * 1003);
    assert_holds_nothing(&queue);
}

#[test]
fn memory_is_freed_as_it_is_written() {
    let mut queue = Queue::default();
    for _ in 0..200 {
        put(&mut queue, vec![b'x'; 1000]);
    }
    let before = queue.chunks.len();
    write(&mut queue, 100_000);
    assert!(queue.chunks.len() < before);
    assert_eq!(queue.backlog(), Backlog { bytes: 200 * 1003 - 100_000, messages: 101 });
}

#[test]
fn an_empty_piece_does_not_hold_up_what_follows() {
    let mut queue = Queue::default();
    queue.message(Outgoing { head: b"", payload: &vec![b'x'; SHARE].into(), tail: b"" }, |_| ());
    assert_eq!(write_all(&mut queue).len(), SHARE);
    assert_holds_nothing(&queue);
}

#[test]
fn framed_messages_are_shared_in_front_and_copied_where_they_wait() {
    let mut queue = Queue::default();
    let framed = Bytes::from_static(b"#a#b#c");
    queue.framed(&framed, 3);
    queue.framed(&framed.slice(..2), 1);
    put(&mut queue, "d");
    assert_eq!(queue.backlog().messages, 5);
    assert_eq!(next(&queue), [b"#a#b#c".to_vec(), b"#a#(d)".to_vec()]);
    let mut slices = [IoSlice::new(&[]); PIECES];
    queue.slices(&mut slices);
    assert_eq!(slices[0].as_ptr(), framed.as_ptr(), "not a copy");
    assert_eq!(write_all(&mut queue), b"#a#b#c#a#(d)");
    assert_holds_nothing(&queue);
}

#[test]
fn control_frames_wait_for_the_end_of_framed_messages_that_have_begun() {
    let mut queue = Queue::default();
    queue.framed(&Bytes::from_static(b"#a#b"), 2);
    put(&mut queue, "c");
    assert_eq!(write(&mut queue, 1), b"#");
    queue.control(Bytes::from_static(b"pong"), false).unwrap();
    assert_eq!(write(&mut queue, 2), b"a#");
    assert_eq!(queue.backlog().messages, 3);
    assert_eq!(write_all(&mut queue), b"bpong#(c)");
    assert_holds_nothing(&queue);
}

#[test]
fn control_frames_overtake_messages_that_have_not_begun() {
    let mut queue = Queue::default();
    put(&mut queue, "a");
    put(&mut queue, "b");
    queue.control("<pong>".into(), false).unwrap();
    queue.control("<pong 2>".into(), false).unwrap();
    assert_eq!(write_all(&mut queue), b"<pong><pong 2>#(a)#(b)");
    assert_holds_nothing(&queue);
}

#[test]
fn control_frames_do_not_split_a_message_that_has_begun() {
    for written in 1..4 {
        let mut queue = Queue::default();
        put(&mut queue, "a");
        put(&mut queue, "b");
        let mut octets = write(&mut queue, written);
        queue.control("<pong>".into(), false).unwrap();
        octets.extend(write_all(&mut queue));
        assert_eq!(octets, b"#(a)<pong>#(b)");
    }
}

#[test]
fn messages_do_not_split_a_control_frame_that_has_begun() {
    let mut queue = Queue::default();
    queue.control("<pong>".into(), false).unwrap();
    let mut octets = write(&mut queue, 3);
    put(&mut queue, "a");
    assert_eq!(queue.backlog(), Backlog { bytes: 3 + 4, messages: 1 });
    octets.extend(write_all(&mut queue));
    assert_eq!(octets, b"<pong>#(a)");
}

#[test]
fn a_control_frame_inside_a_shared_message_waits_for_its_tail() {
    let mut queue = Queue::default();
    put(&mut queue, vec![b'x'; SHARE]);
    put(&mut queue, "b");
    let mut octets = write(&mut queue, 100);
    queue.control("<pong>".into(), false).unwrap();
    octets.extend(write_all(&mut queue));
    assert!(octets.ends_with(b"xx)<pong>#(b)"));
}

#[test]
fn a_closing_control_frame_drops_what_has_not_begun() {
    let mut queue = Queue::default();
    put(&mut queue, "a");
    put(&mut queue, "b");
    let mut octets = write(&mut queue, 2);
    queue.control("<close>".into(), true).unwrap();
    put(&mut queue, "c");
    queue.control("<pong>".into(), false).unwrap();
    queue.last(&"<close>".into());
    octets.extend(write_all(&mut queue));
    assert_eq!(octets, b"#(a)<close>");
    assert_holds_nothing(&queue);
}

#[test]
fn a_last_frame_goes_behind_everything() {
    let mut queue = Queue::default();
    put(&mut queue, "a");
    queue.control("<pong>".into(), false).unwrap();
    queue.last(&"<close>".into());
    put(&mut queue, "b");
    assert_eq!(write_all(&mut queue), b"<pong>#(a)<close>");
    assert_holds_nothing(&queue);
}

#[test]
fn control_frames_that_nobody_reads_are_limited() {
    let mut queue = Queue::default();
    queue.control(vec![0; CONTROL * 2].into(), false).expect("one frame of any length");
    assert_eq!(queue.control("<pong>".into(), false), Err(Overflow));
    write_all(&mut queue);
    let mut frames = 0;
    while queue.control("<pong>".into(), false).is_ok() {
        frames += 1;
    }
    assert!((10_000..20_000).contains(&frames), "small frames count for their memory: {frames}");
    write_all(&mut queue);
    assert_holds_nothing(&queue);
}

proptest! {
    /// Whatever is put in between whatever writes: messages come out whole and in order, control frames as well, and
    /// none inside another.
    #[test]
    fn octets_come_out_in_order(
        steps in prop::collection::vec((0..5_u8, prop_oneof![1..50_usize, 60_000..80_000_usize]), 1..60)
    ) {
        let mut queue = Queue::default();
        let (mut written, mut messages, mut controls) = (Vec::new(), 0_u8, 0_u8);
        let mut expected = 0;
        for (step, len) in steps {
            match step {
                0 => {
                    messages += 1;
                    let header = [1, messages, 0, 0, 0, 0];
                    let payload = Bytes::from(vec![1; len]);
                    queue.message(Outgoing { head: &[], payload: &payload, tail: &[] }, |out| {
                        out.extend(&header[..2]);
                        out.extend((len as u32).to_be_bytes());
                    });
                    expected += len + 6;
                }
                4 => {
                    let mut framed = Vec::new();
                    for _ in 0..2 {
                        messages += 1;
                        framed.extend([1, messages]);
                        framed.extend((len as u32).to_be_bytes());
                        framed.resize(framed.len() + len, 1);
                    }
                    expected += framed.len();
                    queue.framed(&framed.into(), 2);
                }
                1 => {
                    controls += 1;
                    let mut frame = vec![2, controls];
                    frame.extend((len as u32).to_be_bytes());
                    frame.resize(6 + len, 2);
                    if queue.control(frame.into(), false).is_ok() {
                        expected += len + 6;
                    } else {
                        controls -= 1;
                    }
                }
                _ => written.extend(write(&mut queue, len)),
            }
            prop_assert_eq!(queue.backlog().bytes, expected - written.len());
        }
        written.extend(write_all(&mut queue));
        assert_holds_nothing(&queue);
        let (mut rest, mut seen) = (&written[..], [0_u8; 3]);
        while let [kind, number, a, b, c, d, tail @ ..] = rest {
            let (payload, tail) = tail.split_at(u32::from_be_bytes([*a, *b, *c, *d]) as usize);
            prop_assert!(payload.iter().all(|octet| octet == kind));
            seen[*kind as usize] += 1;
            prop_assert_eq!(seen[*kind as usize], *number);
            rest = tail;
        }
        prop_assert_eq!((rest.len(), seen), (0, [0, messages, controls]));
    }
}
