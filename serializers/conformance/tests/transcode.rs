//! Every pair of formats, the bridged ones of third parties included, without either knowing the other.

use bytes::Bytes;
use crossway_cbor::Cbor;
use crossway_conformance::message::{self, transcode};
use crossway_conformance::{contract, values};
use crossway_core::serializer::Serializer;
use crossway_core::serializer::bridge::{Bridged, SerdeFormat};
use crossway_core::{Dict, Value};
use crossway_json::Json;
use crossway_msgpack::MessagePack;
use proptest::prelude::*;

#[derive(Clone, Debug)]
struct RmpSerde;

impl SerdeFormat for RmpSerde {
    fn name(&self) -> &'static str {
        "rmp-serde"
    }
    fn to_vec(&self, value: &Value) -> Result<Vec<u8>, String> {
        rmp_serde::to_vec(value).map_err(|error| error.to_string())
    }
    fn from_slice(&self, bytes: &[u8]) -> Result<Value, String> {
        let mut rest = bytes;
        let value = rmp_serde::from_read(&mut rest).map_err(|error| error.to_string())?;
        if rest.is_empty() { Ok(value) } else { Err("trailing bytes".into()) }
    }
}

#[derive(Clone, Debug)]
struct Ciborium;

impl SerdeFormat for Ciborium {
    fn name(&self) -> &'static str {
        "ciborium"
    }
    fn to_vec(&self, value: &Value) -> Result<Vec<u8>, String> {
        let mut out = Vec::new();
        ciborium::into_writer(value, &mut out).map_err(|error| error.to_string())?;
        Ok(out)
    }
    fn from_slice(&self, bytes: &[u8]) -> Result<Value, String> {
        let mut rest = bytes;
        let value = ciborium::from_reader(&mut rest).map_err(|error| error.to_string())?;
        if rest.is_empty() { Ok(value) } else { Err("trailing bytes".into()) }
    }
}

const FORMATS: [&dyn Serializer; 5] = [&Json, &MessagePack, &Cbor, &Bridged(RmpSerde), &Bridged(Ciborium)];

/// Writes `payload` in one format, rewrites it into the other, and reads it there, through whole messages.
fn through(from: &dyn Serializer, to: &dyn Serializer, payload: &[Value]) -> Vec<Value> {
    let run = message::run(from, payload).expect("every format can say this");
    let rewritten = transcode(from, (&run, payload.len()), to).expect("every format can say this");
    let frame = message::event(to, &rewritten, payload.len());
    let scan = message::scan(to, &frame).expect("own output is accepted");
    let (run, count) = message::payload(&scan, &frame, message::EVENT_HEAD);
    message::values(to, run, count).expect("own output is understood")
}

/// Why one list can not be rewritten for receivers of the other format.
fn refusal(from: &dyn Serializer, run: &[u8], to: &dyn Serializer) -> String {
    match transcode(from, (run, 1), to) {
        Ok(out) => panic!("{:?} became {:?}", Bytes::copy_from_slice(run), Bytes::from(out)),
        Err(error) => error.to_string(),
    }
}

#[test]
fn bridged_formats_keep_the_contract() {
    contract::check(&Bridged(RmpSerde));
    contract::check(&Bridged(Ciborium));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(50))]

    #[test]
    fn every_pair_of_formats_keeps_all_values(payload in values::payload()) {
        for from in FORMATS {
            for to in FORMATS {
                prop_assert_eq!(&through(from, to, &payload), &payload, "{} to {}", from.name(), to.name());
            }
        }
    }
}

#[test]
fn binary_data_survives_at_any_depth() {
    let bytes: Value = vec![0u8, 1, 254, 255].into();
    let inner = Dict::new().with("list", vec![bytes.clone(), Value::List(vec![bytes.clone()])]);
    let payload = [Value::List(vec![bytes]), Dict::new().with("a", Dict::new().with("b", inner)).into()];
    for from in FORMATS {
        for to in FORMATS {
            assert_eq!(through(from, to, &payload), payload, "{} to {}", from.name(), to.name());
        }
    }
}

