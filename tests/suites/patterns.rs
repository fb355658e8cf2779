//! Prefix and wildcard subscriptions.

use crossway_core::uri::UriRule;
use crossway_core::{MetaApi, Protocol};
use crossway_tests::pattern::ID;
use crossway_tests::{Link, Peer, Plan, between, everywhere, everywhere_with, on_memory};
use serde_json::{Value, json};

/// Without meta events, which some patterns match.
fn quiet(mut plan: Plan) -> Plan {
    plan.realms = plan.realms.into_iter().map(|realm| realm.meta_api(MetaApi::Off)).collect();
    plan
}

fn prefix() -> Value {
    json!({"match": "prefix"})
}

fn wildcard() -> Value {
    json!({"match": "wildcard"})
}

/// Subscribes to a pattern, and tells which of `topics` match it: in Details.topic, each with its own arguments.
async fn matched<'a>(
    alice: &mut Peer,
    bob: &mut Peer,
    options: Value,
    pattern: &str,
    topics: &[&'a str],
) -> Vec<&'a str> {
    let subscription = alice.subscribe_with(pattern, options).await;
    for topic in topics {
        bob.publish(topic, json!([topic])).await;
    }
    bob.publish_with("test.end", json!({}), json!([])).await;
    bob.expect_silence().await;
    let fence = alice.request();
    alice.send(json!([16, fence, {"acknowledge": true}, "test.fence"])).await;
    let mut found = Vec::new();
    loop {
        let message = alice.receive().await;
        if message[0] == 17 {
            break;
        }
        let topic = topics.iter().find(|topic| message[4] == json!([topic])).expect("one of ours");
        assert_eq!(message[1], subscription);
        assert_eq!(message[3], json!({"topic": topic}));
        found.push(*topic);
    }
    let request = alice.request();
    alice.send(json!([34, request, subscription])).await;
    alice.expect(json!([35, request])).await;
    found
}

// covers: PS-PAT-01, PS-PAT-02, PS-PAT-06
#[test]
fn a_prefix_is_the_beginning_of_a_string_whatever_its_components() {
    everywhere(async |router, link| {
        let (mut alice, mut bob) = (Peer::join(router, link).await, Peer::join(router, link).await);
        let topics = [
            "com.myapp.topic.emergency",
            "com.myapp.topic.emergency-low",
            "com.myapp.topic.emergency.category.severe",
            "com.myapp.topic.emergence",
            "com.myapp.topic",
        ];
        let found = matched(&mut alice, &mut bob, prefix(), "com.myapp.topic.emergency", &topics).await;
        assert_eq!(found, topics[..3]);
        assert_eq!(matched(&mut alice, &mut bob, prefix(), "com.myapp.", &topics).await, topics);
        assert!(
            matched(&mut alice, &mut bob, prefix(), "com.myapp.topic.emergency.x", &topics).await.is_empty()
        );
    });
}

// covers: PS-PAT-01, PS-PAT-03, PS-PAT-04, PS-PAT-06
#[test]
fn an_empty_component_of_a_wildcard_stands_for_exactly_one() {
    everywhere(async |router, link| {
        let (mut alice, mut bob) = (Peer::join(router, link).await, Peer::join(router, link).await);
        let topics = [
            "com.myapp.foo.userevent",
            "com.myapp.bar.userevent",
            "com.myapp.a12.userevent",
            "com.myapp.foo.bar.userevent",
            "com.myapp.userevent",
            "com.myapp2.foo.userevent",
        ];
        let found = matched(&mut alice, &mut bob, wildcard(), "com.myapp..userevent", &topics).await;
        assert_eq!(found, topics[..3]);
        assert_eq!(matched(&mut alice, &mut bob, wildcard(), "...userevent", &topics).await.len(), 4);
        let exactly = matched(&mut alice, &mut bob, wildcard(), "com.myapp.userevent", &topics).await;
        assert_eq!(exactly, ["com.myapp.userevent"], "without an empty component it is the topic itself");
    });
}

