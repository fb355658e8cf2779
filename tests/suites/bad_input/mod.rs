//! Everything that a peer can do wrong: the offender gets what the specification says, and others notice nothing.

mod http;
mod messages;
mod rawsocket;
mod websocket;

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use crossway_tests::wire::{Stream, read_to_end};
use crossway_tests::{Bystander, Carrier, Format, Link, Plan, TestRouter, on};
use serde_json::json;
use tokio::io::AsyncWriteExt;

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

/// The request of an upgrade to WebSocket, with further headers.
fn upgrade(extra: &str) -> String {
    format!(
        "GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{extra}\r\n"
    )
}

/// A client frame, masked with zeros.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = match payload.len() {
        short @ 0..126 => vec![0x80 | short as u8],
        long => [&[0x80 | 126][..], &(long as u16).to_be_bytes()].concat(),
    };
    [&[first][..], &length, &[0; 4], payload].concat()
}

/// A text frame, complete.
const TEXT: u8 = 0x81;

/// HELLO without a session in mind.
fn hello() -> Vec<u8> {
    Format::Json.encode(&json!([1, "realm1", {"roles": {"caller": {}}}]))
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
