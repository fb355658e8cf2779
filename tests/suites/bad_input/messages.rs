//! Messages.

use crossway_tests::pattern::ID;
use crossway_tests::peer::all_roles;
use crossway_tests::{Bystander, Carrier, Format, Link, Peer, Plan, TestRouter, on};
use serde_json::json;

use super::{everywhere, publish};

// covers: SESS-01, SESS-24
#[test]
fn a_message_before_hello() {
    everywhere(async |router, link| {
        let mut peer = Peer::connect(router, link).await;
        peer.send(json!([16, 1, {}, "test.bystander.topic", ["intruder"]])).await;
        peer.send(json!([1, "realm1", all_roles()])).await;
        peer.expect_violation("PUBLISH before HELLO").await;
    });
}

// covers: SESS-06
#[test]
fn a_second_hello() {
    everywhere(async |router, link| {
        let mut peer = Peer::join(router, link).await;
        peer.send(json!([1, "realm2", all_roles()])).await;
        peer.send(json!([16, 1, {}, "test.bystander.topic", ["intruder"]])).await;
        peer.expect_violation("HELLO").await;
    });
}

/// In a session, this message leads to a violation.
async fn violates(router: &TestRouter, link: Link, message: serde_json::Value) {
    let mut peer = Peer::join(router, link).await;
    peer.send(message).await;
    peer.send(json!([16, 1, {}, "test.bystander.topic", ["intruder"]])).await;
    peer.expect_violation("").await;
}

// covers: MSG-02
#[test]
fn unknown_type_codes() {
    everywhere(async |router, link| {
        for code in [0, 7, 9, 15, 37, 71, 255, 256, 336, 338, 1023, 1024, 65_536 + 16] {
            violates(router, link, json!([code, 1, {}, "test.bystander.topic"])).await;
        }
    });
}

// covers: MSG-03
#[test]
fn wrong_element_counts_and_types() {
    everywhere(async |router, link| {
        violates(router, link, json!([16, 1, {}])).await;
        violates(router, link, json!([16, 1, {}, "test.bystander.topic", [], {}, "one too many"])).await;
        violates(router, link, json!([16, 1, {}, "a", [], {}, 7, 8, 9, 10, 11, 12])).await;
        violates(router, link, json!([16, 1, [], "test.bystander.topic"])).await;
        violates(router, link, json!([16, "1", {}, "test.bystander.topic"])).await;
        violates(router, link, json!([16, 1, {}, 5])).await;
        violates(router, link, json!([16, 1, {}, "test.bystander.topic", "args"])).await;
    });
}

// covers: MSG-06
#[test]
fn numbers_as_booleans() {
    everywhere(async |router, link| {
        for truth in [0, 1] {
            violates(router, link, json!([16, 1, {"exclude_me": truth}, "test.bystander.topic", []])).await;
        }
    });
}

// covers: ID-01
#[test]
fn ids_that_are_none() {
    everywhere(async |router, link| {
        for id in [json!(-1), json!(0), json!(1.5), json!(2.0), json!((1_u64 << 53) + 1), json!(1e300)] {
            violates(router, link, json!([16, id, {}, "test.bystander.topic", []])).await;
        }
    });
}

async fn raw_violates(router: &TestRouter, link: Link, octets: &[u8]) {
    let mut peer = Peer::join(router, link).await;
    peer.send_raw(octets).await;
    peer.expect_violation("").await;
}

// covers: SER-03, SER-04, SER-05, MSG-27
#[test]
fn invalid_utf8() {
    everywhere(async |router, link| {
        let invalid: &[&[u8]] = &[b"\xFF", b"\xC0\x80", b"\xE2\x82", b"\xED\xA0\x80", b"\xF5\x80\x80\x80"];
        for octets in invalid {
            let text = match link.format {
                Format::Json => [b"\"", *octets, b"\""].concat(),
                Format::MsgPack => [&[0xA0 | octets.len() as u8], *octets].concat(),
                Format::Cbor => [&[0x60 | octets.len() as u8], *octets].concat(),
            };
            if link.format == Format::Json && link.carrier.is_websocket() {
                // There it is the transport that is violated.
                let mut peer = Peer::join(router, link).await;
                peer.send_raw(&publish(link.format, &text)).await;
                assert_eq!(peer.expect_closed().await, Some(1007));
            } else {
                raw_violates(router, link, &publish(link.format, &text)).await;
            }
        }
    });
}

