//! The terms of a permission: who is disclosed, and which options are ruled out.

use crossway_core::authorization::{Action, Constraints, Grant, Permission, Permissions, Wish};
use crossway_core::message::{Invoke, Match};
use crossway_core::policy::{Disclosure, ProcedureRule, TopicRule};
use crossway_tests::pattern::{ANY, ID, MORE};
use crossway_tests::{Plan, everywhere_with};
use serde_json::json;

use super::{below, plan, role};
use crate::users::log_in;

fn disclosing(disclose: Disclosure) -> Grant {
    Grant { disclose: Some(disclose), ..Grant::default() }
}

/// Staff is always named below `com.open.` and never below `com.masked.`, whatever the rules for topics and procedures say.
fn masks() -> Plan {
    let everybody = |name| {
        role(name)
            .permission(below("com.").allow(Action::ALL))
            .permission(below("com.open.").allow(Action::ALL).on_terms(disclosing(Disclosure::Always)))
            .permission(below("com.masked.").allow(Action::ALL).on_terms(disclosing(Disclosure::Never)))
            .permission(below("com.asked.").allow(Action::ALL).on_terms(disclosing(Disclosure::OnRequest)))
    };
    let mut plan = plan(Permissions::new([everybody("staff"), everybody("guest")]));
    let mut topics = TopicRule::new("com.", Match::Prefix);
    topics.disclose = Some(Disclosure::Never);
    let mut procedures = ProcedureRule::new("com.", Match::Prefix);
    procedures.disclose = Some(Disclosure::Never);
    plan.realms = plan
        .realms
        .into_iter()
        .map(|realm| realm.topic_rule(topics.clone()).procedure_rule(procedures.clone()))
        .collect();
    plan
}

// covers: AUTHZ-07, PS-ID-03, PS-ID-04
#[test]
fn the_permission_to_publish_says_who_is_disclosed() {
    everywhere_with(masks, async |router, link| {
        let mut alice = log_in(router, link, "alice").await;
        let mut bob = log_in(router, link, "bob").await;
        let named = json!({"publisher": ID, "publisher_authid": "alice", "publisher_authrole": "staff"});
        let heard = bob.subscribe("com.open.news").await;
        alice.publish("com.open.news", json!([1])).await;
        bob.expect(json!([36, heard, ID, named, [1]])).await;
        let heard = bob.subscribe("com.asked.news").await;
        alice.publish("com.asked.news", json!([1])).await;
        alice.publish_with("com.asked.news", json!({"disclose_me": true}), json!([2])).await;
        bob.expect(json!([36, heard, ID, {}, [1]])).await;
        bob.expect(json!([36, heard, ID, named, [2]])).await;
        for topic in ["com.masked.news", "com.news"] {
            let request = alice.request();
            alice.send(json!([16, request, {"acknowledge": true, "disclose_me": true}, topic])).await;
            alice.expect_error(16, request, "wamp.error.option_disallowed.disclose_me").await;
        }
    });
}

// covers: AUTHZ-07
#[test]
fn the_permission_to_call_says_who_is_disclosed() {
    everywhere_with(masks, async |router, link| {
        let mut alice = log_in(router, link, "alice").await;
        let mut bob = log_in(router, link, "bob").await;
        let named = json!({"caller": ID, "caller_authid": "alice", "caller_authrole": "staff"});
        let registration = bob.register("com.open.do").await;
        alice.call("com.open.do", json!([1])).await;
        bob.expect(json!([68, ID, registration, named, [1]])).await;
        for procedure in ["com.masked.do", "com.do"] {
            let registration = bob.register(procedure).await;
            let request = alice.call_with(procedure, json!({"disclose_me": true}), json!([1])).await;
            alice.expect_error(48, request, "wamp.error.option_disallowed.disclose_me").await;
            alice.call(procedure, json!([2])).await;
            bob.expect(json!([68, ID, registration, {}, [2]])).await;
        }
        let registration = bob.register("com.asked.do").await;
        alice.call_with("com.asked.do", json!({"disclose_me": true}), json!([1])).await;
        bob.expect(json!([68, ID, registration, named, [1]])).await;
    });
}

