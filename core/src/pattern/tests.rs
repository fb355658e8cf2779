//! The index beside the definition.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::vec;
use proptest::prelude::*;

use super::{Index, matches};
use crate::message::Match::{self, Exact, Prefix, Wildcard};

#[test]
fn a_prefix_is_one_of_strings_and_not_of_components() {
    assert!(matches(Prefix, "com.myapp.topic.emergency", "com.myapp.topic.emergency.11"));
    assert!(matches(Prefix, "com.myapp.topic.emergency", "com.myapp.topic.emergency-low"));
    assert!(matches(Prefix, "com.myapp.topic.emergency", "com.myapp.topic.emergency"));
    assert!(!matches(Prefix, "com.myapp.topic.emergency", "com.myapp.topic.emerge"));
    assert!(matches(Prefix, "", "com"));
}

#[test]
fn a_wildcard_stands_for_one_component_that_is_not_empty() {
    assert!(matches(Wildcard, "com.myapp..userevent", "com.myapp.foo.userevent"));
    assert!(!matches(Wildcard, "com.myapp..userevent", "com.myapp.foo.userevent.bar"));
    assert!(!matches(Wildcard, "com.myapp..userevent", "com.myapp2.foo.userevent"));
    assert!(!matches(Wildcard, "a..c", "a..c"));
    assert!(matches(Wildcard, "", "com") && !matches(Wildcard, "", "com.a") && !matches(Wildcard, "", ""));
    assert!(matches(Wildcard, "..", "a.b.c") && !matches(Wildcard, "..", "a.b"));
    assert!(matches(Wildcard, "a.b", "a.b"));
    assert!(matches(Exact, "a.b", "a.b") && !matches(Exact, "a.", "a.b"));
}

/// The example of the specification, without what is registered exactly: that is asked first and not in here.
#[test]
fn the_longest_prefix_wins_and_then_the_wildcard_with_the_longest_runs_of_components() {
    let registered = [
        (Prefix, "a1.b2.c3", 2),
        (Prefix, "a1.b2.c3.d4", 3),
        (Wildcard, "a1.b2..d4.e5", 4),
        (Wildcard, "a1.b2.c33..e5", 5),
        (Wildcard, "a1.b2..d4.e5..g7", 6),
        (Wildcard, "a1.b2..d4..f6.g7", 7),
    ];
    let index =
        registered.iter().fold(Index::new(), |index, (policy, uri, id)| index.with(*policy, uri, *id));
    let best = |uri| index.best(uri).map(|(_, id)| *id);
    assert_eq!(best("a1.b2.c3.d4.e55"), Some(3));
    assert_eq!(best("a1.b2.c3.d98.e74"), Some(2));
    assert_eq!(best("a1.b2.c3.d98.e74.f12.g7"), Some(2));
    // The example expects 5, as if a1.b2.c3 were no prefix of this. By the definition it is one.
    assert_eq!(best("a1.b2.c33.d4.e5"), Some(2));
    assert_eq!(index.without(Prefix, "a1.b2.c3").best("a1.b2.c33.d4.e5"), Some((Wildcard, &5)));
    assert_eq!(best("a1.b2.c88.d4.e5.f6.g7"), Some(6));
    assert_eq!(best("a2.b2.c2.d2.e2"), None);
    // Not in the example: where the first runs are as long, the second decides, and no prefix makes way for a wildcard.
    assert_eq!(
        index.without(Wildcard, "a1.b2..d4.e5..g7").best("a1.b2.c88.d4.e5.f6.g7"),
        Some((Wildcard, &7))
    );
    assert_eq!(index.with(Wildcard, "a1.b2.c3.d98.", 8).best("a1.b2.c3.d98.e74"), Some((Prefix, &2)));
}

/// What the index should hold, and every question to it answered by looking at all of it.
#[derive(Clone, Default)]
struct Naive(BTreeMap<(u8, String), u32>);

impl Naive {
    fn key(policy: Match, pattern: &str) -> (u8, String) {
        (u8::from(policy == Wildcard), pattern.to_owned())
    }

    fn all(&self) -> Vec<(Match, String, u32)> {
        let policy = |number| if number == 0 { Prefix } else { Wildcard };
        self.0.iter().map(|((number, pattern), value)| (policy(*number), pattern.clone(), *value)).collect()
    }

