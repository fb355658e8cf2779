//! Batches, put together and taken apart by hand.

use crate::Format;

/// One batch of these messages, which may be none or empty.
pub fn join(format: Format, messages: &[&[u8]]) -> Vec<u8> {
    let item = |message: &&[u8]| match format {
        Format::Json => [*message, b"\x1E"].concat(),
        Format::MsgPack | Format::Cbor => {
            let length = u32::try_from(message.len()).expect("a short message").to_be_bytes();
            [&length, *message].concat()
        }
    };
    messages.iter().flat_map(item).collect()
}

/// The messages of a batch that the router made; a batch that is none fails the test.
pub fn split(format: Format, batch: &[u8]) -> Vec<Vec<u8>> {
    let (mut rest, mut messages) = (batch, Vec::new());
    while !rest.is_empty() {
        let (message, behind) = match format {
            Format::Json => {
                let end = rest.iter().position(|octet| *octet == 0x1E).expect("a separator (BATCH-01)");
                (&rest[..end], &rest[end + 1..])
            }
            Format::MsgPack | Format::Cbor => {
                let (length, behind) = rest.split_first_chunk().expect("a length (BATCH-03)");
                behind.split_at(u32::from_be_bytes(*length) as usize)
            }
        };
        messages.push(message.to_vec());
        rest = behind;
    }
    assert!(!messages.is_empty(), "an empty batch (BATCH-06)");
    messages
}
