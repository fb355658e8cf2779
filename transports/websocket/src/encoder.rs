//! From messages to the octets of a server.

use bytes::{BufMut, Bytes};
use crossway_core::transport::{Close, Framing};
use crossway_framing::Encoder;

use crate::frame::{BINARY, CLOSE, FIN, TEXT};
use crate::framing::framing;

/// Writes WebSocket frames, unmasked and unfragmented, as servers do.
#[derive(Debug)]
pub struct WebSocketEncoder {
    opcode: u8,
}

impl WebSocketEncoder {
    /// `text`: whether messages are text or binary.
    pub fn new(text: bool) -> Self {
        WebSocketEncoder { opcode: if text { TEXT } else { BINARY } }
    }
}

/// The header of a frame of `len` octets, in the shortest spelling; `first` is its first octet.
pub(crate) fn write_header(first: u8, len: usize, out: &mut impl BufMut) {
    out.put_u8(first);
    match len {
        0..126 => out.put_u8(len as u8),
        126..0x1_0000 => {
            out.put_u8(126);
            out.put_u16(len as u16);
        }
        _ => {
            out.put_u8(127);
            out.put_u64(len as u64);
        }
    }
}

impl Encoder for WebSocketEncoder {
    fn header(&mut self, len: usize, out: &mut Vec<u8>) {
        write_header(FIN | self.opcode, len, out);
    }

    fn framing(&self) -> Option<&'static Framing> {
        Some(framing(self.opcode, None))
    }

    /// WebSocket peers do not tell.
    fn max_message(&self) -> usize {
        usize::MAX
    }

    fn ping(&mut self) -> Option<Bytes> {
        Some(Bytes::from_static(b"\x89\x08crossway"))
    }

    fn close(&mut self, why: Close) -> Option<Bytes> {
        let (code, reason) = match why {
            Close::Normal => (1000_u16, ""),
            Close::GoingAway => (1001, "the router is going down"),
            Close::ProtocolError => (1002, "protocol violation"),
            Close::UnsupportedData => (1003, "wrong kind of message for this subprotocol"),
            Close::InvalidData => (1007, "text that is not UTF-8, or a broken deflate stream"),
            Close::PolicyViolation => (1008, "not allowed"),
            Close::TooLarge => (1009, "message too long"),
        };
        let mut frame = vec![FIN | CLOSE, 2 + reason.len() as u8];
        frame.extend_from_slice(&code.to_be_bytes());
        frame.extend_from_slice(reason.as_bytes());
        Some(frame.into())
    }

    fn is_close(&self, reply: &[u8]) -> bool {
        reply.first() == Some(&(FIN | CLOSE))
    }
}

/// For frames that have their header already.
pub(crate) struct WholeFrames(WebSocketEncoder);

impl WholeFrames {
    pub(crate) fn new(text: bool) -> Self {
        WholeFrames(WebSocketEncoder::new(text))
    }
}

impl Encoder for WholeFrames {
    fn header(&mut self, _len: usize, _out: &mut Vec<u8>) {}

    fn max_message(&self) -> usize {
        self.0.max_message()
    }

    fn ping(&mut self) -> Option<Bytes> {
        self.0.ping()
    }

    fn close(&mut self, why: Close) -> Option<Bytes> {
        self.0.close(why)
    }

    fn is_close(&self, reply: &[u8]) -> bool {
        self.0.is_close(reply)
    }
}
