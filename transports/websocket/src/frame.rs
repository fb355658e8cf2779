//! Frames.
//!
//! ```text
//!   FRRROOOO  MLLLLLLL  [length in 2 or 8 octets]  [mask in 4 octets]  payload
//!   F: last fragment   R: zero, but the first is set where a compressed message begins   O: opcode
//!   M: masked, as all that clients send   L: length, 126 and 127 announce more
//! ```

pub(crate) const FIN: u8 = 0x80;
/// The message is compressed (RFC 7692).
pub(crate) const RSV1: u8 = 0x40;
pub(crate) const RESERVED: u8 = 0x70;
pub(crate) const MASKED: u8 = 0x80;
pub(crate) const CONTINUATION: u8 = 0x0;
pub(crate) const TEXT: u8 = 0x1;
pub(crate) const BINARY: u8 = 0x2;
pub(crate) const CLOSE: u8 = 0x8;
pub(crate) const PING: u8 = 0x9;
pub(crate) const PONG: u8 = 0xA;
