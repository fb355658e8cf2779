//! What a session may do, and what it remembers of that.
//!
//! Law: asked before anything is looked up, by the session's own task; nothing here is shared, so nothing is locked. A
//! realm without an authorizer pays one branch.
//!
//! ```text
//!   decided about the same before? ── last ───> there it is          at most max_cached_decisions in both tables; when the
//!                                └─── young ──> there it is, last    young are half of that, they become the old, and the
//!                                └─── old ────> there it is, young   old are forgotten
//!                                └─── ask the authorizer ──> young
//! ```

use std::hash::BuildHasher;
use std::sync::Arc;

use hashbrown::{DefaultHashBuilder, HashTable};

use super::dispatch::Established;
use super::stop::Stop;
use super::waiting::Asking;
use crate::authorization::{
    self, Action, Answer, Asked, Authorizer, Decision, Grant, Matter, Request, Verdict,
};

/// A decision that was awaited.
pub(super) struct Decided {
    pub(super) decision: Decision,
    /// What the authorizer's version was when it was asked.
    pub(super) version: u64,
}

impl Established<'_> {
    /// Whether the session may do that, and on which terms.
    #[inline]
    pub(super) fn authorize(
        &self,
        uri: &str,
        asked: Asked<'_>,
        decided: Option<&Decided>,
    ) -> Result<Grant, Stop> {
        match self.member.realm.authorizer() {
            None => Ok(Grant::default()),
            Some(authorizer) => match self.allowed_last(authorizer, uri, asked) {
                Some(grant) => Ok(grant),
                None => self.ask(authorizer, uri, asked, decided),
            },
        }
    }

    /// What the session was told the last time, if that is what it asks for again, with nothing that was ruled out.
    #[inline]
    fn allowed_last(&self, authorizer: &Arc<dyn Authorizer>, uri: &str, asked: Asked<'_>) -> Option<Grant> {
        let decisions = self.decisions.borrow();
        let decisions = decisions.as_deref()?;
        let grant = decisions.last(asked.action(), uri)?.grant?;
        let holds = decisions.version == authorizer.version() && grant.constraints.refused(asked).is_none();
        holds.then_some(grant)
    }

    fn ask(
        &self,
        authorizer: &Arc<dyn Authorizer>,
        uri: &str,
        asked: Asked<'_>,
        decided: Option<&Decided>,
    ) -> Result<Grant, Stop> {
        // What is done once, or seldom, is not remembered: sessions that only listen need no memory for it.
        let action = Some(asked.action()).filter(|action| matches!(action, Action::Publish | Action::Call));
        let version = authorizer.version();
        let matter = Matter { session: self.member.session.id(), uri, asked, counters: self.counters };
        if let Some(action) = action
            && let Some(decisions) = self.decisions.borrow_mut().as_deref_mut()
            && let Some(known) = decisions.find(version, action, uri, self.limits.max_cached_decisions / 2)
        {
            return Ok(known.ok_or_else(|| matter.denied()).and_then(|grant| matter.within(grant))?);
        }
        let fresh;
        let (decision, version) = match decided {
            Some(Decided { decision, version }) => (decision, *version),
            None => match authorization::ask(&**authorizer, &self.request_about(uri, asked)) {
                Answer::Later(decision) => return Err(Stop::Wait(Asking { decision, version })),
                Answer::Now(decision) => {
                    fresh = decision;
                    (&fresh, version)
                }
            },
        };
        if let Some(action) = action.filter(|_| decision.cache) {
            self.remember(version, action, uri, &decision.verdict);
        }
        Ok(matter.settle(decision)?)
    }

    fn request_about<'r>(&'r self, uri: &'r str, asked: Asked<'r>) -> Request<'r> {
        let session = &self.member.session;
        Request {
            realm: self.member.realm.uri(),
            session: session.id(),
            identity: session.identity(),
            authmethod: session.authmethod(),
            uri,
            asked,
        }
    }

    fn remember(&self, version: u64, action: Action, uri: &str, verdict: &Verdict) {
        let grant = match verdict {
            Verdict::Allowed(grant) => Some(*grant),
            Verdict::Denied => None,
            Verdict::Failed(_) => return,
        };
        let most = self.limits.max_cached_decisions / 2;
        if most == 0 {
            return;
        }
        let mut decisions = self.decisions.borrow_mut();
        if decisions.get_or_insert_default().keep(version, action, uri, grant, most) {
            self.counters.cached_decisions_over_limit.increment();
        }
    }
}

