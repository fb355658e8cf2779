//! WAMP WebSocket framing over any carrier.
//!
//! ```text
//!   GET /ws HTTP/1.1            path known? ── no ─> 404      origin allowed? ── no ─> 403
//!   Upgrade: websocket          version 13? ── no ─> 426      subprotocol in common? ── no ─> 400
//!   Sec-WebSocket-Protocol:             no Upgrade at all ──> 200, a page for people
//!     wamp.2.cbor, wamp.2.json                    │
//!                                                 v
//!   101 Switching Protocols  ──> Stream of frames, one WAMP message in each WebSocket message
//! ```
//!
//! [`WebSocket`] is the handshake; [`WebSocketDecoder`] and [`WebSocketEncoder`] are the frames (RFC 6455, the server's
//! side, without extensions).

mod decoder;
mod encoder;
mod frame;
mod handshake;
mod origin;
mod page;
mod request;
mod response;

pub use decoder::WebSocketDecoder;
pub use encoder::WebSocketEncoder;
pub use handshake::{WebSocket, WebSocketOptions, WebSocketPath};
