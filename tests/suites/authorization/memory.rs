//! What a session remembers of decisions, and for how long.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crossway_core::authorization::{Answer, Authorizer, Decision, Request, Version};
use crossway_tests::{Link, Plan, TestRouter, on};
use serde_json::json;

use super::plan;
use crate::users::log_in;

/// Counts how often it is asked, and changes its mind.
#[derive(Clone, Default)]
struct Moody(Arc<Mood>);

#[derive(Default)]
struct Mood {
    asked: AtomicU64,
    denies: AtomicBool,
    version: Version,
}

impl Moody {
    fn asked(&self) -> u64 {
        self.0.asked.load(Ordering::Relaxed)
    }

    fn denies(&self, denies: bool) {
        self.0.denies.store(denies, Ordering::Relaxed);
    }
}

impl Authorizer for Moody {
    fn authorize(&self, request: &Request<'_>) -> Answer {
        if request.uri == "test.fence" {
            return Decision::allowed().into();
        }
        self.0.asked.fetch_add(1, Ordering::Relaxed);
        let decision =
            if self.0.denies.load(Ordering::Relaxed) { Decision::denied() } else { Decision::allowed() };
        let decision = if request.uri.starts_with("fresh.") { decision } else { decision.cached() };
        // Some of the time later.
        match request.uri.ends_with(".later") {
            true => Answer::later(async { decision }),
            false => Answer::Now(decision),
        }
    }

    fn version(&self) -> u64 {
        self.0.version.get()
    }
}

fn everywhere(change: impl Fn(&mut Plan), behaviour: impl AsyncFn(&TestRouter, Link, &Moody)) {
    for link in Link::all() {
        let moody = Moody::default();
        let made = || {
            let mut plan = plan(moody.clone());
            change(&mut plan);
            plan
        };
        on([link], made, async |router, link| behaviour(router, link, &moody).await);
    }
}

#[test]
fn a_decision_that_may_be_remembered_is_asked_for_once() {
    everywhere(
        |_| (),
        async |router, link, moody| {
            let mut alice = log_in(router, link, "alice").await;
            for topic in ["com.topic", "com.later"] {
                let before = moody.asked();
                for n in 0..5 {
                    alice.publish(topic, json!([n])).await;
                }
                alice.expect_silence().await;
                assert_eq!(moody.asked(), before + 1, "{topic}");
            }
            // Another action, another URI, another session.
            let before = moody.asked();
            let request = alice.call("com.topic", json!([])).await;
            alice.expect_error(48, request, "wamp.error.no_such_procedure").await;
            let mut bob = log_in(router, link, "bob").await;
            bob.publish("com.topic", json!([])).await;
            bob.expect_silence().await;
            assert_eq!(moody.asked(), before + 2);
        },
    );
}

#[test]
fn a_decision_that_may_not_be_remembered_is_asked_for_each_time() {
    everywhere(
        |_| (),
        async |router, link, moody| {
            let mut alice = log_in(router, link, "alice").await;
            for topic in ["fresh.topic", "fresh.later"] {
                let before = moody.asked();
                for n in 0..5 {
                    alice.publish(topic, json!([n])).await;
                }
                alice.expect_silence().await;
                assert_eq!(moody.asked(), before + 5, "{topic}");
            }
        },
    );
}

#[test]
fn a_new_version_makes_sessions_forget() {
    everywhere(
        |_| (),
        async |router, link, moody| {
            let mut alice = log_in(router, link, "alice").await;
            let mut call = async |procedure: &str, uri: &str| {
                let request = alice.call(procedure, json!([])).await;
                alice.expect_error(48, request, uri).await;
            };
            for procedure in ["com.do", "com.later"] {
                moody.denies(false);
                moody.0.version.bump();
                call(procedure, "wamp.error.no_such_procedure").await;
                moody.denies(true);
                // Not yet.
                call(procedure, "wamp.error.no_such_procedure").await;
                moody.0.version.bump();
                call(procedure, "wamp.error.not_authorized").await;
                moody.denies(false);
                // Denials are remembered as well.
                call(procedure, "wamp.error.not_authorized").await;
            }
        },
    );
}

#[test]
fn max_cached_decisions_bounds_what_a_session_remembers() {
    let few = |plan: &mut Plan| plan.limits.max_cached_decisions = 8;
    everywhere(few, async |router, link, moody| {
        let mut alice = log_in(router, link, "alice").await;
        for n in 0..20 {
            // The first is used again and again, and stays.
            alice.publish("com.first", json!([])).await;
            alice.publish(&format!("com.topic{n}"), json!([])).await;
        }
        alice.expect_silence().await;
        assert_eq!(moody.asked(), 21);
        assert!(router.counter("cached_decisions_over_limit") > 0);
        alice.publish("com.topic0", json!([])).await;
        alice.expect_silence().await;
        assert_eq!(moody.asked(), 22);
    });
}

#[test]
fn a_session_need_not_remember_anything() {
    let nothing = |plan: &mut Plan| plan.limits.max_cached_decisions = 0;
    everywhere(nothing, async |router, link, moody| {
        let mut alice = log_in(router, link, "alice").await;
        for _ in 0..3 {
            alice.publish("com.topic", json!([])).await;
        }
        alice.expect_silence().await;
        assert_eq!(moody.asked(), 3);
    });
}
