#![allow(clippy::unwrap_used, reason = "a test may panic")]

use bytes::{Bytes, BytesMut};
use crossway_core::transport::{Close, Outgoing, TransportError};
use proptest::collection::vec;
use proptest::prelude::*;

use super::Batching::{self, Prefixed, Separated};
use super::Separator;

/// All messages of a batch, or what is wrong with it.
fn taken(batching: Batching, batch: &[u8], max_message: usize) -> Result<Vec<Bytes>, TransportError> {
    let mut batch = Bytes::copy_from_slice(batch);
    let separator = Separator::default();
    let mut messages = vec![batching.take(&mut batch, &separator, max_message)?];
    while !batch.is_empty() {
        messages.push(batching.take(&mut batch, &separator, max_message)?);
    }
    Ok(messages)
}

fn fault(batching: Batching, batch: &[u8]) -> (Close, String) {
    match taken(batching, batch, 10) {
        Err(TransportError::Violation { what, close }) => (close, what),
        other => panic!("{other:?}"),
    }
}

// covers: BATCH-01, BATCH-02, BATCH-05, BATCH-08
#[test]
fn text_has_a_separator_behind_every_message() {
    assert_eq!(taken(Separated, b"[1]\x1E", 10).unwrap(), ["[1]"]);
    assert_eq!(taken(Separated, b"[1]\x1E[22]\x1E[3]\x1E", 10).unwrap(), ["[1]", "[22]", "[3]"]);
}

// covers: BATCH-02
#[test]
fn the_first_separator_of_a_client_decides_which_it_means() {
    let taken = |separator: &Separator, batch: &'static [u8]| {
        Separated.take(&mut Bytes::from_static(batch), separator, 10)
    };
    let (right, other) = (Separator::default(), Separator::default());
    assert_eq!(taken(&right, b"[1]\x1E").unwrap(), "[1]");
    assert_eq!(taken(&other, b"[1]\x18").unwrap(), "[1]");
    assert!(taken(&right, b"[1]\x18").is_err());
    assert!(taken(&other, b"[1]\x1E").is_err());

    let mut batch = *b"[1]\x1E[2]\x1E";
    right.translate(&mut batch);
    assert_eq!(&batch, b"[1]\x1E[2]\x1E");
    other.translate(&mut batch);
    assert_eq!(&batch, b"[1]\x18[2]\x18");
}

// covers: BATCH-03, BATCH-04, BATCH-05, BATCH-08
#[test]
fn binary_data_has_a_length_before_every_message() {
    assert_eq!(taken(Prefixed, b"\0\0\0\x03abc", 10).unwrap(), ["abc"]);
    assert_eq!(taken(Prefixed, b"\0\0\0\x03abc\0\0\0\x01d", 10).unwrap(), ["abc", "d"]);
}

// covers: BATCH-06
#[test]
fn an_empty_batch_is_an_error() {
    for batching in [Separated, Prefixed] {
        assert_eq!(fault(batching, b""), (Close::ProtocolError, "a batch without messages".into()));
    }
}

// covers: BATCH-07
#[test]
fn a_batch_that_does_not_add_up_is_an_error() {
    let cases: [(Batching, &[u8], &str); 10] = [
        (Separated, b"[1]", "a batch without a separator behind its last message"),
        (Separated, b"[1]\x1E[2]", "a batch without a separator behind its last message"),
        (Separated, b"\x1E", "an empty message in a batch"),
        (Separated, b"[1]\x1E\x1E", "an empty message in a batch"),
        (Prefixed, b"\0\0\0", "a batch that ends within a length"),
        (Prefixed, b"\0\0\0\x01a\0", "a batch that ends within a length"),
        (Prefixed, b"\0\0\0\x04abc", "a batch that ends within a message"),
        (Prefixed, b"\xFF\xFF\xFF\xFFabc", "a batch that ends within a message"),
        (Prefixed, b"\0\0\0\0", "an empty message in a batch"),
        (Prefixed, b"\0\0\0\x01a\0\0\0\0", "an empty message in a batch"),
    ];
    for (batching, batch, what) in cases {
        assert_eq!(fault(batching, batch), (Close::ProtocolError, what.into()), "{batch:?}");
    }
}

#[test]
fn the_limit_is_that_of_each_message() {
    let too_long = (Close::TooLarge, "message beyond 10 octets".into());
    assert_eq!(taken(Separated, b"0123456789\x1E0123456789\x1E", 10).unwrap().len(), 2);
    assert_eq!(fault(Separated, b"0\x1E01234567890\x1E"), too_long);
    assert_eq!(taken(Prefixed, b"\0\0\0\x0A0123456789\0\0\0\x0A0123456789", 10).unwrap().len(), 2);
    assert_eq!(fault(Prefixed, b"\0\0\0\x0B01234567890"), too_long);
}

fn messages() -> impl Strategy<Value = Vec<Vec<u8>>> {
    vec(
        vec((0_u8..0xFF).prop_map(|octet| if [0x18, 0x1E].contains(&octet) { 0xFF } else { octet }), 1..40),
        1..20,
    )
}

proptest! {
    #[test]
    fn what_is_written_is_taken(messages in messages(), text in any::<bool>(), cut in 0_usize..40) {
        let batching = if text { Separated } else { Prefixed };
        let mut batch = BytesMut::new();
        for message in &messages {
            let (head, payload) = message.split_at(cut.min(message.len()));
            let payload = Bytes::copy_from_slice(payload);
            (batching.framing().frame)(Outgoing { head, payload: &payload, tail: b"" }, &mut batch);
        }
        prop_assert_eq!(taken(batching, &batch, 40).unwrap(), messages);
        // Nothing can be cut off without notice, unless it is a whole message.
        let shorter = taken(batching, &batch[..batch.len() - 1], 40);
        prop_assert!(shorter.is_err());
    }

    #[test]
    fn any_octets_are_a_batch_that_would_be_written_like_this_or_an_error(octets in vec(0_u8..0x20, 0..60)) {
        for batching in [Separated, Prefixed] {
            let octets: Vec<_> = octets.iter().copied().filter(|octet| *octet != 0x18).collect();
            let Ok(messages) = taken(batching, &octets, 60) else { continue };
            let mut batch = BytesMut::new();
            for payload in &messages {
                batching.write(Outgoing { head: b"", payload, tail: b"" }, &mut batch);
            }
            prop_assert_eq!(&batch[..], &octets[..]);
        }
    }
}
