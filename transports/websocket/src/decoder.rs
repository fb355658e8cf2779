//! From the octets of a client to messages.
//!
//! Law: nothing that a client sends is believed before it is there, and how the stream was cut makes no difference.

use std::sync::Arc;

use bytes::{Buf, Bytes, BytesMut};
use crossway_core::transport::{Close, TransportError};
use crossway_framing::{Decoder, Step};

use crate::compression::CompressionCounters;
use crate::deflate::{Fault, inflate};
use crate::frame::{BINARY, CLOSE, CONTINUATION, FIN, MASKED, PING, PONG, RESERVED, RSV1, TEXT};

const OPCODE: u8 = 0x0F;
const LONGEST_CONTROL: usize = 125;
/// Two octets and the mask: no client frame is shorter.
const SHORTEST: usize = 6;

/// Cuts WebSocket messages out of the frames of a client.
#[derive(Debug)]
pub struct WebSocketDecoder {
    max_message: usize,
    kinds: Kinds,
    /// Set where messages may be compressed.
    inflating: Option<Arc<CompressionCounters>>,
    /// The first octet of the message that is not complete, or of the last.
    first: u8,
    /// The fragments so far of a message that is not complete.
    fragments: Option<BytesMut>,
}

/// Which kinds of messages a connection has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kinds {
    Text,
    Binary,
    Either,
}

/// The beginning of a frame, checked.
#[derive(Clone, Copy, Debug)]
struct Header {
    first: u8,
    opcode: u8,
    /// Length of this header, mask included.
    size: usize,
    /// Length of the payload.
    len: usize,
}

impl WebSocketDecoder {
    /// `max_message` is what the router accepts, fragments taken together; `text` whether messages are text or binary.
    pub fn new(max_message: usize, text: bool) -> Self {
        Self::of(max_message, if text { Kinds::Text } else { Kinds::Binary })
    }

    /// For messages of either kind; [`is_text`](Self::is_text) says which.
    pub(crate) fn of_either_kind(max_message: usize) -> Self {
        Self::of(max_message, Kinds::Either)
    }

    fn of(max_message: usize, kinds: Kinds) -> Self {
        WebSocketDecoder { max_message, kinds, inflating: None, first: 0, fragments: None }
    }

    /// Accepts compressed messages from now on, as agreed upon in the handshake. `max_message` is the limit of what comes
    /// out of them; the counters say what was wrong with those that were refused.
    #[must_use]
    pub fn inflating(mut self, counters: Arc<CompressionCounters>) -> Self {
        self.inflating = Some(counters);
        self
    }

    /// Whether the last message was text.
    pub(crate) fn is_text(&self) -> bool {
        self.first & OPCODE == TEXT
    }

    fn header(&self, input: &[u8]) -> Result<Option<Header>, TransportError> {
        let Some(&[first, second]) = input.first_chunk::<2>() else { return Ok(None) };
        let opcode = first & OPCODE;
        self.check_kind(first, opcode)?;
        if second & MASKED == 0 {
            return Err(violation("frame without a mask"));
        }
        let Some((size, len)) = length(second & !MASKED, &input[2..])? else { return Ok(None) };
        let header = Header { first, opcode, size: 2 + size + 4, len };
        self.check_length(header)?;
        Ok(Some(header))
    }

    fn check_kind(&self, first: u8, opcode: u8) -> Result<(), TransportError> {
        match first & RESERVED {
            0 => {}
            // Once for each message, on its first frame.
            RSV1 if self.inflating.is_some() && matches!(opcode, TEXT | BINARY) => {}
            _ => return Err(violation("reserved bits set")),
        }
        match (opcode, &self.fragments) {
            (CONTINUATION, None) => Err(violation("continuation without a beginning")),
            (TEXT | BINARY, Some(_)) => Err(violation("a message begins within another")),
            (TEXT, None) if self.kinds == Kinds::Binary => {
                Err(unsupported("text, where messages are binary"))
            }
            (BINARY, None) if self.kinds == Kinds::Text => {
                Err(unsupported("binary data, where messages are text"))
            }
            (CLOSE | PING | PONG, _) if first & FIN == 0 => Err(violation("fragmented control frame")),
            (CONTINUATION | TEXT | BINARY | CLOSE | PING | PONG, _) => Ok(()),
            _ => Err(violation("reserved opcode")),
        }
    }

    fn check_length(&self, header: Header) -> Result<(), TransportError> {
        if header.opcode >= CLOSE {
            return match header.len {
                0..=LONGEST_CONTROL => Ok(()),
                _ => Err(violation("control frame beyond 125 octets")),
            };
        }
        let before = self.fragments.as_ref().map_or(0, BytesMut::len);
        let first = if header.opcode == CONTINUATION { self.first } else { header.first };
        let longest = if first & RSV1 == 0 { self.max_message } else { deflated(self.max_message) };
        if header.len > longest - before {
            return Err(self.too_long());
        }
        Ok(())
    }

    fn too_long(&self) -> TransportError {
        TransportError::violation(Close::TooLarge, format!("message beyond {} octets", self.max_message))
    }

