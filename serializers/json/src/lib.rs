//! The JSON serializer (wamp.2.json).
//!
//! Law: whatever [`scan`](Serializer::scan) accepts, any strict JSON parser accepts (RFC 8259: no byte order mark, no
//! NaN, no lone surrogates, no number beyond the range of floats).
//!
//! ```text
//!   [36,5512315355,4429313566,{},["Hello, event!","\u0000AAEC"]]
//!   └─ head, written anew ─────┘└ payload, spliced as it is ──┘└ the tail "]"
//! ```
//!
//! How the two worlds meet:
//! - Binary data is a string of U+0000 and base64 (RFC 4648 section 4, padded). A string that begins with U+0000 and does
//!   not go on in valid base64 is the application's own text, and passed on unchanged. Keys are never binary.
//! - Text that begins with U+0000 and would be read back as binary is [`Unrepresentable`].
//! - A number without fraction and exponent is an integer, `-0` too; all others are floats.
//! - Integers beyond 64 bits pass as they are to receivers that speak JSON too; for all others they are
//!   [`Unrepresentable`], like NaN, infinities and keys that are no strings on the way to JSON.

mod binary;
mod scan;
mod string;
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

/// JSON, as of RFC 8259, in UTF-8.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Json;

impl Serializer for Json {
    fn name(&self) -> &'static str {
        "json"
    }

    fn rawsocket_code(&self) -> Option<u8> {
        Some(1)
    }

    fn is_text(&self) -> bool {
        true
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

    /// In the dictionaries of the head, floats that JSON does not know are written as null: a head can't be refused.
    fn encode(&self, head: &[HeadItem<'_>], payload: Run<'_>, out: &mut Vec<u8>) {
        write::head(head, payload.count, out);
        out.extend_from_slice(payload.raw);
        out.push(b']');
    }

    fn encode_around(&self, head: &[HeadItem<'_>], count: usize, out: &mut Vec<u8>) -> Option<&'static [u8]> {
        write::head(head, count, out);
        Some(b"]")
    }

    fn text<'a>(&self, raw: &'a [u8]) -> Result<Cow<'a, str>, Unrepresentable> {
        walk::text(raw)
    }
}
