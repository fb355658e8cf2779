//! Calls that take too long.
//!
//! Where it matters when something happens, time stands still until everybody waits, and then jumps to what comes next.

use std::sync::Arc;
use std::time::Duration;

use crossway_anonymous::Anonymous;
use crossway_core::RealmConfig;
use crossway_core::message::Match;
use crossway_core::policy::ProcedureRule;
use crossway_tests::pattern::{ANY, ID};
use crossway_tests::{Link, Peer, Plan, TestRouter, everywhere, everywhere_with, on_memory};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::rpc::{PROCEDURE, callee_with, deaf, pair, unregister};

/// What a callee announces that ends its calls itself.
fn watchful() -> Value {
    json!({"call_timeout": true, "call_canceling": true})
}

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Runs a behaviour in a time of its own.
fn timeless(plan: Plan, behaviour: impl AsyncFn(&TestRouter)) {
    on_memory(plan, async |router| {
        tokio::time::pause();
        behaviour(router).await;
        tokio::time::resume();
    });
}

/// One rule for all procedures of `com.myapp`.
fn ruled(change: impl FnOnce(&mut ProcedureRule)) -> Plan {
    let mut rule = ProcedureRule::new("com.myapp.", Match::Prefix);
    change(&mut rule);
    let anybody = Arc::new(Anonymous::default());
    Plan::realm(RealmConfig::new("realm1").authenticator(anybody).procedure_rule(rule))
}

/// The call ends `after` this time and not before.
async fn ends_after(caller: &mut Peer, call: u64, since: Instant, after: u64) {
    caller.expect_error(48, call, "wamp.error.timeout").await;
    let took = since.elapsed();
    // The timer of the runtime has a granularity of a millisecond.
    assert!((millis(after)..=millis(after + 2)).contains(&took), "took {took:?}, not {after} ms");
}

// covers: RPC-TMO-01, RPC-TMO-02, RPC-TMO-03, RPC-TMO-07, RPC-09
#[test]
fn the_dealer_ends_a_call_that_takes_too_long() {
    everywhere(async |router, link| {
        let (mut caller, mut callee, registration) = pair(router, link).await;
        let call = caller.call_with(PROCEDURE, json!({"timeout": 15}), json!([1])).await;
        let invocation = callee.expect_invocation(registration, json!([1])).await;
        caller.expect(json!([8, 48, call, {}, "wamp.error.timeout", [ANY]])).await;
        callee.expect(json!([69, invocation, {"mode": "killnowait"}])).await;
        callee.send(json!([70, invocation, {}, ["late"]])).await;
        callee.send(json!([8, 68, invocation, {}, "wamp.error.canceled"])).await;
        callee.expect_silence().await;
        caller.expect_silence().await;
    });
}

// covers: RPC-TMO-02, RPC-TMO-03, RPC-TMO-07
#[test]
fn a_callee_that_takes_no_interrupt_is_not_told_of_the_timeout() {
    everywhere(async |router, link| {
        let mut caller = Peer::join(router, link).await;
        let mut callee = deaf(router, link).await;
        let registration = callee.register(PROCEDURE).await;
        let call = caller.call_with(PROCEDURE, json!({"timeout": 15}), json!([1])).await;
        let invocation = callee.expect_invocation(registration, json!([1])).await;
        caller.expect_error(48, call, "wamp.error.timeout").await;
        callee.send(json!([70, invocation, {}, ["late"]])).await;
        callee.expect_silence().await;
    });
}

// covers: RPC-TMO-01
#[test]
fn none_and_zero_are_no_timeout_and_the_longest_is_one() {
    timeless(Plan::default(), async |router| {
        let (mut caller, mut callee, registration) = pair(router, Link::DEFAULT).await;
        for options in [json!({}), json!({"timeout": 0}), json!({"timeout": u64::MAX})] {
            let call = caller.call_with(PROCEDURE, options, json!([1])).await;
            let invocation = callee.expect_invocation(registration, json!([1])).await;
            tokio::time::advance(Duration::from_secs(30 * 24 * 3600)).await;
            caller.expect_silence().await;
            callee.expect_silence().await;
            callee.send(json!([70, invocation, {}, ["at last"]])).await;
            caller.expect(json!([50, call, {}, ["at last"]])).await;
        }
    });
}

