//! Ids: ranges, scopes and sequences.

use std::collections::HashSet;

use crossway_core::Protocol;
use crossway_core::limits::RequestIds;
use crossway_tests::pattern::ID;
use crossway_tests::peer::{all_roles, id};
use crossway_tests::{Link, Peer, Plan, everywhere, everywhere_with, on_memory};
use serde_json::json;

const LARGEST: u64 = 1 << 53;

fn strict() -> Plan {
    Plan::protocol(Protocol { request_ids: RequestIds::Strict, ..Protocol::default() })
}

// covers: ID-01, MSG-08
#[test]
fn ids_out_of_range_are_a_violation() {
    everywhere(async |router, link| {
        let wrong = [
            json!(0),
            json!(-1),
            json!(LARGEST + 1),
            json!(u64::MAX),
            json!(i64::MIN),
            json!(1.0),
            json!(1.5),
            json!("1"),
        ];
        for wrong in wrong {
            for message in [
                json!([32, wrong, {}, "com.myapp.topic"]),
                json!([34, 1, wrong]),
                json!([49, wrong, {}]),
                json!([70, wrong, {}]),
            ] {
                let mut peer = Peer::join(router, link).await;
                peer.send(message).await;
                peer.expect_violation("id from 1 to 2^53").await;
            }
        }
    });
}

// covers: ID-01, ID-11, SER-08
#[test]
fn the_largest_id_comes_back_as_it_was() {
    everywhere(async |router, link| {
        let mut peer = Peer::join(router, link).await;
        for request in [LARGEST, LARGEST - 1, 1, u64::from(u32::MAX) + 1] {
            peer.send(json!([32, request, {}, "com.myapp.topic"])).await;
            peer.expect(json!([33, request, ID])).await;
            peer.send(json!([34, request, LARGEST])).await;
            peer.expect_error(34, request, "wamp.error.no_such_subscription").await;
            peer.send(json!([16, request, {"acknowledge": true}, "com.myapp.topic"])).await;
            peer.expect(json!([17, request, ID])).await;
        }
    });
}

// covers: MSG-25, ID-04
#[test]
fn strict_request_ids_are_one_sequence_over_all_requests() {
    everywhere_with(strict, async |router, link| {
        let mut peer = Peer::join(router, link).await;
        peer.send(json!([32, 1, {}, "com.myapp.topic"])).await;
        let subscribed = peer.expect(json!([33, 1, ID])).await;
        peer.send(json!([64, 2, {}, "com.myapp.procedure"])).await;
        let registered = peer.expect(json!([65, 2, ID])).await;
        peer.send(json!([16, 3, {}, "com.myapp.topic"])).await;
        peer.send(json!([34, 4, id(&subscribed, 2)])).await;
        peer.expect(json!([35, 4])).await;
        peer.send(json!([66, 5, id(&registered, 2)])).await;
        peer.expect(json!([67, 5])).await;
        peer.send(json!([48, 6, {}, "com.myapp.procedure"])).await;
        peer.expect_error(48, 6, "wamp.error.no_such_procedure").await;
        peer.send(json!([16, 7, {"acknowledge": true}, "com.myapp.topic"])).await;
        peer.expect(json!([17, 7, ID])).await;
    });
}

// covers: MSG-25
#[test]
fn strict_request_ids_have_no_gap_and_no_repetition() {
    everywhere_with(strict, async |router, link| {
        for (first, second) in [(2, None), (123, None), (1, Some(1)), (1, Some(3)), (LARGEST, None)] {
            let mut peer = Peer::join(router, link).await;
            peer.send(json!([16, first, {}, "com.myapp.topic"])).await;
            if let Some(second) = second {
                peer.send(json!([16, second, {}, "com.myapp.topic"])).await;
            }
            peer.expect_violation("request id").await;
        }
    });
}

// covers: MSG-26, ID-07, ID-06
#[test]
fn answers_and_cancel_take_no_id_of_the_sequence() {
    everywhere_with(strict, async |router, link| {
        let mut peer = Peer::join(router, link).await;
        let registration = peer.register("com.myapp.procedure").await;
        for (call, invocation) in [(2, 1), (3, 2), (4, 3)] {
            assert_eq!(peer.call("com.myapp.procedure", json!([1])).await, call);
            assert_eq!(peer.expect_invocation(registration, json!([1])).await, invocation);
            match call {
                2 => peer.send(json!([70, invocation, {}])).await,
                3 => peer.send(json!([8, 68, invocation, {}, "com.myapp.error"])).await,
                _ => {
                    peer.send(json!([49, call, {"mode": "kill"}])).await;
                    peer.expect(json!([69, invocation, {"mode": "kill"}])).await;
                    peer.send(json!([70, invocation, {}])).await;
                }
            }
            peer.receive().await;
        }
        peer.expect_silence().await;
    });
}

