//! The opening handshake, line by line.

mod support;

use std::time::Duration;

use crossway_framing::testing::Seen;
use crossway_websocket::WebSocketPath;
use support::{Client, Server, upgrade};

const JSON: &str = "Sec-WebSocket-Protocol: wamp.2.json\r\n";

fn paths() -> Vec<WebSocketPath> {
    let path = |path: &str, realms: &[&str]| WebSocketPath {
        path: path.to_owned(),
        realms: realms.iter().map(|realm| (*realm).to_owned()).collect(),
    };
    vec![path("/ws", &["realm1", "realm2"]), path("/all", &[])]
}

#[track_caller]
fn assert_status(answer: &str, status: &str) {
    assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    assert!(answer.contains("\r\nConnection: close\r\n"), "{answer}");
}

#[tokio::test]
async fn ws_01_the_answer_is_what_rfc_6455_says() {
    let server = Server::start();
    let mut client = Client::connect(server.address).await;
    client.send(upgrade("/", JSON).as_bytes()).await;
    assert_eq!(
        client.head().await,
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: wamp.2.json\r\n\r\n"
    );
}

#[tokio::test]
async fn ws_02_ws_09_the_first_of_the_clients_subprotocols_that_we_have() {
    for (offer, chosen) in [
        ("wamp.2.json", "json"),
        ("wamp.2.msgpack", "msgpack"),
        ("wamp.2.cbor, wamp.2.json", "cbor"),
        ("wamp.2.ubjson,mqtt ,wamp.2.msgpack,wamp.2.json", "msgpack"),
        ("wamp.2.nothing\r\nSec-WebSocket-Protocol: wamp.2.cbor", "cbor"),
    ] {
        let mut server = Server::start();
        let mut client = Client::connect(server.address).await;
        client.send(upgrade("/", &format!("Sec-WebSocket-Protocol: {offer}\r\n")).as_bytes()).await;
        let head = client.head().await;
        assert_eq!(head.matches("wamp.2.").count(), 1, "exactly one is echoed: {head}");
        assert!(head.contains(&format!("Sec-WebSocket-Protocol: wamp.2.{chosen}\r\n")), "{head}");
        let Some(Seen::Joined(serializer, _)) = server.seen.recv().await else { panic!("not joined") };
        assert_eq!(serializer, chosen);
    }
}

#[tokio::test]
async fn ws_04_no_common_subprotocol_names_ours() {
    for offer in
        ["", "Sec-WebSocket-Protocol: wamp.2.ubjson, wamp\r\n", "Sec-WebSocket-Protocol: WAMP.2.JSON\r\n"]
    {
        let answer = Server::start().answer_to(&upgrade("/", offer)).await;
        assert_status(&answer, "400");
        let ours = "wamp.2.json, wamp.2.msgpack, wamp.2.cbor, \
                    wamp.2.json.batched, wamp.2.msgpack.batched, wamp.2.cbor.batched\n";
        assert!(answer.contains(ours), "{answer}");
    }
}

#[tokio::test]
async fn other_versions_are_told_ours() {
    for version in ["8", "13, 8", ""] {
        let request = upgrade("/", JSON)
            .replace("Sec-WebSocket-Version: 13", &format!("Sec-WebSocket-Version: {version}"));
        let answer = Server::start().answer_to(&request).await;
        assert_status(&answer, "426");
        assert!(answer.contains("\r\nSec-WebSocket-Version: 13\r\n"), "{answer}");
    }
}

#[tokio::test]
async fn keys_that_are_no_16_octets() {
    for key in ["", "c2hvcnQ=", "dGhlIHNhbXBsZSBub25jZdGhlIHNhbXBsZSBub25jZQ=="] {
        let answer =
            Server::start().answer_to(&upgrade("/", JSON).replace("dGhlIHNhbXBsZSBub25jZQ==", key)).await;
        assert_status(&answer, "400");
    }
}

#[tokio::test]
async fn half_a_handshake_is_explained() {
    let whole = upgrade("/", JSON);
    for half in [
        whole.replace("Upgrade: websocket\r\n", ""),
        whole.replace("Connection: keep-alive, Upgrade\r\n", ""),
        whole.replace("HTTP/1.1", "HTTP/1.0"),
    ] {
        let answer = Server::start().answer_to(&half).await;
        assert_status(&answer, "400");
        assert!(answer.contains("half a WebSocket handshake"), "{answer}");
    }
}

#[tokio::test]
async fn paths_decide_on_realms() {
    for (path, realms) in
        [("/ws", &["realm1", "realm2"][..]), ("/ws?token=1", &["realm1", "realm2"]), ("/all", &[])]
    {
        let mut server = Server::offering(|options| options.paths = paths());
        let mut client = Client::connect(server.address).await;
        client.send(upgrade(path, JSON).as_bytes()).await;
        assert!(client.head().await.starts_with("HTTP/1.1 101 "));
        let Some(Seen::Joined(_, info)) = server.seen.recv().await else { panic!("not joined") };
        assert_eq!(info.realms, realms);
    }
    for path in ["/", "/ws/", "/WS", "/ws%20", "//ws"] {
        let server = Server::offering(|options| options.paths = paths());
        assert_status(&server.answer_to(&upgrade(path, JSON)).await, "404");
    }
}

