//! Prefix and wildcard patterns by how many there are, beside a hash map of as many exact URIs.
//!
//! ```text
//!   com.example.plant7.line3.sensor4711.temperature      a URI; as many sensors as patterns
//!   com.example.plant7.line3.sensor4711.                 prefix
//!   com.example..line3.sensor4711.temperature            wildcards, of four shapes
//!   com.example.plant7..sensor4711.temperature
//!   com.example.plant7.line3.sensor4711.
//!   com.example.plant7..sensor4711.
//! ```

#![allow(clippy::unwrap_used, reason = "a benchmark that can't go on fails")]

use std::hint::black_box;
use std::sync::Arc;

use crossway_core::message::Match;
use crossway_core::pattern::Index;
use divan::Bencher;
use divan::counter::ItemsCount;
use hashbrown::DefaultHashBuilder;

fn main() {
    divan::main();
    if std::env::args().any(|argument| argument == "memory") {
        memory();
    }
}

/// What a pattern takes of the process, without its value, which the index only refers to.
#[allow(clippy::print_stdout, reason = "a program prints")]
fn memory() {
    let resident = || {
        let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
        pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
    };
    let value = Arc::new(0);
    for (name, pattern) in [("prefix", prefix as fn(_) -> _), ("wildcard", wildcard)] {
        let before = resident();
        let (mut index, mut octets) = (Index::new(), 0);
        for sensor in 0..1_000_000 {
            let (policy, pattern) = pattern(sensor);
            octets += pattern.len();
            index = index.with(policy, &pattern, Arc::clone(&value));
        }
        let octets = octets / index.len();
        println!(
            "{name}: {} octets for each of a million, of {octets} octets",
            (resident() - before) / index.len()
        );
        std::mem::forget(index);
    }
}

const SIZES: [usize; 4] = [10, 1_000, 100_000, 1_000_000];

/// URIs that are looked up for one sample: as many as fit into no cache together with what they meet.
const LOOKUPS: usize = 4096;

type Patterns = Index<Arc<usize>>;

fn uri(sensor: usize) -> String {
    format!("com.example.plant{}.line{}.sensor{sensor}.temperature", sensor % 50, sensor / 50 % 20)
}

fn prefix(sensor: usize) -> (Match, String) {
    (Match::Prefix, format!("com.example.plant{}.line{}.sensor{sensor}.", sensor % 50, sensor / 50 % 20))
}

fn wildcard(sensor: usize) -> (Match, String) {
    let (plant, line) = (sensor % 50, sensor / 50 % 20);
    let pattern = match sensor / 7 % 4 {
        0 => format!("com.example..line{line}.sensor{sensor}.temperature"),
        1 => format!("com.example.plant{plant}..sensor{sensor}.temperature"),
        2 => format!("com.example.plant{plant}.line{line}.sensor{sensor}."),
        _ => format!("com.example.plant{plant}..sensor{sensor}."),
    };
    (Match::Wildcard, pattern)
}

fn mixed(sensor: usize) -> (Match, String) {
    if sensor.is_multiple_of(2) { prefix(sensor) } else { wildcard(sensor) }
}

fn index(size: usize, pattern: fn(usize) -> (Match, String)) -> Patterns {
    (0..size).fold(Index::new(), |index, sensor| {
        let (policy, pattern) = pattern(sensor);
        index.with(policy, &pattern, Arc::new(sensor))
    })
}

/// Sensors in no order.
fn sensors(size: usize) -> impl Iterator<Item = usize> {
    (1..).map(move |number: usize| number.wrapping_mul(0x9e37_79b9_7f4a_7c15) / 8 % size)
}

fn uris(size: usize) -> Vec<String> {
    sensors(size).take(LOOKUPS).map(uri).collect()
}

fn lookups(bencher: Bencher, uris: &[String], look_up: impl Fn(&str) -> usize) {
    bencher.counter(ItemsCount::new(uris.len())).bench_local(|| {
        for uri in uris {
            black_box(look_up(uri));
        }
    });
}

fn matching(patterns: &Patterns, uri: &str) -> usize {
    let mut sum = 0;
    patterns.for_each_match(uri, |_, sensor| sum += **sensor);
    sum
}

/// What comes before patterns: a map of topics or procedures.
#[divan::bench(args = SIZES)]
fn exact(bencher: Bencher, size: usize) {
    let map = exact_map(size);
    lookups(bencher, &uris(size), |uri| **map.pin().get(uri).unwrap());
}

type Map = papaya::HashMap<Box<str>, Arc<usize>, DefaultHashBuilder>;

fn exact_map(size: usize) -> Map {
    let map = Map::default();
    for sensor in 0..size {
        map.pin().insert(uri(sensor).into(), Arc::new(sensor));
    }
    map
}

/// Every URI matches one pattern.
#[divan::bench(args = SIZES)]
fn match_prefix(bencher: Bencher, size: usize) {
    let patterns = index(size, prefix);
    lookups(bencher, &uris(size), |uri| matching(&patterns, uri));
}

#[divan::bench(args = SIZES)]
fn match_wildcard(bencher: Bencher, size: usize) {
    let patterns = index(size, wildcard);
    lookups(bencher, &uris(size), |uri| matching(&patterns, uri));
}

/// Half of the patterns are prefixes, half wildcards.
#[divan::bench(args = SIZES)]
fn match_mixed(bencher: Bencher, size: usize) {
    let patterns = index(size, mixed);
    lookups(bencher, &uris(size), |uri| matching(&patterns, uri));
}

