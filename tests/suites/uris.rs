//! What is a URI, and whose.

use crossway_core::Protocol;
use crossway_core::uri::UriRule;
use crossway_tests::{Link, Peer, Plan, TestRouter, everywhere, everywhere_with, on_memory};
use serde_json::{Value, json};

const LOOSE_ONLY: [&str; 6] =
    ["Com.MyApp", "com.my-app.x", "com.müller.straße", "com.日本", "a/b.c:d!", "com.myapp.\u{1F980}"];
const BOTH: [&str; 5] = ["a", "com.myapp.topic1", "0.1.2", "_a._b", "com.wamp.x"];
const NEITHER: [&str; 14] =
    ["", ".", "..", ".a", "a.", "a..b", "a b", " a", "a#b", "#", "a\tb", "a\nb", "a\u{a0}b", "a.\u{2003}"];

/// What the four requests that carry a URI are answered, each time in this order: 32, 64, 48, 16.
async fn is_accepted(peer: &mut Peer, uri: &str) -> [bool; 4] {
    let mut accepted = Vec::new();
    for (kind, options) in
        [(32, json!({})), (64, json!({})), (48, json!({})), (16, json!({"acknowledge": true}))]
    {
        let request = peer.request();
        peer.send(json!([kind, request, options, uri])).await;
        let answer = peer.receive().await;
        match answer[0].as_u64() {
            Some(68) => {
                peer.send(json!([70, answer[1], {}])).await;
                peer.expect(json!([50, request, {}])).await;
                accepted.push(true);
            }
            Some(8) => accepted.push(answer[4] != "wamp.error.invalid_uri"),
            _ => accepted.push(true),
        }
    }
    accepted.try_into().expect("four requests")
}

// covers: URI-01, URI-06, URI-05
#[test]
fn the_loose_rule_permits_all_but_whitespace_hashes_and_empty_components() {
    everywhere(async |router, link| {
        let mut peer = Peer::join(router, link).await;
        for uri in BOTH.into_iter().chain(LOOSE_ONLY) {
            assert_eq!(is_accepted(&mut peer, uri).await, [true; 4], "{uri:?}");
        }
        for uri in NEITHER {
            assert_eq!(is_accepted(&mut peer, uri).await, [false; 4], "{uri:?}");
        }
    });
}

// covers: URI-03, URI-05
#[test]
fn the_strict_rule_permits_lower_case_digits_and_underscores() {
    let plan = || Plan::protocol(Protocol { uri: UriRule::Strict, ..Protocol::default() });
    everywhere_with(plan, async |router, link| {
        let mut peer = Peer::join(router, link).await;
        for uri in BOTH {
            assert_eq!(is_accepted(&mut peer, uri).await, [true; 4], "{uri:?}");
        }
        for uri in NEITHER.into_iter().chain(LOOSE_ONLY) {
            assert_eq!(is_accepted(&mut peer, uri).await, [false; 4], "{uri:?}");
        }
    });
}

async fn expect_reserved(router: &TestRouter, link: Link) {
    let mut peer = Peer::join(router, link).await;
    for uri in ["wamp", "wamp.mine", "wamp.session.on_join", "wamp.error.mine"] {
        // SUBSCRIBE and CALL are open to everybody, REGISTER and PUBLISH are not.
        assert_eq!(is_accepted(&mut peer, uri).await, [true, false, true, false], "{uri:?}");
    }
}

// covers: URI-08, URI-09, URI-10, URI-11
#[test]
fn what_begins_with_wamp_belongs_to_the_router() {
    everywhere(expect_reserved);
}

// covers: URI-09
#[test]
fn an_unacknowledged_publication_to_a_reserved_topic_reaches_nobody() {
    everywhere(async |router, link| {
        let mut alice = Peer::join(router, link).await;
        let mut bob = Peer::join(router, link).await;
        alice.subscribe("wamp.session.on_join").await;
        bob.publish("wamp.session.on_join", json!([{"session": 1}])).await;
        bob.expect_silence().await;
        alice.expect_silence().await;
    });
}

// covers: URI-07
#[test]
fn a_topic_and_a_procedure_of_one_name_do_not_meet() {
    everywhere(async |router, link| {
        let mut peer = Peer::join(router, link).await;
        let subscription = peer.subscribe("com.myapp.thing").await;
        let registration = peer.register("com.myapp.thing").await;
        peer.publish_with("com.myapp.thing", json!({"exclude_me": false}), json!([1])).await;
        peer.expect_event(subscription, json!([1])).await;
        let call = peer.call("com.myapp.thing", json!([2])).await;
        let invocation = peer.expect_invocation(registration, json!([2])).await;
        // The error may have that name as well.
        peer.send(json!([8, 68, invocation, {}, "com.myapp.thing"])).await;
        peer.expect_error(48, call, "com.myapp.thing").await;
    });
}

// covers: URI-12
#[test]
fn the_error_uri_of_a_callee_has_to_be_one() {
    everywhere(async |router, link| {
        let mut callee = Peer::join(router, link).await;
        let registration = callee.register("com.myapp.procedure").await;
        let mut caller = Peer::join(router, link).await;
        let call = caller.call("com.myapp.procedure", json!([1])).await;
        let invocation = callee.expect_invocation(registration, json!([1])).await;
        callee.send(json!([8, 68, invocation, {}, "it broke"])).await;
        callee.expect_violation("ERROR.Error").await;
        caller.expect_error(48, call, "wamp.error.canceled").await;
    });
}

// covers: URI-14
#[test]
fn how_names_are_chosen_is_not_checked() {
    on_memory(Plan::default(), async |router| {
        let mut peer = Peer::join(router, Link::DEFAULT).await;
        let names: Value = json!(["topic.myapp.com", "x", "1.2.3"]);
        for name in names.as_array().into_iter().flatten().filter_map(Value::as_str) {
            assert_eq!(is_accepted(&mut peer, name).await, [true; 4]);
        }
    });
}