/// SER-08.
#[test]
fn ids_up_to_2_to_the_53_are_exact() {
    let ids = [(1 << 53) - 1, 1 << 53, (1 << 53) + 1, u64::MAX].map(Value::from);
    let payload = [Value::List(ids.to_vec())];
    for from in FORMATS {
        for to in FORMATS {
            assert_eq!(through(from, to, &payload), payload, "{} to {}", from.name(), to.name());
        }
    }
}

#[test]
fn keys_keep_their_order() {
    let dict = Dict::new().with("z", 1u64).with("a", 2u64).with("m", 3u64);
    for from in FORMATS {
        for to in FORMATS {
            let there = through(from, to, &[Value::List(vec![]), dict.clone().into()]);
            let keys: Vec<_> = there[1].as_dict().unwrap().iter().map(|(key, _)| key.to_owned()).collect();
            assert_eq!(keys, ["z", "a", "m"], "{} to {}", from.name(), to.name());
        }
    }
}

#[test]
fn a_float_without_fraction_stays_a_float() {
    for from in FORMATS {
        for to in FORMATS {
            let payload = [Value::List(vec![1.0.into(), 1e300.into()])];
            assert_eq!(through(from, to, &payload), payload, "{} to {}", from.name(), to.name());
        }
    }
}

#[test]
fn an_integer_of_65_bits_does_not_become_a_float() {
    for to in FORMATS {
        assert!(refusal(&Json, b"[18446744073709551616]", to).contains("18446744073709551616"));
        assert!(
            refusal(&Cbor, b"\x81\x3b\xff\xff\xff\xff\xff\xff\xff\xff", to).contains("-18446744073709551616")
        );
        assert!(refusal(&Cbor, b"\x81\xc2\x49\x01\0\0\0\0\0\0\0\0", to).contains("72 bits"));
    }
}

#[test]
fn nan_and_infinities_do_not_reach_json() {
    for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        for from in [&MessagePack as &dyn Serializer, &Cbor] {
            let run = message::run(from, &[Value::List(vec![number.into()])]).unwrap();
            assert!(refusal(from, &run, &Json).contains("in JSON"));
            let there = transcode(from, (&run, 1), &MessagePack).unwrap();
            let back = message::values(&MessagePack, &there, 1).unwrap();
            assert_eq!(format!("{back:?}"), format!("[List([Float({number:?})])]"));
        }
    }
}

#[test]
fn keys_that_are_no_strings_do_not_reach_json() {
    assert!(refusal(&MessagePack, b"\x91\x81\x01\x02", &Json).contains("an integer as a dictionary key"));
    assert!(refusal(&Cbor, b"\x81\xa1\x41\x00\x02", &Json).contains("binary data as a dictionary key"));
    assert_eq!(transcode(&MessagePack, (b"\x91\x81\x01\x02", 1), &Cbor).unwrap(), b"\x81\xa1\x01\x02");
}

#[test]
fn ext_types_and_unknown_tags_are_named_in_the_refusal() {
    for to in FORMATS {
        assert!(refusal(&MessagePack, b"\x91\xd6\xff\0\0\0\0", to).contains("ext type (-1)"));
        assert!(refusal(&Cbor, b"\x81\xc1\x00", to).contains("tag 1"));
    }
}

/// BJSON-06.
#[test]
fn text_that_json_would_take_for_binary_does_not_reach_it() {
    let run = message::run(&MessagePack, &[Value::List(vec!["\0AAAA".into()])]).unwrap();
    assert!(refusal(&MessagePack, &run, &Json).contains("U+0000"));
    let payload = [Value::List(vec!["\0 no base64".into()])];
    assert_eq!(through(&MessagePack, &Json, &payload), payload);
}
