//! Calls that are canceled.

use std::collections::HashSet;

use crossway_tests::pattern::{ID, REST};
use crossway_tests::peer::id;
use crossway_tests::{Carrier, Format, Link, Peer, Plan, everywhere, on_memory, on_threads};
use serde_json::json;

use crate::rpc::{PROCEDURE, answer, deaf, pair};

// covers: RPC-CANCEL-01, RPC-CANCEL-03, RPC-CANCEL-15
#[test]
fn cancel_skip_answers_the_caller_and_leaves_the_callee_alone() {
    everywhere(async |router, link| {
        let (mut caller, mut callee, registration) = pair(router, link).await;
        let call = caller.call(PROCEDURE, json!([1])).await;
        let invocation = callee.expect_invocation(registration, json!([1])).await;
        caller.send(json!([49, call, {"mode": "skip"}])).await;
        caller.expect(json!([8, 48, call, {}, "wamp.error.canceled", REST])).await;
        callee.send(json!([70, invocation, {}, ["late"]])).await;
        callee.expect_silence().await;
        caller.expect_silence().await;
    });
}

// covers: RPC-CANCEL-01, RPC-CANCEL-02, RPC-CANCEL-04
#[test]
fn cancel_kill_waits_for_the_answer_of_the_callee() {
    everywhere(async |router, link| {
        let (mut caller, mut callee, registration) = pair(router, link).await;
        for answer in [
            json!([8, 68, 0, {}, "wamp.error.canceled"]),
            json!([8, 68, 0, {}, "com.other"]),
            json!([70, 0, {}, ["done"]]),
        ] {
            let call = caller.call(PROCEDURE, json!([1])).await;
            let invocation = callee.expect_invocation(registration, json!([1])).await;
            caller.send(json!([49, call, {"mode": "kill"}])).await;
            callee.expect(json!([69, invocation, {"mode": "kill"}])).await;
            caller.expect_silence().await;
            let mut answer = answer;
            if answer[0] == 8 {
                answer[2] = json!(invocation);
                callee.send(answer.clone()).await;
                caller.expect(json!([8, 48, call, {}, answer[4]])).await;
            } else {
                answer[1] = json!(invocation);
                callee.send(answer).await;
                caller.expect(json!([50, call, {}, ["done"]])).await;
            }
        }
    });
}

// covers: RPC-CANCEL-05, RPC-CANCEL-07, RPC-CANCEL-15
#[test]
fn cancel_killnowait_answers_the_caller_and_interrupts_the_callee() {
    everywhere(async |router, link| {
        let (mut caller, mut callee, registration) = pair(router, link).await;
        // It is also what a missing mode means.
        for options in [json!({"mode": "killnowait"}), json!({})] {
            let call = caller.call(PROCEDURE, json!([1])).await;
            let invocation = callee.expect_invocation(registration, json!([1])).await;
            caller.send(json!([49, call, options])).await;
            caller.expect(json!([8, 48, call, {}, "wamp.error.canceled", REST])).await;
            callee.expect(json!([69, invocation, {"mode": "killnowait"}])).await;
            callee.send(json!([8, 68, invocation, {}, "wamp.error.canceled"])).await;
            callee.expect_silence().await;
            caller.expect_silence().await;
        }
    });
}

// covers: RPC-CANCEL-06
#[test]
fn for_a_callee_that_takes_no_interrupt_every_mode_is_skip() {
    everywhere(async |router, link| {
        let mut caller = Peer::join(router, link).await;
        let mut callee = deaf(router, link).await;
        let registration = callee.register(PROCEDURE).await;
        for options in
            [json!({"mode": "skip"}), json!({"mode": "kill"}), json!({"mode": "killnowait"}), json!({})]
        {
            let call = caller.call(PROCEDURE, json!([1])).await;
            let invocation = callee.expect_invocation(registration, json!([1])).await;
            caller.send(json!([49, call, options])).await;
            caller.expect_error(48, call, "wamp.error.canceled").await;
            callee.send(json!([70, invocation, {}, ["late"]])).await;
            callee.expect_silence().await;
        }
        caller.expect_silence().await;
    });
}

