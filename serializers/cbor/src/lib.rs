//! The CBOR serializer (wamp.2.cbor).
//!
//! Law: whatever [`scan`](Serializer::scan) accepts, any strict CBOR decoder accepts. Nothing that a frame claims
//! about itself is believed before the bytes are there.
//!
//! ```text
//!   85                                  a list of five: 3 bits say what, 5 bits how many or how wide
//!   18 24  1a 0095e526  1b 0000001a...  36, a 32-bit and a 64-bit integer: the head
//!   a0                                  {}
//!   81 6d "Hello, event!"               ["Hello, event!"]: the payload, spliced into the next message as it is
//! ```
//!
//! Integers and lengths are accepted in any width, floats in all three, strings, lists and dictionaries also with
//! indefinite length; all are written with the smallest definite one, floats as doubles.
//!
//! Beyond the WAMP data model:
//! - `undefined` is read as null. Both say that a value is absent, and JavaScript peers send either.
//! - Tagged values and unassigned simple values pass as they are to receivers that speak CBOR too; for all others they
//!   are [`Unrepresentable`], except bignums (tags 2 and 3) that fit into 64 bits.
//! - Each tag counts as a level of nesting, since decoders recurse for it.

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

/// CBOR, as of RFC 8949.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cbor;

impl Serializer for Cbor {
    fn name(&self) -> &'static str {
        "cbor"
    }

    fn rawsocket_code(&self) -> Option<u8> {
        Some(3)
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
