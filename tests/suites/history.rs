//! Events that are kept, and what `wamp.subscription.get_events` tells of them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crossway_anonymous::Anonymous;
use crossway_core::RealmConfig;
use crossway_core::history::HistoryRule;
use crossway_core::message::Match;
use crossway_tests::pattern::{ANY, ID, matches};
use crossway_tests::{Link, Peer, Plan, binary, everywhere_with, on, on_memory};
use serde_json::{Value, json};

use crate::meta_sessions::{ask, ask_with, refused};
use crate::users::{log_in, users};

const TOPIC: &str = "com.myapp.topic";
const GET: &str = "wamp.subscription.get_events";

/// What is kept: of one topic, of all below `com.`, and of all of three components that end in `topic`.
const KEPT: [(&str, Match); 3] =
    [(TOPIC, Match::Exact), ("com.", Match::Prefix), ("..topic", Match::Wildcard)];

fn keeping(realm: RealmConfig) -> RealmConfig {
    KEPT.into_iter().fold(realm, |realm, (uri, policy)| realm.history(HistoryRule::new(uri, policy)))
}

fn plan() -> Plan {
    Plan::realm(keeping(RealmConfig::new("realm1").authenticator(Arc::new(Anonymous::default()))))
}

/// The subscription with a history.
async fn kept(peer: &mut Peer, (uri, policy): (&str, Match)) -> u64 {
    let found = ask(peer, "wamp.subscription.lookup", json!([uri, {"match": policy.name()}])).await;
    found[0].as_u64().expect("it exists from the beginning")
}

async fn events(peer: &mut Peer, subscription: u64, filters: Value) -> Vec<Value> {
    let found = ask_with(peer, GET, json!([subscription]), filters).await;
    found[0].as_array().expect("a list").clone()
}

/// The publications among the events that pass.
async fn passing(peer: &mut Peer, subscription: u64, filters: Value) -> Vec<u64> {
    let events = events(peer, subscription, filters).await;
    events.iter().map(|event| event["publication"].as_u64().expect("an id")).collect()
}

// covers: PS-HIST-02, PS-HIST-08, PS-HIST-10, PS-HIST-11
#[test]
fn an_event_is_kept_for_every_subscription_that_it_matches_though_nobody_is_subscribed() {
    everywhere_with(plan, async |router, link| {
        let mut alice = Peer::join(router, link).await;
        let mut bob = Peer::join(router, link).await;
        let (request, args, kwargs) = (alice.request(), json!([1, "ü"]), json!({"key": [true]}));
        alice.send(json!([16, request, {"acknowledge": true}, TOPIC, args, kwargs])).await;
        let publication = alice.expect(json!([17, request, ID])).await[2].clone();
        alice.publish_acknowledged("com.other", json!([])).await;
        alice.publish_acknowledged("org.nobody", json!([])).await;
        for subscription in KEPT {
            let (id, is_pattern) = (kept(&mut bob, subscription).await, subscription.1 != Match::Exact);
            let found = events(&mut bob, id, json!({})).await;
            let details = if is_pattern { json!({"topic": TOPIC}) } else { json!({}) };
            let expected = json!({
                "timestamp": ANY, "subscription": id, "publication": publication,
                "details": details, "args": args, "kwargs": kwargs,
            });
            assert!(matches(&expected, &found[0]), "{found:?}");
            let time = found[0]["timestamp"].as_str().expect("a string");
            assert!(time.len() == 24 && &time[10..11] == "T" && time.ends_with('Z'), "{time}");
            assert_eq!(found.len(), if subscription.1 == Match::Prefix { 2 } else { 1 });
        }
        let id = kept(&mut bob, KEPT[1]).await;
        let other = events(&mut bob, id, json!({"reverse": true, "limit": 1})).await;
        assert_eq!((other[0].get("args"), other[0].get("kwargs")), (None, None), "there were none");
    });
}

