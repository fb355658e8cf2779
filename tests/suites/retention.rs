//! Retained events.

use std::time::Duration;

use crossway_core::message::Match;
use crossway_core::policy::TopicRule;
use crossway_tests::pattern::{ANY, ID};
use crossway_tests::{Link, Peer, Plan, between, binary, everywhere, everywhere_with, on_memory, on_threads};
use serde_json::{Value, json};

use crate::users::{self, log_in};

const TOPIC: &str = "com.myapp.topic";

fn get() -> Value {
    json!({"get_retained": true})
}

fn retained() -> Value {
    json!({"retained": true})
}

/// Publishes an event to be retained; returns the publication.
async fn retain(peer: &mut Peer, topic: &str, mut options: Value, args: Value) -> u64 {
    options["retain"] = json!(true);
    options["acknowledge"] = json!(true);
    let request = peer.request();
    peer.send(json!([16, request, options, topic, args])).await;
    crossway_tests::peer::id(&peer.expect(json!([17, request, ID])).await, 2)
}

// covers: PS-RET-01, PS-RET-02, PS-RET-03, PS-RET-04, PS-RET-06, PS-RET-13, ORD-02
#[test]
fn who_asks_for_it_gets_the_latest_event_after_subscribed() {
    everywhere(async |router, link| {
        let mut alice = Peer::join(router, link).await;
        retain(&mut alice, TOPIC, json!({}), json!(["old"])).await;
        let publication = retain(&mut alice, TOPIC, json!({}), json!(["new"])).await;
        alice.publish(TOPIC, json!(["not retained"])).await;
        alice.expect_silence().await;
        let mut bob = Peer::join(router, link).await;
        let subscription = bob.subscribe_with(TOPIC, get()).await;
        bob.expect(json!([36, subscription, publication, retained(), ["new"]])).await;
        bob.expect_silence().await;
        let mut carol = Peer::join(router, link).await;
        for options in [json!({}), json!({"get_retained": false})] {
            carol.subscribe_with(TOPIC, options).await;
            carol.expect_silence().await;
        }
    });
}

// covers: PS-RET-01, PS-RET-03
#[test]
fn live_events_go_on_and_are_not_called_retained() {
    everywhere(async |router, link| {
        let mut alice = Peer::join(router, link).await;
        let mut bob = Peer::join(router, link).await;
        let subscription = bob.subscribe_with(TOPIC, get()).await;
        let publication = retain(&mut alice, TOPIC, json!({}), json!([1])).await;
        bob.expect(json!([36, subscription, publication, {}, [1]])).await;
        bob.expect_silence().await;
        // Asking again is answered again.
        assert_eq!(bob.subscribe_with(TOPIC, get()).await, subscription);
        bob.expect(json!([36, subscription, publication, retained(), [1]])).await;
    });
}

// covers: PS-RET-12, PS-RET-13, ORD-01
#[test]
fn a_pattern_gets_one_event_for_every_topic_in_the_order_of_publication() {
    everywhere(async |router, link| {
        let mut alice = Peer::join(router, link).await;
        let mut publications = Vec::new();
        for topic in ["com.b.x", "com.a.x", "org.a.x", "com.a.y", "com.c"] {
            retain(&mut alice, topic, json!({}), json!(["old"])).await;
            publications.push((topic, retain(&mut alice, topic, json!({}), json!([topic])).await));
        }
        let mut bob = Peer::join(router, link).await;
        for (policy, pattern, matching) in [
            ("prefix", "com.", &["com.b.x", "com.a.x", "com.a.y", "com.c"][..]),
            ("prefix", "o", &["org.a.x"]),
            ("wildcard", "com..x", &["com.b.x", "com.a.x"]),
            ("wildcard", ".a.", &["com.a.x", "org.a.x", "com.a.y"]),
            ("wildcard", "com.c", &["com.c"]),
        ] {
            let options = json!({"match": policy, "get_retained": true});
            let subscription = bob.subscribe_with(pattern, options).await;
            for (topic, publication) in publications.iter().filter(|(topic, _)| matching.contains(topic)) {
                let details = json!({"retained": true, "topic": topic});
                bob.expect(json!([36, subscription, publication, details, [topic]])).await;
            }
            bob.expect_silence().await;
        }
    });
}

/// The first argument of the retained event that somebody gets who subscribes now.
async fn seen(peer: &mut Peer) -> Option<String> {
    let subscription = peer.subscribe_with(TOPIC, get()).await;
    let fence = peer.request();
    peer.send(json!([16, fence, {"acknowledge": true}, "test.fence"])).await;
    let mut seen = None;
    loop {
        let message = peer.receive().await;
        if message[0] == 17 {
            break;
        }
        assert_eq!((&message[1], &message[3]), (&json!(subscription), &retained()));
        assert!(seen.is_none(), "one event at most");
        seen = message[4][0].as_str().map(str::to_owned);
    }
    let request = peer.request();
    peer.send(json!([34, request, subscription])).await;
    peer.expect(json!([35, request])).await;
    seen
}

