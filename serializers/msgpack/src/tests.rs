use bytes::Bytes;
use crossway_core::serializer::{DEPTH_CAP, DecodeError, HeadItem, Item, Kind, Run, Serializer};
use crossway_core::{Dict, Value};

use crate::MessagePack;

fn scan(frame: &[u8]) -> Result<Vec<Item>, DecodeError> {
    MessagePack.scan(&Bytes::copy_from_slice(frame), 100).map(|scan| scan.items().to_vec())
}

/// The kind of `element` as the only one of a message.
fn kind(element: &[u8]) -> Result<Kind, DecodeError> {
    let frame = [&[0x91], element].concat();
    let items = scan(&frame)?;
    assert_eq!((items[0].start, items[0].end), (1, frame.len() as u32));
    Ok(items[0].kind)
}

fn value(element: &[u8]) -> Result<Value, String> {
    MessagePack.value(element).map_err(|error| error.to_string())
}

#[test]
fn an_event_falls_into_its_elements() {
    let frame = b"\x95\x24\xce\x00\x95\xe5\x26\xcf\x00\x00\x00\x1a\x21\xa2\x78\xbe\x80\x91\xadHello, event!";
    let items = scan(frame).unwrap();
    let kinds: Vec<_> = items.iter().map(|item| item.kind).collect();
    let details = Kind::Dict { empty: true, text_keys: true };
    let numbers = [Kind::Uint(36), Kind::Uint(9_823_526), Kind::Uint(112_233_445_566)];
    assert_eq!(kinds[..3], numbers);
    assert_eq!(kinds[3..], [details, Kind::List { empty: false }]);
    assert_eq!((items[4].start, items[4].end), (17, frame.len() as u32));
}

#[test]
fn a_message_is_written_around_its_payload() {
    let details = Dict::new().with("topic", "com.example");
    let head = [HeadItem::Uint(36), HeadItem::Uint(300), HeadItem::Dict(&details)];
    let mut whole = Vec::new();
    MessagePack.encode(&head, Run { raw: b"\x91\x01", count: 1 }, &mut whole);
    assert_eq!(whole, b"\x94\x24\xcd\x01\x2c\x81\xa5topic\xabcom.example\x91\x01");
    let mut around = Vec::new();
    assert_eq!(MessagePack.encode_around(&head, 1, &mut around), Some(&b""[..]));
    assert_eq!([&around[..], b"\x91\x01"].concat(), whole);
}

#[test]
fn integers_are_read_in_every_width() {
    let fives: [&[u8]; 9] = [
        b"\x05",
        b"\xcc\x05",
        b"\xcd\0\x05",
        b"\xce\0\0\0\x05",
        b"\xcf\0\0\0\0\0\0\0\x05",
        b"\xd0\x05",
        b"\xd1\0\x05",
        b"\xd2\0\0\0\x05",
        b"\xd3\0\0\0\0\0\0\0\x05",
    ];
    for five in fives {
        assert_eq!(kind(five), Ok(Kind::Uint(5)), "{five:x?}");
        assert_eq!(value(five), Ok(Value::Uint(5)), "{five:x?}");
    }
    for minus in [
        &b"\xff"[..],
        b"\xd0\xff",
        b"\xd1\xff\xff",
        b"\xd2\xff\xff\xff\xff",
        b"\xd3\xff\xff\xff\xff\xff\xff\xff\xff",
    ] {
        assert_eq!(kind(minus), Ok(Kind::Int(-1)), "{minus:x?}");
    }
    assert_eq!(kind(b"\xcf\xff\xff\xff\xff\xff\xff\xff\xff"), Ok(Kind::Uint(u64::MAX)));
    assert_eq!(kind(b"\xd3\x80\0\0\0\0\0\0\0"), Ok(Kind::Int(i64::MIN)));
}

#[test]
fn lengths_are_read_in_every_width() {
    for text in [&b"\xa2hi"[..], b"\xd9\x02hi", b"\xda\0\x02hi", b"\xdb\0\0\0\x02hi"] {
        assert_eq!(kind(text), Ok(Kind::Text));
        assert_eq!(MessagePack.text(text).unwrap(), "hi");
    }
    for bytes in [&b"\xc4\x02hi"[..], b"\xc5\0\x02hi", b"\xc6\0\0\0\x02hi"] {
        assert_eq!(value(bytes), Ok(Value::Bytes(b"hi".to_vec())));
        assert_eq!(kind(bytes), Ok(Kind::Bytes));
    }
    for list in [&b"\x91\xc0"[..], b"\xdc\0\x01\xc0", b"\xdd\0\0\0\x01\xc0"] {
        assert_eq!(value(list), Ok(Value::List(vec![Value::Null])));
    }
    for dict in [&b"\x81\xa1a\xc3"[..], b"\xde\0\x01\xa1a\xc3", b"\xdf\0\0\0\x01\xa1a\xc3"] {
        assert_eq!(value(dict), Ok(Dict::new().with("a", true).into()));
    }
}

#[test]
fn a_list_that_claims_four_billion_items_is_truncated() {
    assert_eq!(scan(b"\xdd\xff\xff\xff\xff\x01"), Err(DecodeError::Truncated));
    assert_eq!(kind(b"\xdd\xff\xff\xff\xff\x01\x01\x01"), Err(DecodeError::Truncated));
    assert_eq!(kind(b"\xdf\xff\xff\xff\xff\x01\x01\x01"), Err(DecodeError::Truncated));
    assert_eq!(kind(b"\xdb\xff\xff\xff\xff"), Err(DecodeError::Truncated));
    assert_eq!(kind(b"\xc9\xff\xff\xff\xff\x01"), Err(DecodeError::Truncated));
}

