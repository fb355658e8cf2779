//! Callees that take a number of invocations at a time, and calls that wait for them.

use std::time::Duration;

use crossway_tests::pattern::ANY;
use crossway_tests::{Link, Peer, Plan, TestRouter, everywhere, on_memory};
use serde_json::{Value, json};

use crate::rpc::{PROCEDURE, callee_with, unregister};
use crate::shared::callees;

fn one_at_a_time() -> Value {
    json!({"concurrency": 1})
}

fn shared() -> Value {
    json!({"invoke": "roundrobin", "concurrency": 1})
}

/// A caller and a callee that takes one invocation at a time, and has one.
async fn busy(router: &TestRouter, link: Link) -> (Peer, Peer, u64, (u64, u64)) {
    let mut caller = Peer::join(router, link).await;
    let mut callee = Peer::join(router, link).await;
    let id = callee.register_with(PROCEDURE, one_at_a_time()).await;
    let call = caller.call(PROCEDURE, json!(["first"])).await;
    let invocation = callee.expect_invocation(id, json!(["first"])).await;
    (caller, callee, id, (call, invocation))
}

async fn answer(caller: &mut Peer, callee: &mut Peer, (call, invocation): (u64, u64)) {
    callee.send(json!([70, invocation, {}, ["done"]])).await;
    caller.expect(json!([50, call, {}, ["done"]])).await;
}

// covers: ORD-04, RPC-10
#[test]
fn calls_wait_until_the_callee_has_time_and_come_in_order() {
    everywhere(async |router, link| {
        let (mut caller, mut callee, id, first) = busy(router, link).await;
        let mut other = Peer::join(router, link).await;
        let mut calls = Vec::new();
        for number in 0..3 {
            calls.push(caller.call(PROCEDURE, json!([number])).await);
            caller.expect_silence().await;
            other.call(PROCEDURE, json!([number, "other"])).await;
            other.expect_silence().await;
        }
        callee.expect_silence().await;
        answer(&mut caller, &mut callee, first).await;
        for (number, call) in calls.into_iter().enumerate() {
            let invocation = callee.expect_invocation(id, json!([number])).await;
            callee.expect_silence().await;
            answer(&mut caller, &mut callee, (call, invocation)).await;
            let invocation = callee.expect_invocation(id, json!([number, "other"])).await;
            callee.send(json!([8, 68, invocation, {}, "com.myapp.error"])).await;
            other.expect(json!([8, 48, ANY, {}, "com.myapp.error"])).await;
        }
        caller.expect_silence().await;
    });
}

// covers: RPC-10
#[test]
fn a_callee_may_take_several_and_waiting_calls_hold_up_no_others() {
    everywhere(async |router, link| {
        let (mut caller, mut callee) = (Peer::join(router, link).await, Peer::join(router, link).await);
        let id = callee.register_with(PROCEDURE, json!({"concurrency": 2})).await;
        let free = callee.register("com.myapp.free").await;
        let call = caller.call(PROCEDURE, json!([1])).await;
        let invocation = callee.expect_invocation(id, json!([1])).await;
        caller.call(PROCEDURE, json!([2])).await;
        callee.expect_invocation(id, json!([2])).await;
        caller.call(PROCEDURE, json!([3])).await;
        // Other procedures have limits of their own, or none.
        caller.call("com.myapp.free", json!([4])).await;
        callee.expect_invocation(free, json!([4])).await;
        answer(&mut caller, &mut callee, (call, invocation)).await;
        callee.expect_invocation(id, json!([3])).await;
    });
}

