//! Calls whose callee says that it is unavailable.

use std::time::Duration;

use crossway_tests::pattern::{ANY, ID};
use crossway_tests::{Carrier, Format, Link, Peer, Plan, TestRouter, binary, everywhere, on_memory};
use serde_json::{Value, json};

use crate::rpc::{PROCEDURE, callee_with, pair, unregister};
use crate::shared::{callees, invoke};

const UNAVAILABLE: &str = "wamp.error.unavailable";

/// The callee gets a call, and can't take it.
async fn declines(callee: &mut Peer, registration: u64, args: Value) {
    let invocation = callee.expect_invocation(registration, args).await;
    callee.send(json!([8, 68, invocation, {}, UNAVAILABLE, ["not now"]])).await;
}

/// The callee gets a call, and its answer reaches the caller.
async fn answers(callee: &mut Peer, caller: &mut Peer, call: u64, registration: u64, args: Value) {
    let invocation = callee.expect_invocation(registration, args).await;
    callee.send(json!([70, invocation, {}, ["answer"]])).await;
    caller.expect(json!([50, call, {}, ["answer"]])).await;
}

async fn nobody_is_available(caller: &mut Peer, call: u64) {
    caller.expect_error(48, call, "wamp.error.no_available_callee").await;
    caller.expect_silence().await;
}

/// Four callees, of which the first to be asked declines, and so on in this order.
async fn in_order(router: &TestRouter, link: Link, policy: &str, order: [usize; 4]) {
    let mut caller = Peer::join(router, link).await;
    let (mut all, id) = callees::<4>(router, link, invoke(policy)).await;
    let call = caller.call(PROCEDURE, json!([1, "two"])).await;
    let [others @ .., last] = order;
    for at in others {
        declines(&mut all[at], id, json!([1, "two"])).await;
    }
    answers(&mut all[last], &mut caller, call, id, json!([1, "two"])).await;
    caller.expect_silence().await;
    for callee in &mut all {
        callee.expect_silence().await;
    }
}

// covers: RPC-REROUTE-01, RPC-REROUTE-03, RPC-REROUTE-05, RPC-REROUTE-06
#[test]
fn the_next_callee_is_the_one_that_the_policy_says() {
    everywhere(async |router, link| {
        in_order(router, link, "roundrobin", [0, 1, 2, 3]).await;
    });
    everywhere(async |router, link| in_order(router, link, "first", [0, 1, 2, 3]).await);
    everywhere(async |router, link| in_order(router, link, "last", [3, 2, 1, 0]).await);
}

// covers: RPC-REROUTE-03, RPC-REROUTE-08
#[test]
fn in_a_round_the_next_call_goes_on_behind_the_one_that_was_asked_last() {
    everywhere(async |router, link| {
        let mut caller = Peer::join(router, link).await;
        let ([mut one, mut two, mut three], id) = callees(router, link, invoke("roundrobin")).await;
        let call = caller.call(PROCEDURE, json!([1])).await;
        declines(&mut one, id, json!([1])).await;
        answers(&mut two, &mut caller, call, id, json!([1])).await;
        let call = caller.call(PROCEDURE, json!([2])).await;
        declines(&mut three, id, json!([2])).await;
        // It was unavailable for another call, not for this one.
        answers(&mut one, &mut caller, call, id, json!([2])).await;
    });
}

// covers: RPC-REROUTE-04, RPC-REROUTE-07
#[test]
fn chance_never_asks_the_same_callee_again() {
    on_memory(Plan::default(), async |router| {
        let link = Link::DEFAULT;
        let mut caller = Peer::join(router, link).await;
        let (mut all, _) = callees::<4>(router, link, invoke("random")).await;
        for round in 1..20 {
            let call = caller.call(PROCEDURE, json!([round])).await;
            let mut asked = [false; 4];
            for _ in 0..4 {
                // Somebody has it; whoever has none answers with PUBLISHED alone.
                for (at, callee) in all.iter_mut().enumerate() {
                    let fence = callee.request();
                    callee.send(json!([16, fence, {"acknowledge": true}, "test.fence"])).await;
                    let message = callee.receive().await;
                    if message[0] == 68 {
                        assert!(!std::mem::replace(&mut asked[at], true), "asked twice");
                        callee.expect(json!([17, fence, ID])).await;
                        callee.send(json!([8, 68, message[1], {}, UNAVAILABLE])).await;
                        callee.expect_silence().await;
                    }
                }
            }
            assert_eq!(asked, [true; 4]);
            nobody_is_available(&mut caller, call).await;
        }
    });
}