// covers: PS-PAT-05, PS-PAT-07, PS-PAT-08, PS-11
#[test]
fn every_subscription_that_matches_gets_its_own_event_of_one_publication() {
    between(async |router, one, other| {
        let mut publisher = Peer::join(router, one).await;
        for link in [one, other] {
            let mut alice = Peer::join(router, link).await;
            let topic = "com.myapp.topic";
            let exact = alice.subscribe(topic).await;
            let subscriptions = [
                alice.subscribe_with(topic, prefix()).await,
                alice.subscribe_with("com.", prefix()).await,
                alice.subscribe_with(topic, wildcard()).await,
                alice.subscribe_with("com..topic", wildcard()).await,
            ];
            let mut different = subscriptions.to_vec();
            different.push(exact);
            different.sort_unstable();
            different.dedup();
            assert_eq!(different.len(), 5, "another policy is another subscription");
            let publication = publisher.publish_acknowledged(topic, json!([{"a": [1, "two"]}])).await;
            let mut left = subscriptions.to_vec();
            alice.expect(json!([36, exact, publication, {}, [{"a": [1, "two"]}]])).await;
            while !left.is_empty() {
                let event =
                    alice.expect(json!([36, ID, publication, {"topic": topic}, [{"a": [1, "two"]}]])).await;
                left.retain(|subscription| event[1] != *subscription);
            }
            alice.expect_silence().await;
        }
    });
}

// covers: PS-PAT-10, PS-07
#[test]
fn unsubscribing_ends_one_subscription_and_leaves_the_others() {
    everywhere(async |router, link| {
        let (mut alice, mut bob) = (Peer::join(router, link).await, Peer::join(router, link).await);
        let first = alice.subscribe_with("com.", prefix()).await;
        let second = alice.subscribe_with("com.myapp.", prefix()).await;
        let request = alice.request();
        alice.send(json!([34, request, first])).await;
        alice.expect(json!([35, request])).await;
        let publication = bob.publish_acknowledged("com.myapp.topic", json!([1])).await;
        alice.expect(json!([36, second, publication, {"topic": "com.myapp.topic"}, [1]])).await;
        alice.expect_silence().await;
        let request = alice.request();
        alice.send(json!([34, request, first])).await;
        alice.expect_error(34, request, "wamp.error.no_such_subscription").await;
    });
}

// covers: PS-PAT-09
#[test]
fn nothing_takes_a_topic_out_of_a_pattern() {
    everywhere(async |router, link| {
        let (mut alice, mut bob) = (Peer::join(router, link).await, Peer::join(router, link).await);
        let all = alice.subscribe_with("com.", prefix()).await;
        let one = alice.subscribe("com.one").await;
        let request = alice.request();
        alice.send(json!([34, request, one])).await;
        alice.expect(json!([35, request])).await;
        bob.publish("com.one", json!([1])).await;
        alice.expect(json!([36, all, ID, {"topic": "com.one"}, [1]])).await;
    });
}

// covers: PS-PAT-11
#[test]
fn an_unknown_policy_is_a_violation() {
    everywhere(async |router, link| {
        for policy in [json!("regex"), json!(1)] {
            let mut alice = Peer::join(router, link).await;
            alice.send(json!([32, 1, {"match": policy}, "com.myapp"])).await;
            alice.expect_violation("match").await;
        }
    });
}

// covers: PS-PAT-13, URI-02, URI-04, URI-05, URI-13
#[test]
fn patterns_may_have_empty_components_where_their_policy_knows_them() {
    let strict = Protocol { uri: UriRule::Strict, ..Protocol::default() };
    for plan in [|_| Plan::default(), |protocol| Plan::protocol(protocol)] {
        everywhere_with(
            || quiet(plan(strict)),
            async |router, link| {
                let mut alice = Peer::join(router, link).await;
                for (policy, pattern) in [
                    ("exact", "com.myapp"),
                    ("prefix", ""),
                    ("prefix", "com.myapp."),
                    ("prefix", "com.my"),
                    ("wildcard", ""),
                    ("wildcard", ".."),
                    ("wildcard", "com..topic"),
                    ("wildcard", ".myapp."),
                ] {
                    alice.subscribe_with(pattern, json!({"match": policy})).await;
                }
                for (policy, pattern) in [
                    ("exact", "com..topic"),
                    ("exact", ""),
                    ("prefix", "com..topic"),
                    ("prefix", ".com"),
                    ("wildcard", "com. .topic"),
                    ("wildcard", "com.#"),
                ] {
                    let request = alice.request();
                    alice.send(json!([32, request, {"match": policy}, pattern])).await;
                    alice.expect_error(32, request, "wamp.error.invalid_uri").await;
                }
            },
        );
    }
}

