//! Remote procedure calls.

use crossway_tests::pattern::{ANY, ID, MORE};
use crossway_tests::peer::{all_roles, id};
use crossway_tests::{
    Carrier, Format, Link, Peer, Plan, TestRouter, between, binary, everywhere, on_threads,
};
use serde_json::{Value, json};

pub(crate) const PROCEDURE: &str = "com.myapp.procedure";

pub(crate) async fn pair(router: &TestRouter, link: Link) -> (Peer, Peer, u64) {
    let caller = Peer::join(router, link).await;
    let mut callee = Peer::join(router, link).await;
    let registration = callee.register(PROCEDURE).await;
    (caller, callee, registration)
}

/// A callee that announces these features alone.
pub(crate) async fn callee_with(router: &TestRouter, link: Link, features: Value) -> Peer {
    Peer::join_as(router, link, "realm1", json!({"roles": {"callee": {"features": features}}})).await
}

/// A callee that takes no INTERRUPT.
pub(crate) async fn deaf(router: &TestRouter, link: Link) -> Peer {
    callee_with(router, link, json!({"call_canceling": false})).await
}

/// UNREGISTER and UNREGISTERED.
pub(crate) async fn unregister(callee: &mut Peer, registration: u64) {
    let request = callee.request();
    callee.send(json!([66, request, registration])).await;
    callee.expect(json!([67, request])).await;
}

// covers: RPC-01, RPC-06, RPC-07, RPC-09
#[test]
fn a_call_reaches_the_callee_and_its_result_the_caller() {
    everywhere(async |router, link| {
        let (mut caller, mut callee, registration) = pair(router, link).await;
        let request = caller.request();
        caller.send(json!([48, request, {}, PROCEDURE, [1, {"a": [null]}], {"key": "value"}])).await;
        callee.expect(json!([68, 1, registration, {}, [1, {"a": [null]}], {"key": "value"}])).await;
        callee.send(json!([70, 1, {}, [2.5, "x"], {"more": true}])).await;
        caller.expect(json!([50, request, {}, [2.5, "x"], {"more": true}])).await;
        caller.expect_silence().await;
        callee.expect_silence().await;
    });
}

// covers: RPC-07, SER-02, SER-11, BJSON-05, MSG-33
#[test]
fn arguments_and_results_are_spelt_as_the_other_understands_them() {
    between(async |router, one, other| {
        let mut caller = Peer::join(router, one).await;
        let mut callee = Peer::join(router, other).await;
        let registration = callee.register(PROCEDURE).await;
        let args = json!([binary(b"\xDE\xAD"), [[{"deep": binary(&[7; 100])}]], 1_u64 << 53, i64::MIN, u64::MAX, 1e300, null]);
        let call = caller.call(PROCEDURE, args.clone()).await;
        let invocation = callee.expect_invocation(registration, args.clone()).await;
        callee.send(json!([70, invocation, {}, args])).await;
        caller.expect(json!([50, call, {}, args])).await;
        let call = caller.call(PROCEDURE, json!([1])).await;
        let invocation = callee.expect_invocation(registration, json!([1])).await;
        callee.send(json!([8, 68, invocation, {}, "com.myapp.error", args, {"k": binary(b"x")}])).await;
        caller.expect(json!([8, 48, call, {}, "com.myapp.error", args, {"k": binary(b"x")}])).await;
    });
}

// covers: RPC-08, RPC-09
#[test]
fn the_error_of_the_callee_reaches_the_caller() {
    everywhere(async |router, link| {
        let (mut caller, mut callee, registration) = pair(router, link).await;
        let call = caller.call(PROCEDURE, json!([1])).await;
        let invocation = callee.expect_invocation(registration, json!([1])).await;
        callee.send(json!([8, 68, invocation, {}, "com.myapp.error.oops", ["why"], {"code": 7}])).await;
        caller.expect(json!([8, 48, call, {}, "com.myapp.error.oops", ["why"], {"code": 7}])).await;
        caller.expect_silence().await;
    });
}

// covers: RPC-05
#[test]
fn calling_what_nobody_registered_is_an_error() {
    everywhere(async |router, link| {
        let mut caller = Peer::join(router, link).await;
        for procedure in [PROCEDURE, "wamp.no.such.thing"] {
            let call = caller.call(procedure, json!([])).await;
            caller.expect_error(48, call, "wamp.error.no_such_procedure").await;
        }
    });
}

// covers: RPC-02
#[test]
fn a_procedure_is_registered_once() {
    everywhere(async |router, link| {
        let (mut other, mut callee, registration) = pair(router, link).await;
        for peer in [&mut other, &mut callee] {
            let request = peer.request();
            peer.send(json!([64, request, {}, PROCEDURE])).await;
            peer.expect_error(64, request, "wamp.error.procedure_already_exists").await;
        }
        let call = other.call(PROCEDURE, json!([1])).await;
        let invocation = callee.expect_invocation(registration, json!([1])).await;
        callee.send(json!([70, invocation, {}])).await;
        other.expect(json!([50, call, {}])).await;
    });
}

