//! Writing: numbers and texts octet by octet, messages of the set-up from `serde_json` values.

use serde_json::Value;

use super::{Format, cbor, json, msgpack};

impl Format {
    /// A whole message.
    pub(crate) fn encode(self, message: &Value) -> Vec<u8> {
        let (octets, holes) = self.encode_around_null(message);
        debug_assert!(holes.is_empty(), "null stands for a number of a template");
        octets
    }

    /// A message without the places where `null` stands, and where these are.
    pub(super) fn encode_around_null(self, message: &Value) -> (Vec<u8>, Vec<usize>) {
        let (mut octets, mut holes) = (Vec::new(), Vec::new());
        self.value(message, &mut octets, &mut holes);
        (octets, holes)
    }

    fn value(self, value: &Value, out: &mut Vec<u8>, holes: &mut Vec<usize>) {
        match value {
            Value::Null => holes.push(out.len()),
            Value::Bool(value) => self.bool(out, *value),
            Value::Number(number) => self.uint(out, number.as_u64().expect("only unsigned numbers are sent")),
            Value::String(text) => self.text(out, text),
            Value::Array(items) => {
                self.begin_list(out, items.len());
                for (i, item) in items.iter().enumerate() {
                    self.separator(out, i);
                    self.value(item, out, holes);
                }
                self.end(out, b']');
            }
            Value::Object(entries) => {
                self.begin_dict(out, entries.len());
                for (i, (key, item)) in entries.iter().enumerate() {
                    self.separator(out, i);
                    self.text(out, key);
                    self.end(out, b':');
                    self.value(item, out, holes);
                }
                self.end(out, b'}');
            }
        }
    }

    /// An unsigned integer in its shortest form.
    #[inline]
    pub(crate) fn uint(self, out: &mut Vec<u8>, number: u64) {
        match self {
            Format::Json => json::uint(out, number),
            Format::Msgpack => msgpack::uint(out, number),
            Format::Cbor => cbor::head(out, cbor::UINT, number),
        }
    }

    fn text(self, out: &mut Vec<u8>, text: &str) {
        match self {
            Format::Json => {
                out.extend_from_slice(Value::from(text).to_string().as_bytes());
                return;
            }
            Format::Msgpack => msgpack::text_head(out, text.len()),
            Format::Cbor => cbor::head(out, cbor::TEXT, text.len() as u64),
        }
        out.extend_from_slice(text.as_bytes());
    }

    fn bool(self, out: &mut Vec<u8>, value: bool) {
        match self {
            Format::Json => out.extend_from_slice(if value { b"true" } else { b"false" }),
            Format::Msgpack => out.push(0xc2 + u8::from(value)),
            Format::Cbor => out.push(0xf4 + u8::from(value)),
        }
    }

    fn begin_list(self, out: &mut Vec<u8>, items: usize) {
        match self {
            Format::Json => out.push(b'['),
            Format::Msgpack => msgpack::collection_head(out, 0x90, 0xdc, items),
            Format::Cbor => cbor::head(out, cbor::LIST, items as u64),
        }
    }

    fn begin_dict(self, out: &mut Vec<u8>, entries: usize) {
        match self {
            Format::Json => out.push(b'{'),
            Format::Msgpack => msgpack::collection_head(out, 0x80, 0xde, entries),
            Format::Cbor => cbor::head(out, cbor::DICT, entries as u64),
        }
    }

    /// What stands before item `i`.
    fn separator(self, out: &mut Vec<u8>, i: usize) {
        if i > 0 {
            self.end(out, b',');
        }
    }

    /// Punctuation, which the binary formats have none of.
    pub(crate) fn end(self, out: &mut Vec<u8>, mark: u8) {
        if self == Format::Json {
            out.push(mark);
        }
    }
}