// covers: RPC-SHARED-05
#[test]
fn where_a_procedure_is_shared_somebody_else_may_have_time() {
    everywhere(async |router, link| {
        let mut caller = Peer::join(router, link).await;
        let ([mut one, mut two], id) = callees(router, link, shared()).await;
        let first = caller.call(PROCEDURE, json!([1])).await;
        let first = (first, one.expect_invocation(id, json!([1])).await);
        let second = caller.call(PROCEDURE, json!([2])).await;
        let second = (second, two.expect_invocation(id, json!([2])).await);
        let third = caller.call(PROCEDURE, json!([3])).await;
        caller.expect_silence().await;
        answer(&mut caller, &mut two, second).await;
        let third = (third, two.expect_invocation(id, json!([3])).await);
        // It would be the other's turn, but that one is busy still.
        answer(&mut caller, &mut two, third).await;
        let fourth = caller.call(PROCEDURE, json!([4])).await;
        let fourth = (fourth, two.expect_invocation(id, json!([4])).await);
        answer(&mut caller, &mut two, fourth).await;
        answer(&mut caller, &mut one, first).await;
    });
}

// covers: RPC-CANCEL-03, RPC-CANCEL-04, RPC-CANCEL-05, RPC-09
#[test]
fn a_call_that_waits_is_canceled_at_once_whatever_the_mode() {
    everywhere(async |router, link| {
        let (mut caller, mut callee, id, first) = busy(router, link).await;
        for options in
            [json!({"mode": "skip"}), json!({"mode": "kill"}), json!({"mode": "killnowait"}), json!({})]
        {
            let call = caller.call(PROCEDURE, json!(["never"])).await;
            caller.send(json!([49, call, options])).await;
            caller.expect_error(48, call, "wamp.error.canceled").await;
        }
        let last = caller.call(PROCEDURE, json!(["last"])).await;
        answer(&mut caller, &mut callee, first).await;
        let invocation = callee.expect_invocation(id, json!(["last"])).await;
        answer(&mut caller, &mut callee, (last, invocation)).await;
        callee.expect_silence().await;
    });
}

// covers: RPC-TMO-02, RPC-TMO-03
#[test]
fn a_call_that_waits_too_long_ends_in_line() {
    on_memory(Plan::default(), async |router| {
        tokio::time::pause();
        let (mut caller, mut callee, id, first) = busy(router, Link::DEFAULT).await;
        let since = tokio::time::Instant::now();
        let call = caller.call_with(PROCEDURE, json!({"timeout": 100}), json!(["never"])).await;
        caller.expect_error(48, call, "wamp.error.timeout").await;
        assert!(since.elapsed() < Duration::from_millis(110), "{:?}", since.elapsed());
        // What it has waited is not given back when it comes to the callee.
        let since = tokio::time::Instant::now();
        let call = caller.call_with(PROCEDURE, json!({"timeout": 100}), json!(["late"])).await;
        caller.expect_silence().await;
        tokio::time::advance(Duration::from_millis(80)).await;
        answer(&mut caller, &mut callee, first).await;
        let invocation = callee.expect_invocation(id, json!(["late"])).await;
        caller.expect_error(48, call, "wamp.error.timeout").await;
        assert!(since.elapsed() < Duration::from_millis(110), "{:?}", since.elapsed());
        callee.expect(json!([69, invocation, {"mode": "killnowait"}])).await;
        callee.expect_silence().await;
        tokio::time::resume();
    });
}

// covers: RPC-11, RPC-13
#[test]
fn a_caller_that_leaves_waits_no_more() {
    everywhere(async |router, link| {
        let mut watcher = Peer::join(router, link).await;
        let left = watcher.subscribe("wamp.session.on_leave").await;
        let (mut caller, mut callee, id, first) = busy(router, link).await;
        let mut other = Peer::join(router, link).await;
        other.call(PROCEDURE, json!(["never"])).await;
        let second = caller.call(PROCEDURE, json!(["second"])).await;
        other.expect_silence().await;
        drop(other);
        watcher.expect(json!([36, left, ANY, {}, ANY])).await;
        answer(&mut caller, &mut callee, first).await;
        let invocation = callee.expect_invocation(id, json!(["second"])).await;
        // The one that is being worked on makes room by leaving, too.
        let mut third = Peer::join(router, link).await;
        let call = third.call(PROCEDURE, json!(["third"])).await;
        third.expect_silence().await;
        drop(caller);
        let mut seen = [callee.receive().await, callee.receive().await];
        seen.sort_by_key(|message| message[0].as_u64() == Some(68));
        assert_eq!(seen[0], json!([69, invocation, {"mode": "killnowait"}]));
        assert_eq!(seen[1], json!([68, invocation + 1, id, {}, ["third"]]));
        assert_eq!(second, 2);
        answer(&mut third, &mut callee, (call, invocation + 1)).await;
    });
}

