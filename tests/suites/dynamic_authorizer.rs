//! Somebody else decides what sessions may do: a procedure, of another realm or of the same.

use std::sync::Arc;
use std::time::Duration;

use crossway_anonymous::Anonymous;
use crossway_core::RealmConfig;
use crossway_core::authorization::{Action, Permission, Permissions, Role};
use crossway_core::caller::Caller;
use crossway_core::message::Match;
use crossway_dynamic::{ByRole, ProcedureAuthorizer};
use crossway_tests::pattern::{ANY, ID, MORE};
use crossway_tests::peer::id;
use crossway_tests::{Carrier, Format, Link, Peer, Plan, TestRouter, everywhere_with, on, on_memory};
use serde_json::{Value, json};

use crate::users::{log_in, users};

const PROCEDURE: &str = "com.example.authorize";

/// For what has little to do with the link.
const FEW: [Link; 3] = [Link::DEFAULT, Carrier::Ws.with(Format::MsgPack), Carrier::Unix.with(Format::Cbor)];

/// `realm1`, where a procedure of `judges` decides what staff may do, and guests may decide and make others forget.
fn judged_at(judges: &str, change: impl FnOnce(Caller) -> Caller) -> Plan {
    let asked = ProcedureAuthorizer::new(change(Caller::new(judges)), PROCEDURE);
    let own = Permission::new(PROCEDURE, Match::Exact).allow([Action::Register]);
    let forget = Permission::new("wamp.authorization.", Match::Prefix).allow([Action::Call]);
    let fence = Permission::new("test.fence", Match::Exact).allow([Action::Publish]);
    let judge = Role::new("guest").permission(own).permission(forget).permission(fence);
    let authorizer = ByRole::new(Arc::new(Permissions::new([judge]))).role("staff", Arc::new(asked));
    let realm = users(RealmConfig::new("realm1")).authorizer(Arc::new(authorizer));
    let admin = RealmConfig::new("admin").authenticator(Arc::new(Anonymous::default()));
    Plan { realms: vec![realm, admin], ..Plan::default() }
}

fn judged() -> Plan {
    judged_at("admin", |caller| caller)
}

/// Whoever decides.
struct Judge {
    peer: Peer,
    registration: u64,
}

impl Judge {
    async fn join(router: &TestRouter, link: Link) -> Self {
        let features = json!({"call_canceling": true});
        let roles = json!({"roles": {"publisher": {}, "callee": {"features": features}}});
        Self::of(Peer::join_as(router, link, "admin", roles).await).await
    }

    async fn of(mut peer: Peer) -> Self {
        let registration = peer.register(PROCEDURE).await;
        Judge { peer, registration }
    }

    /// Waits for a question; returns the invocation, the session and the options.
    async fn is_asked(&mut self, action: &str, uri: &str) -> (u64, Value, Value) {
        let args = json!([ANY, uri, action, ANY]);
        let asked = self.peer.expect(json!([68, ID, self.registration, {}, args])).await;
        (id(&asked, 1), asked[4][0].clone(), asked[4][3].clone())
    }

    async fn says(&mut self, invocation: u64, answer: Value) {
        self.peer.send(json!([70, invocation, {}, [answer]])).await;
    }

    /// Is asked, and answers.
    async fn judges(&mut self, action: &str, uri: &str, answer: Value) {
        let (invocation, ..) = self.is_asked(action, uri).await;
        self.says(invocation, answer).await;
    }

    /// Nobody has asked anything that was not answered.
    async fn is_left_alone(&mut self) {
        self.peer.expect_silence().await;
    }
}

/// PUBLISH that is to be acknowledged; returns the request.
async fn publish(peer: &mut Peer, topic: &str) -> u64 {
    let request = peer.request();
    peer.send(json!([16, request, {"acknowledge": true}, topic])).await;
    request
}

async fn published(peer: &mut Peer, request: u64) {
    peer.expect(json!([17, request, ID])).await;
}

