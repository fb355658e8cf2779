use bytes::BytesMut;
use crossway_core::transport::TransportError;
use crossway_framing::{Decoder, Encoder, Step};
use proptest::prelude::*;

use super::{WebSocketDecoder, unmask};
use crate::WebSocketEncoder;
use crate::deflate::deflate;
use crate::frame::RSV1;

const MASK: [u8; 4] = [0x11, 0x22, 0x33, 0x44];

fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    // The length in eight octets is as good as any other.
    let mut octets = vec![first, 0xFF];
    octets.extend((payload.len() as u64).to_be_bytes());
    octets.extend(MASK);
    octets.extend(payload.iter().zip(MASK.iter().cycle()).map(|(octet, mask)| octet ^ mask));
    octets
}

fn decode_all<'a>(text: bool, pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Step>, Option<String>) {
    decode_with(WebSocketDecoder::new(1000, text), pieces)
}

fn decode_with<'a>(
    mut decoder: WebSocketDecoder,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> (Vec<Step>, Option<String>) {
    let (mut input, mut steps, mut need) = (BytesMut::new(), Vec::new(), 1);
    for piece in pieces {
        input.extend_from_slice(piece);
        // Not asked before it has what it said it needs: what it said has to be true.
        while input.len() >= need {
            need = 1;
            let before = input.len();
            match decoder.decode(&mut input) {
                Ok(Step::Need(total)) => {
                    assert!(total > input.len(), "needs {total}, has {}", input.len());
                    need = total;
                }
                // Where the fragments were cut makes no difference either.
                Ok(Step::Skip) => assert!(input.len() < before),
                Ok(step) => {
                    assert!(input.len() < before, "something is taken with every step");
                    let end = matches!(step, Step::Close(_));
                    steps.push(step);
                    if end {
                        return (steps, None);
                    }
                }
                Err(error) => return (steps, Some(error.to_string())),
            }
        }
    }
    (steps, None)
}

/// Cuts octets into pieces of these lengths, and what is left.
fn pieces(octets: &[u8], cuts: Vec<usize>) -> Vec<&[u8]> {
    let mut pieces = Vec::new();
    let mut rest = octets;
    for cut in cuts {
        let (piece, tail) = rest.split_at(cut.min(rest.len()));
        pieces.push(piece);
        rest = tail;
    }
    pieces.push(rest);
    pieces
}

#[test]
fn every_truncation_says_what_it_needs() {
    let spellings: [(&[u8], usize, usize); 3] = [
        (&[0x82, 0x83, 0, 0, 0, 0, 1, 2, 3], 6, 9),
        (&[0x82, 0xFE, 0, 3, 0, 0, 0, 0, 1, 2, 3], 8, 11),
        (&[0x82, 0xFF, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 1, 2, 3], 14, 17),
    ];
    for (octets, header, whole) in spellings {
        let mut decoder = WebSocketDecoder::new(1000, false);
        let mut need = |cut: usize| decoder.decode(&mut octets[..cut].into()).unwrap();
        assert_eq!((need(0), need(1)), (Step::Need(2), Step::Need(2)));
        for cut in 2..header {
            assert_eq!(need(cut), Step::Need(header), "{octets:?} cut at {cut}");
        }
        for cut in header..whole {
            assert_eq!(need(cut), Step::Need(whole), "{octets:?} cut at {cut}");
        }
        assert_eq!(need(whole), Step::Message([1, 2, 3].to_vec().into()));
    }
}

#[test]
fn fragments_do_not_hold_the_buffer_of_a_read() {
    let mut decoder = WebSocketDecoder::new(1000, false);
    let mut input = BytesMut::with_capacity(64 * 1024);
    input.extend_from_slice(&frame(0x02, b"begin"));
    assert_eq!(decoder.decode(&mut input).unwrap(), Step::Skip);
    assert!(input.try_reclaim(64 * 1024), "nobody else holds it");
}

#[test]
fn a_limit_is_a_limit_whatever_it_is() {
    for limit in [0, 1, 125, 65_536, usize::MAX] {
        let mut decoder = WebSocketDecoder::new(limit, false);
        let mut header = vec![0x82, 0xFF];
        header.extend((limit as u64 & !(1 << 63)).to_be_bytes());
        header.extend(MASK);
        assert!(decoder.decode(&mut header[..].into()).is_ok(), "{limit}");
        if let Some(more) = (limit as u64).checked_add(1) {
            header[2..10].copy_from_slice(&more.to_be_bytes());
            assert!(decoder.decode(&mut header[..].into()).is_err(), "{limit}");
        }
    }
}

#[test]
fn close_frames_of_all_reasons_are_valid() {
    use crossway_core::transport::Close;
    let mut encoder = WebSocketEncoder::new(true);
    for why in [
        Close::Normal,
        Close::GoingAway,
        Close::ProtocolError,
        Close::UnsupportedData,
        Close::InvalidData,
        Close::PolicyViolation,
        Close::TooLarge,
    ] {
        let close = encoder.close(why).unwrap();
        assert!(encoder.is_close(&close));
        let (steps, error) = decode_all(true, [&frame(close[0], &close[2..])[..]]);
        assert_eq!(error, None);
        assert_eq!(steps, [Step::Close([&[0x88, 2], &close[2..4]].concat().into())]);
    }
}

