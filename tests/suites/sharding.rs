//! Sharded subscriptions: `rkey` of PUBLISH and `nkey` of SUBSCRIBE.

use std::collections::{BTreeMap, BTreeSet};

use crossway_tests::pattern::ID;
use crossway_tests::{Link, Peer, Plan, TestRouter, everywhere, on_memory};
use serde_json::{Value, json};

const TOPIC: &str = "com.myapp.work";

/// The rule as `docs/conformance.md` writes it down, once more.
fn weight(rkey: &str, nkey: &str) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for octet in [rkey.as_bytes(), &[0], nkey.as_bytes()].concat() {
        hash = (hash ^ u64::from(octet)).wrapping_mul(0x0100_0000_01b3);
    }
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

pub(crate) fn winner<'a>(rkey: &str, nodes: &[&'a str]) -> &'a str {
    nodes.iter().max_by_key(|node| (weight(rkey, node), **node)).expect("some nodes")
}

async fn node(router: &TestRouter, link: Link, options: Value) -> Peer {
    let mut peer = Peer::join(router, link).await;
    peer.subscribe_with(TOPIC, options).await;
    peer
}

/// What a peer has got so far.
async fn got(peer: &mut Peer) -> BTreeSet<String> {
    let fence = peer.request();
    peer.send(json!([16, fence, {"acknowledge": true}, "test.fence"])).await;
    let mut got = BTreeSet::new();
    loop {
        let message = peer.receive().await;
        if message[0] == 17 {
            return got;
        }
        let key = message[4][0].as_str().expect("a resource").to_owned();
        assert!(got.insert(key), "an event came twice");
    }
}

// covers: PS-SHARD-01, PS-SHARD-02, PS-SHARD-04
#[test]
fn a_resource_has_one_node_that_everybody_can_compute() {
    everywhere(async |router, link| {
        let names = ["node1", "node2", "node3"];
        let mut nodes = BTreeMap::new();
        for name in names {
            nodes.insert(name, node(router, link, json!({"nkey": name})).await);
        }
        let mut all = node(router, link, json!({})).await;
        let mut publisher = Peer::join(router, link).await;
        let keys: Vec<String> = (0..20).map(|number| format!("resource{number}")).collect();
        for key in &keys {
            publisher.publish_with(TOPIC, json!({"rkey": key}), json!([key])).await;
        }
        publisher.publish_acknowledged(TOPIC, json!(["for everybody"])).await;
        for (name, node) in &mut nodes {
            let own = keys.iter().filter(|key| winner(key, &names) == *name).cloned();
            let expected: BTreeSet<String> = own.chain(["for everybody".to_owned()]).collect();
            assert_eq!(got(node).await, expected, "{name}");
        }
        assert_eq!(got(&mut all).await.len(), keys.len() + 1, "without a node key nothing is left out");
    });
}

// covers: PS-SHARD-04, PS-BW-01
#[test]
fn who_is_excluded_is_no_node() {
    everywhere(async |router, link| {
        let (key, names) = ("resource", ["node1", "node2"]);
        let first = winner(key, &names);
        let second = names.into_iter().find(|name| *name != first).expect("the other");
        let mut winner = node(router, link, json!({"nkey": first})).await;
        let mut loser = node(router, link, json!({"nkey": second})).await;
        let mut publisher = Peer::join(router, link).await;
        let options = json!({"rkey": key, "exclude": [winner.session()], "acknowledge": true});
        let request = publisher.request();
        publisher.send(json!([16, request, options, TOPIC, ["instead"]])).await;
        publisher.expect(json!([17, request, ID])).await;
        assert_eq!(got(&mut loser).await.len(), 1);
        assert_eq!(got(&mut winner).await.len(), 0);
    });
}

// covers: PS-SHARD-02
#[test]
fn sessions_with_one_node_key_are_one_node() {
    everywhere(async |router, link| {
        let mut one = node(router, link, json!({"nkey": "node"})).await;
        let mut other = node(router, link, json!({"nkey": "node"})).await;
        let mut publisher = Peer::join(router, link).await;
        let options = json!({"rkey": "resource", "acknowledge": true});
        let request = publisher.request();
        publisher.send(json!([16, request, options, TOPIC, ["both"]])).await;
        publisher.expect(json!([17, request, ID])).await;
        assert_eq!((got(&mut one).await.len(), got(&mut other).await.len()), (1, 1));
    });
}

// covers: PS-SHARD-04, PS-RET-04, PS-RET-05
#[test]
fn a_node_that_comes_later_gets_the_retained_event_of_its_own_shard() {
    everywhere(async |router, link| {
        let names = ["node1", "node2"];
        let mut publisher = Peer::join(router, link).await;
        let mut latest = BTreeMap::new();
        for key in (0..8).map(|number| format!("resource{number}")) {
            publisher.publish_with(TOPIC, json!({"rkey": key, "retain": true}), json!([key])).await;
            latest.insert(winner(&key, &names), key.clone());
            latest.insert("everybody", key);
        }
        publisher.expect_silence().await;
        // Both have to be there before either can know what is not its own.
        let mut nodes = BTreeMap::new();
        for name in names {
            nodes.insert(name, node(router, link, json!({"nkey": name})).await);
        }
        for (name, node) in &mut nodes {
            node.subscribe_with(TOPIC, json!({"get_retained": true})).await;
            assert_eq!(got(node).await, BTreeSet::from([latest[name].clone()]), "{name}");
        }
        let mut all = node(router, link, json!({"get_retained": true})).await;
        assert_eq!(got(&mut all).await, BTreeSet::from([latest["everybody"].clone()]));
    });
}

// covers: PS-SHARD-02
#[test]
fn a_node_key_is_no_longer_than_a_uri() {
    on_memory(Plan::limits(|limits| limits.max_uri_length = 20), async |router| {
        let mut alice = Peer::join(router, Link::DEFAULT).await;
        alice.subscribe_with(TOPIC, json!({"nkey": "n".repeat(20)})).await;
        let request = alice.request();
        alice.send(json!([32, request, {"nkey": "n".repeat(21)}, "com.other"])).await;
        alice.expect_error(32, request, "crossway.error.limit_exceeded").await;
    });
}
