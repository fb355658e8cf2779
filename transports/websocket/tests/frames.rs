//! Frames, octet by octet (RFC 6455, section 5 to 7).

mod support;

use support::{Server, frame};

const FIN: u8 = 0x80;
const TEXT: u8 = 0x81;
const BINARY: u8 = 0x82;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;
const PONG: u8 = 0x8A;

/// What a JSON client is told that sends these octets.
async fn close_code_for(octets: &[u8]) -> u16 {
    let server = Server::start();
    let mut client = server.join("wamp.2.json").await;
    client.send(octets).await;
    client.close_code().await
}

#[tokio::test]
async fn ws_05_ws_06_each_serializer_uses_its_kind_of_message() {
    for (subprotocol, kind) in [("wamp.2.json", TEXT), ("wamp.2.msgpack", BINARY), ("wamp.2.cbor", BINARY)] {
        let server = Server::start();
        let mut client = server.join(subprotocol).await;
        client.frame(kind, b"[]").await;
        client.expect(&[kind, 2, b'[', b']']).await;
    }
}

#[tokio::test]
async fn ws_07_the_other_kind_is_1003() {
    assert_eq!(close_code_for(&frame(BINARY, b"[]")).await, 1003);
    let server = Server::start();
    let mut client = server.join("wamp.2.cbor").await;
    client.frame(TEXT, b"[]").await;
    assert_eq!(client.close_code().await, 1003);
}