// covers: RPC-TMO-01, RPC-TMO-03
#[test]
fn calls_end_when_they_have_to_in_whatever_order_they_were_made() {
    timeless(Plan::default(), async |router| {
        let (mut caller, mut callee, registration) = pair(router, Link::DEFAULT).await;
        let since = Instant::now();
        let mut calls = Vec::new();
        for timeout in [500, 100, 900, 300, 301] {
            let call = caller.call_with(PROCEDURE, json!({"timeout": timeout}), json!([timeout])).await;
            callee.expect_invocation(registration, json!([timeout])).await;
            calls.push((timeout, call));
        }
        calls.sort_unstable();
        for (timeout, call) in calls {
            ends_after(&mut caller, call, since, timeout).await;
        }
        // And again, when there was none for a while.
        tokio::time::advance(Duration::from_secs(60)).await;
        let since = Instant::now();
        let call = caller.call_with(PROCEDURE, json!({"timeout": 50}), json!(["again"])).await;
        ends_after(&mut caller, call, since, 50).await;
        caller.expect_silence().await;
    });
}

// covers: RPC-TMO-01, RPC-09
#[test]
fn a_call_that_was_answered_in_time_has_no_timeout_any_more() {
    timeless(Plan::default(), async |router| {
        let (mut caller, mut callee, registration) = pair(router, Link::DEFAULT).await;
        let call = caller.call_with(PROCEDURE, json!({"timeout": 1000}), json!([1])).await;
        let invocation = callee.expect_invocation(registration, json!([1])).await;
        callee.send(json!([70, invocation, {}])).await;
        caller.expect(json!([50, call, {}])).await;
        // The same id once more, without a timeout: the old one is not its own.
        caller.send(json!([48, call, {}, PROCEDURE, [2]])).await;
        let invocation = callee.expect_invocation(registration, json!([2])).await;
        tokio::time::advance(Duration::from_secs(5)).await;
        caller.expect_silence().await;
        callee.expect_silence().await;
        callee.send(json!([70, invocation, {}])).await;
        caller.expect(json!([50, call, {}])).await;
    });
}

// covers: RPC-TMO-03, RPC-09
#[test]
fn a_thousand_calls_that_end_at_once_are_a_thousand_answers() {
    timeless(Plan::default(), async |router| {
        let (mut caller, mut callee, registration) = pair(router, Link::DEFAULT).await;
        let mut open = std::collections::HashSet::new();
        for number in 0..1000 {
            open.insert(caller.call_with(PROCEDURE, json!({"timeout": 60}), json!([number])).await);
            callee.expect_invocation(registration, json!([number])).await;
        }
        for _ in 0..1000 {
            let error = caller.expect(json!([8, 48, ID, {}, "wamp.error.timeout", [ANY]])).await;
            assert!(open.remove(&crossway_tests::peer::id(&error, 2)), "answered twice: {error}");
        }
        caller.expect_silence().await;
    });
}

// covers: RPC-TMO-04, RPC-TMO-05
#[test]
fn a_callee_that_wants_to_watch_over_the_timeout_is_told_of_it() {
    everywhere(async |router, link| {
        let mut caller = Peer::join(router, link).await;
        let cases = [
            (watchful(), json!({"forward_timeout": true}), json!({"timeout": 60000})),
            (watchful(), json!({"forward_timeout": false}), json!({})),
            (watchful(), json!({}), json!({})),
            (json!({"call_canceling": true}), json!({"forward_timeout": true}), json!({})),
        ];
        for (features, options, details) in cases {
            let mut callee = callee_with(router, link, features).await;
            let registration = callee.register_with(PROCEDURE, options).await;
            let call = caller.call_with(PROCEDURE, json!({"timeout": 60000}), json!([1])).await;
            callee.expect(json!([68, 1, registration, details, [1]])).await;
            callee.send(json!([8, 68, 1, {}, "wamp.error.timeout", ["it says"]])).await;
            caller.expect(json!([8, 48, call, {}, "wamp.error.timeout", ["it says"]])).await;
            unregister(&mut callee, registration).await;
        }
    });
}

