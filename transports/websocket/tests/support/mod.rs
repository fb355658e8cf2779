//! A WebSocket listener with an echo behind it, and a client that types octets.

#![allow(
    clippy::unwrap_used,
    dead_code,
    unreachable_pub,
    reason = "a test may panic, and uses what it needs"
)]

use std::net::SocketAddr;
use std::sync::Arc;

use crossway_framing::testing::{Echo, Named, Seen};
use crossway_framing::{ServeOptions, serve};
use crossway_tcp::{TcpListener, TcpOptions};
use crossway_websocket::{WebSocket, WebSocketOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc::UnboundedReceiver;

pub struct Server {
    pub address: SocketAddr,
    pub seen: UnboundedReceiver<Seen>,
    pub echo: Echo,
    pub options: ServeOptions,
}

impl Server {
    pub fn start() -> Self {
        Self::with(|_| (), |_| ())
    }

    pub fn offering(change: impl FnOnce(&mut WebSocketOptions)) -> Self {
        Self::with(change, |_| ())
    }

    pub fn with(change: impl FnOnce(&mut WebSocketOptions), serving: impl FnOnce(&mut ServeOptions)) -> Self {
        let mut options = WebSocketOptions::new(Named::all());
        change(&mut options);
        let mut serve_options = ServeOptions::new("ws");
        serving(&mut serve_options);
        let listener = TcpListener::bind(&TcpOptions::new(([127, 0, 0, 1], 0).into())).unwrap();
        let address = listener.local_addr();
        let (echo, seen) = Echo::new();
        tokio::spawn(serve(listener, Arc::new(WebSocket::new(options)), echo.clone(), serve_options.clone()));
        Server { address, seen, echo, options: serve_options }
    }

    /// Sends a request as it stands, and returns everything that comes back.
    pub async fn answer_to(&self, request: &str) -> String {
        let mut client = Client::connect(self.address).await;
        client.send(request.as_bytes()).await;
        String::from_utf8(client.rest().await).unwrap()
    }

    /// A client after an opening handshake for one subprotocol.
    pub async fn join(&self, subprotocol: &str) -> Client {
        let mut client = Client::connect(self.address).await;
        client.send(upgrade("/", &format!("Sec-WebSocket-Protocol: {subprotocol}\r\n")).as_bytes()).await;
        let head = client.head().await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        client
    }

    /// What came last.
    pub async fn left(&mut self) -> String {
        loop {
            if let Seen::Left(why) = self.seen.recv().await.unwrap() {
                return why;
            }
        }
    }
}

/// An upgrade request with the sample key of RFC 6455.
pub fn upgrade(path: &str, headers: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{headers}\r\n"
    )
}

pub struct Client(pub TcpStream);

impl Client {
    pub async fn connect(address: SocketAddr) -> Self {
        Client(TcpStream::connect(address).await.unwrap())
    }

    pub async fn send(&mut self, octets: &[u8]) {
        self.0.write_all(octets).await.unwrap();
    }

    /// Sends a frame, masked.
    pub async fn frame(&mut self, first: u8, payload: &[u8]) {
        self.send(&frame(first, payload)).await;
    }

    pub async fn head(&mut self) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.0.read_u8().await.unwrap());
        }
        String::from_utf8(head).unwrap()
    }

    pub async fn expect(&mut self, octets: &[u8]) {
        let mut received = vec![0; octets.len()];
        self.0.read_exact(&mut received).await.unwrap();
        assert_eq!(received, octets);
    }

    /// Everything up to the end of the connection.
    pub async fn rest(&mut self) -> Vec<u8> {
        let mut octets = Vec::new();
        let _reset_counts_as_end = self.0.read_to_end(&mut octets).await;
        octets
    }

    /// The code of the close frame that is all that comes.
    pub async fn close_code(&mut self) -> u16 {
        let rest = self.rest().await;
        assert!(rest.len() >= 4 && rest[0] == 0x88 && rest.len() == 2 + rest[1] as usize, "{rest:?}");
        u16::from_be_bytes([rest[2], rest[3]])
    }
}

/// A frame as a client sends it, in the shortest spelling.
pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [0x37, 0xFA, 0x21, 0x3D];
    let mut octets = vec![first];
    match payload.len() {
        len @ 0..126 => octets.push(0x80 | len as u8),
        len @ 126..0x1_0000 => {
            octets.push(0x80 | 126);
            octets.extend((len as u16).to_be_bytes());
        }
        len => {
            octets.push(0x80 | 127);
            octets.extend((len as u64).to_be_bytes());
        }
    }
    octets.extend(mask);
    octets.extend(payload.iter().zip(mask.iter().cycle()).map(|(octet, mask)| octet ^ mask));
    octets
}
