//! Everything that a peer can do wrong: the offender gets what the specification says, and others notice nothing.
//!
//! Octets on the wire first, then the frames of each transport, then messages.

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use crossway_tests::pattern::ID;
use crossway_tests::peer::all_roles;
use crossway_tests::wire::{Stream, read_to_end};
use crossway_tests::{Bystander, Carrier, Format, Link, Peer, Plan, TestRouter, on};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// A behaviour over some carriers with a bystander, who is asked at the end.
fn beside_a_bystander(
    carriers: &[Carrier],
    plan: impl Fn() -> Plan,
    behaviour: impl AsyncFn(&TestRouter, Link),
) {
    on(carriers.iter().map(|carrier| carrier.with(Format::Json)), plan, async |router, link| {
        let mut bystander = Bystander::join(router).await;
        behaviour(router, link).await;
        bystander.is_unharmed().await;
    });
}

/// As [`beside_a_bystander`], over every link.
fn everywhere(behaviour: impl AsyncFn(&TestRouter, Link)) {
    on(Link::all(), Plan::default, async |router, link| {
        let mut bystander = Bystander::join(router).await;
        behaviour(router, link).await;
        bystander.is_unharmed().await;
    });
}

/// Sends octets on a fresh connection and returns all that comes back until the router closes.
async fn answer(router: &TestRouter, carrier: Carrier, octets: &[u8]) -> Vec<u8> {
    let mut stream = router.dial(carrier).await;
    // The router may close before it has read everything.
    let _ = stream.write_all(octets).await;
    let _ = stream.flush().await;
    until_closed(&mut stream).await
}

async fn until_closed(stream: &mut Stream) -> Vec<u8> {
    let reading = tokio::time::timeout(Duration::from_secs(10), read_to_end(stream));
    reading.await.expect("the router closes the connection")
}

// ---- HTTP ----

fn upgrade(extra: &str) -> String {
    format!(
        "GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{extra}\r\n"
    )
}

// covers: WS-04
#[test]
fn http_garbage() {
    beside_a_bystander(&Carrier::WEBSOCKET, Plan::default, async |router, link| {
        for garbage in [
            &b"\0\0\0\0\r\n\r\n"[..],
            b"NOT HTTP AT ALL\r\n\r\n",
            b"GET /ws HTTP/9.9\r\n\r\n",
            b"GET \xFF\xFE HTTP/1.1\r\n\r\n",
            b"GET /ws HTTP/1.1\r\nno colon\r\n\r\n",
            b"POST /ws HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        ] {
            let reply = answer(router, link.carrier, garbage).await;
            assert!(
                reply.is_empty() || reply.starts_with(b"HTTP/1.1 4"),
                "{}",
                String::from_utf8_lossy(&reply)
            );
        }
        let endless = ["GET /ws HTTP/1.1\r\n", &"X-Filler: x\r\n".repeat(100_000)].concat();
        let reply = answer(router, link.carrier, endless.as_bytes()).await;
        assert!(
            reply.is_empty() || reply.starts_with(b"HTTP/1.1 431"),
            "{}",
            String::from_utf8_lossy(&reply)
        );
    });
}

// covers: WS-01, WS-02, WS-04, WS-10
#[test]
fn wrong_or_no_subprotocol() {
    beside_a_bystander(&Carrier::WEBSOCKET, Plan::default, async |router, link| {
        for extra in [
            "",
            "Sec-WebSocket-Protocol: chat, wamp.1\r\n",
            "Sec-WebSocket-Protocol: wamp.2.ubjson\r\n",
            "Sec-WebSocket-Protocol: wamp.2.json.batched\r\n",
            "Sec-WebSocket-Protocol:\r\n",
        ] {
            let reply = answer(router, link.carrier, upgrade(extra).as_bytes()).await;
            let reply = String::from_utf8(reply).expect("the router answers in UTF-8");
            assert!(reply.starts_with("HTTP/1.1 400"), "{extra:?}: {reply}");
            assert!(
                reply.contains("wamp.2.json, wamp.2.msgpack, wamp.2.cbor"),
                "says what there is: {reply}"
            );
        }
    });
}

