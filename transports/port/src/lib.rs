//! One port for RawSocket, WebSocket, long-polling and plain HTTP, told apart by the first octets.
//!
//! ```text
//!   0x7F             RawSocket          (RAW-33: no HTTP request begins with it)
//!   'A' to 'Z'       an HTTP method, and behind it a path:
//!     <path>/...     long-polling, below the path that it was given
//!     anything else  WebSocket, or a page for people
//!   anything else    nobody we know; the connection closes
//! ```

use async_trait::async_trait;
use crossway_framing::{Accepted, Arrival, Handshake, HandshakeError, Split};
use crossway_longpoll::LongPoll;
use crossway_rawsocket::{MAGIC, RawSocket};
use crossway_websocket::WebSocket;

/// The handshake of a shared port. It speaks what it was given.
#[derive(Debug, Default)]
pub struct Port {
    rawsocket: Option<RawSocket>,
    websocket: Option<WebSocket>,
    longpoll: Option<LongPoll>,
}

impl Port {
    /// A port that speaks RawSocket and WebSocket.
    pub fn new(rawsocket: RawSocket, websocket: WebSocket) -> Self {
        Port::default().rawsocket(rawsocket).websocket(websocket)
    }

    /// Speaks RawSocket as well.
    #[must_use]
    pub fn rawsocket(self, rawsocket: RawSocket) -> Self {
        Port { rawsocket: Some(rawsocket), ..self }
    }

    /// Speaks WebSocket as well.
    #[must_use]
    pub fn websocket(self, websocket: WebSocket) -> Self {
        Port { websocket: Some(websocket), ..self }
    }

    /// Speaks HTTP long-polling as well, for everything below its path.
    #[must_use]
    pub fn longpoll(self, longpoll: LongPoll) -> Self {
        Port { longpoll: Some(longpoll), ..self }
    }

    /// An HTTP request, as far as its first octet tells.
    async fn accept_http<Io: Split>(&self, mut arrival: Arrival<Io>) -> Result<Accepted, HandshakeError> {
        if let Some(longpoll) = &self.longpoll {
            let claimed = loop {
                match longpoll.claims(&arrival.seen) {
                    Some(claimed) => break claimed,
                    None => arrival.read().await?,
                }
            };
            if claimed || self.websocket.is_none() {
                return longpoll.accept(arrival).await;
            }
        }
        match &self.websocket {
            Some(websocket) => websocket.accept(arrival).await,
            None => Err(HandshakeError::refused("HTTP is not spoken here")),
        }
    }
}

#[async_trait]
impl<Io: Split> Handshake<Io> for Port {
    async fn accept(&self, mut arrival: Arrival<Io>) -> Result<Accepted, HandshakeError> {
        arrival.read_to(1).await?;
        match (arrival.seen[0], &self.rawsocket) {
            (MAGIC, Some(rawsocket)) => rawsocket.accept(arrival).await,
            (b'A'..=b'Z', _) => self.accept_http(arrival).await,
            (other, _) => {
                Err(HandshakeError::refused(format!("nothing that is spoken here begins with {other:#04x}")))
            }
        }
    }
}
