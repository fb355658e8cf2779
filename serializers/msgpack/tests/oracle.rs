//! rmpv, rmp-serde and this crate understand each other.

use bytes::Bytes;
use crossway_conformance::{message, values};
use crossway_core::Value;
use crossway_core::serializer::Serializer;
use crossway_msgpack::MessagePack;
use proptest::prelude::*;
use rmpv::Value as Theirs;

fn theirs(value: &Value) -> Theirs {
    match value {
        Value::Null => Theirs::Nil,
        Value::Bool(truth) => (*truth).into(),
        Value::Uint(number) => (*number).into(),
        Value::Int(number) => (*number).into(),
        Value::Float(number) => (*number).into(),
        Value::Text(text) => text.as_str().into(),
        Value::Bytes(bytes) => Theirs::Binary(bytes.clone()),
        Value::List(items) => Theirs::Array(items.iter().map(theirs).collect()),
        Value::Dict(dict) => Theirs::Map(dict.iter().map(|(key, v)| (key.into(), theirs(v))).collect()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn rmpv_understands_what_is_written(value in values::value()) {
        let run = message::run(&MessagePack, std::slice::from_ref(&value)).unwrap();
        let mut rest = &run[..];
        prop_assert_eq!(rmpv::decode::read_value(&mut rest).unwrap(), theirs(&value));
        prop_assert!(rest.is_empty());
    }

    #[test]
    fn both_write_the_same_bytes(value in values::value()) {
        let mut written = Vec::new();
        rmpv::encode::write_value(&mut written, &theirs(&value)).unwrap();
        prop_assert_eq!(message::run(&MessagePack, &[value]).unwrap(), written);
    }

    #[test]
    fn what_rmp_serde_writes_is_understood(value in values::value()) {
        let written = rmp_serde::to_vec(&vec![&value]).unwrap();
        message::scan(&MessagePack, &Bytes::copy_from_slice(&written)).unwrap();
        prop_assert_eq!(MessagePack.value(&written).unwrap(), Value::List(vec![value]));
    }

    /// Whatever is accepted here, rmpv accepts, and takes as many bytes.
    #[test]
    fn nothing_is_accepted_that_rmpv_refuses(tail in proptest::collection::vec(any::<u8>(), 0..20)) {
        let frame = [&[0x91], &tail[..]].concat();
        if message::scan(&MessagePack, &Bytes::copy_from_slice(&frame)).is_ok() {
            let mut rest = &frame[..];
            prop_assert!(rmpv::decode::read_value(&mut rest).is_ok() && rest.is_empty(), "{:x?}", frame);
        }
    }
}
