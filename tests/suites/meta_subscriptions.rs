//! What sessions may learn of subscriptions: `wamp.subscription.*`.

use crossway_core::RealmConfig;
use crossway_core::history::HistoryRule;
use crossway_core::message::Match;
use crossway_tests::pattern::{ANY, ID, MORE};
use crossway_tests::peer::all_roles;
use crossway_tests::{Link, Peer, Plan, everywhere, everywhere_with, on_memory};
use serde_json::{Value, json};

use crate::meta_sessions::{ask, ask_with, refused, sorted};

const TOPIC: &str = "com.app.topic";

/// Subscribes to all events of subscriptions; the ids in the order create, subscribe, unsubscribe, delete.
async fn listen(peer: &mut Peer) -> [u64; 4] {
    let mut ids = [0; 4];
    for (at, event) in ["create", "subscribe", "unsubscribe", "delete"].into_iter().enumerate() {
        ids[at] = peer.subscribe(&format!("wamp.subscription.on_{event}")).await;
    }
    ids
}

// covers: META-SUB-01, META-SUB-16
#[test]
fn it_is_announced_and_says_nothing_of_itself() {
    everywhere(async |router, link| {
        let mut peer = Peer::connect(router, link).await;
        let welcome = peer.hello("realm1", all_roles()).await;
        assert_eq!(welcome[2]["roles"]["broker"]["features"]["subscription_meta_api"], true);
        listen(&mut peer).await;
        peer.expect_silence().await;
    });
}

// covers: META-SUB-02, META-SUB-03, META-SUB-04, META-SUB-05, META-SUB-06, META-SUB-14
#[test]
fn every_change_is_told_once_and_in_order() {
    everywhere(async |router, link| {
        let mut listener = Peer::join(router, link).await;
        let [create, subscribe, unsubscribe, delete] = listen(&mut listener).await;
        let (mut one, mut other) = (Peer::join(router, link).await, Peer::join(router, link).await);
        let (first, second) = (one.session(), other.session());
        let id = one.subscribe(TOPIC).await;
        let facts = json!({"id": id, "created": ANY, "uri": TOPIC, "match": "exact"});
        let created = listener.expect(json!([36, create, ID, {}, [first, facts]])).await;
        let time = created[4][1]["created"].as_str().expect("a text");
        assert!(time.len() == 24 && time.ends_with('Z') && &time[10..11] == "T", "{time}");
        listener.expect(json!([36, subscribe, ID, {}, [first, id]])).await;
        other.subscribe(TOPIC).await;
        listener.expect(json!([36, subscribe, ID, {}, [second, id]])).await;
        // Again, by the same session.
        other.subscribe(TOPIC).await;
        for (peer, last) in [(&mut one, false), (&mut other, true)] {
            let request = peer.request();
            peer.send(json!([34, request, id])).await;
            peer.expect(json!([35, request])).await;
            listener.expect(json!([36, unsubscribe, ID, {}, [peer.session(), id]])).await;
            if last {
                listener.expect(json!([36, delete, ID, {}, [peer.session(), id]])).await;
            }
        }
        let mut elsewhere = Peer::join_as(router, link, "realm2", all_roles()).await;
        elsewhere.subscribe(TOPIC).await;
        listener.expect_silence().await;
    });
}

// covers: META-SUB-13
#[test]
fn a_session_that_leaves_unsubscribes_from_everything() {
    everywhere(async |router, link| {
        let mut listener = Peer::join(router, link).await;
        let [.., unsubscribe, delete] = listen(&mut listener).await;
        let mut peer = Peer::join(router, link).await;
        let id = peer.subscribe(TOPIC).await;
        for _ in 0..2 {
            listener.receive().await;
        }
        peer.close().await;
        listener.expect(json!([36, unsubscribe, ID, {}, [peer.session(), id]])).await;
        listener.expect(json!([36, delete, ID, {}, [peer.session(), id]])).await;
    });
}

// covers: META-SUB-07, META-SUB-08, META-SUB-09, META-SUB-17
#[test]
fn subscriptions_are_found_by_policy_and_by_topic() {
    everywhere(async |router, link| {
        let (mut peer, mut asking) = (Peer::join(router, link).await, Peer::join(router, link).await);
        peer.subscribe("wamp.session.on_join").await;
        let exact = peer.subscribe(TOPIC).await;
        let prefix = peer.subscribe_with("com.app", json!({"match": "prefix"})).await;
        let wildcard = peer.subscribe_with("com..topic", json!({"match": "wildcard"})).await;
        let list = ask(&mut asking, "wamp.subscription.list", json!([])).await;
        assert_eq!(list, json!([{"exact": [exact], "prefix": [prefix], "wildcard": [wildcard]}]));
        let cases = [
            (json!([TOPIC]), json!(exact)),
            (json!([TOPIC, {"match": "exact"}]), json!(exact)),
            (json!([TOPIC, {"match": "prefix"}]), Value::Null),
            (json!(["com.app", {"match": "prefix"}]), json!(prefix)),
            (json!(["com..topic", {"match": "wildcard"}]), json!(wildcard)),
            (json!(["com.nobody"]), Value::Null),
        ];
        for (args, expected) in cases {
            assert_eq!(
                ask(&mut asking, "wamp.subscription.lookup", args.clone()).await,
                json!([expected]),
                "{args}"
            );
        }
        let found = ask(&mut asking, "wamp.subscription.match", json!([TOPIC])).await;
        assert_eq!(sorted(&found[0]), [exact, prefix, wildcard]);
        assert_eq!(ask(&mut asking, "wamp.subscription.match", json!(["com.nobody"])).await, json!([null]));
        let wrong = json!([TOPIC, {"match": "regex"}]);
        let uri = refused(&mut asking, "wamp.subscription.lookup", wrong, json!({})).await;
        assert_eq!(uri, "wamp.error.invalid_argument");
    });
}

