//! Meta events.
//!
//! Law: what nobody can hear is not written. An event names no publisher, and nobody can be kept from it.

use super::catalog::topic;
use super::session::details;
use super::{MetaApi, Realm};
use crate::broker::Burst;
use crate::id::Id;
use crate::message::{Payload, Publish, PublishOptions};
use crate::serializer::native::Native;
use crate::session::turn::Turn;
use crate::session::{Fate, Session};
use crate::time::rfc3339;
use crate::value::{Dict, Value};
use crate::witness::{Change, Facts, Kind, Witness};

impl Realm {
    /// A session is here (META-SESS-03, META-SESS-19).
    pub(in crate::realm) fn tell_join(&self, session: &Session) {
        if self.listens() {
            self.tell(topic::SESSION_ON_JOIN, vec![details(session).into()], &mut Turn::begin());
        }
    }

    /// A session is gone (META-SESS-05), unless everybody was killed (META-SESS-16).
    pub(in crate::realm) fn tell_leave(&self, session: &Session, turn: &mut Turn) {
        if self.listens() && session.fate() != Fate::KilledSilently {
            let identity = session.identity();
            let (authid, authrole) = (identity.authid.as_str(), identity.authrole.as_str());
            let args = vec![session.id().get().into(), authid.into(), authrole.into()];
            self.tell(topic::SESSION_ON_LEAVE, args, turn);
        }
    }

    fn tell(&self, topic: &'static str, args: Vec<Value>, turn: &mut Turn) {
        // The router's own serializer refuses nothing.
        let Ok(payload) = Payload::write(&args, &Dict::new(), &Native) else { return };
        let options = PublishOptions::default();
        let mut message = Publish { request: Id::MIN, options, topic: topic.into(), payload };
        let mut burst = Burst::new(self.meta.session());
        // Refused is only who wants to be disclosed.
        let _ = self.broker.publish(&mut message, None, &mut burst, turn);
        self.broker.deliver(&mut burst, turn);
    }
}

impl Witness for Realm {
    fn listens(&self) -> bool {
        self.meta.api() != MetaApi::Off && self.broker.hears_meta_events()
    }

    fn saw(&self, kind: Kind, by: Id, change: &Change<'_>, turn: &mut Turn) {
        let (topic, what) = match (kind, change) {
            (Kind::Subscription, Change::Created(facts)) => (topic::SUBSCRIPTION_ON_CREATE, describe(facts)),
            (Kind::Subscription, Change::Joined(id)) => (topic::SUBSCRIPTION_ON_SUBSCRIBE, id.get().into()),
            (Kind::Subscription, Change::Left(id)) => (topic::SUBSCRIPTION_ON_UNSUBSCRIBE, id.get().into()),
            (Kind::Subscription, Change::Deleted(id)) => (topic::SUBSCRIPTION_ON_DELETE, id.get().into()),
            (Kind::Registration, Change::Created(facts)) => (topic::REGISTRATION_ON_CREATE, describe(facts)),
            (Kind::Registration, Change::Joined(id)) => (topic::REGISTRATION_ON_REGISTER, id.get().into()),
            (Kind::Registration, Change::Left(id)) => (topic::REGISTRATION_ON_UNREGISTER, id.get().into()),
            (Kind::Registration, Change::Deleted(id)) => (topic::REGISTRATION_ON_DELETE, id.get().into()),
        };
        self.tell(topic, vec![by.get().into(), what], turn);
    }
}

/// What events and answers say of a subscription or registration.
pub(super) fn describe(facts: &Facts<'_>) -> Value {
    let mut dict = Dict::new()
        .with("id", facts.id.get())
        .with("created", rfc3339(facts.created))
        .with("uri", facts.uri)
        .with("match", facts.policy.name());
    if let Some(invoke) = facts.invoke {
        dict.insert("invoke", invoke.name());
    }
    dict.into()
}
