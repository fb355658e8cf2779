//! Progressive call invocations: one call, told in several messages.

use crossway_core::Protocol;
use crossway_core::limits::RequestIds;
use crossway_tests::pattern::{ANY, ID};
use crossway_tests::peer::all_roles;
use crossway_tests::{Link, Peer, Plan, between, everywhere, everywhere_with, on_memory};
use serde_json::{Value, json};

use crate::limits::narrow;
use crate::rpc::{PROCEDURE, callee_with, pair, unregister};

/// The first CALL of several, and its invocation.
async fn begun(caller: &mut Peer, callee: &mut Peer, registration: u64) -> (u64, u64) {
    let call = caller.call_with(PROCEDURE, json!({"progress": true}), json!([0])).await;
    let invocation = callee.expect(json!([68, ID, registration, {"progress": true}, [0]])).await;
    (call, invocation[1].as_u64().expect("an id"))
}

/// One CALL more.
async fn more(caller: &mut Peer, call: u64, options: Value, args: Value) {
    caller.send(json!([48, call, options, PROCEDURE, args])).await;
}

fn strict() -> Plan {
    Plan::protocol(Protocol { request_ids: RequestIds::Strict, ..Protocol::default() })
}

// covers: RPC-PINV-01, RPC-PINV-02, RPC-PINV-03, RPC-PINV-11, ID-08
#[test]
fn a_call_is_told_in_several_messages_with_one_id() {
    everywhere(async |router, link| {
        let (mut caller, mut callee, registration) = pair(router, link).await;
        for last in [json!({}), json!({"progress": false})] {
            let (call, invocation) = begun(&mut caller, &mut callee, registration).await;
            for number in 1..3 {
                more(&mut caller, call, json!({"progress": true}), json!([number, {"of": 3}])).await;
                let expected = json!([68, invocation, registration, {"progress": true}, [number, {"of": 3}]]);
                callee.expect(expected).await;
            }
            caller.send(json!([48, call, {"progress": true}, PROCEDURE])).await;
            callee.expect(json!([68, invocation, registration, {"progress": true}])).await;
            more(&mut caller, call, last, json!(["end"])).await;
            callee.expect(json!([68, invocation, registration, {}, ["end"]])).await;
            callee.send(json!([70, invocation, {}, ["done"]])).await;
            caller.expect(json!([50, call, {}, ["done"]])).await;
            caller.expect_silence().await;
        }
    });
}

// covers: RPC-PINV-01, RPC-PINV-02, SER-11, ORD-08
#[test]
fn every_message_of_a_call_is_spelt_as_the_callee_understands_it() {
    between(async |router, one, other| {
        let mut caller = Peer::join(router, one).await;
        let mut callee = Peer::join(router, other).await;
        let registration = callee.register(PROCEDURE).await;
        let args = |number: u64| json!([number, crossway_tests::binary(&[7; 40]), {"a": [null, 1.5]}]);
        let call = caller.call_with(PROCEDURE, json!({"progress": true}), args(0)).await;
        for number in 1..20 {
            more(&mut caller, call, json!({"progress": true}), args(number)).await;
        }
        for number in 0..20 {
            callee.expect(json!([68, 1, registration, {"progress": true}, args(number)])).await;
        }
    });
}

// covers: RPC-PINV-06, RPC-PINV-07, RPC-PINV-14
#[test]
fn a_callee_that_takes_no_progressive_call_gets_nothing_of_it() {
    everywhere(async |router, link| {
        let mut caller = Peer::join(router, link).await;
        for features in [
            json!({"call_canceling": true}),
            json!({"progressive_call_invocations": true}),
            json!({"progressive_call_invocations": true, "call_canceling": false}),
        ] {
            let mut callee = callee_with(router, link, features).await;
            let registration = callee.register(PROCEDURE).await;
            let call = caller.call_with(PROCEDURE, json!({"progress": true}), json!([1])).await;
            more(&mut caller, call, json!({"progress": true}), json!([2])).await;
            more(&mut caller, call, json!({}), json!([3])).await;
            caller.expect_error(48, call, "wamp.error.feature_not_supported").await;
            caller.expect_silence().await;
            let call = caller.call_with(PROCEDURE, json!({"progress": false}), json!([4])).await;
            let invocation = callee.expect_invocation(registration, json!([4])).await;
            callee.send(json!([70, invocation, {}])).await;
            caller.expect(json!([50, call, {}])).await;
            unregister(&mut callee, registration).await;
        }
    });
}

