use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::{Buf, Bytes, BytesMut};
use crossway_core::transport::{Close, Inbound, Source, TransportError};
use proptest::prelude::*;
use tokio::io::{AsyncRead, ReadBuf};

use super::{DIRECT, FrameSource, HELD, SHARED};
use crate::{Decoder, Step};

/// Frames of a kind, a length in four octets, and a payload.
struct Frames;

impl Decoder for Frames {
    fn decode(&mut self, input: &mut BytesMut) -> Result<Step, TransportError> {
        let Some(&[kind, a, b, c, d]) = input.first_chunk::<5>() else { return Ok(Step::Need(5)) };
        let len = u32::from_be_bytes([a, b, c, d]) as usize;
        if kind == b'!' {
            return Err(TransportError::violation(Close::ProtocolError, "!"));
        }
        if input.len() < 5 + len {
            return Ok(Step::Need(5 + len));
        }
        input.advance(5);
        let payload = input.split_to(len).freeze();
        Ok(match kind {
            b'r' => Step::Reply(payload),
            b'a' => Step::Alive,
            b's' => Step::Skip,
            b'c' => Step::Close(payload),
            _ => Step::Message(payload),
        })
    }
}

fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
    [&[kind][..], &(payload.len() as u32).to_be_bytes(), payload].concat()
}

/// Gives what it was given, piece by piece: one piece is one read, unless the reader has less room. `None`: not yet.
#[derive(Default)]
struct Pipe {
    pieces: VecDeque<Option<Bytes>>,
    reads: usize,
    /// The most room that a read had.
    room: usize,
}

impl AsyncRead for Pipe {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.reads += 1;
        self.room = self.room.max(buf.remaining());
        match self.pieces.pop_front() {
            None => Poll::Ready(Ok(())),
            Some(None) => Poll::Pending,
            Some(Some(mut piece)) => {
                let now = piece.split_to(piece.len().min(buf.remaining()));
                buf.put_slice(&now);
                if !piece.is_empty() {
                    self.pieces.push_front(Some(piece));
                }
                Poll::Ready(Ok(()))
            }
        }
    }
}

fn source(pieces: impl IntoIterator<Item = Vec<u8>>) -> FrameSource<Pipe, Frames> {
    let pieces = pieces.into_iter().map(|piece| Some(piece.into())).collect();
    FrameSource::new(Pipe { pieces, ..Pipe::default() }, BytesMut::new(), Frames)
}

fn poll(source: &mut impl Source, batch: &mut Vec<Inbound>) -> Poll<Result<(), TransportError>> {
    source.poll_batch(&mut Context::from_waker(Waker::noop()), batch)
}

/// Everything up to the end, and the end.
fn read_all(source: &mut impl Source) -> (Vec<(char, Bytes)>, TransportError) {
    let mut batch = Vec::new();
    let end = loop {
        match poll(source, &mut batch) {
            Poll::Ready(Err(end)) => break end,
            Poll::Ready(Ok(())) | Poll::Pending => {}
        }
    };
    let items = batch.into_iter().map(|inbound| match inbound {
        Inbound::Message(message) => ('m', message),
        Inbound::Reply(frame) => ('r', frame),
        Inbound::Alive => ('a', Bytes::new()),
    });
    (items.collect(), end)
}

#[test]
fn one_read_brings_all_that_it_holds() {
    let octets = [frame(b'm', b"1"), frame(b'r', b"pong"), frame(b's', b""), frame(b'm', b"")].concat();
    let mut source = source([octets]);
    let mut batch = Vec::new();
    assert!(matches!(poll(&mut source, &mut batch), Poll::Ready(Ok(()))));
    assert_eq!((batch.len(), source.reader.reads), (3, 1));
}

#[test]
fn octet_by_octet_is_the_same() {
    let octets = [frame(b'm', b"hello"), frame(b'a', b""), frame(b'm', &[7; 300])].concat();
    let (items, end) = read_all(&mut source(octets.iter().map(|octet| vec![*octet])));
    assert_eq!(items, [('m', "hello".into()), ('a', Bytes::new()), ('m', vec![7; 300].into())]);
    assert!(matches!(end, TransportError::Closed));
}