// covers: PS-PAT-13
#[test]
fn the_empty_prefix_matches_everything() {
    everywhere_with(
        || quiet(Plan::default()),
        async |router, link| {
            let (mut alice, mut bob) = (Peer::join(router, link).await, Peer::join(router, link).await);
            let all = alice.subscribe_with("", prefix()).await;
            bob.publish("anything", json!([1])).await;
            alice.expect(json!([36, all, ID, {"topic": "anything"}, [1]])).await;
        },
    );
}

// covers: ORD-01, PS-PAT-05
#[test]
fn events_of_one_publisher_keep_their_order_over_several_subscriptions() {
    everywhere(async |router, link| {
        let (mut alice, mut bob) = (Peer::join(router, link).await, Peer::join(router, link).await);
        alice.subscribe("com.one").await;
        alice.subscribe_with("com.", prefix()).await;
        alice.subscribe_with(".one", wildcard()).await;
        for number in 0..30 {
            bob.publish(["com.one", "com.two", "com.one"][number % 3], json!([number])).await;
        }
        let mut last = 0;
        for _ in 0..20 * 3 + 10 {
            let event = alice.receive().await;
            let number = event[4][0].as_u64().expect("a number");
            assert!(number >= last, "{number} after {last}");
            last = number;
        }
        alice.expect_silence().await;
    });
}

// covers: PS-PAT-06, PS-ID-01, PS-EXCL-01, PS-BW-04
#[test]
fn what_holds_for_exact_subscriptions_holds_for_patterns() {
    everywhere(async |router, link| {
        let (mut alice, mut bob) = (Peer::join(router, link).await, Peer::join(router, link).await);
        let subscription = alice.subscribe_with("com.", prefix()).await;
        bob.subscribe_with("com.", prefix()).await;
        bob.publish_with("com.a", json!({"eligible": [bob.session()]}), json!(["not for alice"])).await;
        bob.publish_with("com.a", json!({"exclude": [alice.session()]}), json!(["not for alice"])).await;
        bob.publish_with("com.b", json!({"disclose_me": true}), json!([1])).await;
        let event = alice.receive().await;
        assert_eq!((&event[1], &event[4]), (&json!(subscription), &json!([1])));
        assert_eq!(event[3]["topic"], "com.b");
        assert_eq!(event[3]["publisher"], bob.session());
        bob.expect_silence().await;
    });
}

// covers: PS-PAT-01
#[test]
fn there_is_a_limit_for_shapes_of_wildcards() {
    on_memory(Plan::limits(|limits| limits.max_wildcard_shapes = 2), async |router| {
        let mut alice = Peer::join(router, Link::DEFAULT).await;
        let first = alice.subscribe_with("com..a", wildcard()).await;
        alice.subscribe_with("com.a.", wildcard()).await;
        alice.subscribe_with("com..b", wildcard()).await;
        let request = alice.request();
        alice.send(json!([32, request, {"match": "wildcard"}, "..a"])).await;
        alice.expect_error(32, request, "crossway.error.limit_exceeded").await;
        assert_eq!(router.counter("wildcard_shapes_over_limit"), 1);
        assert_eq!(alice.subscribe_with("com..a", wildcard()).await, first, "what is there goes on");
        alice.subscribe_with("com.", prefix()).await;
        // The last of a shape makes room for another.
        let other = alice.subscribe_with("com.a.", wildcard()).await;
        let request = alice.request();
        alice.send(json!([34, request, other])).await;
        alice.expect(json!([35, request])).await;
        alice.subscribe_with("..a", wildcard()).await;
    });
}

// covers: PS-04, PS-PAT-08
#[test]
fn a_pattern_that_everybody_has_left_matches_nothing() {
    on_memory(Plan::default(), async |router| {
        let mut bob = Peer::join(router, Link::DEFAULT).await;
        let mut alice = Peer::join(router, Link::DEFAULT).await;
        let first = alice.subscribe_with("com.", prefix()).await;
        alice.send(json!([6, {}, "wamp.close.close_realm"])).await;
        alice.expect(json!([6, {}, "wamp.close.goodbye_and_out"])).await;
        bob.publish_acknowledged("com.a", json!([1])).await;
        let second = bob.subscribe_with("com.", prefix()).await;
        assert_ne!(first, second);
    });
}
