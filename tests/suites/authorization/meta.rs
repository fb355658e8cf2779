//! What the router does in the name of a session: testaments, and events that were kept.

use crossway_core::RealmConfig;
use crossway_core::authorization::{Action, Constraints, Decision, Grant, Permission, Permissions, Request};
use crossway_core::history::HistoryRule;
use crossway_core::message::Match;
use crossway_core::policy::Disclosure;
use crossway_tests::pattern::{ANY, ID, MORE};
use crossway_tests::{Plan, everywhere_with};
use serde_json::json;

use super::{Judge, below, gated, plan, role};
use crate::meta_sessions::{ask, refused};
use crate::users::log_in;

const ADD: &str = "wamp.session.add_testament";
const GET_EVENTS: &str = "wamp.subscription.get_events";
const DENIED: &str = "wamp.error.not_authorized";

/// All may call the router's procedures; staff may publish below `com.` and is named, guests may listen.
fn wills() -> Plan {
    let named = Grant { disclose: Some(Disclosure::Always), ..Grant::default() };
    let staff = role("staff")
        .permission(below("wamp.").allow([Action::Call]))
        .permission(below("com.").allow([Action::Publish]).on_terms(named));
    let guest = role("guest")
        .permission(below("wamp.").allow([Action::Call]))
        .permission(below("com.").allow([Action::Subscribe]));
    plan(Permissions::new([staff, guest]))
}

// covers: TEST-14
#[test]
fn a_testament_is_for_those_who_may_publish() {
    everywhere_with(wills, async |router, link| {
        let mut carol = log_in(router, link, "carol").await;
        let mut alice = log_in(router, link, "alice").await;
        let heard = carol.subscribe("com.words").await;
        let args = json!(["com.words", ["mine"], {}]);
        assert_eq!(refused(&mut carol, ADD, args.clone(), json!({})).await, DENIED);
        let elsewhere = json!(["org.words", ["mine"], {}]);
        assert_eq!(refused(&mut alice, ADD, elsewhere, json!({})).await, DENIED);
        ask(&mut alice, ADD, args).await;
        alice.close().await;
        carol.expect(json!([36, heard, ID, {"publisher_authid": "alice", MORE: 0}, ["mine"]])).await;
    });
}

// covers: TEST-14
#[test]
fn a_testament_may_have_to_wait_for_its_authorization() {
    gated(
        |_| (),
        async |router, link, questions| {
            let mut alice = log_in(router, link, "alice").await;
            let mut bob = log_in(router, link, "bob").await;
            let heard = bob.subscribe_with("slow.", json!({"match": "prefix"})).await;
            for decision in [Decision::denied(), Decision::failed("no idea"), Decision::allowed()] {
                let request = alice.call(ADD, json!(["slow.words", ["x"], {}])).await;
                let question = questions.next(Action::Publish, "slow.words").await;
                // Nothing else has to wait for it.
                ask(&mut alice, "wamp.session.count", json!([])).await;
                let uri = match &decision {
                    decision if *decision == Decision::denied() => Some(DENIED),
                    decision if *decision == Decision::allowed() => None,
                    _ => Some("wamp.error.authorization_failed"),
                };
                question.answered_with(decision);
                match uri {
                    Some(uri) => alice.expect_error(48, request, uri).await,
                    None => alice.expect(json!([50, request, {}])).await,
                };
            }
            alice.close().await;
            bob.expect(json!([36, heard, ID, {"topic": "slow.words"}, ["x"]])).await;
            bob.expect_silence().await;
        },
    );
}

// covers: TEST-14, ORD-09
#[test]
fn testaments_that_wait_for_their_authorization_are_added_and_flushed_in_order() {
    gated(
        |_| (),
        async |router, link, questions| {
            let mut alice = log_in(router, link, "alice").await;
            let mut bob = log_in(router, link, "bob").await;
            bob.subscribe_with("slow.", json!({"match": "prefix"})).await;
            let first = alice.call(ADD, json!(["slow.a", [], {}])).await;
            let flush = alice.call("wamp.session.flush_testaments", json!([])).await;
            let second = alice.call(ADD, json!(["slow.b", [], {}])).await;
            let quick = alice.call(ADD, json!(["com.c", [], {}])).await;
            let third = alice.call(ADD, json!(["slow.d", [], {}])).await;
            let question = questions.next(Action::Publish, "slow.a").await;
            ask(&mut alice, "wamp.session.count", json!([])).await;
            assert!(questions.is_empty().await, "one thing is asked at a time");
            question.allow();
            alice.expect(json!([50, first, {}])).await;
            alice.expect(json!([50, flush, {}])).await;
            questions.next(Action::Publish, "slow.b").await.allow();
            alice.expect(json!([50, second, {}])).await;
            alice.expect(json!([50, quick, {}])).await;
            questions.next(Action::Publish, "slow.d").await.allow();
            alice.expect(json!([50, third, {}])).await;
            alice.close().await;
            for topic in ["slow.b", "slow.d"] {
                bob.expect(json!([36, ANY, ID, {"topic": topic}])).await;
            }
            bob.expect_silence().await;
        },
    );
}

