//! Publications on their way to the members of one subscription.
//!
//! Law: an EVENT is encoded once per serializer and subscription, and framed once per framing; every receiver gets the
//! same octets. What does not fit as a whole, is too long to be copied, or goes over a transport that can't share, is put
//! one by one, and that is also where the words for a missing event are found.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use super::filter::Filter;
use super::group::Group;
use super::history;
use super::members::{Member, Members};
use crate::history::{Audience, StoredEvent};
use crate::id::Id;
use crate::limits::Counters;
use crate::message::{Code, EventDetails, Options, Payload};
use crate::serializer::{HeadItem, Unrepresentable};
use crate::session::Format;
use crate::session::outbox::{Delivery, Lane, Locked};
use crate::session::turn::{Shared, Turn};
use crate::transport::Outgoing;
use crate::value::Dict;

/// What a publisher said.
pub(super) struct Publication {
    pub(super) id: Id,
    pub(super) payload: Payload,
}

impl Publication {
    /// As it is kept in histories.
    #[cold]
    pub(super) fn stored(
        &self,
        topic: &str,
        details: EventDetails,
        audience: Audience,
        format: &Format,
    ) -> Arc<StoredEvent> {
        Arc::new(StoredEvent {
            publication: self.id,
            time: history::now(),
            topic: topic.to_owned(),
            details: details.into_dict(),
            payload: history::copied(&self.payload),
            serializer: Arc::clone(format.shared()),
            audience,
        })
    }
}

/// The payloads of all publications, as another serializer than the publisher's spells them.
pub(super) type Spelling = Rc<[Result<Payload, Unrepresentable>]>;

/// The spellings that somebody has needed so far, over whichever subscription.
pub(super) type Spellings = RefCell<Vec<(Format, Spelling)>>;

/// Publications of one publisher over one subscription, in their order.
pub(super) struct Fanout<'a> {
    pub(super) subscription: Id,
    /// How the payloads are spelt.
    pub(super) from: &'a Format,
    pub(super) publications: &'a [Publication],
    pub(super) spellings: &'a Spellings,
    pub(super) details: EventDetails,
    /// The details as they are written.
    pub(super) said: Dict,
    pub(super) counters: &'a Counters,
}

impl Fanout<'_> {
    pub(super) fn deliver(&self, members: &Members, filter: &Filter<'_>, turn: &mut Turn) {
        // Hardly ever more than three.
        let mut groups: Vec<Group> = Vec::new();
        for member in members.iter().filter(|member| filter.admits(member)) {
            let known = groups.iter().position(|group| group.is_of(member));
            let at = known.unwrap_or_else(|| {
                groups.push(Group::begin(member, self, turn));
                groups.len() - 1
            });
            self.deliver_to(member, &groups[at], turn);
        }
    }

    /// The payloads in the spelling of `format`; transcodes them unless that was done.
    pub(super) fn spelling(&self, format: &Format) -> Spelling {
        let mut spellings = self.spellings.borrow_mut();
        if let Some((_, spelling)) = spellings.iter().find(|(known, _)| known.is(format)) {
            return Rc::clone(spelling);
        }
        let transcode = |publication: &Publication| match publication.payload.is_empty() {
            true => Ok(Payload::none()),
            false => publication.payload.transcode(self.from.serializer(), format.serializer()),
        };
        let spelling: Spelling = self.publications.iter().map(transcode).collect();
        spellings.push((format.clone(), Rc::clone(&spelling)));
        spelling
    }

    fn deliver_to(&self, member: &Member, group: &Group, turn: &mut Turn) {
        let mut outbox = member.outbox().lock();
        if !member.is_active() {
            return;
        }
        let delivered = match group.framed() {
            Some(framed) if outbox.put_framed(member.id(), framed) => true,
            _ => self.put_one_by_one(member, group, &mut outbox),
        };
        if delivered {
            turn.touch(member.outbox(), &mut outbox);
        }
    }

    pub(super) fn head<'d>(&self, publication: &Publication, details: &'d Dict) -> [HeadItem<'d>; 4] {
        [
            HeadItem::Uint(Code::Event.number()),
            HeadItem::Uint(self.subscription.get()),
            HeadItem::Uint(publication.id.get()),
            HeadItem::Dict(details),
        ]
    }

    /// Returns whether anything got in.
    fn put_one_by_one(&self, member: &Member, group: &Group, outbox: &mut Locked<'_>) -> bool {
        let mut delivered = false;
        for (at, publication) in self.publications.iter().enumerate() {
            let delivery = match group.event(self, at) {
                Err(error) => {
                    self.count_unrepresentable(publication, member, error);
                    continue;
                }
                Ok(_) if outbox.has_lost() => self.tell_lost(publication, member, outbox),
                Ok(message) => match outbox.put(member.id(), message, Lane::Event) {
                    Delivery::TooLong => self.without_payload(publication, member, outbox, &self.details),
                    delivery => delivery,
                },
            };
            delivered |= delivery == Delivery::Accepted;
        }
        delivered
    }

    /// The only one of the publications, for a subscriber whose outbox is locked.
    pub(super) fn put_retained(&self, publication: &Publication, member: &Member, outbox: &mut Locked<'_>) {
        if outbox.has_lost() {
            self.tell_lost(publication, member, outbox);
            return;
        }
        let details = self.details.clone();
        if self.put_alone(publication, member, outbox, details, &publication.payload) == Delivery::TooLong {
            self.without_payload(publication, member, outbox, &self.details);
        }
    }

    /// The first event after a gap says how many are missing.
    #[cold]
    fn tell_lost(&self, publication: &Publication, member: &Member, outbox: &mut Locked<'_>) -> Delivery {
        let lost = outbox.take_lost();
        let details = EventDetails { lost: Some(lost), ..self.details.clone() };
        let delivery =
            match self.put_alone(publication, member, outbox, details.clone(), &publication.payload) {
                Delivery::TooLong => self.without_payload(publication, member, outbox, &details),
                delivery => delivery,
            };
        if delivery != Delivery::Accepted {
            outbox.restore_lost(lost);
        }
        delivery
    }

    /// What the specification suggests for a message that is longer than the subscriber accepts (RAW-22).
    #[cold]
    fn without_payload(
        &self,
        publication: &Publication,
        member: &Member,
        outbox: &mut Locked<'_>,
        details: &EventDetails,
    ) -> Delivery {
        self.counters.events_too_long.increment();
        let details = EventDetails { payload_limit_exceeded: Some(true), ..details.clone() };
        self.put_alone(publication, member, outbox, details, &Payload::none())
    }

    fn put_alone(
        &self,
        publication: &Publication,
        member: &Member,
        outbox: &mut Locked<'_>,
        details: EventDetails,
        payload: &Payload,
    ) -> Delivery {
        let mut scratch = Vec::new();
        let details = details.into_dict();
        let head = self.head(publication, &details);
        let put = |message: Outgoing<'_>| outbox.put(member.id(), message, Lane::Event);
        Shared::new(payload, self.from).spelt(member.format(), &head, &mut scratch, put).unwrap_or_else(
            |error| {
                self.count_unrepresentable(publication, member, &error);
                Delivery::Gone
            },
        )
    }

    #[cold]
    fn count_unrepresentable(&self, publication: &Publication, member: &Member, error: &Unrepresentable) {
        self.counters.events_unrepresentable.increment();
        tracing::debug!(session = %member.id(), publication = %publication.id, %error, "event not delivered");
    }
}
