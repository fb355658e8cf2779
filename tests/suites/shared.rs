//! Procedures that several callees share.

use crossway_tests::pattern::ID;
use crossway_tests::{Link, Peer, Plan, TestRouter, everywhere, on_memory};
use serde_json::{Value, json};

use crate::rpc::{PROCEDURE, unregister};

pub(crate) fn invoke(policy: &str) -> Value {
    json!({"invoke": policy})
}

/// Callees of one procedure, and its registration.
pub(crate) async fn callees<const N: usize>(
    router: &TestRouter,
    link: Link,
    options: Value,
) -> ([Peer; N], u64) {
    let (mut callees, mut registration) = (Vec::new(), None);
    for _ in 0..N {
        let mut callee = Peer::join(router, link).await;
        let id = callee.register_with(PROCEDURE, options.clone()).await;
        assert_eq!(*registration.get_or_insert(id), id, "a shared registration has one id");
        callees.push(callee);
    }
    let Ok(callees) = callees.try_into() else { panic!("as many as asked for") };
    (callees, registration.expect("some callees"))
}

/// A call that comes to this callee, which answers it.
async fn comes_to(caller: &mut Peer, callee: &mut Peer, registration: u64) {
    let call = caller.call(PROCEDURE, json!(["whose?"])).await;
    let invocation = callee.expect_invocation(registration, json!(["whose?"])).await;
    callee.send(json!([70, invocation, {}, ["mine"]])).await;
    caller.expect(json!([50, call, {}, ["mine"]])).await;
}

async fn is_refused(callee: &mut Peer, options: Value) {
    let request = callee.request();
    callee.send(json!([64, request, options, PROCEDURE])).await;
    callee.expect_error(64, request, "wamp.error.procedure_already_exists").await;
}

// covers: RPC-SHARED-01, RPC-SHARED-02, RPC-SHARED-03
#[test]
fn whoever_comes_first_decides_whether_and_how_a_procedure_is_shared() {
    everywhere(async |router, link| {
        let (mut first, mut second) = (Peer::join(router, link).await, Peer::join(router, link).await);
        let policies = ["single", "roundrobin", "random", "first", "last", "least_pending"];
        for policy in policies {
            let registration = first.register_with(PROCEDURE, invoke(policy)).await;
            for other in policies.into_iter().filter(|other| *other != policy || policy == "single") {
                is_refused(&mut second, invoke(other)).await;
            }
            if policy != "single" {
                is_refused(&mut second, json!({})).await;
            }
            unregister(&mut first, registration).await;
        }
        let registration = first.register(PROCEDURE).await;
        is_refused(&mut second, invoke("roundrobin")).await;
        is_refused(&mut first, invoke("single")).await;
        unregister(&mut first, registration).await;
        first.send(json!([64, 1, {"invoke": "nearest"}, PROCEDURE])).await;
        first.expect_violation("invoke").await;
    });
}

// covers: RPC-SHARED-04, RPC-SHARED-05, RPC-SHARED-11
#[test]
fn callees_take_turns_in_the_order_in_which_they_registered() {
    everywhere(async |router, link| {
        let mut caller = Peer::join(router, link).await;
        let ([mut one, mut two, mut three], id) = callees(router, link, invoke("roundrobin")).await;
        for _ in 0..2 {
            for callee in [&mut one, &mut two, &mut three] {
                comes_to(&mut caller, callee, id).await;
            }
        }
        // Who comes and goes takes nobody's turn away.
        comes_to(&mut caller, &mut one, id).await;
        unregister(&mut two, id).await;
        comes_to(&mut caller, &mut three, id).await;
        comes_to(&mut caller, &mut one, id).await;
        assert_eq!(two.register_with(PROCEDURE, invoke("roundrobin")).await, id);
        comes_to(&mut caller, &mut three, id).await;
        comes_to(&mut caller, &mut two, id).await;
        unregister(&mut one, id).await;
        comes_to(&mut caller, &mut three, id).await;
        unregister(&mut three, id).await;
        comes_to(&mut caller, &mut two, id).await;
        comes_to(&mut caller, &mut two, id).await;
    });
}

