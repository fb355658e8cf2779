use proptest::prelude::*;

use super::{END, Fault, KEEP, STREAMS, WORKSHOP, deflate, inflate};

fn compressed(message: &[u8], window_bits: u8) -> Option<bytes::Bytes> {
    deflate(&[message], window_bits)
}

#[test]
fn the_examples_of_rfc_7692() {
    let hello = [
        // 7.2.3.1: one block; 7.2.3.3: not compressed; 7.2.3.4: a last block; 7.2.3.5: two blocks.
        &[0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00][..],
        &[0x00, 0x05, 0x00, 0xFA, 0xFF, 0x48, 0x65, 0x6C, 0x6C, 0x6F, 0x00],
        &[0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00],
        &[0xF2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xCA, 0xC9, 0xC9, 0x07, 0x00],
    ];
    for message in hello {
        assert_eq!(inflate(message, 5).as_deref(), Ok(&b"Hello"[..]), "{message:x?}");
    }
    // 7.2.3.6: an empty message.
    assert_eq!(inflate(&[0x00], 0).as_deref(), Ok(&b""[..]));
}

#[test]
fn a_message_that_takes_the_context_of_the_one_before_is_refused() {
    // 7.2.3.2: `Hello` again, as a reference to the first.
    assert!(inflate(&[0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00], 100).is_ok());
    assert_eq!(inflate(&[0xF2, 0x00, 0x11, 0x00, 0x00], 100), Err(Fault::Corrupt));
}

#[test]
fn a_message_cut_off_anywhere_is_refused() {
    let text: String = (0..500).map(|i| format!("{{\"number\":{}}}", i * i)).collect();
    let message = compressed(text.as_bytes(), 15).unwrap();
    assert_eq!(inflate(&message, text.len()).as_deref(), Ok(text.as_bytes()));
    for cut in 1..message.len() {
        assert_eq!(
            inflate(&message[..cut], 1 << 20),
            Err(Fault::Corrupt),
            "cut at {cut} of {}",
            message.len()
        );
    }
}

#[test]
fn nothing_at_all_is_an_empty_message() {
    // What zlib gives for nothing that is flushed a second time.
    assert_eq!(inflate(&[], 0).as_deref(), Ok(&b""[..]));
}

/// A thousand to one is what deflate can do; ten such layers would need ten messages.
#[test]
fn a_bomb_goes_off_at_the_limit() {
    let zeros = vec![0; 8 << 20];
    let bomb = compressed(&zeros, 15).unwrap();
    assert!(bomb.len() < zeros.len() / 100, "{}", bomb.len());
    assert_eq!(inflate(&bomb, 1 << 20), Err(Fault::TooLong));
    WORKSHOP.with_borrow(|workshop| assert!(workshop.buffer.capacity() <= KEEP));
    assert_eq!(inflate(&bomb, zeros.len() - 1), Err(Fault::TooLong));
    assert_eq!(inflate(&bomb, zeros.len()).map(|message| message.len()), Ok(zeros.len()));
}

#[test]
fn the_limit_is_to_the_octet() {
    for len in [0_usize, 1, 5, 16_383, 16_384, 16_385, 131_072, 200_000] {
        let message = vec![b'x'; len];
        let stored = match compressed(&message, 15) {
            Some(short) => short,
            None => stored(&message).into(),
        };
        assert_eq!(inflate(&stored, len).as_deref(), Ok(&message[..]), "{len}");
        if len > 0 {
            assert_eq!(inflate(&stored, len - 1), Err(Fault::TooLong), "{len}");
        }
    }
}

/// A message in blocks that are not compressed.
fn stored(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for block in message.chunks(65_535) {
        let len = (block.len() as u16).to_le_bytes();
        out.extend([0, len[0], len[1], !len[0], !len[1]]);
        out.extend(block);
    }
    out.push(0);
    out
}

#[test]
fn streams_beyond_the_limit_are_refused() {
    // Each is an empty last block.
    let streams = |count: usize| [&[3, 0].repeat(count)[..], &[0]].concat();
    assert_eq!(inflate(&streams(STREAMS - 1), 0).as_deref(), Ok(&b""[..]));
    assert_eq!(inflate(&streams(STREAMS), 0), Err(Fault::Corrupt));
}

