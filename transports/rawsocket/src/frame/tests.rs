use bytes::{Bytes, BytesMut};
use crossway_core::transport::{Close, TransportError};
use crossway_framing::{Decoder, Encoder, Step};
use proptest::prelude::*;

use super::{LONGEST, RawSocketDecoder, RawSocketEncoder};

fn decode(octets: &[u8]) -> Result<Step, TransportError> {
    RawSocketDecoder::new(LONGEST, LONGEST).decode(&mut octets.into())
}

/// Decodes a stream that arrives in pieces.
fn decode_all<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Step>, Option<String>) {
    let mut decoder = RawSocketDecoder::new(1000, 500);
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
                Ok(step) => {
                    assert!(input.len() < before, "something is taken with every step");
                    steps.push(step);
                }
                Err(error) => return (steps, Some(error.to_string())),
            }
        }
    }
    (steps, None)
}

#[test]
fn every_truncation_says_what_it_needs() {
    let frame = b"\0\0\0\x05hello";
    for cut in 0..4 {
        assert_eq!(decode(&frame[..cut]).unwrap(), Step::Need(4));
    }
    for cut in 4..9 {
        assert_eq!(decode(&frame[..cut]).unwrap(), Step::Need(9));
    }
    assert_eq!(decode(frame).unwrap(), Step::Message("hello".into()));
}

#[test]
fn raw_25_2_to_the_24_is_spelt_with_the_25th_bit_and_2_to_the_24_less_one_without() {
    assert_eq!(decode(&[0x08, 0, 0, 0]).unwrap(), Step::Need(4 + (1 << 24)));
    assert_eq!(decode(&[0, 0xFF, 0xFF, 0xFF]).unwrap(), Step::Need(4 + (1 << 24) - 1));
    let mut encoder = RawSocketEncoder::new(usize::MAX);
    assert_eq!(encoder.max_message(), 1 << 24);
    for (len, header) in [
        (0, [0, 0, 0, 0]),
        (0x010203, [0, 1, 2, 3]),
        ((1 << 24) - 1, [0, 0xFF, 0xFF, 0xFF]),
        (1 << 24, [0x08, 0, 0, 0]),
    ] {
        let mut out = Vec::new();
        encoder.header(len, &mut out);
        assert_eq!(out, header);
    }
}

#[test]
fn raw_25_pings_have_the_25th_bit_as_well_and_their_pongs_keep_it() {
    assert_eq!(decode(&[0x09, 0, 0, 0]).unwrap(), Step::Need(4 + (1 << 24)));
    let mut ping = vec![7; 4 + (1 << 24)];
    ping[..4].copy_from_slice(&[0x09, 0, 0, 0]);
    let Step::Reply(pong) = decode(&ping).unwrap() else { panic!("no answer") };
    assert_eq!((&pong[..4], pong.len()), (&[0x0A, 0, 0, 0][..], ping.len()));
}

#[test]
fn raw_21_each_limit_names_itself() {
    let mut decoder = RawSocketDecoder::new(1000, 600);
    for (header, len, limit) in
        [([0, 0, 3, 0xE9], 1001, 1000), ([1, 0, 2, 0x59], 601, 600), ([2, 0, 3, 0xE9], 1001, 1000)]
    {
        let Err(TransportError::Violation { what, close }) = decoder.decode(&mut header[..].into()) else {
            panic!("accepted")
        };
        assert_eq!(what, format!("frame of {len} octets, {limit} are accepted"));
        assert_eq!(close, Close::TooLarge);
    }
}

#[test]
fn first_octets_that_are_accepted() {
    let accepted: Vec<u8> = (0..=255).filter(|first| decode(&[*first, 0, 0, 0]).is_ok()).collect();
    assert_eq!(accepted, [0x00, 0x01, 0x02, 0x08, 0x09, 0x0A]);
}

proptest! {
    #[test]
    fn any_octets_in_any_cut_decode_alike(
        // Mostly frames, since octets at random end with the first.
        frames in prop::collection::vec((prop_oneof![9 => 0..3_u8, 1 => any::<u8>()], 0..1100_usize), 0..10),
        garbage in prop::collection::vec(any::<u8>(), 0..8),
        cuts in prop::collection::vec(1..200_usize, 0..40),
    ) {
        let mut octets = Vec::new();
        for (first, len) in frames {
            octets.push(first);
            octets.extend(&(len as u32).to_be_bytes()[1..]);
            octets.resize(octets.len() + len, first);
        }
        octets.extend(garbage);
        let mut pieces = Vec::new();
        let mut rest = &octets[..];
        for cut in cuts {
            let (piece, tail) = rest.split_at(cut.min(rest.len()));
            pieces.push(piece);
            rest = tail;
        }
        pieces.push(rest);
        prop_assert_eq!(decode_all(pieces), decode_all([&octets[..]]));
    }

    #[test]
    fn what_is_written_is_read(len in 0..70_000_usize) {
        let mut octets = Vec::new();
        RawSocketEncoder::new(LONGEST).header(len, &mut octets);
        octets.resize(octets.len() + len, 9);
        prop_assert_eq!(decode(&octets).unwrap(), Step::Message(Bytes::from(vec![9; len])));
    }
}
