//! What an authorizer answers.

use std::borrow::Cow;

use super::Constraints;
use crate::policy::Disclosure;

/// The answer to a [`Request`](super::Request).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Whether it is allowed.
    pub verdict: Verdict,
    /// Whether the session may remember it for the same action, URI and match policy, whatever the options. Failures are
    /// never remembered.
    pub cache: bool,
}

/// Allowed or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// On these terms.
    Allowed(Grant),
    /// `wamp.error.not_authorized`.
    Denied,
    /// Nobody knows: `wamp.error.authorization_failed`, with these words for people. Say nothing in them that the client
    /// must not know.
    Failed(Cow<'static, str>),
}

impl Verdict {
    /// If it is allowed, then without what these rule out.
    #[must_use]
    pub(crate) fn without(self, besides: Constraints) -> Self {
        match self {
            Verdict::Allowed(Grant { constraints, disclose, explicit }) => {
                Verdict::Allowed(Grant { constraints: constraints.and(besides), disclose, explicit })
            }
            other => other,
        }
    }
}

impl Decision {
    /// Allowed without more words.
    pub fn allowed() -> Self {
        Decision::granted(Grant::default())
    }

    /// Allowed on these terms.
    pub fn granted(grant: Grant) -> Self {
        Decision { verdict: Verdict::Allowed(grant), cache: false }
    }

    /// Not allowed.
    pub fn denied() -> Self {
        Decision { verdict: Verdict::Denied, cache: false }
    }

    /// It could not be decided. Nothing is done, and the next request is asked about anew.
    pub fn failed(why: impl Into<Cow<'static, str>>) -> Self {
        Decision { verdict: Verdict::Failed(why.into()), cache: false }
    }

    /// The session may remember it.
    #[must_use]
    pub fn cached(mut self) -> Self {
        self.cache = true;
        self
    }
}

/// The terms of a permission.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Grant {
    /// Whether subscribers are told who publishes, or callees who calls; `None` leaves it to the rules for topics and
    /// procedures ([`policy`](crate::policy)). What is said here wins over them.
    pub disclose: Option<Disclosure>,
    /// What may not be asked for in the options. A request that does is refused with `wamp.error.option_not_allowed`.
    pub constraints: Constraints,
    /// Whether this was said of the router's own procedures on purpose, and not of all procedures alike. Those that change
    /// something for others (`wamp.session.kill` and its kind, testaments, `remove_subscriber`, `remove_callee`) can be
    /// called with such a permission only.
    pub explicit: bool,
}

impl Grant {
    /// A grant that was given on purpose, see [`explicit`](Grant::explicit).
    #[must_use]
    pub fn on_purpose(mut self) -> Self {
        self.explicit = true;
        self
    }
}
