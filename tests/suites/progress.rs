//! Progressive call results.

use crossway_core::Protocol;
use crossway_core::limits::ProgressiveResults;
use crossway_tests::pattern::{ANY, ID};
use crossway_tests::{Link, Peer, Plan, TestRouter, between, everywhere, everywhere_with, on_memory};
use serde_json::{Value, json};

use crate::limits::narrow;
use crate::rpc::{PROCEDURE, callee_with, pair, unregister};

/// A call that wants progressive results, and its invocation.
async fn begun(caller: &mut Peer, callee: &mut Peer, registration: u64) -> (u64, u64) {
    let call = caller.call_with(PROCEDURE, json!({"receive_progress": true}), json!([1])).await;
    let details = json!({"receive_progress": true});
    let invocation = callee.expect(json!([68, ID, registration, details, [1]])).await;
    (call, invocation[1].as_u64().expect("an id"))
}

/// One progressive result on its way from callee to caller.
async fn progress(caller: &mut Peer, callee: &mut Peer, (call, invocation): (u64, u64), args: Value) {
    callee.send(json!([70, invocation, {"progress": true}, args])).await;
    caller.expect(json!([50, call, {"progress": true}, args])).await;
}

// covers: RPC-PROG-01, RPC-PROG-03, RPC-PROG-04, RPC-PROG-06
#[test]
fn results_come_one_by_one_until_the_last() {
    everywhere(async |router, link| {
        let (mut caller, mut callee, registration) = pair(router, link).await;
        let lasts = [
            (json!([70, 0, {}, ["done"]]), json!([50, 0, {}, ["done"]])),
            (json!([70, 0, {"progress": false}]), json!([50, 0, {}])),
            (json!([8, 68, 0, {}, "com.myapp.error", [3]]), json!([8, 48, 0, {}, "com.myapp.error", [3]])),
        ];
        for (mut last, mut expected) in lasts {
            let ids = begun(&mut caller, &mut callee, registration).await;
            progress(&mut caller, &mut callee, ids, json!([1, {"of": 3}])).await;
            callee.send(json!([70, ids.1, {"progress": true}])).await;
            caller.expect(json!([50, ids.0, {"progress": true}])).await;
            progress(&mut caller, &mut callee, ids, json!([2])).await;
            let at = if last[0] == 8 { 2 } else { 1 };
            (last[at], expected[at]) = (json!(ids.1), json!(ids.0));
            callee.send(last).await;
            caller.expect(expected).await;
            caller.expect_silence().await;
        }
    });
}

// covers: RPC-PROG-01, RPC-PROG-07
#[test]
fn a_callee_is_told_that_progress_is_welcome_if_it_can_make_any() {
    everywhere(async |router, link| {
        let mut caller = Peer::join(router, link).await;
        let able = json!({"progressive_call_results": true, "call_canceling": true});
        let cases = [
            (able.clone(), json!({"receive_progress": true}), json!({"receive_progress": true})),
            (able.clone(), json!({"receive_progress": false}), json!({})),
            (able, json!({}), json!({})),
            (json!({"call_canceling": true}), json!({"receive_progress": true}), json!({})),
            (json!({}), json!({"receive_progress": true}), json!({})),
        ];
        for (features, options, details) in cases {
            let mut callee = callee_with(router, link, features).await;
            let registration = callee.register(PROCEDURE).await;
            let call = caller.call_with(PROCEDURE, options, json!([1])).await;
            let invocation = callee.expect(json!([68, ID, registration, details, [1]])).await;
            // It need not make any.
            callee.send(json!([70, invocation[1], {}, ["all at once"]])).await;
            caller.expect(json!([50, call, {}, ["all at once"]])).await;
            unregister(&mut callee, registration).await;
        }
    });
}

