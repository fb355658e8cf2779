//! RawSocket.
//!
//! ```text
//!   greeting   7F  LS  0  0      L: longest message accepted, 2^(9+L); S: serializer
//!   frame      TT  length        TT: 0 message, 1 PING, 2 PONG; three octets of length
//! ```

use super::{Frame, Kind};
use crate::error::Fault;
use crate::format::Format;

const MAGIC: u8 = 0x7f;
/// 2^(9+15) octets, the most there is.
const LONGEST: u8 = 0xf0;

pub(super) fn greeting(format: Format) -> [u8; 4] {
    [MAGIC, LONGEST | format.rawsocket_code(), 0, 0]
}

pub(super) fn greeted(octets: &[u8], format: Format) -> Result<Option<usize>, Fault> {
    let Some(answer) = octets.first_chunk::<4>() else { return Ok(None) };
    match *answer {
        [MAGIC, choice, 0, 0] if choice & 15 == format.rawsocket_code() => Ok(Some(4)),
        [MAGIC, refusal, 0, 0] if refusal & 15 == 0 => Err(Fault::refused(match refusal >> 4 {
            1 => format!("it does not speak {} over RawSocket", format.name()),
            2 => "it does not accept the length of messages asked for".into(),
            4 => "it has as many connections as it takes".into(),
            code => format!("RawSocket error {code}"),
        })),
        [b'H', b'T', b'T', b'P'] => Err(Fault::refused("this is HTTP, not RawSocket: try ws://".into())),
        _ => Err(Fault::refused(format!("this is no answer of a RawSocket server: {answer:02x?}"))),
    }
}

#[inline]
pub(super) fn next(octets: &[u8]) -> Result<Option<Frame>, Fault> {
    let Some(&[kind, a, b, c]) = octets.first_chunk::<4>() else { return Ok(None) };
    let length = 4 + u32::from_be_bytes([0, a, b, c]) as usize;
    let kind = match kind {
        0 => Kind::Message,
        1 => Kind::Ping,
        2 => Kind::Ignored,
        _ => return Err(Fault::Framing("a RawSocket frame of a type that does not exist")),
    };
    Ok((octets.len() >= length).then_some(Frame { length, body: 4..length, lane: 0, kind }))
}

#[inline]
pub(super) fn put(out: &mut Vec<u8>, body: impl FnOnce(&mut Vec<u8>)) {
    let at = out.len();
    out.extend_from_slice(&[0; 4]);
    body(out);
    close(out, at, 0);
}

pub(super) fn pong(out: &mut Vec<u8>, content: &[u8]) {
    let at = out.len();
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(content);
    close(out, at, 2);
}

/// Puts the head before what was appended since `at`.
#[inline]
fn close(out: &mut [u8], at: usize, kind: u8) {
    let length =
        u32::try_from(out.len() - at - 4).expect("options keep messages below the limit of RawSocket");
    let [_, a, b, c] = length.to_be_bytes();
    out[at..at + 4].copy_from_slice(&[kind, a, b, c]);
}
