//! serde_json and this crate understand each other.

use bytes::Bytes;
use crossway_conformance::{message, values};
use crossway_core::Value;
use crossway_core::serializer::Serializer;
use crossway_json::Json;
use proptest::prelude::*;
use serde_json::Value as Theirs;

/// `value` as serde_json has it. Binary data is a string to it.
fn theirs(value: &Value) -> Theirs {
    match value {
        Value::Null => Theirs::Null,
        Value::Bool(truth) => (*truth).into(),
        Value::Uint(number) => (*number).into(),
        Value::Int(number) => (*number).into(),
        Value::Float(number) => (*number).into(),
        Value::Text(text) => text.as_str().into(),
        Value::Bytes(_) => {
            let run = message::run(&Json, std::slice::from_ref(value)).expect("binary data can be written");
            serde_json::from_slice(&run).expect("a string")
        }
        Value::List(items) => items.iter().map(theirs).collect(),
        Value::Dict(dict) => {
            Theirs::Object(dict.iter().map(|(key, v)| (key.to_owned(), theirs(v))).collect())
        }
    }
}

/// Equal, floats to the last bit, and key order included, which serde_json's own comparison leaves aside.
fn alike(a: &Theirs, b: &Theirs) -> bool {
    match (a, b) {
        (Theirs::Array(a), Theirs::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| alike(a, b))
        }
        (Theirs::Object(a), Theirs::Object(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|((k, a), (l, b))| k == l && alike(a, b))
        }
        _ => a == b,
    }
}

/// One that serde_json's fast path reads wrongly.
#[test]
fn a_float_with_seventeen_digits_is_exact() {
    let number = 4.0016113676564116e-28;
    let run = message::run(&Json, &[Value::Float(number)]).unwrap();
    assert_eq!(run, b"4.0016113676564116e-28");
    assert_eq!(serde_json::from_slice::<f64>(&run).unwrap().to_bits(), number.to_bits());
    assert_eq!(Json.value(&run).unwrap(), Value::Float(number));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn serde_json_understands_what_is_written(value in values::value()) {
        let run = message::run(&Json, std::slice::from_ref(&value)).unwrap();
        let read: Theirs = serde_json::from_slice(&run).unwrap();
        prop_assert!(alike(&read, &theirs(&value)), "{} is not {:?}", read, value);
    }

    #[test]
    fn what_serde_json_writes_is_understood(value in values::value()) {
        let pretty = serde_json::to_vec_pretty(&vec![theirs(&value)]).unwrap();
        message::scan(&Json, &Bytes::copy_from_slice(&pretty)).unwrap();
        prop_assert_eq!(Json.value(&pretty).unwrap(), Value::List(vec![value]));
    }

    /// Whatever is accepted here, serde_json accepts; the other way round there are the depth and lone surrogates.
    #[test]
    fn nothing_is_accepted_that_serde_json_refuses(frame in r#"\[([-+0-9.eE"\\u,:\[\]{}a ]{0,12}|"[\\udbDf0-9A-F"a]{0,20}")\]"#) {
        if message::scan(&Json, &Bytes::copy_from_slice(frame.as_bytes())).is_ok() {
            let read: Result<Theirs, _> = serde_json::from_str(&frame);
            prop_assert!(read.is_ok(), "{}: {:?}", frame, read);
        }
    }
}
