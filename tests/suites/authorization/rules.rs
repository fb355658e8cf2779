//! What rules allow and deny.

use crossway_core::authorization::{Action, Decision, Permission, Permissions, Request};
use crossway_core::message::Match;
use crossway_tests::pattern::{ANY, ID};
use crossway_tests::{Link, Peer, Plan, between, everywhere_with, on_memory};
use serde_json::json;

use super::{Judge, below, plan, role};
use crate::users::log_in;

const DENIED: &str = "wamp.error.not_authorized";

/// Staff may do everything below `com.` but hear and call what is secret; guests may listen to and call what is public.
fn house() -> Plan {
    let staff = role("staff")
        .permission(below("com.").allow(Action::ALL))
        .permission(below("com.secret.").deny([Action::Subscribe, Action::Call]))
        .permission(Permission::new("com.secret.open", Match::Exact).allow([Action::Subscribe]))
        .permission(Permission::new("org..log", Match::Wildcard).allow([Action::Subscribe]));
    let guest = role("guest").permission(below("com.public.").allow([Action::Subscribe, Action::Call]));
    plan(Permissions::new([staff, guest]))
}

// covers: AUTHZ-01, AUTHZ-02, AUTHZ-03, PS-16, RPC-18
#[test]
fn what_is_not_allowed_is_denied_for_every_action() {
    everywhere_with(house, async |router, link| {
        let mut alice = log_in(router, link, "alice").await;
        let mut carol = log_in(router, link, "carol").await;
        alice.register("com.office.open").await;
        let heard = alice.subscribe("com.office.news").await;
        let requests =
            [(32, json!("com.office.news")), (64, json!("com.public.mine")), (48, json!("com.office.open"))];
        for (kind, uri) in requests {
            let request = carol.request();
            carol.send(json!([kind, request, {}, uri])).await;
            carol.expect(json!([8, kind, request, {}, DENIED, [ANY]])).await;
        }
        let request = carol.request();
        carol.send(json!([16, request, {"acknowledge": true}, "com.office.news", [1]])).await;
        carol.expect_error(16, request, DENIED).await;
        // Nobody else is kept from it.
        let mut bob = log_in(router, link, "bob").await;
        bob.publish("com.office.news", json!([2])).await;
        alice.expect_event(heard, json!([2])).await;
        carol.subscribe("com.public.news").await;
        alice.expect_silence().await;
    });
}

// covers: AUTH-09
#[test]
fn who_was_given_a_role_that_there_is_not_is_turned_away() {
    everywhere_with(
        || plan(Permissions::new([role("staff")])),
        async |router, link| {
            log_in(router, link, "alice").await;
            let mut carol = Peer::connect(router, link).await;
            let hello = json!({"roles": {"caller": {}}, "authmethods": ["ticket"], "authid": "carol"});
            carol.send(json!([1, "realm1", hello])).await;
            carol.expect(json!([4, "ticket", {}])).await;
            carol.send(json!([5, "secret", {}])).await;
            carol.expect_abort("wamp.error.no_such_role").await;
        },
    );
}

// covers: AUTHZ-06, PS-08
#[test]
fn an_unacknowledged_publication_that_is_denied_is_nothing_at_all() {
    everywhere_with(house, async |router, link| {
        let mut alice = log_in(router, link, "alice").await;
        let mut carol = log_in(router, link, "carol").await;
        alice.subscribe("com.office.news").await;
        carol.publish("com.office.news", json!([1])).await;
        carol.expect_silence().await;
        alice.expect_silence().await;
        assert_eq!(router.counter("authorizations_denied"), 1);
    });
}

// covers: RPC-18
#[test]
fn who_may_not_call_learns_nothing_of_what_exists() {
    everywhere_with(house, async |router, link| {
        let mut alice = log_in(router, link, "alice").await;
        let mut carol = log_in(router, link, "carol").await;
        alice.register("com.office.open").await;
        let mut answers = Vec::new();
        for procedure in ["com.office.open", "com.office.shut"] {
            let request = carol.call(procedure, json!([])).await;
            let error = carol.expect(json!([8, 48, request, {}, DENIED, [ANY]])).await;
            answers.push(error[5][0].as_str().expect("a sentence").replace(procedure, ""));
        }
        assert_eq!(answers[0], answers[1]);
        // What is no URI is nobody's secret.
        let request = carol.call("com..office", json!([])).await;
        carol.expect_error(48, request, "wamp.error.invalid_uri").await;
        // Who may call is told.
        let request = carol.call("com.public.shut", json!([])).await;
        carol.expect_error(48, request, "wamp.error.no_such_procedure").await;
    });
}

