//! Authorizers that take their time: nothing is reordered, nothing is lost, and nobody else waits.

use std::time::Duration;

use crossway_core::authorization::{Action, Decision};
use crossway_tests::pattern::ANY;
use crossway_tests::{Link, Peer, Plan, TestRouter};
use serde_json::json;

use super::{Questions, gated};
use crate::meta_sessions::ask;
use crate::users::log_in;

const GOODBYE: &str = "wamp.close.goodbye_and_out";

/// `gated` as most tests want it.
fn everywhere(behaviour: impl AsyncFn(&TestRouter, Link, &Questions)) {
    gated(|_| (), behaviour);
}

// covers: ORD-01, ORD-09
#[test]
fn what_is_said_meanwhile_is_done_afterwards_and_in_order() {
    everywhere(async |router, link, questions| {
        let mut alice = log_in(router, link, "alice").await;
        let mut bob = log_in(router, link, "bob").await;
        let slow = bob.subscribe("slow.topic").await;
        let fast = bob.subscribe("com.topic").await;
        for n in 0..3 {
            alice.publish("slow.topic", json!([n])).await;
            alice.publish("com.topic", json!([n])).await;
        }
        let request = alice.call("no.such.procedure", json!([])).await;
        for n in 0..3 {
            let question = questions.next(Action::Publish, "slow.topic").await;
            bob.expect_silence().await;
            assert!(questions.is_empty().await, "one thing is asked at a time");
            question.allow();
            bob.expect_event(slow, json!([n])).await;
            bob.expect_event(fast, json!([n])).await;
        }
        alice.expect_error(48, request, "wamp.error.no_such_procedure").await;
    });
}

// covers: ORD-09, AUTHZ-03, AUTHZ-04, AUTHZ-06
#[test]
fn what_is_denied_or_fails_later_is_answered_in_its_place() {
    everywhere(async |router, link, questions| {
        let mut alice = log_in(router, link, "alice").await;
        let mut bob = log_in(router, link, "bob").await;
        bob.subscribe("slow.topic").await;
        let heard = bob.subscribe("com.end").await;
        let call = alice.call("slow.procedure", json!([])).await;
        let subscribe = alice.request();
        alice.send(json!([32, subscribe, {}, "slow.topic"])).await;
        alice.publish("slow.topic", json!(["silence"])).await;
        let register = alice.request();
        alice.send(json!([64, register, {}, "slow.procedure"])).await;
        let last = alice.request();
        alice.send(json!([32, last, {}, "com.topic"])).await;
        questions.next(Action::Call, "slow.procedure").await.deny();
        questions.next(Action::Subscribe, "slow.topic").await.answered_with(Decision::failed("no idea"));
        questions.next(Action::Publish, "slow.topic").await.deny();
        // Whoever forgets to decide has failed.
        drop(questions.next(Action::Register, "slow.procedure").await);
        alice.expect_error(48, call, "wamp.error.not_authorized").await;
        alice.expect_error(32, subscribe, "wamp.error.authorization_failed").await;
        alice.expect_error(64, register, "wamp.error.authorization_failed").await;
        alice.expect(json!([33, last, ANY])).await;
        alice.publish_acknowledged("com.end", json!([])).await;
        bob.expect(json!([36, heard, ANY, {}])).await;
    });
}

// covers: ORD-09
#[test]
fn a_call_may_be_canceled_while_it_waits() {
    everywhere(async |router, link, questions| {
        let mut alice = log_in(router, link, "alice").await;
        let mut bob = log_in(router, link, "bob").await;
        let registration = bob.register("slow.procedure").await;
        let call = alice.call("slow.procedure", json!([1])).await;
        alice.send(json!([49, call, {"mode": "skip"}])).await;
        questions.next(Action::Call, "slow.procedure").await.allow();
        // In order: it was made, and then canceled.
        bob.expect_invocation(registration, json!([1])).await;
        alice.expect_error(48, call, "wamp.error.canceled").await;
        let call = alice.call("slow.procedure", json!([])).await;
        alice.send(json!([49, call, {}])).await;
        questions.next(Action::Call, "slow.procedure").await.deny();
        alice.expect_error(48, call, "wamp.error.not_authorized").await;
        alice.expect_silence().await;
    });
}

// covers: ORD-09
#[test]
fn a_session_that_waits_still_answers_invocations() {
    everywhere(async |router, link, questions| {
        let mut alice = log_in(router, link, "alice").await;
        let mut bob = log_in(router, link, "bob").await;
        let good = alice.register("com.decides").await;
        let bad = alice.register("com.fails").await;
        alice.publish("slow.topic", json!([])).await;
        let call = alice.call("no.such.procedure", json!([])).await;
        let question = questions.next(Action::Publish, "slow.topic").await;
        let asked = bob.call("com.decides", json!([1])).await;
        let invocation = alice.expect_invocation(good, json!([1])).await;
        alice.send(json!([70, invocation, {}, ["yes"]])).await;
        bob.expect(json!([50, asked, {}, ["yes"]])).await;
        let asked = bob.call("com.fails", json!([2])).await;
        let invocation = alice.expect_invocation(bad, json!([2])).await;
        alice.send(json!([8, 68, invocation, {}, "com.error.no"])).await;
        bob.expect_error(48, asked, "com.error.no").await;
        question.allow();
        alice.expect_error(48, call, "wamp.error.no_such_procedure").await;
    });
}

