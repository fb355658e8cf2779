use bytes::Bytes;
use crossway_core::serializer::{DEPTH_CAP, DecodeError, HeadItem, Item, Kind, Run, Serializer};
use crossway_core::{Dict, Value};

use crate::Cbor;

fn scan(frame: &[u8]) -> Result<Vec<Item>, DecodeError> {
    Cbor.scan(&Bytes::copy_from_slice(frame), 100).map(|scan| scan.items().to_vec())
}

/// The kind of `element` as the only one of a message.
fn kind(element: &[u8]) -> Result<Kind, DecodeError> {
    let frame = [&[0x81], element].concat();
    let items = scan(&frame)?;
    assert_eq!((items[0].start, items[0].end), (1, frame.len() as u32));
    Ok(items[0].kind)
}

fn value(element: &[u8]) -> Result<Value, String> {
    Cbor.value(element).map_err(|error| error.to_string())
}

fn syntax<T>(what: &'static str, offset: usize) -> Result<T, DecodeError> {
    Err(DecodeError::Syntax { what, offset })
}

#[test]
fn an_event_falls_into_its_elements() {
    let frame =
        b"\x85\x18\x24\x1a\x00\x95\xe5\x26\x1b\x00\x00\x00\x1a\x21\xa2\x78\xbe\xa0\x81\x6dHello, event!";
    let items = scan(frame).unwrap();
    let kinds: Vec<_> = items.iter().map(|item| item.kind).collect();
    let details = Kind::Dict { empty: true, text_keys: true };
    let numbers = [Kind::Uint(36), Kind::Uint(9_823_526), Kind::Uint(112_233_445_566)];
    assert_eq!(kinds[..3], numbers);
    assert_eq!(kinds[3..], [details, Kind::List { empty: false }]);
    assert_eq!((items[4].start, items[4].end), (18, frame.len() as u32));
}

#[test]
fn a_message_is_written_around_its_payload() {
    let details = Dict::new().with("topic", "com.example");
    let head = [HeadItem::Uint(36), HeadItem::Uint(300), HeadItem::Dict(&details)];
    let mut whole = Vec::new();
    Cbor.encode(&head, Run { raw: b"\x81\x01", count: 1 }, &mut whole);
    assert_eq!(whole, b"\x84\x18\x24\x19\x01\x2c\xa1\x65topic\x6bcom.example\x81\x01");
    let mut around = Vec::new();
    assert_eq!(Cbor.encode_around(&head, 1, &mut around), Some(&b""[..]));
    assert_eq!([&around[..], b"\x81\x01"].concat(), whole);
}

#[test]
fn integers_are_read_in_every_width() {
    for five in [&b"\x05"[..], b"\x18\x05", b"\x19\0\x05", b"\x1a\0\0\0\x05", b"\x1b\0\0\0\0\0\0\0\x05"] {
        assert_eq!(kind(five), Ok(Kind::Uint(5)), "{five:x?}");
        assert_eq!(value(five), Ok(Value::Uint(5)), "{five:x?}");
    }
    for minus in [&b"\x20"[..], b"\x38\0", b"\x39\0\0", b"\x3a\0\0\0\0", b"\x3b\0\0\0\0\0\0\0\0"] {
        assert_eq!(kind(minus), Ok(Kind::Int(-1)), "{minus:x?}");
        assert_eq!(value(minus), Ok(Value::Int(-1)), "{minus:x?}");
    }
    assert_eq!(kind(b"\x1b\xff\xff\xff\xff\xff\xff\xff\xff"), Ok(Kind::Uint(u64::MAX)));
    assert_eq!(kind(b"\x3b\x7f\xff\xff\xff\xff\xff\xff\xff"), Ok(Kind::Int(i64::MIN)));
}

#[test]
fn an_integer_below_64_bits_passes_but_can_not_be_rewritten() {
    let least = b"\x3b\xff\xff\xff\xff\xff\xff\xff\xff";
    assert_eq!(kind(least), Ok(Kind::Other));
    let error = value(least).unwrap_err();
    assert!(error.contains("-18446744073709551616"), "{error}");
}