#[tokio::test]
async fn lengths_in_one_three_and_nine_octets() {
    let server = Server::start();
    let mut client = server.join("wamp.2.json").await;
    for (len, header) in [
        (0, &[TEXT, 0][..]),
        (125, &[TEXT, 125]),
        (126, &[TEXT, 126, 0, 126]),
        (65_535, &[TEXT, 126, 0xFF, 0xFF]),
        (65_536, &[TEXT, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        (300_000, &[TEXT, 127, 0, 0, 0, 0, 0, 4, 0x93, 0xE0]),
    ] {
        let payload = "x".repeat(len);
        client.frame(TEXT, payload.as_bytes()).await;
        client.expect(header).await;
        client.expect(payload.as_bytes()).await;
    }
}

#[tokio::test]
async fn lengths_in_more_octets_than_needed_are_accepted() {
    let server = Server::start();
    let mut client = server.join("wamp.2.json").await;
    client.send(&[TEXT, 0x80 | 126, 0, 2, 0, 0, 0, 0, b'[', b']']).await;
    client.send(&[TEXT, 0x80 | 127, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, b'[', b']']).await;
    client.expect(b"\x81\x02[]\x81\x02[]").await;
}

#[tokio::test]
async fn frames_without_a_mask_are_1002() {
    assert_eq!(close_code_for(&[TEXT, 2, b'[', b']']).await, 1002);
}

#[tokio::test]
async fn reserved_bits_and_opcodes_are_1002() {
    for bit in [0x40, 0x20, 0x10] {
        assert_eq!(close_code_for(&frame(TEXT | bit, b"[]")).await, 1002);
        assert_eq!(close_code_for(&frame(PING | bit, b"")).await, 1002);
    }
    for opcode in [0x3, 0x4, 0x5, 0x6, 0x7, 0xB, 0xC, 0xD, 0xE, 0xF] {
        assert_eq!(close_code_for(&frame(FIN | opcode, b"")).await, 1002);
    }
}

#[tokio::test]
async fn a_length_with_its_highest_bit_set_is_1002() {
    assert_eq!(close_code_for(&[TEXT, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]).await, 1002);
}

#[tokio::test]
async fn messages_beyond_the_limit_are_1009_from_their_header() {
    for octets in [
        vec![TEXT, 0x80 | 126, 4, 1, 0, 0, 0, 0],
        vec![TEXT, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0],
        [frame(0x01, &[b'x'; 1000]), frame(0x00, &[b'x'; 24]), frame(0x80, b"x")].concat(),
    ] {
        let server = Server::offering(|options| options.max_message = 1024);
        let mut client = server.join("wamp.2.json").await;
        client.send(&octets).await;
        assert_eq!(client.close_code().await, 1009);
    }
}

#[tokio::test]
async fn messages_at_the_limit_are_accepted() {
    let server = Server::offering(|options| options.max_message = 1024);
    let mut client = server.join("wamp.2.json").await;
    client.send(&[frame(0x01, &[b'x'; 1000]), frame(FIN, &[b'x'; 24])].concat()).await;
    client.frame(TEXT, &[b'y'; 1024]).await;
    client.expect(&[TEXT, 126, 4, 0]).await;
    client.expect(&[b'x'; 1024]).await;
    client.expect(&[TEXT, 126, 4, 0]).await;
    client.expect(&[b'y'; 1024]).await;
}

#[tokio::test]
async fn ws_08_fragments_are_one_message_with_pings_in_between() {
    let server = Server::start();
    let mut client = server.join("wamp.2.json").await;
    client.frame(0x01, b"[1").await;
    client.frame(PING, b"still there?").await;
    client.frame(0x00, b"").await;
    client.frame(0x00, b", ").await;
    client.frame(PONG, b"unsolicited").await;
    client.frame(FIN, b"2]").await;
    client.expect(b"\x8A\x0Cstill there?\x81\x06[1, 2]").await;
}

#[tokio::test]
async fn fragments_out_of_order_are_1002() {
    assert_eq!(close_code_for(&frame(FIN, b"[]")).await, 1002);
    assert_eq!(close_code_for(&frame(0x00, b"[]")).await, 1002);
    assert_eq!(close_code_for(&[frame(0x01, b"["), frame(TEXT, b"[]")].concat()).await, 1002);
    assert_eq!(close_code_for(&[frame(0x01, b"["), frame(0x01, b"]")].concat()).await, 1002);
}

#[tokio::test]
async fn control_frames_that_are_long_or_fragmented_are_1002() {
    for kind in [CLOSE, PING, PONG] {
        assert_eq!(close_code_for(&frame(kind, &[b'x'; 126])).await, 1002);
        assert_eq!(close_code_for(&frame(kind & !FIN, b"")).await, 1002);
    }
}

#[tokio::test]
async fn text_that_is_not_utf_8_is_1007() {
    assert_eq!(close_code_for(&frame(TEXT, b"[\"\xFF\"]")).await, 1007);
    // A surrogate, an overlong spelling, the end in the middle of a character.
    for text in [&b"\xED\xA0\x80"[..], b"\xC0\x80", b"\xE2\x82"] {
        assert_eq!(close_code_for(&frame(TEXT, text)).await, 1007);
    }
}

#[tokio::test]
async fn a_character_may_be_cut_in_two_by_fragments() {
    let server = Server::start();
    let mut client = server.join("wamp.2.json").await;
    client.frame(0x01, b"\xE2\x82").await;
    client.frame(FIN, b"\xAC").await;
    client.expect(b"\x81\x03\xE2\x82\xAC").await;
    drop(client);
    assert_eq!(close_code_for(&[frame(0x01, b"\xE2\x82"), frame(FIN, b"x")].concat()).await, 1007);
}

#[tokio::test]
async fn binary_messages_hold_any_octets() {
    let server = Server::start();
    let mut client = server.join("wamp.2.msgpack").await;
    client.frame(BINARY, b"\xFF\xFE\0").await;
    client.expect(b"\x82\x03\xFF\xFE\0").await;
}

#[tokio::test]
async fn each_ping_gets_its_pong() {
    let server = Server::start();
    let mut client = server.join("wamp.2.cbor").await;
    client.send(&[frame(PING, b""), frame(PING, b"a"), frame(PING, &[b'z'; 125])].concat()).await;
    client.expect(b"\x8A\0\x8A\x01a\x8A\x7D").await;
    client.expect(&[b'z'; 125]).await;
}

#[tokio::test]
async fn ws_12_keepalive_probe_is_a_ping() {
    let mut server = Server::start();
    let mut client = server.join("wamp.2.json").await;
    client.frame(TEXT, b"ping!").await;
    client.expect(b"\x89\x08crossway").await;
    client.frame(PONG, b"crossway").await;
    server.seen.recv().await;
    assert_eq!(server.seen.recv().await, Some(crossway_framing::testing::Seen::Alive));
}

#[tokio::test]
async fn a_close_frame_is_answered_once_and_ends_the_connection() {
    for (payload, answer) in [
        (&b""[..], &[CLOSE, 0][..]),
        (b"\x03\xE8", &[CLOSE, 2, 0x03, 0xE8]),
        (b"\x03\xE9going away", &[CLOSE, 2, 0x03, 0xE9]),
        (b"\x0F\xA0", &[CLOSE, 2, 0x0F, 0xA0]),
    ] {
        let mut server = Server::start();
        let mut client = server.join("wamp.2.json").await;
        client.frame(CLOSE, payload).await;
        assert_eq!(client.rest().await, answer);
        assert_eq!(server.left().await, "closed by the peer");
    }
}

#[tokio::test]
async fn nothing_is_read_after_a_close_frame() {
    let server = Server::start();
    let mut client = server.join("wamp.2.json").await;
    client.send(&[frame(TEXT, b"[1]"), frame(CLOSE, b"\x03\xE8"), frame(TEXT, b"[2]")].concat()).await;
    let rest = client.rest().await;
    assert!(rest == b"\x81\x03[1]\x88\x02\x03\xE8" || rest == b"\x88\x02\x03\xE8", "{rest:?}");
}

#[tokio::test]
async fn close_frames_that_break_the_rules() {
    assert_eq!(close_code_for(&frame(CLOSE, b"\x03")).await, 1002);
    for code in [0_u16, 999, 1004, 1005, 1006, 1015, 1016, 2000, 2999, 5000, 65_535] {
        assert_eq!(close_code_for(&frame(CLOSE, &code.to_be_bytes())).await, 1002, "{code}");
    }
    assert_eq!(close_code_for(&frame(CLOSE, b"\x03\xE8\xFF")).await, 1007);
}

#[tokio::test]
async fn the_router_says_why_it_closes() {
    let server = Server::start();
    let mut client = server.join("wamp.2.json").await;
    client.frame(TEXT, b"close!").await;
    assert_eq!(client.close_code().await, 1001);
    let server = Server::start();
    let mut client = server.join("wamp.2.json").await;
    client.frame(TEXT, b"[]").await;
    client.expect(b"\x81\x02[]").await;
    server.echo.close();
    assert_eq!(client.close_code().await, 1001);
}

/// The reason reaches a peer that went on sending: closing with unread octets would reset the connection.
#[tokio::test]
async fn a_violation_with_a_megabyte_behind_it_is_still_explained() {
    let server = Server::start();
    let mut client = server.join("wamp.2.json").await;
    client.send(&[frame(BINARY, b"[]"), frame(TEXT, &[b'x'; 1 << 20])].concat()).await;
    assert_eq!(client.close_code().await, 1003);
}