#[test]
fn nobody_decides_about_a_testament_that_nobody_waits_for() {
    gated(
        |_| (),
        async |router, link, questions| {
            let mut alice = log_in(router, link, "alice").await;
            let canceled = alice.call(ADD, json!(["slow.a", [], {}])).await;
            let mut question = questions.next(Action::Publish, "slow.a").await;
            let next = alice.call(ADD, json!(["slow.b", [], {}])).await;
            alice.send(json!([49, canceled, {}])).await;
            alice.expect_error(48, canceled, "wamp.error.canceled").await;
            question.answer.closed().await;
            questions.next(Action::Publish, "slow.b").await.allow();
            alice.expect(json!([50, next, {}])).await;
            alice.call(ADD, json!(["slow.c", [], {}])).await;
            alice.call(ADD, json!(["slow.d", [], {}])).await;
            let mut question = questions.next(Action::Publish, "slow.c").await;
            alice.close().await;
            question.answer.closed().await;
            assert!(questions.is_empty().await);
        },
    );
}

#[test]
fn no_more_testaments_wait_for_a_decision_than_there_is_room_for() {
    let narrow = |plan: &mut Plan| plan.limits.max_undecided_bytes = 0;
    gated(narrow, async |router, link, questions| {
        let mut alice = log_in(router, link, "alice").await;
        let waits = alice.call(ADD, json!(["slow.a", [], {}])).await;
        let question = questions.next(Action::Publish, "slow.a").await;
        let refused = alice.call(ADD, json!(["slow.b", [], {}])).await;
        alice.expect_error(48, refused, "crossway.error.limit_exceeded").await;
        assert_eq!(router.counter("undecided_over_limit"), 1);
        question.allow();
        alice.expect(json!([50, waits, {}])).await;
    });
}

// covers: PS-HIST-12
#[test]
fn kept_events_are_for_those_who_may_subscribe() {
    let plan = || {
        let staff = role("staff")
            .permission(below("wamp.").allow([Action::Call]))
            .permission(below("com.").allow([Action::Publish, Action::Subscribe]));
        let guest = role("guest")
            .permission(below("wamp.").allow([Action::Call]))
            .permission(Permission::new("com.public", Match::Exact).allow([Action::Subscribe]));
        let mut plan = plan(Permissions::new([staff, guest]));
        plan.realms = plan
            .realms
            .into_iter()
            .map(|realm| {
                realm
                    .history(HistoryRule::new("com.secret", Match::Exact))
                    .history(HistoryRule::new("com.public", Match::Exact))
                    .history(HistoryRule::new("com.", Match::Prefix))
            })
            .collect();
        plan
    };
    everywhere_with(plan, async |router, link| {
        let mut alice = log_in(router, link, "alice").await;
        let mut carol = log_in(router, link, "carol").await;
        alice.publish_acknowledged("com.secret", json!([1])).await;
        alice.publish_acknowledged("com.public", json!([2])).await;
        let lookups =
            [("com.secret", "exact", false), ("com.public", "exact", true), ("com.", "prefix", false)];
        for (topic, policy, allowed) in lookups {
            let lookup = json!([topic, {"match": policy}]);
            let found = ask(&mut carol, "wamp.subscription.lookup", lookup).await[0].clone();
            match allowed {
                true => {
                    let events = ask(&mut carol, GET_EVENTS, json!([found])).await;
                    assert_eq!(events[0].as_array().map(Vec::len), Some(1));
                }
                false => assert_eq!(refused(&mut carol, GET_EVENTS, json!([found]), json!({})).await, DENIED),
            }
            let events = ask(&mut alice, GET_EVENTS, json!([found])).await;
            assert!(events[0].as_array().is_some_and(|events| !events.is_empty()));
        }
    });
}