// covers: PS-HIST-03, PS-HIST-05, PS-HIST-06, PS-HIST-07, PS-HIST-09
#[test]
fn events_are_chosen_by_their_number_their_topic_and_their_neighbours() {
    everywhere_with(plan, async |router, link| {
        let mut peer = Peer::join(router, link).await;
        let mut all = Vec::new();
        for number in 0..6 {
            let topic = ["com.even", "com.odd"][number % 2];
            all.push(peer.publish_acknowledged(topic, json!([number])).await);
        }
        let id = kept(&mut peer, KEPT[1]).await;
        let cases: [(Value, &[usize]); 18] = [
            (json!({}), &[0, 1, 2, 3, 4, 5]),
            (json!({"reverse": true}), &[5, 4, 3, 2, 1, 0]),
            (json!({"reverse": false}), &[0, 1, 2, 3, 4, 5]),
            (json!({"limit": 2}), &[0, 1]),
            (json!({"limit": 2, "reverse": true}), &[5, 4]),
            (json!({"limit": 100}), &[0, 1, 2, 3, 4, 5]),
            (json!({"topic": "com.odd"}), &[1, 3, 5]),
            (json!({"topic": "com.odd", "limit": 2, "reverse": true}), &[5, 3]),
            (json!({"topic": "com."}), &[]),
            (json!({"from_publication": all[3]}), &[3, 4, 5]),
            (json!({"after_publication": all[3]}), &[4, 5]),
            (json!({"before_publication": all[3]}), &[0, 1, 2]),
            (json!({"until_publication": all[3]}), &[0, 1, 2, 3]),
            (json!({"after_publication": all[1], "before_publication": all[4]}), &[2, 3]),
            (json!({"from_publication": all[1], "until_publication": all[4], "topic": "com.even"}), &[2, 4]),
            (json!({"from_publication": all[4], "until_publication": all[1]}), &[]),
            (json!({"after_publication": all[2], "limit": 1}), &[3]),
            (json!({"after_publication": all[5]}), &[]),
        ];
        for (filters, expected) in cases {
            let expected: Vec<u64> = expected.iter().map(|at| all[*at]).collect();
            assert_eq!(passing(&mut peer, id, filters.clone()).await, expected, "{filters}");
        }
        let elsewhere = peer.publish_acknowledged("org.nobody", json!([])).await;
        for filter in ["from_publication", "after_publication", "before_publication", "until_publication"] {
            let mut filters = json!({});
            filters[filter] = json!(elsewhere);
            assert!(passing(&mut peer, id, filters).await.is_empty(), "{filter}: it is not kept here");
        }
    });
}

// covers: PS-HIST-04, PS-HIST-07, PS-HIST-08
#[test]
fn events_are_chosen_by_their_times() {
    on_memory(plan(), async |router| {
        let mut peer = Peer::join(router, Link::DEFAULT).await;
        let begun = Instant::now();
        // Over several milliseconds, which is what times are told in.
        for number in 0.. {
            peer.publish_acknowledged(TOPIC, json!([number])).await;
            if begun.elapsed() > Duration::from_millis(5) {
                break;
            }
        }
        let id = kept(&mut peer, KEPT[0]).await;
        let all = events(&mut peer, id, json!({})).await;
        // Written alike, times compare as their texts do.
        let times: Vec<&str> = all.iter().map(|event| event["timestamp"].as_str().expect("a time")).collect();
        let (first, last, moment) = (times[0], times[times.len() - 1], times[times.len() / 2]);
        assert!(times.is_sorted() && first < last, "{times:?}");
        for (filter, passes) in [
            ("from_time", (|time, moment| time >= moment) as fn(&str, &str) -> bool),
            ("after_time", |time, moment| time > moment),
            ("before_time", |time, moment| time < moment),
            ("until_time", |time, moment| time <= moment),
        ] {
            let mut filters = json!({});
            filters[filter] = json!(moment);
            let expected: Vec<&Value> = all
                .iter()
                .zip(&times)
                .filter(|(_, time)| passes(time, moment))
                .map(|(event, _)| event)
                .collect();
            assert_eq!(events(&mut peer, id, filters).await.iter().collect::<Vec<_>>(), expected, "{filter}");
        }
        let between = json!({"after_time": first, "until_time": last, "reverse": true, "limit": 1});
        assert_eq!(events(&mut peer, id, between).await, [all[all.len() - 1].clone()]);
        // Another offset, the same moment.
        let shifted = format!("{}+00:00", last.trim_end_matches('Z'));
        assert!(events(&mut peer, id, json!({"after_time": shifted})).await.is_empty());
    });
}

// covers: PS-HIST-18, PS-HIST-03
#[test]
fn what_makes_no_sense_is_refused_and_what_is_not_kept_is_an_empty_list() {
    on_memory(plan(), async |router| {
        let mut peer = Peer::join(router, Link::DEFAULT).await;
        let id = kept(&mut peer, KEPT[0]).await;
        for filters in [
            json!({"limit": 0}),
            json!({"limit": "all"}),
            json!({"reverse": 1}),
            json!({"from_time": "yesterday"}),
            json!({"until_time": 1}),
            json!({"topic": 1}),
            json!({"after_publication": 0}),
            json!({"before_publication": "x"}),
        ] {
            let uri = refused(&mut peer, GET, json!([id]), filters.clone()).await;
            assert_eq!(uri, "wamp.error.invalid_argument", "{filters}");
        }
        assert_eq!(
            refused(&mut peer, GET, json!([id + 1000]), json!({})).await,
            "wamp.error.no_such_subscription"
        );
        assert!(events(&mut peer, id, json!({"of_tomorrow": 1})).await.is_empty());
        let without = peer.subscribe("org.topic").await;
        peer.publish_acknowledged("org.topic", json!([1])).await;
        assert!(events(&mut peer, without, json!({})).await.is_empty());
    });
}

