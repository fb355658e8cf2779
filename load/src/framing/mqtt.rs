//! MQTT 3.1.1 with QoS 0. There are no calls.

use super::{Frame, Kind, Purpose, Target};
use crate::error::Fault;

const CONNECT: [u8; 14] = *b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x00\x00\x00";
const CONNACK: [u8; 4] = [0x20, 2, 0, 0];
const SUBACK: [u8; 5] = [0x90, 3, 0, 1, 0];
const PUBLISH: u8 = 3;

/// CONNECT with a clean session, no keep-alive and a client id of the broker's choice; then SUBSCRIBE.
pub(super) fn greeting(purpose: &Purpose) -> Result<Vec<u8>, Fault> {
    let mut octets = CONNECT.to_vec();
    match purpose {
        Purpose::Subscriber { topic } => {
            octets.push(0x82);
            remaining(&mut octets, topic.len() + 5);
            octets.extend_from_slice(&[0, 1]);
            text(&mut octets, topic);
            octets.push(0);
        }
        Purpose::Publisher { .. } | Purpose::Idle => {}
        Purpose::Caller { .. } | Purpose::Callee { .. } => {
            return Err(Fault::refused("MQTT has no calls".into()));
        }
    }
    Ok(octets)
}

pub(super) fn greeted(octets: &[u8], purpose: &Purpose) -> Result<Option<usize>, Fault> {
    let mut expected = CONNACK.to_vec();
    if matches!(purpose, Purpose::Subscriber { .. }) {
        expected.extend_from_slice(&SUBACK);
    }
    if octets.starts_with(&expected) {
        Ok(Some(expected.len()))
    } else if expected.starts_with(octets) {
        Ok(None)
    } else {
        Err(Fault::refused(format!("MQTT {octets:02x?}")))
    }
}

pub(super) fn next(octets: &[u8]) -> Result<Option<Frame>, Fault> {
    let (mut remaining, mut head) = (0, 1);
    loop {
        let Some(&octet) = octets.get(head) else { return Ok(None) };
        remaining |= usize::from(octet & 127) << (7 * (head - 1));
        head += 1;
        match octet {
            0..=127 => break,
            _ if head == 5 => return Err(Fault::Framing("an MQTT length of more than four octets")),
            _ => {}
        }
    }
    let length = head + remaining;
    if octets.len() < length {
        return Ok(None);
    }
    if octets[0] >> 4 != PUBLISH {
        return Ok(Some(Frame { length, body: 0..0, lane: 0, kind: Kind::Ignored }));
    }
    let topic =
        octets[head..length].first_chunk().map_or(usize::MAX, |text| usize::from(u16::from_be_bytes(*text)));
    if octets[0] & 6 != 0 || topic > remaining.saturating_sub(2) {
        return Err(Fault::Framing("an MQTT message of another QoS than 0, or damaged"));
    }
    Ok(Some(Frame { length, body: head + 2 + topic..length, lane: 0, kind: Kind::Message }))
}

pub(super) fn put(out: &mut Vec<u8>, to: &Target, body: &[u8]) {
    out.push(PUBLISH << 4);
    remaining(out, 2 + to.subject.len() + body.len());
    text(out, &to.subject);
    out.extend_from_slice(body);
}

/// Seven bits in each octet, the low ones first.
#[expect(clippy::cast_possible_truncation, reason = "seven bits are taken at a time")]
fn remaining(out: &mut Vec<u8>, mut length: usize) {
    while length >= 128 {
        out.push(length as u8 | 128);
        length >>= 7;
    }
    out.push(length as u8);
}

fn text(out: &mut Vec<u8>, text: &str) {
    let length = u16::try_from(text.len()).expect("topics are short");
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(text.as_bytes());
}
