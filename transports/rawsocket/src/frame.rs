//! Frames.

use bytes::{Buf, Bytes, BytesMut};
use crossway_core::transport::{Close, Framing, Outgoing, TransportError};
use crossway_framing::{Decoder, Encoder, Step};

const PREFIX: usize = 4;
const MESSAGE: u8 = 0;
const PING: u8 = 1;
const PONG: u8 = 2;
/// The 25th bit of the length.
const LENGTH_BIT: u8 = 0x08;
const LONGEST: usize = 1 << 24;

/// Cuts RawSocket frames out of a byte stream.
#[derive(Debug)]
pub struct RawSocketDecoder {
    max_message: usize,
    max_pong: usize,
}

impl RawSocketDecoder {
    /// `max_message` is what the router accepts, `max_pong` what the peer accepts: a PING beyond it has no answer.
    pub fn new(max_message: usize, max_pong: usize) -> Self {
        RawSocketDecoder { max_message, max_pong }
    }

    fn check(&self, kind: u8, len: usize) -> Result<(), TransportError> {
        let limit = match kind {
            MESSAGE | PONG => self.max_message,
            PING => self.max_message.min(self.max_pong),
            _ => return Err(violation(format!("frame of reserved type {kind}"))),
        };
        if len > limit {
            let what = format!("frame of {len} octets, {limit} are accepted");
            return Err(TransportError::violation(Close::TooLarge, what));
        }
        Ok(())
    }
}

impl Decoder for RawSocketDecoder {
    fn decode(&mut self, input: &mut BytesMut) -> Result<Step, TransportError> {
        let Some(&[first, high, mid, low]) = input.first_chunk::<PREFIX>() else {
            return Ok(Step::Need(PREFIX));
        };
        let (kind, len) = (first & 0x07, length(first, [high, mid, low])?);
        self.check(kind, len)?;
        if input.len() < PREFIX + len {
            return Ok(Step::Need(PREFIX + len));
        }
        if kind == PING {
            // The answer differs in its type only, so the frame itself goes back.
            input[0] = first & !0x07 | PONG;
            return Ok(Step::Reply(input.split_to(PREFIX + len).freeze()));
        }
        input.advance(PREFIX);
        let payload = input.split_to(len).freeze();
        Ok(if kind == MESSAGE { Step::Message(payload) } else { Step::Alive })
    }
}

fn length(first: u8, [high, mid, low]: [u8; 3]) -> Result<usize, TransportError> {
    if first & 0xF0 != 0 {
        return Err(violation(format!("reserved bits set in {first:#04x}")));
    }
    let low_bits = u32::from_be_bytes([0, high, mid, low]) as usize;
    match (first & LENGTH_BIT != 0, low_bits) {
        (false, len) => Ok(len),
        (true, 0) => Ok(LONGEST),
        (true, _) => Err(violation("length beyond 2^24".to_owned())),
    }
}

fn violation(what: String) -> TransportError {
    TransportError::violation(Close::ProtocolError, what)
}

/// Writes RawSocket frames.
#[derive(Debug)]
pub struct RawSocketEncoder {
    max_message: usize,
    ping: bool,
}

impl RawSocketEncoder {
    /// `max_message` is what the peer accepts, at most 2^24.
    pub fn new(max_message: usize) -> Self {
        RawSocketEncoder { max_message: max_message.min(LONGEST), ping: false }
    }

    /// Whether the peer is probed with PING.
    #[must_use]
    pub fn with_ping(self, ping: bool) -> Self {
        RawSocketEncoder { ping, ..self }
    }
}

impl Encoder for RawSocketEncoder {
    fn header(&mut self, len: usize, out: &mut Vec<u8>) {
        out.extend_from_slice(&prefix(MESSAGE, len));
    }

    fn framing(&self) -> Option<&'static Framing> {
        Some(&FRAMING)
    }

    fn max_message(&self) -> usize {
        self.max_message
    }

    fn ping(&mut self) -> Option<Bytes> {
        if !self.ping {
            return None;
        }
        // What it carries is arbitrary. Something, rather than nothing, so that an empty PONG is not taken for an answer.
        Some(Bytes::from_static(b"\x01\x00\x00\x08crossway"))
    }
}

static FRAMING: Framing = Framing { name: "crossway-rawsocket", frame };

fn frame(message: Outgoing<'_>, out: &mut BytesMut) {
    out.extend_from_slice(&prefix(MESSAGE, message.len()));
    message.write(out);
}

fn prefix(kind: u8, len: usize) -> [u8; PREFIX] {
    debug_assert!(len <= LONGEST, "core checks the length against max_message");
    // Of 2^24 the low 24 bits are zero, and the bit above them is the lowest of the first octet here.
    let [overflow, high, mid, low] = (len as u32).to_be_bytes();
    [kind | overflow << 3, high, mid, low]
}

#[cfg(test)]
mod tests;