// covers: RPC-03, RPC-04, RPC-23
#[test]
fn only_the_owner_unregisters() {
    everywhere(async |router, link| {
        let (mut other, mut callee, registration) = pair(router, link).await;
        for foreign in [registration, 1 << 53] {
            let request = other.request();
            other.send(json!([66, request, foreign])).await;
            other.expect_error(66, request, "wamp.error.no_such_registration").await;
        }
        let request = callee.request();
        callee.send(json!([66, request, registration])).await;
        callee.expect(json!([67, request])).await;
        let request = callee.request();
        callee.send(json!([66, request, registration])).await;
        callee.expect_error(66, request, "wamp.error.no_such_registration").await;
        let call = other.call(PROCEDURE, json!([])).await;
        other.expect_error(48, call, "wamp.error.no_such_procedure").await;
        assert_ne!(other.register(PROCEDURE).await, registration);
    });
}

// covers: RPC-10, ORD-05
#[test]
fn many_calls_are_open_at_once_and_answered_in_any_order() {
    everywhere(async |router, link| {
        let (mut caller, mut callee, registration) = pair(router, link).await;
        let mut open = Vec::new();
        for number in 0..20 {
            let call = caller.call(PROCEDURE, json!([number])).await;
            let invocation = callee.expect_invocation(registration, json!([number])).await;
            open.push((call, invocation));
        }
        for (call, invocation) in open.into_iter().rev() {
            callee.send(json!([70, invocation, {}, [call]])).await;
            caller.expect(json!([50, call, {}, [call]])).await;
        }
    });
}

// covers: RPC-22
#[test]
fn a_session_may_call_itself() {
    everywhere(async |router, link| {
        let mut peer = Peer::join(router, link).await;
        let registration = peer.register(PROCEDURE).await;
        let call = peer.call(PROCEDURE, json!(["me"])).await;
        let invocation = peer.expect_invocation(registration, json!(["me"])).await;
        peer.send(json!([70, invocation, {}, ["myself"]])).await;
        peer.expect(json!([50, call, {}, ["myself"]])).await;
    });
}

// covers: RPC-16
#[test]
fn unregistering_lets_pending_invocations_finish() {
    everywhere(async |router, link| {
        let (mut caller, mut callee, registration) = pair(router, link).await;
        let call = caller.call(PROCEDURE, json!([1])).await;
        let invocation = callee.expect_invocation(registration, json!([1])).await;
        let request = callee.request();
        callee.send(json!([66, request, registration])).await;
        callee.expect(json!([67, request])).await;
        let late = caller.call(PROCEDURE, json!([2])).await;
        caller.expect_error(48, late, "wamp.error.no_such_procedure").await;
        callee.send(json!([70, invocation, {}, ["done"]])).await;
        caller.expect(json!([50, call, {}, ["done"]])).await;
    });
}

// covers: RPC-14, RPC-15, RPC-23
#[test]
fn a_callee_that_leaves_cancels_its_calls() {
    everywhere(async |router, link| {
        for farewell in [
            Some(json!([6, {}, "wamp.close.close_realm"])),
            Some(json!([3, {}, "com.a"])),
            Some(json!([999])),
            None,
        ] {
            let (mut caller, mut callee, registration) = pair(router, link).await;
            let first = caller.call(PROCEDURE, json!([1])).await;
            callee.expect_invocation(registration, json!([1])).await;
            let second = caller.call(PROCEDURE, json!([2])).await;
            callee.expect_invocation(registration, json!([2])).await;
            match farewell {
                Some(message) => callee.send(message).await,
                None => drop(callee),
            }
            let mut canceled = Vec::new();
            for _ in [first, second] {
                canceled.push(id(
                    &caller
                        .expect(json!([8, 48, ID, {}, "wamp.error.canceled", ["the callee has left"]]))
                        .await,
                    2,
                ));
            }
            canceled.sort_unstable();
            assert_eq!(canceled, [first, second]);
            caller.expect_silence().await;
        }
    });
}

// covers: RPC-11, RPC-13, MSG-24, RPC-CANCEL-02
#[test]
fn a_caller_that_leaves_interrupts_its_calls() {
    everywhere(async |router, link| {
        let (mut caller, mut callee, registration) = pair(router, link).await;
        caller.call(PROCEDURE, json!([1])).await;
        let invocation = callee.expect_invocation(registration, json!([1])).await;
        drop(caller);
        callee.expect(json!([69, invocation, {"mode": "killnowait"}])).await;
        callee.send(json!([70, invocation, {}, ["late"]])).await;
        callee.send(json!([8, 68, invocation, {}, "com.myapp.error"])).await;
        callee.expect_silence().await;
    });
}

