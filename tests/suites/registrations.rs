//! Prefix and wildcard registrations.

use crossway_tests::pattern::ID;
use crossway_tests::{Link, Peer, Plan, everywhere, on_memory};
use serde_json::{Value, json};

use crate::rpc::{PROCEDURE, unregister};

fn prefix() -> Value {
    json!({"match": "prefix"})
}

fn wildcard() -> Value {
    json!({"match": "wildcard"})
}

/// Calls a procedure and expects it to come to this registration.
async fn comes_to(caller: &mut Peer, callee: &mut Peer, procedure: &str, registration: u64, details: Value) {
    let call = caller.call(procedure, json!([procedure])).await;
    let invocation = callee.expect(json!([68, ID, registration, details, [procedure]])).await;
    callee.send(json!([70, invocation[1], {}])).await;
    caller.expect(json!([50, call, {}])).await;
}

async fn comes_to_nobody(caller: &mut Peer, procedure: &str) {
    let call = caller.call(procedure, json!([])).await;
    caller.expect_error(48, call, "wamp.error.no_such_procedure").await;
}

// covers: RPC-PAT-01, RPC-PAT-02, RPC-PAT-04, RPC-PAT-09, RPC-PAT-12, RPC-PAT-13
#[test]
fn patterns_catch_calls_and_tell_what_was_called() {
    everywhere(async |router, link| {
        let (mut caller, mut callee) = (Peer::join(router, link).await, Peer::join(router, link).await);
        let exact = callee.register_with(PROCEDURE, json!({"match": "exact"})).await;
        comes_to(&mut caller, &mut callee, PROCEDURE, exact, json!({})).await;
        let beginning = callee.register_with("org.object", prefix()).await;
        for procedure in ["org.object", "org.object.get", "org.objects", "org.object1-part1"] {
            comes_to(&mut caller, &mut callee, procedure, beginning, json!({"procedure": procedure})).await;
        }
        comes_to_nobody(&mut caller, "org.objec").await;
        let middle = callee.register_with("net..create", wildcard()).await;
        for procedure in ["net.object.create", "net.1.create"] {
            comes_to(&mut caller, &mut callee, procedure, middle, json!({"procedure": procedure})).await;
        }
        for procedure in ["net.create", "net.a.b.create", "net.a.create.b", "nett.a.create"] {
            comes_to_nobody(&mut caller, procedure).await;
        }
        callee.expect_silence().await;
    });
}

// covers: RPC-PAT-05, RPC-PAT-06, RPC-PAT-07, RPC-PAT-09, RPC-PAT-11, RPC-PAT-14, RPC-PAT-16
#[test]
fn one_registration_gets_the_call_and_the_next_best_when_it_is_gone() {
    everywhere(async |router, link| {
        let (mut caller, mut callee) = (Peer::join(router, link).await, Peer::join(router, link).await);
        let exact = callee.register(PROCEDURE).await;
        let told = json!({"procedure": PROCEDURE});
        let rest = [
            (callee.register_with(PROCEDURE, prefix()).await, told.clone()),
            (callee.register_with("com.myapp", prefix()).await, told.clone()),
            (callee.register_with("com", prefix()).await, told.clone()),
            (callee.register_with(PROCEDURE, wildcard()).await, told.clone()),
            (callee.register_with("com.myapp.", wildcard()).await, told.clone()),
            (callee.register_with("com..procedure", wildcard()).await, told.clone()),
            (callee.register_with("..procedure", wildcard()).await, told),
        ];
        let mut last = 0;
        for (registration, details) in [(exact, json!({}))].into_iter().chain(rest) {
            assert_ne!(registration, last, "another policy is another registration");
            comes_to(&mut caller, &mut callee, PROCEDURE, registration, details).await;
            callee.expect_silence().await;
            unregister(&mut callee, registration).await;
            last = registration;
        }
        comes_to_nobody(&mut caller, PROCEDURE).await;
    });
}

// covers: RPC-PAT-03, RPC-PAT-08, RPC-PAT-10
#[test]
fn the_example_of_the_specification() {
    on_memory(Plan::default(), async |router| {
        let mut caller = Peer::join(router, Link::DEFAULT).await;
        let mut callee = Peer::join(router, Link::DEFAULT).await;
        let first = callee.register("a1.b2.c3.d4.e55").await;
        let mut ids = vec![first];
        for (pattern, options) in [
            ("a1.b2.c3", prefix()),
            ("a1.b2.c3.d4", prefix()),
            ("a1.b2..d4.e5", wildcard()),
            ("a1.b2.c33..e5", wildcard()),
            ("a1.b2..d4.e5..g7", wildcard()),
            ("a1.b2..d4..f6.g7", wildcard()),
        ] {
            ids.push(callee.register_with(pattern, options).await);
        }
        comes_to(&mut caller, &mut callee, "a1.b2.c3.d4.e55", first, json!({})).await;
        for (procedure, number) in [
            ("a1.b2.c3.d98.e74", 2),
            ("a1.b2.c3.d4.e325", 3),
            ("a1.b2.c55.d4.e5", 4),
            // It says 5; but a1.b2.c3 is a prefix of this.
            ("a1.b2.c33.d4.e5", 2),
            ("a1.b2.c88.d4.e5.f6.g7", 6),
        ] {
            let details = json!({"procedure": procedure});
            comes_to(&mut caller, &mut callee, procedure, ids[number - 1], details).await;
        }
        comes_to_nobody(&mut caller, "a2.b2.c2.d2.e2").await;
    });
}