// covers: RPC-REROUTE-02
#[test]
fn where_there_is_one_callee_there_is_no_other() {
    everywhere(async |router, link| {
        let (mut caller, mut callee, registration) = pair(router, link).await;
        let call = caller.call(PROCEDURE, json!([1])).await;
        declines(&mut callee, registration, json!([1])).await;
        nobody_is_available(&mut caller, call).await;
        let call = caller.call(PROCEDURE, json!([2])).await;
        answers(&mut callee, &mut caller, call, registration, json!([2])).await;
    });
}

// covers: RPC-REROUTE-07, RPC-REROUTE-08, RPC-09
#[test]
fn when_all_are_unavailable_the_caller_is_told_once() {
    everywhere(async |router, link| {
        let mut caller = Peer::join(router, link).await;
        let ([mut one, mut two], id) = callees(router, link, invoke("first")).await;
        for round in 0..2 {
            let call = caller.call(PROCEDURE, json!([round])).await;
            declines(&mut one, id, json!([round])).await;
            declines(&mut two, id, json!([round])).await;
            nobody_is_available(&mut caller, call).await;
        }
    });
}

// covers: RPC-REROUTE-10
#[test]
fn a_callee_that_does_not_know_rerouting_just_has_an_error() {
    everywhere(async |router, link| {
        let mut caller = Peer::join(router, link).await;
        let mut callee = callee_with(router, link, json!({"call_canceling": true})).await;
        let id = callee.register_with(PROCEDURE, invoke("first")).await;
        let mut other = Peer::join(router, link).await;
        other.register_with(PROCEDURE, invoke("first")).await;
        let call = caller.call(PROCEDURE, json!([1])).await;
        declines(&mut callee, id, json!([1])).await;
        caller.expect(json!([8, 48, call, {}, UNAVAILABLE, ["not now"]])).await;
        other.expect_silence().await;
    });
}

// covers: RPC-REROUTE-01
#[test]
fn other_errors_are_answers() {
    everywhere(async |router, link| {
        let mut caller = Peer::join(router, link).await;
        let ([mut one, mut two], id) = callees(router, link, invoke("first")).await;
        for error in ["com.myapp.error", "wamp.error.no_available_callee", "wamp.error.canceled"] {
            let call = caller.call(PROCEDURE, json!([1])).await;
            let invocation = one.expect_invocation(id, json!([1])).await;
            one.send(json!([8, 68, invocation, {}, error, ["why"]])).await;
            caller.expect(json!([8, 48, call, {}, error, ["why"]])).await;
        }
        two.expect_silence().await;
    });
}

