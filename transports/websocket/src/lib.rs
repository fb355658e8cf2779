//! WAMP WebSocket framing over any carrier.
//!
//! ```text
//!   GET /ws HTTP/1.1            path known? ── no ─> 404      origin allowed? ── no ─> 403
//!   Upgrade: websocket          version 13? ── no ─> 426      subprotocol in common? ── no ─> 400
//!   Sec-WebSocket-Protocol:             no Upgrade at all ──> 200, a page for people
//!     wamp.2.cbor, wamp.2.json                    │
//!                                                 v
//!   101 Switching Protocols  ──> Stream of frames: one WAMP message in each WebSocket message,
//!                                or a batch of them where the client asked for `wamp.2.cbor.batched`
//! ```
//!
//! [`WebSocket`] is the handshake; [`WebSocketDecoder`] and [`WebSocketEncoder`] are the frames (RFC 6455, the server's
//! side). [`Compression`] is permessage-deflate (RFC 7692), off unless asked for. [`Messages`] is a connection without WAMP.

mod batch_sink;
mod compression;
mod connection;
mod decoder;
mod deflate;
mod encoder;
mod extension;
mod frame;
mod framing;
mod handshake;
mod message_sink;
mod messages;
mod page;
mod request;
mod response;
mod shared;
#[cfg(test)]
mod wire;

pub use compression::{Compression, CompressionCounters};
pub use decoder::WebSocketDecoder;
pub use encoder::WebSocketEncoder;
pub use handshake::{WebSocket, WebSocketOptions, WebSocketPath};
pub use messages::{Message, Messages, MessagesOptions};