// covers: WS-09, WS-02
#[test]
fn of_several_subprotocols_the_first_that_is_known_is_chosen() {
    beside_a_bystander(&Carrier::WEBSOCKET, Plan::default, async |router, link| {
        let mut stream = router.dial(link.carrier).await;
        let request = upgrade("Sec-WebSocket-Protocol: wamp.9.yaml, wamp.2.cbor, wamp.2.json\r\n");
        stream.write_all(request.as_bytes()).await.expect("the router listens");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.expect("the router answers"));
        }
        let head = String::from_utf8(head).expect("ASCII").to_lowercase();
        assert!(head.starts_with("http/1.1 101"), "{head}");
        let chosen: Vec<_> =
            head.lines().filter(|line| line.starts_with("sec-websocket-protocol:")).collect();
        assert_eq!(chosen, ["sec-websocket-protocol: wamp.2.cbor"]);
    });
}

// ---- RawSocket ----

// covers: RAW-03, RAW-04
#[test]
fn bad_rawsocket_magic() {
    beside_a_bystander(&Carrier::RAWSOCKET, Plan::default, async |router, link| {
        for first in [0x00, 0x7E, 0x80, b'G', 0xFF] {
            assert_eq!(answer(router, link.carrier, &[first, 0xF1, 0, 0]).await, b"", "{first:#x}");
        }
    });
}

// covers: RAW-06, RAW-09, RAW-10, RAW-14, RAW-15, RAW-16
#[test]
fn bad_rawsocket_serializer() {
    beside_a_bystander(&Carrier::RAWSOCKET, Plan::default, async |router, link| {
        assert_eq!(answer(router, link.carrier, &[0x7F, 0xF0, 0, 0]).await, b"", "0 is no serializer");
        for serializer in 4..=15 {
            assert_eq!(
                answer(router, link.carrier, &[0x7F, 0xF0 | serializer, 0, 0]).await,
                [0x7F, 0x10, 0, 0]
            );
        }
    });
}

// covers: RAW-07, RAW-08, RAW-12, RAW-16
#[test]
fn reserved_bits_in_the_rawsocket_handshake() {
    beside_a_bystander(&Carrier::RAWSOCKET, Plan::default, async |router, link| {
        for reserved in [[1, 0], [0, 1], [0xFF, 0xFF]] {
            let request = [0x7F, 0xF1, reserved[0], reserved[1]];
            assert_eq!(answer(router, link.carrier, &request).await, [0x7F, 0x30, 0, 0]);
        }
    });
}

// covers: RAW-13, RAW-16
#[test]
fn one_rawsocket_connection_too_many() {
    let plan = || Plan { max_connections: 1, ..Plan::default() };
    beside_a_bystander(&Carrier::RAWSOCKET, plan, async |router, link| {
        let mut peer = Peer::join(router, link).await;
        assert_eq!(answer(router, link.carrier, &[0x7F, 0xF1, 0, 0]).await, [0x7F, 0x40, 0, 0]);
        assert_eq!(router.listener(link.carrier).refused.load(Relaxed), 1);
        peer.expect_silence().await;
    });
}

// covers: RAW-02, RAW-05, RAW-17, RAW-18, RAW-19
#[test]
fn the_rawsocket_answer_states_the_limit_of_the_router_whatever_the_client_says() {
    let plan = || Plan { max_message: 1 << 12, ..Plan::default() };
    beside_a_bystander(&Carrier::RAWSOCKET, plan, async |router, link| {
        for length in [0, 7, 15] {
            for serializer in 1..=3 {
                let mut stream = router.dial(link.carrier).await;
                stream.write_all(&[0x7F, length << 4 | serializer, 0, 0]).await.expect("the router listens");
                stream.flush().await.expect("the router listens");
                let mut reply = [0; 4];
                stream.read_exact(&mut reply).await.expect("the router answers");
                assert_eq!(reply, [0x7F, 3 << 4 | serializer, 0, 0], "2^(9+3) octets");
            }
        }
    });
}

