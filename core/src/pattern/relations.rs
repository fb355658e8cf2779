//! How two patterns stand to each other: which URIs both match, and who goes first there.
//!
//! ```text
//!   a.        prefix   covers  a.b. prefix, a..c wildcard: whatever they match, it matches
//!   a..c      wildcard meets   a.b. prefix, in a.b.c; neither covers the other
//!   a.b.c     exact    before  a.b. prefix before a. prefix before a.b. wildcard before a..c wildcard
//! ```
//!
//! Of URIs without empty components, which is what topics and procedures are.

use std::cmp::Ordering;

use super::matches;
use crate::message::Match;

/// A URI, or a pattern of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pattern<'a> {
    /// How it is compared.
    pub policy: Match,
    /// What with.
    pub uri: &'a str,
}

impl<'a> Pattern<'a> {
    /// A pattern.
    pub fn new(policy: Match, uri: &'a str) -> Self {
        Pattern { policy, uri }
    }

    /// Whether it matches one URI at most: itself.
    pub fn is_single(self) -> bool {
        match self.policy {
            Match::Exact => true,
            Match::Prefix => false,
            Match::Wildcard => !self.uri.split('.').any(str::is_empty),
        }
    }

    /// What everything that it matches begins with.
    pub fn head(self) -> &'a str {
        match self.policy {
            Match::Exact | Match::Prefix => self.uri,
            Match::Wildcard => {
                let mut length = 0;
                for component in self.uri.split('.') {
                    if component.is_empty() {
                        return &self.uri[..length];
                    }
                    // No dot behind the last one.
                    length = self.uri.len().min(length + component.len() + 1);
                }
                self.uri
            }
        }
    }

    /// Whether it matches everything that `other` matches. An answer `false` may be too careful only where `other` matches
    /// nothing.
    pub fn covers(self, other: Pattern<'_>) -> bool {
        if other.is_single() {
            return matches(self.policy, self.uri, other.uri);
        }
        match (self.policy, other.policy) {
            (Match::Exact, _) | (Match::Wildcard, Match::Prefix) => false,
            (Match::Prefix, _) => other.head().starts_with(self.uri),
            (Match::Wildcard, _) => {
                both(self.uri, other.uri, |ours, theirs| ours.is_empty() || ours == theirs)
            }
        }
    }

    /// Whether there is a URI that both match.
    pub fn meets(self, other: Pattern<'_>) -> bool {
        match (self.policy, other.policy) {
            (Match::Exact, _) => matches(other.policy, other.uri, self.uri),
            (_, Match::Exact) => matches(self.policy, self.uri, other.uri),
            (Match::Prefix, Match::Prefix) => {
                self.uri.starts_with(other.uri) || other.uri.starts_with(self.uri)
            }
            (Match::Wildcard, Match::Wildcard) => both(self.uri, other.uri, |ours, theirs| {
                ours.is_empty() || theirs.is_empty() || ours == theirs
            }),
            (Match::Prefix, Match::Wildcard) => begins(self.uri, other.uri),
            (Match::Wildcard, Match::Prefix) => begins(other.uri, self.uri),
        }
    }

    /// Which of two is more specific, where both match: exact, then the longer prefix, then the wildcard that has a component
    /// where they differ first. `Greater`: this one; `Equal`: they are the same.
    pub fn rank(self, other: Pattern<'_>) -> Ordering {
        let order = |policy| match policy {
            Match::Exact => 2,
            Match::Prefix => 1,
            Match::Wildcard => 0,
        };
        order(self.policy).cmp(&order(other.policy)).then_with(|| match self.policy {
            Match::Exact => Ordering::Equal,
            Match::Prefix => self.uri.len().cmp(&other.uri.len()),
            Match::Wildcard => {
                let pairs = self.uri.split('.').zip(other.uri.split('.'));
                let ranks = pairs.map(|(ours, theirs)| theirs.is_empty().cmp(&ours.is_empty()));
                ranks.into_iter().find(|rank| rank.is_ne()).unwrap_or(Ordering::Equal)
            }
        })
    }
}

