//! WAMP RawSocket framing over any carrier.
//!
//! The handshake is four octets each way, and every frame after it has a prefix of four:
//!
//! ```text
//!   client  0x7F  LLLLSSSS  0x00  0x00      L: accepts messages of 2^(9+L) octets    S: 1 JSON 2 MessagePack 3 CBOR
//!   router  0x7F  LLLLSSSS  0x00  0x00      L: the router's own limit                S: the same
//!   or      0x7F  EEEE0000  0x00  0x00      E: 1 serializer 2 length 3 reserved bits 4 too many connections
//!
//!   frame   RRRRXTTT  length in 24 bits     T: 0 message 1 PING 2 PONG    X: the length is 2^24    R: zero
//! ```
//!
//! [`RawSocket`] is the handshake; [`RawSocketDecoder`] and [`RawSocketEncoder`] are the frames.

mod frame;
mod handshake;

pub use frame::{RawSocketDecoder, RawSocketEncoder};
pub use handshake::{RawSocket, RawSocketOptions};

/// The first octet of every RawSocket connection; no HTTP request begins with it.
pub const MAGIC: u8 = 0x7F;