// covers: AUTHZ-07, RPC-REROUTE-05
#[test]
fn a_call_that_waits_in_line_keeps_its_terms() {
    everywhere_with(masks, async |router, link| {
        let mut alice = log_in(router, link, "alice").await;
        let mut bob = log_in(router, link, "bob").await;
        let registration = bob.register_with("com.open.do", json!({"concurrency": 1})).await;
        alice.call("com.open.do", json!([1])).await;
        alice.call("com.open.do", json!([2])).await;
        let named = json!({"caller_authid": "alice", MORE: 0});
        let first = bob.expect(json!([68, ID, registration, named, [1]])).await;
        bob.send(json!([70, first[1], {}])).await;
        bob.expect(json!([68, ID, registration, named, [2]])).await;
    });
}

/// Staff may do everything below `com.`, if it asks for nothing special.
fn plain() -> Plan {
    let constraints = Constraints::default()
        .only_match(&[Match::Exact])
        .only_invoke(&[Invoke::Single, Invoke::First])
        .forbid(Wish::ForceReregister)
        .forbid(Wish::GetRetained)
        .forbid(Wish::Retain)
        .forbid(Wish::HearItself)
        .forbid(Wish::Receivers)
        .forbid(Wish::Acknowledge);
    let grant = Grant { constraints, ..Grant::default() };
    let staff = role("staff")
        .permission(below("com.").allow(Action::ALL).on_terms(grant))
        .permission(Permission::new("com.free", Match::Exact).allow([Action::Publish, Action::Subscribe]));
    plan(Permissions::new([staff]))
}

// covers: AUTHZ-01
#[test]
fn options_that_a_permission_rules_out_are_refused() {
    everywhere_with(plain, async |router, link| {
        let mut alice = log_in(router, link, "alice").await;
        alice.subscribe("com.topic").await;
        alice.register_with("com.procedure", json!({"invoke": "first"})).await;
        let refused = [
            (32, json!({"match": "prefix"})),
            (32, json!({"match": "wildcard"})),
            (32, json!({"get_retained": true})),
            (64, json!({"match": "prefix"})),
            (64, json!({"invoke": "random"})),
            (64, json!({"force_reregister": true})),
            (16, json!({"acknowledge": true})),
        ];
        for (kind, options) in refused {
            let request = alice.request();
            alice.send(json!([kind, request, options, "com.other"])).await;
            let error = json!([8, kind, request, {}, "wamp.error.option_not_allowed", [ANY]]);
            alice.expect(error).await;
        }
        let free = alice.subscribe("com.free").await;
        let options = json!({"acknowledge": true, "exclude_me": false, "retain": true, "exclude": []});
        let request = alice.request();
        alice.send(json!([16, request, options, "com.free", [1]])).await;
        alice.expect_event(free, json!([1])).await;
        alice.expect(json!([17, request, ID])).await;
    });
}

// covers: AUTHZ-06
#[test]
fn a_publication_with_such_options_reaches_nobody() {
    everywhere_with(plain, async |router, link| {
        let mut alice = log_in(router, link, "alice").await;
        let mut bob = log_in(router, link, "bob").await;
        let heard = bob.subscribe("com.topic").await;
        alice.publish("com.topic", json!([0])).await;
        for options in [
            json!({"retain": true}),
            json!({"exclude_me": false}),
            json!({"eligible": [1]}),
            json!({"exclude_authrole": ["guest"]}),
        ] {
            alice.publish_with("com.topic", options, json!(["no"])).await;
        }
        alice.publish("com.topic", json!([1])).await;
        bob.expect_event(heard, json!([0])).await;
        bob.expect_event(heard, json!([1])).await;
        alice.expect_silence().await;
    });
}
