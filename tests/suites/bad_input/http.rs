//! What is no WebSocket handshake.

use crossway_tests::{Carrier, Plan};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{answer, beside_a_bystander, upgrade};

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
            "Sec-WebSocket-Protocol: wamp.2.ubjson.batched, wamp.2.batched\r\n",
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