// covers: RPC-CANCEL-08, RPC-CANCEL-09
#[test]
fn cancelling_what_is_no_call_of_ones_own_does_nothing() {
    everywhere(async |router, link| {
        let (mut caller, mut callee, registration) = pair(router, link).await;
        let mut other = Peer::join(router, link).await;
        let call = caller.call(PROCEDURE, json!([1])).await;
        let invocation = callee.expect_invocation(registration, json!([1])).await;
        for request in [call, invocation, 77, 1 << 53] {
            other.send(json!([49, request, {"mode": "kill"}])).await;
        }
        other.expect_silence().await;
        callee.expect_silence().await;
        callee.send(json!([70, invocation, {}])).await;
        caller.expect(json!([50, call, {}])).await;
        caller.send(json!([49, call, {}])).await;
        caller.expect_silence().await;
        callee.expect_silence().await;
    });
}

// covers: RPC-CANCEL-11
#[test]
fn a_second_cancel_may_be_less_patient_and_interrupts_no_second_time() {
    everywhere(async |router, link| {
        for impatient in ["killnowait", "skip"] {
            let (mut caller, mut callee, registration) = pair(router, link).await;
            let call = caller.call(PROCEDURE, json!([1])).await;
            let invocation = callee.expect_invocation(registration, json!([1])).await;
            caller.send(json!([49, call, {"mode": "kill"}])).await;
            caller.send(json!([49, call, {"mode": "kill"}])).await;
            caller.send(json!([49, call, {"mode": impatient}])).await;
            caller.expect_error(48, call, "wamp.error.canceled").await;
            callee.expect(json!([69, invocation, {"mode": "kill"}])).await;
            callee.expect_silence().await;
            callee.send(json!([70, invocation, {}, ["late"]])).await;
            let request = callee.request();
            callee.send(json!([66, request, registration])).await;
            callee.expect(json!([67, request])).await;
            caller.expect_silence().await;
        }
    });
}

// covers: RPC-CANCEL-12, RPC-14
#[test]
fn a_callee_that_leaves_while_it_is_killed_cancels_the_call() {
    everywhere(async |router, link| {
        let (mut caller, mut callee, registration) = pair(router, link).await;
        let call = caller.call(PROCEDURE, json!([1])).await;
        let invocation = callee.expect_invocation(registration, json!([1])).await;
        caller.send(json!([49, call, {"mode": "kill"}])).await;
        callee.expect(json!([69, invocation, {"mode": "kill"}])).await;
        drop(callee);
        caller.expect_error(48, call, "wamp.error.canceled").await;
        caller.expect_silence().await;
    });
}

// covers: RPC-09, RPC-10
#[test]
fn a_thousand_calls_canceled_at_once_are_a_thousand_answers() {
    on_memory(Plan::default(), async |router| {
        let (mut caller, mut callee, registration) = pair(router, Link::DEFAULT).await;
        let mut open = HashSet::new();
        for number in 0..1000 {
            open.insert(caller.call(PROCEDURE, json!([number])).await);
            callee.expect_invocation(registration, json!([number])).await;
        }
        for call in open.clone() {
            caller.send(json!([49, call, {"mode": "skip"}])).await;
        }
        for _ in 0..1000 {
            let error = caller.expect(json!([8, 48, ID, {}, "wamp.error.canceled", REST])).await;
            assert!(open.remove(&id(&error, 2)), "answered twice: {error}");
        }
        caller.expect_silence().await;
    });
}

