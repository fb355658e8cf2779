//! One port, three protocols.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::net::SocketAddr;
use std::sync::Arc;

use crossway_framing::testing::{Echo, Named};
use crossway_framing::{ServeOptions, serve};
use crossway_port::Port;
use crossway_rawsocket::{RawSocket, RawSocketOptions};
use crossway_tcp::{TcpListener, TcpOptions};
use crossway_websocket::{WebSocket, WebSocketOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

fn start(max_connections: usize) -> SocketAddr {
    let port = Port::new(
        RawSocket::new(RawSocketOptions::new(Named::all())),
        WebSocket::new(WebSocketOptions::new(Named::all())),
    );
    let listener = TcpListener::bind(&TcpOptions::new(([127, 0, 0, 1], 0).into())).unwrap();
    let address = listener.local_addr();
    let options = ServeOptions { max_connections, ..ServeOptions::new("port") };
    tokio::spawn(serve(listener, Arc::new(port), Echo::new().0, options));
    address
}

/// Sends octets one by one, and returns the first `count` that come back.
async fn talk(address: SocketAddr, octets: &[u8], count: u64) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    for octet in octets {
        stream.write_all(&[*octet]).await.unwrap();
    }
    let mut answer = Vec::new();
    let _reset_counts_as_end = stream.take(count).read_to_end(&mut answer).await;
    answer
}

const UPGRADE: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Protocol: wamp.2.cbor\r\n\r\n";

#[tokio::test]
async fn raw_33_each_protocol_is_recognized_by_its_first_octet() {
    let address = start(10);
    assert_eq!(talk(address, b"\x7F\xF2\0\0\0\0\0\x01!", 9).await, b"\x7F\xF2\0\0\0\0\0\x01!");
    assert_eq!(talk(address, UPGRADE, 12).await, b"HTTP/1.1 101");
    assert_eq!(talk(address, b"GET / HTTP/1.1\r\n\r\n", 12).await, b"HTTP/1.1 200");
}

#[tokio::test]
async fn anything_else_is_dropped_without_a_word() {
    let address = start(10);
    for octet in [0x00, 0x16, b'a', b' ', b'\n', 0x80, 0xFF] {
        assert_eq!(talk(address, &[octet], 1).await, b"");
    }
}

#[tokio::test]
async fn each_protocol_is_told_in_its_own_words_that_there_is_no_room() {
    let address = start(0);
    assert_eq!(talk(address, b"\x7F\xF2\0\0", 100).await, b"\x7F\x40\0\0");
    assert_eq!(talk(address, UPGRADE, 12).await, b"HTTP/1.1 503");
}