// covers: PS-HIST-10, PS-HIST-11
#[test]
fn subscribers_make_no_difference_to_what_is_kept() {
    everywhere_with(plan, async |router, link| {
        let mut alice = Peer::join(router, link).await;
        let mut bob = Peer::join(router, link).await;
        let exact = bob.subscribe(TOPIC).await;
        assert_eq!(exact, kept(&mut alice, KEPT[0]).await, "it is the same subscription");
        let publication = alice.publish_acknowledged(TOPIC, json!(["heard"])).await;
        bob.expect(json!([36, exact, publication, {}, ["heard"]])).await;
        let request = bob.request();
        bob.send(json!([34, request, exact])).await;
        bob.expect(json!([35, request])).await;
        let unheard = alice.publish_acknowledged(TOPIC, json!(["unheard"])).await;
        assert_eq!(passing(&mut bob, exact, json!({})).await, [publication, unheard]);
        assert_eq!(bob.subscribe(TOPIC).await, exact);
    });
}

// covers: PS-HIST-09, ORD-01
#[test]
fn publications_in_a_row_are_kept_one_by_one_in_their_order() {
    on_memory(plan(), async |router| {
        let mut alice = Peer::join(router, Link::DEFAULT).await;
        let ways =
            [json!({}), json!({"exclude": []}), json!({"ppt_scheme": "x_mine"}), json!({"retain": true})];
        for number in 0..100_usize {
            let options = if number % 7 == 0 { &ways[number % 4] } else { &ways[0] };
            alice.publish_with("org.myapp.topic", options.clone(), json!([number])).await;
        }
        alice.expect_silence().await;
        let id = kept(&mut alice, KEPT[2]).await;
        let found = events(&mut alice, id, json!({})).await;
        let numbers: Vec<u64> =
            found.iter().map(|event| event["args"][0].as_u64().expect("a number")).collect();
        // Those with a list of sessions, though it be empty, are not kept.
        let expected: Vec<u64> = (0..100).filter(|number| number % 7 != 0 || number % 4 != 1).collect();
        assert_eq!(numbers, expected);
    });
}

fn with_users() -> Plan {
    Plan::realm(keeping(users(RealmConfig::new("realm1"))))
}

// covers: PS-HIST-13, PS-BW-15
#[test]
fn whoever_asks_is_told_what_its_user_and_role_may_know() {
    everywhere_with(with_users, async |router, link| {
        let mut publisher = log_in(router, link, "alice").await;
        for (options, number) in [
            (json!({}), 0),
            (json!({"eligible_authrole": ["staff"]}), 1),
            (json!({"exclude_authid": ["bob"]}), 2),
            (json!({"eligible_authid": ["carol", "bob"]}), 3),
            (json!({"exclude_authrole": ["staff"]}), 4),
            (json!({"eligible_authid": []}), 5),
            (json!({"eligible_authrole": ["staff"], "exclude_authid": ["alice"]}), 6),
        ] {
            publisher.publish_with(TOPIC, options, json!([number])).await;
        }
        publisher.expect_silence().await;
        for (name, expected) in [("alice", &[0, 1, 2][..]), ("bob", &[0, 1, 3, 6]), ("carol", &[0, 2, 3, 4])]
        {
            let mut peer = log_in(router, link, name).await;
            for subscription in KEPT {
                let id = kept(&mut peer, subscription).await;
                let found = events(&mut peer, id, json!({})).await;
                let numbers: Vec<_> = found.iter().map(|event| event["args"][0].as_u64()).collect();
                assert_eq!(
                    numbers,
                    expected.iter().map(|number| Some(*number)).collect::<Vec<_>>(),
                    "{name}"
                );
                // What is kept from somebody does not count.
                let found = events(&mut peer, id, json!({"limit": 3, "reverse": true})).await;
                assert_eq!(found[0]["args"][0], expected[expected.len() - 1]);
                assert_eq!(found.len(), 3);
            }
        }
    });
}

