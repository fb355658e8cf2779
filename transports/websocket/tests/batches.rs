//! Batched WebSocket, octet by octet.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use crossway_framing::testing::Seen;
use crossway_websocket::Compression;
use support::{Client, Server, frame, upgrade};

const TEXT: u8 = 0x81;
const BINARY: u8 = 0x82;

/// What a client is told that sends this message, and what the log says.
async fn refusal(subprotocol: &str, first: u8, batch: &[u8]) -> (u16, String) {
    let mut server = Server::offering(|options| {
        options.max_message = 10;
        options.max_batch = 20;
    });
    let mut client = server.join(subprotocol).await;
    client.frame(first, batch).await;
    let code = client.close_code().await;
    (code, server.left().await)
}

// covers: WS-03, WS-09
#[tokio::test]
async fn the_order_of_the_client_decides_between_batches_and_single_messages() {
    let mut server = Server::start();
    for (offered, chosen) in [
        ("wamp.2.json.batched, wamp.2.json", "wamp.2.json.batched"),
        ("wamp.2.json, wamp.2.json.batched", "wamp.2.json"),
        ("wamp.2.xml.batched, wamp.2.cbor.batched, wamp.2.json", "wamp.2.cbor.batched"),
        ("wamp.2.msgpack.batched", "wamp.2.msgpack.batched"),
    ] {
        let mut client = Client::connect(server.address).await;
        let header = format!("Sec-WebSocket-Protocol: {offered}\r\n");
        client.send(upgrade("/", &header).as_bytes()).await;
        let head = client.head().await;
        assert!(head.contains(&format!("\r\nSec-WebSocket-Protocol: {chosen}\r\n")), "{head}");
        let Some(Seen::Joined(serializer, _)) = server.seen.recv().await else { panic!("nobody joined") };
        assert_eq!(serializer, chosen.split('.').nth(2).unwrap());
        drop(client);
        server.left().await;
    }
}

// covers: BATCH-01, BATCH-02, BATCH-08
#[tokio::test]
async fn what_came_in_one_batch_goes_back_in_one() {
    let server = Server::start();
    let mut client = server.join("wamp.2.json.batched").await;
    client.frame(TEXT, b"[1]\x1E[22]\x1E[333]\x1E").await;
    client.expect(b"\x81\x0F[1]\x1E[22]\x1E[333]\x1E").await;
}

// covers: BATCH-02
#[tokio::test]
async fn who_takes_another_octet_for_the_separator_is_answered_alike() {
    let server = Server::start();
    let mut client = server.join("wamp.2.json.batched").await;
    let long = "x".repeat(20_000);
    client.frame(TEXT, format!("[1]\x18{long}\x18").as_bytes()).await;
    client.expect(b"\x81\x7E\x4E\x25[1]\x18").await;
    client.expect(format!("{long}\x18").as_bytes()).await;
    client.frame(TEXT, b"[1]\x1E").await;
    assert_eq!(client.close_code().await, 1002);
}

// covers: BATCH-03, BATCH-04
#[tokio::test]
async fn binary_formats_have_lengths() {
    let server = Server::start();
    for subprotocol in ["wamp.2.msgpack.batched", "wamp.2.cbor.batched"] {
        let mut client = server.join(subprotocol).await;
        client.frame(BINARY, b"\0\0\0\x01a\0\0\0\x02bc").await;
        client.expect(b"\x82\x0B\0\0\0\x01a\0\0\0\x02bc").await;
    }
}

// covers: BATCH-05
#[tokio::test]
async fn one_message_is_a_batch_of_one() {
    let server = Server::start();
    let mut client = server.join("wamp.2.json.batched").await;
    client.frame(TEXT, b"[1]\x1E").await;
    client.expect(b"\x81\x04[1]\x1E").await;
}

// covers: BATCH-06
#[tokio::test]
async fn an_empty_batch_fails_the_connection() {
    for (subprotocol, first) in [("wamp.2.json.batched", TEXT), ("wamp.2.cbor.batched", BINARY)] {
        let (code, why) = refusal(subprotocol, first, b"").await;
        assert_eq!((code, &*why), (1002, "transport violation: a batch without messages"));
    }
}

