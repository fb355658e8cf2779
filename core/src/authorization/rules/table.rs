//! The permissions of one role that say something of one action, compiled.
//!
//! ```text
//!   a URI       exact: a hash ── else patterns: the longest prefix ── else the wildcard that a call would prefer
//!   a pattern   patterns: the most specific that covers it, then
//!               strict:    exact URIs and prefixes that refuse, sorted: a look at those that begin as the pattern does
//!               wildcards: those that refuse, one by one
//! ```
//!
//! Law: only permissions that mention the action are in here, so the most specific one decides, and nothing falls through.

use hashbrown::HashMap;

use super::{Action, Permission};
use crate::authorization::Wish;
use crate::message::Match;
use crate::pattern::{Index, Pattern};

/// See the module. Permissions are numbers: their places among those of the role.
#[derive(Debug)]
pub(super) struct Table {
    exact: HashMap<Box<str>, usize>,
    patterns: Index<usize>,
    /// Exact URIs and prefixes that deny, or that rule out patterns, in the order of their URIs.
    strict: Vec<usize>,
    /// Wildcards that do.
    strict_wildcards: Vec<usize>,
}

/// Which permission decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decides {
    /// None says anything of it.
    Nothing,
    /// This one, as it says.
    This(usize),
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
        let refuses = [Match::Prefix, Match::Wildcard].map(|asked| refuses(permission, action, asked));
        match permission.policy {
            _ if refuses == [false; 2] => {}
            Match::Exact | Match::Prefix => self.strict.push(at),
            Match::Wildcard => self.strict_wildcards.push(at),
        }
    }

    /// The permission that decides about a URI or a pattern. `permissions` are those that the table was made from.
    #[inline]
    pub(super) fn decide(&self, permissions: &[Permission], action: Action, asked: Pattern<'_>) -> Decides {
        if asked.is_single() {
            let best = || self.patterns.best(asked.uri).map(|(_, at)| at);
            return self.exact.get(asked.uri).or_else(best).map_or(Decides::Nothing, |at| Decides::This(*at));
        }
        self.decide_pattern(permissions, action, asked)
    }

    #[cold]
    fn decide_pattern(&self, permissions: &[Permission], action: Action, asked: Pattern<'_>) -> Decides {
        let Some(&best) = self.patterns.best_cover(asked) else { return Decides::Nothing };
        let cover = &permissions[best];
        if cover.deny.contains(action) {
            return Decides::This(best);
        }
        let is_exception = |at: &usize| {
            let permission = &permissions[*at];
            refuses(permission, action, asked.policy)
                && permission.pattern().rank(cover.pattern()).is_gt()
                && permission.pattern().meets(asked)
        };
        // Shorter prefixes that meet the pattern cover it, and are less specific than the one that does so best.
        let head = asked.head();
        let from = self.strict.partition_point(|at| permissions[*at].uri.as_str() < head);
        let below = self.strict[from..].iter().take_while(|at| permissions[**at].uri.starts_with(head));
        let exception = below.chain(&self.strict_wildcards).find(|at| is_exception(at));
        exception.map_or(Decides::This(best), |at| Decides::Exception(*at))
    }
}

/// Whether a permission is against patterns that are compared like this.
fn refuses(permission: &Permission, action: Action, asked: Match) -> bool {
    permission.deny.contains(action) || permission.grant.constraints.forbids(Wish::Match(asked))
}
