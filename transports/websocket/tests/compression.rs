//! permessage-deflate (RFC 7692), octet by octet.

mod support;

use crossway_websocket::{Compression, WebSocketOptions};
use support::{Client, Server, frame, upgrade};

const TEXT: u8 = 0x81;
const RSV1: u8 = 0x40;
const PING: u8 = 0x89;
/// `Hello`, as section 7.2.3.1 compresses it.
const HELLO: [u8; 7] = [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00];

fn compressing(options: &mut WebSocketOptions) {
    options.compression = Some(Compression::default());
}

/// A client that has offered compression, and what it was answered.
async fn join(server: &Server, offer: &str) -> (Client, Option<String>) {
    let mut client = Client::connect(server.address).await;
    let headers = format!("Sec-WebSocket-Protocol: wamp.2.json\r\nSec-WebSocket-Extensions: {offer}\r\n");
    client.send(upgrade("/", &headers).as_bytes()).await;
    let head = client.head().await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    let line = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Extensions: "));
    (client, line.map(str::to_owned))
}

/// What a client is told that sends these octets on a connection with compression.
async fn close_code_for(octets: &[u8]) -> u16 {
    let server = Server::offering(|options| {
        compressing(options);
        options.max_message = 1000;
    });
    let (mut client, _) = join(&server, "permessage-deflate").await;
    client.send(octets).await;
    client.close_code().await
}

#[tokio::test]
async fn compression_is_agreed_upon_where_both_sides_want_it() {
    let server = Server::offering(compressing);
    let (_, answer) = join(&server, "permessage-deflate; client_max_window_bits").await;
    let expected = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
    assert_eq!(answer.as_deref(), Some(expected));
    assert!(!server.answer_to(&upgrade("/nowhere", "")).await.contains("Extensions"), "nothing was offered");
}

#[tokio::test]
async fn compression_is_off_unless_asked_for() {
    let server = Server::start();
    let (mut client, answer) = join(&server, "permessage-deflate").await;
    assert_eq!(answer, None);
    client.frame(TEXT | RSV1, &HELLO).await;
    assert_eq!(client.close_code().await, 1002);
}

#[tokio::test]
async fn a_client_that_offers_nothing_acceptable_goes_without() {
    let server = Server::offering(compressing);
    for offer in
        ["permessage-bzip2", "permessage-deflate; server_max_window_bits=8", "permessage-deflate; x=1", ";,="]
    {
        let (mut client, answer) = join(&server, offer).await;
        assert_eq!(answer, None, "{offer}");
        client.frame(TEXT, &[b'x'; 300]).await;
        client.expect(&[TEXT, 126, 1, 44]).await;
        client.expect(&[b'x'; 300]).await;
        client.frame(TEXT | RSV1, &HELLO).await;
        assert_eq!(client.close_code().await, 1002, "{offer}");
    }
}

#[tokio::test]
async fn short_answers_come_as_they_are_and_long_ones_compressed() {
    let server = Server::offering(compressing);
    let (mut client, _) = join(&server, "permessage-deflate").await;
    client.frame(TEXT | RSV1, &HELLO).await;
    client.expect(b"\x81\x05Hello").await;
    client.frame(TEXT, b"plain").await;
    client.expect(b"\x81\x05plain").await;
    client.frame(TEXT, &[b'x'; 1000]).await;
    let mut header = [0; 2];
    tokio::io::AsyncReadExt::read_exact(&mut client.0, &mut header).await.unwrap();
    assert_eq!(header[0], TEXT | RSV1);
    assert!(header[1] < 30, "{header:?}");
}

#[tokio::test]
async fn fragments_are_decompressed_together_with_pings_in_between() {
    let server = Server::offering(compressing);
    let (mut client, _) = join(&server, "permessage-deflate").await;
    client.frame(0x01 | RSV1, &HELLO[..3]).await;
    client.frame(PING, b"?").await;
    client.frame(0x00, b"").await;
    client.frame(0x80, &HELLO[3..]).await;
    client.expect(b"\x8A\x01?\x81\x05Hello").await;
    // The next message is its own.
    client.frame(0x01, b"He").await;
    client.frame(0x80, b"llo").await;
    client.expect(b"\x81\x05Hello").await;
}