// covers: RPC-SHARED-06
#[test]
fn chance_is_fair() {
    on_memory(Plan::default(), async |router| {
        let link = Link::DEFAULT;
        let mut caller = Peer::join(router, link).await;
        let (mut all, id) = callees::<3>(router, link, invoke("random")).await;
        for _ in 0..600 {
            caller.call(PROCEDURE, json!([1])).await;
        }
        caller.expect_silence().await;
        let mut hits = Vec::new();
        for callee in &mut all {
            let fence = callee.request();
            callee.send(json!([16, fence, {"acknowledge": true}, "test.fence"])).await;
            let mut calls = 0;
            while callee.receive().await == json!([68, calls + 1, id, {}, [1]]) {
                calls += 1;
            }
            hits.push(calls);
        }
        assert_eq!(hits.iter().sum::<u64>(), 600);
        // 200 each, give or take seven times what chance does.
        assert!(hits.iter().all(|hits| (120..280).contains(hits)), "{hits:?}");
    });
}

// covers: RPC-SHARED-07, RPC-SHARED-08
#[test]
fn first_is_the_oldest_and_last_the_newest_that_is_there() {
    everywhere(async |router, link| {
        let mut caller = Peer::join(router, link).await;
        let ([mut one, mut two, mut three], id) = callees(router, link, invoke("first")).await;
        comes_to(&mut caller, &mut one, id).await;
        comes_to(&mut caller, &mut one, id).await;
        unregister(&mut one, id).await;
        comes_to(&mut caller, &mut two, id).await;
        one.register_with(PROCEDURE, invoke("first")).await;
        comes_to(&mut caller, &mut two, id).await;
        for callee in [&mut one, &mut two, &mut three] {
            unregister(callee, id).await;
        }
        let ([_one, mut two, mut three], id) = callees(router, link, invoke("last")).await;
        comes_to(&mut caller, &mut three, id).await;
        comes_to(&mut caller, &mut three, id).await;
        unregister(&mut three, id).await;
        comes_to(&mut caller, &mut two, id).await;
        three.register_with(PROCEDURE, invoke("last")).await;
        comes_to(&mut caller, &mut three, id).await;
    });
}

// covers: RPC-SHARED-08, RPC-SHARED-02, RPC-23
#[test]
fn a_shared_procedure_is_there_until_its_last_callee_goes() {
    everywhere(async |router, link| {
        let mut watcher = Peer::join(router, link).await;
        let left = watcher.subscribe("wamp.registration.on_unregister").await;
        let mut caller = Peer::join(router, link).await;
        let ([one, mut two, three], id) = callees(router, link, invoke("roundrobin")).await;
        for leaving in [one, three] {
            let session = leaving.session();
            drop(leaving);
            watcher.expect(json!([36, left, ID, {}, [session, id]])).await;
            comes_to(&mut caller, &mut two, id).await;
            is_refused(&mut caller, invoke("first")).await;
        }
        unregister(&mut two, id).await;
        let call = caller.call(PROCEDURE, json!([])).await;
        caller.expect_error(48, call, "wamp.error.no_such_procedure").await;
        // Now it is for somebody else to say how.
        let other = caller.register_with(PROCEDURE, invoke("first")).await;
        assert_ne!(other, id);
    });
}

// covers: RPC-SHARED-09
#[test]
fn registering_again_changes_nothing() {
    everywhere(async |router, link| {
        let mut caller = Peer::join(router, link).await;
        let ([mut one, mut two], id) = callees(router, link, invoke("roundrobin")).await;
        assert_eq!(one.register_with(PROCEDURE, invoke("roundrobin")).await, id);
        for _ in 0..2 {
            comes_to(&mut caller, &mut one, id).await;
            comes_to(&mut caller, &mut two, id).await;
        }
        unregister(&mut one, id).await;
        comes_to(&mut caller, &mut two, id).await;
        comes_to(&mut caller, &mut two, id).await;
    });
}

