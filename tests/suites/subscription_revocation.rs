//! Subscriptions that the router takes back: `UNSUBSCRIBED [35, 0, Details]`.

use crossway_tests::pattern::ID;
use crossway_tests::peer::all_roles;
use crossway_tests::{Link, Peer, Plan, TestRouter, everywhere_with, on_memory, on_threads};
use serde_json::{Value, json};

use crate::meta_sessions::{ask, ask_with, refused};

const TOPIC: &str = "com.myapp.topic";
const REMOVE: &str = "wamp.subscription.remove_subscriber";

/// A subscriber that does not know that subscriptions may be taken from it.
async fn unaware(router: &TestRouter, link: Link) -> Peer {
    let roles = json!({"subscriber": {}, "publisher": {}});
    Peer::join_as(router, link, "realm1", json!({"roles": roles})).await
}

// covers: PS-REV-05
#[test]
fn the_broker_announces_that_it_may_take_subscriptions_back() {
    everywhere_with(Plan::trusting, async |router, link| {
        let mut peer = Peer::connect(router, link).await;
        let welcome = peer.hello("realm1", all_roles()).await;
        assert_eq!(welcome[2]["roles"]["broker"]["features"]["subscription_revocation"], true);
    });
}

// covers: PS-REV-01, PS-REV-04, META-SUB-15, ID-12
#[test]
fn who_loses_a_subscription_is_told_which_and_why() {
    everywhere_with(Plan::trusting, async |router, link| {
        let mut admin = Peer::join(router, link).await;
        let mut victim = Peer::join(router, link).await;
        let mut other = Peer::join(router, link).await;
        for reason in [json!({}), json!({"reason": "com.myapp.reason"})] {
            let kept = other.subscribe(TOPIC).await;
            let id = victim.subscribe(TOPIC).await;
            assert_eq!(id, kept);
            let elsewhere = victim.subscribe("com.myapp.other").await;
            ask_with(&mut admin, REMOVE, json!([id, victim.session()]), reason.clone()).await;
            let mut details = json!({"subscription": id});
            if let Some(reason) = reason.get("reason") {
                details["reason"] = reason.clone();
            }
            victim.expect(json!([35, 0, details])).await;
            let request = victim.request();
            victim.send(json!([34, request, id])).await;
            victim.expect_error(34, request, "wamp.error.no_such_subscription").await;
            // Nobody else loses anything, and it loses nothing else.
            admin.publish(TOPIC, json!([1])).await;
            admin.publish("com.myapp.other", json!([2])).await;
            other.expect_event(id, json!([1])).await;
            victim.expect_event(elsewhere, json!([2])).await;
        }
        let id = victim.subscribe(TOPIC).await;
        admin.publish(TOPIC, json!(["again"])).await;
        victim.expect_event(id, json!(["again"])).await;
    });
}

// covers: PS-REV-02
#[test]
fn who_does_not_know_revocation_simply_hears_no_more() {
    everywhere_with(Plan::trusting, async |router, link| {
        let mut admin = Peer::join(router, link).await;
        let mut victim = unaware(router, link).await;
        let id = victim.subscribe(TOPIC).await;
        ask(&mut admin, REMOVE, json!([id, victim.session()])).await;
        admin.publish_acknowledged(TOPIC, json!([1])).await;
        victim.expect_silence().await;
    });
}

// covers: PS-REV-02
#[test]
fn autobahn_python_is_not_told_since_it_would_close_its_connection() {
    on_memory(Plan::trusting(), async |router| {
        let mut admin = Peer::join(router, Link::DEFAULT).await;
        let features = json!({"subscription_revocation": true, "payload_transparency": true});
        let hello = json!({"roles": {"subscriber": {"features": features}, "publisher": {}}});
        let mut victim = Peer::join_as(router, Link::DEFAULT, "realm1", hello).await;
        let id = victim.subscribe(TOPIC).await;
        ask(&mut admin, REMOVE, json!([id, victim.session()])).await;
        admin.publish_acknowledged(TOPIC, json!([1])).await;
        victim.expect_silence().await;
    });
}

// covers: PS-REV-03, META-SUB-05, META-SUB-06
#[test]
fn those_who_listen_are_told_as_of_any_that_unsubscribes() {
    everywhere_with(Plan::trusting, async |router, link| {
        let mut admin = Peer::join(router, link).await;
        let mut listener = Peer::join(router, link).await;
        for mut victim in [Peer::join(router, link).await, unaware(router, link).await] {
            let session = victim.session();
            let id = victim.subscribe(TOPIC).await;
            let left = listener.subscribe("wamp.subscription.on_unsubscribe").await;
            let deleted = listener.subscribe("wamp.subscription.on_delete").await;
            ask(&mut admin, REMOVE, json!([id, session])).await;
            listener.expect(json!([36, left, ID, {}, [session, id]])).await;
            listener.expect(json!([36, deleted, ID, {}, [session, id]])).await;
            listener.expect_silence().await;
        }
    });
}

// covers: META-SUB-15
#[test]
fn nothing_is_taken_from_who_does_not_have_it() {
    on_memory(Plan::trusting(), async |router| {
        let mut admin = Peer::join(router, Link::DEFAULT).await;
        let mut peer = Peer::join(router, Link::DEFAULT).await;
        let id = peer.subscribe(TOPIC).await;
        let (own, session) = (admin.session(), peer.session());
        let cases: [(Value, &str); 3] = [
            (json!([id + 1000, session]), "wamp.error.no_such_subscription"),
            (json!([id, own]), "wamp.error.no_such_session"),
            (json!([id, 1_u64 << 50]), "wamp.error.no_such_session"),
        ];
        for (args, expected) in cases {
            assert_eq!(refused(&mut admin, REMOVE, args, json!({})).await, expected);
        }
        admin.publish(TOPIC, json!([1])).await;
        peer.expect_event(id, json!([1])).await;
    });
}

// covers: PS-REV-01, PS-07
#[test]
fn no_event_comes_after_it_whatever_is_published_at_the_time() {
    on_threads(Plan::trusting(), async |router| {
        let mut admin = Peer::join(router, Link::DEFAULT).await;
        let mut alice = Peer::join(router, Link::DEFAULT).await;
        let mut victim = Peer::join(router, Link::DEFAULT).await;
        for _ in 0..20 {
            let id = victim.subscribe(TOPIC).await;
            for number in 0..50 {
                alice.publish(TOPIC, json!([number])).await;
            }
            ask(&mut admin, REMOVE, json!([id, victim.session()])).await;
            loop {
                let message = victim.receive().await;
                if message[0] == 35 {
                    assert_eq!(message, json!([35, 0, {"subscription": id}]));
                    break;
                }
                assert_eq!((&message[0], &message[1]), (&json!(36), &json!(id)));
            }
            alice.expect_silence().await;
            victim.expect_silence().await;
        }
    });
}