/// A RawSocket connection with its handshake done.
async fn rawsocket(router: &TestRouter, carrier: Carrier) -> Stream {
    let mut stream = router.dial(carrier).await;
    stream.write_all(&[0x7F, 0xF1, 0, 0]).await.expect("the router listens");
    stream.flush().await.expect("the router listens");
    let mut reply = [0; 4];
    stream.read_exact(&mut reply).await.expect("the router answers");
    assert_eq!(reply[..2], [0x7F, 0xF1]);
    stream
}

async fn after_handshake(router: &TestRouter, carrier: Carrier, octets: &[u8]) -> Vec<u8> {
    let mut stream = rawsocket(router, carrier).await;
    let _ = stream.write_all(octets).await;
    let _ = stream.flush().await;
    until_closed(&mut stream).await
}

// covers: RAW-24, RAW-27
#[test]
fn reserved_rawsocket_frame_types_and_bits() {
    beside_a_bystander(&Carrier::RAWSOCKET, Plan::default, async |router, link| {
        for first in [3, 4, 5, 6, 7, 0x10, 0x20, 0x40, 0x80, 0xF0] {
            assert_eq!(
                after_handshake(router, link.carrier, &[first, 0, 0, 1, b'x']).await,
                b"",
                "{first:#x}"
            );
        }
    });
}

// covers: RAW-21, RAW-25, RAW-26
#[test]
fn a_rawsocket_length_over_the_limit() {
    let plan = || Plan { max_message: 512, ..Plan::default() };
    beside_a_bystander(&Carrier::RAWSOCKET, plan, async |router, link| {
        // From the prefix alone: the octets that it announces never come. The last two are 2^24 and nonsense.
        for prefix in [[0, 0, 2, 1], [0, 0xFF, 0xFF, 0xFF], [1, 0xFF, 0, 0], [8, 0, 0, 0], [8, 0, 0, 1]] {
            let mut stream = router.dial(link.carrier).await;
            stream.write_all(&[&[0x7F, 0xF1, 0, 0], &prefix[..]].concat()).await.expect("the router listens");
            stream.flush().await.expect("the router listens");
            assert_eq!(until_closed(&mut stream).await, [0x7F, 0x01, 0, 0], "{prefix:?}");
        }
    });
}

// covers: RAW-32
#[test]
fn an_empty_rawsocket_message() {
    beside_a_bystander(&Carrier::RAWSOCKET, Plan::default, async |router, link| {
        let reply = after_handshake(router, link.carrier, &[0, 0, 0, 0]).await;
        assert!(String::from_utf8_lossy(&reply).contains("wamp.error.protocol_violation"), "{reply:?}");
    });
}

// covers: RAW-23, RAW-27, RAW-28, RAW-29, RAW-30, RAW-31
#[test]
fn rawsocket_pings_are_answered_in_any_state_and_pongs_ignored() {
    beside_a_bystander(&Carrier::RAWSOCKET, Plan::default, async |router, link| {
        let mut stream = rawsocket(router, link.carrier).await;
        let long = [&[1, 0, 0x10, 0][..], &[b'p'; 0x1000]].concat();
        for ping in [&[1, 0, 0, 0][..], b"\x01\0\0\x03abc", &long] {
            // An unsolicited PONG before it.
            stream.write_all(&[b"\x02\0\0\x01?", ping].concat()).await.expect("the router listens");
            stream.flush().await.expect("the router listens");
            let mut pong = vec![0; ping.len()];
            stream.read_exact(&mut pong).await.expect("the router answers");
            assert_eq!((pong[0], &pong[1..]), (2, &ping[1..]));
        }
    });
}