// covers: AUTHZ-01, AUTHZ-02
#[test]
fn a_procedure_is_told_who_wants_to_do_what_and_says_whether_that_is_allowed() {
    everywhere_with(judged, async |router, link| {
        let mut judge = Judge::join(router, link).await;
        let mut alice = log_in(router, link, "alice").await;
        let request = alice.request();
        alice.send(json!([64, request, {"match": "prefix", "invoke": "random"}, "com.app"])).await;
        let (invocation, session, options) = judge.is_asked("register", "com.app").await;
        let expected = json!({
            "session": alice.session(), "realm": "realm1", "authid": "alice", "authrole": "staff",
            "authmethod": "ticket", "authprovider": "static", "authextra": {},
        });
        assert_eq!((session, options), (expected, json!({"match": "prefix", "invoke": "random"})));
        judge.says(invocation, json!(true)).await;
        let registered = alice.expect(json!([65, request, ID])).await;
        let request = alice.request();
        alice.send(json!([32, request, {}, "com.topic"])).await;
        judge.judges("subscribe", "com.topic", json!({"allow": true})).await;
        alice.expect(json!([33, request, ID])).await;
        let request = publish(&mut alice, "com.topic").await;
        judge.judges("publish", "com.topic", json!(true)).await;
        published(&mut alice, request).await;
        let call = alice.call("com.app.x", json!([1])).await;
        judge.judges("call", "com.app.x", json!(true)).await;
        alice.expect(json!([68, ID, registered[2], {MORE: 0}, [1]])).await;
        let denied = alice.call("no.such.procedure", json!([])).await;
        judge.judges("call", "no.such.procedure", json!(false)).await;
        alice.expect_error(48, denied, "wamp.error.not_authorized").await;
        assert_ne!(call, denied);
    });
}

// covers: AUTHZ-03, AUTHZ-04
#[test]
fn without_a_decision_nothing_is_allowed() {
    on(FEW, judged, async |router, link| {
        let mut alice = log_in(router, link, "alice").await;
        let call = alice.call("com.app", json!([])).await;
        alice.expect_error(48, call, "wamp.error.authorization_failed").await;
        let mut judge = Judge::join(router, link).await;
        for garbage in [json!(1), json!("true"), json!([true]), json!({}), json!({"allow": "yes"})] {
            let call = alice.call("com.app", json!([])).await;
            judge.judges("call", "com.app", garbage).await;
            alice.expect_error(48, call, "wamp.error.authorization_failed").await;
        }
        for (error, uri) in [
            ("com.example.broken", "wamp.error.authorization_failed"),
            ("wamp.error.runtime_error", "wamp.error.authorization_failed"),
            ("wamp.error.not_authorized", "wamp.error.not_authorized"),
        ] {
            let call = alice.call("com.app", json!([])).await;
            let (invocation, ..) = judge.is_asked("call", "com.app").await;
            judge.peer.send(json!([8, 68, invocation, {}, error, ["a secret"]])).await;
            let answer = alice.expect_error(48, call, uri).await;
            assert!(!answer.to_string().contains("secret"), "{answer}");
        }
        let call = alice.call("com.app", json!([])).await;
        judge.is_asked("call", "com.app").await;
        judge.peer.close().await;
        alice.expect_error(48, call, "wamp.error.authorization_failed").await;
    });
}

// covers: AUTHZ-04
#[test]
fn who_does_not_answer_in_time_has_allowed_nothing() {
    let plan = judged_at("admin", |caller| caller.timeout(Duration::from_secs(3)).max_concurrent(1));
    on_memory(plan, async |router| {
        tokio::time::pause();
        let mut judge = Judge::join(router, Link::DEFAULT).await;
        let mut alice = log_in(router, Link::DEFAULT, "alice").await;
        let mut bob = log_in(router, Link::DEFAULT, "bob").await;
        let call = alice.call("com.app", json!([])).await;
        let (invocation, ..) = judge.is_asked("call", "com.app").await;
        let other = bob.call("com.app", json!([])).await;
        judge.is_left_alone().await;
        alice.expect_error(48, call, "wamp.error.authorization_failed").await;
        judge.peer.expect(json!([69, invocation, {"mode": "killnowait"}])).await;
        bob.expect_error(48, other, "wamp.error.authorization_failed").await;
        tokio::time::resume();
    });
}