// covers: RPC-SHARED-10, RPC-PAT-14
#[test]
fn each_pattern_is_shared_in_its_own_way() {
    everywhere(async |router, link| {
        let mut caller = Peer::join(router, link).await;
        let (mut one, mut two) = (Peer::join(router, link).await, Peer::join(router, link).await);
        let (prefix, pattern) = (json!({"match": "prefix", "invoke": "last"}), "com.myapp.");
        let beginning = one.register_with(pattern, prefix.clone()).await;
        assert_eq!(two.register_with(pattern, prefix).await, beginning);
        let wildcard = json!({"match": "wildcard", "invoke": "first"});
        let middle = one.register_with("org..procedure", wildcard.clone()).await;
        assert_eq!(two.register_with("org..procedure", wildcard).await, middle);
        for (procedure, registration, callee) in
            [("com.myapp.x", beginning, &mut two), ("org.myapp.procedure", middle, &mut one)]
        {
            caller.call(procedure, json!([1])).await;
            callee.expect(json!([68, ID, registration, {"procedure": procedure}, [1]])).await;
        }
        // Exactly this URI is single all the same.
        let exact = one.register_with(pattern.trim_end_matches('.'), json!({})).await;
        assert_ne!(exact, beginning);
    });
}

// covers: RPC-SHARED-05, RPC-09
#[test]
fn a_callee_that_leaves_cancels_its_own_calls_only() {
    everywhere(async |router, link| {
        let mut caller = Peer::join(router, link).await;
        let ([mut one, mut two], id) = callees(router, link, invoke("roundrobin")).await;
        let first = caller.call(PROCEDURE, json!([1])).await;
        one.expect_invocation(id, json!([1])).await;
        let second = caller.call(PROCEDURE, json!([2])).await;
        let invocation = two.expect_invocation(id, json!([2])).await;
        drop(one);
        caller.expect_error(48, first, "wamp.error.canceled").await;
        two.send(json!([70, invocation, {}])).await;
        caller.expect(json!([50, second, {}])).await;
    });
}

// covers: RPC-SHARED-01
#[test]
fn least_pending_asks_who_has_least_to_do() {
    everywhere(async |router, link| {
        let mut caller = Peer::join(router, link).await;
        let ([mut one, mut two], id) = callees(router, link, invoke("least_pending")).await;
        let mut open = Vec::new();
        for number in 0..2 {
            for callee in [&mut one, &mut two] {
                caller.call(PROCEDURE, json!([number])).await;
                open.push(callee.expect_invocation(id, json!([number])).await);
            }
        }
        // The second is done with everything: it gets all until it has as much to do as the first.
        for invocation in [open[1], open[3]] {
            two.send(json!([70, invocation, {}])).await;
            caller.expect(json!([50, ID, {}])).await;
        }
        for number in 2..4 {
            caller.call(PROCEDURE, json!([number])).await;
            two.expect_invocation(id, json!([number])).await;
        }
        one.expect_silence().await;
    });
}

// covers: RPC-SHARED-01
#[test]
fn there_is_a_limit_for_callees_of_one_procedure() {
    on_memory(Plan::limits(|limits| limits.max_shared_callees = 2), async |router| {
        let (mut one, mut two) =
            (Peer::join(router, Link::DEFAULT).await, Peer::join(router, Link::DEFAULT).await);
        let ([mut first, _second], id) = callees(router, Link::DEFAULT, invoke("first")).await;
        let request = one.request();
        one.send(json!([64, request, invoke("first"), PROCEDURE])).await;
        one.expect_error(64, request, "crossway.error.limit_exceeded").await;
        assert_eq!(router.counter("shared_callees_over_limit"), 1);
        assert_eq!(first.register_with(PROCEDURE, invoke("first")).await, id, "it is there already");
        unregister(&mut first, id).await;
        assert_eq!(two.register_with(PROCEDURE, invoke("first")).await, id);
    });
}