// covers: PS-HIST-12
#[test]
fn whoever_may_not_subscribe_is_not_told_which_topic_the_kept_events_are_of() {
    let plan = || {
        let exact_only =
            Grant { constraints: Constraints::default().only_match(&[Match::Exact]), ..Grant::default() };
        let staff = role("staff")
            .permission(below("wamp.").allow([Action::Call]))
            .permission(below("com.").allow([Action::Publish]))
            .permission(below("org.").allow([Action::Subscribe]).on_terms(exact_only));
        let guest = role("guest").permission(below("").allow(Action::ALL));
        let mut plan = plan(Permissions::new([staff, guest]));
        let kept = |realm: RealmConfig| {
            let secret = realm.history(HistoryRule::new("com.secret", Match::Exact));
            secret.history(HistoryRule::new("org.secret", Match::Prefix))
        };
        plan.realms = plan.realms.into_iter().map(kept).collect();
        plan
    };
    everywhere_with(plan, async |router, link| {
        let mut alice = log_in(router, link, "alice").await;
        for (topic, policy) in [("com.secret", "exact"), ("org.secret", "prefix")] {
            let lookup = json!([topic, {"match": policy}]);
            let found = ask(&mut alice, "wamp.subscription.lookup", lookup).await[0].clone();
            let request = alice.call(GET_EVENTS, json!([found])).await;
            let words = format!("this session may not get the events of subscription {found}");
            alice.expect(json!([8, 48, request, {}, DENIED, [words]])).await;
        }
    });
}

// covers: AUTHZ-01
#[test]
fn the_routers_own_topics_and_procedures_are_a_matter_of_rules() {
    let plan = || {
        let staff = role("staff").permission(below("").allow(Action::ALL));
        let guest = role("guest").permission(below("com.").allow(Action::ALL));
        plan(Permissions::new([staff, guest]))
    };
    everywhere_with(plan, async |router, link| {
        let mut alice = log_in(router, link, "alice").await;
        let joins = alice.subscribe("wamp.session.on_join").await;
        let mut carol = log_in(router, link, "carol").await;
        alice.expect(json!([36, joins, ID, {}, [{"authid": "carol", MORE: 0}]])).await;
        assert_eq!(ask(&mut alice, "wamp.session.count", json!([])).await, json!([2]));
        assert_eq!(refused(&mut carol, "wamp.session.count", json!([]), json!({})).await, DENIED);
        let request = carol.request();
        carol.send(json!([32, request, {}, "wamp.session.on_leave"])).await;
        carol.expect(json!([8, 32, request, {}, DENIED, [ANY]])).await;
    });
}

/// What changes something for others.
const CHANGES: [&str; 8] = [
    "wamp.session.kill",
    "wamp.session.kill_by_authid",
    "wamp.session.kill_by_authrole",
    "wamp.session.kill_all",
    "wamp.session.add_testament",
    "wamp.session.flush_testaments",
    "wamp.subscription.remove_subscriber",
    "wamp.registration.remove_callee",
];

// covers: META-SESS-10, META-SESS-13
#[test]
fn what_changes_something_for_others_has_to_be_permitted_on_purpose() {
    let careless = || {
        let all = |name| role(name).permission(below("").allow(Action::ALL));
        let guest = all("guest").permission(below("wamp.").allow([Action::Subscribe]));
        plan(Permissions::new([all("staff"), guest]))
    };
    let nobody = || Plan::realm(crate::users::users(RealmConfig::new("realm1")));
    let judged = || plan(Judge(|_: &Request<'_>| Decision::allowed().cached()));
    for plan in [careless, nobody, judged] as [fn() -> Plan; 3] {
        everywhere_with(plan, async |router, link| {
            let mut alice = log_in(router, link, "alice").await;
            let mut carol = log_in(router, link, "carol").await;
            for procedure in CHANGES {
                for peer in [&mut alice, &mut carol] {
                    assert_eq!(refused(peer, procedure, json!([]), json!({})).await, DENIED);
                }
            }
            // Questions are another matter.
            assert_eq!(ask(&mut alice, "wamp.session.count", json!([])).await, json!([2]));
            carol.expect_silence().await;
        });
    }
}

#[test]
fn a_permission_for_the_routers_own_procedures_is_one_on_purpose() {
    let plan = || {
        let staff = role("staff")
            .permission(below("").allow(Action::ALL))
            .permission(Permission::new("wamp.session.kill", Match::Exact).allow([Action::Call]));
        let guest = role("guest")
            .permission(Permission::new("wamp..kill_all", Match::Wildcard).allow([Action::Call]));
        plan(Permissions::new([staff, guest]))
    };
    everywhere_with(plan, async |router, link| {
        let mut alice = log_in(router, link, "alice").await;
        let mut bob = log_in(router, link, "bob").await;
        let mut carol = log_in(router, link, "carol").await;
        assert_eq!(refused(&mut alice, "wamp.session.kill_all", json!([]), json!({})).await, DENIED);
        ask(&mut alice, "wamp.session.kill", json!([bob.session()])).await;
        bob.expect(json!([6, {}, "wamp.close.killed"])).await;
        assert_eq!(ask(&mut carol, "wamp.session.kill_all", json!([])).await, json!([1]));
        alice.expect(json!([6, {}, "wamp.close.killed"])).await;
    });
}