// covers: PS-HIST-14, PS-HIST-15
#[test]
fn what_was_for_certain_sessions_is_not_kept() {
    everywhere_with(plan, async |router, link| {
        let mut alice = Peer::join(router, link).await;
        let mut bob = Peer::join(router, link).await;
        let subscription = bob.subscribe(TOPIC).await;
        for options in [
            json!({"exclude": [1]}),
            json!({"eligible": [bob.session()]}),
            json!({"eligible": [bob.session()], "eligible_authrole": ["anonymous"]}),
        ] {
            alice.publish_with(TOPIC, options, json!(["not kept"])).await;
            bob.expect_event(subscription, json!(["not kept"])).await;
        }
        alice.publish_with(TOPIC, json!({"exclude_me": true}), json!(["kept"])).await;
        bob.expect_event(subscription, json!(["kept"])).await;
        for asking in [&mut alice, &mut bob] {
            let found = events(asking, subscription, json!({})).await;
            assert_eq!(found.len(), 1, "{found:?}");
            assert_eq!(found[0]["args"], json!(["kept"]));
        }
    });
}

// covers: PS-HIST-08, PS-HIST-10, PPT-13
#[test]
fn details_are_those_that_subscribers_get() {
    on_memory(plan(), async |router| {
        let mut alice = Peer::join(router, Link::DEFAULT).await;
        let mut bob = Peer::join(router, Link::DEFAULT).await;
        let exact = bob.subscribe(TOPIC).await;
        let prefix = bob.subscribe_with("com.", json!({"match": "prefix"})).await;
        for options in [
            json!({}),
            json!({"disclose_me": true}),
            json!({"ppt_scheme": "x_mine", "ppt_serializer": "cbor"}),
            json!({"disclose_me": true, "ppt_scheme": "x_mine", "retain": true}),
        ] {
            alice.publish_with(TOPIC, options, json!([1])).await;
            let heard = [bob.receive().await, bob.receive().await];
            for (event, subscription) in heard.iter().zip([exact, prefix]) {
                assert_eq!(event[1], subscription);
                let found = events(&mut bob, subscription, json!({"reverse": true, "limit": 1})).await;
                assert_eq!((&found[0]["details"], &found[0]["publication"]), (&event[3], &event[2]));
            }
        }
    });
}

// covers: PS-HIST-17
#[test]
fn the_oldest_events_give_way_to_the_latest() {
    let mut rule = HistoryRule::new(TOPIC, Match::Exact);
    rule.events = 3;
    let anonymous = Arc::new(Anonymous::default());
    let plan = Plan::realm(RealmConfig::new("realm1").authenticator(anonymous).history(rule));
    on_memory(plan, async |router| {
        let mut alice = Peer::join(router, Link::DEFAULT).await;
        let mut all = Vec::new();
        for number in 0..5 {
            all.push(alice.publish_acknowledged(TOPIC, json!([number])).await);
        }
        let id = kept(&mut alice, KEPT[0]).await;
        assert_eq!(passing(&mut alice, id, json!({})).await, all[2..]);
        assert!(passing(&mut alice, id, json!({"after_publication": all[0]})).await.is_empty());
    });
}

// covers: PS-HIST-03, PS-HIST-17
#[test]
fn an_answer_that_would_be_too_long_is_refused_and_can_be_had_in_pieces() {
    let mut plan = plan();
    plan.limits.max_history_answer_bytes = 4000;
    on_memory(plan, async |router| {
        let mut alice = Peer::join(router, Link::DEFAULT).await;
        let kilobyte = "x".repeat(1000);
        let mut all = Vec::new();
        for _ in 0..8 {
            all.push(alice.publish_acknowledged(TOPIC, json!([kilobyte])).await);
        }
        all.push(alice.publish_acknowledged(TOPIC, json!(["x".repeat(5000)])).await);
        let id = kept(&mut alice, KEPT[0]).await;
        assert_eq!(refused(&mut alice, GET, json!([id]), json!({})).await, "crossway.error.limit_exceeded");
        assert_eq!(router.counter("history_answers_over_limit"), 1);
        let mut found = passing(&mut alice, id, json!({"limit": 2})).await;
        while found.len() < all.len() {
            let filters = json!({"after_publication": found[found.len() - 1], "limit": 1});
            found.extend(passing(&mut alice, id, filters).await);
        }
        assert_eq!(found, all, "and a single one is told however long it is");
    });
}

// covers: PS-HIST-08, SER-14
#[test]
fn what_was_published_in_one_format_is_told_in_another() {
    for (one, other) in Link::pairs() {
        on([one], plan, async |router, one| {
            let mut alice = Peer::join(router, one).await;
            let mut bob = Peer::join(router, other).await;
            let id = kept(&mut bob, KEPT[0]).await;
            let args = json!([binary(b"\x00\xFF"), {"deep": [1, -1, 1.5, "ü", null]}]);
            alice.publish_acknowledged(TOPIC, args.clone()).await;
            for peer in [&mut alice, &mut bob] {
                assert_eq!(events(peer, id, json!({})).await[0]["args"], args);
            }
        });
    }
}
