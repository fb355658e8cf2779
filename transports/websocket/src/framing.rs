//! Frames that receivers share: a function for each kind of message, and for each window of compression.

use bytes::BytesMut;
use crossway_core::transport::{Framing, Outgoing};

use crate::deflate::deflate;
use crate::encoder::write_header;
use crate::extension::NARROWEST;
use crate::frame::{BINARY, FIN, RSV1, TEXT};

/// Messages shorter than this are not compressed, in octets: below, little is saved, and the time is the same.
pub(crate) const SHORTEST_DEFLATED: usize = 256;

/// How messages of this kind are framed, compressed or not.
pub(crate) fn framing(opcode: u8, window_bits: Option<u8>) -> &'static Framing {
    let deflated = if opcode == TEXT { &DEFLATED_TEXT } else { &DEFLATED_BINARY };
    match window_bits {
        Some(bits) => &deflated[usize::from(bits - NARROWEST)],
        None if opcode == TEXT => &PLAIN_TEXT,
        None => &PLAIN_BINARY,
    }
}

static PLAIN_TEXT: Framing = Framing { name: "crossway-websocket text", frame: plain::<TEXT> };
static PLAIN_BINARY: Framing = Framing { name: "crossway-websocket binary", frame: plain::<BINARY> };

macro_rules! deflated {
    ($opcode:expr, $kind:literal) => {
        deflated!($opcode, $kind: 9 10 11 12 13 14 15)
    };
    ($opcode:expr, $kind:literal: $($bits:literal)*) => {
        [$(Framing {
            name: concat!("crossway-websocket ", $kind, " deflate ", $bits),
            frame: deflated::<$opcode, $bits>,
        }),*]
    };
}

static DEFLATED_TEXT: [Framing; 7] = deflated!(TEXT, "text");
static DEFLATED_BINARY: [Framing; 7] = deflated!(BINARY, "binary");

fn plain<const OPCODE: u8>(message: Outgoing<'_>, out: &mut BytesMut) {
    write_header(FIN | OPCODE, message.len(), out);
    message.write(out);
}

fn deflated<const OPCODE: u8, const WINDOW_BITS: u8>(message: Outgoing<'_>, out: &mut BytesMut) {
    let Outgoing { head, payload, tail } = message;
    let long = message.len() >= SHORTEST_DEFLATED;
    match long.then(|| deflate(&[head, payload, tail], WINDOW_BITS)).flatten() {
        Some(deflated) => {
            write_header(FIN | RSV1 | OPCODE, deflated.len(), out);
            out.extend_from_slice(&deflated);
        }
        None => plain::<OPCODE>(message, out),
    }
}
