//! ciborium and this crate understand each other.

use bytes::Bytes;
use ciborium::Value as Theirs;
use crossway_cbor::Cbor;
use crossway_conformance::{message, values};
use crossway_core::Value;
use crossway_core::serializer::Serializer;
use proptest::prelude::*;

fn theirs(value: &Value) -> Theirs {
    match value {
        Value::Null => Theirs::Null,
        Value::Bool(truth) => (*truth).into(),
        Value::Uint(number) => (*number).into(),
        Value::Int(number) => (*number).into(),
        Value::Float(number) => (*number).into(),
        Value::Text(text) => text.as_str().into(),
        Value::Bytes(bytes) => Theirs::Bytes(bytes.clone()),
        Value::List(items) => Theirs::Array(items.iter().map(theirs).collect()),
        Value::Dict(dict) => Theirs::Map(dict.iter().map(|(key, v)| (key.into(), theirs(v))).collect()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn ciborium_understands_what_is_written(value in values::value()) {
        let run = message::run(&Cbor, std::slice::from_ref(&value)).unwrap();
        let mut rest = &run[..];
        let read: Theirs = ciborium::from_reader(&mut rest).unwrap();
        prop_assert_eq!(read, theirs(&value));
        prop_assert!(rest.is_empty());
    }

    /// It shortens floats, and writes all else as this crate does.
    #[test]
    fn what_ciborium_writes_is_understood(value in values::value()) {
        let mut written = Vec::new();
        ciborium::into_writer(&vec![theirs(&value)], &mut written).unwrap();
        message::scan(&Cbor, &Bytes::copy_from_slice(&written)).unwrap();
        prop_assert_eq!(Cbor.value(&written).unwrap(), Value::List(vec![value]));
    }

    /// Every float of 16 bits is the one that ciborium reads.
    #[test]
    fn half_floats_are_what_ciborium_takes_them_for(bits in any::<u16>()) {
        let frame = [&[0xf9], &bits.to_be_bytes()[..]].concat();
        let read: f64 = ciborium::from_reader(&frame[..]).unwrap();
        let Value::Float(number) = Cbor.value(&frame).unwrap() else { panic!("no float") };
        prop_assert!(number == read || number.is_nan() && read.is_nan(), "{} is {}", number, read);
    }
}