    fn data(&mut self, last: bool, payload: BytesMut) -> Result<Step, TransportError> {
        let message = match (self.fragments.take(), last) {
            (None, true) => payload,
            (None, false) => {
                // A copy: the buffer of the read must not be held until the message is complete.
                self.fragments = Some(BytesMut::from(&payload[..]));
                return Ok(Step::Skip);
            }
            (Some(mut fragments), last) => {
                fragments.extend_from_slice(&payload);
                if !last {
                    self.fragments = Some(fragments);
                    return Ok(Step::Skip);
                }
                fragments
            }
        };
        let message = self.inflated(message)?;
        if self.is_text() {
            check_text(&message)?;
        }
        Ok(Step::Message(message))
    }

    fn inflated(&self, message: BytesMut) -> Result<Bytes, TransportError> {
        let Some(counters) = self.inflating.as_ref().filter(|_| self.first & RSV1 != 0) else {
            return Ok(message.freeze());
        };
        inflate(&message, self.max_message).map_err(|fault| match fault {
            Fault::TooLong => {
                counters.inflated_too_long.increment();
                self.too_long()
            }
            Fault::Corrupt => {
                counters.corrupt.increment();
                TransportError::violation(Close::InvalidData, "a broken deflate stream")
            }
        })
    }
}

impl Decoder for WebSocketDecoder {
    fn decode(&mut self, input: &mut BytesMut) -> Result<Step, TransportError> {
        let Some(Header { first, opcode, size, len }) = self.header(input)? else {
            return Ok(Step::Need(needed_for_header(input)));
        };
        if input.len() < size + len {
            return Ok(Step::Need(size + len));
        }
        let mut frame = input.split_to(size + len);
        let mask = *frame[..size].last_chunk().expect("a header ends with its mask of four octets");
        unmask(&mut frame[size..], mask);
        match opcode {
            PING => Ok(Step::Reply(pong(frame, size))),
            PONG => Ok(Step::Alive),
            CLOSE => close(&frame[size..]),
            _ => {
                frame.advance(size);
                if opcode != CONTINUATION {
                    self.first = first;
                }
                self.data(first & FIN != 0, frame)
            }
        }
    }
}

/// How many octets show more of the header: first the two that say how long it is, then the whole.
fn needed_for_header(input: &[u8]) -> usize {
    match input.get(1).map(|second| second & !MASKED) {
        None => 2,
        Some(126) => SHORTEST + 2,
        Some(127) => SHORTEST + 8,
        Some(_) => SHORTEST,
    }
}

/// Octets of the extended length, and the length; `None` if they have not arrived, or the mask behind them has not.
fn length(short: u8, rest: &[u8]) -> Result<Option<(usize, usize)>, TransportError> {
    let (size, len) = match short {
        126 => (2, rest.first_chunk().map(|octets| u64::from(u16::from_be_bytes(*octets)))),
        127 => (8, rest.first_chunk().map(|octets| u64::from_be_bytes(*octets))),
        short => (0, Some(u64::from(short))),
    };
    // Not judged before the header is complete, so that it makes no difference how the stream was cut.
    match len.filter(|_| rest.len() >= size + 4) {
        None => Ok(None),
        Some(len) if len >> 63 != 0 => Err(violation("length beyond 2^63")),
        Some(len) => Ok(Some((size, usize::try_from(len).unwrap_or(usize::MAX)))),
    }
}

/// How long a message of `len` octets may be when it is compressed, or rather could not be: five octets are added to each
/// block, and the shortest block that compressors make of what they can't compress is some 16 KiB.
fn deflated(len: usize) -> usize {
    len.saturating_add(len / 1024).saturating_add(64)
}

/// What a close frame says is checked, and its code sent back.
fn close(payload: &[u8]) -> Result<Step, TransportError> {
    let answer = match payload {
        [] => Bytes::from_static(&[FIN | CLOSE, 0]),
        &[high, low, ref reason @ ..] => {
            let code = u16::from_be_bytes([high, low]);
            if !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) {
                return Err(violation("close code that may not be sent"));
            }
            check_text(reason)?;
            Bytes::copy_from_slice(&[FIN | CLOSE, 2, high, low])
        }
        _ => return Err(violation("half a close code")),
    };
    Ok(Step::Close(answer))
}

/// The answer to a PING, made of its own octets: the payload stays where it is, and the two octets before it, which were
/// the end of the mask, become the header.
fn pong(mut ping: BytesMut, size: usize) -> Bytes {
    let len = ping.len() - size;
    ping.advance(size - 2);
    ping[0] = FIN | PONG;
    ping[1] = len as u8;
    ping.freeze()
}

/// Eight octets at a time, which compilers turn into more.
fn unmask(payload: &mut [u8], mask: [u8; 4]) {
    let [a, b, c, d] = mask;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (chunks, rest) = payload.as_chunks_mut::<8>();
    for chunk in chunks {
        *chunk = (u64::from_ne_bytes(*chunk) ^ wide).to_ne_bytes();
    }
    for (octet, mask) in rest.iter_mut().zip(mask.iter().cycle()) {
        *octet ^= mask;
    }
}

fn check_text(octets: &[u8]) -> Result<(), TransportError> {
    match simdutf8::basic::from_utf8(octets) {
        Ok(_) => Ok(()),
        Err(_) => Err(TransportError::violation(Close::InvalidData, "text that is not UTF-8")),
    }
}

fn violation(what: &str) -> TransportError {
    TransportError::violation(Close::ProtocolError, what)
}

fn unsupported(what: &str) -> TransportError {
    TransportError::violation(Close::UnsupportedData, what)
}

#[cfg(test)]
mod tests;