// covers: PS-RET-04, PS-RET-05, PS-RET-07, PS-BW-15
#[test]
fn everybody_gets_the_most_recent_event_that_is_for_them() {
    everywhere_with(users::plan, async |router, link| {
        let mut publisher = log_in(router, link, "alice").await;
        let mut alice = log_in(router, link, "alice").await;
        let mut bob = log_in(router, link, "bob").await;
        let mut carol = log_in(router, link, "carol").await;
        retain(&mut publisher, TOPIC, json!({}), json!(["all"])).await;
        retain(&mut publisher, TOPIC, json!({"eligible_authrole": ["staff"]}), json!(["staff"])).await;
        retain(&mut publisher, TOPIC, json!({"eligible": [alice.session()]}), json!(["alice"])).await;
        assert_eq!(seen(&mut alice).await.as_deref(), Some("alice"));
        assert_eq!(seen(&mut bob).await.as_deref(), Some("staff"));
        assert_eq!(seen(&mut carol).await.as_deref(), Some("all"));
        for (options, excluded) in [
            (json!({"exclude": [bob.session()]}), "bob"),
            (json!({"exclude_authid": ["bob"]}), "bob"),
            (json!({"eligible_authid": ["alice", "carol"]}), "bob"),
            (json!({"exclude_authrole": ["guest"]}), "carol"),
        ] {
            retain(&mut publisher, TOPIC, json!({}), json!(["before"])).await;
            retain(&mut publisher, TOPIC, options, json!(["some"])).await;
            for (peer, name) in [(&mut alice, "alice"), (&mut bob, "bob"), (&mut carol, "carol")] {
                let expected = if name == excluded { "before" } else { "some" };
                assert_eq!(seen(peer).await.as_deref(), Some(expected), "{name}");
            }
        }
        retain(&mut publisher, TOPIC, json!({}), json!(["last"])).await;
        assert_eq!(seen(&mut alice).await.as_deref(), Some("last"), "what is for everybody replaces all");
    });
}

// covers: PS-RET-05, PS-EXCL-01, PS-EXCL-02
#[test]
fn the_publisher_gets_its_own_event_only_if_it_wants_to() {
    everywhere(async |router, link| {
        let mut alice = Peer::join(router, link).await;
        retain(&mut alice, TOPIC, json!({}), json!(["yours"])).await;
        assert_eq!(seen(&mut alice).await, None);
        retain(&mut alice, TOPIC, json!({"exclude_me": false}), json!(["ours"])).await;
        assert_eq!(seen(&mut alice).await.as_deref(), Some("ours"));
    });
}

// covers: PS-RET-13, PS-ID-01, SER-14
#[test]
fn a_retained_event_outlives_its_publisher_and_is_spelt_for_its_subscriber() {
    between(async |router, one, other| {
        let mut alice = Peer::join(router, one).await;
        let session = alice.session();
        let args = json!([binary(b"\x00\xFF"), {"deep": [1, "ü"]}]);
        let publication = retain(&mut alice, TOPIC, json!({"disclose_me": true}), args.clone()).await;
        alice.send(json!([6, {}, "wamp.close.close_realm"])).await;
        alice.expect(json!([6, {}, "wamp.close.goodbye_and_out"])).await;
        let mut bob = Peer::join(router, other).await;
        let subscription = bob.subscribe_with(TOPIC, get()).await;
        let event = bob.receive().await;
        assert_eq!([&event[1], &event[2], &event[4]], [&json!(subscription), &json!(publication), &args]);
        assert_eq!((&event[3]["retained"], &event[3]["publisher"]), (&json!(true), &json!(session)));
    });
}

// covers: PS-RET-10
#[test]
fn what_is_not_published_is_not_retained() {
    everywhere(async |router, link| {
        let mut alice = Peer::join(router, link).await;
        for topic in ["not a uri", "wamp.topic"] {
            let request = alice.request();
            alice.send(json!([16, request, {"acknowledge": true, "retain": true}, topic, [1]])).await;
            alice.expect_error(16, request, "wamp.error.invalid_uri").await;
        }
        let mut bob = Peer::join(router, link).await;
        bob.subscribe_with("not", json!({"match": "prefix", "get_retained": true})).await;
        bob.subscribe_with("wamp.topic", get()).await;
        bob.expect_silence().await;
    });
}

// covers: PS-RET-08
#[test]
fn a_rule_decides_what_is_retained_whatever_the_publisher_asks_for() {
    let plan = || {
        let rule = |topic, retain| {
            let mut rule = TopicRule::new(topic, Match::Exact);
            rule.retain = Some(retain);
            rule
        };
        let mut plan = Plan::default();
        let realm = plan.realms.remove(0);
        plan.realms = vec![realm.topic_rule(rule("com.always", true)).topic_rule(rule("com.never", false))];
        plan
    };
    everywhere_with(plan, async |router, link| {
        let mut alice = Peer::join(router, link).await;
        let publication = alice.publish_acknowledged("com.always", json!([1])).await;
        retain(&mut alice, "com.never", json!({}), json!([1])).await;
        let mut bob = Peer::join(router, link).await;
        let subscription = bob.subscribe_with("com.always", get()).await;
        bob.expect(json!([36, subscription, publication, retained(), [1]])).await;
        bob.subscribe_with("com.never", get()).await;
        bob.expect_silence().await;
    });
}

