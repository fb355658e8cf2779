//! Publish and subscribe.

use crossway_tests::pattern::ID;
use crossway_tests::{Link, Peer, Plan, TestRouter, between, binary, everywhere, everywhere_with, on_memory};
use serde_json::{Value, json};

use crate::users::{self, log_in};

const TOPIC: &str = "com.myapp.topic";

// covers: PS-01, PS-08, PS-11, PS-13, PS-22
#[test]
fn an_event_reaches_the_subscribers_and_not_the_publisher() {
    everywhere(async |router, link| {
        let mut alice = Peer::join(router, link).await;
        let mut bob = Peer::join(router, link).await;
        let subscription = alice.subscribe(TOPIC).await;
        bob.subscribe(TOPIC).await;
        let request = bob.request();
        bob.send(json!([16, request, {}, TOPIC, [1, "two", {"three": [4.5, null]}], {"key": "value"}])).await;
        alice
            .expect(json!([36, subscription, ID, {}, [1, "two", {"three": [4.5, null]}], {"key": "value"}]))
            .await;
        bob.expect_silence().await;
        alice.expect_silence().await;
    });
}

// covers: PS-11, SER-02, SER-11, SER-14, BJSON-05, MSG-33
#[test]
fn an_event_is_spelt_as_each_subscriber_understands_it() {
    between(async |router, one, other| {
        let mut publisher = Peer::join(router, one).await;
        let mut same = Peer::join(router, one).await;
        let mut different = Peer::join(router, other).await;
        let subscription = same.subscribe(TOPIC).await;
        different.subscribe(TOPIC).await;
        let args = json!([binary(b"\x00\xFF\x10"), {"deep": [[binary(b"")]]}, 1_u64 << 53, -7, 0.5, null, true, "ü\u{1F980}"]);
        publisher.publish(TOPIC, args.clone()).await;
        same.expect_event(subscription, args.clone()).await;
        different.expect_event(subscription, args).await;
    });
}

// covers: PS-02, PS-06, PS-14
#[test]
fn subscribing_twice_is_subscribing_once() {
    everywhere(async |router, link| {
        let mut alice = Peer::join(router, link).await;
        let mut bob = Peer::join(router, link).await;
        let subscription = alice.subscribe(TOPIC).await;
        assert_eq!(alice.subscribe(TOPIC).await, subscription);
        bob.publish_acknowledged(TOPIC, json!([1])).await;
        alice.expect_event(subscription, json!([1])).await;
        let request = alice.request();
        alice.send(json!([34, request, subscription])).await;
        alice.expect(json!([35, request])).await;
        bob.publish_acknowledged(TOPIC, json!([2])).await;
        alice.expect_silence().await;
        let request = alice.request();
        alice.send(json!([34, request, subscription])).await;
        alice.expect_error(34, request, "wamp.error.no_such_subscription").await;
    });
}

// covers: PS-04, PS-06, PS-07
#[test]
fn no_event_follows_unsubscribed() {
    everywhere(async |router, link| {
        let mut alice = Peer::join(router, link).await;
        let mut bob = Peer::join(router, link).await;
        let subscription = alice.subscribe(TOPIC).await;
        for number in 0..10 {
            bob.publish(TOPIC, json!([number])).await;
        }
        let request = alice.request();
        alice.send(json!([34, request, subscription])).await;
        // Some of the ten may come before, none after.
        while alice.receive().await != json!([35, request]) {}
        bob.publish_acknowledged(TOPIC, json!(["late"])).await;
        alice.expect_silence().await;
        // And subscribing again works.
        alice.subscribe(TOPIC).await;
    });
}

// covers: PS-05
#[test]
fn nobody_unsubscribes_others() {
    everywhere(async |router, link| {
        let mut alice = Peer::join(router, link).await;
        let mut bob = Peer::join(router, link).await;
        let subscription = alice.subscribe(TOPIC).await;
        for foreign in [subscription, 1 << 53] {
            let request = bob.request();
            bob.send(json!([34, request, foreign])).await;
            bob.expect_error(34, request, "wamp.error.no_such_subscription").await;
        }
        bob.publish(TOPIC, json!([1])).await;
        alice.expect_event(subscription, json!([1])).await;
    });
}

// covers: PS-08
#[test]
fn without_acknowledge_there_is_no_answer_not_even_an_error() {
    everywhere(async |router, link| {
        let mut alice = Peer::join(router, link).await;
        for options in [json!({}), json!({"acknowledge": false})] {
            for topic in [TOPIC, "not a uri", "wamp.reserved"] {
                alice.publish_with(topic, options.clone(), json!([1])).await;
            }
        }
        alice.expect_silence().await;
    });
}