// covers: BATCH-07
#[tokio::test]
async fn a_batch_that_does_not_add_up_fails_the_connection() {
    for batch in [&b"[1]"[..], b"\x1E"] {
        assert_eq!(refusal("wamp.2.json.batched", TEXT, batch).await.0, 1002, "{batch:?}");
    }
    for batch in [&b"\0\0\0"[..], b"\0\0\0\x02a", b"\0\0\0\0"] {
        assert_eq!(refusal("wamp.2.msgpack.batched", BINARY, batch).await.0, 1002, "{batch:?}");
    }
}

// covers: BATCH-07
#[tokio::test]
async fn messages_before_the_one_that_is_wrong_are_heard() {
    let server = Server::start();
    let mut client = server.join("wamp.2.json.batched").await;
    client.frame(TEXT, b"[1]\x1E[2]\x1E[3]").await;
    client.expect(b"\x81\x08[1]\x1E[2]\x1E").await;
    assert_eq!(client.close_code().await, 1002);
}

#[tokio::test]
async fn messages_and_batches_have_limits_of_their_own() {
    let (code, why) = refusal("wamp.2.json.batched", TEXT, b"01234567890\x1E").await;
    assert_eq!((code, &*why), (1009, "transport violation: message beyond 10 octets"));
    let (code, why) = refusal("wamp.2.json.batched", TEXT, b"012345678\x1E012345678\x1E0\x1E").await;
    assert_eq!((code, &*why), (1009, "transport violation: message beyond 20 octets"));
}

#[tokio::test]
async fn a_single_message_of_the_longest_kind_fits_whatever_the_limit_of_batches() {
    let server = Server::offering(|options| {
        options.max_message = 10;
        options.max_batch = 1;
    });
    let mut client = server.join("wamp.2.cbor.batched").await;
    client.frame(BINARY, b"\0\0\0\x0A0123456789").await;
    client.expect(b"\x82\x0E\0\0\0\x0A0123456789").await;
}

#[tokio::test]
async fn text_stays_text_and_utf_8() {
    assert_eq!(refusal("wamp.2.json.batched", BINARY, b"[1]\x1E").await.0, 1003);
    assert_eq!(refusal("wamp.2.cbor.batched", TEXT, b"\0\0\0\x01a").await.0, 1003);
    assert_eq!(refusal("wamp.2.json.batched", TEXT, b"\xFF\x1E").await.0, 1007);
}

#[tokio::test]
async fn fragments_and_pings_pass_between() {
    let server = Server::start();
    let mut client = server.join("wamp.2.json.batched").await;
    let pieces = [frame(0x01, b"[1]\x1E["), frame(0x89, b"ping"), frame(0x00, b"2]"), frame(0x80, b"\x1E")];
    client.send(&pieces.concat()).await;
    client.expect(b"\x8A\x04ping\x81\x08[1]\x1E[2]\x1E").await;
}

#[tokio::test]
async fn batches_may_be_compressed() {
    let server = Server::offering(|options| options.compression = Some(Compression::default()));
    let mut client = Client::connect(server.address).await;
    let headers =
        "Sec-WebSocket-Protocol: wamp.2.json.batched\r\nSec-WebSocket-Extensions: permessage-deflate\r\n";
    client.send(upgrade("/", headers).as_bytes()).await;
    assert!(client.head().await.contains("permessage-deflate"));
    // Two messages in a block that is only stored.
    client.frame(TEXT | 0x40, b"\x00\x08\x00\xF7\xFF[1]\x1E[2]\x1E\x00").await;
    client.expect(b"\x81\x08[1]\x1E[2]\x1E").await;
    let batch = b"[\"the same again\"]\x1E".repeat(40);
    client.frame(TEXT, &batch).await;
    let mut head = [0; 2];
    tokio::io::AsyncReadExt::read_exact(&mut client.0, &mut head).await.unwrap();
    assert_eq!(head[0], 0xC1, "one frame, compressed");
    assert!(head[1] < 100, "and short: {}", head[1]);
}