#[test]
fn what_the_handshake_read_comes_first() {
    let octets = [frame(b'm', b"1"), frame(b'm', b"2"), frame(b'm', b"3")].concat();
    for cut in 0..=octets.len() {
        let (seen, rest) = octets.split_at(cut);
        let mut source = source([rest.to_vec()].into_iter().filter(|rest| !rest.is_empty()));
        source.held = seen.into();
        let (items, _) = read_all(&mut source);
        assert_eq!(items, [('m', "1".into()), ('m', "2".into()), ('m', "3".into())], "cut at {cut}");
    }
}

#[test]
fn an_end_inside_a_frame_is_an_error() {
    let octets = frame(b'm', b"hello");
    for cut in 1..octets.len() {
        let (items, end) = read_all(&mut source([octets[..cut].to_vec()]));
        assert!(items.is_empty());
        assert!(matches!(end, TransportError::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof));
    }
}

#[test]
fn messages_before_a_violation_are_handed_over_first() {
    let mut source = source([[frame(b'm', b"1"), frame(b'!', b""), frame(b'm', b"2")].concat()]);
    let (items, end) = read_all(&mut source);
    assert_eq!(items, [('m', "1".into())]);
    assert!(matches!(end, TransportError::Violation { .. }));
    let (items, end) = read_all(&mut source);
    assert!(items.is_empty() && matches!(end, TransportError::Closed), "it stays ended");
}

#[test]
fn what_comes_after_a_violation_is_read_and_thrown_away() {
    let mut source = source((0..100).map(|_| [frame(b'!', b""), frame(b'm', &[1; 5000])].concat()));
    let mut batch = Vec::new();
    assert!(matches!(poll(&mut source, &mut batch), Poll::Ready(Err(TransportError::Violation { .. }))));
    let mut turns = 0;
    while poll(&mut source, &mut batch).is_pending() {
        turns += 1;
    }
    assert!(batch.is_empty() && source.reader.pieces.is_empty(), "everything is read, nothing handed over");
    assert!(turns > 2, "and not in one go");
}

#[test]
fn a_last_frame_is_answered_and_ends_the_stream_without_another_read() {
    let mut source = source([[frame(b'm', b"1"), frame(b'c', b"bye"), frame(b'm', b"2")].concat()]);
    source.reader.pieces.push_back(None);
    let (items, end) = read_all(&mut source);
    assert_eq!(items, [('m', "1".into()), ('r', "bye".into())]);
    assert!(matches!(end, TransportError::Closed));
    assert_eq!(source.reader.reads, 1);
}

#[test]
fn a_claimed_length_costs_nothing_before_its_octets_come() {
    let mut header = frame(b'm', b"");
    header[1..5].copy_from_slice(&(16_u32 << 20).to_be_bytes());
    let mut source = source([header, vec![0; 100]]);
    source.reader.pieces.push_back(None);
    assert!(poll(&mut source, &mut Vec::new()).is_pending());
    assert_eq!(source.held.len(), 105);
    assert!(source.held.capacity() <= HELD, "{}", source.held.capacity());
}

#[test]
fn room_grows_with_what_arrives_and_ends_with_the_frame() {
    let len = 3_000_000;
    let octets = [frame(b'm', &vec![1; len]), frame(b'm', b"next")].concat();
    let pieces: Vec<_> = octets.chunks(1400).map(<[u8]>::to_vec).collect();
    let mut source = source([]);
    let mut batch = Vec::new();
    let mut arrived = 0;
    for piece in pieces {
        arrived += piece.len();
        source.reader.pieces = [Some(piece.into()), None, None].into();
        let _ = poll(&mut source, &mut batch);
        let limit = (4 * arrived + 4).max(HELD).min(5 + len);
        assert!(source.held.capacity() <= limit, "{} after {arrived}", source.held.capacity());
    }
    let [Inbound::Message(long), Inbound::Message(next)] = &batch[..] else { panic!("{}", batch.len()) };
    assert_eq!((long.len(), &next[..]), (len, &b"next"[..]));
    assert_eq!(source.held.capacity(), 0, "an idle connection holds no buffer");
}

#[test]
fn long_frames_are_read_in_place() {
    let len = 4 * DIRECT;
    let mut source = source([frame(b'm', &vec![1; len])]);
    let (items, _) = read_all(&mut source);
    assert_eq!(items[0].1.len(), len);
    assert_eq!(source.held.capacity(), 0);
}