// covers: RPC-TMO-02, RPC-TMO-04, RPC-TMO-05
#[test]
fn whoever_is_told_of_the_timeout_keeps_it_alone() {
    timeless(Plan::default(), async |router| {
        let mut caller = Peer::join(router, Link::DEFAULT).await;
        for (options, forwarded) in [(json!({"forward_timeout": true}), true), (json!({}), false)] {
            let mut callee = callee_with(router, Link::DEFAULT, watchful()).await;
            let registration = callee.register_with(PROCEDURE, options).await;
            let since = Instant::now();
            let call = caller.call_with(PROCEDURE, json!({"timeout": 200}), json!([1])).await;
            callee.expect(json!([68, 1, registration, ANY, [1]])).await;
            if forwarded {
                tokio::time::advance(millis(5000)).await;
                caller.expect_silence().await;
                callee.send(json!([70, 1, {}, ["in its own time"]])).await;
                caller.expect(json!([50, call, {}, ["in its own time"]])).await;
            } else {
                ends_after(&mut caller, call, since, 200).await;
            }
            drop(callee);
            caller.expect_silence().await;
        }
    });
}

// covers: RPC-TMO-06
#[test]
fn a_rule_may_say_who_watches_over_timeouts() {
    for (rule, wish, details) in [
        (true, json!({}), json!({"timeout": 60000})),
        (true, json!({"forward_timeout": false}), json!({"timeout": 60000})),
        (false, json!({"forward_timeout": true}), json!({})),
    ] {
        everywhere_with(
            || ruled(|it| it.forward_timeout = Some(rule)),
            async |router, link| {
                let mut caller = Peer::join(router, link).await;
                let mut callee = callee_with(router, link, watchful()).await;
                let registration = callee.register_with(PROCEDURE, wish.clone()).await;
                caller.call_with(PROCEDURE, json!({"timeout": 60000}), json!([1])).await;
                callee.expect(json!([68, 1, registration, details, [1]])).await;
            },
        );
    }
}

// covers: RPC-TMO-02, RPC-TMO-06
#[test]
fn a_rule_may_say_how_long_calls_take_at_most() {
    timeless(ruled(|rule| rule.max_timeout = Some(millis(300))), async |router| {
        let (mut caller, mut callee, registration) = pair(router, Link::DEFAULT).await;
        for (asked, granted) in [(None, 300), (Some(0), 300), (Some(100), 100), (Some(70000), 300)] {
            let options = asked.map_or(json!({}), |timeout| json!({"timeout": timeout}));
            let since = Instant::now();
            let call = caller.call_with(PROCEDURE, options, json!([1])).await;
            callee.expect_invocation(registration, json!([1])).await;
            ends_after(&mut caller, call, since, granted).await;
            callee.expect(json!([69, ID, {"mode": "killnowait"}])).await;
        }
        // A callee that keeps the caller's timeout is not trusted with the rule's.
        let mut watchful = callee_with(router, Link::DEFAULT, watchful()).await;
        let other = watchful.register_with("com.myapp.other", json!({"forward_timeout": true})).await;
        let since = Instant::now();
        let call = caller.call_with("com.myapp.other", json!({"timeout": 70000}), json!([1])).await;
        watchful.expect(json!([68, 1, other, {"timeout": 300}, [1]])).await;
        ends_after(&mut caller, call, since, 300).await;
    });
}

// covers: RPC-TMO-02
#[test]
fn a_callee_may_say_how_long_calls_take_at_most() {
    timeless(Plan::default(), async |router| {
        let mut caller = Peer::join(router, Link::DEFAULT).await;
        let mut callee = Peer::join(router, Link::DEFAULT).await;
        let registration = callee.register_with(PROCEDURE, json!({"_timeout": 300})).await;
        for (asked, granted) in [(0, 300), (100, 100), (70000, 300)] {
            let since = Instant::now();
            let call = caller.call_with(PROCEDURE, json!({"timeout": asked}), json!([1])).await;
            callee.expect_invocation(registration, json!([1])).await;
            ends_after(&mut caller, call, since, granted).await;
            callee.expect(json!([69, ID, {"mode": "killnowait"}])).await;
        }
    });
}

