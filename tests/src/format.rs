//! Neutral values, spelt by libraries that the router does not use on its hot path.
//!
//! A test writes messages as [`serde_json::Value`]. Binary data has no place there, so it takes the form that WAMP gives
//! it in JSON, U+0000 and base64 ([`binary`]); MessagePack and CBOR turn that into real binary data and back.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ciborium::Value as CborValue;
use serde_json::{Map, Value};

/// How messages are spelt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// JSON.
    Json,
    /// MessagePack.
    MsgPack,
    /// CBOR.
    Cbor,
}

/// Binary data as a neutral value.
pub fn binary(octets: &[u8]) -> Value {
    Value::String(format!("\0{}", STANDARD.encode(octets)))
}

/// The octets of a neutral value that is binary data.
pub fn octets(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text.strip_prefix('\0')?).ok()
}

impl Format {
    /// All that there are.
    pub const ALL: [Format; 3] = [Format::Json, Format::MsgPack, Format::Cbor];

    /// The WebSocket subprotocol.
    pub fn subprotocol(self) -> &'static str {
        match self {
            Format::Json => "wamp.2.json",
            Format::MsgPack => "wamp.2.msgpack",
            Format::Cbor => "wamp.2.cbor",
        }
    }

    /// The WebSocket subprotocol for batches.
    pub fn batched_subprotocol(self) -> &'static str {
        match self {
            Format::Json => "wamp.2.json.batched",
            Format::MsgPack => "wamp.2.msgpack.batched",
            Format::Cbor => "wamp.2.cbor.batched",
        }
    }

    /// The code in a RawSocket handshake.
    pub fn rawsocket_code(self) -> u8 {
        match self {
            Format::Json => 1,
            Format::MsgPack => 2,
            Format::Cbor => 3,
        }
    }

    /// Spells a value.
    pub fn encode(self, value: &Value) -> Vec<u8> {
        let mut out = Vec::new();
        match self {
            Format::Json => serde_json::to_writer(&mut out, value).expect("values are JSON"),
            Format::MsgPack => {
                rmpv::encode::write_value(&mut out, &to_msgpack(value)).expect("vectors take everything");
            }
            Format::Cbor => {
                ciborium::into_writer(&to_cbor(value), &mut out).expect("vectors take everything");
            }
        }
        out
    }

    /// Reads a value that fills `frame` to its end. What a strict reader refuses fails the test.
    pub fn decode(self, frame: &[u8]) -> Value {
        let mut rest = frame;
        let value = match self {
            Format::Json => return serde_json::from_slice(frame).expect("the router sends JSON"),
            Format::MsgPack => {
                from_msgpack(rmpv::decode::read_value(&mut rest).expect("the router sends MessagePack"))
            }
            Format::Cbor => from_cbor(ciborium::from_reader(&mut rest).expect("the router sends CBOR")),
        };
        assert!(rest.is_empty(), "octets behind the message: {rest:?}");
        value
    }
}

fn to_msgpack(value: &Value) -> rmpv::Value {
    match value {
        Value::Null => rmpv::Value::Nil,
        Value::Bool(truth) => (*truth).into(),
        Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => number.into(),
            (_, Some(number)) => number.into(),
            _ => number.as_f64().expect("neither integer nor float").into(),
        },
        Value::String(text) => octets(text).map_or_else(|| text.as_str().into(), rmpv::Value::Binary),
        Value::Array(items) => rmpv::Value::Array(items.iter().map(to_msgpack).collect()),
        Value::Object(entries) => {
            // Keys are never binary.
            let entry = |(key, value): (&String, &Value)| (key.as_str().into(), to_msgpack(value));
            rmpv::Value::Map(entries.iter().map(entry).collect())
        }
    }
}

fn from_msgpack(value: rmpv::Value) -> Value {
    match value {
        rmpv::Value::Nil => Value::Null,
        rmpv::Value::Boolean(truth) => truth.into(),
        rmpv::Value::Integer(number) => match number.as_u64() {
            Some(number) => number.into(),
            None => number.as_i64().expect("an integer of 64 bits").into(),
        },
        rmpv::Value::F32(number) => f64::from(number).into(),
        rmpv::Value::F64(number) => number.into(),
        rmpv::Value::String(text) => text.into_str().expect("the router sends UTF-8").into(),
        rmpv::Value::Binary(octets) => binary(&octets),
        rmpv::Value::Array(items) => items.into_iter().map(from_msgpack).collect(),
        rmpv::Value::Map(entries) => {
            object(entries.into_iter().map(|(k, v)| (from_msgpack(k), from_msgpack(v))))
        }
        rmpv::Value::Ext(..) => panic!("no neutral value for {value:?}"),
    }
}

fn to_cbor(value: &Value) -> CborValue {
    match value {
        Value::Null => CborValue::Null,
        Value::Bool(truth) => (*truth).into(),
        Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => number.into(),
            (_, Some(number)) => number.into(),
            _ => number.as_f64().expect("neither integer nor float").into(),
        },
        Value::String(text) => octets(text).map_or_else(|| text.as_str().into(), CborValue::Bytes),
        Value::Array(items) => CborValue::Array(items.iter().map(to_cbor).collect()),
        Value::Object(entries) => {
            let entry = |(key, value): (&String, &Value)| (key.as_str().into(), to_cbor(value));
            CborValue::Map(entries.iter().map(entry).collect())
        }
    }
}

fn from_cbor(value: CborValue) -> Value {
    match value {
        CborValue::Null => Value::Null,
        CborValue::Bool(truth) => truth.into(),
        CborValue::Integer(number) => match (u64::try_from(number), i64::try_from(number)) {
            (Ok(number), _) => number.into(),
            (_, Ok(number)) => number.into(),
            _ => panic!("an integer beyond 64 bits: {number:?}"),
        },
        CborValue::Float(number) => number.into(),
        CborValue::Text(text) => text.into(),
        CborValue::Bytes(octets) => binary(&octets),
        CborValue::Array(items) => items.into_iter().map(from_cbor).collect(),
        CborValue::Map(entries) => object(entries.into_iter().map(|(k, v)| (from_cbor(k), from_cbor(v)))),
        other => panic!("no neutral value for {other:?}"),
    }
}

fn object(entries: impl Iterator<Item = (Value, Value)>) -> Value {
    let mut object = Map::new();
    for (key, value) in entries {
        let Value::String(key) = key else { panic!("a key that is no string: {key}") };
        assert!(object.insert(key.clone(), value).is_none(), "the key {key:?} twice");
    }
    Value::Object(object)
}