// covers: RAW-34, AUTH-16
#[test]
fn a_slow_loris_in_the_handshake_of_the_transport() {
    let plan = || Plan { handshake_timeout: Duration::from_millis(50), ..Plan::default() };
    let carriers = [Carrier::Ws, Carrier::Tcp, Carrier::Unix];
    beside_a_bystander(&carriers, plan, async |router, link| {
        for beginning in [&b""[..], b"\x7F", b"\x7F\xF1\0"] {
            if link.carrier == Carrier::Ws && !beginning.is_empty() {
                continue;
            }
            assert_eq!(answer(router, link.carrier, beginning).await, b"");
        }
        if link.carrier == Carrier::Ws {
            assert_eq!(answer(router, link.carrier, b"GET /ws HTT").await, b"");
        }
        assert!(router.listener(link.carrier).timed_out.load(Relaxed) >= 2);
    });
}

// ---- WebSocket frames ----

/// A client frame, masked with zeros.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = match payload.len() {
        short @ 0..126 => vec![0x80 | short as u8],
        long => [&[0x80 | 126][..], &(long as u16).to_be_bytes()].concat(),
    };
    [&[first][..], &length, &[0; 4], payload].concat()
}

const TEXT: u8 = 0x81;
const TEXT_BEGINS: u8 = 0x01;
const CONTINUES: u8 = 0x00;
const ENDS: u8 = 0x80;
const BINARY: u8 = 0x82;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;
const PONG: u8 = 0x8A;

/// A WebSocket connection with its handshake done.
async fn websocket(router: &TestRouter, link: Link) -> Stream {
    let mut stream = router.dial(link.carrier).await;
    let request = upgrade(&format!("Sec-WebSocket-Protocol: {}\r\n", link.format.subprotocol()));
    stream.write_all(request.as_bytes()).await.expect("the router listens");
    stream.flush().await.expect("the router listens");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.expect("the router answers"));
    }
    stream
}

/// What frames lead to: everything that comes back, until the router closes.
async fn after_upgrade(router: &TestRouter, link: Link, frames: &[Vec<u8>]) -> Vec<u8> {
    let mut stream = websocket(router, link).await;
    let _ = stream.write_all(&frames.concat()).await;
    let _ = stream.flush().await;
    until_closed(&mut stream).await
}

fn closes_with(reply: &[u8], code: u16) {
    let at = reply.len()
        - reply.len().min(reply.iter().rev().position(|octet| *octet == CLOSE).map_or(0, |p| p + 1));
    let close = &reply[at..];
    assert!(close.len() >= 4 && close[0] == CLOSE, "no close frame in {reply:02x?}");
    assert_eq!(u16::from_be_bytes([close[2], close[3]]), code, "{}", String::from_utf8_lossy(&close[4..]));
}

fn hello() -> Vec<u8> {
    Format::Json.encode(&json!([1, "realm1", {"roles": {"caller": {}}}]))
}

// covers: WS-05, WS-06, WS-07
#[test]
fn text_where_messages_are_binary_and_the_other_way_round() {
    on(
        Carrier::WEBSOCKET.into_iter().flat_map(|c| Format::ALL.map(|f| c.with(f))),
        Plan::default,
        async |router, link| {
            let mut bystander = Bystander::join(router).await;
            let wrong = if link.format == Format::Json { BINARY } else { TEXT };
            let reply = after_upgrade(router, link, &[frame(wrong, &hello())]).await;
            closes_with(&reply, 1003);
            bystander.is_unharmed().await;
        },
    );
}

// covers: WS-08, WS-12
#[test]
fn fragments_with_control_frames_in_between() {
    beside_a_bystander(&Carrier::WEBSOCKET, Plan::default, async |router, link| {
        let hello = hello();
        let (one, two) = hello.split_at(7);
        let frames = [
            frame(TEXT_BEGINS, one),
            frame(PING, b"in between"),
            frame(CONTINUES, b""),
            frame(PONG, b"never asked for"),
            frame(ENDS, two),
            frame(CLOSE, &1000_u16.to_be_bytes()),
        ];
        let reply = after_upgrade(router, link, &frames).await;
        assert!(reply.starts_with(b"\x8A\x0Ain between"), "PONG overtakes: {reply:02x?}");
        assert!(String::from_utf8_lossy(&reply).contains("[2,"), "WELCOME follows");
        closes_with(&reply, 1000);
    });
}

