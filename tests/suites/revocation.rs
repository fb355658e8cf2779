//! Registrations that the router takes back: `UNREGISTERED [67, 0, Details]`.

use crossway_tests::{Link, Peer, Plan, everywhere, on_memory};
use serde_json::json;

const PROCEDURE: &str = "com.myapp.procedure";

// covers: RPC-REV-01, RPC-REV-02, RPC-REV-04
#[test]
fn who_loses_a_procedure_is_told_with_a_reason_that_is_a_uri() {
    everywhere(async |router, link| {
        let mut old = Peer::join(router, link).await;
        let mut new = Peer::join(router, link).await;
        let lost = old.register(PROCEDURE).await;
        new.register_with(PROCEDURE, json!({"force_reregister": true})).await;
        let details = json!({"registration": lost, "reason": "crossway.reason.procedure_taken"});
        old.expect(json!([67, 0, details])).await;
        let request = old.request();
        old.send(json!([66, request, lost])).await;
        old.expect_error(66, request, "wamp.error.no_such_registration").await;
    });
}

// covers: RPC-REV-02
#[test]
fn who_does_not_know_revocation_hears_nothing_of_it() {
    on_memory(Plan::default(), async |router| {
        let link = Link::DEFAULT;
        let roles = json!({"roles": {"callee": {}}});
        let mut old = Peer::join_as(router, link, "realm1", roles).await;
        let mut new = Peer::join(router, link).await;
        old.register(PROCEDURE).await;
        new.register_with(PROCEDURE, json!({"force_reregister": true})).await;
        old.expect_silence().await;
    });
}

// covers: RPC-REV-05
#[test]
fn calls_that_run_when_the_procedure_is_lost_may_end() {
    everywhere(async |router, link| {
        let mut old = Peer::join(router, link).await;
        let mut new = Peer::join(router, link).await;
        let mut caller = Peer::join(router, link).await;
        let lost = old.register(PROCEDURE).await;
        let call = caller.call(PROCEDURE, json!([1])).await;
        let invocation = old.expect_invocation(lost, json!([1])).await;
        let taken = new.register_with(PROCEDURE, json!({"force_reregister": true})).await;
        old.send(json!([70, invocation, {}, ["the old one"]])).await;
        caller.expect(json!([50, call, {}, ["the old one"]])).await;
        caller.call(PROCEDURE, json!([2])).await;
        new.expect_invocation(taken, json!([2])).await;
    });
}
