//! Registrations that the router takes back: `UNREGISTERED [67, 0, Details]`.

use std::sync::Arc;

use crossway_core::limits::ForceReregister;
use crossway_core::{Protocol, RealmConfig};
use crossway_tests::pattern::{ANY, ID};
use crossway_tests::{Link, Peer, Plan, TestRouter, everywhere, on_memory};
use crossway_ticket::Ticket;
use serde_json::json;

use crate::users::log_in;

const PROCEDURE: &str = "com.myapp.procedure";

// covers: RPC-REV-01, RPC-REV-02, RPC-REV-04, ID-12
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

// covers: RPC-REV-03, META-REG-04
#[test]
fn a_procedure_that_is_lost_is_unregistered_for_everybody() {
    everywhere(async |router, link| {
        let mut watcher = Peer::join(router, link).await;
        let unregister = watcher.subscribe("wamp.registration.on_unregister").await;
        let mut old = Peer::join(router, link).await;
        let mut new = Peer::join(router, link).await;
        let lost = old.register(PROCEDURE).await;
        new.register_with(PROCEDURE, json!({"force_reregister": true})).await;
        watcher.expect(json!([36, unregister, ID, {}, [old.session(), lost]])).await;
        watcher.expect_silence().await;
    });
}

// covers: RPC-REV-01, RPC-02
#[test]
fn all_callees_of_a_shared_procedure_lose_it() {
    everywhere(async |router, link| {
        let mut caller = Peer::join(router, link).await;
        let shared = json!({"invoke": "roundrobin"});
        let (mut one, mut two) = (Peer::join(router, link).await, Peer::join(router, link).await);
        let lost = one.register_with(PROCEDURE, shared.clone()).await;
        two.register_with(PROCEDURE, shared).await;
        let mut new = Peer::join(router, link).await;
        // It need not be shared any more.
        let id = new.register_with(PROCEDURE, json!({"force_reregister": true})).await;
        for old in [&mut one, &mut two] {
            old.expect(json!([67, 0, {"registration": lost, "reason": ANY}])).await;
        }
        for number in 0..2 {
            caller.call(PROCEDURE, json!([number])).await;
            new.expect_invocation(id, json!([number])).await;
        }
    });
}

/// Whether `authid` may take what alice has registered.
async fn may_take(router: &TestRouter, link: Link, authid: &str) -> bool {
    let mut alice = log_in(router, link, "alice").await;
    let registration = alice.register(PROCEDURE).await;
    let mut other = log_in(router, link, authid).await;
    let request = other.request();
    other.send(json!([64, request, {"force_reregister": true}, PROCEDURE])).await;
    let answer = other.receive().await;
    if answer[0] == 65 {
        alice.register_with(PROCEDURE, json!({"force_reregister": true})).await;
        return true;
    }
    assert_eq!(answer[4], "wamp.error.option_not_allowed");
    let request = alice.request();
    alice.send(json!([66, request, registration])).await;
    alice.expect(json!([67, request])).await;
    false
}

// covers: RPC-REV-01, RPC-02
#[test]
fn whose_procedures_one_may_take_is_configured() {
    let plan = |force_reregister| {
        let users = Ticket::new()
            .user("alice", "secret", "worker")
            .user("bob", "secret", "worker")
            .user("carol", "secret", "guest");
        let realm = RealmConfig::new("realm1").authenticator(Arc::new(users));
        let protocol = Protocol { force_reregister, ..Protocol::default() };
        Plan { protocol, ..Plan::realm(realm) }
    };
    for (whose, [alice, bob]) in [
        (ForceReregister::SameRole, [true, true]),
        (ForceReregister::SameUser, [true, false]),
        (ForceReregister::Never, [false, false]),
    ] {
        on_memory(plan(whose), async |router| {
            assert_eq!(may_take(router, Link::DEFAULT, "alice").await, alice, "{whose:?}");
            assert_eq!(may_take(router, Link::DEFAULT, "bob").await, bob, "{whose:?}");
            assert!(!may_take(router, Link::DEFAULT, "carol").await, "{whose:?}");
        });
    }
}