#[tokio::test]
async fn origins_that_are_not_listed_are_refused_and_clients_without_one_are_not() {
    let start = || Server::offering(|options| options.origins = vec!["https://*.example.com".to_owned()]);
    let with = |origin: &str| upgrade("/", &format!("{JSON}Origin: {origin}\r\n"));
    for origin in ["https://evil.org", "null", "https://example.com.evil.org", ""] {
        assert_status(&start().answer_to(&with(origin)).await, "403");
    }
    for request in [with("https://app.example.com"), upgrade("/", JSON)] {
        let server = start();
        let mut client = Client::connect(server.address).await;
        client.send(request.as_bytes()).await;
        assert!(client.head().await.starts_with("HTTP/1.1 101 "));
    }
}

#[tokio::test]
async fn ws_13_cookie_and_authorization_are_known_to_authenticators_and_to_no_log() {
    let mut server = Server::start();
    let secrets = "Cookie: a=1; b=2\r\nCookie: c=3\r\nAuthorization: Bearer s3cret\r\nX-Other: x\r\n";
    let mut client = Client::connect(server.address).await;
    client.send(upgrade("/", &format!("{JSON}{secrets}")).as_bytes()).await;
    let Some(Seen::Joined(_, info)) = server.seen.recv().await else { panic!("not joined") };
    let auth = info.auth.as_ref().unwrap();
    assert_eq!(auth.cookie.as_deref(), Some("a=1; b=2; c=3"));
    assert_eq!(auth.authorization.as_deref(), Some("Bearer s3cret"));
    for shown in [info.to_string(), format!("{info:?}")] {
        assert!(!shown.contains("s3cret") && !shown.contains("a=1"), "{shown}");
    }
}

#[tokio::test]
async fn browsers_get_a_page() {
    let server = Server::offering(|options| options.paths = paths());
    let answer = server.answer_to("GET / HTTP/1.1\r\nHost: example.com:8080\r\n\r\n").await;
    assert_status(&answer, "200");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("Content-Type: text/html"), "{head}");
    assert!(head.contains(&format!("Content-Length: {}", body.len())), "{head}");
    assert!(body.len() < 2048, "{}", body.len());
    for part in ["Crossway", "wamp.2.json", "wamp.2.cbor", "<code>/ws</code>", "ws://example.com:8080/ws"] {
        assert!(body.contains(part), "{part} is missing in {body}");
    }
    assert_status(&server.answer_to("GET /other HTTP/1.1\r\nHost: x\r\n\r\n").await, "404");
}

#[tokio::test]
async fn the_page_repeats_nothing_of_the_request_as_markup() {
    let request = "GET / HTTP/1.1\r\nHost: <script>alert(1)</script>\"&\r\n\r\n";
    let answer = Server::start().answer_to(request).await;
    assert_status(&answer, "200");
    assert!(!answer.contains("<script"), "{answer}");
}

#[tokio::test]
async fn other_methods_are_not_allowed() {
    for method in ["HEAD", "POST", "OPTIONS", "CONNECT"] {
        let answer = Server::start().answer_to(&format!("{method} / HTTP/1.1\r\nHost: x\r\n\r\n")).await;
        assert_status(&answer, "405");
        assert!(answer.contains("\r\nAllow: GET\r\n"), "{answer}");
    }
}

#[tokio::test]
async fn garbage_is_answered_at_once() {
    for garbage in ["G\0\0\0", "GET / HTTP/3.1\r\n", "GET / SMTP\r\n", "\u{7f}ELF"] {
        assert_status(&Server::start().answer_to(garbage).await, "400");
    }
}

#[tokio::test]
async fn heads_that_are_too_long() {
    let long = upgrade("/", &format!("X: {}\r\n", "x".repeat(17_000)));
    assert_status(&Server::start().answer_to(&long).await, "431");
    let endless = "GET / HTTP/1.1\r\nX: ".to_owned() + &"x".repeat(20_000);
    assert_status(&Server::start().answer_to(&endless).await, "431");
    let many = upgrade("/", &"X: x\r\n".repeat(65));
    assert_status(&Server::start().answer_to(&many).await, "431");
}

#[tokio::test]
async fn connections_beyond_the_limit() {
    let server = Server::with(|_| (), |serve| serve.max_connections = 0);
    let answer = server.answer_to(&upgrade("/", JSON)).await;
    assert_status(&answer, "503");
    assert!(answer.contains("\r\nRetry-After: "), "{answer}");
}

#[tokio::test]
async fn slow_heads_are_given_up() {
    let server = Server::with(|_| (), |serve| serve.handshake_timeout = Duration::from_millis(20));
    assert_eq!(server.answer_to("GET / HTTP/1.1\r\nHost: x\r\n").await, "");
}

#[tokio::test]
async fn a_head_octet_by_octet_with_a_frame_behind_it() {
    let server = Server::start();
    let mut client = Client::connect(server.address).await;
    let mut octets = upgrade("/", JSON).into_bytes();
    octets.extend(support::frame(0x81, b"[1]"));
    for octet in octets {
        client.send(&[octet]).await;
    }
    client.head().await;
    client.expect(b"\x81\x03[1]").await;
}

#[tokio::test]
async fn frames_behind_the_head_in_the_same_packet_are_not_lost() {
    let server = Server::start();
    let mut client = Client::connect(server.address).await;
    let mut octets = upgrade("/", JSON).into_bytes();
    octets.extend(support::frame(0x81, b"[1]"));
    octets.extend(support::frame(0x81, b"[2]"));
    let half = octets.len() - 5;
    client.send(&octets[..half]).await;
    client.head().await;
    client.expect(b"\x81\x03[1]").await;
    client.send(&octets[half..]).await;
    client.expect(b"\x81\x03[2]").await;
}
