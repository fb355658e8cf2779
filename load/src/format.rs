//! The three formats: just enough to write messages from templates and to find their elements again.
//!
//! This is not the router's code on purpose. What judges a router must not share its mistakes.

mod cbor;
mod json;
mod msgpack;
mod reader;
mod template;
mod write;

pub(crate) use reader::Reader;
pub(crate) use template::Template;

use clap::ValueEnum;
use serde::Serialize;

/// How messages are spelt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// JSON, in text messages.
    Json,
    /// MessagePack.
    Msgpack,
    /// CBOR.
    Cbor,
}

impl Format {
    /// The code in a RawSocket handshake.
    pub(crate) fn rawsocket_code(self) -> u8 {
        match self {
            Format::Json => 1,
            Format::Msgpack => 2,
            Format::Cbor => 3,
        }
    }

    /// The short name: `msgpack` is negotiated as WebSocket subprotocol `wamp.2.msgpack`.
    pub fn name(self) -> &'static str {
        match self {
            Format::Json => "json",
            Format::Msgpack => "msgpack",
            Format::Cbor => "cbor",
        }
    }

    /// Whether WebSocket carries it in text messages.
    pub(crate) fn is_text(self) -> bool {
        self == Format::Json
    }
}

/// Octets that are no message of the format, and what was expected instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed message: {0}")]
pub(crate) struct Malformed(pub(crate) &'static str);

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const ALL: [Format; 3] = [Format::Json, Format::Msgpack, Format::Cbor];

    #[test]
    fn what_is_written_is_read() {
        let long = "x".repeat(300);
        let numbers = [0u64, 23, 24, 127, 128, 255, 256, 65535, 65536, 0xffff_ffff, 1 << 32, 1 << 53];
        for format in ALL {
            let message =
                json!([1, "realm1", {"roles": {"caller": {}}, "list": numbers, "flag": true}, long]);
            let octets = format.encode(&message);
            assert_eq!(Reader::new(format, &octets).value().unwrap(), message, "{format:?}");
        }
    }

    #[test]
    fn elements_are_skipped_as_a_whole() {
        for format in ALL {
            let element = json!({"a": [1, 2, {"b": "quo\"te\\"}], "c": false});
            let octets = format.encode(&json!([36, element, "after"]));
            let mut reader = Reader::new(format, &octets);
            reader.list().unwrap();
            assert_eq!(reader.uint(), Ok(36));
            let skipped = reader.skip().unwrap();
            assert_eq!(Reader::new(format, skipped).value().unwrap(), element);
            assert_eq!(reader.text(), Ok(&b"after"[..]));
        }
    }

    #[test]
    fn a_template_is_the_message_with_its_numbers() {
        for format in ALL {
            let template = Template::new(format, &json!([48, null, {}, "com.example", [7, null, "text"]]));
            for numbers in [[1, 2], [200, 70_000], [1 << 40, 0]] {
                let mut octets = Vec::new();
                template.fill(&numbers, &mut octets);
                let [request, number] = numbers;
                let expected = json!([48, request, {}, "com.example", [7, number, "text"]]);
                assert_eq!(octets, format.encode(&expected), "{format:?}");
            }
        }
    }

    #[test]
    fn cut_and_damaged_messages_are_errors_and_no_panics() {
        for format in ALL {
            let octets = format.encode(&json!([36, 1, 2, {"k": "v"}, [1, 70_000, "payload"]]));
            for end in 0..octets.len() {
                assert!(Reader::new(format, &octets[..end]).value().is_err(), "{format:?} cut at {end}");
            }
            for at in 0..octets.len() {
                for octet in
                    [0x00, 0x1f, 0x5f, 0x7f, 0x9f, 0xbf, 0xc1, 0xdb, 0xdf, 0xfb, 0xff, b'[', b'"', b'\\']
                {
                    let mut damaged = octets.clone();
                    damaged[at] = octet;
                    let _: Result<Value, _> = Reader::new(format, &damaged).value();
                    let _ = Reader::new(format, &damaged).skip();
                }
            }
        }
    }

    #[test]
    fn nesting_ends_somewhere() {
        for (format, octet) in [(Format::Json, b'['), (Format::Msgpack, 0x91), (Format::Cbor, 0x81)] {
            let deep = vec![octet; 1 << 20];
            assert!(Reader::new(format, &deep).value().is_err());
            assert!(Reader::new(format, &deep).skip().is_err());
        }
    }

    #[test]
    fn strings_and_lists_of_indefinite_length_are_read() {
        let octets =
            [0x9f, 0x18, 0x24, 0x7f, 0x61, b'a', 0x61, b'b', 0xff, 0xbf, 0x61, b'k', 0x01, 0xff, 0xff];
        let mut reader = Reader::new(Format::Cbor, &octets);
        assert_eq!(reader.skip().unwrap().len(), octets.len());
        let mut reader = Reader::new(Format::Cbor, &octets);
        reader.list().unwrap();
        assert_eq!(reader.uint(), Ok(36));
        assert_eq!(reader.skip().unwrap().len(), 6);
    }
}
