//! The framing of the forwarder, which has to find the end of a frame and where it goes, and nothing else.
//!
//! ```text
//!   greeting   CWF + part         part: one octet, what the connection is for; answered with the same four
//!   frame      length  lane       four octets each, length without this head; lane: whom a callee answers
//! ```

use super::{Frame, Kind, Purpose};
use crate::error::Fault;

/// Octets before the content of a frame.
pub(crate) const HEAD: usize = 8;
const MAGIC: [u8; 3] = *b"CWF";

/// What the forwarder does with what a connection sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Goes to a callee.
    Caller,
    /// Goes to the caller in the lane.
    Callee,
    /// Goes to every subscriber.
    Publisher,
    /// Sends nothing.
    Subscriber,
}

impl Part {
    const ALL: [Part; 4] = [Part::Caller, Part::Callee, Part::Publisher, Part::Subscriber];

    pub(super) fn of(purpose: &Purpose) -> Result<Part, Fault> {
        Ok(match purpose {
            Purpose::Caller { .. } => Part::Caller,
            Purpose::Callee { .. } => Part::Callee,
            Purpose::Publisher { .. } => Part::Publisher,
            // A subscriber of nothing that is published.
            Purpose::Subscriber { .. } | Purpose::Idle => Part::Subscriber,
        })
    }

    pub(crate) fn greeting(self) -> [u8; 4] {
        let [a, b, c] = MAGIC;
        [a, b, c, self as u8]
    }

    /// The part that a greeting asks for.
    pub(crate) fn greeted(greeting: [u8; 4]) -> Option<Part> {
        Part::ALL.into_iter().find(|part| part.greeting() == greeting)
    }
}

pub(super) fn greeted(octets: &[u8]) -> Result<Option<usize>, Fault> {
    match octets.first_chunk::<4>() {
        None => Ok(None),
        Some(answer) if Part::greeted(*answer).is_some() => Ok(Some(4)),
        Some(_) => Err(Fault::refused("this is no `crossway bench forward`".into())),
    }
}

#[inline]
pub(super) fn next(octets: &[u8]) -> Result<Option<Frame>, Fault> {
    let Some(&[a, b, c, d, e, f, g, h]) = octets.first_chunk::<HEAD>() else { return Ok(None) };
    let length = HEAD + u32::from_be_bytes([a, b, c, d]) as usize;
    let lane = u32::from_be_bytes([e, f, g, h]);
    Ok((octets.len() >= length).then_some(Frame { length, body: HEAD..length, lane, kind: Kind::Message }))
}

#[inline]
pub(super) fn put(out: &mut Vec<u8>, lane: u32, body: impl FnOnce(&mut Vec<u8>)) {
    let at = out.len();
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&lane.to_be_bytes());
    body(out);
    let length = u32::try_from(out.len() - at - HEAD).expect("options keep messages short");
    out[at..at + 4].copy_from_slice(&length.to_be_bytes());
}