#[tokio::test]
async fn rsv1_stands_on_the_first_frame_of_a_message_only() {
    assert_eq!(close_code_for(&[frame(0x01, b"He"), frame(0x80 | RSV1, b"llo")].concat()).await, 1002);
    let both = [frame(0x01 | RSV1, &HELLO[..3]), frame(0x80 | RSV1, &HELLO[3..])].concat();
    assert_eq!(close_code_for(&both).await, 1002);
    for control in [0x88, 0x89, 0x8A] {
        assert_eq!(close_code_for(&frame(control | RSV1, b"")).await, 1002);
    }
    for bits in [0x60, 0x50, 0x20, 0x10] {
        assert_eq!(close_code_for(&frame(TEXT | bits, &HELLO)).await, 1002);
    }
}

#[tokio::test]
async fn broken_and_truncated_streams_are_1007() {
    assert_eq!(close_code_for(&frame(TEXT | RSV1, b"\xFF\xFF\xFF")).await, 1007);
    for cut in 1..HELLO.len() {
        assert_eq!(close_code_for(&frame(TEXT | RSV1, &HELLO[..cut])).await, 1007, "cut at {cut}");
    }
    // What comes out has to be UTF-8: a stored block with FF in it.
    assert_eq!(close_code_for(&frame(TEXT | RSV1, &[0, 1, 0, 0xFE, 0xFF, 0xFF, 0])).await, 1007);
}

/// The next message of a client that keeps its context refers to the one before.
#[tokio::test]
async fn a_client_that_keeps_its_context_against_the_agreement_is_1007() {
    let server = Server::offering(compressing);
    let (mut client, _) = join(&server, "permessage-deflate").await;
    client.frame(TEXT | RSV1, &HELLO).await;
    client.expect(b"\x81\x05Hello").await;
    client.frame(TEXT | RSV1, &[0xF2, 0x00, 0x11, 0x00, 0x00]).await;
    assert_eq!(client.close_code().await, 1007);
}

/// 900 zeros and more, in a dozen octets: the limit is of what comes out, and it is told while it comes out.
#[tokio::test]
async fn a_bomb_is_1009_and_counted() {
    let compression = Compression::default();
    let server = Server::offering(|options| {
        options.compression = Some(compression.clone());
        options.max_message = 1000;
    });
    // Blocks with fixed codes: a zero, and matches of 258 of them.
    let bomb = bomb(4 << 20);
    assert!(bomb.len() < 1000 * 8, "{}", bomb.len());
    let (mut client, _) = join(&server, "permessage-deflate").await;
    client.frame(TEXT | RSV1, &bomb[..900]).await;
    assert_eq!(client.close_code().await, 1009);
    assert_eq!(compression.counters.inflated_too_long.get(), 1);
    // And what is longer than any message could be, however well compressed, is not even waited for.
    let (mut client, _) = join(&server, "permessage-deflate").await;
    client.send(&[TEXT | RSV1, 0xFE, 0x10, 0x00, 0, 0, 0, 0]).await;
    assert_eq!(client.close_code().await, 1009);
    assert_eq!((compression.counters.inflated_too_long.get(), compression.counters.corrupt.get()), (1, 0));
}

/// So many zeros, compressed as well as deflate can.
fn bomb(len: usize) -> Vec<u8> {
    let config = zlib_rs::DeflateConfig { level: 9, window_bits: -15, ..Default::default() };
    let mut deflate = zlib_rs::Deflate::new_with_config(config);
    let mut out = vec![0; len / 100 + 1000];
    deflate.compress(&vec![0; len], &mut out, zlib_rs::DeflateFlush::SyncFlush).expect("room");
    out.truncate(deflate.total_out() as usize - 4);
    out
}

#[tokio::test]
async fn messages_at_the_limit_are_accepted_however_badly_they_compress() {
    let server = Server::offering(|options| {
        compressing(options);
        options.max_message = 1000;
    });
    let (mut client, _) = join(&server, "permessage-deflate").await;
    // In stored blocks of ten octets and of what is left, it is longer than what is in it.
    let mut stored = Vec::new();
    for block in [10, 10, 10, 970] {
        let len = u16::to_le_bytes(block);
        stored.extend([0, len[0], len[1], !len[0], !len[1]]);
        stored.extend(vec![b'y'; block.into()]);
    }
    stored.push(0);
    assert!(stored.len() > 1000);
    client.frame(TEXT | RSV1, &stored).await;
    let mut first = [0; 1];
    tokio::io::AsyncReadExt::read_exact(&mut client.0, &mut first).await.unwrap();
    assert_eq!(first, [TEXT | RSV1]);
}