/// As a call does: first the map, in vain, then the best pattern.
#[divan::bench(args = SIZES)]
fn best_mixed_after_exact(bencher: Bencher, size: usize) {
    let patterns = index(size, mixed);
    let map = exact_map(size);
    let uris: Vec<String> = uris(size).iter().map(|uri| uri.replace("temperature", "pressure")).collect();
    lookups(bencher, &uris, |uri| {
        map.pin()
            .get(uri)
            .map_or_else(|| patterns.best(uri).map_or(0, |(_, sensor)| **sensor), |sensor| **sensor)
    });
}

/// URIs that begin like the patterns and match none.
#[divan::bench(args = SIZES)]
fn match_nothing(bencher: Bencher, size: usize) {
    let patterns = index(size, mixed);
    let uris: Vec<String> = uris(size).iter().map(|uri| uri.replace("sensor", "sensor-")).collect();
    lookups(bencher, &uris, |uri| matching(&patterns, uri));
}

/// One pattern in, while the version before is in use; items are patterns.
#[divan::bench(args = SIZES)]
fn insert_one(bencher: Bencher, size: usize) {
    let patterns = index(size, mixed);
    let mut sensors = sensors(size).map(|sensor| sensor + size);
    let value = Arc::new(0);
    bencher
        .counter(ItemsCount::new(1_usize))
        .with_inputs(|| mixed(sensors.next().unwrap()))
        .bench_local_values(|(policy, pattern)| patterns.with(policy, &pattern, Arc::clone(&value)));
}

/// One pattern out.
#[divan::bench(args = SIZES)]
fn remove_one(bencher: Bencher, size: usize) {
    let patterns = index(size, mixed);
    let mut sensors = sensors(size);
    bencher
        .counter(ItemsCount::new(1_usize))
        .with_inputs(|| mixed(sensors.next().unwrap()))
        .bench_local_values(|(policy, pattern)| patterns.without(policy, &pattern));
}

/// All shapes of ten components, as many as the limit permits: every pattern matches, or by their last component none.
#[divan::bench(args = ["all match", "none matches"])]
fn all_shapes(bencher: Bencher, what: &str) {
    let patterns = all_shapes_ending(if what == "none matches" { "last" } else { "component" });
    let uri = ["component"; 11].join(".");
    bencher.bench_local(|| matching(&patterns, black_box(&uri)));
}

/// One more pattern where there are all these shapes.
#[divan::bench]
fn all_shapes_insert_one(bencher: Bencher) {
    let patterns = all_shapes_ending("component");
    let value = Arc::new(0);
    bencher.bench_local(|| patterns.with(Match::Wildcard, black_box("..........other"), Arc::clone(&value)));
}

fn all_shapes_ending(last: &str) -> Patterns {
    (0..1024_usize).fold(Index::new(), |index, mask| {
        let component = |place: usize| if mask >> place & 1 == 0 { "component." } else { "." };
        let pattern: String = (0..10).map(component).chain([last]).collect();
        index.with(Match::Wildcard, &pattern, Arc::new(mask))
    })
}

/// As many shapes with patterns that are like the URI up to each of its components: half a million of them for the longest.
#[divan::bench(args = [16, 128, 512], sample_count = 10, sample_size = 1)]
fn all_shapes_forking(bencher: Bencher, components: usize) {
    let mut patterns = Patterns::new();
    for mask in 0..1024_usize {
        for fork in 10..components {
            let component = |place: usize| match place {
                0..10 if mask >> place & 1 == 1 => "",
                place if place == fork => "b",
                _ => "a",
            };
            let pattern: Vec<&str> = (0..components).map(component).collect();
            patterns = patterns.with(Match::Wildcard, &pattern.join("."), Arc::new(mask));
        }
    }
    let uri = vec!["a"; components].join(".");
    bencher.bench_local(|| matching(&patterns, black_box(&uri)));
}

/// The dearest lookup we know: 1024 shapes of the longest URI, each with every second component empty.
#[divan::bench(args = [32, 128, 512])]
fn all_shapes_half_empty(bencher: Bencher, components: usize) {
    let patterns: Patterns = (0..1024_usize).fold(Index::new(), |index, mask| {
        let component = |place: usize| match place {
            0..10 if mask >> place & 1 == 1 => "",
            10.. if place % 2 == 1 => "",
            place if place == components - 2 => "b",
            _ => "a",
        };
        let pattern: Vec<&str> = (0..components).map(component).collect();
        index.with(Match::Wildcard, &pattern.join("."), Arc::new(mask))
    });
    let uri = vec!["a"; components].join(".");
    bencher.bench_local(|| matching(&patterns, black_box(&uri)));
}

/// The same for prefixes: a node for each octet of the longest URI, and a value in each of them or none.
#[divan::bench(args = ["all match", "none matches"])]
fn prefixes_of_every_length(bencher: Bencher, what: &str) {
    let uri = "a".repeat(1024);
    let end = if what == "all match" { "" } else { "b" };
    let patterns: Patterns = (0..uri.len()).fold(Index::new(), |index, length| {
        index.with(Match::Prefix, &format!("{}{end}", &uri[..length]), Arc::new(length))
    });
    bencher.bench_local(|| matching(&patterns, black_box(&uri)));
}
