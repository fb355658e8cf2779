//! Who gets in.

use std::sync::Arc;

use async_trait::async_trait;
use crossway_anonymous::Anonymous;
use crossway_core::auth::{AuthError, AuthRequest, Authenticator, Challenger, Identity};
use crossway_core::{Dict, RealmConfig};
use crossway_tests::pattern::{ANY, ID, MORE};
use crossway_tests::{Link, Peer, Plan, TestRouter, everywhere_with, on_memory};
use crossway_ticket::Ticket;
use serde_json::{Value, json};

fn tickets() -> Plan {
    let ticket = Ticket::new().user("joe", "secret!!!", "frontend");
    Plan::realm(RealmConfig::new("realm1").authenticator(Arc::new(ticket)))
}

async fn challenged(router: &TestRouter, link: Link, authid: Value) -> Peer {
    let mut peer = Peer::connect(router, link).await;
    peer.send(json!([1, "realm1", {"roles": {"caller": {}}, "authmethods": ["ticket"], "authid": authid}]))
        .await;
    peer.expect(json!([4, "ticket", {}])).await;
    peer
}

// covers: AUTH-TKT-01, AUTH-TKT-02, AUTH-TKT-03, AUTH-03, AUTH-04, AUTH-10, AUTH-15
#[test]
fn who_knows_the_ticket_is_welcome() {
    everywhere_with(tickets, async |router, link| {
        let mut joe = challenged(router, link, json!("joe")).await;
        joe.send(json!([5, "secret!!!", {}])).await;
        let expected = json!({"authid": "joe", "authrole": "frontend", "authmethod": "ticket", MORE: 0});
        joe.expect(json!([2, ID, expected])).await;
        joe.subscribe("com.myapp.topic").await;
    });
}

// covers: AUTH-TKT-05, AUTH-05, AUTH-08
#[test]
fn a_wrong_ticket_and_an_unknown_user_get_the_same_answer() {
    everywhere_with(tickets, async |router, link| {
        let mut answers = Vec::new();
        for (authid, ticket) in [("joe", "secret!!"), ("joe", ""), ("nobody", "secret!!!"), ("nobody", "")] {
            let mut peer = challenged(router, link, json!(authid)).await;
            peer.send(json!([5, ticket, {}])).await;
            answers.push(peer.expect_abort("wamp.error.authentication_denied").await);
        }
        answers.dedup();
        assert_eq!(answers.len(), 1, "{answers:?}");
        assert_eq!(router.core.sessions(), 0);
    });
}

// covers: AUTH-TKT-01
#[test]
fn a_ticket_needs_a_name() {
    everywhere_with(tickets, async |router, link| {
        let mut peer = Peer::connect(router, link).await;
        peer.send(json!([1, "realm1", {"roles": {"caller": {}}, "authmethods": ["ticket"]}])).await;
        peer.expect_abort("wamp.error.authentication_denied").await;
    });
}

// covers: AUTH-07
#[test]
fn anonymous_clients_stay_out_where_they_are_not_wanted() {
    everywhere_with(tickets, async |router, link| {
        for details in
            [json!({"roles": {"caller": {}}}), json!({"roles": {"caller": {}}, "authmethods": ["anonymous"]})]
        {
            let mut peer = Peer::connect(router, link).await;
            peer.send(json!([1, "realm1", details])).await;
            peer.expect_abort("wamp.error.authentication_required").await;
        }
    });
}

// covers: AUTH-02
#[test]
fn without_a_common_method_there_is_no_session() {
    everywhere_with(tickets, async |router, link| {
        for methods in [json!([]), json!(["wampcra", "cryptosign"])] {
            let mut peer = Peer::connect(router, link).await;
            peer.send(
                json!([1, "realm1", {"roles": {"caller": {}}, "authmethods": methods, "authid": "joe"}]),
            )
            .await;
            peer.expect_abort("wamp.error.no_matching_auth_method").await;
        }
    });
}

// covers: AUTH-01, AUTH-02
#[test]
fn the_first_method_of_the_client_that_the_realm_has_is_taken() {
    let plan = || {
        let ticket = Ticket::new().user("joe", "secret!!!", "frontend");
        let realm = RealmConfig::new("realm1").authenticator(Arc::new(Anonymous::default()));
        Plan::realm(realm.authenticator(Arc::new(ticket)))
    };
    everywhere_with(plan, async |router, link| {
        let mut peer = Peer::connect(router, link).await;
        let hello = |methods: Value| json!([1, "realm1", {"roles": {"caller": {}}, "authmethods": methods, "authid": "joe"}]);
        peer.send(hello(json!(["wampcra", "ticket", "anonymous"]))).await;
        peer.expect(json!([4, "ticket", {}])).await;
        let mut peer = Peer::connect(router, link).await;
        peer.send(hello(json!(["anonymous", "ticket"]))).await;
        let welcome = peer.expect(json!([2, ID, {"authmethod": "anonymous", MORE: 0}])).await;
        assert_ne!(welcome[2]["authid"], "joe", "an anonymous client does not choose its name");
    });
}