// covers: MSG-25
#[test]
fn a_new_session_on_the_same_transport_begins_with_1_again() {
    everywhere_with(strict, async |router, link| {
        let mut peer = Peer::join(router, link).await;
        peer.expect_silence().await;
        peer.send(json!([6, {}, "wamp.close.close_realm"])).await;
        peer.expect(json!([6, {}, "wamp.close.goodbye_and_out"])).await;
        peer.hello("realm1", all_roles()).await;
        peer.expect_silence().await;
    });
}

// covers: MSG-25
#[test]
fn lenient_request_ids_are_any_that_are_not_pending() {
    everywhere(async |router, link| {
        let mut peer = Peer::join(router, link).await;
        for request in [123, 789, 5, 5, LARGEST, 1] {
            peer.send(json!([16, request, {"acknowledge": true}, "com.myapp.topic"])).await;
            peer.expect(json!([17, request, ID])).await;
        }
        let registration = peer.register("com.myapp.procedure").await;
        peer.send(json!([48, 7, {}, "com.myapp.procedure"])).await;
        let invocation = peer.expect(json!([68, ID, registration, {}])).await;
        peer.send(json!([70, invocation[1], {}])).await;
        peer.expect(json!([50, 7, {}])).await;
        // Over, so free again.
        peer.send(json!([48, 7, {}, "com.myapp.procedure"])).await;
        peer.expect(json!([68, ID, registration, {}])).await;
        // Pending, so not.
        peer.send(json!([48, 7, {}, "com.myapp.procedure"])).await;
        peer.expect_violation("pending").await;
    });
}

// covers: ID-04, ID-06, RPC-06
#[test]
fn invocation_ids_are_a_sequence_of_each_callee() {
    everywhere(async |router, link| {
        let mut caller = Peer::join(router, link).await;
        for name in ["com.myapp.one", "com.myapp.two"] {
            let mut callee = Peer::join(router, link).await;
            let registration = callee.register(name).await;
            for expected in 1..=5 {
                let call = caller.call(name, json!([expected])).await;
                assert_eq!(callee.expect_invocation(registration, json!([expected])).await, expected);
                callee.send(json!([70, expected, {}])).await;
                caller.expect(json!([50, call, {}])).await;
            }
        }
    });
}

// covers: ID-03, PS-03
#[test]
fn subscribers_of_one_topic_share_the_subscription() {
    everywhere(async |router, link| {
        let mut alice = Peer::join(router, link).await;
        let mut bob = Peer::join(router, Link::DEFAULT).await;
        let shared = alice.subscribe("com.myapp.topic").await;
        assert_eq!(bob.subscribe("com.myapp.topic").await, shared);
        assert_ne!(bob.subscribe("com.myapp.other").await, shared);
    });
}

// covers: ID-02, ID-09, ID-10, PS-12
#[test]
fn each_publication_has_an_id_of_its_own_that_all_receivers_see() {
    everywhere(async |router, link| {
        let mut alice = Peer::join(router, link).await;
        let mut bob = Peer::join(router, Link::DEFAULT).await;
        let mut carol = Peer::join(router, link).await;
        let subscription = alice.subscribe("com.myapp.topic").await;
        bob.subscribe("com.myapp.topic").await;
        let mut seen = HashSet::new();
        for number in 0..20 {
            let acknowledged = match number % 2 {
                0 => Some(carol.publish_acknowledged("com.myapp.topic", json!([number])).await),
                _ => {
                    carol.publish("com.myapp.topic", json!([number])).await;
                    None
                }
            };
            let publication = alice.expect_event(subscription, json!([number])).await;
            assert_eq!(bob.expect_event(subscription, json!([number])).await, publication);
            assert!(acknowledged.is_none_or(|id| id == publication));
            assert!(seen.insert(publication), "publication {publication} twice");
        }
        assert!(seen.iter().any(|id| *id > 1 << 45), "drawn from the whole range");
    });
}

// covers: ID-12
#[test]
fn zero_is_no_request_id() {
    on_memory(Plan::default(), async |router| {
        for message in
            [json!([34, 0, 1]), json!([66, 0, 1]), json!([48, 0, {}, "com.a"]), json!([16, 0, {}, "com.a"])]
        {
            let mut peer = Peer::join(router, Link::DEFAULT).await;
            peer.send(message).await;
            peer.expect_violation("id from 1 to 2^53").await;
        }
    });
}