#[test]
fn bignums_that_fit_are_integers() {
    assert_eq!(value(b"\xc2\x42\x01\x00"), Ok(Value::Uint(256)));
    assert_eq!(value(b"\xc2\x49\x00\xff\xff\xff\xff\xff\xff\xff\xff"), Ok(Value::Uint(u64::MAX)));
    assert_eq!(value(b"\xc3\x41\x00"), Ok(Value::Int(-1)));
    assert_eq!(value(b"\xc2\x5f\x41\x01\x41\x00\xff"), Ok(Value::Uint(256)));
    assert!(value(b"\xc2\x49\x01\0\0\0\0\0\0\0\0").unwrap_err().contains("72 bits"));
    assert!(value(b"\xc3\x48\x80\0\0\0\0\0\0\0").is_err());
    assert!(value(b"\xc2\x01").is_err());
    assert_eq!(kind(b"\xc2\x42\x01\x00"), Ok(Kind::Other));
}

#[test]
fn lengths_are_read_in_every_width() {
    let texts: [&[u8]; 5] =
        [b"\x62hi", b"\x78\x02hi", b"\x79\0\x02hi", b"\x7a\0\0\0\x02hi", b"\x7b\0\0\0\0\0\0\0\x02hi"];
    for text in texts {
        assert_eq!(kind(text), Ok(Kind::Text));
        assert_eq!(Cbor.text(text).unwrap(), "hi");
    }
    for bytes in [&b"\x42hi"[..], b"\x58\x02hi", b"\x5f\x41h\x40\x41i\xff"] {
        assert_eq!(value(bytes), Ok(Value::Bytes(b"hi".to_vec())));
        assert_eq!(kind(bytes), Ok(Kind::Bytes));
    }
    for list in [&b"\x81\xf6"[..], b"\x98\x01\xf6", b"\x9f\xf6\xff"] {
        assert_eq!(value(list), Ok(Value::List(vec![Value::Null])));
        assert_eq!(kind(list), Ok(Kind::List { empty: false }));
    }
    for dict in [&b"\xa1\x61a\xf5"[..], b"\xb8\x01\x61a\xf5", b"\xbf\x61a\xf5\xff"] {
        assert_eq!(value(dict), Ok(Dict::new().with("a", true).into()));
        assert_eq!(kind(dict), Ok(Kind::Dict { empty: false, text_keys: true }));
    }
}

#[test]
fn indefinite_lengths_are_read_at_every_place() {
    let frame = b"\x9f\x18\x24\xbf\xff\x7f\x61a\x61b\xff\x9f\xff\xff";
    let kinds: Vec<_> = scan(frame).unwrap().iter().map(|item| item.kind).collect();
    let empty = Kind::Dict { empty: true, text_keys: true };
    assert_eq!(kinds, [Kind::Uint(36), empty, Kind::Text, Kind::List { empty: true }]);
    assert_eq!(Cbor.text(b"\x7f\x61a\x61b\xff").unwrap(), "ab");
}

#[test]
fn broken_indefinite_lengths_are_refused() {
    assert_eq!(kind(b"\xff"), syntax("a break where a value has to be", 1));
    assert_eq!(kind(b"\x81\xff"), syntax("a break where a value has to be", 2));
    assert_eq!(kind(b"\xbf\x61a\xff"), syntax("a break where a value has to be", 4));
    assert_eq!(kind(b"\xc1\xff"), syntax("a break where a value has to be", 2));
    assert_eq!(kind(b"\x7f\x41a\xff"), syntax("a piece of another type in a string", 3));
    assert!(kind(b"\x7f\x7f\x61a\xff\xff").is_err());
    assert_eq!(
        kind(b"\x7f\x61\xc3\x61\xa4\xff"),
        Err(DecodeError::Unicode(3)),
        "a character over two pieces"
    );
    assert_eq!(kind(b"\x9f\x01"), Err(DecodeError::Truncated));
    for reserved in [b"\x1f", b"\x3f", b"\xdf"] {
        assert!(kind(reserved).is_err());
    }
}

