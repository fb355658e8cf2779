//! Payloads: passed on as they are, or rewritten without loss, or refused.

use crossway_tests::pattern::{ID, REST};
use crossway_tests::{Carrier, Format, Link, Peer, Plan, TestRouter, binary, on, on_memory};
use serde_json::{Value, json};

const TOPIC: &str = "com.myapp.topic";
const PROCEDURE: &str = "com.myapp.procedure";

fn memory(format: Format) -> Link {
    Carrier::Memory.with(format)
}

/// What a subscriber gets of `payload`, octets that follow the topic in a PUBLISH of one format.
async fn passed_on(router: &TestRouter, format: Format, head: &[u8], payload: &[u8], tail: &[u8]) {
    let mut publisher = Peer::join(router, memory(format)).await;
    let mut subscriber = Peer::join(router, memory(format)).await;
    subscriber.subscribe(TOPIC).await;
    publisher.send_raw(&[head, payload, tail].concat()).await;
    let event = subscriber.receive_raw().await;
    let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    assert!(event.ends_with(&[payload, tail].concat()), "{:?} in {:?}", text(payload), text(&event));
}

// covers: PS-11, SER-09, SER-14, PS-22
#[test]
fn json_passes_as_it_was_spelt() {
    on_memory(Plan::default(), async |router| {
        for payload in [
            &br#"[ 1.0 , 1e2, -0, 0.10 ]"#[..],
            br#"["\u00e9\/\ud83e\udd80", "\u0000AAEC"] , {"b" : 1, "a":2}"#,
            br#"[123456789012345678901234567890, {"x":{"x":[]}}]"#,
            b"[\t\n\r {} ]",
        ] {
            passed_on(router, Format::Json, br#" [16, 1 ,{} , "com.myapp.topic",  "#, payload, b"]").await;
        }
    });
}

// covers: PS-11, SER-09, SER-14, SER-04
#[test]
fn messagepack_passes_as_it_was_spelt() {
    on_memory(Plan::default(), async |router| {
        let head = |elements: u8| {
            [&[0x90 | elements, 0xD1, 0, 16, 0xCF, 0, 0, 0, 0, 0, 0, 0, 1, 0x80, 0xAF][..], TOPIC.as_bytes()]
                .concat()
        };
        // Integers and lengths wider than need be, a float of 32 bits, an ext type, keys that are no strings deeper down.
        for payload in [
            &b"\x93\xCD\x00\x01\xD3\x00\x00\x00\x00\x00\x00\x00\x01\xCA\x3F\x80\x00\x00"[..],
            b"\xDC\x00\x01\xDA\x00\x01x",
            b"\x91\xD4\x05\xFF",
            b"\x91\x81\x01\x02",
            b"\xDD\x00\x00\x00\x01\xC6\x00\x00\x00\x02\xFF\x00",
        ] {
            passed_on(router, Format::MsgPack, &head(5), payload, b"").await;
        }
        passed_on(router, Format::MsgPack, &head(6), b"\x91\x01\x82\xA1b\x01\xA1a\x02", b"").await;
    });
}

// covers: PS-11, SER-09, SER-14, SER-05
#[test]
fn cbor_passes_as_it_was_spelt() {
    on_memory(Plan::default(), async |router| {
        // Of indefinite length throughout, up to the topic.
        let head = [&b"\x9F\x18\x10\x19\x00\x01\xBF\xFF\x7F"[..], b"\x6Fcom.myapp.topic", b"\xFF"].concat();
        for payload in [
            &b"\x9F\x01\xFF"[..],
            b"\x82\x1B\x00\x00\x00\x00\x00\x00\x00\x01\xF9\x3C\x00",
            b"\x81\x7F\x61a\x61b\xFF",
            b"\x81\x5F\x41\x00\xFF",
            b"\x81\xC1\x1A\x51\x4B\x67\xB0",
            b"\x81\x01\xBF\x61b\x01\x61a\x02\xFF",
        ] {
            let mut publisher = Peer::join(router, memory(Format::Cbor)).await;
            let mut subscriber = Peer::join(router, memory(Format::Cbor)).await;
            subscriber.subscribe(TOPIC).await;
            publisher.send_raw(&[&head, payload, b"\xFF"].concat()).await;
            let event = subscriber.receive_raw().await;
            assert!(event.ends_with(payload), "{payload:02x?} in {event:02x?}");
        }
    });
}

// covers: SER-09
#[test]
fn integers_of_any_width_are_read_in_heads() {
    on_memory(Plan::default(), async |router| {
        let wide = [
            (Format::Json, &b" [ 32 , 9007199254740992 , { } , \"com.a\" ] "[..]),
            (Format::MsgPack, b"\xDC\x00\x04\xCE\x00\x00\x00\x20\xCF\x00\x20\x00\x00\x00\x00\x00\x00\xDF\x00\x00\x00\x00\xD9\x05com.a"),
            (Format::MsgPack, b"\x94\xD2\x00\x00\x00\x20\xD3\x00\x20\x00\x00\x00\x00\x00\x00\x80\xDB\x00\x00\x00\x05com.a"),
            (Format::Cbor, b"\x9B\x00\x00\x00\x00\x00\x00\x00\x04\x1A\x00\x00\x00\x20\x1B\x00\x20\x00\x00\x00\x00\x00\x00\xB9\x00\x00\x79\x00\x05com.a"),
        ];
        for (format, subscribe) in wide {
            let mut peer = Peer::join(router, memory(format)).await;
            peer.send_raw(subscribe).await;
            peer.expect(json!([33, 1_u64 << 53, ID])).await;
        }
    });
}

/// Carries args from one format to another and says how they arrive.
async fn carried(router: &TestRouter, from: Format, to: Format, args: &Value) -> Value {
    let mut publisher = Peer::join(router, memory(from)).await;
    let mut subscriber = Peer::join(router, memory(to)).await;
    subscriber.subscribe(TOPIC).await;
    publisher.publish(TOPIC, args.clone()).await;
    subscriber.receive().await[4].clone()
}

// covers: SER-02, SER-08, SER-11, BJSON-01, BJSON-02, BJSON-05, MSG-33, MSG-07, SEC-04
#[test]
fn every_value_survives_every_change_of_format() {
    on_memory(Plan::default(), async |router| {
        let args = json!([
            null, true, false, 0, 1, 23, 24, 127, 128, 255, 256, 65_535, 65_536, u32::MAX, 1_u64 << 32, 1_u64 << 53, u64::MAX,
            -1, -24, -25, -32, -33, -128, -129, -32_769, i64::MIN, 0.5, -0.1, 1e300, 5e-324, 3.0,
            "", "x", "ü", "\u{1F980}", "\u{7f}\"\\/\n", "x".repeat(70_000),
            [], {}, [[[[]]]], {"z": 1, "a": {"y": [], "b": null}, "m": 2},
            binary(b""), binary(b"\0"), binary(&[0xFF; 300]), {"deep": [{"er": binary(&[1, 2, 3])}]},
        ]);
        for from in Format::ALL {
            for to in Format::ALL {
                let arrived = carried(router, from, to, &args).await;
                // As text, so that the order of keys counts, and 3.0 is not 3.
                assert_eq!(arrived.to_string(), args.to_string(), "{from:?} to {to:?}");
            }
        }
    });
}

// covers: BJSON-01, BJSON-02, BJSON-03, BJSON-04
#[test]
fn binary_data_looks_in_json_as_the_specification_shows() {
    on_memory(Plan::default(), async |router| {
        let octets = b"\x10\xe3\xff\x90\x53\x07\x5c\x52\x6f\x5f\xc0\x6d\x4f\xe3\x7c\xdb";
        for from in [Format::MsgPack, Format::Cbor] {
            let mut publisher = Peer::join(router, memory(from)).await;
            let mut subscriber = Peer::join(router, memory(Format::Json)).await;
            subscriber.subscribe(TOPIC).await;
            publisher.publish(TOPIC, json!([binary(octets)])).await;
            let event = subscriber.receive_raw().await;
            assert!(
                event.ends_with(br#",["\u0000EOP/kFMHXFJvX8BtT+N82w=="]]"#),
                "{}",
                String::from_utf8_lossy(&event)
            );
        }
    });
}

// covers: BJSON-06
#[test]
fn a_string_with_nul_that_is_no_base64_stays_a_string() {
    on_memory(Plan::default(), async |router| {
        let args = json!(["\0not base64!", "\0", "\0abc"]);
        for to in [Format::Json, Format::MsgPack, Format::Cbor] {
            let arrived = carried(router, Format::Json, to, &args).await;
            // The empty rest is valid base64 of nothing.
            assert_eq!((&arrived[0], &arrived[2]), (&args[0], &args[2]), "{to:?}");
        }
    });
}

/// PUBLISH and CALL with one argument that another format can't express.
fn inexpressible() -> Vec<(Format, Format, &'static [u8], &'static str)> {
    vec![
        (Format::MsgPack, Format::Json, b"\x91\xD4\x05\xFF", "ext type"),
        (Format::MsgPack, Format::Cbor, b"\x91\xD4\x05\xFF", "ext type"),
        (Format::MsgPack, Format::Json, b"\x91\x81\x01\x02", "key"),
        (Format::MsgPack, Format::Json, b"\x91\xCB\x7F\xF8\x00\x00\x00\x00\x00\x00", "NaN"),
        (Format::MsgPack, Format::Json, b"\x91\xCB\x7F\xF0\x00\x00\x00\x00\x00\x00", "infinity"),
        (Format::MsgPack, Format::Json, b"\x91\xA5\x00AAEC", "text that would be read as binary data"),
        (Format::Cbor, Format::Json, b"\x81\xF9\x7E\x00", "NaN"),
        (Format::Cbor, Format::Json, b"\x81\xD8\x20\x61x", "tag"),
        (Format::Cbor, Format::MsgPack, b"\x81\x3B\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", "below -2^63"),
        (Format::Json, Format::MsgPack, b"[18446744073709551616]", "beyond 2^64"),
        (Format::Json, Format::Cbor, b"[-9223372036854775809]", "below -2^63"),
    ]
}

/// A message of five elements: type, id, empty options, URI or id, and args.
fn message(format: Format, kind: u8, request: u8, uri: Option<&str>, args: &[u8]) -> Vec<u8> {
    let elements = json!([kind, request, {}]);
    let mut head = format.encode(&elements);
    if format == Format::Json {
        head.pop();
    } else {
        head[0] += u8::from(uri.is_some()) + 1;
    }
    for part in uri.map(|uri| format.encode(&json!(uri))).iter().map(Vec::as_slice).chain([args]) {
        if format == Format::Json {
            head.push(b',');
        }
        head.extend_from_slice(part);
    }
    if format == Format::Json {
        head.push(b']');
    }
    head
}

// covers: RPC-20, MSG-28, SER-11
#[test]
fn arguments_that_the_callee_cannot_be_told_are_refused() {
    on_memory(Plan::default(), async |router| {
        for (from, to, args, what) in inexpressible() {
            let mut caller = Peer::join(router, memory(from)).await;
            let mut callee = Peer::join(router, memory(to)).await;
            let registration = callee.register(PROCEDURE).await;
            caller.send_raw(&message(from, 48, 1, Some(PROCEDURE), args)).await;
            let error = caller.expect(json!([8, 48, 1, {}, "wamp.error.invalid_argument", REST])).await;
            assert!(error[5][0].as_str().is_some_and(|text| text.contains("represented")), "{what}: {error}");
            callee.expect_silence().await;
            // No invocation id was used up.
            caller.send(json!([48, 2, {}, PROCEDURE])).await;
            callee.expect(json!([68, 1, registration, {}])).await;
            let request = callee.request();
            callee.send(json!([66, request, registration])).await;
            callee.expect(json!([67, request])).await;
        }
    });
}

// covers: RPC-20, MSG-28, RPC-09
#[test]
fn a_result_that_the_caller_cannot_be_told_becomes_an_error() {
    on_memory(Plan::default(), async |router| {
        for (from, to, args, what) in inexpressible() {
            let mut caller = Peer::join(router, memory(to)).await;
            let mut callee = Peer::join(router, memory(from)).await;
            let registration = callee.register(PROCEDURE).await;
            let call = caller.call(PROCEDURE, json!([1])).await;
            assert_eq!(callee.expect_invocation(registration, json!([1])).await, 1, "{what}");
            callee.send_raw(&message(from, 70, 1, None, args)).await;
            caller.expect_error(48, call, "wamp.error.invalid_argument").await;
            callee.expect_silence().await;
            let request = callee.request();
            callee.send(json!([66, request, registration])).await;
            callee.expect(json!([67, request])).await;
        }
    });
}

// covers: MSG-28, PS-21
#[test]
fn an_event_skips_those_who_cannot_be_told_and_is_counted() {
    on_memory(Plan::default(), async |router| {
        for (round, (from, to, args, what)) in (1..).zip(inexpressible()) {
            let mut publisher = Peer::join(router, memory(from)).await;
            let mut able = Peer::join(router, memory(from)).await;
            let mut unable = Peer::join(router, memory(to)).await;
            let subscription = able.subscribe(TOPIC).await;
            unable.subscribe(TOPIC).await;
            publisher.send_raw(&message(from, 16, 1, Some(TOPIC), args)).await;
            let event = able.receive_raw().await;
            assert!(event.ends_with(args) || event.ends_with(&[args, b"]"].concat()), "{what}");
            publisher.publish(TOPIC, json!(["fine"])).await;
            unable.expect_event(subscription, json!(["fine"])).await;
            assert_eq!(router.counter("events_unrepresentable"), round);
        }
    });
}

// covers: PS-11, RPC-07, WS-08, RAW-32
#[test]
fn a_mebibyte_passes_everywhere() {
    // Each carrier, with formats in turn: it takes its time in a debug build.
    let links = (0..).zip(Carrier::ALL).map(|(turn, carrier)| carrier.with(Format::ALL[turn % 3]));
    on(links, Plan::default, async |router, link| {
        let mut one = Peer::join(router, link).await;
        let mut other = Peer::join(router, link).await;
        let text = "0123456789abcdef".repeat(1 << 16);
        let registration = other.register(PROCEDURE).await;
        let sending = async {
            let call = one.call(PROCEDURE, json!([text])).await;
            one.expect(json!([50, call, {}, [text]])).await;
        };
        let answering = async {
            let invocation = other.expect_invocation(registration, json!([text])).await;
            other.send(json!([70, invocation, {}, [text]])).await;
        };
        tokio::join!(sending, answering);
    });
}

// covers: SER-06
#[test]
fn the_format_is_fixed_by_the_transport() {
    on([Carrier::Memory, Carrier::Tcp].map(|c| c.with(Format::Json)), Plan::default, async |router, link| {
        let mut peer = Peer::join(router, link).await;
        peer.send_raw(&Format::MsgPack.encode(&json!([32, 1, {}, TOPIC]))).await;
        peer.expect_violation("").await;
    });
}