// covers: RPC-CANCEL-05, RPC-TMO-03
#[test]
fn a_call_that_is_canceled_makes_room_for_the_next() {
    everywhere(async |router, link| {
        let (mut caller, mut callee, id, first) = busy(router, link).await;
        let second = caller.call(PROCEDURE, json!(["second"])).await;
        caller.send(json!([49, first.0, {"mode": "killnowait"}])).await;
        caller.expect_error(48, first.0, "wamp.error.canceled").await;
        callee.expect(json!([69, first.1, {"mode": "killnowait"}])).await;
        let invocation = callee.expect_invocation(id, json!(["second"])).await;
        answer(&mut caller, &mut callee, (second, invocation)).await;
    });
}

// covers: RPC-14, RPC-SHARED-08
#[test]
fn when_the_last_callee_leaves_the_calls_that_wait_end() {
    everywhere(async |router, link| {
        let mut caller = Peer::join(router, link).await;
        let ([one, mut two], id) = callees(router, link, shared()).await;
        let mut calls = Vec::new();
        for number in 0..4 {
            calls.push(caller.call(PROCEDURE, json!([number])).await);
        }
        caller.expect_silence().await;
        drop(one);
        caller.expect_error(48, calls[0], "wamp.error.canceled").await;
        // Those that wait still have somebody to wait for.
        let invocation = two.expect_invocation(id, json!([1])).await;
        answer(&mut caller, &mut two, (calls[1], invocation)).await;
        let invocation = two.expect_invocation(id, json!([2])).await;
        unregister(&mut two, id).await;
        caller.expect_error(48, calls[3], "wamp.error.canceled").await;
        answer(&mut caller, &mut two, (calls[2], invocation)).await;
        two.expect_silence().await;
    });
}

// covers: RPC-SHARED-08
#[test]
fn a_new_callee_serves_those_who_wait() {
    everywhere(async |router, link| {
        let mut caller = Peer::join(router, link).await;
        let ([mut one], id) = callees(router, link, shared()).await;
        caller.call(PROCEDURE, json!([1])).await;
        one.expect_invocation(id, json!([1])).await;
        let second = caller.call(PROCEDURE, json!([2])).await;
        caller.expect_silence().await;
        let mut two = Peer::join(router, link).await;
        assert_eq!(two.register_with(PROCEDURE, shared()).await, id);
        let invocation = two.expect_invocation(id, json!([2])).await;
        answer(&mut caller, &mut two, (second, invocation)).await;
    });
}

// covers: RPC-REROUTE-01, RPC-REROUTE-07
#[test]
fn a_call_that_moves_may_have_to_wait_as_well() {
    everywhere(async |router, link| {
        let mut caller = Peer::join(router, link).await;
        let ([mut one, mut two], id) = callees(router, link, shared()).await;
        let moving = caller.call(PROCEDURE, json!(["moving"])).await;
        let first = one.expect_invocation(id, json!(["moving"])).await;
        let other = caller.call(PROCEDURE, json!(["other"])).await;
        let second = two.expect_invocation(id, json!(["other"])).await;
        one.send(json!([8, 68, first, {}, "wamp.error.unavailable"])).await;
        one.expect_silence().await;
        answer(&mut caller, &mut two, (other, second)).await;
        let invocation = two.expect_invocation(id, json!(["moving"])).await;
        answer(&mut caller, &mut two, (moving, invocation)).await;
        one.expect_silence().await;
    });
}

