//! What authorization costs: calls and publications in a realm with and without permissions, and the decisions alone.
//!
//! ```text
//!   open         no authorizer
//!   remembered   permissions; the session asked once
//!   anew         the same permissions, asked for every message
//!   slow         an authorizer that needs a turn of the runtime for an answer; remembered or not
//! ```

#![allow(clippy::unwrap_used, reason = "a benchmark that can't go on fails")]

use std::hint::black_box;
use std::sync::Arc;

use bytes::Bytes;
use crossway_benches::null::Bench;
use crossway_benches::permissions::{Forgetful, PROCEDURE, Slow, TOPIC, permissions, uri};
use crossway_core::authorization::{Action, Authorizer};
use crossway_core::message::Match;
use divan::Bencher;
use divan::counter::ItemsCount;

fn main() {
    divan::main();
}

const SIZES: [usize; 3] = [10, 1_000, 100_000];

/// Messages that the router finds in one read.
const BATCH: usize = 64;

fn with(authorizer: impl Authorizer) -> Bench {
    Bench::with_realm(0, |realm| realm.authorizer(Arc::new(authorizer)))
}

/// CALL, INVOCATION, YIELD, RESULT; items are calls.
mod call {
    use super::*;

    #[divan::bench]
    fn open(bencher: Bencher) {
        run(bencher, Bench::new(0));
    }

    #[divan::bench(args = SIZES)]
    fn remembered(bencher: Bencher, size: usize) {
        run(bencher, with(permissions(size)));
    }

    #[divan::bench(args = SIZES)]
    fn anew(bencher: Bencher, size: usize) {
        run(bencher, with(Forgetful(permissions(size))));
    }

    #[divan::bench(args = [false, true])]
    fn slow(bencher: Bencher, remembered: bool) {
        run(bencher, with(Slow(remembered)));
    }

    fn run(bencher: Bencher, bench: Bench) {
        bench.join().register(&bench, PROCEDURE);
        let caller = bench.join();
        // All are answered before one of their ids is used again.
        let calls: Vec<Bytes> = (0..BATCH).map(|_| caller.call(PROCEDURE)).collect();
        bencher
            .counter(ItemsCount::new(BATCH))
            .bench_local(|| bench.deliver(2 * BATCH, || caller.feed(&calls)));
    }
}

/// PUBLISH and EVENT for one subscriber; items are events.
mod publish {
    use super::*;

    #[divan::bench]
    fn open(bencher: Bencher) {
        run(bencher, Bench::new(0));
    }

    #[divan::bench(args = SIZES)]
    fn remembered(bencher: Bencher, size: usize) {
        run(bencher, with(permissions(size)));
    }

    #[divan::bench(args = SIZES)]
    fn anew(bencher: Bencher, size: usize) {
        run(bencher, with(Forgetful(permissions(size))));
    }

    #[divan::bench(args = [false, true])]
    fn slow(bencher: Bencher, remembered: bool) {
        run(bencher, with(Slow(remembered)));
    }

    fn run(bencher: Bencher, bench: Bench) {
        bench.join().subscribe(&bench, TOPIC);
        let publisher = bench.join();
        let frames = vec![publisher.publish(TOPIC); BATCH];
        bencher
            .counter(ItemsCount::new(BATCH))
            .bench_local(|| bench.deliver(BATCH, || publisher.feed(&frames)));
    }
}

/// Decisions about URIs that are all different; items are decisions.
#[divan::bench(args = SIZES)]
fn decide(bencher: Bencher, size: usize) {
    let permissions = permissions(size);
    let uris: Vec<String> = (0..4096).map(|n| uri(n * 7919 % size)).collect();
    bencher.counter(ItemsCount::new(uris.len())).bench_local(|| {
        for uri in &uris {
            black_box(permissions.explain("anonymous", Action::Publish, Match::Exact, black_box(uri)));
        }
    });
}

/// Decisions about a pattern, which the prefix covers; items are decisions.
#[divan::bench(args = SIZES)]
fn decide_pattern(bencher: Bencher, size: usize) {
    let permissions = permissions(size);
    bencher.counter(ItemsCount::new(1_usize)).bench_local(|| {
        let asked = black_box("com.example.plant7.");
        black_box(permissions.explain("anonymous", Action::Subscribe, Match::Prefix, asked));
    });
}