// covers: RPC-09, RPC-10, RPC-CANCEL-08, MSG-24
#[test]
fn whoever_wins_the_race_of_result_and_cancel_there_is_one_answer() {
    on_threads(Plan::default(), async |router| {
        const CALLS: usize = 600;
        for format in Format::ALL {
            let mut caller = Peer::join(router, Carrier::Tcp.with(format)).await;
            let mut callee = Peer::join(router, Carrier::Ws.with(format)).await;
            let registration = callee.register(PROCEDURE).await;
            let calling = async {
                let mut open = HashSet::new();
                for number in 0..CALLS {
                    let call = caller.call(PROCEDURE, json!([number])).await;
                    open.insert(call);
                    if let Some(mode) = ["kill", "killnowait", "skip"].get(number % 4) {
                        caller.send(json!([49, call, {"mode": mode}])).await;
                    }
                }
                while !open.is_empty() {
                    let answer = caller.receive().await;
                    let call = if answer[0] == 50 { id(&answer, 1) } else { id(&answer, 2) };
                    assert!(open.remove(&call), "not open: {answer}");
                }
                caller.expect_silence().await;
            };
            tokio::join!(calling, answer(&mut callee, CALLS));
            let request = callee.request();
            callee.send(json!([66, request, registration])).await;
            while callee.receive().await != json!([67, request]) {}
        }
    });
}

/// What autobahn-js says of itself.
fn of_autobahn_js() -> serde_json::Value {
    json!({"roles": {
        "publisher": {"features": {
            "publisher_identification": true, "subscriber_blackwhite_listing": true, "publisher_exclusion": true}},
        "subscriber": {"features": {
            "publisher_identification": true, "pattern_based_subscription": true, "subscription_revocation": true}},
        "caller": {"features": {
            "caller_identification": true, "call_canceling": true, "progressive_call_results": true}},
        "callee": {"features": {
            "caller_identification": true, "pattern_based_registration": true, "shared_registration": true,
            "progressive_call_results": true, "registration_revocation": true}},
    }})
}

#[test]
fn autobahn_js_is_not_answered_since_it_forgets_what_it_cancels() {
    everywhere(async |router, link| {
        let mut caller = Peer::join_as(router, link, "realm1", of_autobahn_js()).await;
        let mut callee = Peer::join(router, link).await;
        let registration = callee.register(PROCEDURE).await;
        for (options, mode) in [
            (json!({}), Some("killnowait")),
            (json!({"mode": "killnowait"}), Some("killnowait")),
            (json!({"mode": "skip"}), None),
        ] {
            let call = caller.call(PROCEDURE, json!([1])).await;
            let invocation = callee.expect_invocation(registration, json!([1])).await;
            caller.send(json!([49, call, options])).await;
            caller.expect_silence().await;
            if let Some(mode) = mode {
                callee.expect(json!([69, invocation, {"mode": mode}])).await;
            }
            callee.send(json!([70, invocation, {}, ["late"]])).await;
            callee.expect_silence().await;
            caller.expect_silence().await;
        }
        let call = caller.call(PROCEDURE, json!([2])).await;
        let invocation = callee.expect_invocation(registration, json!([2])).await;
        caller.send(json!([49, call, {"mode": "kill"}])).await;
        callee.expect(json!([69, invocation, {"mode": "kill"}])).await;
        callee.send(json!([8, 68, invocation, {}, "wamp.error.canceled"])).await;
        caller.expect(json!([8, 48, call, {}, "wamp.error.canceled"])).await;
    });
}

#[test]
fn who_resembles_autobahn_js_is_answered() {
    let mut named = of_autobahn_js();
    named["agent"] = json!("another client");
    let mut able = of_autobahn_js();
    able["roles"]["callee"]["features"]["call_canceling"] = json!(true);
    for hello in [named, able] {
        on_memory(Plan::default(), async |router| {
            let mut caller = Peer::join_as(router, Link::DEFAULT, "realm1", hello.clone()).await;
            let mut callee = Peer::join(router, Link::DEFAULT).await;
            let registration = callee.register(PROCEDURE).await;
            let call = caller.call(PROCEDURE, json!([1])).await;
            callee.expect_invocation(registration, json!([1])).await;
            caller.send(json!([49, call, {}])).await;
            caller.expect(json!([8, 48, call, {}, "wamp.error.canceled", REST])).await;
        });
    }
}