// covers: SESS-29, AUTH-18
#[test]
fn a_client_may_give_up_while_it_is_challenged() {
    everywhere_with(tickets, async |router, link| {
        let mut peer = challenged(router, link, json!("joe")).await;
        peer.send(json!([3, {}, "com.myapp.error.forgot_my_ticket"])).await;
        peer.expect_closed().await;
        assert_eq!(router.core.sessions(), 0);
    });
}

// covers: AUTH-16
#[test]
fn who_does_not_answer_a_challenge_is_given_up() {
    let plan = || {
        let mut plan = tickets();
        plan.limits.handshake_timeout = std::time::Duration::from_millis(30);
        plan
    };
    everywhere_with(plan, async |router, link| {
        let mut peer = challenged(router, link, json!("joe")).await;
        let abort = peer.expect_abort("wamp.error.protocol_violation").await;
        assert!(abort.to_string().contains("handshake_timeout"));
        assert_eq!(router.core.sessions(), 0);
    });
}

// covers: SESS-29, MSG-30
#[test]
fn nothing_but_the_answer_may_follow_a_challenge() {
    everywhere_with(tickets, async |router, link| {
        for other in [
            json!([1, "realm1", {"roles": {"caller": {}}}]),
            json!([6, {}, "wamp.close.close_realm"]),
            json!([48, 1, {}, "com.myapp.procedure"]),
            json!([4, "ticket", {}]),
        ] {
            let mut peer = challenged(router, link, json!("joe")).await;
            peer.send(other).await;
            peer.expect_violation("AUTHENTICATE").await;
        }
    });
}

// covers: AUTH-17
#[test]
fn authenticate_has_a_signature_and_extra() {
    everywhere_with(tickets, async |router, link| {
        for malformed in [
            json!([5, "secret!!!"]),
            json!([5, null, {}]),
            json!([5, "secret!!!", []]),
            json!([5, "x", {}, 1]),
        ] {
            let mut peer = challenged(router, link, json!("joe")).await;
            peer.send(malformed).await;
            peer.expect_violation("AUTHENTICATE").await;
        }
    });
}

// covers: MSG-29
#[test]
fn authenticate_without_a_challenge_is_a_violation() {
    everywhere_with(Plan::default, async |router, link| {
        let mut peer = Peer::join(router, link).await;
        peer.send(json!([5, "secret!!!", {}])).await;
        peer.expect_violation("AUTHENTICATE").await;
        let mut peer = Peer::connect(router, link).await;
        peer.send(json!([5, "secret!!!", {}])).await;
        peer.expect_violation("AUTHENTICATE before HELLO").await;
    });
}

/// Asks twice, and breaks down for one user.
struct TwoSteps;

#[async_trait]
impl Authenticator for TwoSteps {
    fn method(&self) -> &str {
        "two-steps"
    }

    async fn authenticate(
        &self,
        request: &AuthRequest,
        challenger: &mut dyn Challenger,
    ) -> Result<Identity, AuthError> {
        if request.authid.as_deref() == Some("unlucky") {
            return Err(AuthError::Failed("the database is gone".to_owned()));
        }
        let mut authid = String::new();
        for step in [1_u64, 2] {
            authid += &challenger.challenge(Dict::new().with("step", step)).await?.signature;
        }
        Ok(Identity::new(authid, "user", "test"))
    }
}

fn two_steps() -> Plan {
    Plan::realm(RealmConfig::new("realm1").authenticator(Arc::new(TwoSteps)))
}

// covers: AUTH-12
#[test]
fn an_authenticator_may_ask_more_than_once() {
    everywhere_with(two_steps, async |router, link| {
        let mut peer = Peer::connect(router, link).await;
        peer.send(json!([1, "realm1", {"roles": {"caller": {}}, "authmethods": ["two-steps"]}])).await;
        peer.expect(json!([4, "two-steps", {"step": 1}])).await;
        peer.send(json!([5, "al", {}])).await;
        peer.expect(json!([4, "two-steps", {"step": 2}])).await;
        peer.send(json!([5, "ice", {}])).await;
        peer.expect(json!([2, ID, {"authid": "alice", "authprovider": "test", MORE: 0}])).await;
    });
}

// covers: AUTH-06
#[test]
fn an_authenticator_that_breaks_down_lets_nobody_in() {
    on_memory(two_steps(), async |router| {
        let mut peer = Peer::connect(router, Link::DEFAULT).await;
        let details = json!({"roles": {"caller": {}}, "authmethods": ["two-steps"], "authid": "unlucky"});
        peer.send(json!([1, "realm1", details])).await;
        peer.expect(json!([3, {"message": ANY}, "wamp.error.authentication_failed"])).await;
        peer.expect_closed().await;
    });
}
