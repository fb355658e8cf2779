//! The routing core between null transports.

use std::sync::Arc;

use bytes::Bytes;
use crossway_benches::null::{Bench, Frames, Peer};
use crossway_benches::permissions::{Forgetful, PROCEDURE, TOPIC, permissions};
use crossway_core::MetaApi;
use crossway_core::authorization::Replaceable;
use crossway_core::serializer::Serializer;
use crossway_json::Json;
use crossway_msgpack::MessagePack;

use crate::{BATCH, Case};

pub(crate) const CASES: [Case; 15] = [
    Case { name: "join-and-leave", count: 1000, run: join_and_leave },
    Case { name: "join-10000-others", count: 1000, run: |count| join_others(count, MetaApi::Full, &[]) },
    Case {
        name: "join-10000-others-no-meta-api",
        count: 1000,
        run: |count| join_others(count, MetaApi::Off, &[]),
    },
    Case {
        name: "join-10000-others-one-listens",
        count: 1000,
        run: |count| join_others(count, MetaApi::Full, &["wamp.session.on_join"]),
    },
    Case { name: "call", count: 64 * BATCH, run: |count| call(count, BATCH) },
    Case { name: "call-alone", count: 16 * BATCH, run: |count| call(count, 1) },
    Case { name: "call-authorized", count: 64 * BATCH, run: |count| call_in(count, BATCH, authorized()) },
    Case { name: "call-authorized-anew", count: 64 * BATCH, run: |count| call_in(count, BATCH, anew()) },
    Case {
        name: "publish-to-1-authorized",
        count: 64 * BATCH,
        run: |count| publish_in(count, 1, receiver, authorized()),
    },
    Case {
        name: "publish-to-1-authorized-anew",
        count: 64 * BATCH,
        run: |count| publish_in(count, 1, receiver, anew()),
    },
    Case { name: "publish-to-1", count: 64 * BATCH, run: |count| publish(count, 1, receiver) },
    Case { name: "publish-to-10", count: 64 * BATCH, run: |count| publish(count, 10, receiver) },
    Case { name: "publish-to-100", count: 64 * BATCH, run: |count| publish(count, 100, receiver) },
    Case {
        name: "publish-to-100-one-by-one",
        count: 4 * BATCH,
        run: |count| publish(count, 100, one_by_one),
    },
    Case {
        name: "publish-to-100-msgpack-to-json",
        count: 64 * BATCH,
        run: |count| publish(count, 100, in_json),
    },
];

/// Permissions of the role that everybody has, in those cases.
const PERMISSIONS: usize = 1000;

/// A realm with permissions that can be replaced, as those of a configuration, where sessions remember decisions.
fn authorized() -> Bench {
    let replaceable = || Replaceable::new(Arc::new(permissions(PERMISSIONS)));
    Bench::with_realm(0, |realm| realm.authorizer(Arc::new(replaceable())))
}

/// The same, but every message is decided about anew.
fn anew() -> Bench {
    Bench::with_realm(0, |realm| realm.authorizer(Arc::new(Forgetful(permissions(PERMISSIONS)))))
}

fn receiver(bench: &Bench) -> Peer {
    bench.join()
}

fn one_by_one(bench: &Bench) -> Peer {
    bench.join_with(Arc::new(MessagePack), Frames::OneByOne)
}

fn in_json(bench: &Bench) -> Peer {
    let json: Arc<dyn Serializer> = Arc::new(Json);
    bench.join_with(json, Frames::Shared)
}

/// An operation is a connection: HELLO, WELCOME, and the end of the connection.
fn join_and_leave(count: usize) {
    let bench = Bench::new(0);
    for _ in 0..count {
        bench.join().hang_up();
        bench.empty();
    }
}

/// Sessions that are in the realm already.
const OTHERS: usize = 10_000;

/// An operation is a session that joins 10,000 others and stays: HELLO and WELCOME. The first of them listens to `topics`.
fn join_others(count: usize, meta: MetaApi, topics: &[&str]) {
    let bench = Bench::with_meta_api(0, meta);
    let first = bench.join();
    (1..OTHERS).for_each(|_| drop(bench.join()));
    topics.iter().for_each(|topic| first.subscribe(&bench, topic));
    for _ in 0..count {
        bench.deliver(1 + topics.len(), || drop(bench.join()));
    }
    // Nobody leaves: that would count as well.
    std::mem::forget(bench);
}

/// An operation is a call: CALL, INVOCATION, YIELD and RESULT, and what the transport of the callee takes to answer. So
/// many of them are under way at a time.
fn call(count: usize, window: usize) {
    call_in(count, window, Bench::new(0));
}

fn call_in(count: usize, window: usize, bench: Bench) {
    bench.join().register(&bench, PROCEDURE);
    let caller = bench.join();
    // All are answered before one of their ids is used again.
    let calls: Vec<Bytes> = (0..window).map(|_| caller.call(PROCEDURE)).collect();
    for _ in 0..count / window {
        bench.deliver(2 * window, || caller.feed(&calls));
    }
}

/// An operation is a publication, delivered to all subscribers.
fn publish(count: usize, subscribers: usize, join: fn(&Bench) -> Peer) {
    publish_in(count, subscribers, join, Bench::new(0));
}

fn publish_in(count: usize, subscribers: usize, join: fn(&Bench) -> Peer, bench: Bench) {
    for _ in 0..subscribers {
        join(&bench).subscribe(&bench, TOPIC);
    }
    let publisher = bench.join();
    let publications = vec![publisher.publish(TOPIC); BATCH];
    for _ in 0..count / BATCH {
        bench.deliver(BATCH * subscribers, || publisher.feed(&publications));
    }
}
