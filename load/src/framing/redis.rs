//! Redis: PUBLISH and SUBSCRIBE. There are no calls.

use std::io::Write;

use super::{Frame, Kind, Purpose, Target, decimal, line};
use crate::error::Fault;

pub(super) fn greeting(purpose: &Purpose) -> Result<String, Fault> {
    match purpose {
        Purpose::Subscriber { topic } => Ok(format!("SUBSCRIBE {topic}\r\n")),
        Purpose::Publisher { .. } | Purpose::Idle => Ok("PING\r\n".into()),
        Purpose::Caller { .. } | Purpose::Callee { .. } => Err(Fault::refused("Redis has no calls".into())),
    }
}

pub(super) fn greeted(octets: &[u8], purpose: &Purpose) -> Result<Option<usize>, Fault> {
    if octets.first() == Some(&b'-') {
        return Err(Fault::refused(String::from_utf8_lossy(octets).trim_end().to_owned()));
    }
    let end: &[u8] = if matches!(purpose, Purpose::Subscriber { .. }) { b":1\r\n" } else { b"+PONG\r\n" };
    Ok(octets.ends_with(end).then_some(octets.len()))
}

/// Answers to PUBLISH, and lists whose last member is the message.
pub(super) fn next(octets: &[u8]) -> Result<Option<Frame>, Fault> {
    let Some((text, mut at)) = line(octets) else { return Ok(None) };
    let members = match text.split_first() {
        Some((b':' | b'+', _)) => {
            return Ok(Some(Frame { length: at, body: 0..0, lane: 0, kind: Kind::Ignored }));
        }
        Some((b'*', number)) => decimal(number)?,
        _ => return Err(Fault::refused(String::from_utf8_lossy(text).into_owned())),
    };
    let mut body = at..at;
    for _ in 0..members {
        let Some((text, head)) = line(&octets[at..]) else { return Ok(None) };
        at += head;
        if let Some(number) = text.strip_prefix(b"$") {
            body = at..at + decimal(number)?;
            at = body.end + 2;
            if octets.len() < at {
                return Ok(None);
            }
        }
    }
    Ok(Some(Frame { length: at, body, lane: 0, kind: Kind::Message }))
}

pub(super) fn put(out: &mut Vec<u8>, to: &Target, body: &[u8]) {
    let channel = &to.subject;
    write!(out, "*3\r\n$7\r\nPUBLISH\r\n${}\r\n{channel}\r\n${}\r\n", channel.len(), body.len())
        .expect("memory takes what is written");
    out.extend_from_slice(body);
    out.extend_from_slice(b"\r\n");
}
