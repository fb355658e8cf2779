use bytes::Bytes;
use crossway_core::serializer::{DEPTH_CAP, DecodeError, HeadItem, Item, Kind, Run, Serializer};
use crossway_core::{Dict, Value};

use crate::Json;

fn scan(frame: impl AsRef<[u8]>) -> Result<Vec<Item>, DecodeError> {
    Json.scan(&Bytes::copy_from_slice(frame.as_ref()), 100).map(|scan| scan.items().to_vec())
}

/// The kind of `element` as the only one of a message.
fn kind(element: &str) -> Result<Kind, DecodeError> {
    let frame = format!("[ {element} ]");
    let items = scan(&frame)?;
    assert_eq!((items[0].start, items[0].end), (2, frame.len() as u32 - 2));
    Ok(items[0].kind)
}

fn value(element: &str) -> Result<Value, String> {
    Json.value(element.as_bytes()).map_err(|error| error.to_string())
}

fn written(value: &Value) -> Result<String, String> {
    let mut out = Vec::new();
    let mut writer = Json.writer(&mut out);
    value.walk(&mut *writer).map_err(|error| error.to_string())?;
    writer.finish().map_err(|error| error.to_string())?;
    Ok(String::from_utf8(out).unwrap())
}

#[test]
fn an_event_falls_into_its_elements() {
    let frame = r#"[36,9823526,112233445566,{},["Hello, event!"], {"a" : 1} ]"#;
    let items = scan(frame).unwrap();
    let kinds: Vec<_> = items.iter().map(|item| item.kind).collect();
    assert_eq!(kinds[..3], [Kind::Uint(36), Kind::Uint(9_823_526), Kind::Uint(112_233_445_566)]);
    assert_eq!(kinds[3], Kind::Dict { empty: true, text_keys: true });
    assert_eq!(kinds[4..], [Kind::List { empty: false }, Kind::Dict { empty: false, text_keys: true }]);
    let run = &frame[items[4].start as usize..items[5].end as usize];
    assert_eq!(run, r#"["Hello, event!"], {"a" : 1}"#);
}

#[test]
fn a_message_is_written_around_its_payload() {
    let details = Dict::new().with("topic", "com.example").with("n", -1);
    let head = [HeadItem::Uint(36), HeadItem::Text("a\"b"), HeadItem::Dict(&details)];
    let mut whole = Vec::new();
    Json.encode(&head, Run { raw: b"[1], {}", count: 2 }, &mut whole);
    assert_eq!(whole, br#"[36,"a\"b",{"topic":"com.example","n":-1},[1], {}]"#);
    let mut around = Vec::new();
    assert_eq!(Json.encode_around(&head, 2, &mut around), Some(&b"]"[..]));
    assert_eq!([&around[..], b"[1], {}", b"]"].concat(), whole);
    let mut bare = Vec::new();
    Json.encode(&head[..1], Run::default(), &mut bare);
    assert_eq!(bare, b"[36]");
}

#[test]
fn space_is_read_everywhere_it_may_stand() {
    let spaced = " \t\r\n[ 1 , { \"a\" : [ ] , \"b\" : { } } , \"x\" ]\n ";
    assert_eq!(scan(spaced).unwrap().len(), 3);
    assert_eq!(value(" { \"a\" : [ 1 , 2 ] } "), value(r#"{"a":[1,2]}"#));
}

#[test]
fn numbers_without_fraction_are_integers() {
    assert_eq!(kind("0"), Ok(Kind::Uint(0)));
    assert_eq!(kind("-0"), Ok(Kind::Uint(0)));
    assert_eq!(kind("9007199254740993"), Ok(Kind::Uint((1 << 53) + 1)));
    assert_eq!(kind("18446744073709551615"), Ok(Kind::Uint(u64::MAX)));
    assert_eq!(kind("-1"), Ok(Kind::Int(-1)));
    assert_eq!(kind("-9223372036854775808"), Ok(Kind::Int(i64::MIN)));
    assert_eq!(kind("1.0"), Ok(Kind::Float(1.0)));
    assert_eq!(kind("1e3"), Ok(Kind::Float(1000.0)));
    assert_eq!(kind("-2.5E-1"), Ok(Kind::Float(-0.25)));
}

#[test]
fn an_integer_beyond_64_bits_passes_but_can_not_be_rewritten() {
    for huge in ["18446744073709551616", "-9223372036854775809", "100000000000000000000000"] {
        assert_eq!(kind(huge), Ok(Kind::Other), "{huge}");
        assert!(value(huge).unwrap_err().contains(huge));
    }
}

#[test]
fn numbers_that_json_does_not_know_are_refused() {
    for wrong in [
        "01",
        "-01",
        "00",
        "+1",
        ".5",
        "1.",
        "1.e1",
        "1e",
        "1e+",
        "-",
        "0x1",
        "NaN",
        "Infinity",
        "-Infinity",
        "1_0",
    ] {
        assert!(matches!(kind(wrong), Err(DecodeError::Syntax { .. })), "{wrong}: {:?}", kind(wrong));
    }
}

#[test]
fn a_number_that_would_be_infinite_is_refused() {
    let long = "9".repeat(400);
    for wrong in ["1e999", "-1e999", &long] {
        assert!(matches!(kind(wrong), Err(DecodeError::Syntax { .. })), "{wrong}");
    }
    assert_eq!(kind("1e-999"), Ok(Kind::Float(0.0)));
    assert_eq!(kind("1.7976931348623157e308"), Ok(Kind::Float(f64::MAX)));
}

#[test]
fn escapes_are_resolved() {
    let raw = r#""\"\\\/\b\f\n\r\t\u00e4\u20AC\ud83d\ude00 plain \u0041""#;
    assert_eq!(Json.text(raw.as_bytes()).unwrap(), "\"\\/\u{8}\u{c}\n\r\tä€😀 plain A");
    assert_eq!(kind(raw), Ok(Kind::Text));
    assert!(matches!(Json.text(br#""plain""#), Ok(std::borrow::Cow::Borrowed("plain"))));
}

#[test]
fn a_lone_surrogate_is_refused() {
    for lone in [r"\ud800", r"\udc00", r"\ud800x", r"\ud800\n", r"\ud800\ud800", r"\ud800A", r"\udfff\ud800"]
    {
        assert!(matches!(kind(&format!("\"{lone}\"")), Err(DecodeError::Unicode(_))), "{lone}");
        assert!(
            matches!(kind(&format!("[{{\"{lone}\":1}}]")), Err(DecodeError::Unicode(_))),
            "{lone} in a key"
        );
        assert!(value(&format!("\"{lone}\"")).is_err());
    }
}

#[test]
fn strings_that_json_does_not_know_are_refused() {
    for wrong in ["\"\n\"", "\"\0\"", "\"\x1f\"", r#""\x41""#, r#""\u12g4""#, r#""\u+123""#, "'a'"] {
        assert!(matches!(kind(wrong), Err(DecodeError::Syntax { .. })), "{wrong:?}");
    }
    assert_eq!(kind("\"\x7f\""), Ok(Kind::Text));
}

#[test]
fn every_special_byte_is_seen_at_every_place() {
    for len in 0..40 {
        for at in 0..len {
            for special in (0..0x20u8).chain([b'"', b'\\']) {
                let mut bytes = vec![b'x'; len];
                bytes[at] = special;
                assert_eq!(crate::string::plain(&bytes), at, "{special:#x} at {at} of {len}");
            }
            for harmless in [0x20, 0x21, 0x23, 0x5b, 0x5d, 0x7f, 0x80, 0x9f, 0xa2, 0xdc, 0xff] {
                let mut bytes = vec![b'x'; len];
                bytes[at] = harmless;
                assert_eq!(crate::string::plain(&bytes), len, "{harmless:#x} at {at} of {len}");
            }
        }
    }
}

#[test]
fn text_that_is_not_utf8_is_refused() {
    assert_eq!(scan(b"[\"\xc3\x28\"]"), Err(DecodeError::Unicode(2)));
    assert_eq!(scan(b"[\"\xed\xa0\x80\"]"), Err(DecodeError::Unicode(2)));
    assert_eq!(scan(b"[\"\xc3"), Err(DecodeError::Truncated));
}

#[test]
fn what_is_not_json_is_refused() {
    for wrong in [
        "[1,]",
        "[,1]",
        "[1 2]",
        "[1}",
        "{1:2}",
        r#"[{"a":1,}]"#,
        r#"[{"a" 1}]"#,
        r#"[{a:1}]"#,
        "[True]",
        "[nul]",
        "[1]x",
        "[]]",
        "\u{feff}[1]",
        "[/**/1]",
        "x",
    ] {
        assert!(scan(wrong).is_err(), "{wrong}");
    }
    assert_eq!(scan(""), Err(DecodeError::Truncated));
    assert_eq!(scan("  "), Err(DecodeError::Truncated));
    assert_eq!(scan("[tru"), Err(DecodeError::Truncated));
    assert_eq!(scan("[1"), Err(DecodeError::Truncated));
    assert_eq!(scan("{}"), Err(DecodeError::NotAList));
    assert_eq!(scan("7"), Err(DecodeError::NotAList));
    assert_eq!(scan("[1] 2"), Err(DecodeError::Trailing(4)));
    assert_eq!(scan("[1,2,3,4,5,6,7,8]"), Err(DecodeError::TooManyElements));
}

#[test]
fn nesting_ends_at_the_limit() {
    let nested = |levels: usize| Bytes::from("[".repeat(levels) + &"]".repeat(levels));
    assert!(Json.scan(&nested(10), 10).is_ok());
    assert_eq!(Json.scan(&nested(11), 10).unwrap_err(), DecodeError::TooDeep(10));
    assert_eq!(Json.scan(&nested(1_000_000), usize::MAX).unwrap_err(), DecodeError::TooDeep(DEPTH_CAP));
    let dicts = Bytes::from(format!("[{}", r#"{"a":"#.repeat(1_000_000)));
    assert_eq!(Json.scan(&dicts, 100).unwrap_err(), DecodeError::TooDeep(100));
    assert!(Json.value(&nested(1_000_000)).is_err());
}

/// BJSON-04.
#[test]
fn the_reference_value_of_the_specification_is_binary() {
    let raw = r#""\u0000EOP/kFMHXFJvX8BtT+N82w==""#;
    let bytes: Vec<u8> =
        vec![0x10, 0xe3, 0xff, 0x90, 0x53, 0x07, 0x5c, 0x52, 0x6f, 0x5f, 0xc0, 0x6d, 0x4f, 0xe3, 0x7c, 0xdb];
    assert_eq!(kind(raw), Ok(Kind::Bytes));
    assert_eq!(value(raw), Ok(bytes.clone().into()));
    assert_eq!(written(&bytes.into()).unwrap(), raw);
    assert!(Json.text(raw.as_bytes()).is_err());
}

/// Some encoders escape the slash, which is a letter of base64.
#[test]
fn base64_may_be_escaped() {
    assert_eq!(value(r#""\u0000\/w\u003d\u003D""#), Ok(Value::Bytes(vec![0xff])));
    assert_eq!(kind(r#""\u0000\/w\u003d\u003D""#), Ok(Kind::Bytes));
    assert_eq!(value(r#""\u0000""#), Ok(Value::Bytes(vec![])));
}

/// BJSON-06.
#[test]
fn text_that_merely_starts_with_nul_stays_text() {
    for raw in [
        r#""\u0000hello!""#,
        r#""\u0000A""#,
        r#""\u0000AAA""#,
        r#""\u0000AB==""#,
        r#""\u0000 ""#,
        r#""\u0000\u0000""#,
    ] {
        assert_eq!(kind(raw), Ok(Kind::Text), "{raw}");
        let value = value(raw).unwrap();
        assert!(value.as_text().unwrap().starts_with('\0'));
        assert_eq!(written(&value).unwrap(), raw);
    }
}

#[test]
fn text_that_would_come_back_as_binary_can_not_be_written() {
    for text in ["\0", "\0AAAA", "\0/w=="] {
        assert!(written(&text.into()).unwrap_err().contains("U+0000"), "{text:?}");
    }
}

#[test]
fn keys_are_text_even_where_they_look_binary() {
    let raw = r#"{"\u0000AAAA":1}"#;
    let value = value(raw).unwrap();
    assert_eq!(value.as_dict().unwrap().get("\0AAAA"), Some(&Value::Uint(1)));
    assert_eq!(written(&value).unwrap(), raw);
}

#[test]
fn floats_stay_floats() {
    assert_eq!(written(&1.0.into()).unwrap(), "1.0");
    assert_eq!(kind(&written(&1e300.into()).unwrap()), Ok(Kind::Float(1e300)));
    assert_eq!(kind(&written(&(-0.0).into()).unwrap()), Ok(Kind::Float(-0.0)));
    for float in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert!(written(&float.into()).is_err());
    }
}

#[test]
fn keys_that_are_no_text_can_not_be_written() {
    let mut out = Vec::new();
    let mut writer = Json.writer(&mut out);
    writer.begin_dict(Some(1)).unwrap();
    assert!(writer.bytes(b"key").is_err());
    assert!(writer.finish().unwrap_err().to_string().contains("binary data as a dictionary key"));
    let mut writer = Json.writer(&mut out);
    writer.begin_dict(None).unwrap();
    assert!(writer.uint(1).is_err());
    drop(writer);
}

#[test]
fn text_is_escaped_where_it_has_to_be() {
    let text = "\u{0}\u{1}\u{8}\t\n\u{b}\u{c}\r\u{1f} \"\\/ \u{7f}äé😀";
    let raw = "\"\\u0000\\u0001\\b\\t\\n\\u000b\\f\\r\\u001f \\\"\\\\/ \u{7f}äé😀\"";
    assert_eq!(written(&text.into()).unwrap(), raw);
    assert_eq!(value(raw), Ok(text.into()));
}

#[test]
fn a_writer_finishes_only_what_is_whole() {
    let mut out = Vec::new();
    let mut open = Json.writer(&mut out);
    open.begin_list(None).unwrap();
    assert!(open.finish().is_err());
    let mut crossed = Json.writer(&mut out);
    crossed.begin_list(None).unwrap();
    assert!(crossed.end_dict().is_err());
    assert!(crossed.finish().is_err());
    let mut half = Json.writer(&mut out);
    half.begin_dict(None).unwrap();
    half.text("key").unwrap();
    assert!(half.end_dict().is_err());
    assert!(half.finish().is_err());
    let mut lied = Json.writer(&mut out);
    lied.begin_list(Some(2)).unwrap();
    assert!(lied.end_list().is_err());
}