// covers: RPC-REROUTE-11, RPC-PINV-08
#[test]
fn what_has_begun_is_not_begun_anew() {
    everywhere(async |router, link| {
        let mut caller = Peer::join(router, link).await;
        let ([mut one, mut two], id) = callees(router, link, invoke("first")).await;
        // A result has reached the caller: the error of the callee is the answer.
        let call = caller.call_with(PROCEDURE, json!({"receive_progress": true}), json!([1])).await;
        let invocation = one.expect(json!([68, ID, id, {"receive_progress": true}, [1]])).await;
        one.send(json!([70, invocation[1], {"progress": true}, ["some"]])).await;
        caller.expect(json!([50, call, {"progress": true}, ["some"]])).await;
        one.send(json!([8, 68, invocation[1], {}, UNAVAILABLE, ["any more"]])).await;
        caller.expect(json!([8, 48, call, {}, UNAVAILABLE, ["any more"]])).await;
        // Without one, the call goes elsewhere, and may have some there.
        let call = caller.call_with(PROCEDURE, json!({"receive_progress": true}), json!([2])).await;
        let invocation = one.expect(json!([68, ID, id, {"receive_progress": true}, [2]])).await;
        one.send(json!([8, 68, invocation[1], {}, UNAVAILABLE])).await;
        let invocation = two.expect(json!([68, ID, id, {"receive_progress": true}, [2]])).await;
        two.send(json!([70, invocation[1], {"progress": true}, ["some"]])).await;
        caller.expect(json!([50, call, {"progress": true}, ["some"]])).await;
        two.send(json!([70, invocation[1], {}])).await;
        caller.expect(json!([50, call, {}])).await;
        // Of a progressive call nothing is kept: it stays where it is.
        let call = caller.call_with(PROCEDURE, json!({"progress": true}), json!([3])).await;
        let invocation = one.expect(json!([68, ID, id, {"progress": true}, [3]])).await;
        one.send(json!([8, 68, invocation[1], {}, UNAVAILABLE])).await;
        caller.expect_error(48, call, "wamp.error.no_available_callee").await;
        caller.send(json!([48, call, {}, PROCEDURE, ["the rest"]])).await;
        caller.expect_silence().await;
        two.expect_silence().await;
    });
}

// covers: RPC-REROUTE-12, RPC-REROUTE-01, SER-11
#[test]
fn the_next_callee_gets_all_that_the_first_one_got_spelt_its_own_way() {
    on_memory(Plan::default(), async |router| {
        let mut caller = Peer::join(router, Carrier::Tcp.with(Format::MsgPack)).await;
        let options = json!({"invoke": "first", "match": "prefix"});
        let mut all = Vec::new();
        let mut id = 0;
        for link in [
            Carrier::Ws.with(Format::Json),
            Carrier::Unix.with(Format::Cbor),
            Carrier::LongPoll.with(Format::Json),
            Carrier::Tcp.with(Format::MsgPack),
        ] {
            let mut callee = Peer::join(router, link).await;
            id = callee.register_with("com.myapp.", options.clone()).await;
            all.push(callee);
        }
        let request = caller.request();
        let (args, keywords) =
            (json!([binary(&[1, 2, 3]), "x".repeat(5000)]), json!({"a": {"b": [null, -1.5]}}));
        let options = json!({"disclose_me": true, "ppt_scheme": "x_mine"});
        caller.send(json!([48, request, options, PROCEDURE, args, keywords])).await;
        let details = json!({"procedure": PROCEDURE, "caller": caller.session(), "caller_authid": ANY,
            "caller_authrole": ANY, "ppt_scheme": "x_mine"});
        for callee in &mut all {
            let invocation = callee.expect(json!([68, ID, id, details, args, keywords])).await;
            if callee.link().format != Format::MsgPack {
                callee.send(json!([8, 68, invocation[1], {}, UNAVAILABLE])).await;
            }
        }
        all[3].send(json!([70, 1, {}, args, keywords])).await;
        caller.expect(json!([50, request, {}, args, keywords])).await;
    });
}

// covers: RPC-REROUTE-07, RPC-14
#[test]
fn callees_that_have_left_are_not_asked() {
    everywhere(async |router, link| {
        let mut caller = Peer::join(router, link).await;
        let ([mut one, mut two, mut three], id) = callees(router, link, invoke("first")).await;
        let call = caller.call(PROCEDURE, json!([1])).await;
        let invocation = one.expect_invocation(id, json!([1])).await;
        unregister(&mut two, id).await;
        unregister(&mut one, id).await;
        one.send(json!([8, 68, invocation, {}, UNAVAILABLE])).await;
        declines(&mut three, id, json!([1])).await;
        nobody_is_available(&mut caller, call).await;
        two.expect_silence().await;
    });
}