// covers: RPC-PINV-06, RPC-PINV-07
#[test]
fn either_spelling_of_canceling_will_do() {
    everywhere(async |router, link| {
        let mut caller = Peer::join(router, link).await;
        let features = json!({"progressive_call_invocations": true, "call_cancelling": true});
        let mut callee = callee_with(router, link, features).await;
        let registration = callee.register(PROCEDURE).await;
        begun(&mut caller, &mut callee, registration).await;
    });
}

// covers: RPC-PINV-08, RPC-SHARED-05
#[test]
fn a_callee_is_chosen_once_for_a_call() {
    everywhere(async |router, link| {
        let mut caller = Peer::join(router, link).await;
        let mut callees = [Peer::join(router, link).await, Peer::join(router, link).await];
        let mut registration = 0;
        for callee in &mut callees {
            registration = callee.register_with(PROCEDURE, json!({"invoke": "roundrobin"})).await;
        }
        let [one, other] = &mut callees;
        let (first, first_there) = begun(&mut caller, one, registration).await;
        more(&mut caller, first, json!({"progress": true}), json!([1])).await;
        // More of a call is nobody's turn.
        let (second, second_there) = begun(&mut caller, other, registration).await;
        for number in 2..5 {
            more(&mut caller, first, json!({"progress": true}), json!([number])).await;
            more(&mut caller, second, json!({"progress": true}), json!([number, "too"])).await;
        }
        for number in 1..5 {
            one.expect(json!([68, first_there, registration, {"progress": true}, [number]])).await;
        }
        for number in 2..5 {
            other.expect(json!([68, second_there, registration, {"progress": true}, [number, "too"]])).await;
        }
        one.expect_silence().await;
        other.expect_silence().await;
    });
}

// covers: RPC-PINV-09, RPC-PINV-11, RPC-PINV-23
#[test]
fn more_of_a_call_takes_no_id_of_the_sequence() {
    everywhere_with(strict, async |router, link| {
        let (mut caller, mut callee, registration) = pair(router, link).await;
        let (call, invocation) = begun(&mut caller, &mut callee, registration).await;
        for number in 1..4 {
            // Other requests have their ids meanwhile, and other calls.
            caller.subscribe("com.myapp.topic").await;
            caller.call(PROCEDURE, json!(["other"])).await;
            callee.expect(json!([68, ID, registration, {}, ["other"]])).await;
            more(&mut caller, call, json!({"progress": true}), json!([number])).await;
            callee.expect(json!([68, invocation, registration, {"progress": true}, [number]])).await;
        }
        more(&mut caller, call, json!({}), json!(["end"])).await;
        callee.expect(json!([68, invocation, registration, {}, ["end"]])).await;
        callee.send(json!([70, invocation, {}])).await;
        caller.expect(json!([50, call, {}])).await;
        caller.expect_silence().await;
    });
}

// covers: RPC-PINV-10, RPC-PINV-13, MSG-25
#[test]
fn where_ids_are_strict_they_are_neither_left_out_nor_used_again() {
    everywhere_with(strict, async |router, link| {
        let (mut caller, mut callee, registration) = pair(router, link).await;
        let (call, _) = begun(&mut caller, &mut callee, registration).await;
        caller.send(json!([48, call + 2, {"progress": true}, PROCEDURE])).await;
        caller.expect_violation("request id").await;
        let mut caller = Peer::join(router, link).await;
        // A call that was over with its last message is forgotten.
        let call = caller.call("com.myapp.nothing", json!([])).await;
        caller.expect_error(48, call, "wamp.error.no_such_procedure").await;
        more(&mut caller, call, json!({"progress": true}), json!([])).await;
        caller.expect_violation("request id").await;
    });
}

// covers: RPC-PINV-12
#[test]
fn a_call_that_is_not_open_does_not_go_on() {
    everywhere(async |router, link| {
        for first in [json!({}), json!({"progress": false})] {
            let (mut caller, mut callee, registration) = pair(router, link).await;
            let call = caller.call_with(PROCEDURE, first, json!([1])).await;
            callee.expect(json!([68, ID, registration, {}, [1]])).await;
            more(&mut caller, call, json!({"progress": true}), json!([2])).await;
            caller.expect_violation("is pending already").await;
        }
        let (mut caller, mut callee, registration) = pair(router, link).await;
        let (call, _) = begun(&mut caller, &mut callee, registration).await;
        more(&mut caller, call, json!({}), json!(["the last"])).await;
        more(&mut caller, call, json!({}), json!(["one more"])).await;
        caller.expect_violation("is pending already").await;
    });
}

