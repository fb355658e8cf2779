//! The MessagePack serializer (wamp.2.msgpack).
//!
//! Law: whatever [`scan`](Serializer::scan) accepts, any strict MessagePack decoder accepts. Nothing that a frame claims
//! about itself is believed before the bytes are there.
//!
//! ```text
//!   95                                a list of five: the header says the length, nothing stands between the elements
//!   24  ce 0095e526  cf 0000001a...   36, a 32-bit and a 64-bit integer: the head
//!   80                                {}
//!   91 ad "Hello, event!"             ["Hello, event!"]: the payload, spliced into the next message as it is
//! ```
//!
//! Integers and lengths are accepted in any width and written in the smallest one. Ext types pass as they are to
//! receivers that speak MessagePack too; for all others they are [`Unrepresentable`].

mod scan;
#[cfg(test)]
mod tests;
mod token;
mod walk;
mod write;

use std::borrow::Cow;

use bytes::Bytes;
use crossway_core::serializer::{
    DecodeError, HeadItem, Run, RunWriter, Scan, Serializer, Unrepresentable, Visitor,
};

/// MessagePack, as of its version 5: strings and binary data are told apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MessagePack;

impl Serializer for MessagePack {
    fn name(&self) -> &'static str {
        "msgpack"
    }

    fn rawsocket_code(&self) -> Option<u8> {
        Some(2)
    }

    fn scan(&self, frame: &Bytes, max_depth: usize) -> Result<Scan, DecodeError> {
        scan::scan(frame, max_depth)
    }

    fn walk(&self, run: &[u8], count: usize, into: &mut dyn Visitor) -> Result<(), Unrepresentable> {
        walk::walk(run, count, into)
    }

    fn writer<'a>(&self, out: &'a mut Vec<u8>) -> Box<dyn RunWriter + 'a> {
        Box::new(write::Writer::new(out))
    }

    fn encode(&self, head: &[HeadItem<'_>], payload: Run<'_>, out: &mut Vec<u8>) {
        write::head(head, payload.count, out);
        out.extend_from_slice(payload.raw);
    }

    fn encode_around(&self, head: &[HeadItem<'_>], count: usize, out: &mut Vec<u8>) -> Option<&'static [u8]> {
        write::head(head, count, out);
        Some(b"")
    }

    fn text<'a>(&self, raw: &'a [u8]) -> Result<Cow<'a, str>, Unrepresentable> {
        walk::text(raw)
    }
}