// covers: RPC-PAT-05, RPC-PAT-16
#[test]
fn where_the_best_one_fails_no_other_is_tried() {
    everywhere(async |router, link| {
        let mut caller = Peer::join(router, link).await;
        let (mut best, mut other) = (Peer::join(router, link).await, Peer::join(router, link).await);
        let registration = best.register("com.myapp.procedure").await;
        other.register_with("com.", prefix()).await;
        for error in ["com.myapp.error", "wamp.error.no_such_procedure", "wamp.error.invalid_argument"] {
            let call = caller.call(PROCEDURE, json!([1])).await;
            let invocation = best.expect_invocation(registration, json!([1])).await;
            best.send(json!([8, 68, invocation, {}, error, ["no"]])).await;
            caller.expect(json!([8, 48, call, {}, error, ["no"]])).await;
        }
        let call = caller.call(PROCEDURE, json!([1])).await;
        best.expect_invocation(registration, json!([1])).await;
        drop(best);
        caller.expect_error(48, call, "wamp.error.canceled").await;
        other.expect_silence().await;
    });
}

// covers: RPC-PAT-14, RPC-02
#[test]
fn one_pattern_is_registered_once_with_each_policy() {
    everywhere(async |router, link| {
        let (mut one, mut other) = (Peer::join(router, link).await, Peer::join(router, link).await);
        for options in [json!({}), prefix(), wildcard()] {
            let registration = one.register_with(PROCEDURE, options.clone()).await;
            let request = other.request();
            other.send(json!([64, request, options, PROCEDURE])).await;
            other.expect_error(64, request, "wamp.error.procedure_already_exists").await;
            let request = other.request();
            other.send(json!([66, request, registration])).await;
            other.expect_error(66, request, "wamp.error.no_such_registration").await;
        }
    });
}

// covers: RPC-PAT-01, RPC-PAT-09, URI-08, RPC-24
#[test]
fn what_is_the_routers_own_no_pattern_catches() {
    everywhere(async |router, link| {
        let (mut caller, mut callee) = (Peer::join(router, link).await, Peer::join(router, link).await);
        for (pattern, options) in
            [("", prefix()), ("wam", prefix()), ("..", wildcard()), (".session.", wildcard())]
        {
            callee.register_with(pattern, options).await;
        }
        comes_to_nobody(&mut caller, "wamp.session.nothing").await;
        let call = caller.call("wamp.session.count", json!([])).await;
        caller.expect(json!([50, call, {}, [2]])).await;
        callee.expect_silence().await;
    });
}

// covers: RPC-PAT-01, URI-04
#[test]
fn patterns_are_uris_as_far_as_their_policy_wants_it() {
    everywhere(async |router, link| {
        let mut callee = Peer::join(router, link).await;
        let cases = [
            (json!({}), "com..procedure"),
            (json!({"match": "exact"}), ""),
            (prefix(), "com..procedure"),
            (wildcard(), "com.a b."),
            (prefix(), "wamp."),
            (wildcard(), "wamp.."),
        ];
        for (options, pattern) in cases {
            let request = callee.request();
            callee.send(json!([64, request, options, pattern])).await;
            callee.expect_error(64, request, "wamp.error.invalid_uri").await;
        }
        callee.send(json!([64, 1, {"match": "suffix"}, PROCEDURE])).await;
        callee.expect_violation("match").await;
    });
}

// covers: RPC-PAT-01
#[test]
fn there_is_a_limit_for_shapes_of_wildcards() {
    on_memory(Plan::limits(|limits| limits.max_wildcard_shapes = 2), async |router| {
        let mut callee = Peer::join(router, Link::DEFAULT).await;
        let first = callee.register_with("com..a", wildcard()).await;
        callee.register_with("com..b", wildcard()).await;
        callee.register_with("com..", wildcard()).await;
        let request = callee.request();
        callee.send(json!([64, request, wildcard(), ".myapp.a"])).await;
        let error = callee.expect_error(64, request, "crossway.error.limit_exceeded").await;
        assert!(error.to_string().contains("max_wildcard_shapes = 2"), "{error}");
        unregister(&mut callee, first).await;
        let request = callee.request();
        callee.send(json!([64, request, wildcard(), ".myapp.a"])).await;
        callee.expect_error(64, request, "crossway.error.limit_exceeded").await;
        callee.register_with("com.", prefix()).await;
        callee.register("com.a.b").await;
    });
}