// covers: PS-09, PS-10, PS-12, PS-19
#[test]
fn an_acknowledged_publication_needs_no_subscribers() {
    everywhere(async |router, link| {
        let mut alice = Peer::join(router, link).await;
        let first = alice.publish_acknowledged(TOPIC, json!([1])).await;
        let second = alice.publish_acknowledged(TOPIC, json!([1])).await;
        assert_ne!(first, second);
        let request = alice.request();
        alice.send(json!([16, request, {"acknowledge": true}, "not a uri"])).await;
        alice.expect_error(16, request, "wamp.error.invalid_uri").await;
    });
}

// covers: PS-12
#[test]
fn published_and_event_name_the_same_publication() {
    everywhere(async |router, link| {
        let mut alice = Peer::join(router, link).await;
        let mut bob = Peer::join(router, link).await;
        let subscription = alice.subscribe(TOPIC).await;
        let publication = bob.publish_acknowledged(TOPIC, json!([1])).await;
        assert_eq!(alice.expect_event(subscription, json!([1])).await, publication);
    });
}

// covers: PS-EXCL-01, PS-EXCL-02, PS-EXCL-03
#[test]
fn a_publisher_gets_its_own_event_if_it_wants_to() {
    everywhere(async |router, link| {
        let mut alice = Peer::join(router, link).await;
        let mut bob = Peer::join(router, link).await;
        let subscription = alice.subscribe(TOPIC).await;
        bob.subscribe(TOPIC).await;
        alice.publish_with(TOPIC, json!({"exclude_me": false}), json!(["mine"])).await;
        alice.expect_event(subscription, json!(["mine"])).await;
        bob.expect_event(subscription, json!(["mine"])).await;
        for options in [json!({}), json!({"exclude_me": true})] {
            alice.publish_with(TOPIC, options, json!(["yours"])).await;
            bob.expect_event(subscription, json!(["yours"])).await;
        }
        alice.expect_silence().await;
    });
}

/// Who of alice, bob and carol gets an event that carol publishes with these options.
async fn receivers(
    router: &TestRouter,
    link: Link,
    options: impl Fn([u64; 3]) -> Value,
) -> Vec<&'static str> {
    let names = ["alice", "bob", "carol"];
    let mut peers = Vec::new();
    for name in names {
        peers.push(log_in(router, link, name).await);
    }
    let mut subscription = 0;
    for peer in &mut peers {
        subscription = peer.subscribe(TOPIC).await;
    }
    let sessions = [peers[0].session(), peers[1].session(), peers[2].session()];
    let mut options = options(sessions);
    options["acknowledge"] = json!(true);
    let [alice, bob, carol] = &mut peers[..] else { unreachable!("three peers") };
    let request = carol.request();
    carol.send(json!([16, request, options, TOPIC, [1]])).await;
    let mut got = Vec::new();
    // The publisher's own event comes before its acknowledgement.
    if carol.receive().await[0] == 36 {
        got.push("carol");
        carol.expect(json!([17, request, ID])).await;
    }
    for (peer, name) in [(alice, "alice"), (bob, "bob")] {
        let fence = peer.request();
        peer.send(json!([16, fence, {"acknowledge": true}, "test.fence"])).await;
        let next = peer.receive().await;
        if next[0] == 36 {
            assert_eq!(next[1], subscription);
            got.push(name);
            peer.expect(json!([17, fence, ID])).await;
        }
    }
    got.sort_unstable();
    got
}

// covers: PS-BW-01, PS-BW-02, PS-BW-03, PS-BW-09, PS-BW-13
#[test]
fn who_is_excluded_gets_nothing() {
    everywhere_with(users::plan, async |router, link| {
        assert_eq!(receivers(router, link, |[alice, ..]| json!({"exclude": [alice, 77]})).await, ["bob"]);
        assert_eq!(
            receivers(router, link, |_| json!({"exclude_authid": ["bob", "nobody"]})).await,
            ["alice"]
        );
        assert!(receivers(router, link, |_| json!({"exclude_authrole": ["staff"]})).await.is_empty());
        let nobody = json!({"exclude": [], "exclude_authid": [], "exclude_authrole": []});
        assert_eq!(receivers(router, link, |_| nobody.clone()).await, ["alice", "bob"]);
    });
}