proptest! {
    #[test]
    fn unmasking_is_what_rfc_6455_says(octets in prop::collection::vec(any::<u8>(), 0..100), mask: [u8; 4]) {
        let mut ours = octets.clone();
        unmask(&mut ours, mask);
        let theirs: Vec<u8> = octets.iter().enumerate().map(|(i, octet)| octet ^ mask[i % 4]).collect();
        prop_assert_eq!(ours, theirs);
    }

    #[test]
    fn any_octets_in_any_cut_decode_alike(
        text: bool,
        frames in prop::collection::vec(
            (prop::sample::select(b"\x81\x82\x01\x02\x80\x80\x00\x00\x89\x8A\x88\xC1\x83".to_vec()), 0..400_usize),
            0..10,
        ),
        garbage in prop::collection::vec(any::<u8>(), 0..16),
        cuts in prop::collection::vec(1..200_usize, 0..40),
    ) {
        let mut octets = Vec::new();
        for (first, len) in frames {
            let len = if first & 0x08 == 0 { len } else { len % 128 };
            octets.extend(frame(first, &vec![b'x'; len]));
        }
        octets.extend(garbage);
        prop_assert_eq!(decode_all(text, pieces(&octets, cuts)), decode_all(text, [&octets[..]]));
    }

    #[test]
    fn compressed_messages_in_any_cut_and_fragments_decode_alike(
        messages in prop::collection::vec(("[a-c]{0,1200}", 1..5_usize, any::<bool>()), 1..5),
        cuts in prop::collection::vec(1..200_usize, 0..40),
    ) {
        let (mut octets, mut expected) = (Vec::new(), Vec::new());
        for (message, fragments, pong) in messages {
            let deflated = deflate(&[message.as_bytes()], 15);
            let (rsv1, payload) = deflated.map_or((0, message.clone().into()), |octets| (RSV1, octets));
            let parts: Vec<&[u8]> = payload.chunks(payload.len() / fragments + 1).collect();
            for (i, part) in parts.iter().enumerate() {
                let last = if i + 1 == parts.len() { 0x80 } else { 0 };
                octets.extend(frame(last | if i == 0 { rsv1 | 1 } else { 0 }, part));
                if last != 0 {
                    expected.push(Step::Message(message.clone().into()));
                }
                if pong {
                    octets.extend(frame(0x8A, b""));
                    expected.push(Step::Alive);
                }
            }
        }
        let end = expected.iter().position(|step| matches!(step, Step::Message(message) if message.len() > 1000));
        let error = end.map(|_| "transport violation: message beyond 1000 octets".to_owned());
        expected.truncate(end.unwrap_or(expected.len()));
        let decoder = || WebSocketDecoder::new(1000, true).inflating(Default::default());
        prop_assert_eq!(decode_with(decoder(), pieces(&octets, cuts)), (expected, error));
    }

    #[test]
    fn any_octets_where_messages_may_be_compressed(
        frames in prop::collection::vec((any::<u8>(), prop::collection::vec(any::<u8>(), 0..40)), 1..6),
        cuts in prop::collection::vec(1..20_usize, 0..40),
    ) {
        let octets: Vec<u8> =
            frames.iter().flat_map(|(first, payload)| frame(first & 0xC2 | 2, payload)).collect();
        let decoder = || WebSocketDecoder::new(1000, false).inflating(Default::default());
        prop_assert_eq!(decode_with(decoder(), pieces(&octets, cuts)), decode_with(decoder(), [&octets[..]]));
    }

    #[test]
    fn fragments_are_their_concatenation(fragments in prop::collection::vec("[a-zé€😀]{0,40}", 1..6), cut in 0..10_usize) {
        let whole = fragments.concat();
        // Cut again, anywhere, characters included.
        let bytes = whole.as_bytes();
        let size = 1 + bytes.len() / (cut + 1);
        let parts: Vec<_> = bytes.chunks(size).collect();
        let mut octets = Vec::new();
        for (i, part) in parts.iter().enumerate() {
            let last = if i + 1 == parts.len() { 0x80 } else { 0 };
            octets.extend(frame(last | u8::from(i == 0), part));
        }
        let expected = if parts.is_empty() { vec![] } else { vec![Step::Message(whole.clone().into())] };
        prop_assert_eq!(decode_all(true, [&octets[..]]), (expected, None));
    }

    #[test]
    fn headers_are_read_by_the_books(len in 0..200_000_usize, text: bool) {
        let mut header = Vec::new();
        WebSocketEncoder::new(text).header(len, &mut header);
        let read = tokio_tungstenite::tungstenite::protocol::frame::FrameHeader::parse(
            &mut std::io::Cursor::new(&header),
        );
        let (parsed, length) = read.unwrap().unwrap();
        prop_assert_eq!(length, len as u64);
        prop_assert!(parsed.is_final && parsed.mask.is_none());
    }
}

#[test]
fn violations_name_the_rule() {
    let what = |octets: &[u8]| match WebSocketDecoder::new(1000, true).decode(&mut octets.into()) {
        Err(TransportError::Violation { what, .. }) => what,
        other => panic!("{other:?}"),
    };
    assert_eq!(what(&[0x81, 0x00]), "frame without a mask");
    assert_eq!(what(&[0xC1, 0x80]), "reserved bits set");
    assert_eq!(what(&[0x83, 0x80]), "reserved opcode");
    assert_eq!(what(&frame(0x81, &[b'x'; 1001])), "message beyond 1000 octets");
}

/// Found by fuzzing: after one octet the decoder asked for six, although two were enough to refuse the frame.
#[test]
fn a_violation_in_two_octets_needs_no_more_than_two() {
    let broken = &[0x4B, 0x0A][..];
    assert_eq!(decode_all(true, broken.chunks(1)), decode_all(true, [broken]));
    assert_eq!(
        decode_all(true, [broken]),
        (vec![], Some("transport violation: reserved bits set".to_owned()))
    );
}