// covers: META-SUB-10, META-SUB-11, META-SUB-12
#[test]
fn a_subscription_can_be_described() {
    everywhere(async |router, link| {
        let (mut one, mut other) = (Peer::join(router, link).await, Peer::join(router, link).await);
        let id = one.subscribe_with("com.app", json!({"match": "prefix"})).await;
        other.subscribe_with("com.app", json!({"match": "prefix"})).await;
        let facts = ask(&mut other, "wamp.subscription.get", json!([id])).await;
        assert_eq!(
            facts,
            json!([{"id": id, "created": facts[0]["created"], "uri": "com.app", "match": "prefix"}])
        );
        let subscribers = ask(&mut one, "wamp.subscription.list_subscribers", json!([id])).await;
        let mut both = [one.session(), other.session()];
        both.sort_unstable();
        assert_eq!(sorted(&subscribers[0]), both);
        assert_eq!(ask(&mut one, "wamp.subscription.count_subscribers", json!([id])).await, json!([2]));
        for procedure in ["get", "list_subscribers", "count_subscribers"] {
            for unknown in [999, 0] {
                let procedure = format!("wamp.subscription.{procedure}");
                let uri = refused(&mut one, &procedure, json!([unknown]), json!({})).await;
                assert_eq!(uri, "wamp.error.no_such_subscription");
            }
        }
    });
}

// covers: META-SUB-15
#[test]
fn a_subscription_can_be_taken_away() {
    everywhere_with(Plan::trusting, async |router, link| {
        let mut peer = Peer::join(router, link).await;
        let details = json!({"roles": {"subscriber": {"features": {"subscription_revocation": true}}}});
        let mut victim = Peer::join_as(router, link, "realm1", details).await;
        let id = victim.subscribe(TOPIC).await;
        let args = json!([id, victim.session()]);
        let remove = "wamp.subscription.remove_subscriber";
        let bad = refused(&mut peer, remove, args.clone(), json!({"reason": "no uri"})).await;
        assert_eq!(bad, "wamp.error.invalid_uri");
        assert_eq!(
            ask_with(&mut peer, remove, args.clone(), json!({"reason": "com.app.why"})).await,
            json!([])
        );
        victim.expect(json!([35, 0, {"subscription": id, "reason": "com.app.why"}])).await;
        assert_eq!(refused(&mut peer, remove, args, json!({})).await, "wamp.error.no_such_subscription");
        peer.publish_acknowledged(TOPIC, json!([1])).await;
        victim.expect_silence().await;
    });
}

/// A realm that keeps the events of the topic.
fn keeping() -> Plan {
    let anonymous = std::sync::Arc::new(crossway_anonymous::Anonymous::default());
    Plan::realm(
        RealmConfig::new("realm1").authenticator(anonymous).history(HistoryRule::new(TOPIC, Match::Exact)),
    )
}

// covers: META-SUB-02, META-SUB-05
#[test]
fn a_subscription_with_a_history_comes_and_goes_with_the_realm() {
    everywhere_with(keeping, async |router, link| {
        let mut listener = Peer::join(router, link).await;
        let [_, subscribe, unsubscribe, _] = listen(&mut listener).await;
        let mut peer = Peer::join(router, link).await;
        let list = ask(&mut peer, "wamp.subscription.list", json!([])).await;
        let id = peer.subscribe(TOPIC).await;
        assert_eq!(list, json!([{"exact": [id], "prefix": [], "wildcard": []}]));
        listener.expect(json!([36, subscribe, ID, {}, [peer.session(), id]])).await;
        peer.close().await;
        listener.expect(json!([36, unsubscribe, ID, {}, [peer.session(), id]])).await;
        listener.expect_silence().await;
        assert_eq!(ask(&mut listener, "wamp.subscription.count_subscribers", json!([id])).await, json!([0]));
    });
}

#[test]
fn kept_events_can_be_asked_for() {
    on_memory(keeping(), async |router| {
        let mut peer = Peer::join(router, Link::DEFAULT).await;
        let publication = peer.publish_acknowledged(TOPIC, json!(["kept"])).await;
        let id = ask(&mut peer, "wamp.subscription.lookup", json!([TOPIC])).await[0].clone();
        let events =
            ask_with(&mut peer, "wamp.subscription.get_events", json!([id]), json!({"limit": 5})).await;
        assert_eq!(events[0].as_array().map(Vec::len), Some(1), "{events}");
        let expected = json!({"publication": publication, "subscription": id, "args": ["kept"], MORE: 0});
        assert!(crossway_tests::pattern::matches(&expected, &events[0][0]), "{events}");
        // By position as well, as clients of Crossbar have it.
        peer.publish_acknowledged(TOPIC, json!(["kept, too"])).await;
        for (limit, found) in [(json!(1), 1), (json!(2), 2), (json!(null), 2)] {
            let events = ask(&mut peer, "wamp.subscription.get_events", json!([id, limit])).await;
            assert_eq!(events[0].as_array().map(Vec::len), Some(found), "{events}");
        }
        let wrong =
            refused(&mut peer, "wamp.subscription.get_events", json!([id]), json!({"limit": 0})).await;
        assert_eq!(wrong, "wamp.error.invalid_argument");
        let unknown = refused(&mut peer, "wamp.subscription.get_events", json!([999]), json!({})).await;
        assert_eq!(unknown, "wamp.error.no_such_subscription");
    });
}