// covers: PS-BW-04, PS-BW-05, PS-BW-06, PS-BW-08, PS-BW-13
#[test]
fn only_who_is_eligible_gets_something() {
    everywhere_with(users::plan, async |router, link| {
        assert_eq!(receivers(router, link, |[alice, ..]| json!({"eligible": [alice, 77]})).await, ["alice"]);
        assert_eq!(receivers(router, link, |_| json!({"eligible_authid": ["bob"]})).await, ["bob"]);
        assert_eq!(
            receivers(router, link, |_| json!({"eligible_authrole": ["staff"]})).await,
            ["alice", "bob"]
        );
        for key in ["eligible", "eligible_authid", "eligible_authrole"] {
            assert!(receivers(router, link, |_| json!({key: []})).await.is_empty(), "{key}: [] means nobody");
        }
    });
}

// covers: PS-BW-07, PS-BW-11, PS-EXCL-05
#[test]
fn all_conditions_hold_together() {
    everywhere_with(users::plan, async |router, link| {
        let both = |[alice, bob, _]: [u64; 3]| json!({"eligible": [alice, bob], "exclude": [bob]});
        assert_eq!(receivers(router, link, both).await, ["alice"]);
        let roles = json!({"eligible_authrole": ["staff"], "exclude_authid": ["alice"]});
        assert_eq!(receivers(router, link, |_| roles.clone()).await, ["bob"]);
        let me = |[_, _, carol]: [u64; 3]| json!({"eligible": [carol]});
        assert!(receivers(router, link, me).await.is_empty(), "the publisher stays excluded");
        let me = |[_, _, carol]: [u64; 3]| json!({"eligible": [carol], "exclude_me": false});
        assert_eq!(receivers(router, link, me).await, ["carol"]);
        let not_me = json!({"exclude_authrole": ["guest"], "exclude_me": false});
        assert_eq!(receivers(router, link, |_| not_me.clone()).await, ["alice", "bob"]);
    });
}

// covers: PS-BW-10
#[test]
fn being_eligible_is_not_being_subscribed() {
    everywhere(async |router, link| {
        let mut alice = Peer::join(router, link).await;
        let mut bob = Peer::join(router, link).await;
        let options = json!({"eligible": [alice.session()]});
        bob.publish_with(TOPIC, options, json!([1])).await;
        bob.expect_silence().await;
        alice.expect_silence().await;
    });
}

// covers: PS-ID-01, PS-ID-02, PS-ID-05
#[test]
fn a_publisher_is_disclosed_if_and_only_if_it_wants_to_be() {
    everywhere(async |router, link| {
        let mut alice = Peer::join(router, link).await;
        let mut bob = Peer::connect(router, link).await;
        let welcome = bob.hello("realm1", crossway_tests::peer::all_roles()).await;
        let subscription = alice.subscribe(TOPIC).await;
        bob.publish_with(TOPIC, json!({"disclose_me": true}), json!([1])).await;
        let details = json!({
            "publisher": bob.session(), "publisher_authid": welcome[2]["authid"], "publisher_authrole": "anonymous",
        });
        alice.expect(json!([36, subscription, ID, details, [1]])).await;
        for options in [json!({}), json!({"disclose_me": false})] {
            bob.publish_with(TOPIC, options, json!([2])).await;
            alice.expect_event(subscription, json!([2])).await;
        }
    });
}

// covers: PS-15
#[test]
fn each_subscription_of_a_session_gets_its_own_event() {
    on_memory(Plan::default(), async |router| {
        let mut alice = Peer::join(router, Link::DEFAULT).await;
        let mut bob = Peer::join(router, Link::DEFAULT).await;
        let one = alice.subscribe("com.myapp.one").await;
        let two = alice.subscribe("com.myapp.two").await;
        bob.publish("com.myapp.one", json!([1])).await;
        bob.publish("com.myapp.two", json!([2])).await;
        alice.expect_event(one, json!([1])).await;
        alice.expect_event(two, json!([2])).await;
        bob.expect_silence().await;
        alice.expect_silence().await;
    });
}

// covers: PS-14, PS-15
#[test]
fn three_hundred_subscribers_get_one_event_each() {
    on_memory(Plan::default(), async |router| {
        let mut publisher = Peer::join(router, Link::DEFAULT).await;
        let mut peers = Vec::new();
        for number in 0..300 {
            let format = crossway_tests::Format::ALL[number % 3];
            let mut peer = Peer::join(router, Link { format, ..Link::DEFAULT }).await;
            let subscription = peer.subscribe(TOPIC).await;
            peers.push((peer, subscription));
        }
        // A third leaves, from the middle as well.
        peers.retain({
            let mut number = 0;
            move |_| {
                number += 1;
                number % 3 != 0
            }
        });
        publisher.publish_acknowledged(TOPIC, json!(["all"])).await;
        for (peer, subscription) in &mut peers {
            peer.expect_event(*subscription, json!(["all"])).await;
            peer.expect_silence().await;
        }
    });
}