// covers: RPC-TMO-08, MSG-12
#[test]
fn a_timeout_is_a_non_negative_integer() {
    everywhere(async |router, link| {
        for timeout in [json!(-1), json!(1.5), json!("10"), json!(true), json!([])] {
            let mut caller = Peer::join(router, link).await;
            caller.call_with(PROCEDURE, json!({"timeout": timeout}), json!([1])).await;
            caller.expect_violation("timeout").await;
        }
    });
}

// covers: RPC-TMO-09, RPC-PROG-11
#[test]
fn every_progressive_result_gives_the_next_as_much_time() {
    timeless(Plan::default(), async |router| {
        let (mut caller, mut callee, registration) = pair(router, Link::DEFAULT).await;
        let options = json!({"timeout": 100, "receive_progress": true});
        let call = caller.call_with(PROCEDURE, options.clone(), json!([1])).await;
        let details = json!({"receive_progress": true});
        callee.expect(json!([68, 1, registration, details, [1]])).await;
        for number in 0..10 {
            tokio::time::advance(millis(80)).await;
            callee.send(json!([70, 1, {"progress": true}, [number]])).await;
            caller.expect(json!([50, call, {"progress": true}, [number]])).await;
        }
        let since = Instant::now();
        ends_after(&mut caller, call, since, 100).await;
        callee.expect(json!([69, 1, {"mode": "killnowait"}])).await;
        // The first has no more time than the others.
        let since = Instant::now();
        let call = caller.call_with(PROCEDURE, options, json!([2])).await;
        callee.expect(json!([68, 2, registration, details, [2]])).await;
        ends_after(&mut caller, call, since, 100).await;
    });
}

// covers: RPC-TMO-09, RPC-PINV-20
#[test]
fn more_of_a_call_gives_it_no_more_time() {
    timeless(Plan::default(), async |router| {
        let (mut caller, mut callee, registration) = pair(router, Link::DEFAULT).await;
        let since = Instant::now();
        let call = caller.call_with(PROCEDURE, json!({"timeout": 100, "progress": true}), json!([1])).await;
        callee.expect(json!([68, 1, registration, {"progress": true}, [1]])).await;
        tokio::time::advance(millis(80)).await;
        caller.send(json!([48, call, {"timeout": 1000}, PROCEDURE, [2]])).await;
        callee.expect(json!([68, 1, registration, {}, [2]])).await;
        ends_after(&mut caller, call, since, 100).await;
    });
}

// covers: RPC-TMO-03, RPC-CANCEL-04, RPC-CANCEL-11
#[test]
fn a_call_that_is_killed_still_ends_in_time() {
    timeless(Plan::default(), async |router| {
        let (mut caller, mut callee, registration) = pair(router, Link::DEFAULT).await;
        let since = Instant::now();
        let call = caller.call_with(PROCEDURE, json!({"timeout": 100}), json!([1])).await;
        callee.expect_invocation(registration, json!([1])).await;
        caller.send(json!([49, call, {"mode": "kill"}])).await;
        callee.expect(json!([69, 1, {"mode": "kill"}])).await;
        ends_after(&mut caller, call, since, 100).await;
        callee.expect_silence().await;
        caller.expect_silence().await;
    });
}

// covers: RPC-TMO-07, RPC-13
#[test]
fn a_caller_that_has_left_has_no_timeouts() {
    timeless(Plan::default(), async |router| {
        let (mut caller, mut callee, registration) = pair(router, Link::DEFAULT).await;
        caller.call_with(PROCEDURE, json!({"timeout": 100}), json!([1])).await;
        callee.expect_invocation(registration, json!([1])).await;
        drop(caller);
        callee.expect(json!([69, 1, {"mode": "killnowait"}])).await;
        tokio::time::advance(millis(1000)).await;
        callee.expect_silence().await;
    });
}