#[test]
fn octets_without_pattern_are_left_as_they_are() {
    assert_eq!(compressed(&noise(1000), 15), None);
    assert_eq!(compressed(b"ab", 15), None);
}

/// Found by the conformance suite of WebSocket: given as much room as the message had, the compressor stopped in its middle,
/// and panicked some messages later.
#[test]
fn messages_that_do_not_compress_leave_no_trace_in_the_compressor() {
    for len in [256, 5000, 70_000] {
        for window_bits in [9, 15] {
            for _ in 0..5 {
                assert_eq!(compressed(&noise(len), window_bits), None);
                let text = vec![b'x'; len];
                let short = compressed(&text, window_bits).unwrap();
                assert_eq!(inflate(&short, len).as_deref(), Ok(&text[..]));
            }
        }
    }
}

/// The worst case of level 1 is an octet that takes nine bits.
#[test]
fn there_is_always_room() {
    for len in [1, 255, 256, 10_000, 100_000] {
        for octets in [noise(len), vec![0xFF; len], (0..len).map(|i| 144 + (i * 37 % 112) as u8).collect()] {
            let mut deflater = zlib_rs::Deflate::new(super::LEVEL, false, 15);
            let mut out = vec![0; super::room_for(len)];
            assert!(super::fill(&mut deflater, &[&octets], &mut out).is_some(), "{len}");
        }
    }
}

/// Octets in which nothing repeats.
fn noise(len: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    std::iter::repeat_with(next).take(len).collect()
}

/// The distance of the reference is beyond the window that the other side has.
#[test]
fn a_narrow_window_is_kept_to() {
    let mut message: Vec<u8> = (0..=255_u8).cycle().map(|octet| octet.wrapping_mul(167)).take(256).collect();
    message.extend([b'x'; 600]);
    message.extend_from_within(..256);
    let (narrow, wide) = (compressed(&message, 9).unwrap(), compressed(&message, 15).unwrap());
    assert!(narrow.len() > wide.len() + 200, "{} and {}", narrow.len(), wide.len());
    let mut strict = zlib_rs::Inflate::new(false, 9);
    let mut out = vec![0; 2000];
    let mut used = 0;
    // In small steps, so that it depends on its window.
    let flushed = [&narrow[..], END].concat();
    for piece in flushed.chunks(7) {
        strict.decompress(piece, &mut out[used..], zlib_rs::InflateFlush::NoFlush).unwrap();
        used = strict.total_out() as usize;
    }
    assert_eq!(&out[..used], &message[..]);
}

proptest! {
    #[test]
    fn what_goes_in_comes_out(
        parts in prop::collection::vec(prop::collection::vec(0..5_u8, 0..1000), 1..4),
        window_bits in 9..16_u8,
    ) {
        let message = parts.concat();
        let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        if let Some(compressed) = deflate(&parts, window_bits) {
            prop_assert!(compressed.len() < message.len());
            let read = inflate(&compressed, message.len());
            prop_assert_eq!(read.as_deref(), Ok(&message[..]));
        }
    }

    #[test]
    fn noise_goes_in_and_comes_out(
        parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..400), 1..4),
        repeated in 1..4_usize,
        window_bits in 9..16_u8,
    ) {
        let message = parts.concat().repeat(repeated);
        if let Some(compressed) = deflate(&[&message], window_bits) {
            prop_assert!(compressed.len() < message.len());
            let read = inflate(&compressed, message.len());
            prop_assert_eq!(read.as_deref(), Ok(&message[..]));
        }
    }

    #[test]
    fn any_octets_are_a_message_or_a_fault(octets in prop::collection::vec(any::<u8>(), 0..300), max in 0..5000_usize) {
        if let Ok(message) = inflate(&octets, max) {
            prop_assert!(message.len() <= max);
        }
    }

    #[test]
    fn damage_is_a_message_or_a_fault(at in 0..1000_usize, to: u8) {
        let text: String = (0..300).map(|i| format!("{{\"number\":{}}}", i * i)).collect();
        let mut message = compressed(text.as_bytes(), 15).unwrap().to_vec();
        let at = at % message.len();
        message[at] = to;
        if let Ok(read) = inflate(&message, 10_000) {
            prop_assert!(read.len() <= 10_000);
        }
    }
}