// covers: RPC-PINV-13, RPC-PINV-14, RPC-PINV-21, RPC-09
#[test]
fn what_comes_of_a_call_that_is_over_is_ignored() {
    for plan in [Plan::default, strict] {
        everywhere_with(plan, async |router, link| {
            let (mut caller, mut callee, registration) = pair(router, link).await;
            for end in ["result", "error", "cancel"] {
                let (call, invocation) = begun(&mut caller, &mut callee, registration).await;
                match end {
                    "result" => {
                        callee.send(json!([70, invocation, {}, ["enough"]])).await;
                        caller.expect(json!([50, call, {}, ["enough"]])).await;
                    }
                    "error" => {
                        callee.send(json!([8, 68, invocation, {}, "com.myapp.error"])).await;
                        caller.expect(json!([8, 48, call, {}, "com.myapp.error"])).await;
                    }
                    _ => {
                        caller.send(json!([49, call, {"mode": "skip"}])).await;
                        caller.expect_error(48, call, "wamp.error.canceled").await;
                    }
                }
                more(&mut caller, call, json!({"progress": true}), json!([1])).await;
                more(&mut caller, call, json!({}), json!(["end"])).await;
                caller.expect_silence().await;
                callee.expect_silence().await;
            }
        });
    }
}

// covers: RPC-PINV-15, RPC-PINV-16, RPC-PINV-17, RPC-PINV-18
#[test]
fn the_first_message_settles_all_options() {
    everywhere(async |router, link| {
        let mut caller = Peer::connect(router, link).await;
        let welcome = caller.hello("realm1", all_roles()).await;
        let mut callee = Peer::join(router, link).await;
        let registration =
            callee.register_with("com.myapp", json!({"match": "prefix", "forward_timeout": true})).await;
        let first = json!({"progress": true, "receive_progress": true, "disclose_me": true, "timeout": 60000,
            "ppt_scheme": "x_mine", "ppt_keyid": "1"});
        let call = caller.call_with(PROCEDURE, first, json!([0])).await;
        let mut details = json!({
            "caller": caller.session(), "caller_authid": welcome[2]["authid"], "caller_authrole": "anonymous",
            "procedure": PROCEDURE, "receive_progress": true, "progress": true, "timeout": 60000,
            "ppt_scheme": "x_mine", "ppt_keyid": "1",
        });
        callee.expect(json!([68, 1, registration, details, [0]])).await;
        let others = [
            json!({"progress": true}),
            json!({"progress": true, "receive_progress": false, "disclose_me": false, "timeout": 1,
                "ppt_scheme": "x_other", "ppt_cipher": "rot13", "runmode": "partition", "rkey": "k", "custom": 1}),
        ];
        for options in others {
            more(&mut caller, call, options, json!([1])).await;
            callee.expect(json!([68, 1, registration, details, [1]])).await;
        }
        details.as_object_mut().expect("a dictionary").remove("progress");
        more(&mut caller, call, json!({"receive_progress": false}), json!(["end"])).await;
        callee.expect(json!([68, 1, registration, details, ["end"]])).await;
        callee.send(json!([70, 1, {"progress": true}, ["some"]])).await;
        caller.expect(json!([50, call, {"progress": true}, ["some"]])).await;
        callee.send(json!([70, 1, {}])).await;
        caller.expect(json!([50, call, {}])).await;
    });
}

// covers: RPC-PINV-15, RPC-PINV-16
#[test]
fn options_that_would_be_nothing_new_may_come_in_the_middle() {
    everywhere(async |router, link| {
        let (mut caller, mut callee, registration) = pair(router, link).await;
        let (call, invocation) = begun(&mut caller, &mut callee, registration).await;
        let options = json!({"disclose_me": true, "receive_progress": true, "timeout": 1, "progress": true});
        more(&mut caller, call, options, json!([1])).await;
        callee.expect(json!([68, invocation, registration, {"progress": true}, [1]])).await;
        callee.send(json!([70, invocation, {"progress": true}, ["unasked"]])).await;
        caller.expect_silence().await;
    });
}

// covers: RPC-PINV-19, RPC-11, RPC-14
#[test]
fn whoever_leaves_in_the_middle_ends_the_call() {
    everywhere(async |router, link| {
        let (mut caller, mut callee, registration) = pair(router, link).await;
        let (_, invocation) = begun(&mut caller, &mut callee, registration).await;
        drop(caller);
        callee.expect(json!([69, invocation, {"mode": "killnowait"}])).await;
        callee.send(json!([70, invocation, {}, ["late"]])).await;
        callee.expect_silence().await;
        let mut caller = Peer::join(router, link).await;
        let (call, _) = begun(&mut caller, &mut callee, registration).await;
        drop(callee);
        caller.expect_error(48, call, "wamp.error.canceled").await;
        more(&mut caller, call, json!({"progress": true}), json!([1])).await;
        more(&mut caller, call, json!({}), json!(["end"])).await;
        caller.expect_silence().await;
    });
}

