//! Who may do what: the [`Authorizer`] trait, and rules that implement it.
//!
//! ```text
//!   PUBLISH SUBSCRIBE CALL REGISTER ──> is it a URI? ──> may this session do that? ──> broker | dealer: is it there?
//!                                                               │
//!            decided before for this session: its cache ────────┤
//!            Authorizer::authorize ── Answer::Now(Decision) ────┤ allowed: goes on, on the terms of its Grant
//!                                └─── Answer::Later(future) ──┐ │ denied:  wamp.error.not_authorized
//!                                                             │ │ failed:  wamp.error.authorization_failed
//!            later messages of the session wait <─────────────┘ └ (PUBLISH without acknowledge: silence)
//! ```
//!
//! Law: authorization comes before any lookup, so that a denial says nothing of what exists; and what is not clearly
//! allowed is not done: an authorizer that fails, or loses its answer, opens no door.
//!
//! | file            | subject                                                              |
//! |-----------------|----------------------------------------------------------------------|
//! | `request`       | what is asked: who, what, on which URI, with which options           |
//! | `decision`      | what is answered, and the terms of a permission                      |
//! | `constraints`   | options that a permission rules out                                  |
//! | `settle`        | what the session is told                                             |
//! | `panics`        | authorizers that panic                                               |
//! | `rules`         | permissions by URI and role: the first implementation of the trait   |
//! | `replaceable`   | another authorizer in the place of one, while the router runs        |
//!
//! A realm without an authorizer permits everything, except to call those procedures of the router that change something
//! for others; see [`Grant::explicit`].

mod constraints;
mod decision;
mod panics;
mod replaceable;
mod request;
mod rules;
mod settle;

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::caller::Procedures;
pub use constraints::{Constraints, Wish};
pub use decision::{Decision, Grant, Verdict};
pub(crate) use panics::{Deciding, ask, poll};
pub use replaceable::Replaceable;
pub use request::{Action, Actions, Asked, Request};
pub use rules::{Explanation, Permission, Permissions, Role};
pub(crate) use settle::Matter;

/// Decides what the sessions of a realm may do. One value serves all sessions of a realm, from many threads at a time.
///
/// **Who asks, and when.** The session's own task, for each PUBLISH, SUBSCRIBE, CALL and REGISTER whose URI obeys the
/// rules, before anything is looked up; and the realm, when a testament is added (as [`Action::Publish`]) and when the
/// events of a subscription are asked for (as [`Action::Subscribe`]). What follows in a progressive call is part of the
/// first CALL and not asked about. The router's own session is not asked about at all.
///
/// **How often.** Once for each message, unless it is PUBLISH or CALL and the decision said [`cached`](Decision::cached):
/// then not again for the same session, action and URI, as long as [`version`](Authorizer::version) says the same and the
/// session's cache (limit `max_cached_decisions`) has room.
///
/// **How long.** [`Answer::Now`] is the data path: no blocking, no waiting. With [`Answer::Later`] the session waits: what
/// it says meanwhile is handled afterwards, in order, except for its answers to invocations, so that a session may serve
/// the very procedure that decides about it, as long as what it says fits into `max_undecided_bytes`: beyond that nothing is
/// read from it. Core has no timeout for it; have one of your own.
///
/// **For how long.** What was granted stays: nobody loses a subscription, a registration or a call because decisions have
/// changed. The meta API can take them away.
///
/// **Cancelling.** When the session ends, the future is dropped at its current await point. One that panics, now or
/// later, has failed: the request is refused, and the session goes on.
pub trait Authorizer: Send + Sync + 'static {
    /// Called before it is asked anything, once for every realm that has this authorizer. One that asks WAMP procedures gives
    /// it to its [`Caller`](crate::caller::Caller).
    fn bind(&self, _procedures: &Procedures) {}

    /// Whether sessions may have this role. Asked at the end of a login; whoever was given another is turned away with
    /// `wamp.error.no_such_role`.
    fn knows_role(&self, _authrole: &str) -> bool {
        true
    }

    /// Decides about one request.
    fn authorize(&self, request: &Request<'_>) -> Answer;

    /// Changes whenever decisions that were cached may have become wrong. Asked for each message that may find its decision
    /// in the cache, so it has to be as cheap as reading an atomic; see [`Version`].
    fn version(&self) -> u64 {
        0
    }

    /// Whether [`version`](Authorizer::version) never says anything else. Asked once; who says so spares others the question.
    fn is_fixed(&self) -> bool {
        false
    }

    /// Somebody knows that decisions have become wrong: whoever has a [`Version`] bumps it.
    fn invalidate(&self) {}
}

/// A decision, or the promise of one.
pub enum Answer {
    /// Known at once.
    Now(Decision),
    /// Known when this is done. Polled by the session's own task.
    Later(Pin<Box<dyn Future<Output = Decision> + Send>>),
}

impl Answer {
    /// Known when `future` is done.
    pub fn later(future: impl Future<Output = Decision> + Send + 'static) -> Self {
        Answer::Later(Box::pin(future))
    }
}

impl From<Decision> for Answer {
    fn from(decision: Decision) -> Self {
        Answer::Now(decision)
    }
}

/// What [`Authorizer::version`] may return: a number that goes up when cached decisions are to be forgotten.
#[derive(Debug, Default)]
pub struct Version(AtomicU64);

impl Version {
    /// The number.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }

    /// Makes every session ask anew.
    pub fn bump(&self) {
        self.0.fetch_add(1, Ordering::Release);
    }
}