// covers: AUTHZ-02
#[test]
fn a_decision_is_remembered_if_it_says_so_until_somebody_knows_better() {
    on(FEW, judged, async |router, link| {
        let mut judge = Judge::join(router, link).await;
        let mut alice = log_in(router, link, "alice").await;
        for answer in [json!(true), json!({"allow": true}), json!({"allow": true, "cache": true})] {
            let request = publish(&mut alice, "com.topic").await;
            judge.judges("publish", "com.topic", answer).await;
            published(&mut alice, request).await;
        }
        let request = publish(&mut alice, "com.topic").await;
        published(&mut alice, request).await;
        judge.is_left_alone().await;
        // Not for another topic, nor for another session.
        let request = publish(&mut alice, "com.other").await;
        judge.judges("publish", "com.other", json!(false)).await;
        alice.expect_error(16, request, "wamp.error.not_authorized").await;
        let mut bob = log_in(router, link, "bob").await;
        let request = publish(&mut bob, "com.topic").await;
        judge.judges("publish", "com.topic", json!({"allow": false, "cache": true})).await;
        bob.expect_error(16, request, "wamp.error.not_authorized").await;
        let mut carol = log_in(router, link, "carol").await;
        let call = carol.call("wamp.authorization.invalidate", json!([])).await;
        carol.expect(json!([50, call, {}])).await;
        for peer in [&mut alice, &mut bob] {
            let request = publish(peer, "com.topic").await;
            judge.judges("publish", "com.topic", json!(true)).await;
            published(peer, request).await;
        }
    });
}

// covers: AUTHZ-02
#[test]
fn no_decision_is_remembered_for_longer_than_a_while() {
    on_memory(judged(), async |router| {
        tokio::time::pause();
        let mut judge = Judge::join(router, Link::DEFAULT).await;
        let mut alice = log_in(router, Link::DEFAULT, "alice").await;
        for _ in 0..2 {
            let request = publish(&mut alice, "com.topic").await;
            judge.judges("publish", "com.topic", json!({"allow": true, "cache": true})).await;
            published(&mut alice, request).await;
            tokio::time::advance(Duration::from_secs(59)).await;
            let request = publish(&mut alice, "com.topic").await;
            published(&mut alice, request).await;
            judge.is_left_alone().await;
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
        tokio::time::resume();
    });
}

// covers: AUTHZ-07
#[test]
fn whoever_decides_may_say_that_a_publisher_is_disclosed() {
    on(FEW, judged, async |router, link| {
        let mut judge = Judge::join(router, link).await;
        let mut alice = log_in(router, link, "alice").await;
        let mut bob = log_in(router, link, "bob").await;
        let request = bob.request();
        bob.send(json!([32, request, {}, "com.topic"])).await;
        judge.judges("subscribe", "com.topic", json!(true)).await;
        bob.expect(json!([33, request, ID])).await;
        alice.publish("com.topic", json!([1])).await;
        judge.judges("publish", "com.topic", json!({"allow": true, "disclose": true})).await;
        let disclosed = json!({"publisher": alice.session(), MORE: 0});
        bob.expect(json!([36, ID, ID, disclosed, [1]])).await;
    });
}

// covers: AUTHZ-02
#[test]
fn what_changes_something_for_others_has_to_be_allowed_on_purpose() {
    on(FEW, judged, async |router, link| {
        let mut judge = Judge::join(router, link).await;
        let mut alice = log_in(router, link, "alice").await;
        let bob = log_in(router, link, "bob").await;
        let kill = "wamp.session.kill";
        let call = alice.call(kill, json!([bob.session()])).await;
        judge.judges("call", kill, json!({"allow": true})).await;
        alice.expect_error(48, call, "wamp.error.not_authorized").await;
        let call = alice.call(kill, json!([bob.session()])).await;
        judge.judges("call", kill, json!({"allow": true, "explicit": true})).await;
        alice.expect(json!([50, call, {}])).await;
    });
}

// covers: AUTHZ-02, ORD-09
#[test]
fn a_session_of_the_same_realm_may_decide() {
    let plan = || judged_at("realm1", |caller| caller);
    on(FEW, plan, async |router, link| {
        let mut judge = Judge::of(log_in(router, link, "carol").await).await;
        let mut alice = log_in(router, link, "alice").await;
        let request = publish(&mut alice, "com.topic").await;
        judge.judges("publish", "com.topic", json!(true)).await;
        published(&mut alice, request).await;
        // Nobody asks a judge whether the router may ask it, and its role is decided about by permissions.
        judge.is_left_alone().await;
        let call = alice.call(PROCEDURE, json!([])).await;
        judge.judges("call", PROCEDURE, json!(false)).await;
        alice.expect_error(48, call, "wamp.error.not_authorized").await;
    });
}