// covers: RPC-PINV-20, RPC-PROG-03, RPC-PROG-13, ORD-08
#[test]
fn calls_and_results_go_on_side_by_side() {
    everywhere(async |router, link| {
        let (mut caller, mut callee, registration) = pair(router, link).await;
        let options = json!({"progress": true, "receive_progress": true});
        let call = caller.call_with(PROCEDURE, options.clone(), json!([0])).await;
        let details = options;
        let first = callee.expect(json!([68, ID, registration, details, [0]])).await;
        let invocation = &first[1];
        // Two results for one message, none for the next, and some after the last.
        for number in [1, 2] {
            callee.send(json!([70, invocation, {"progress": true}, [number]])).await;
            caller.expect(json!([50, call, {"progress": true}, [number]])).await;
        }
        more(&mut caller, call, json!({"progress": true}), json!([1])).await;
        callee.expect(json!([68, invocation, registration, details, [1]])).await;
        more(&mut caller, call, json!({}), json!(["end"])).await;
        callee.expect(json!([68, invocation, registration, {"receive_progress": true}, ["end"]])).await;
        callee.send(json!([70, invocation, {"progress": true}, [3]])).await;
        caller.expect(json!([50, call, {"progress": true}, [3]])).await;
        callee.send(json!([70, invocation, {}, ["done"]])).await;
        caller.expect(json!([50, call, {}, ["done"]])).await;
    });
}

// covers: RPC-PINV-22
#[test]
fn a_call_goes_on_with_its_own_procedure_only() {
    everywhere(async |router, link| {
        let (mut caller, mut callee, registration) = pair(router, link).await;
        let (call, invocation) = begun(&mut caller, &mut callee, registration).await;
        caller.send(json!([48, call, {"progress": true}, "com.myapp.other", [1]])).await;
        caller.expect_violation("another procedure").await;
        callee.expect(json!([69, invocation, {"mode": "killnowait"}])).await;
        callee.expect_silence().await;
    });
}

// covers: RPC-CANCEL-04, RPC-PINV-11
#[test]
fn a_call_that_is_killed_goes_on_until_the_callee_answers() {
    everywhere(async |router, link| {
        let (mut caller, mut callee, registration) = pair(router, link).await;
        let (call, invocation) = begun(&mut caller, &mut callee, registration).await;
        caller.send(json!([49, call, {"mode": "kill"}])).await;
        callee.expect(json!([69, invocation, {"mode": "kill"}])).await;
        more(&mut caller, call, json!({"progress": true}), json!([1])).await;
        callee.expect(json!([68, invocation, registration, {"progress": true}, [1]])).await;
        callee.send(json!([8, 68, invocation, {}, "wamp.error.canceled"])).await;
        caller.expect(json!([8, 48, call, {}, "wamp.error.canceled"])).await;
        more(&mut caller, call, json!({}), json!(["end"])).await;
        caller.expect_silence().await;
        callee.expect_silence().await;
    });
}

// covers: RPC-PINV-19, RPC-16
#[test]
fn a_call_goes_on_after_its_procedure_was_unregistered() {
    everywhere(async |router, link| {
        let (mut caller, mut callee, registration) = pair(router, link).await;
        let (call, invocation) = begun(&mut caller, &mut callee, registration).await;
        unregister(&mut callee, registration).await;
        more(&mut caller, call, json!({}), json!(["end"])).await;
        callee.expect(json!([68, invocation, registration, {}, ["end"]])).await;
        callee.send(json!([70, invocation, {}])).await;
        caller.expect(json!([50, call, {}])).await;
    });
}

// covers: RPC-PINV-14, RPC-09
#[test]
fn a_callee_too_slow_for_more_loses_the_call_and_not_the_session() {
    on_memory(Plan::limits(|limits| limits.outbox_messages = 10), async |router| {
        let mut callee = narrow(router, 1 << 20).await;
        let mut caller = Peer::join(router, Link::DEFAULT).await;
        let registration = callee.register(PROCEDURE).await;
        let (call, invocation) = begun(&mut caller, &mut callee, registration).await;
        for number in 0..50 {
            more(&mut caller, call, json!({"progress": true}), json!([number, "x".repeat(50)])).await;
        }
        caller.expect(json!([8, 48, call, {}, "wamp.error.unavailable", [ANY]])).await;
        more(&mut caller, call, json!({}), json!(["end"])).await;
        caller.expect_silence().await;
        let mut next = 0;
        let end = loop {
            let message = callee.receive().await;
            if message[0] != 68 {
                break message;
            }
            assert_eq!(message[4][0], next);
            next += 1;
        };
        assert!((1..50).contains(&next));
        assert_eq!(end, json!([69, invocation, {"mode": "killnowait"}]));
        callee.expect_silence().await;
    });
}