/// What a callee that takes no INTERRUPT is told of the wish for progressive results.
async fn without_canceling(router: &TestRouter, link: Link, details: Value) {
    let mut caller = Peer::join(router, link).await;
    let mut callee = callee_with(router, link, json!({"progressive_call_results": true})).await;
    let registration = callee.register(PROCEDURE).await;
    let call = caller.call_with(PROCEDURE, json!({"receive_progress": true}), json!([1])).await;
    callee.expect(json!([68, 1, registration, details, [1]])).await;
    callee.send(json!([70, 1, {"progress": true}, ["some"]])).await;
    if details == json!({"receive_progress": true}) {
        caller.expect(json!([50, call, {"progress": true}, ["some"]])).await;
    }
    callee.send(json!([70, 1, {}, ["all"]])).await;
    caller.expect(json!([50, call, {}, ["all"]])).await;
}

// covers: RPC-PROG-02
#[test]
fn a_callee_that_takes_no_interrupt_makes_progress_where_the_router_is_lenient() {
    everywhere(async |router, link| {
        without_canceling(router, link, json!({"receive_progress": true})).await;
    });
    let protocol = Protocol { progressive_results: ProgressiveResults::Strict, ..Protocol::default() };
    everywhere_with(
        || Plan::protocol(protocol),
        async |router, link| without_canceling(router, link, json!({})).await,
    );
}

// covers: RPC-PROG-05, MSG-24
#[test]
fn progress_after_the_end_goes_nowhere() {
    everywhere(async |router, link| {
        let (mut caller, mut callee, registration) = pair(router, link).await;
        for end in ["result", "error", "skip"] {
            let (call, invocation) = begun(&mut caller, &mut callee, registration).await;
            match end {
                "result" => {
                    callee.send(json!([70, invocation, {}])).await;
                    caller.expect(json!([50, call, {}])).await;
                }
                "error" => {
                    callee.send(json!([8, 68, invocation, {}, "com.myapp.error"])).await;
                    caller.expect(json!([8, 48, call, {}, "com.myapp.error"])).await;
                }
                mode => {
                    caller.send(json!([49, call, {"mode": mode}])).await;
                    caller.expect_error(48, call, "wamp.error.canceled").await;
                }
            }
            callee.send(json!([70, invocation, {"progress": true}, ["late"]])).await;
            callee.send(json!([70, invocation, {}, ["late"]])).await;
            callee.expect_silence().await;
            caller.expect_silence().await;
        }
    });
}

// covers: RPC-PROG-05, MSG-23
#[test]
fn progress_of_an_invocation_that_never_was_is_a_violation() {
    everywhere(async |router, link| {
        let (_caller, mut callee, _) = pair(router, link).await;
        callee.send(json!([70, 7, {"progress": true}, ["never"]])).await;
        callee.expect_violation("invocation 7").await;
    });
}

// covers: RPC-PROG-09
#[test]
fn a_caller_that_leaves_in_the_middle_interrupts_the_callee() {
    everywhere(async |router, link| {
        let (mut caller, mut callee, registration) = pair(router, link).await;
        let ids = begun(&mut caller, &mut callee, registration).await;
        progress(&mut caller, &mut callee, ids, json!([1])).await;
        drop(caller);
        callee.expect(json!([69, ids.1, {"mode": "killnowait"}])).await;
        callee.send(json!([70, ids.1, {"progress": true}, ["late"]])).await;
        callee.send(json!([8, 68, ids.1, {}, "wamp.error.canceled"])).await;
        callee.expect_silence().await;
    });
}

// covers: RPC-PROG-10, RPC-14
#[test]
fn a_callee_that_leaves_in_the_middle_cancels_the_call() {
    everywhere(async |router, link| {
        let (mut caller, mut callee, registration) = pair(router, link).await;
        let ids = begun(&mut caller, &mut callee, registration).await;
        progress(&mut caller, &mut callee, ids, json!([1])).await;
        drop(callee);
        caller.expect_error(48, ids.0, "wamp.error.canceled").await;
        caller.expect_silence().await;
    });
}

