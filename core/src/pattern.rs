//! Prefix and wildcard patterns: what they match, which one wins, and an index that finds them.
//!
//! | policy     | matches a URI                                                                            |
//! |------------|------------------------------------------------------------------------------------------|
//! | `prefix`   | that begins with the pattern, as a string: `a.b` matches `a.b`, `a.bc` and `a.b.c`       |
//! | `wildcard` | of as many components, each equal to the pattern's, or anything where that one is empty  |
//!
//! Nothing but a prefix matches a URI with an empty component; topics and procedures have none.
//!
//! Exact matching is a hash map's business and is not in here: broker and dealer ask theirs first.
//!
//! Law: an [`Index`] never changes. A change makes a new one that shares nearly everything with the old one, so that who
//! routes reads whichever is current, takes no lock and writes to no memory that others read.
//!
//! ```text
//!   com.app.app1.log                  the URI of a message
//!     │
//!     ├─> prefixes: tree::Tree        com.app.app ─┬─ 1. (value) ── log (value)     one way down, a value at a time
//!     │                                            └─ 2 (value)
//!     └─> wildcards: wildcards::Wildcards
//!           shapes of 4 components    1   1,3   2                       which components are empty
//!           map::Map                  com..app1.log   com..app1.   ...  one look for each shape
//! ```
//!
//! So a lookup takes time by the length of the URI for prefixes, and for wildcards by the number of *shapes*: how many
//! components a pattern has and which of them are empty. How many patterns there are hardly matters. But k components
//! have 2^k shapes, and a peer that registers all of them makes every lookup look 2^k times; hence the limit
//! `max_wildcard_shapes`, which broker and dealer hold with [`Index::adds_wildcard_shape`].

mod label;
mod map;
mod relations;
mod shapes;
#[cfg(test)]
mod tests;
mod tree;
mod wildcards;

use std::ops::ControlFlow;

use crate::message::Match;
use crate::uri::{Empty, UriError, UriRule};
pub use relations::Pattern;
use tree::Tree;
use wildcards::Wildcards;

/// Whether a pattern matches a URI: the definition (PS-PAT-02, PS-PAT-03, PS-PAT-04), for one pattern at a time.
pub fn matches(policy: Match, pattern: &str, uri: &str) -> bool {
    match policy {
        Match::Exact => pattern == uri,
        Match::Prefix => uri.starts_with(pattern),
        Match::Wildcard => {
            let (mut wanted, mut found) = (pattern.split('.'), uri.split('.'));
            loop {
                match (wanted.next(), found.next()) {
                    (None, None) => return true,
                    (Some(wanted), Some(found))
                        if !found.is_empty() && (wanted.is_empty() || wanted == found) => {}
                    _ => return false,
                }
            }
        }
    }
}

impl UriRule {
    /// Checks the URI of a SUBSCRIBE or REGISTER. In a prefix the last component may be empty, and it is expected to be
    /// only the beginning of one (URI-13); in a wildcard pattern any may be empty (URI-02, URI-04, URI-05). So both
    /// may be the empty string: a prefix of everything, or one component that is anything.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check_pattern(self, policy: Match, uri: &str) -> Result<(), UriError> {
        match policy {
            Match::Exact => self.check(uri),
            Match::Prefix => self.check_with(Empty::Last, uri),
            Match::Wildcard => self.check_with(Empty::Any, uri),
        }
    }
}

/// Values by prefix and wildcard pattern; see the module. Cloning takes the same time whatever is inside, and so does
/// asking for the length. The clones of `T` share what they hold: changes clone values that are not concerned, so `T` is
/// something like an `Arc`.
///
/// A pattern is its policy and its string: the same string may be in here as prefix and as wildcard (PS-PAT-08,
/// RPC-PAT-14). There are no exact patterns: they are never found and never kept.
#[derive(Clone, Debug)]
pub struct Index<T> {
    prefixes: Tree<T>,
    wildcards: Wildcards<T>,
}

impl<T> Default for Index<T> {
    fn default() -> Self {
        Index { prefixes: Tree::default(), wildcards: Wildcards::default() }
    }
}

impl<T: Clone> Index<T> {
    /// Without patterns.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether there is no pattern.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many patterns there are.
    pub fn len(&self) -> usize {
        self.prefixes.len() + self.wildcards.len()
    }

