//! What broker and dealer tell of changes, so that the meta API can publish them.
//!
//! Law: a change is told under the lock that orders changes of its kind, so everybody hears of them in the order in which
//! they happened. Nothing is told, and nothing prepared for it, while nobody listens.

use std::time::SystemTime;

use crate::id::Id;
use crate::message::{Invoke, Match};
use crate::session::turn::Turn;

/// Hears of changes. Called with locks held: it may put messages into outboxes, and take no other lock.
pub(crate) trait Witness: Send + Sync {
    /// Whether anybody listens. One load of an atomic.
    fn listens(&self) -> bool;

    /// Something changed because of session `by`.
    fn saw(&self, kind: Kind, by: Id, change: &Change<'_>, turn: &mut Turn);
}

/// What is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Subscription,
    Registration,
}

/// How it is changed. The numbers are those of subscription or registration.
#[derive(Debug)]
pub(crate) enum Change<'a> {
    /// It exists from now on; [`Joined`](Change::Joined) follows.
    Created(&'a Facts<'a>),
    /// The session has a part in it.
    Joined(Id),
    /// The session has no part in it any more.
    Left(Id),
    /// Nobody has, and it is gone.
    Deleted(Id),
}

/// What can be said of a subscription or registration.
#[derive(Clone, Debug)]
pub(crate) struct Facts<'a> {
    pub(crate) id: Id,
    pub(crate) created: SystemTime,
    pub(crate) uri: &'a str,
    pub(crate) policy: Match,
    /// Of a registration.
    pub(crate) invoke: Option<Invoke>,
}

/// Hears nothing.
pub(crate) struct Nobody;

impl Witness for Nobody {
    fn listens(&self) -> bool {
        false
    }
    fn saw(&self, _: Kind, _: Id, _: &Change<'_>, _: &mut Turn) {}
}
