//! WebSocket, the client's side.
//!
//! ```text
//!   frame   FIN opcode   MASK length   [2 or 8 octets of length]   [4 of mask]   content
//! ```

use super::{Frame, Kind};
use crate::error::Fault;
use crate::format::Format;
use crate::url::Url;

/// A key, and what a server has to make of it (RFC 6455, section 4.2.2). Connections need not differ in it: it shows
/// that the server speaks WebSocket, and protects nothing.
const KEY: &str = "Y3Jvc3N3YXkgYmVuY2ghIQ==";
const ACCEPT: &str = "6O189GTFryvRME4vGBfpaoBGBxw=";
const LONGEST_HEAD: usize = 16 << 10;

const TEXT: u8 = 1;
const BINARY: u8 = 2;
pub(super) const PONG: u8 = 10;

pub(super) fn opcode(text: bool) -> u8 {
    if text { TEXT } else { BINARY }
}

pub(super) fn greeting(url: &Url, format: Format) -> String {
    format!(
        "GET {} HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Protocol: wamp.2.{}\r\n\r\n",
        url.path,
        url.host_header(),
        format.name()
    )
}

pub(super) fn greeted(octets: &[u8], format: Format) -> Result<Option<usize>, Fault> {
    let Some(end) = octets.windows(4).position(|window| window == b"\r\n\r\n") else {
        let looks_like_http = b"HTTP/".starts_with(&octets[..octets.len().min(5)]);
        return if octets.len() < LONGEST_HEAD && looks_like_http {
            Ok(None)
        } else {
            Err(Fault::refused("this is no answer of a WebSocket server".into()))
        };
    };
    let head = String::from_utf8_lossy(&octets[..end]);
    let mut lines = head.lines();
    let status = lines.next().unwrap_or_default();
    if status.split(' ').nth(1) != Some("101") {
        return Err(Fault::refused(format!("it does not switch to WebSocket: {status}")));
    }
    let headers: Vec<(&str, &str)> = lines.filter_map(|line| line.split_once(':')).collect();
    let header =
        |name| headers.iter().find(|(key, _)| key.trim().eq_ignore_ascii_case(name)).map(|(_, v)| v.trim());
    if header("sec-websocket-accept") != Some(ACCEPT) {
        return Err(Fault::refused("its Sec-WebSocket-Accept is wrong".into()));
    }
    let chosen = header("sec-websocket-protocol").unwrap_or_default();
    if chosen.strip_prefix("wamp.2.") != Some(format.name()) {
        return Err(Fault::refused(format!(
            "it does not speak {} over WebSocket, it chose {chosen:?}",
            format.name()
        )));
    }
    Ok(Some(end + 4))
}

#[inline]
pub(super) fn next(octets: &[u8]) -> Result<Option<Frame>, Fault> {
    let Some(&[first, second]) = octets.first_chunk::<2>() else { return Ok(None) };
    if first & 0x70 != 0 || second & 0x80 != 0 {
        return Err(Fault::Framing("a WebSocket frame with reserved bits or a mask"));
    }
    let (head, content) = match second {
        126 => match octets.get(2..).and_then(<[u8]>::first_chunk) {
            Some(length) => (4, u64::from(u16::from_be_bytes(*length))),
            None => return Ok(None),
        },
        127 => match octets.get(2..).and_then(<[u8]>::first_chunk) {
            Some(length) => (10, u64::from_be_bytes(*length)),
            None => return Ok(None),
        },
        short => (2, u64::from(short)),
    };
    let content = usize::try_from(content).ok().filter(|content| *content < 1 << 30);
    let length = head + content.ok_or(Fault::Framing("a WebSocket frame of more than a gibibyte"))?;
    let last = first & 0x80 != 0;
    let kind = match (first & 15, last) {
        (TEXT | BINARY, true) => Kind::Message,
        (TEXT | BINARY, false) => Kind::First,
        (0, false) => Kind::Middle,
        (0, true) => Kind::Last,
        (8, true) => Kind::Close,
        (9, true) => Kind::Ping,
        (PONG, true) => Kind::Ignored,
        _ => return Err(Fault::Framing("a WebSocket frame of a type that does not exist")),
    };
    Ok((octets.len() >= length).then_some(Frame { length, body: head..length, lane: 0, kind }))
}

#[inline]
#[expect(clippy::cast_possible_truncation, reason = "each arm knows its width")]
pub(super) fn put(out: &mut Vec<u8>, opcode: u8, content: &[u8]) {
    out.push(0x80 | opcode);
    match content.len() {
        length @ 0..126 => out.push(0x80 | length as u8),
        length @ 126..0x1_0000 => {
            out.push(0x80 | 126);
            out.extend_from_slice(&(length as u16).to_be_bytes());
        }
        length => {
            out.push(0x80 | 127);
            out.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    // Never zero, so that no server saves itself the work; otherwise as good as random.
    let mask = (out.len() as u32).wrapping_mul(0x9e37_79b9) | 0x0101_0101;
    out.extend_from_slice(&mask.to_le_bytes());
    mask_into(out, content, mask);
}

/// Appends `content` combined with the mask, eight octets at a time.
#[inline]
fn mask_into(out: &mut Vec<u8>, content: &[u8], mask: u32) {
    let from = out.len();
    out.extend_from_slice(content);
    let wide = u64::from(mask) << 32 | u64::from(mask);
    let (words, rest) = out[from..].as_chunks_mut::<8>();
    for word in words {
        *word = (u64::from_le_bytes(*word) ^ wide).to_le_bytes();
    }
    rest.iter_mut().zip(mask.to_le_bytes().iter().cycle()).for_each(|(octet, mask)| *octet ^= mask);
}