#[test]
fn the_beginning_of_a_frame_does_not_keep_the_long_frame_before_it() {
    let long = 1 << 20;
    let mut octets = frame(b'm', &vec![1; long]).repeat(2);
    octets.extend(&frame(b'm', b"next")[..7]);
    let (most, rest) = octets.split_at(octets.len() - 2 * DIRECT);
    let mut source = source([most.to_vec(), rest.to_vec()]);
    source.reader.pieces.push_back(None);
    let mut batch = Vec::new();
    while source.held.len() != 7 {
        let _ = poll(&mut source, &mut batch);
    }
    assert_eq!(batch.len(), 2);
    batch.clear();
    assert!(!source.held.try_reclaim(long / 2), "the memory of the frame that has gone is still there");
}

#[test]
fn the_shared_buffer_is_used_again_when_its_messages_are_gone() {
    let mut source = source((0..1000).map(|_| frame(b'm', &[1; 1000])));
    let mut batch = Vec::new();
    let mut starts = std::collections::HashSet::new();
    while let Poll::Ready(Ok(())) = poll(&mut source, &mut batch) {
        let Some(Inbound::Message(message)) = batch.pop() else { panic!("no message") };
        starts.insert(message.as_ptr() as usize);
    }
    let span = starts.iter().max().unwrap() - starts.iter().min().unwrap();
    assert!(span < SHARED, "a million octets went through {span}");
}

#[test]
fn messages_that_are_kept_keep_their_octets() {
    let mut source = source((0..1000_u32).map(|i| frame(b'm', &i.to_be_bytes().repeat(50))));
    let (items, _) = read_all(&mut source);
    assert_eq!(items.len(), 1000);
    for (i, (_, message)) in items.iter().enumerate() {
        assert!(message[..] == (i as u32).to_be_bytes().repeat(50), "message {i} has changed");
    }
}

#[test]
fn a_stream_without_messages_lets_others_run() {
    let mut source = source((0..1000).map(|_| frame(b's', b"fragment")));
    assert!(poll(&mut source, &mut Vec::new()).is_pending());
    assert!(source.reader.reads < 100);
}

#[tokio::test]
async fn pending_wakes_when_more_comes() {
    use tokio::io::AsyncWriteExt;
    let (mut client, server) = tokio::io::duplex(64);
    let mut source = FrameSource::new(server, BytesMut::new(), Frames);
    let reading = tokio::spawn(async move {
        let mut batch = Vec::new();
        poll_fn(|cx| source.poll_batch(cx, &mut batch)).await.unwrap();
        batch.len()
    });
    for octet in frame(b'm', b"hello") {
        client.write_all(&[octet]).await.unwrap();
        tokio::task::yield_now().await;
    }
    assert_eq!(reading.await.unwrap(), 1);
}

proptest! {
    /// However a stream is cut into reads, the same comes out of it.
    #[test]
    fn cuts_make_no_difference(
        frames in prop::collection::vec((prop::sample::select(b"mras".to_vec()), prop_oneof![
            0..300_usize, 1000..5000_usize, 30_000..140_000_usize,
        ]), 0..12),
        cuts in prop::collection::vec(prop_oneof![1..20_usize, 1000..100_000_usize], 0..200),
        seen in 0..2000_usize,
    ) {
        let octets: Vec<u8> = frames.iter().enumerate()
            .flat_map(|(i, (kind, len))| frame(*kind, &vec![i as u8; *len])).collect();
        let expected: Vec<_> = frames.iter().enumerate().filter(|(_, (kind, _))| *kind != b's')
            .map(|(i, (kind, len))| (*kind as char, vec![i as u8; if *kind == b'a' { 0 } else { *len }]))
            .collect();
        let (seen, mut rest) = octets.split_at(seen.min(octets.len()));
        let mut pieces = Vec::new();
        for cut in cuts {
            let (piece, tail) = rest.split_at(cut.min(rest.len()));
            pieces.push(piece.to_vec());
            rest = tail;
        }
        pieces.push(rest.to_vec());
        let mut source = source(pieces.into_iter().filter(|piece| !piece.is_empty()));
        source.held = seen.into();
        let (items, end) = read_all(&mut source);
        let items: Vec<_> = items.into_iter().map(|(kind, octets)| (kind, octets.to_vec())).collect();
        prop_assert!(items == expected, "differs");
        prop_assert!(matches!(end, TransportError::Closed));
        prop_assert_eq!(source.held.capacity(), 0);
    }
}
