//! What rules of a realm say of publications: trust levels, and who is disclosed.

use std::sync::Arc;

use crossway_core::RealmConfig;
use crossway_core::message::Match;
use crossway_core::policy::{Disclosure, TopicRule};
use crossway_tests::pattern::ID;
use crossway_tests::{Peer, Plan, everywhere_with};
use crossway_ticket::Ticket;
use serde_json::{Value, json};

use crate::users::log_in;

fn rule(uri: &str, policy: Match, change: impl FnOnce(&mut TopicRule)) -> TopicRule {
    let mut rule = TopicRule::new(uri, policy);
    change(&mut rule);
    rule
}

/// A sensor and a guest, and rules for what they publish.
fn plan() -> Plan {
    let users = Ticket::new().user("alice", "secret", "sensor").user("bob", "secret", "guest");
    let realm = RealmConfig::new("realm1")
        .authenticator(Arc::new(users))
        .topic_rule(rule("com.", Match::Prefix, |rule| {
            rule.scope.authroles = Some(vec!["sensor".into()]);
            rule.trustlevel = Some(9);
        }))
        .topic_rule(rule("com.", Match::Prefix, |rule| rule.trustlevel = Some(0)))
        .topic_rule(rule("com.open", Match::Exact, |rule| rule.disclose = Some(Disclosure::Always)))
        .topic_rule(rule("..secret", Match::Wildcard, |rule| rule.disclose = Some(Disclosure::Never)));
    Plan::realm(realm)
}

async fn event(peer: &mut Peer, subscription: u64, details: Value) {
    peer.expect(json!([36, subscription, ID, details, [1]])).await;
}

// covers: PS-TRUST-01, PS-TRUST-02
#[test]
fn events_have_the_trust_level_that_the_rules_give_topic_and_role() {
    everywhere_with(plan, async |router, link| {
        let mut alice = log_in(router, link, "alice").await;
        let mut bob = log_in(router, link, "bob").await;
        let mut carol = log_in(router, link, "bob").await;
        let trusted = carol.subscribe("com.topic").await;
        let other = carol.subscribe("org.topic").await;
        let claim = json!({"trustlevel": 99});
        alice.publish_with("com.topic", claim.clone(), json!([1])).await;
        event(&mut carol, trusted, json!({"trustlevel": 9})).await;
        bob.publish_with("com.topic", claim.clone(), json!([1])).await;
        event(&mut carol, trusted, json!({"trustlevel": 0})).await;
        bob.publish_with("com.topic", json!({"exclude": [], "rkey": "x"}), json!([1])).await;
        event(&mut carol, trusted, json!({"trustlevel": 0})).await;
        alice.publish_with("org.topic", claim, json!([1])).await;
        event(&mut carol, other, json!({})).await;
    });
}

// covers: PS-TRUST-01, PS-RET-08
#[test]
fn rules_are_not_for_what_the_router_publishes_itself() {
    let plan = || {
        let users = Ticket::new().user("alice", "secret", "sensor").user("bob", "secret", "guest");
        let everything = rule("", Match::Prefix, |rule| {
            (rule.trustlevel, rule.retain, rule.disclose) = (Some(9), Some(true), Some(Disclosure::Always));
        });
        Plan::realm(RealmConfig::new("realm1").authenticator(Arc::new(users)).topic_rule(everything))
    };
    everywhere_with(plan, async |router, link| {
        let mut alice = log_in(router, link, "alice").await;
        let subscription = alice.subscribe("wamp.session.on_join").await;
        let _bob = log_in(router, link, "bob").await;
        let event = alice.receive().await;
        assert_eq!((&event[0], &event[1], &event[3]), (&json!(36), &json!(subscription), &json!({})));
        alice.subscribe_with("wamp.session.on_join", json!({"get_retained": true})).await;
        alice.expect_silence().await;
    });
}

// covers: PS-ID-04
#[test]
fn a_rule_may_disclose_publishers_that_do_not_ask_for_it() {
    everywhere_with(plan, async |router, link| {
        let mut alice = log_in(router, link, "alice").await;
        let mut bob = log_in(router, link, "bob").await;
        let subscription = bob.subscribe("com.open").await;
        for options in [json!({}), json!({"disclose_me": false}), json!({"disclose_me": true})] {
            alice.publish_with("com.open", options, json!([1])).await;
            let publisher = json!({
                "trustlevel": 9,
                "publisher": alice.session(), "publisher_authid": "alice", "publisher_authrole": "sensor",
            });
            event(&mut bob, subscription, publisher).await;
        }
    });
}

// covers: PS-ID-03, PS-ID-05
#[test]
fn where_nobody_is_disclosed_asking_for_it_is_refused() {
    everywhere_with(plan, async |router, link| {
        let mut alice = log_in(router, link, "alice").await;
        let mut bob = log_in(router, link, "bob").await;
        let subscription = bob.subscribe("org.x.secret").await;
        alice.publish_with("org.x.secret", json!({"disclose_me": true}), json!(["never"])).await;
        let request = alice.request();
        let options = json!({"disclose_me": true, "acknowledge": true});
        alice.send(json!([16, request, options, "org.x.secret", ["never"]])).await;
        alice.expect_error(16, request, "wamp.error.option_disallowed.disclose_me").await;
        alice.publish_with("org.x.secret", json!({}), json!([1])).await;
        event(&mut bob, subscription, json!({})).await;
        bob.expect_silence().await;
    });
}
