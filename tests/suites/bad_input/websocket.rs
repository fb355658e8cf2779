//! WebSocket frames.

use crossway_tests::wire::Stream;
use crossway_tests::{Bystander, Carrier, Format, Link, Plan, TestRouter, on};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{TEXT, beside_a_bystander, frame, hello, until_closed, upgrade};

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
