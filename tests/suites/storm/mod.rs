//! Callers and callees that do whatever they like, all at once and over all carriers.
//!
//! ```text
//!   seed ──┬─> callers: call, go on, cancel, leave          ──┐
//!          │                                                  ├── one realm
//!          └─> callees: answer, decline, keep silent, leave ──┘
//! ```
//!
//! Nobody knows what happens when. What has to hold all the same:
//!
//! * every call has one final answer, the one to its own arguments, and nothing follows it;
//! * progressive results come in order, and only where they were asked for;
//! * invocation ids are 1, 2, 3, ...; nothing of an invocation follows INTERRUPT or its last message, and there is one INTERRUPT;
//! * nobody is aborted, and when all is over the router knows of no call any more.
//!
//! `CROSSWAY_STORM_SEED=17` runs one seed, `CROSSWAY_STORM_SEEDS=500` the first so many.

mod callee;
mod caller;

use std::sync::atomic::{AtomicU8, Ordering};

use crossway_tests::{Link, Peer, Plan, Random, TestRouter, on_threads};
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::sync::Barrier;

/// A procedure, and how it is registered.
const PROCEDURES: [(&str, &str); 6] = [
    ("storm.round", r#"{"invoke": "roundrobin", "concurrency": 2}"#),
    ("storm.first", r#"{"invoke": "first"}"#),
    ("storm.random", r#"{"invoke": "random"}"#),
    ("storm.single", "{}"),
    ("storm.least", r#"{"invoke": "least_pending", "concurrency": 5, "_timeout": 40}"#),
    ("storm.prefix.", r#"{"invoke": "last", "match": "prefix", "forward_timeout": true}"#),
];

const CALLERS: u64 = 4;
const CALLEES: u64 = 4;
const SEEDS: u64 = 4;

/// Everybody does what they like.
const BLOWS: u8 = 0;
/// Callees answer at once, and stay.
const CALM: u8 = 1;
/// Callees go home.
const OVER: u8 = 2;
/// Where it is told.
const WEATHER: &str = "storm.weather";

/// What everybody knows.
struct Storm<'a> {
    router: &'a TestRouter,
    /// [`BLOWS`], [`CALM`] or [`OVER`]; changes are told to subscribers of [`WEATHER`] as well.
    weather: AtomicU8,
    /// All callers have done what they wanted.
    lull: Barrier,
}

impl Storm<'_> {
    /// A peer over one of the carriers.
    async fn join(&self, random: &mut Random, roles: Value) -> Peer {
        let links: Vec<Link> = Link::all().collect();
        let link = *random.pick(&links).expect("some links");
        Peer::join_as(self.router, link, "realm1", roles).await
    }

    async fn turn(&self, teller: &mut Peer, weather: u8) {
        self.weather.store(weather, Ordering::SeqCst);
        teller.publish_acknowledged(WEATHER, json!([weather])).await;
    }

    /// Waits for the callers, lets the callees finish, and sends them home.
    async fn end(&self, callers: impl Future<Output = ()>) {
        let mut teller = Peer::join(self.router, Link::DEFAULT).await;
        let calming = async {
            self.lull.wait().await;
            self.turn(&mut teller, CALM).await;
        };
        tokio::join!(calming, callers);
        self.turn(&mut teller, OVER).await;
    }
}

async fn storm(router: &TestRouter, seed: u64) {
    let mut random = Random::new(seed);
    let parties = usize::try_from(CALLERS + 1).expect("few");
    let storm = Storm { router, weather: AtomicU8::new(BLOWS), lull: Barrier::new(parties) };
    let seeds: Vec<u64> = (0..CALLERS + CALLEES).map(|_| random.next()).collect();
    let (callers, callees) = seeds.split_at(usize::try_from(CALLERS).expect("few"));
    let callees = callees.iter().map(|seed| callee::run(&storm, *seed));
    let callers = (1..).zip(callers).map(|(number, seed)| caller::run(&storm, number, *seed));
    let callers = async { drop(join_all(callers).await) };
    tokio::join!(storm.end(callers), join_all(callees));
}

/// Says which seed it was when a test fails.
struct Seed(u64);

impl Drop for Seed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("this was CROSSWAY_STORM_SEED={}", self.0);
        }
    }
}

fn variable(name: &str) -> Option<u64> {
    let value = std::env::var(name).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{name} has to be a number")))
}

// covers: RPC-09, RPC-10, RPC-13, RPC-14, RPC-PROG-05, RPC-PROG-13, RPC-PINV-02, RPC-PINV-14, RPC-TMO-07, RPC-CANCEL-08, RPC-REROUTE-07, MSG-24, ORD-08
#[test]
fn whatever_happens_every_call_has_one_answer() {
    let seeds = match variable("CROSSWAY_STORM_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..variable("CROSSWAY_STORM_SEEDS").unwrap_or(SEEDS),
    };
    for seed in seeds {
        let name = Seed(seed);
        on_threads(Plan::default(), async |router| storm(router, seed).await);
        drop(name);
    }
}
