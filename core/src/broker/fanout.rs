//! One publication on its way to the members of one subscription.
//!
//! Law: an EVENT is encoded once per serializer and subscription; every receiver gets the same bytes.

use super::filter::Filter;
use super::members::{Member, Members};
use crate::id::Id;
use crate::limits::Counters;
use crate::message::{Code, EventDetails, Options, Payload};
use crate::serializer::{HeadItem, Unrepresentable};
use crate::session::Format;
use crate::session::outbox::{Delivery, Lane, Locked};
use crate::session::turn::{Shared, Spelt, Turn};
use crate::value::Dict;

/// What all EVENTs of one publication over one subscription share.
pub(super) struct Fanout<'a> {
    pub(super) subscription: Id,
    pub(super) publication: Id,
    pub(super) details: &'a EventDetails,
    pub(super) payload: &'a Shared<'a>,
    pub(super) filter: &'a Filter<'a>,
    pub(super) counters: &'a Counters,
}

/// The receivers with one serializer. Borrowed from the first of them: all sessions share the count of a serializer's `Arc`.
struct Group<'m> {
    format: &'m Format,
    spelt: Result<Spelt, Unrepresentable>,
}

impl Fanout<'_> {
    pub(super) fn deliver(&self, members: &Members, turn: &mut Turn) {
        let details = self.details.clone().into_dict();
        let mut scratch = turn.scratch();
        // Hardly ever more than three.
        let mut groups: Vec<Group<'_>> = Vec::new();
        for member in members.iter().filter(|member| self.filter.admits(member.session())) {
            let format = member.session().format();
            let known = groups.iter().position(|group| group.format.is(format));
            let at = known.unwrap_or_else(|| {
                let spelt = self.payload.spell(format, &self.head(&details), &mut scratch);
                groups.push(Group { format, spelt });
                groups.len() - 1
            });
            match &groups[at].spelt {
                Ok(spelt) => self.deliver_to(member, spelt, &scratch, turn),
                Err(error) => self.cannot_spell(member, error),
            }
        }
        turn.give_back(scratch);
    }

    fn head<'d>(&self, details: &'d Dict) -> [HeadItem<'d>; 4] {
        [
            HeadItem::Uint(Code::Event.number()),
            HeadItem::Uint(self.subscription.get()),
            HeadItem::Uint(self.publication.get()),
            HeadItem::Dict(details),
        ]
    }

    fn deliver_to(&self, member: &Member, spelt: &Spelt, scratch: &[u8], turn: &mut Turn) {
        let session = member.session();
        let mut outbox = session.outbox().lock();
        if !member.is_active() {
            return;
        }
        let delivery = if outbox.has_lost() {
            self.tell_lost(member, &mut outbox)
        } else {
            match outbox.put(session.id(), spelt.outgoing(scratch), Lane::Event) {
                Delivery::TooLong => self.without_payload(member, &mut outbox, self.details),
                delivery => delivery,
            }
        };
        if delivery == Delivery::Accepted {
            turn.touch(session.outbox(), &mut outbox);
        }
    }

    /// The first event after a gap says how many are missing.
    #[cold]
    fn tell_lost(&self, member: &Member, outbox: &mut Locked<'_>) -> Delivery {
        let lost = outbox.take_lost();
        let details = EventDetails { lost: Some(lost), ..self.details.clone() };
        let delivery = match self.put_alone(member, outbox, details.clone(), self.payload) {
            Delivery::TooLong => self.without_payload(member, outbox, &details),
            delivery => delivery,
        };
        if delivery != Delivery::Accepted {
            outbox.restore_lost(lost);
        }
        delivery
    }

    /// What the specification suggests for a message that is longer than the subscriber accepts (RAW-22).
    #[cold]
    fn without_payload(&self, member: &Member, outbox: &mut Locked<'_>, details: &EventDetails) -> Delivery {
        self.counters.events_too_long.increment();
        let details = EventDetails { payload_limit_exceeded: Some(true), ..details.clone() };
        let nothing = Payload::none();
        self.put_alone(member, outbox, details, &Shared::new(&nothing, member.session().format()))
    }

    fn put_alone(
        &self,
        member: &Member,
        outbox: &mut Locked<'_>,
        details: EventDetails,
        payload: &Shared<'_>,
    ) -> Delivery {
        let session = member.session();
        let mut scratch = Vec::new();
        match payload.spell(session.format(), &self.head(&details.into_dict()), &mut scratch) {
            Ok(spelt) => outbox.put(session.id(), spelt.outgoing(&scratch), Lane::Event),
            Err(_) => Delivery::Gone,
        }
    }

    #[cold]
    fn cannot_spell(&self, member: &Member, error: &Unrepresentable) {
        self.counters.events_unrepresentable.increment();
        tracing::debug!(session = %member.session().id(), publication = %self.publication, %error, "event not delivered");
    }
}