    /// In the order in which the index promises them.
    fn matching(&self, uri: &str) -> Vec<(Match, u32)> {
        let mut found: Vec<_> =
            self.all().into_iter().filter(|(policy, pattern, _)| matches(*policy, pattern, uri)).collect();
        found.sort_by_key(|(policy, pattern, _)| match policy {
            Wildcard => (1, 0, runs(pattern).into_iter().map(std::cmp::Reverse).collect()),
            _ => (0, pattern.len(), Vec::new()),
        });
        found.into_iter().map(|(policy, _, value)| (policy, value)).collect()
    }

    /// The longest prefix, or else the wildcard with the longest runs.
    fn best(&self, uri: &str) -> Option<(Match, u32)> {
        let found = self.matching(uri);
        let longest = found.iter().rfind(|(policy, _)| *policy == Prefix);
        longest.or(found.first()).copied()
    }

    fn shapes(&self) -> usize {
        let shape = |(number, pattern): &(u8, String)| {
            (*number == 1).then(|| pattern.split('.').map(str::is_empty).collect::<Vec<bool>>())
        };
        self.0.keys().filter_map(shape).collect::<BTreeSet<_>>().len()
    }
}

/// How many components stand before each empty one and after the last of them.
fn runs(pattern: &str) -> Vec<usize> {
    let mut runs = vec![0];
    for component in pattern.split('.') {
        match component {
            "" => runs.push(0),
            _ => *runs.last_mut().unwrap() += 1,
        }
    }
    runs
}

fn assert_same(index: &Index<u32>, naive: &Naive, uri: &str) {
    let mut found = Vec::new();
    index.for_each_match(uri, |policy, value| found.push((policy, *value)));
    assert_eq!(found, naive.matching(uri), "what matches {uri:?} in {index:?}");
    let best = index.best(uri).map(|(policy, value)| (policy, *value));
    assert_eq!(best, naive.best(uri), "what wins for {uri:?} in {index:?}");
    assert_eq!(index.len(), naive.0.len());
    assert_eq!(index.is_empty(), naive.0.is_empty());
    assert_eq!(index.wildcard_shapes(), naive.shapes());
}

/// Few octets, so that patterns often meet; two of the characters share their first octet.
const URI: &str = "[ab.éè]{0,8}|[ab](\\.[ab]){0,4}";
const PATTERN: &str = "[ab.éè]{0,6}|[ab]?(\\.[ab]?){0,4}";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn every_version_finds_what_the_definition_says(
        changes in vec((any::<bool>(), 0..4_u8, PATTERN), 0..60),
        uris in vec(URI, 1..20),
    ) {
        let (mut index, mut naive) = (Index::new(), Naive::default());
        let mut versions = vec![(index.clone(), naive.clone())];
        for (number, (wildcard, what, pattern)) in changes.iter().enumerate() {
            let policy = if *wildcard { Wildcard } else { Prefix };
            let key = Naive::key(policy, pattern);
            prop_assert_eq!(index.get(policy, pattern), naive.0.get(&key));
            match what {
                0 => {
                    index = index.without(policy, pattern);
                    naive.0.remove(&key);
                }
                _ => {
                    let adds = index.adds_wildcard_shape(pattern);
                    let shapes = index.wildcard_shapes();
                    index = index.with(policy, pattern, number as u32);
                    prop_assert_eq!(index.wildcard_shapes() > shapes, adds && *wildcard);
                    naive.0.insert(key.clone(), number as u32);
                }
            }
            prop_assert_eq!(index.get(policy, pattern), naive.0.get(&key));
            versions.push((index.clone(), naive.clone()));
        }
        for (index, naive) in &versions {
            let all: Vec<_> = index.iter().map(|(policy, pattern, value)| (policy, pattern, *value)).collect();
            prop_assert_eq!(all, naive.all());
            for uri in &uris {
                assert_same(index, naive, uri);
            }
        }
    }

    /// What has been in an index leaves nothing behind, so that what it takes depends on what it holds.
    #[test]
    fn the_same_patterns_make_the_same_index(kept in vec(PATTERN, 0..20), gone in vec(PATTERN, 0..20)) {
        let put = |index: Index<()>, pattern: &String| {
            index.with(Prefix, pattern, ()).with(Wildcard, pattern, ())
        };
        let expected = kept.iter().fold(Index::new(), put);
        let both = kept.iter().chain(&gone).fold(Index::new(), put);
        let left = gone.iter().filter(|pattern| !kept.contains(pattern)).fold(both, |index, pattern| {
            index.without(Wildcard, pattern).without(Prefix, pattern)
        });
        // The debug output shows every node and edge.
        prop_assert_eq!(format!("{left:?}"), format!("{expected:?}"));
    }
}
