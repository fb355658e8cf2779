//! Several messages in one unit of the transport.

use crossway_tests::peer::all_roles;
use crossway_tests::{Carrier, Format, Peer, Plan, TestRouter, on};
use serde_json::{Value, json};

const TOPIC: &str = "com.myapp.topic";

/// A behaviour over every transport that has batches.
fn in_batches(behaviour: impl AsyncFn(&TestRouter, crossway_tests::Link)) {
    on(Format::ALL.map(|format| Carrier::Batched.with(format)), Plan::default, behaviour);
}

fn publications(count: u64) -> Vec<Value> {
    (1..=count).map(|request| json!([16, request, {"exclude_me": false}, TOPIC, [request]])).collect()
}

// covers: WS-03, BATCH-01, BATCH-03, BATCH-04, BATCH-08
#[test]
fn a_whole_session_in_one_batch_is_handled_in_its_order() {
    in_batches(async |router, link| {
        let mut peer = Peer::connect(router, link).await;
        let beginning = [json!([1, "realm1", all_roles()]), json!([32, 1, {}, TOPIC])];
        peer.send_batch(
            &[&beginning[..], &publications(3), &[json!([6, {}, "wamp.close.close_realm"])]].concat(),
        )
        .await;
        peer.expect(json!([2, crossway_tests::pattern::ID, crossway_tests::pattern::ANY])).await;
        let subscribed = peer.expect(json!([33, 1, crossway_tests::pattern::ID])).await;
        for number in 1..=3 {
            peer.expect_event(subscribed[2].as_u64().expect("an id"), json!([number])).await;
        }
        peer.expect(json!([6, {}, "wamp.close.goodbye_and_out"])).await;
    });
}

// covers: BATCH-05, BATCH-08
#[test]
fn what_is_published_in_a_row_comes_in_one_batch() {
    in_batches(async |router, link| {
        let mut subscriber = Peer::join(router, link).await;
        let subscription = subscriber.subscribe(TOPIC).await;
        let mut publisher = Peer::join(router, link).await;
        assert_eq!(subscriber.longest_batch(), 1, "so far one message at a time");
        publisher.send_batch(&publications(20)).await;
        for number in 1..=20 {
            subscriber.expect_event(subscription, json!([number])).await;
        }
        assert_eq!(subscriber.longest_batch(), 20);
    });
}

// covers: BATCH-06, BATCH-07
#[test]
fn an_empty_batch_and_an_empty_message_fail_the_transport_alone() {
    in_batches(async |router, link| {
        let mut bystander = Peer::join(router, link).await;
        let mut peer = Peer::join(router, link).await;
        peer.send_batch(&[]).await;
        assert_eq!(peer.expect_closed().await, Some(1002));
        let mut peer = Peer::join(router, link).await;
        peer.send_raw(b"").await;
        assert_eq!(peer.expect_closed().await, Some(1002));
        bystander.subscribe(TOPIC).await;
    });
}
