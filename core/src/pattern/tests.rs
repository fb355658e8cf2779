//! The index beside the definition.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::vec;
use proptest::prelude::*;

use super::map::Map;
use super::{Index, matches};
use crate::message::Match::{self, Exact, Prefix, Wildcard};

// covers: PS-PAT-02, RPC-PAT-02
#[test]
fn a_prefix_is_one_of_strings_and_not_of_components() {
    assert!(matches(Prefix, "com.myapp.topic.emergency", "com.myapp.topic.emergency.11"));
    assert!(matches(Prefix, "com.myapp.topic.emergency", "com.myapp.topic.emergency-low"));
    assert!(matches(Prefix, "com.myapp.topic.emergency", "com.myapp.topic.emergency"));
    assert!(!matches(Prefix, "com.myapp.topic.emergency", "com.myapp.topic.emerge"));
    assert!(matches(Prefix, "", "com"));
}

// covers: PS-PAT-03, PS-PAT-04, RPC-PAT-04
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
// covers: RPC-PAT-03, RPC-PAT-05, RPC-PAT-07, RPC-PAT-08, RPC-PAT-10, RPC-PAT-11, RPC-PAT-15
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

#[test]
fn deep_trees_take_no_deep_stack() {
    let deep = || {
        let uri = "a.".repeat(750);
        let prefixes = (0..uri.len()).fold(Index::new(), |index, end| index.with(Prefix, &uri[..end], end));
        let mut expected = 0..uri.len();
        prefixes.for_each_match(&uri, |_, end| assert_eq!(Some(*end), expected.next()));
        assert_eq!(expected.next(), None);
        assert_eq!(prefixes.iter().count(), uri.len());
        let fewer = prefixes.without(Prefix, &uri[..uri.len() - 1]);
        drop(prefixes);
        assert_eq!(fewer.best(&uri), Some((Prefix, &(uri.len() - 2))));
    };
    // Far less than a call for each of 1500 nodes would need.
    std::thread::Builder::new().stack_size(64 << 10).spawn(deep).unwrap().join().unwrap();
}

#[test]
fn a_uri_may_have_any_number_of_components() {
    let uri = "a.".repeat(9_999) + "a";
    let half = uri.replacen("a.", ".", 5_000);
    let index =
        Index::new().with(Wildcard, &half, 1).with(Wildcard, &uri, 2).with(Wildcard, &".".repeat(9_999), 3);
    let mut found = Vec::new();
    index.for_each_match(&uri, |_, value| found.push(*value));
    assert_eq!(found, [2, 1, 3]);
    assert_eq!(index.best(&uri[2..]), None);
}

/// The only policy that no index keeps.
#[test]
#[cfg(not(debug_assertions))]
fn exact_patterns_are_never_there() {
    let index = Index::new().with(Exact, "a", 1).without(Exact, "a");
    assert!(index.is_empty() && index.get(Exact, "a").is_none());
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
    #![proptest_config(ProptestConfig::with_cases(200))]

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
            let mut all: Vec<_> = index.iter().map(|(policy, pattern, value)| (policy, pattern, *value)).collect();
            all.sort_by_key(|(policy, pattern, _)| Naive::key(*policy, pattern));
            prop_assert_eq!(all, naive.all());
            for uri in &uris {
                assert_same(index, naive, uri);
            }
        }
    }

    /// Hashes of which many are equal, or equal but for their last bits.
    #[test]
    fn keys_whose_hashes_meet_are_told_apart(
        changes in vec((any::<bool>(), 0..4_u64, 0..64_u32, "[a-c]"), 0..60),
    ) {
        let hash = |low: u64, digit: u32| low << digit;
        let (mut map, mut naive) = (Map::default(), BTreeMap::new());
        let mut versions = vec![(map.clone(), naive.clone())];
        for (number, (put, low, digit, key)) in changes.iter().enumerate() {
            let hash = hash(*low, *digit);
            // The same key has one hash, so the hash is made part of it.
            let key = format!("{key}{hash}");
            if *put {
                map = map.with(hash, &key, number);
                naive.insert((hash, key), number);
            } else {
                map = map.without(hash, &key);
                naive.remove(&(hash, key));
            }
            versions.push((map.clone(), naive.clone()));
        }
        for (map, naive) in &versions {
            prop_assert_eq!(map.len(), naive.len());
            for ((hash, key), number) in naive {
                prop_assert_eq!(map.find(*hash, |theirs| theirs == key), Some(number));
                prop_assert_eq!(map.find(*hash, |theirs| theirs == "b"), None);
            }
            let all: BTreeMap<_, _> = map.iter().collect();
            let expected: BTreeMap<_, _> = naive.iter().map(|((_, key), number)| (key.as_str(), number)).collect();
            prop_assert_eq!(all, expected);
        }
    }

    /// What has been in an index leaves nothing behind, so that what it takes depends on what it holds.
    #[test]
    fn the_same_patterns_make_the_same_index(kept in vec(PATTERN, 0..20), gone in vec(PATTERN, 0..20)) {
        let put = |index: Index<()>, pattern: &String| {
            index.with(Prefix, pattern, ()).with(Wildcard, pattern, ())
        };
        // The seed of its hashes is part of an index.
        let empty = Index::new();
        let expected = kept.iter().fold(empty.clone(), put);
        let both = kept.iter().chain(&gone).fold(empty, put);
        let left = gone.iter().filter(|pattern| !kept.contains(pattern)).fold(both, |index, pattern| {
            index.without(Wildcard, pattern).without(Prefix, pattern)
        });
        // The debug output shows every node and edge.
        prop_assert_eq!(format!("{left:?}"), format!("{expected:?}"));
    }
}