// covers: AUTHZ-01
#[test]
fn the_most_specific_rule_decides_for_each_action() {
    everywhere_with(house, async |router, link| {
        let mut alice = log_in(router, link, "alice").await;
        let mut bob = log_in(router, link, "bob").await;
        let request = alice.request();
        alice.send(json!([32, request, {}, "com.secret.plan"])).await;
        alice.expect_error(32, request, DENIED).await;
        let open = alice.subscribe("com.secret.open").await;
        // Nothing more specific says anything of publishing.
        bob.publish("com.secret.open", json!([1])).await;
        alice.expect_event(open, json!([1])).await;
        bob.publish_acknowledged("com.secret.plan", json!([1])).await;
        alice.register("com.secret.call").await;
        let request = bob.call("com.secret.call", json!([])).await;
        bob.expect_error(48, request, DENIED).await;
    });
}

// covers: AUTHZ-01
#[test]
fn a_pattern_is_allowed_where_everything_that_it_could_match_is() {
    everywhere_with(house, async |router, link| {
        let mut alice = log_in(router, link, "alice").await;
        let cases = [
            ("com.office.", "prefix", true),
            ("com.secret.op", "prefix", false),
            ("com.", "prefix", false),
            ("com.s", "prefix", false),
            ("com.sa", "prefix", true),
            ("", "prefix", false),
            ("com..", "wildcard", false),
            ("com..x", "wildcard", false),
            ("com.office.", "wildcard", true),
            ("com.secret.open", "wildcard", true),
            ("org..log", "wildcard", true),
            ("org.a.log", "wildcard", true),
            ("org.a.", "wildcard", false),
        ];
        for (uri, policy, allowed) in cases {
            let request = alice.request();
            alice.send(json!([32, request, {"match": policy}, uri])).await;
            match allowed {
                true => alice.expect(json!([33, request, ID])).await,
                false => alice.expect_error(32, request, DENIED).await,
            };
        }
        // Registering is not denied below com.secret.
        alice.register_with("com.", json!({"match": "prefix"})).await;
    });
}

// covers: AUTHZ-04, PS-17, RPC-18
#[test]
fn an_authorizer_that_fails_opens_no_door() {
    let plan = || {
        plan(Judge(|request: &Request<'_>| match request.uri {
            "test.fence" => Decision::allowed(),
            _ => Decision::failed("the directory does not answer"),
        }))
    };
    everywhere_with(plan, async |router, link| {
        let mut alice = log_in(router, link, "alice").await;
        for kind in [32, 48, 64] {
            let request = alice.request();
            alice.send(json!([kind, request, {}, "com.app.thing"])).await;
            let expected = json!(["the directory does not answer"]);
            alice.expect(json!([8, kind, request, {}, "wamp.error.authorization_failed", expected])).await;
        }
        let request = alice.request();
        alice.send(json!([16, request, {"acknowledge": true}, "com.app.thing"])).await;
        alice.expect_error(16, request, "wamp.error.authorization_failed").await;
        alice.publish("com.app.thing", json!([])).await;
        alice.expect_silence().await;
        assert_eq!(router.counter("authorizations_failed"), 5);
    });
}

