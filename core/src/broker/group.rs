//! Receivers that get the same octets.

use std::cell::OnceCell;

use bytes::Bytes;

use super::fanout::{Fanout, Spelling};
use super::members::Member;
use crate::message::Payload;
use crate::serializer::Unrepresentable;
use crate::session::Format;
use crate::session::turn::{self, Spelt, Turn};
use crate::transport::{Framed, Framing, Outgoing};

/// Payloads of this length in bytes and more are not copied into frames, but shared as they are.
const FRAME_BELOW: usize = 16 * 1024;
/// What head and framing add to a payload, about.
const AROUND: usize = 64;

/// The receivers of a fan-out with one serializer and one framing.
pub(super) struct Group {
    format: Format,
    framing: Option<&'static Framing>,
    /// The payloads in this serializer's spelling, unless it is the publisher's.
    spelling: Option<Spelling>,
    /// All events, framed, if every one of them can be.
    framed: Option<FramedEvents>,
    /// The events without framing, from the first time that they are needed.
    spelt: OnceCell<SpeltEvents>,
}

struct FramedEvents {
    octets: Bytes,
    messages: usize,
    longest: usize,
}

struct SpeltEvents {
    heads: Vec<u8>,
    events: Vec<Result<Spelt, Unrepresentable>>,
}

impl Group {
    /// The group of `member`.
    pub(super) fn begin(member: &Member, fanout: &Fanout<'_>, turn: &mut Turn) -> Self {
        let format = member.format();
        let mut group = Group {
            format: format.clone(),
            framing: member.framing(),
            spelling: (!fanout.from.is(format)).then(|| fanout.spelling(format)),
            framed: None,
            spelt: OnceCell::new(),
        };
        group.framed = group.framing.and_then(|framing| group.frame(framing, fanout, turn));
        group
    }

    pub(super) fn is_of(&self, member: &Member) -> bool {
        self.framing == member.framing() && self.format.is(member.format())
    }

    /// All events at once, if the transport takes such and none of them is long.
    pub(super) fn framed(&self) -> Option<Framed<'_>> {
        let FramedEvents { octets, messages, longest } = self.framed.as_ref()?;
        Some(Framed { octets, messages: *messages, longest: *longest })
    }

    /// One event.
    pub(super) fn event(&self, fanout: &Fanout<'_>, at: usize) -> Result<Outgoing<'_>, &Unrepresentable> {
        let SpeltEvents { heads, events } = self.spelt.get_or_init(|| self.spell(fanout));
        events[at].as_ref().map(|event| event.outgoing(heads))
    }

    fn payload<'a>(&'a self, fanout: &'a Fanout<'_>, at: usize) -> Result<&'a Payload, &'a Unrepresentable> {
        match &self.spelling {
            None => Ok(&fanout.publications[at].payload),
            Some(spelling) => spelling[at].as_ref(),
        }
    }

    fn spell(&self, fanout: &Fanout<'_>) -> SpeltEvents {
        let mut heads = Vec::new();
        let event = |at| {
            let payload = self.payload(fanout, at).map_err(Unrepresentable::clone)?;
            let head = fanout.head(&fanout.publications[at], &fanout.said);
            Ok(Spelt::new(payload.clone(), &self.format, &head, &mut heads))
        };
        let events = (0..fanout.publications.len()).map(event).collect();
        SpeltEvents { heads, events }
    }

    fn frame(&self, framing: &Framing, fanout: &Fanout<'_>, turn: &mut Turn) -> Option<FramedEvents> {
        let mut room = 0;
        for at in 0..fanout.publications.len() {
            match self.payload(fanout, at) {
                Ok(payload) if payload.len() < FRAME_BELOW => room += AROUND + payload.len(),
                _ => return None,
            }
        }
        let (mut frames, mut head) = (turn.frames(room), turn.scratch());
        let mut longest = 0;
        for (at, publication) in fanout.publications.iter().enumerate() {
            // The loop above has seen that each of them can be spelt.
            let Ok(payload) = self.payload(fanout, at) else { continue };
            head.clear();
            let items = fanout.head(publication, &fanout.said);
            turn::spelt(payload, &self.format, &items, &mut head, |event| {
                longest = longest.max(event.len());
                (framing.frame)(event, &mut frames);
            });
        }
        let octets = frames.split().freeze();
        turn.give_back(head);
        turn.give_back_frames(frames);
        Some(FramedEvents { octets, messages: fanout.publications.len(), longest })
    }
}