// covers: PS-RET-09
#[test]
fn the_oldest_retained_events_are_given_up_when_there_are_too_many() {
    let plan = Plan::limits(|limits| limits.max_retained_events = 3);
    on_memory(plan, async |router| {
        let mut alice = Peer::join(router, Link::DEFAULT).await;
        for topic in ["com.a", "com.b", "com.c", "com.a", "com.d"] {
            retain(&mut alice, topic, json!({}), json!([topic])).await;
        }
        assert_eq!(router.counter("retained_events_dropped"), 1, "a replaced event is not counted");
        let mut bob = Peer::join(router, Link::DEFAULT).await;
        bob.subscribe_with("com.", json!({"match": "prefix", "get_retained": true})).await;
        for topic in ["com.c", "com.a", "com.d"] {
            bob.expect(json!([36, ID, ID, {"retained": true, "topic": topic}, [topic]])).await;
        }
        bob.expect_silence().await;
    });
}

// covers: PS-RET-09
#[test]
fn retained_events_take_no_more_memory_than_they_may() {
    let plan = Plan::limits(|limits| limits.max_retained_bytes = 4000);
    on_memory(plan, async |router| {
        let mut alice = Peer::join(router, Link::DEFAULT).await;
        let kilobyte = "x".repeat(1000);
        for topic in ["com.a", "com.b", "com.c", "com.d"] {
            retain(&mut alice, topic, json!({}), json!([kilobyte])).await;
        }
        assert_eq!(router.counter("retained_events_dropped"), 1);
        let huge = "x".repeat(5000);
        retain(&mut alice, "com.d", json!({}), json!([huge])).await;
        assert_eq!(router.counter("retained_events_dropped"), 2);
        let mut bob = Peer::join(router, Link::DEFAULT).await;
        bob.subscribe_with("com.", json!({"match": "prefix", "get_retained": true})).await;
        for topic in ["com.b", "com.c"] {
            bob.expect(json!([36, ID, ID, {"retained": true, "topic": topic}, [kilobyte]])).await;
        }
        bob.expect_silence().await;
    });
}

// covers: PS-RET-07
#[test]
fn a_few_events_for_some_are_kept_beside_the_one_for_everybody() {
    on_memory(Plan::default(), async |router| {
        let mut alice = Peer::join(router, Link::DEFAULT).await;
        let mut peers = Vec::new();
        retain(&mut alice, TOPIC, json!({}), json!(["all"])).await;
        for number in 0..12 {
            let peer = Peer::join(router, Link::DEFAULT).await;
            retain(&mut alice, TOPIC, json!({"eligible": [peer.session()]}), json!([number.to_string()]))
                .await;
            peers.push(peer);
        }
        let mut own = 0;
        for (number, peer) in peers.iter_mut().enumerate() {
            match seen(peer).await.as_deref() {
                Some("all") => assert_eq!(own, 0, "the latest are kept"),
                other => {
                    assert_eq!(other, Some(number.to_string().as_str()));
                    own += 1;
                }
            }
        }
        assert_eq!(own, 8);
    });
}

// covers: PS-RET-09
#[test]
fn what_is_too_old_is_not_sent() {
    let plan = Plan::limits(|limits| limits.retained_ttl = Some(Duration::ZERO));
    on_memory(plan, async |router| {
        let mut alice = Peer::join(router, Link::DEFAULT).await;
        retain(&mut alice, TOPIC, json!({}), json!([1])).await;
        let mut bob = Peer::join(router, Link::DEFAULT).await;
        assert_eq!(seen(&mut bob).await, None);
    });
}

// covers: PS-RET-04, ORD-02
#[test]
fn nothing_is_missed_and_nothing_comes_twice_while_others_publish() {
    on_threads(Plan::default(), async |router| {
        let mut alice = Peer::join(router, Link::DEFAULT).await;
        let mut bob = Peer::join(router, Link::DEFAULT).await;
        retain(&mut alice, TOPIC, json!({}), json!([0])).await;
        for round in 0..20_u64 {
            let first = round * 50 + 1;
            for number in first..first + 50 {
                alice.publish_with(TOPIC, json!({"retain": true}), json!([number])).await;
            }
            // Somewhere in the middle of them.
            let subscription = bob.subscribe_with(TOPIC, get()).await;
            let event = bob.expect(json!([36, subscription, ID, retained(), ANY])).await;
            let mut last = event[4][0].as_u64().expect("a number");
            alice.expect_silence().await;
            while last < first + 49 {
                let event = bob.expect(json!([36, subscription, ID, {}, ANY])).await;
                assert_eq!(event[4][0], last + 1, "no gap and no repetition");
                last += 1;
            }
            let request = bob.request();
            bob.send(json!([34, request, subscription])).await;
            bob.expect(json!([35, request])).await;
        }
    });
}
