//! NATS: a caller is answered at the inbox `_r.NUMBER`, which it subscribes to itself.

use std::io::Write;

use super::{Frame, Kind, Purpose, Target, decimal, line};
use crate::error::Fault;

const INBOX: &str = "_r.";

/// CONNECT, the subscription if there is one, and a PING whose answer says that both were understood.
pub(super) fn greeting(purpose: &Purpose) -> String {
    let subscription = match purpose {
        Purpose::Caller { number, .. } => format!("SUB {INBOX}{number} 1\r\n"),
        Purpose::Callee { procedure: subject } | Purpose::Subscriber { topic: subject } => {
            format!("SUB {subject} 1\r\n")
        }
        Purpose::Publisher { .. } | Purpose::Idle => String::new(),
    };
    format!("CONNECT {{\"verbose\":false,\"pedantic\":false}}\r\n{subscription}PING\r\n")
}

/// INFO, and anything else up to the PONG.
pub(super) fn greeted(octets: &[u8]) -> Result<Option<usize>, Fault> {
    let mut at = 0;
    while let Some((text, length)) = line(&octets[at..]) {
        at += length;
        match text {
            b"PONG" => return Ok(Some(at)),
            _ if text.starts_with(b"-ERR") => {
                return Err(Fault::refused(String::from_utf8_lossy(text).into_owned()));
            }
            _ => {}
        }
    }
    Ok(None)
}

pub(super) fn next(octets: &[u8]) -> Result<Option<Frame>, Fault> {
    let Some((text, head)) = line(octets) else { return Ok(None) };
    let Some(words) = text.strip_prefix(b"MSG ") else {
        let kind = match text {
            b"PING" => Kind::Ping,
            _ if text.starts_with(b"-ERR") => {
                return Err(Fault::refused(String::from_utf8_lossy(text).into_owned()));
            }
            _ => Kind::Ignored,
        };
        return Ok(Some(Frame { length: head, body: 0..0, lane: 0, kind }));
    };
    // subject, subscription, [reply], length
    let mut words = words.split(|octet| *octet == b' ').skip(2);
    let (third, fourth) = (words.next().unwrap_or_default(), words.next());
    let lane = match fourth {
        Some(_) => decimal(third.strip_prefix(INBOX.as_bytes()).unwrap_or_default())?,
        None => 0,
    };
    let body = head..head + decimal(fourth.unwrap_or(third))?;
    let length = body.end + 2;
    let lane = u32::try_from(lane).map_err(|_| Fault::Framing("an inbox that nobody has"))?;
    Ok((octets.len() >= length).then_some(Frame { length, body, lane, kind: Kind::Message }))
}

pub(super) fn put(out: &mut Vec<u8>, to: &Target, lane: u32, body: &[u8]) {
    let length = body.len();
    let written = match (to.subject.as_str(), to.inbox) {
        ("", _) => write!(out, "PUB {INBOX}{lane} {length}\r\n"),
        (subject, None) => write!(out, "PUB {subject} {length}\r\n"),
        (subject, Some(inbox)) => write!(out, "PUB {subject} {INBOX}{inbox} {length}\r\n"),
    };
    written.expect("memory takes what is written");
    out.extend_from_slice(body);
    out.extend_from_slice(b"\r\n");
}