// covers: SER-03, MSG-27
#[test]
fn lone_surrogates() {
    everywhere(async |router, link| {
        let texts: &[&[u8]] = match link.format {
            Format::Json => &[br#""\ud800""#, br#""\udc00x""#, br#""\ud800\ud800""#, br#"{"\udfff":1}"#],
            Format::MsgPack => &[b"\xA3\xED\xA0\x80", b"\xA3\xED\xBF\xBF"],
            Format::Cbor => &[b"\x63\xED\xA0\x80", b"\x63\xED\xBF\xBF", b"\x7F\x62\xF0\x9F\x62\xA6\x80\xFF"],
        };
        for text in texts {
            raw_violates(router, link, &publish(link.format, text)).await;
        }
    });
}

// covers: MSG-27
#[test]
fn nesting_a_hundred_thousand_deep() {
    everywhere(async |router, link| {
        const DEPTH: usize = 100_000;
        let (open, close): (&[u8], &[u8]) = match link.format {
            Format::Json => (b"[", b"]"),
            Format::MsgPack => (b"\x91", b""),
            Format::Cbor => (b"\x81", b""),
        };
        let end: &[u8] = if link.format == Format::Json { b"" } else { b"\x01" };
        raw_violates(
            router,
            link,
            &publish(link.format, &[&open.repeat(DEPTH), end, &close.repeat(DEPTH)].concat()),
        )
        .await;
        raw_violates(router, link, &open.repeat(DEPTH)).await;
        let (open, close): (&[u8], &[u8]) = match link.format {
            Format::Json => (b"{\"a\":", b"}"),
            Format::MsgPack => (b"\x81\xA1a", b""),
            Format::Cbor => (b"\xBF\x61a", b"\xFF"),
        };
        let middle: &[u8] = if link.format == Format::Json { b"1" } else { b"\x01" };
        raw_violates(
            router,
            link,
            &publish(link.format, &[&open.repeat(DEPTH), middle, &close.repeat(DEPTH)].concat()),
        )
        .await;
    });
}

// covers: MSG-27
#[test]
fn messages_truncated_at_every_octet() {
    let links =
        [Carrier::Memory, Carrier::Ws, Carrier::Tcp].into_iter().flat_map(|c| Format::ALL.map(|f| c.with(f)));
    on(links, Plan::default, async |router, link| {
        let mut bystander = Bystander::join(router).await;
        let args = json!(["text", 1.5, -70_000, {"key": [null, true]}, 1_u64 << 53]);
        let whole = link.format.encode(&json!([16, 1, {"acknowledge": true}, "com.myapp.topic", args]));
        for length in 0..whole.len() {
            raw_violates(router, link, &whole[..length]).await;
        }
        let mut peer = Peer::join(router, link).await;
        peer.send_raw(&whole).await;
        peer.expect(json!([17, 1, ID])).await;
        bystander.is_unharmed().await;
    });
}

// covers: MSG-07, MSG-27
#[test]
fn duplicate_keys_in_heads() {
    everywhere(async |router, link| {
        let subscribe = match link.format {
            Format::Json => br#"[32,1,{"match":"exact","match":"exact"},"com.a"]"#.to_vec(),
            Format::MsgPack => b"\x94\x20\x01\x82\xA5match\xA5exact\xA5match\xA5exact\xA5com.a".to_vec(),
            Format::Cbor => b"\x84\x18\x20\x01\xA2\x65match\x65exact\x65match\x65exact\x65com.a".to_vec(),
        };
        raw_violates(router, link, &subscribe).await;
    });
}

// covers: MSG-07, PS-22
#[test]
fn duplicate_keys_in_payloads_are_passed_on() {
    everywhere(async |router, link| {
        let argument: &[u8] = match link.format {
            Format::Json => br#"{"a":1,"a":2}"#,
            Format::MsgPack => b"\x82\xA1a\x01\xA1a\x02",
            Format::Cbor => b"\xA2\x61a\x01\x61a\x02",
        };
        let mut subscriber = Peer::join(router, link).await;
        subscriber.subscribe("com.myapp.topic").await;
        let mut publisher = Peer::join(router, link).await;
        let octets = publish(link.format, argument);
        let from = b"test.bystander.topic";
        let at = octets.windows(from.len()).position(|window| window == from).expect("the topic");
        let mut octets = octets;
        octets.splice(at..at + from.len(), *b"com.myapp.topic-----");
        subscriber.subscribe("com.myapp.topic-----").await;
        publisher.send_raw(&octets).await;
        let event = subscriber.receive_raw().await;
        assert!(event.windows(argument.len()).any(|window| window == argument));
    });
}

// covers: MSG-22
#[test]
fn an_error_for_something_else_than_an_invocation() {
    everywhere(async |router, link| {
        for kind in [48, 32, 0, 69, 1_u64 << 40] {
            violates(router, link, json!([8, kind, 1, {}, "com.myapp.error"])).await;
        }
    });
}

// covers: MSG-23, RPC-17
#[test]
fn a_yield_for_an_invocation_that_never_was() {
    everywhere(async |router, link| {
        for invocation in [1_u64, 2, 1 << 53] {
            violates(router, link, json!([70, invocation, {}, ["forged"]])).await;
        }
    });
}

// covers: SER-03, SER-04, SER-05, MSG-27
#[test]
fn what_each_format_forbids() {
    everywhere(async |router, link| {
        let cases: &[&[u8]] = match link.format {
            Format::Json => &[
                b"NaN",
                b"-Infinity",
                b"01",
                b"1.",
                b".5",
                b"+1",
                b"1e",
                b"'x'",
                b"\"\t\"",
                br#""\x41""#,
                br#""\u12G4""#,
                b"{1:2}",
                b"{\"a\"}",
                b"1,",
                b"tru",
                b"/**/1",
                b"1 2",
            ],
            Format::MsgPack => &[
                b"\xC1",
                b"\x01\x02",
                b"\xDB\xFF\xFF\xFF\xFFx",
                b"\xDD\xFF\xFF\xFF\xFF",
                b"\xDF\xFF\xFF\xFF\xFF\x01",
                b"\xC9\xFF\xFF\xFF\xFF\x01",
            ],
            Format::Cbor => &[
                b"\xFF",
                b"\x1C",
                b"\x5B\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFFx",
                b"\x9B\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF",
                b"\xF8\x01",
                b"\x5F\x61x\xFF",
                b"\x7F\x41x\xFF",
                b"\xBF\x61a\xFF",
                b"\x01\x02",
            ],
        };
        for argument in cases {
            raw_violates(router, link, &publish(link.format, argument)).await;
        }
    });
}
