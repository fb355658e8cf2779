//! What sessions leave to be published when they are gone.

use crossway_core::message::Match;
use crossway_core::policy::{Disclosure, TopicRule};
use crossway_tests::pattern::{ANY, ID};
use crossway_tests::peer::all_roles;
use crossway_tests::{Peer, Plan, between_with, everywhere_with};
use serde_json::{Value, json};

use crate::meta_sessions::{ask, ask_with, refused};

const ADD: &str = "wamp.session.add_testament";
const FLUSH: &str = "wamp.session.flush_testaments";
const TOPIC: &str = "com.app.last_words";

async fn add(peer: &mut Peer, word: &str, kwargs: Value) {
    assert_eq!(ask_with(peer, ADD, json!([TOPIC, [word], {}]), kwargs).await, json!([]));
}

async fn leave(peer: &mut Peer) {
    peer.send(json!([6, {}, "wamp.close.normal"])).await;
    peer.expect(json!([6, {}, "wamp.close.goodbye_and_out"])).await;
}

// covers: TEST-01, TEST-02, TEST-04, TEST-05, TEST-06, TEST-07, TEST-09
#[test]
fn testaments_are_published_in_order_detached_before_destroyed() {
    everywhere_with(Plan::trusting, async |router, link| {
        let mut heir = Peer::connect(router, link).await;
        let welcome = heir.hello("realm1", all_roles()).await;
        assert_eq!(welcome[2]["roles"]["dealer"]["features"]["testament_meta_api"], true);
        let subscription = heir.subscribe(TOPIC).await;
        for lost in [false, true] {
            let mut peer = Peer::join(router, link).await;
            add(&mut peer, "3", json!({})).await;
            add(&mut peer, "1", json!({"scope": "detached"})).await;
            add(&mut peer, "4", json!({"scope": "destroyed"})).await;
            add(&mut peer, "2", json!({"scope": "detached", "publish_options": {}})).await;
            heir.expect_silence().await;
            if lost {
                peer.close().await
            } else {
                leave(&mut peer).await
            }
            for word in ["1", "2", "3", "4"] {
                heir.expect(json!([36, subscription, ID, {}, [word]])).await;
            }
        }
    });
}

// covers: TEST-09
#[test]
fn breaking_the_protocol_and_being_killed_are_ends_as_well() {
    everywhere_with(Plan::trusting, async |router, link| {
        let mut heir = Peer::join(router, link).await;
        let subscription = heir.subscribe(TOPIC).await;
        let mut peer = Peer::join(router, link).await;
        add(&mut peer, "broken", json!({})).await;
        peer.send(json!([1, "realm1", {"roles": {"caller": {}}}])).await;
        heir.expect(json!([36, subscription, ID, {}, ["broken"]])).await;
        let mut peer = Peer::join(router, link).await;
        add(&mut peer, "killed", json!({})).await;
        let request = heir.call("wamp.session.kill", json!([peer.session()])).await;
        heir.expect(json!([50, request, {}])).await;
        heir.expect(json!([36, subscription, ID, {}, ["killed"]])).await;
    });
}

// covers: TEST-09, META-SUB-13, META-REG-15, META-SESS-18
#[test]
fn first_a_session_loses_what_it_has_then_its_testaments_are_published_then_it_has_left() {
    everywhere_with(Plan::trusting, async |router, link| {
        let mut heir = Peer::join(router, link).await;
        let mut heard = Vec::new();
        for topic in
            ["wamp.registration.on_delete", "wamp.subscription.on_delete", TOPIC, "wamp.session.on_leave"]
        {
            heard.push(heir.subscribe(topic).await);
        }
        let mut peer = Peer::join(router, link).await;
        add(&mut peer, "x", json!({})).await;
        let subscription = peer.subscribe("com.app.topic").await;
        let registration = peer.register("com.app.procedure").await;
        peer.close().await;
        let id = peer.session();
        heir.expect(json!([36, heard[0], ID, {}, [id, registration]])).await;
        heir.expect(json!([36, heard[1], ID, {}, [id, subscription]])).await;
        heir.expect(json!([36, heard[2], ID, {}, ["x"]])).await;
        heir.expect(json!([36, heard[3], ID, {}, [id, ANY, "anonymous"]])).await;
    });
}

// covers: TEST-12, META-SESS-16
#[test]
fn killing_everybody_publishes_nothing() {
    everywhere_with(Plan::trusting, async |router, link| {
        let mut heir = Peer::join(router, link).await;
        heir.subscribe(TOPIC).await;
        let mut peer = Peer::join(router, link).await;
        add(&mut peer, "silent", json!({})).await;
        assert_eq!(ask(&mut heir, "wamp.session.kill_all", json!([])).await, json!([1]));
        peer.expect(json!([6, {}, "wamp.close.killed"])).await;
        peer.send(json!([6, {}, "wamp.close.goodbye_and_out"])).await;
        peer.expect_closed().await;
        heir.expect_silence().await;
    });
}

// covers: TEST-03, TEST-04, TEST-10, TEST-11
#[test]
fn flushing_forgets_one_scope_of_the_caller() {
    everywhere_with(Plan::trusting, async |router, link| {
        let mut heir = Peer::join(router, link).await;
        let subscription = heir.subscribe(TOPIC).await;
        for (kwargs, left) in
            [(json!({}), "a"), (json!({"scope": "destroyed"}), "a"), (json!({"scope": "detached"}), "b")]
        {
            let mut peer = Peer::join(router, link).await;
            add(&mut peer, "a", json!({"scope": "detached"})).await;
            add(&mut peer, "b", json!({"scope": "destroyed"})).await;
            // Somebody else's are none of its business.
            assert_eq!(ask_with(&mut heir, FLUSH, json!([]), json!({})).await, json!([]));
            assert_eq!(ask_with(&mut peer, FLUSH, json!([]), kwargs).await, json!([]));
            leave(&mut peer).await;
            heir.expect(json!([36, subscription, ID, {}, [left]])).await;
            heir.expect_silence().await;
        }
    });
}