#[test]
fn floats_are_read_in_every_width() {
    for one_and_a_half in [&b"\xf9\x3e\x00"[..], b"\xfa\x3f\xc0\0\0", b"\xfb\x3f\xf8\0\0\0\0\0\0"] {
        assert_eq!(kind(one_and_a_half), Ok(Kind::Float(1.5)));
    }
    assert_eq!(kind(b"\xf9\x7b\xff"), Ok(Kind::Float(65504.0)));
    assert_eq!(kind(b"\xf9\x00\x01"), Ok(Kind::Float(5.960464477539063e-8)));
    assert_eq!(kind(b"\xf9\xfc\x00"), Ok(Kind::Float(f64::NEG_INFINITY)));
    assert!(matches!(kind(b"\xf9\x7e\x00"), Ok(Kind::Float(nan)) if nan.is_nan()));
    assert!(matches!(kind(b"\xf9\x80\x00"), Ok(Kind::Float(zero)) if zero == 0.0 && zero.is_sign_negative()));
}

#[test]
fn a_list_that_claims_more_than_there_is_is_truncated() {
    assert_eq!(scan(b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff\x01"), Err(DecodeError::Truncated));
    assert_eq!(kind(b"\x9a\xff\xff\xff\xff\x01\x01\x01"), Err(DecodeError::Truncated));
    assert_eq!(kind(b"\xba\xff\xff\xff\xff\x01\x01\x01"), Err(DecodeError::Truncated));
    assert_eq!(kind(b"\x7b\xff\xff\xff\xff\xff\xff\xff\xff"), Err(DecodeError::Truncated));
}

#[test]
fn text_that_is_not_utf8_is_refused_at_any_depth() {
    assert_eq!(kind(b"\x62\xc3\x28"), Err(DecodeError::Unicode(2)));
    assert_eq!(kind(b"\x81\x63\xed\xa0\x80"), Err(DecodeError::Unicode(3)));
    assert_eq!(kind(b"\xa1\x61\xff\x01"), Err(DecodeError::Unicode(3)));
}

#[test]
fn what_is_not_cbor_is_refused() {
    assert_eq!(kind(b"\x1c"), syntax("a reserved first byte", 1));
    assert_eq!(kind(b"\x9d"), syntax("a reserved first byte", 1));
    assert_eq!(kind(b"\xfe"), syntax("a reserved first byte", 1));
    assert_eq!(kind(b"\xf8\x1f"), syntax("a simple value in the wrong form", 2));
    assert_eq!(scan(b""), Err(DecodeError::Truncated));
    assert_eq!(scan(b"\xa0"), Err(DecodeError::NotAList));
    assert_eq!(scan(b"\x81\x01\x01"), Err(DecodeError::Trailing(2)));
    assert_eq!(scan(b"\x88\x01\x01\x01\x01\x01\x01\x01\x01"), Err(DecodeError::TooManyElements));
}

#[test]
fn nesting_ends_at_the_limit() {
    let nested = |levels: usize| Bytes::from([vec![0x81; levels - 1], vec![0x80]].concat());
    assert!(Cbor.scan(&nested(10), 10).is_ok());
    assert_eq!(Cbor.scan(&nested(11), 10).unwrap_err(), DecodeError::TooDeep(10));
    assert_eq!(Cbor.scan(&nested(1_000_000), usize::MAX).unwrap_err(), DecodeError::TooDeep(DEPTH_CAP));
    assert!(Cbor.value(&nested(1_000_000)).is_err());
    let tags = Bytes::from([vec![0x81], vec![0xc1; 1_000_000], vec![0x01]].concat());
    assert_eq!(Cbor.scan(&tags, 100).unwrap_err(), DecodeError::TooDeep(100));
    let indefinite = Bytes::from(vec![0x9f; 1_000_000]);
    assert_eq!(Cbor.scan(&indefinite, 100).unwrap_err(), DecodeError::TooDeep(100));
}

#[test]
fn tags_pass_but_can_not_be_rewritten() {
    assert_eq!(kind(b"\xc1\x1a\x51\x4b\x67\xb0"), Ok(Kind::Other));
    assert_eq!(kind(b"\xd9\x01\x02\x82\x01\xa0"), Ok(Kind::Other));
    assert_eq!(kind(b"\xc1"), Err(DecodeError::Truncated));
    assert!(value(b"\xc1\x01").unwrap_err().contains("CBOR tag 1"));
    assert_eq!(kind(b"\xf8\xff"), Ok(Kind::Other));
    assert!(value(b"\xe0").unwrap_err().contains("simple value 0"));
}

#[test]
fn undefined_is_read_as_null() {
    assert_eq!(kind(b"\xf7"), Ok(Kind::Null));
    assert_eq!(value(b"\x81\xf7"), Ok(Value::List(vec![Value::Null])));
}

#[test]
fn dictionaries_tell_whether_their_keys_are_text() {
    let keys = |element| match kind(element) {
        Ok(Kind::Dict { text_keys, .. }) => text_keys,
        other => panic!("no dictionary: {other:?}"),
    };
    assert!(keys(b"\xa0"));
    assert!(keys(b"\xa1\x61a\xa1\x01\x02"), "a nested dictionary's keys don't count");
    assert!(keys(b"\xa1\x7f\xff\x01"));
    assert!(!keys(b"\xa2\x61a\x01\x01\x02"));
    assert!(value(b"\xa1\x01\x02").is_err());
}

#[test]
fn headers_of_unknown_length_are_put_in_afterwards() {
    let mut out = b"before".to_vec();
    let mut writer = Cbor.writer(&mut out);
    writer.begin_list(None).unwrap();
    for number in 0..30 {
        writer.begin_dict(None).unwrap();
        for key in 0..(if number == 7 { 300 } else { 1 }) {
            writer.text(&format!("k{key}")).unwrap();
            writer.uint(number).unwrap();
        }
        writer.end_dict().unwrap();
    }
    writer.end_list().unwrap();
    writer.finish().unwrap();
    let run = out.strip_prefix(b"before").unwrap();
    assert_eq!(run[..2], [0x98, 30]);
    let Value::List(items) = Cbor.value(run).unwrap() else { panic!("no list") };
    let lengths: Vec<_> = items.iter().map(|item| item.as_dict().unwrap().len()).collect();
    assert_eq!(lengths, [&[1; 7][..], &[300], &[1; 22]].concat());
}

#[test]
fn a_list_of_seventy_thousand_gets_a_wide_header() {
    let mut out = Vec::new();
    let mut writer = Cbor.writer(&mut out);
    writer.begin_list(None).unwrap();
    (0..70_000).for_each(|_| writer.null().unwrap());
    writer.end_list().unwrap();
    writer.finish().unwrap();
    assert_eq!(out[..6], [0x9a, 0, 1, 0x11, 0x70, 0xf6]);
    assert_eq!(out.len(), 70_005);
}

#[test]
fn a_writer_finishes_only_what_is_whole() {
    let mut out = Vec::new();
    let mut open = Cbor.writer(&mut out);
    open.begin_list(None).unwrap();
    assert!(open.finish().is_err());
    let mut crossed = Cbor.writer(&mut out);
    crossed.begin_list(None).unwrap();
    assert!(crossed.end_dict().is_err());
    assert!(crossed.finish().is_err());
    let mut half = Cbor.writer(&mut out);
    half.begin_dict(None).unwrap();
    half.text("key").unwrap();
    assert!(half.end_dict().is_err());
    assert!(half.finish().is_err());
    let mut lied = Cbor.writer(&mut out);
    lied.begin_list(Some(2)).unwrap();
    assert!(lied.end_list().is_err());
}