// covers: RPC-PINV-06
#[test]
fn a_progressive_call_does_not_wait() {
    everywhere(async |router, link| {
        let (mut caller, mut callee, id, first) = busy(router, link).await;
        let call = caller.call_with(PROCEDURE, json!({"progress": true}), json!([1])).await;
        caller.expect_error(48, call, "wamp.error.unavailable").await;
        caller.send(json!([48, call, {}, PROCEDURE, [2]])).await;
        caller.expect_silence().await;
        answer(&mut caller, &mut callee, first).await;
        let call = caller.call_with(PROCEDURE, json!({"progress": true}), json!([3])).await;
        let invocation = callee.expect(json!([68, ANY, id, {"progress": true}, [3]])).await;
        let waiting = caller.call(PROCEDURE, json!(["waits"])).await;
        // It is one invocation, however many messages it has.
        caller.send(json!([48, call, {}, PROCEDURE, [4]])).await;
        callee.expect(json!([68, invocation[1], id, {}, [4]])).await;
        let invocation = invocation[1].as_u64().expect("an id");
        answer(&mut caller, &mut callee, (call, invocation)).await;
        let next = callee.expect_invocation(id, json!(["waits"])).await;
        answer(&mut caller, &mut callee, (waiting, next)).await;
    });
}

// covers: RPC-CANCEL-06
#[test]
fn a_callee_that_takes_no_interrupt_has_time_when_its_call_is_skipped() {
    everywhere(async |router, link| {
        let mut caller = Peer::join(router, link).await;
        let mut callee = callee_with(router, link, json!({})).await;
        let id = callee.register_with(PROCEDURE, one_at_a_time()).await;
        let call = caller.call(PROCEDURE, json!([1])).await;
        callee.expect_invocation(id, json!([1])).await;
        caller.send(json!([49, call, {}])).await;
        caller.expect_error(48, call, "wamp.error.canceled").await;
        let call = caller.call(PROCEDURE, json!([2])).await;
        let invocation = callee.expect_invocation(id, json!([2])).await;
        answer(&mut caller, &mut callee, (call, invocation)).await;
    });
}

// covers: RPC-10
#[test]
fn there_are_limits_for_calls_that_wait() {
    on_memory(Plan::limits(|limits| limits.max_waiting_calls = 2), async |router| {
        let (mut caller, mut callee, id, first) = busy(router, Link::DEFAULT).await;
        let second = caller.call(PROCEDURE, json!([2])).await;
        caller.call(PROCEDURE, json!([3])).await;
        let fourth = caller.call(PROCEDURE, json!([4])).await;
        let error = caller.expect_error(48, fourth, "wamp.error.unavailable").await;
        assert!(error.to_string().contains("max_waiting_calls = 2"), "{error}");
        assert_eq!(router.counter("waiting_calls_over_limit"), 1);
        answer(&mut caller, &mut callee, first).await;
        let invocation = callee.expect_invocation(id, json!([2])).await;
        caller.call(PROCEDURE, json!([5])).await;
        answer(&mut caller, &mut callee, (second, invocation)).await;
        callee.expect_invocation(id, json!([3])).await;
    });
    on_memory(Plan::limits(|limits| limits.max_held_bytes = 200), async |router| {
        let (mut caller, _callee, ..) = busy(router, Link::DEFAULT).await;
        let call = caller.call(PROCEDURE, json!(["x".repeat(300)])).await;
        let error = caller.expect_error(48, call, "wamp.error.unavailable").await;
        assert!(error.to_string().contains("max_held_bytes = 200"), "{error}");
        assert_eq!(router.counter("held_bytes_over_limit"), 1);
    });
}
