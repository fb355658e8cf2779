//! An authorizer that decides now or whenever it likes: every request has its answer, and every stream its order.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use crossway_core::authorization::{Answer, Authorizer, Decision, Request};
use crossway_tests::{Link, Peer, Random, on_threads};
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::plan;
use crate::users::log_in;

const ROUNDS: u64 = 60;

/// Decides by the last octet of the URI, and takes as long as chance will have it.
struct Whim(Mutex<Random>);

impl Whim {
    fn new(seed: u64) -> Self {
        Whim(Mutex::new(Random::new(seed)))
    }
}

impl Authorizer for Whim {
    fn authorize(&self, request: &Request<'_>) -> Answer {
        let decision = match request.uri.as_bytes().last() {
            Some(b'0'..=b'5') => Decision::allowed().cached(),
            Some(b'6' | b'7') => Decision::denied(),
            Some(b'8') => Decision::failed("on a whim"),
            _ => Decision::allowed(),
        };
        let (how, long) = {
            let mut chance = self.0.lock().expect("nothing panics with the lock held");
            (chance.below(4), chance.below(500))
        };
        match how {
            0 => Answer::Now(decision),
            1 => Answer::later(async { decision }),
            2 => Answer::later(async {
                tokio::task::yield_now().await;
                decision
            }),
            _ => Answer::later(async move {
                tokio::time::sleep(Duration::from_micros(long)).await;
                decision
            }),
        }
    }
}

/// What becomes of a request about a URI that ends in this digit.
fn fate(digit: u64, done: &'static str) -> &'static str {
    match digit {
        6 | 7 => "wamp.error.not_authorized",
        8 => "wamp.error.authorization_failed",
        _ => done,
    }
}

/// Publishes and calls without waiting; the answers have to come in order of the requests.
async fn chatter(peer: &mut Peer, seed: u64, name: u64) {
    let mut random = Random::new(seed);
    let mut expected = Vec::new();
    for n in 0..ROUNDS {
        let digit = random.below(10);
        let request = peer.request();
        if random.below(2) == 0 {
            let topic = format!("storm.t{digit}");
            peer.send(json!([16, request, {"acknowledge": true}, topic, [name, n]])).await;
            expected.push((request, fate(digit, "")));
        } else {
            peer.send(json!([48, request, {}, format!("storm.p{digit}")])).await;
            expected.push((request, fate(digit, "wamp.error.no_such_procedure")));
        }
    }
    for (request, error) in expected {
        let answer = peer.receive().await;
        match answer[0].as_u64() {
            Some(17) => assert_eq!((answer[1].as_u64(), ""), (Some(request), error), "{answer}"),
            _ => {
                assert_eq!((answer[2].as_u64(), answer[4].as_str()), (Some(request), Some(error)), "{answer}")
            }
        }
    }
}

/// What one publisher has said arrives in the order in which it was said.
fn in_order(events: &[Value]) {
    let mut last = HashMap::new();
    for event in events {
        let (name, n) = (event[4][0].as_u64().expect("a name"), event[4][1].as_u64().expect("a number"));
        let before = last.insert(name, n);
        assert!(before.is_none_or(|before| before < n), "{event} after {before:?}");
    }
}

// covers: ORD-01, ORD-09
#[test]
fn every_request_answered_with_in_order_however_long_decisions_take() {
    for seed in 0..4 {
        on_threads(plan(Whim::new(seed)), async |router| {
            let mut ear = log_in(router, Link::DEFAULT, "carol").await;
            ear.subscribe_with("storm", json!({"match": "prefix"})).await;
            let mut peers = Vec::new();
            for n in 0..6 {
                let link = Link::all().nth(n * 3).unwrap_or(Link::DEFAULT);
                peers.push(log_in(router, link, "alice").await);
            }
            let chatters = peers.iter_mut().zip(0..).map(|(peer, n)| chatter(peer, seed * 100 + n, n));
            join_all(chatters).await;
            peers[0].publish_acknowledged("storm.t9", json!([99, 0])).await;
            let mut events = Vec::new();
            loop {
                let event = ear.receive().await;
                if event[4][0] == json!(99) {
                    break;
                }
                events.push(event);
            }
            in_order(&events);
        });
    }
}

// covers: ORD-09
#[test]
fn sessions_that_leave_while_they_wait_leave_nothing() {
    on_threads(plan(Whim::new(17)), async |router| {
        let rounds = (0..40).map(|n| async move {
            let link = Link::all().nth(n % 12).unwrap_or(Link::DEFAULT);
            let mut peer = log_in(router, link, "bob").await;
            for digit in 0..10 {
                peer.publish(&format!("storm.t{digit}"), json!([])).await;
            }
            if n % 2 == 0 {
                peer.send(json!([6, {}, "wamp.close.normal"])).await;
                peer.expect(json!([6, {}, "wamp.close.goodbye_and_out"])).await;
            }
            peer.close().await;
        });
        join_all(rounds).await;
    });
}