// covers: AUTHZ-02
#[test]
fn the_authorizer_learns_who_asks_for_what() {
    let plan = || {
        plan(Judge(|request: &Request<'_>| {
            let who = (request.realm, request.identity.authid.as_str(), request.identity.authrole.as_str());
            let options = request.asked.to_dict();
            let told = who == ("realm1", "alice", "staff")
                && request.authmethod == "ticket"
                && match request.action() {
                    Action::Publish => {
                        options.get("exclude_me").and_then(|value| value.as_bool()) == Some(false)
                    }
                    Action::Subscribe => request.policy() == Match::Prefix,
                    Action::Register => {
                        options.get("invoke").and_then(|value| value.as_text()) == Some("last")
                    }
                    Action::Call => options.get("timeout").and_then(|value| value.as_uint()) == Some(70_007),
                };
            if told || request.uri == "test.fence" { Decision::allowed() } else { Decision::denied() }
        }))
    };
    everywhere_with(plan, async |router, link| {
        let mut alice = log_in(router, link, "alice").await;
        let subscription = alice.subscribe_with("com.app", json!({"match": "prefix"})).await;
        let registration = alice.register_with("com.app.do", json!({"invoke": "last"})).await;
        alice.publish_with("com.app.x", json!({"exclude_me": false}), json!([1])).await;
        alice.expect(json!([36, subscription, ID, {"topic": "com.app.x"}, [1]])).await;
        let call = alice.call_with("com.app.do", json!({"timeout": 70_007}), json!([2])).await;
        let invocation = alice.expect_invocation(registration, json!([2])).await;
        alice.send(json!([70, invocation, {}, [3]])).await;
        alice.expect(json!([50, call, {}, [3]])).await;
        let request = alice.call("com.app.do", json!([])).await;
        alice.expect_error(48, request, DENIED).await;
        let mut bob = log_in(router, link, "bob").await;
        let request = bob.call_with("com.app.do", json!({"timeout": 70_007}), json!([2])).await;
        bob.expect_error(48, request, DENIED).await;
    });
}

// covers: AUTHZ-02
#[test]
fn a_role_without_rules_may_do_nothing() {
    let staff = || role("staff").permission(below("").allow(Action::ALL));
    everywhere_with(
        || plan(Permissions::new([staff(), role("guest")])),
        async |router, link| {
            let mut carol = log_in(router, link, "carol").await;
            for kind in [32, 48, 64] {
                let request = carol.request();
                carol.send(json!([kind, request, {}, "com.app.thing"])).await;
                carol.expect_error(kind, request, DENIED).await;
            }
            let mut alice = log_in(router, link, "alice").await;
            alice.subscribe("com.app.thing").await;
        },
    );
}

// covers: PS-BW-10
#[test]
fn being_eligible_gives_nobody_what_it_has_not_subscribed_to() {
    everywhere_with(house, async |router, link| {
        let mut alice = log_in(router, link, "alice").await;
        let mut bob = log_in(router, link, "bob").await;
        let mut carol = log_in(router, link, "carol").await;
        let request = carol.request();
        carol.send(json!([32, request, {}, "com.office.news"])).await;
        carol.expect_error(32, request, DENIED).await;
        let heard = bob.subscribe("com.office.news").await;
        let options = json!({"eligible": [carol.session(), bob.session()]});
        alice.publish_with("com.office.news", options, json!([1])).await;
        bob.expect_event(heard, json!([1])).await;
        carol.expect_silence().await;
    });
}

#[test]
fn without_an_authorizer_everything_is_permitted() {
    between(async |router, one, other| {
        let mut alice = Peer::join(router, one).await;
        let mut bob = Peer::join(router, other).await;
        let subscription = alice.subscribe_with("org.", json!({"match": "prefix"})).await;
        bob.publish("org.any.thing", json!([1])).await;
        alice.expect(json!([36, subscription, ID, {"topic": "org.any.thing"}, [1]])).await;
    });
}

#[test]
fn a_denial_stays_one_in_a_burst_of_publications() {
    on_memory(house(), async |router| {
        let mut alice = log_in(router, Link::DEFAULT, "alice").await;
        let mut bob = log_in(router, Link::DEFAULT, "bob").await;
        let heard = alice.subscribe("com.secret.open").await;
        let messages: Vec<_> = (1..=9)
            .map(|n| json!([16, n, {}, if n % 3 == 0 { "net.other" } else { "com.secret.open" }, [n]]))
            .collect();
        for message in messages {
            bob.send(message).await;
        }
        for n in [1, 2, 4, 5, 7, 8] {
            alice.expect_event(heard, json!([n])).await;
        }
        assert_eq!(router.counter("authorizations_denied"), 3);
    });
}