#[test]
fn text_that_is_not_utf8_is_refused_at_any_depth() {
    assert_eq!(kind(b"\xa2\xc3\x28"), Err(DecodeError::Unicode(2)));
    assert_eq!(kind(b"\x91\xa3\xed\xa0\x80"), Err(DecodeError::Unicode(3)));
    assert_eq!(kind(b"\x81\xa1\xff\x01"), Err(DecodeError::Unicode(3)));
}

#[test]
fn what_is_not_messagepack_is_refused() {
    assert_eq!(
        kind(b"\xc1"),
        Err(DecodeError::Syntax { what: "the type byte 0xc1 does not exist", offset: 1 })
    );
    assert_eq!(scan(b""), Err(DecodeError::Truncated));
    assert_eq!(scan(b"\x80"), Err(DecodeError::NotAList));
    assert_eq!(scan(b"\x91\x01\x01"), Err(DecodeError::Trailing(2)));
    assert_eq!(scan(b"\x98\x01\x01\x01\x01\x01\x01\x01\x01"), Err(DecodeError::TooManyElements));
}

#[test]
fn nesting_ends_at_the_limit() {
    let nested = |levels: usize| Bytes::from([vec![0x91; levels - 1], vec![0x90]].concat());
    assert!(MessagePack.scan(&nested(10), 10).is_ok());
    assert_eq!(MessagePack.scan(&nested(11), 10).unwrap_err(), DecodeError::TooDeep(10));
    assert_eq!(
        MessagePack.scan(&nested(1_000_000), usize::MAX).unwrap_err(),
        DecodeError::TooDeep(DEPTH_CAP)
    );
    assert!(MessagePack.value(&nested(1_000_000)).is_err());
    assert!(MessagePack.scan(&nested(1), 0).is_err());
}

#[test]
fn ext_types_pass_but_can_not_be_rewritten() {
    for ext in [
        &b"\xd4\x01\x00"[..],
        b"\xd8\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
        b"\xc7\x03\x05abc",
        b"\xd6\xff\0\0\0\0",
    ] {
        assert_eq!(kind(ext), Ok(Kind::Other), "{ext:x?}");
    }
    assert_eq!(value(b"\xd6\xff\0\0\0\0"), Err("cannot be represented: a MessagePack ext type (-1)".into()));
}

#[test]
fn dictionaries_tell_whether_their_keys_are_text() {
    let keys = |element| match kind(element) {
        Ok(Kind::Dict { text_keys, .. }) => text_keys,
        other => panic!("no dictionary: {other:?}"),
    };
    assert!(keys(b"\x80"));
    assert!(keys(b"\x81\xa1a\x81\x01\x02"), "a nested dictionary's keys don't count");
    assert!(!keys(b"\x82\xa1a\x01\x01\x02"));
    assert!(value(b"\x81\x01\x02").is_err());
}

#[test]
fn headers_of_unknown_length_are_put_in_afterwards() {
    let mut out = b"before".to_vec();
    let mut writer = MessagePack.writer(&mut out);
    writer.begin_list(None).unwrap();
    for number in 0..20 {
        writer.begin_dict(None).unwrap();
        for key in 0..(if number == 7 { 16 } else { 1 }) {
            writer.text(&format!("k{key}")).unwrap();
            writer.uint(number).unwrap();
        }
        writer.end_dict().unwrap();
    }
    writer.end_list().unwrap();
    writer.finish().unwrap();
    let run = out.strip_prefix(b"before").unwrap();
    assert_eq!(run[..3], [0xdc, 0, 20]);
    let Value::List(items) = MessagePack.value(run).unwrap() else { panic!("no list") };
    let lengths: Vec<_> = items.iter().map(|item| item.as_dict().unwrap().len()).collect();
    assert_eq!(lengths, [&[1; 7][..], &[16], &[1; 12]].concat());
}

#[test]
fn a_list_of_seventy_thousand_gets_the_widest_header() {
    let mut out = Vec::new();
    let mut writer = MessagePack.writer(&mut out);
    writer.begin_list(None).unwrap();
    (0..70_000).for_each(|_| writer.null().unwrap());
    writer.end_list().unwrap();
    writer.finish().unwrap();
    assert_eq!(out[..6], [0xdd, 0, 1, 0x11, 0x70, 0xc0]);
    assert_eq!(out.len(), 70_005);
}

#[test]
fn a_writer_finishes_only_what_is_whole() {
    let mut out = Vec::new();
    let mut open = MessagePack.writer(&mut out);
    open.begin_list(None).unwrap();
    assert!(open.finish().is_err());
    let mut crossed = MessagePack.writer(&mut out);
    crossed.begin_list(None).unwrap();
    assert!(crossed.end_dict().is_err());
    assert!(crossed.finish().is_err());
    let mut half = MessagePack.writer(&mut out);
    half.begin_dict(None).unwrap();
    half.text("key").unwrap();
    assert!(half.end_dict().is_err());
    assert!(half.finish().is_err());
    let mut lied = MessagePack.writer(&mut out);
    lied.begin_list(Some(2)).unwrap();
    assert!(lied.end_list().is_err());
}
