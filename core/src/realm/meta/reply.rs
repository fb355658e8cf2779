//! What the router's procedures come to: now, or when others have answered.
//!
//! Law: what a procedure does in the name of its caller, its caller may do itself: a testament is a publication, and the
//! events of a subscription are for those who may subscribe.

use std::sync::Arc;

use super::Realm;
use crate::authorization::{self, Answer, Asked, Deciding, Decision, Matter};
use crate::broker::Events;
use crate::error::Refusal;
use crate::id::Id;
use crate::session::Session;
use crate::session::turn::Turn;
use crate::value::Value;

/// What a procedure comes to.
pub(super) enum Reply {
    /// Its positional results.
    Now(Vec<Value>),
    /// The only result is a list.
    Later(Events),
    /// It is to be seen whether the caller may do what it is about.
    Asked(Undecided),
}

/// What is to be decided, and what follows.
pub(super) struct Undecided {
    pub(super) decision: Deciding,
    pub(super) then: Then,
}

/// What follows a decision.
type Then = Box<dyn FnOnce(&Realm, &Decision) -> Result<Reply, Refusal> + Send>;

impl Realm {
    /// Answers when the events are there. As many wait at a time as `max_pending_invocations` permits.
    pub(super) fn reply_later(self: &Arc<Self>, request: Id, events: Events) {
        let realm = Arc::downgrade(self);
        tokio::spawn(async move {
            let answer = events.await.map(|events| vec![events.into()]);
            if let Some(realm) = realm.upgrade() {
                realm.reply(request, answer, &mut Turn::begin());
            }
        });
    }

    /// Goes on with a procedure when it is known whether its caller may do what it is about.
    pub(super) fn authorized(
        &self,
        caller: &Session,
        uri: &str,
        asked: Asked<'_>,
        then: impl FnOnce(&Realm, &Decision) -> Result<Reply, Refusal> + Send + 'static,
    ) -> Result<Reply, Refusal> {
        let Some(authorizer) = self.authorizer() else { return then(self, &Decision::allowed()) };
        let (session, identity, authmethod) = (caller.id(), caller.identity(), caller.authmethod());
        let request = authorization::Request { realm: self.uri(), session, identity, authmethod, uri, asked };
        match authorization::ask(&**authorizer, &request) {
            Answer::Now(decision) => then(self, &decision),
            Answer::Later(decision) => Ok(Reply::Asked(Undecided { decision, then: Box::new(then) })),
        }
    }

    /// What a decision is about, to be settled.
    pub(super) fn matter<'a>(&'a self, session: Id, uri: &'a str, asked: Asked<'a>) -> Matter<'a> {
        Matter { session, uri, asked, counters: &self.counters }
    }
}
