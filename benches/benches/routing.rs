//! The routing core by itself: fan-out, calls and topic lookup, with null transports in place of clients and sockets.
//!
//! ```text
//!   feed ── frames ──> Router: scan, route, encode, outbox ──> Sink that counts (and answers INVOCATIONs)
//! ```

#![allow(clippy::unwrap_used, reason = "a benchmark that can't go on fails")]

use std::sync::Arc;

use bytes::Bytes;
use crossway_benches::null::{Bench, Frames, Peer};
use crossway_msgpack::MessagePack;
use divan::Bencher;
use divan::counter::ItemsCount;

fn main() {
    divan::main();
}

/// Messages that the router finds in one read.
const BATCH: usize = 64;

/// Calls of one caller that are under way at a time.
const CALLS: usize = 512;

/// One publisher, many subscribers; items are deliveries.
#[divan::bench(args = [1, 10, 100, 1000])]
fn fan_out(bencher: Bencher, subscribers: usize) {
    fan_out_to(bencher, subscribers, Frames::Shared);
}

/// The same over transports that take every event by itself.
#[divan::bench(args = [100])]
fn fan_out_one_by_one(bencher: Bencher, subscribers: usize) {
    fan_out_to(bencher, subscribers, Frames::OneByOne);
}

fn fan_out_to(bencher: Bencher, subscribers: usize, frames: Frames) {
    let bench = Bench::new(0);
    for _ in 0..subscribers {
        bench.join_with(Arc::new(MessagePack), frames).subscribe(&bench, "com.example.topic");
    }
    let publisher = bench.join();
    let frames = vec![publisher.publish("com.example.topic"); BATCH];
    let items = BATCH * subscribers;
    bencher.counter(ItemsCount::new(items)).bench_local(|| bench.deliver(items, || publisher.feed(&frames)));
}

/// The same, every subscriber with one of three serializers in turn.
#[divan::bench(args = [1000])]
fn fan_out_three_serializers(bencher: Bencher, subscribers: usize) {
    let bench = Bench::new(0);
    for number in 0..subscribers {
        bench.join_speaking(number).subscribe(&bench, "com.example.topic");
    }
    let publisher = bench.join();
    let frames = vec![publisher.publish("com.example.topic"); BATCH];
    let items = BATCH * subscribers;
    bencher.counter(ItemsCount::new(items)).bench_local(|| bench.deliver(items, || publisher.feed(&frames)));
}

/// CALL, INVOCATION, YIELD, RESULT; items are calls. Pairs of caller and callee share a realm.
#[divan::bench(args = [1, 2, 4])]
fn call(bencher: Bencher, pairs: usize) {
    calls(bencher, Bench::new(0), pairs);
}

/// As `call`, on as many threads as there are cores.
#[divan::bench(args = [1, 2, 4])]
fn call_on_all_cores(bencher: Bencher, pairs: usize) {
    let cores = std::thread::available_parallelism().unwrap().get();
    calls(bencher, Bench::new(cores), pairs);
}

fn calls(bencher: Bencher, bench: Bench, pairs: usize) {
    let callers: Vec<(Peer, String)> = (0..pairs)
        .map(|pair| {
            let procedure = format!("com.example.procedure{pair}");
            bench.join().register(&bench, &procedure);
            (bench.join(), procedure)
        })
        .collect();
    let batch = || callers.iter().map(|(caller, name)| (0..CALLS).map(|_| caller.call(name)).collect());
    // Each call makes one delivery for the INVOCATION and one for the RESULT.
    let deliveries = 2 * CALLS * pairs;
    let bencher = bencher.counter(ItemsCount::new(CALLS * pairs)).with_inputs(|| batch().collect());
    bencher.bench_local_values(|batches: Vec<Vec<Bytes>>| {
        bench.deliver(deliveries, || {
            for ((caller, _), frames) in callers.iter().zip(&batches) {
                caller.feed(frames);
            }
        });
    });
}

/// `match`: one subscriber for each of many topics, events for all of them in turn; items are events.
#[divan::bench(args = [10, 1_000, 100_000])]
fn lookup(bencher: Bencher, topics: usize) {
    let bench = Bench::new(0);
    let (subscriber, publisher) = (bench.join(), bench.join());
    let name =
        |number: usize| format!("com.example.building{}.floor{}.sensor{number}", number % 7, number % 31);
    for number in 0..topics {
        subscriber.subscribe(&bench, &name(number));
    }
    // A stride that is prime to every count visits all topics in no order that a cache could guess.
    let frames: Vec<_> =
        (0..topics.max(BATCH)).map(|n| publisher.publish(&name(n * 7919 % topics))).collect();
    let mut next = frames.chunks_exact(BATCH).cycle();
    bencher.counter(ItemsCount::new(BATCH)).bench_local(|| {
        let frames = next.next().unwrap();
        bench.deliver(BATCH, || publisher.feed(frames));
    });
}