/// What a session was told that it may do, or may not; see the module.
#[derive(Default)]
pub(super) struct Decisions {
    version: u64,
    hash: DefaultHashBuilder,
    young: HashTable<Known>,
    old: HashTable<Known>,
    /// Where among the young that was found which was asked for last, by action: many sessions ask for the same again and again. What
    /// stands there may be another by now.
    last: [usize; Action::ALL.len()],
}

/// One decision. A grant, or none.
struct Known {
    action: Action,
    uri: Box<str>,
    grant: Option<Grant>,
}

impl Known {
    fn is(&self, action: Action, uri: &str) -> bool {
        self.action == action && *self.uri == *uri
    }
}

impl Decisions {
    /// What was found last, if that is asked for again.
    #[inline]
    fn last(&self, action: Action, uri: &str) -> Option<&Known> {
        self.young.get_bucket(self.last[action as usize]).filter(|known| known.is(action, uri))
    }

    /// What was decided, unless the authorizer has a new version.
    /// What is old gets young again as long as fewer than `most` are.
    fn find(&mut self, version: u64, action: Action, uri: &str, most: usize) -> Option<Option<Grant>> {
        if self.version != version {
            self.young.clear();
            self.old.clear();
            self.version = version;
            return None;
        }
        let hash = hash(&self.hash, action, uri);
        if let Some(at) = self.young.find_bucket_index(hash, |known| known.is(action, uri)) {
            self.last[action as usize] = at;
            return self.young.get_bucket(at).map(|known| known.grant);
        }
        if self.old.is_empty() {
            return None;
        }
        let found = self.old.find_entry(hash, |known| known.is(action, uri)).ok()?;
        let grant = found.get().grant;
        if self.young.len() < most {
            let (known, _) = found.remove();
            self.put(hash, known);
        }
        Some(grant)
    }

    /// Keeps a decision, with `most` others in each of the tables. Returns whether others were forgotten for it.
    fn keep(&mut self, version: u64, action: Action, uri: &str, grant: Option<Grant>, most: usize) -> bool {
        // Whoever waited for a decision may come back to a new version.
        if self.version != version {
            if !(self.young.is_empty() && self.old.is_empty()) {
                return false;
            }
            self.version = version;
        }
        let hash = hash(&self.hash, action, uri);
        let mut forgets = false;
        if self.young.len() >= most {
            self.old.clear();
            std::mem::swap(&mut self.young, &mut self.old);
            forgets = true;
        }
        self.put(hash, Known { action, uri: uri.into(), grant });
        forgets
    }

    fn put(&mut self, hash: u64, known: Known) {
        let Decisions { young, hash: builder, .. } = self;
        young.insert_unique(hash, known, |known| self::hash(builder, known.action, &known.uri));
    }
}

#[inline]
fn hash(builder: &DefaultHashBuilder, action: Action, uri: &str) -> u64 {
    builder.hash_one((action as u8, uri))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_again_and_again_does_not_grow_the_decisions_beyond_their_limit() {
        const MOST: usize = 4;
        let mut decisions = Decisions::default();
        let uris: Vec<String> = (0..100).map(|n| format!("com.topic.{n}")).collect();
        for round in 0..100 {
            for uri in &uris[round..(round + 3 * MOST).min(uris.len())] {
                // Whatever is old gets young before the next is kept.
                for used in &uris {
                    decisions.find(1, Action::Publish, used, MOST);
                }
                if decisions.find(1, Action::Publish, uri, MOST).is_none() {
                    decisions.keep(1, Action::Publish, uri, Some(Grant::default()), MOST);
                }
                assert!(decisions.young.len() <= MOST, "{}", decisions.young.len());
                assert!(decisions.young.len() + decisions.old.len() <= 2 * MOST);
                assert!(decisions.find(1, Action::Publish, uri, MOST).is_some());
            }
        }
    }
}