    /// The value of a pattern; the pattern itself, not what matches it.
    pub fn get(&self, policy: Match, pattern: &str) -> Option<&T> {
        match policy {
            Match::Exact => None,
            Match::Prefix => self.prefixes.get(pattern.as_bytes()),
            Match::Wildcard => self.wildcards.get(pattern),
        }
    }

    /// The same with one more pattern, or with another value for it. Takes time by the length of the pattern and the number
    /// of shapes, and hardly more the more patterns there are.
    #[must_use]
    pub fn with(&self, policy: Match, pattern: &str, value: T) -> Self {
        let mut index = self.clone();
        match policy {
            Match::Exact => debug_assert!(false, "exact URIs are kept elsewhere"),
            Match::Prefix => index.prefixes = self.prefixes.with(pattern.as_bytes(), value),
            Match::Wildcard => index.wildcards = self.wildcards.with(pattern, value),
        }
        index
    }

    /// The same without a pattern, whether it was there or not.
    #[must_use]
    pub fn without(&self, policy: Match, pattern: &str) -> Self {
        let mut index = self.clone();
        match policy {
            Match::Exact => debug_assert!(false, "exact URIs are kept elsewhere"),
            Match::Prefix => index.prefixes = self.prefixes.without(pattern.as_bytes()),
            Match::Wildcard => index.wildcards = self.wildcards.without(pattern),
        }
        index
    }

    /// Calls `visit` once for every pattern that matches: prefixes, the shortest first, then wildcards, the one that
    /// [`best`](Self::best) would take first.
    pub fn for_each_match<'a>(&'a self, uri: &str, mut visit: impl FnMut(Match, &'a T)) {
        for value in self.prefixes.prefixes_of(uri) {
            visit(Match::Prefix, value);
        }
        self.wildcards.visit(uri, |value| {
            visit(Match::Wildcard, value);
            ControlFlow::Continue(())
        });
    }

    /// The one pattern that a call goes to (RPC-PAT-05 to RPC-PAT-11), when there is no exact registration.
    ///
    /// The longest prefix, before any wildcard. All prefixes of one URI are prefixes of each other, so no two are as long,
    /// and the longest string has the most components as well.
    ///
    /// Among wildcards the one with the longest run of components before its first empty one; among those the longest run
    /// after that, and so on. Which is: where two of them differ for the first time, the one that has a component there.
    /// That is never a draw: matching the same URI, they are equal wherever neither is empty, so two that
    /// differ do so in which components are empty.
    pub fn best(&self, uri: &str) -> Option<(Match, &T)> {
        if let Some(value) = self.prefixes.prefixes_of(uri).last() {
            return Some((Match::Prefix, value));
        }
        let mut best = None;
        self.wildcards.visit(uri, |value| {
            best = Some((Match::Wildcard, value));
            ControlFlow::Break(())
        });
        best
    }

    /// The one of those that [cover](Pattern::covers) a pattern that [`best`](Self::best) would take for whatever the pattern
    /// matches. Takes time by its length and the number of shapes.
    pub fn best_cover(&self, pattern: Pattern<'_>) -> Option<&T> {
        if pattern.is_single() {
            return self.best(pattern.uri).map(|(_, value)| value);
        }
        let prefix = self.prefixes.prefixes_of(pattern.head()).last();
        prefix.or_else(|| match pattern.policy {
            Match::Wildcard => self.wildcards.best_cover(pattern.uri),
            Match::Exact | Match::Prefix => None,
        })
    }

    /// How many shapes the wildcard patterns have: numbers of components, and which of those are empty. So many times at
    /// most does one lookup ask the map.
    pub fn wildcard_shapes(&self) -> usize {
        self.wildcards.shapes().len()
    }

    /// Whether this would be the first wildcard pattern of its shape.
    pub fn adds_wildcard_shape(&self, pattern: &str) -> bool {
        !self.wildcards.shapes().has(pattern)
    }

    /// All patterns in no order.
    pub fn iter(&self) -> impl Iterator<Item = (Match, String, &T)> {
        let prefixes = self.prefixes.iter().map(|(pattern, value)| {
            let pattern = String::from_utf8(pattern).expect("the octets of a string that was put in");
            (Match::Prefix, pattern, value)
        });
        let wildcards = self.wildcards.iter();
        prefixes.chain(wildcards.map(|(pattern, value)| (Match::Wildcard, pattern.to_owned(), value)))
    }
}
