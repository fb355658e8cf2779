//! One port for RawSocket, WebSocket and plain HTTP, told apart by the first octet.
//!
//! ```text
//!   0x7F           RawSocket          (RAW-33: no HTTP request begins with it)
//!   'A' to 'Z'     an HTTP method: WebSocket, or a page for people
//!   anything else  nobody we know; the connection closes
//! ```

use async_trait::async_trait;
use crossway_core::transport::Transport;
use crossway_framing::{Arrival, Handshake, HandshakeError, Split};
use crossway_rawsocket::{MAGIC, RawSocket};
use crossway_websocket::WebSocket;

/// The handshake of a shared port.
#[derive(Debug)]
pub struct Port {
    rawsocket: RawSocket,
    websocket: WebSocket,
}

impl Port {
    /// A port that speaks both.
    pub fn new(rawsocket: RawSocket, websocket: WebSocket) -> Self {
        Port { rawsocket, websocket }
    }
}

#[async_trait]
impl<Io: Split> Handshake<Io> for Port {
    async fn accept(&self, mut arrival: Arrival<Io>) -> Result<Box<dyn Transport>, HandshakeError> {
        arrival.read_to(1).await?;
        match arrival.seen[0] {
            MAGIC => self.rawsocket.accept(arrival).await,
            b'A'..=b'Z' => self.websocket.accept(arrival).await,
            other => Err(HandshakeError::refused(format!("no known protocol begins with {other:#04x}"))),
        }
    }
}