// covers: RPC-12, RPC-13
#[test]
fn a_callee_that_takes_no_interrupt_gets_none_when_the_caller_leaves() {
    everywhere(async |router, link| {
        let mut caller = Peer::join(router, link).await;
        let mut callee = deaf(router, link).await;
        let registration = callee.register(PROCEDURE).await;
        caller.call(PROCEDURE, json!([1])).await;
        let invocation = callee.expect_invocation(registration, json!([1])).await;
        caller.send(json!([6, {}, "wamp.close.close_realm"])).await;
        caller.expect(json!([6, {}, "wamp.close.goodbye_and_out"])).await;
        callee.send(json!([70, invocation, {}, ["late"]])).await;
        callee.expect_silence().await;
    });
}

/// Answers invocations until `rounds` INVOCATIONs have come; gives in when it is interrupted.
pub(crate) async fn answer(callee: &mut Peer, rounds: usize) {
    let mut invocations = 0;
    while invocations < rounds {
        let message = callee.receive().await;
        match message[0].as_u64() {
            Some(68) => {
                invocations += 1;
                callee.send(json!([70, message[1], {}, message[4]])).await;
            }
            // The answer may be on its way already; this one is then ignored.
            Some(69) => callee.send(json!([8, 68, message[1], {}, "wamp.error.canceled"])).await,
            other => panic!("unexpected {other:?}"),
        }
    }
}

// covers: RPC-09, RPC-14, RPC-05
#[test]
fn callees_come_and_go_and_every_call_has_one_answer() {
    on_threads(Plan::default(), async |router| {
        let mut caller = Peer::join(router, Carrier::Tcp.with(Format::Json)).await;
        let come_and_go = async {
            for round in 0..40 {
                let mut callee = Peer::join(router, Carrier::Unix.with(Format::Json)).await;
                callee.send(json!([64, 1, {}, PROCEDURE])).await;
                if callee.receive().await[0] == 65 {
                    // Leaves with calls unanswered.
                    answer(&mut callee, round % 7).await;
                }
            }
        };
        let calling = async {
            let mut outcomes = std::collections::BTreeMap::<String, usize>::new();
            for _ in 0..600 {
                let call = caller.call(PROCEDURE, json!([1])).await;
                let answer = caller.receive().await;
                if answer[0] == 50 {
                    assert_eq!(id(&answer, 1), call);
                    *outcomes.entry("result".to_owned()).or_default() += 1;
                } else {
                    assert_eq!((id(&answer, 1), id(&answer, 2)), (48, call));
                    *outcomes.entry(answer[4].to_string()).or_default() += 1;
                }
            }
            outcomes
        };
        // The callees end when the calls do, for they wait for some.
        let outcomes = tokio::select! {
            outcomes = calling => outcomes,
            never = async { come_and_go.await; std::future::pending().await } => never,
        };
        let known = ["result", "\"wamp.error.canceled\"", "\"wamp.error.no_such_procedure\""];
        assert!(outcomes.keys().all(|outcome| known.contains(&outcome.as_str())), "{outcomes:?}");
    });
}

// covers: RPC-CID-01, RPC-CID-02, RPC-CID-03, RPC-CID-07
#[test]
fn a_caller_is_disclosed_if_it_wants_to_be() {
    everywhere(async |router, link| {
        let mut caller = Peer::connect(router, link).await;
        let welcome = caller.hello("realm1", all_roles()).await;
        let mut callee = Peer::join(router, link).await;
        let registration = callee.register(PROCEDURE).await;
        caller.call_with(PROCEDURE, json!({"disclose_me": true}), json!([1])).await;
        let details = json!({
            "caller": caller.session(), "caller_authid": welcome[2]["authid"], "caller_authrole": "anonymous",
        });
        callee.expect(json!([68, 1, registration, details, [1]])).await;
        for options in [json!({}), json!({"disclose_me": false})] {
            caller.call_with(PROCEDURE, options, json!([2])).await;
            callee.expect_invocation(registration, json!([2])).await;
        }
    });
}

// covers: RPC-CID-04
#[test]
fn a_callee_may_ask_who_calls() {
    everywhere(async |router, link| {
        let mut caller = Peer::join(router, link).await;
        let mut callee = Peer::join(router, link).await;
        let registration = callee.register_with(PROCEDURE, json!({"disclose_caller": true})).await;
        caller.call(PROCEDURE, json!([1])).await;
        let who = json!({"caller": caller.session(), "caller_authid": ANY, "caller_authrole": ANY});
        callee.expect(json!([68, 1, registration, who, [1]])).await;
    });
}

// covers: RPC-07, RPC-09, RPC-PROG-08
#[test]
fn a_progressive_result_that_nobody_asked_for_is_dropped() {
    everywhere(async |router, link| {
        let (mut caller, mut callee, registration) = pair(router, link).await;
        let call = caller.call(PROCEDURE, json!([1])).await;
        let invocation = callee.expect_invocation(registration, json!([1])).await;
        callee.send(json!([70, invocation, {"progress": true}, [50]])).await;
        callee.send(json!([70, invocation, {"progress": false}, [100]])).await;
        caller.expect(json!([50, call, {MORE: 0}, [100]])).await;
        caller.expect_silence().await;
    });
}