// covers: TEST-08, TEST-13
#[test]
fn publish_options_hold_for_testaments() {
    everywhere_with(Plan::trusting, async |router, link| {
        let (mut heir, mut other) = (Peer::join(router, link).await, Peer::join(router, link).await);
        let subscription = heir.subscribe(TOPIC).await;
        other.subscribe(TOPIC).await;
        let mut peer = Peer::join(router, link).await;
        let options = json!({"exclude": [other.session()], "disclose_me": true, "acknowledge": true});
        add(&mut peer, "x", json!({"publish_options": options})).await;
        let authid = ask(&mut heir, "wamp.session.get", json!([peer.session()])).await[0]["authid"].clone();
        leave(&mut peer).await;
        let details = json!({"publisher": peer.session(), "publisher_authid": authid, "publisher_authrole": "anonymous"});
        heir.expect(json!([36, subscription, ID, details, ["x"]])).await;
        other.expect_silence().await;
    });
}

// covers: TEST-02
#[test]
fn the_payload_reaches_every_serializer() {
    between_with(Plan::trusting, async |router, one, other| {
        let mut heir = Peer::join(router, one).await;
        let subscription = heir.subscribe(TOPIC).await;
        let mut peer = Peer::join(router, other).await;
        let (args, kwargs) = (json!([1, "two", [3.5, null], {"four": -4}]), json!({"key": {"deep": [true]}}));
        ask(&mut peer, ADD, json!([TOPIC, args, kwargs])).await;
        peer.close().await;
        heir.expect(json!([36, subscription, ID, {}, args, kwargs])).await;
    });
}

// covers: TEST-14, TEST-15
#[test]
fn what_could_not_be_published_is_refused() {
    everywhere_with(Plan::trusting, async |router, link| {
        let mut peer = Peer::join(router, link).await;
        let cases = [
            (json!(["no uri", [], {}]), json!({}), "wamp.error.invalid_uri"),
            (json!(["", [], {}]), json!({}), "wamp.error.invalid_uri"),
            (json!(["wamp.session.on_join", [], {}]), json!({}), "wamp.error.invalid_uri"),
            (json!([TOPIC, [], {}]), json!({"scope": "gone"}), "wamp.error.invalid_argument"),
            (
                json!([TOPIC, [], {}]),
                json!({"publish_options": {"exclude": 1}}),
                "wamp.error.invalid_argument",
            ),
            (json!([TOPIC, "x", {}]), json!({}), "wamp.error.invalid_argument"),
            (json!([]), json!({}), "wamp.error.invalid_argument"),
        ];
        for (args, kwargs, uri) in cases {
            assert_eq!(refused(&mut peer, ADD, args.clone(), kwargs.clone()).await, uri, "{args} {kwargs}");
        }
        assert_eq!(
            refused(&mut peer, FLUSH, json!([]), json!({"scope": "gone"})).await,
            "wamp.error.invalid_argument"
        );
    });
}

// covers: TEST-14
#[test]
fn what_the_rules_of_the_realm_forbid_is_refused_while_somebody_is_there_to_be_told() {
    let plan = || {
        let mut rule = TopicRule::new("com.app.secret", Match::Exact);
        rule.disclose = Some(Disclosure::Never);
        let mut plan = Plan::trusting();
        let realm = plan.realms.remove(0);
        plan.realms = vec![realm.topic_rule(rule)];
        plan
    };
    everywhere_with(plan, async |router, link| {
        let mut heir = Peer::join(router, link).await;
        let subscription = heir.subscribe("com.app.secret").await;
        let mut peer = Peer::join(router, link).await;
        let args = json!(["com.app.secret", ["x"], {}]);
        let disclosed = json!({"publish_options": {"disclose_me": true}});
        let uri = refused(&mut peer, ADD, args.clone(), disclosed).await;
        assert_eq!(uri, "wamp.error.option_disallowed.disclose_me");
        ask(&mut peer, ADD, args).await;
        peer.close().await;
        heir.expect(json!([36, subscription, ID, {}, ["x"]])).await;
        heir.expect_silence().await;
    });
}

#[test]
fn testaments_are_bounded() {
    let plan = || {
        let mut plan = Plan::trusting();
        plan.limits.max_testaments = 3;
        plan.limits.max_testament_bytes = 20_000;
        plan
    };
    everywhere_with(plan, async |router, link| {
        let mut peer = Peer::join(router, link).await;
        let long = "x".repeat(20_000);
        let limit = "crossway.error.limit_exceeded";
        assert_eq!(refused(&mut peer, ADD, json!([TOPIC, [long], {}]), json!({})).await, limit);
        for _ in 0..3 {
            add(&mut peer, "x", json!({})).await;
        }
        assert_eq!(refused(&mut peer, ADD, json!([TOPIC, [], {}]), json!({})).await, limit);
        assert_eq!(router.counter("testaments_over_limit"), 2);
        ask(&mut peer, FLUSH, json!([])).await;
        add(&mut peer, "room again", json!({})).await;
    });
}
