//! The permissions of one role that say something of one action, compiled.
//!
//! ```text
//!   a URI       exact: a hash ── else patterns: the longest prefix ── else the wildcard that a call would prefer
//!   a pattern   patterns: the most specific that covers it, then
//!               strict:    exact URIs and prefixes that narrow, sorted: a look at those that begin as the pattern does
//!               wildcards: those that narrow, one by one
//! ```
//!
//! Law: only permissions that mention the action are in here, so the most specific one decides, and nothing falls through.

use hashbrown::HashMap;

use super::{Action, Permission};
use crate::authorization::{Constraints, Wish};
use crate::message::Match;
use crate::pattern::{Index, Pattern};

/// See the module. Permissions are numbers: their places among those of the role.
#[derive(Debug)]
pub(super) struct Table {
    exact: HashMap<Box<str>, usize>,
    patterns: Index<usize>,
    /// Exact URIs and prefixes that deny, or that rule out options, in the order of their URIs.
    strict: Vec<usize>,
    /// Wildcards that do.
    strict_wildcards: Vec<usize>,
}

/// Which permission decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decides {
    /// None says anything of it.
    Nothing,
    /// This one, as it says, and without what these constraints rule out besides.
    This(usize, Constraints),
    /// The pattern is denied because of this one, which is for a part of it.
    Exception(usize),
}

impl Table {
    /// Those of `permissions` that mention `action`; of those for the same URI and policy the first.
    pub(super) fn new(permissions: &[Permission], action: Action) -> Self {
        let mut table = Table {
            exact: HashMap::new(),
            patterns: Index::new(),
            strict: Vec::new(),
            strict_wildcards: Vec::new(),
        };
        for (at, permission) in permissions.iter().enumerate().filter(|(_, some)| some.mentions(action)) {
            if table.is_new(permission) {
                table.insert(at, permission, action);
            }
        }
        table.strict.sort_unstable_by_key(|at| &permissions[*at].uri);
        table
    }

    fn is_new(&self, permission: &Permission) -> bool {
        match permission.policy {
            Match::Exact => !self.exact.contains_key(permission.uri.as_str()),
            policy => self.patterns.get(policy, &permission.uri).is_none(),
        }
    }

    fn insert(&mut self, at: usize, permission: &Permission, action: Action) {
        match permission.policy {
            Match::Exact => drop(self.exact.insert(permission.uri.as_str().into(), at)),
            policy => self.patterns = self.patterns.with(policy, &permission.uri, at),
        }
        let narrows = permission.deny.contains(action) || !permission.grant.constraints.is_empty();
        match permission.policy {
            _ if !narrows => {}
            Match::Exact | Match::Prefix => self.strict.push(at),
            Match::Wildcard => self.strict_wildcards.push(at),
        }
    }

    /// The permission that decides about a URI or a pattern. `permissions` are those that the table was made from.
    #[inline]
    pub(super) fn decide(&self, permissions: &[Permission], action: Action, asked: Pattern<'_>) -> Decides {
        if asked.is_single() {
            let best = || self.patterns.best(asked.uri).map(|(_, at)| at);
            return self.exact.get(asked.uri).or_else(best).map_or(Decides::Nothing, |at| as_it_says(*at));
        }
        self.decide_pattern(permissions, action, asked)
    }

    #[cold]
    fn decide_pattern(&self, permissions: &[Permission], action: Action, asked: Pattern<'_>) -> Decides {
        let Some(&best) = self.patterns.best_cover(asked) else { return Decides::Nothing };
        let cover = &permissions[best];
        if cover.deny.contains(action) {
            return as_it_says(best);
        }
        // Shorter prefixes that meet the pattern cover it, and are less specific than the one that does so best.
        let head = asked.head();
        let from = self.strict.partition_point(|at| permissions[*at].uri.as_str() < head);
        let below = self.strict[from..].iter().take_while(|at| permissions[**at].uri.starts_with(head));
        let mut besides = Constraints::default();
        for &at in below.chain(&self.strict_wildcards) {
            let permission = &permissions[at];
            let pattern = permission.pattern();
            if pattern.rank(cover.pattern()).is_gt() && pattern.meets(asked) {
                if refuses(permission, action, asked.policy) {
                    return Decides::Exception(at);
                }
                besides = besides.and(permission.grant.constraints);
            }
        }
        Decides::This(best, besides)
    }
}

/// Nothing narrows what the permission says.
fn as_it_says(at: usize) -> Decides {
    Decides::This(at, Constraints::default())
}

/// Whether a permission is against patterns that are compared like this.
fn refuses(permission: &Permission, action: Action, asked: Match) -> bool {
    permission.deny.contains(action) || permission.grant.constraints.forbids(Wish::Match(asked))
}
