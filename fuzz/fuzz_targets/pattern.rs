//! Patterns put in, taken out and looked up in any order, beside a list that is searched by the definition.
#![no_main]

use crossway_core::message::Match;
use crossway_core::pattern::{Index, matches};
use crossway_core::uri::UriRule;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut data = data;
    let (mut index, mut naive) = (Index::new(), Naive::default());
    let mut versions = Vec::new();
    while let Some((what, text)) = next(&mut data) {
        let policy = if what & 1 == 0 { Match::Prefix } else { Match::Wildcard };
        assert_eq!(index.get(policy, &text).copied(), naive.get(policy, &text));
        checked(&text);
        match what >> 1 & 3 {
            0 | 1 => {
                let shapes = index.wildcard_shapes();
                let adds = index.adds_wildcard_shape(&text);
                index = index.with(policy, &text, data.len());
                naive.put(policy, &text, data.len());
                assert_eq!(index.wildcard_shapes() - shapes, usize::from(adds && policy == Match::Wildcard));
            }
            2 => {
                index = index.without(policy, &text);
                naive.remove(policy, &text);
            }
            _ => look_up(&index, &naive, &text),
        }
        if versions.len() < 8 {
            versions.push((index.clone(), naive.clone(), text));
        }
    }
    versions.push((index, naive, String::new()));
    for (index, naive, text) in versions {
        look_up(&index, &naive, &text);
        let mut all: Vec<_> = index
            .iter()
            .map(|(policy, pattern, value)| (policy == Match::Wildcard, pattern, *value))
            .collect();
        all.sort();
        naive.0.iter().for_each(|(policy, pattern, _)| assert!(index.get(*policy, pattern).is_some()));
        assert_eq!(all.len(), naive.0.len());
        for (wildcard, pattern, value) in all {
            let policy = if wildcard { Match::Wildcard } else { Match::Prefix };
            assert_eq!(naive.get(policy, &pattern), Some(value));
        }
        assert_eq!(index.len(), naive.0.len());
        assert_eq!(index.wildcard_shapes(), naive.shapes());
    }
});

/// What to do, and with which string: of few letters, so that strings often meet, or of any.
fn next(data: &mut &[u8]) -> Option<(u8, String)> {
    let (what, rest) = data.split_first()?;
    let (length, rest) = rest.split_first()?;
    let (octets, rest) = rest.split_at(rest.len().min(usize::from(*length)));
    *data = rest;
    let text = match what & 0x80 {
        0 => octets
            .iter()
            .map(|octet| ['.', '.', 'a', 'b', 'é', 'è', '.', 'a'][usize::from(octet % 8)])
            .collect(),
        _ => String::from_utf8_lossy(octets).into_owned(),
    };
    Some((*what, text))
}

fn look_up(index: &Index<usize>, naive: &Naive, uri: &str) {
    let mut found = Vec::new();
    index.for_each_match(uri, |policy, value| found.push((policy, *value)));
    let expected = naive.matching(uri);
    assert_eq!(found, expected, "what matches {uri:?}");
    let longest = expected.iter().rfind(|(policy, _)| *policy == Match::Prefix);
    let best = longest.or(expected.first()).copied();
    assert_eq!(index.best(uri).map(|(policy, value)| (policy, *value)), best, "what wins for {uri:?}");
}

/// `check_pattern` says of the letters what `check` says, and of empty components what the policy says.
fn checked(text: &str) {
    for rule in [UriRule::Loose, UriRule::Strict] {
        let letters = text.split('.').all(|component| component.is_empty() || rule.check(component).is_ok());
        let last = text.rsplit_once('.').map_or("", |(front, _)| front);
        let full = text.split('.').all(|component| !component.is_empty());
        let ends_full = !text.contains('.') || last.split('.').all(|component| !component.is_empty());
        assert_eq!(rule.check_pattern(Match::Exact, text).is_ok(), letters && full);
        assert_eq!(rule.check_pattern(Match::Prefix, text).is_ok(), letters && ends_full);
        assert_eq!(rule.check_pattern(Match::Wildcard, text).is_ok(), letters);
        assert_eq!(rule.check_pattern(Match::Exact, text), rule.check(text));
    }
}

#[derive(Clone, Default)]
struct Naive(Vec<(Match, String, usize)>);

impl Naive {
    fn get(&self, policy: Match, pattern: &str) -> Option<usize> {
        self.0.iter().find(|known| known.0 == policy && known.1 == pattern).map(|known| known.2)
    }

    fn put(&mut self, policy: Match, pattern: &str, value: usize) {
        self.remove(policy, pattern);
        self.0.push((policy, pattern.to_owned(), value));
    }

    fn remove(&mut self, policy: Match, pattern: &str) {
        self.0.retain(|known| known.0 != policy || known.1 != pattern);
    }

    /// Prefixes, the shortest first; then wildcards, those with longer runs of components first.
    fn matching(&self, uri: &str) -> Vec<(Match, usize)> {
        let mut found: Vec<_> = self.0.iter().filter(|known| matches(known.0, &known.1, uri)).collect();
        found.sort_by_key(|(policy, pattern, _)| match policy {
            Match::Wildcard => (1, 0, runs(pattern)),
            _ => (0, pattern.len(), Vec::new()),
        });
        found.into_iter().map(|(policy, _, value)| (*policy, *value)).collect()
    }

    fn shapes(&self) -> usize {
        let wildcards = self.0.iter().filter(|known| known.0 == Match::Wildcard);
        let shape = |pattern: &str| pattern.split('.').map(str::is_empty).collect::<Vec<bool>>();
        wildcards.map(|known| shape(&known.1)).collect::<std::collections::BTreeSet<_>>().len()
    }
}

/// How many components stand before each empty one and after the last of them, negative.
fn runs(pattern: &str) -> Vec<isize> {
    let mut runs = vec![0];
    for component in pattern.split('.') {
        match (component, runs.last_mut()) {
            ("", _) | (_, None) => runs.push(0),
            (_, Some(run)) => *run -= 1,
        }
    }
    runs
}