// covers: RPC-CANCEL-13, RPC-CANCEL-04
#[test]
fn a_callee_that_is_killed_may_finish_what_it_was_about_to_say() {
    everywhere(async |router, link| {
        let (mut caller, mut callee, registration) = pair(router, link).await;
        let ids = begun(&mut caller, &mut callee, registration).await;
        progress(&mut caller, &mut callee, ids, json!([1])).await;
        caller.send(json!([49, ids.0, {"mode": "kill"}])).await;
        callee.expect(json!([69, ids.1, {"mode": "kill"}])).await;
        progress(&mut caller, &mut callee, ids, json!([2])).await;
        callee.send(json!([8, 68, ids.1, {}, "wamp.error.canceled", ["as you wish"]])).await;
        caller.expect(json!([8, 48, ids.0, {}, "wamp.error.canceled", ["as you wish"]])).await;
        caller.expect_silence().await;
    });
}

// covers: RPC-PROG-13, SER-11, ORD-08
#[test]
fn progress_keeps_its_order_and_none_is_lost() {
    between(async |router, one, other| {
        let mut caller = Peer::join(router, one).await;
        let mut callee = Peer::join(router, other).await;
        let registration = callee.register(PROCEDURE).await;
        let first = begun(&mut caller, &mut callee, registration).await;
        let second = begun(&mut caller, &mut callee, registration).await;
        for number in 0..40 {
            for (_, invocation) in [first, second] {
                callee.send(json!([70, invocation, {"progress": true}, [number, "\u{e4}"]])).await;
            }
        }
        for (_, invocation) in [second, first] {
            callee.send(json!([70, invocation, {}, ["end"]])).await;
        }
        for number in 0..40 {
            for (call, _) in [first, second] {
                caller.expect(json!([50, call, {"progress": true}, [number, "\u{e4}"]])).await;
            }
        }
        for (call, _) in [second, first] {
            caller.expect(json!([50, call, {}, ["end"]])).await;
        }
    });
}

// covers: RPC-PROG-03, RPC-PROG-13, RPC-09
#[test]
fn a_caller_too_slow_for_progress_loses_the_call_and_not_the_session() {
    let plan = Plan::limits(|limits| limits.outbox_messages = 10);
    on_memory(plan, async |router| {
        let mut caller = narrow(router, 1 << 20).await;
        let mut callee = Peer::join(router, Link::DEFAULT).await;
        let registration = callee.register(PROCEDURE).await;
        let (call, invocation) = begun(&mut caller, &mut callee, registration).await;
        for number in 0..50 {
            callee.send(json!([70, invocation, {"progress": true}, [number, "x".repeat(50)]])).await;
        }
        callee.expect(json!([69, invocation, {"mode": "killnowait"}])).await;
        callee.expect_silence().await;
        assert_eq!(router.counter("progress_refused"), 1);
        // Those that fitted are there, without a gap, and then the end.
        let mut next = 0;
        let end = loop {
            let message = caller.receive().await;
            if message[0] != 50 {
                break message;
            }
            assert_eq!(message[3][0], next);
            next += 1;
        };
        assert!((1..50).contains(&next));
        assert_eq!((&end[2], &end[4]), (&json!(call), &json!("crossway.error.limit_exceeded")));
        caller.expect_silence().await;
    });
}

// covers: RPC-21, RPC-PROG-03
#[test]
fn progress_longer_than_the_caller_accepts_ends_the_call() {
    on_memory(Plan::default(), async |router| {
        let mut caller = narrow(router, 2000).await;
        let mut callee = Peer::join(router, Link::DEFAULT).await;
        let registration = callee.register(PROCEDURE).await;
        let ids = begun(&mut caller, &mut callee, registration).await;
        progress(&mut caller, &mut callee, ids, json!([1])).await;
        callee.send(json!([70, ids.1, {"progress": true}, ["x".repeat(3000)]])).await;
        caller.expect(json!([8, 48, ids.0, {}, "wamp.error.payload_size_exceeded", [ANY]])).await;
        callee.expect(json!([69, ids.1, {"mode": "killnowait"}])).await;
        callee.send(json!([8, 68, ids.1, {}, "wamp.error.canceled"])).await;
        callee.expect_silence().await;
        caller.expect_silence().await;
    });
}