// covers: RPC-CANCEL-04, RPC-REROUTE-01
#[test]
fn a_call_that_is_killed_goes_nowhere_else() {
    everywhere(async |router, link| {
        let mut caller = Peer::join(router, link).await;
        let ([mut one, mut two], id) = callees(router, link, invoke("first")).await;
        let call = caller.call(PROCEDURE, json!([1])).await;
        let invocation = one.expect_invocation(id, json!([1])).await;
        caller.send(json!([49, call, {"mode": "kill"}])).await;
        one.expect(json!([69, invocation, {"mode": "kill"}])).await;
        one.send(json!([8, 68, invocation, {}, UNAVAILABLE, ["why"]])).await;
        caller.expect(json!([8, 48, call, {}, UNAVAILABLE, ["why"]])).await;
        two.expect_silence().await;
    });
}

// covers: RPC-CANCEL-05, RPC-REROUTE-01, RPC-11
#[test]
fn a_call_that_has_moved_is_canceled_where_it_is() {
    everywhere(async |router, link| {
        let mut caller = Peer::join(router, link).await;
        let ([mut one, mut two], id) = callees(router, link, invoke("first")).await;
        let call = caller.call(PROCEDURE, json!([1])).await;
        declines(&mut one, id, json!([1])).await;
        let invocation = two.expect_invocation(id, json!([1])).await;
        caller.send(json!([49, call, {"mode": "killnowait"}])).await;
        caller.expect_error(48, call, "wamp.error.canceled").await;
        two.expect(json!([69, invocation, {"mode": "killnowait"}])).await;
        caller.call(PROCEDURE, json!([2])).await;
        declines(&mut one, id, json!([2])).await;
        let invocation = two.expect_invocation(id, json!([2])).await;
        drop(caller);
        two.expect(json!([69, invocation, {"mode": "killnowait"}])).await;
        one.expect_silence().await;
    });
}

// covers: RPC-TMO-03, RPC-REROUTE-01
#[test]
fn moving_gives_a_call_no_more_time() {
    on_memory(Plan::default(), async |router| {
        tokio::time::pause();
        let mut caller = Peer::join(router, Link::DEFAULT).await;
        let ([mut one, mut two], id) = callees(router, Link::DEFAULT, invoke("first")).await;
        let since = tokio::time::Instant::now();
        let call = caller.call_with(PROCEDURE, json!({"timeout": 100}), json!([1])).await;
        let invocation = one.expect_invocation(id, json!([1])).await;
        tokio::time::advance(Duration::from_millis(80)).await;
        one.send(json!([8, 68, invocation, {}, UNAVAILABLE])).await;
        let invocation = two.expect_invocation(id, json!([1])).await;
        caller.expect_error(48, call, "wamp.error.timeout").await;
        assert!(since.elapsed() < Duration::from_millis(110), "{:?}", since.elapsed());
        two.expect(json!([69, invocation, {"mode": "killnowait"}])).await;
        tokio::time::resume();
    });
}

// covers: RPC-REROUTE-12, RPC-REROUTE-07
#[test]
fn there_is_a_limit_for_what_is_kept_to_be_sent_again() {
    on_memory(Plan::limits(|limits| limits.max_held_bytes = 200), async |router| {
        let mut caller = Peer::join(router, Link::DEFAULT).await;
        let ([mut one, mut two], id) = callees(router, Link::DEFAULT, invoke("first")).await;
        let long = json!(["x".repeat(300)]);
        let call = caller.call(PROCEDURE, long.clone()).await;
        declines(&mut one, id, long).await;
        nobody_is_available(&mut caller, call).await;
        assert_eq!(router.counter("held_bytes_over_limit"), 1);
        for _ in 0..20 {
            // What is over makes room again.
            let call = caller.call(PROCEDURE, json!(["x".repeat(100)])).await;
            declines(&mut one, id, json!(["x".repeat(100)])).await;
            answers(&mut two, &mut caller, call, id, json!(["x".repeat(100)])).await;
        }
    });
}
