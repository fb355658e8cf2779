//! What authorization costs: calls and publications in a realm with and without permissions, and the decisions alone.
//!
//! ```text
//!   open         no authorizer
//!   remembered   permissions; the session asked once
//!   anew         the same permissions, asked for every message
//!   replaceable  remembered permissions that can be replaced, as those of a configuration can
//!   slow         an authorizer that needs a turn of the runtime for an answer; remembered or not
//! ```

#![allow(clippy::unwrap_used, reason = "a benchmark that can't go on fails")]

use std::hint::black_box;
use std::sync::Arc;

use bytes::Bytes;
use crossway_benches::null::{Bench, Peer};
use crossway_benches::permissions::{Forgetful, PROCEDURE, Slow, TOPIC, permissions, uri};
use crossway_core::authorization::{Action, Authorizer, Replaceable};
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

/// What sessions do; items are calls or events.
trait Work {
    /// Messages that come out for each.
    const DELIVERIES: usize;
    /// Prepares a router, and returns who does it so often with the messages for that.
    fn prepare(bench: &Bench) -> (Peer, Vec<Bytes>);
}

/// CALL, INVOCATION, YIELD, RESULT.
struct Call;

impl Work for Call {
    const DELIVERIES: usize = 2;

    fn prepare(bench: &Bench) -> (Peer, Vec<Bytes>) {
        bench.join().register(bench, PROCEDURE);
        let caller = bench.join();
        // All are answered before one of their ids is used again.
        let calls = (0..BATCH).map(|_| caller.call(PROCEDURE)).collect();
        (caller, calls)
    }
}

/// PUBLISH and EVENT for one subscriber.
struct Publish;

impl Work for Publish {
    const DELIVERIES: usize = 1;

    fn prepare(bench: &Bench) -> (Peer, Vec<Bytes>) {
        bench.join().subscribe(bench, TOPIC);
        let publisher = bench.join();
        let frames = vec![publisher.publish(TOPIC); BATCH];
        (publisher, frames)
    }
}

fn run<W: Work>(bencher: Bencher, bench: Bench) {
    let (peer, frames) = W::prepare(&bench);
    let deliveries = W::DELIVERIES * BATCH;
    bencher.counter(ItemsCount::new(BATCH)).bench_local(|| bench.deliver(deliveries, || peer.feed(&frames)));
}

#[divan::bench(types = [Call, Publish])]
fn open<W: Work>(bencher: Bencher) {
    run::<W>(bencher, Bench::new(0));
}

#[divan::bench(types = [Call, Publish], args = SIZES)]
fn remembered<W: Work>(bencher: Bencher, size: usize) {
    run::<W>(bencher, with(permissions(size)));
}

#[divan::bench(types = [Call, Publish], args = SIZES)]
fn anew<W: Work>(bencher: Bencher, size: usize) {
    run::<W>(bencher, with(Forgetful(permissions(size))));
}

#[divan::bench(types = [Call, Publish], args = SIZES)]
fn replaceable<W: Work>(bencher: Bencher, size: usize) {
    run::<W>(bencher, with(Replaceable::new(Arc::new(permissions(size)))));
}

#[divan::bench(types = [Call, Publish], args = [false, true])]
fn slow<W: Work>(bencher: Bencher, remembered: bool) {
    run::<W>(bencher, with(Slow(remembered)));
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