/// Whether two patterns have as many components, and all pairs are as `fit` wants them.
fn both(ours: &str, theirs: &str, fit: impl Fn(&str, &str) -> bool) -> bool {
    let (mut ours, mut theirs) = (ours.split('.'), theirs.split('.'));
    loop {
        match (ours.next(), theirs.next()) {
            (None, None) => return true,
            (Some(ours), Some(theirs)) if fit(ours, theirs) => {}
            _ => return false,
        }
    }
}

/// Whether something that the wildcard pattern matches begins with `prefix`.
fn begins(prefix: &str, wildcard: &str) -> bool {
    let (mut wanted, mut components) = (prefix.split('.').peekable(), wildcard.split('.'));
    while let Some(part) = wanted.next() {
        let Some(component) = components.next() else { return false };
        let fits = match wanted.peek() {
            // The last one may go on.
            None => component.is_empty() || component.starts_with(part),
            Some(_) => !part.is_empty() && (component.is_empty() || component == part),
        };
        if !fits {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Everything of up to three components of one or two letters, so that prefixes end inside of them.
    fn universe() -> Vec<String> {
        let words = ["a", "b", "aa", "ab"];
        let mut all: Vec<String> = words.map(String::from).into();
        for _ in 0..2 {
            let longer: Vec<_> =
                all.iter().flat_map(|uri| words.map(|word| format!("{uri}.{word}"))).collect();
            all.extend(longer);
        }
        all.sort();
        all.dedup();
        all
    }

    fn pattern() -> impl Strategy<Value = (Match, String)> {
        prop_oneof![
            "(a|b|ab)(\\.(a|b|aa)){0,2}".prop_map(|uri| (Match::Exact, uri)),
            "|((a|b|ab)(\\.(a|b|aa)){0,1}\\.?)".prop_map(|uri| (Match::Prefix, uri)),
            "(a|b|)(\\.(a|b|aa|)){0,2}".prop_map(|uri| (Match::Wildcard, uri)),
        ]
    }

    proptest! {
        #[test]
        fn the_relations_are_what_they_say((one, ours) in pattern(), (other, theirs) in pattern()) {
            let (one, other) = (Pattern::new(one, &ours), Pattern::new(other, &theirs));
            let all = universe();
            let hits = |pattern: Pattern<'_>, uri: &str| matches(pattern.policy, pattern.uri, uri);
            let met = all.iter().any(|uri| hits(one, uri) && hits(other, uri));
            prop_assert_eq!(one.meets(other), met);
            prop_assert_eq!(other.meets(one), met);
            if one.covers(other) {
                prop_assert!(all.iter().all(|uri| !hits(other, uri) || hits(one, uri)));
            }
            prop_assert!(all.iter().all(|uri| !hits(one, uri) || uri.starts_with(one.head())));
            prop_assert_eq!(one.rank(other), other.rank(one).reverse());
            if one.rank(other).is_eq() && met {
                prop_assert_eq!(one, other);
            }
        }
    }

    #[test]
    fn what_covers_what() {
        let covers = |one, ours, other, theirs| Pattern::new(one, ours).covers(Pattern::new(other, theirs));
        use Match::{Exact, Prefix, Wildcard};
        assert!(covers(Prefix, "a.", Prefix, "a.b") && covers(Prefix, "", Wildcard, "..c"));
        assert!(covers(Prefix, "a.", Wildcard, "a..c") && !covers(Prefix, "a.b", Wildcard, "a..c"));
        assert!(covers(Wildcard, "..c", Wildcard, "a..c") && !covers(Wildcard, "a..c", Wildcard, "..c"));
        assert!(covers(Wildcard, "a.", Wildcard, "a.b") && covers(Exact, "a.b", Wildcard, "a.b"));
        assert!(!covers(Exact, "a", Prefix, "a") && !covers(Wildcard, "a.", Prefix, "a."));
    }

    #[test]
    fn the_head_is_what_stands_before_the_first_gap() {
        let head = |uri| Pattern::new(Match::Wildcard, uri).head();
        let heads = ["", ".a", "a.", "a..b", "a.b", "a.b..c", ".."].map(head);
        assert_eq!(heads, ["", "", "a.", "a.", "a.b", "a.b.", ""]);
    }
}