// covers: WS-08
#[test]
fn a_message_in_fragments_of_one_octet() {
    beside_a_bystander(&Carrier::WEBSOCKET, Plan::default, async |router, link| {
        let mut frames: Vec<_> = hello().iter().map(|octet| frame(CONTINUES, &[*octet])).collect();
        frames[0][0] = TEXT_BEGINS;
        frames.push(frame(ENDS, b""));
        frames.push(frame(CLOSE, b""));
        let reply = after_upgrade(router, link, &frames).await;
        assert!(String::from_utf8_lossy(&reply).contains("[2,"), "{reply:02x?}");
    });
}

// covers: WS-08, WS-12
#[test]
fn broken_websocket_frames() {
    beside_a_bystander(&Carrier::WEBSOCKET, Plan::default, async |router, link| {
        let cases = [
            ("a fragmented ping", vec![frame(0x09, b"x")]),
            ("a fragmented close", vec![frame(0x08, b"")]),
            ("a long ping", vec![frame(PING, &[b'x'; 126])]),
            ("reserved bits", vec![frame(TEXT | 0x40, b"[]")]),
            ("a reserved opcode", vec![frame(0x83, b"[]")]),
            ("a reserved control opcode", vec![frame(0x8B, b"")]),
            ("a continuation of nothing", vec![frame(ENDS, b"[]")]),
            ("a message within another", vec![frame(TEXT_BEGINS, b"["), frame(TEXT, b"[]")]),
            ("no mask", vec![b"\x81\x02[]".to_vec()]),
            ("half a close code", vec![frame(CLOSE, &[3])]),
            ("a close code that is reserved", vec![frame(CLOSE, &1005_u16.to_be_bytes())]),
        ];
        for (what, frames) in cases {
            let reply = after_upgrade(router, link, &frames).await;
            assert!(!reply.is_empty(), "{what}");
            closes_with(&reply, 1002);
        }
        let reply = after_upgrade(router, link, &[frame(TEXT, b"[1, \"\xFF\"]")]).await;
        closes_with(&reply, 1007);
    });
}

// ---- Messages ----

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

/// Octets of a PUBLISH whose only argument is spelt by hand.
fn publish(format: Format, argument: &[u8]) -> Vec<u8> {
    let topic = "test.bystander.topic";
    match format {
        Format::Json => [&b"[16,1,{},\"test.bystander.topic\",["[..], argument, b"]]"].concat(),
        Format::MsgPack => [&[0x95, 16, 1, 0x80, 0xB4][..], topic.as_bytes(), &[0x91], argument].concat(),
        Format::Cbor => [&[0x85, 16, 1, 0xA0, 0x74][..], topic.as_bytes(), &[0x81], argument].concat(),
    }
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
            if link.format == Format::Json && Carrier::WEBSOCKET.contains(&link.carrier) {
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

// covers: SESS-27
#[test]
fn connections_cut_at_every_octet() {
    let carriers = [Carrier::Ws, Carrier::Tcp, Carrier::Unix];
    beside_a_bystander(&carriers, Plan::default, async |router, link| {
        let publish = publish(Format::Json, b"\"intruder\"");
        let whole = match link.carrier {
            Carrier::Ws => [
                upgrade("Sec-WebSocket-Protocol: wamp.2.json\r\n").into_bytes(),
                frame(TEXT, &hello()),
                // Cut before its last octet at the latest, so it never arrives.
                frame(TEXT, &publish),
            ]
            .concat(),
            _ => {
                let raw = |message: &[u8]| [&(message.len() as u32).to_be_bytes()[..], message].concat();
                [vec![0x7F, 0xF1, 0, 0], raw(&hello()), raw(&publish)].concat()
            }
        };
        for length in 0..whole.len() {
            let mut stream = router.dial(link.carrier).await;
            stream.write_all(&whole[..length]).await.expect("the router listens");
            drop(stream);
        }
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
