//! What rules of a realm say of calls: trust levels, and who is disclosed.

use std::sync::Arc;

use crossway_core::RealmConfig;
use crossway_core::message::Match;
use crossway_core::policy::{Disclosure, ProcedureRule};
use crossway_tests::pattern::ID;
use crossway_tests::{Peer, Plan, everywhere_with};
use crossway_ticket::Ticket;
use serde_json::{Value, json};

use crate::users::log_in;

fn rule(uri: &str, policy: Match, change: impl FnOnce(&mut ProcedureRule)) -> ProcedureRule {
    let mut rule = ProcedureRule::new(uri, policy);
    change(&mut rule);
    rule
}

/// A sensor and a guest, and rules for what they call.
fn plan() -> Plan {
    let users = Ticket::new().user("alice", "secret", "sensor").user("bob", "secret", "guest");
    let realm = RealmConfig::new("realm1")
        .authenticator(Arc::new(users))
        .procedure_rule(rule("com.", Match::Prefix, |rule| {
            rule.scope.authroles = Some(vec!["sensor".into()]);
            rule.trustlevel = Some(9);
        }))
        .procedure_rule(rule("com.", Match::Prefix, |rule| rule.trustlevel = Some(0)))
        .procedure_rule(rule("com.open", Match::Exact, |rule| rule.disclose = Some(Disclosure::Always)))
        .procedure_rule(rule("..secret", Match::Wildcard, |rule| rule.disclose = Some(Disclosure::Never)));
    Plan::realm(realm)
}

/// A caller calls with options, and the callee is told details.
async fn is_told(
    caller: &mut Peer,
    options: Value,
    procedure: &str,
    callee: (&mut Peer, u64),
    details: Value,
) {
    let (callee, registration) = callee;
    caller.call_with(procedure, options, json!([1])).await;
    callee.expect(json!([68, ID, registration, details, [1]])).await;
}

// covers: RPC-TRUST-01
#[test]
fn calls_have_the_trust_level_that_the_rules_give_procedure_and_role() {
    everywhere_with(plan, async |router, link| {
        let mut alice = log_in(router, link, "alice").await;
        let mut bob = log_in(router, link, "bob").await;
        let mut callee = log_in(router, link, "bob").await;
        let trusted = callee.register("com.procedure").await;
        let other = callee.register("org.procedure").await;
        let claim = json!({"trustlevel": 99});
        let high = json!({"trustlevel": 9});
        is_told(&mut alice, claim.clone(), "com.procedure", (&mut callee, trusted), high).await;
        let low = json!({"trustlevel": 0});
        is_told(&mut bob, claim.clone(), "com.procedure", (&mut callee, trusted), low).await;
        is_told(&mut alice, claim, "org.procedure", (&mut callee, other), json!({})).await;
    });
}

// covers: RPC-CID-05, RPC-CID-03
#[test]
fn a_rule_may_disclose_callers_that_do_not_ask_for_it() {
    everywhere_with(plan, async |router, link| {
        let mut alice = log_in(router, link, "alice").await;
        let mut callee = log_in(router, link, "bob").await;
        let registration = callee.register("com.open").await;
        for options in [json!({}), json!({"disclose_me": false}), json!({"disclose_me": true})] {
            let caller = json!({"trustlevel": 9, "caller": alice.session(), "caller_authid": "alice",
                "caller_authrole": "sensor"});
            is_told(&mut alice, options, "com.open", (&mut callee, registration), caller).await;
        }
    });
}

// covers: RPC-CID-06, RPC-CID-07
#[test]
fn where_nobody_is_disclosed_asking_for_it_is_refused() {
    everywhere_with(plan, async |router, link| {
        let mut alice = log_in(router, link, "alice").await;
        let mut callee = log_in(router, link, "bob").await;
        // A callee that wants to know is not told either.
        let registration = callee.register_with("org.x.secret", json!({"disclose_caller": true})).await;
        let call = alice.call_with("org.x.secret", json!({"disclose_me": true}), json!(["never"])).await;
        alice.expect_error(48, call, "wamp.error.option_disallowed.disclose_me").await;
        is_told(&mut alice, json!({}), "org.x.secret", (&mut callee, registration), json!({})).await;
        callee.expect_silence().await;
    });
}