// covers: ORD-09, RPC-PINV-08, RPC-PINV-14
#[test]
fn a_progressive_call_is_decided_about_once() {
    everywhere(async |router, link, questions| {
        let mut alice = Peer::connect(router, link).await;
        let features = json!({"features": {"progressive_call_invocations": true, "call_canceling": true}});
        let roles = json!({"caller": features, "callee": features, "publisher": {}});
        let hello = json!({"roles": roles, "authmethods": ["ticket"], "authid": "alice"});
        alice.send(json!([1, "realm1", hello])).await;
        alice.expect(json!([4, "ticket", {}])).await;
        alice.send(json!([5, "secret", {}])).await;
        alice.welcomed().await;
        let request = alice.request();
        alice.send(json!([64, request, {}, "slow.procedure"])).await;
        questions.next(Action::Register, "slow.procedure").await.allow();
        let registered = alice.expect(json!([65, request, ANY])).await;
        for allowed in [true, false] {
            let call = alice.request();
            for progress in [true, true, false] {
                let options = if progress { json!({"progress": true}) } else { json!({}) };
                alice.send(json!([48, call, options, "slow.procedure", [progress]])).await;
            }
            let question = questions.next(Action::Call, "slow.procedure").await;
            if !allowed {
                question.deny();
                alice.expect_error(48, call, "wamp.error.not_authorized").await;
                continue;
            }
            question.allow();
            for details in [json!({"progress": true}), json!({"progress": true}), json!({})] {
                alice.expect(json!([68, ANY, registered[2], details, ANY])).await;
            }
        }
        alice.expect_silence().await;
        assert!(questions.is_empty().await);
    });
}

// covers: ORD-09
#[test]
fn goodbye_waits_for_what_was_said_before() {
    everywhere(async |router, link, questions| {
        let mut alice = log_in(router, link, "alice").await;
        let mut bob = log_in(router, link, "bob").await;
        let heard = bob.subscribe("slow.topic").await;
        alice.publish("slow.topic", json!([1])).await;
        alice.publish("slow.topic", json!([2])).await;
        alice.send(json!([6, {}, "wamp.close.normal"])).await;
        questions.next(Action::Publish, "slow.topic").await.allow();
        bob.expect_event(heard, json!([1])).await;
        questions.next(Action::Publish, "slow.topic").await.allow();
        bob.expect_event(heard, json!([2])).await;
        alice.expect(json!([6, {}, GOODBYE])).await;
    });
}

#[test]
fn goodbye_does_not_wait_for_ever() {
    let impatient = |plan: &mut Plan| plan.limits.goodbye_timeout = Duration::from_millis(20);
    gated(impatient, async |router, link, questions| {
        let mut alice = log_in(router, link, "alice").await;
        alice.publish("slow.topic", json!([1])).await;
        alice.send(json!([6, {}, "wamp.close.normal"])).await;
        let question = questions.next(Action::Publish, "slow.topic").await;
        alice.expect(json!([6, {}, GOODBYE])).await;
        assert!(question.answer.send(Decision::allowed()).is_err(), "nobody waits any more");
        // The connection is there for another session.
        let hello = json!({"roles": {"caller": {}}, "authmethods": ["ticket"], "authid": "alice"});
        alice.send(json!([1, "realm1", hello])).await;
        alice.expect(json!([4, "ticket", {}])).await;
    });
}

#[test]
fn the_end_of_a_session_waits_for_no_decision() {
    everywhere(async |router, link, questions| {
        let mut bob = log_in(router, link, "bob").await;
        for how in ["abort", "lost", "violation", "killed"] {
            let mut alice = log_in(router, link, "alice").await;
            alice.publish("slow.topic", json!([1])).await;
            let mut question = questions.next(Action::Publish, "slow.topic").await;
            match how {
                "abort" => {
                    alice.send(json!([3, {}, "com.app.enough"])).await;
                    alice.expect_closed().await;
                }
                "lost" => alice.close().await,
                "killed" => {
                    ask(&mut bob, "wamp.session.kill", json!([alice.session()])).await;
                    alice.expect(json!([6, {}, "wamp.close.killed"])).await;
                    alice.send(json!([6, {}, GOODBYE])).await;
                    alice.expect_closed().await;
                }
                _ => {
                    alice.send(json!([99])).await;
                    alice.expect_violation("99").await;
                }
            }
            question.answer.closed().await;
        }
    });
}

#[test]
fn a_session_that_waits_can_be_sent_home() {
    let impatient = |plan: &mut Plan| plan.limits.goodbye_timeout = Duration::from_millis(20);
    gated(impatient, async |router, link, questions| {
        let mut alice = log_in(router, link, "alice").await;
        alice.publish("slow.topic", json!([1])).await;
        let mut question = questions.next(Action::Publish, "slow.topic").await;
        let down = router.core.shutdown(Duration::from_secs(5));
        let told = async {
            alice.expect(json!([6, {}, "wamp.close.system_shutdown"])).await;
            alice.send(json!([6, {}, GOODBYE])).await;
            alice.expect_closed().await;
        };
        tokio::join!(down, told);
        question.answer.closed().await;
    });
}

// covers: SESS-20
#[test]
fn a_goodbye_that_has_waited_answers_the_goodbye_of_the_router() {
    let patient = |plan: &mut Plan| plan.limits.goodbye_timeout = Duration::from_secs(600);
    gated(patient, async |router, link, questions| {
        let mut alice = log_in(router, link, "alice").await;
        let mut bob = log_in(router, link, "bob").await;
        alice.publish("slow.topic", json!([1])).await;
        alice.send(json!([6, {}, "wamp.close.normal"])).await;
        let mut question = questions.next(Action::Publish, "slow.topic").await;
        ask(&mut bob, "wamp.session.count", json!([])).await;
        ask(&mut bob, "wamp.session.kill", json!([alice.session()])).await;
        alice.expect(json!([6, {}, "wamp.close.killed"])).await;
        alice.expect_closed().await;
        question.answer.closed().await;
    });
}
