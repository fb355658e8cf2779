//! How sessions begin and end.

use std::sync::Arc;
use std::time::Duration;

use crossway_anonymous::Anonymous;
use crossway_core::{Limits, RealmConfig};
use crossway_tests::pattern::{ANY, ID, MORE};
use crossway_tests::peer::all_roles;
use crossway_tests::{Carrier, Format, Link, Peer, Plan, everywhere, everywhere_with, on, on_memory};
use serde_json::{Value, json};

fn goodbye() -> Value {
    json!([6, {}, "wamp.close.close_realm"])
}

// covers: SESS-03, SESS-09, SESS-11, AUTH-10, AUTH-11, AUTH-13, RAW-01, WS-11, SER-01
#[test]
fn hello_is_answered_with_welcome_and_who_one_is() {
    everywhere(async |router, link| {
        let mut alice = Peer::connect(router, link).await;
        alice.send(json!([1, "realm1", {"roles": {"caller": {}}, "agent": "test"}])).await;
        let welcome = alice
            .expect(json!([2, ID, {
                "realm": "realm1", "authid": ANY, "authrole": "anonymous", "authmethod": "anonymous",
                "authprovider": "static", "agent": ANY,
                "roles": {"broker": {"features": ANY, "reflection": true}, "dealer": {"features": ANY, "reflection": true}},
            }]))
            .await;
        assert!(welcome[2]["authid"].is_string() && welcome[2]["agent"].is_string());
        alice.expect_silence().await;
    });
}

// covers: SESS-04, ID-02
#[test]
fn session_ids_are_random_and_never_alike() {
    on_memory(Plan::default(), async |router| {
        let mut ids = Vec::new();
        let mut alice = Peer::connect(router, Link::DEFAULT).await;
        for _ in 0..200 {
            alice.hello("realm1", all_roles()).await;
            ids.push(alice.session());
            alice.send(goodbye()).await;
            alice.expect(json!([6, {}, "wamp.close.goodbye_and_out"])).await;
        }
        // Drawn from 2^53: 200 of them below 2^45 has a probability of 2^-1600, and so has an order.
        assert!(ids.iter().any(|id| *id > 1 << 45));
        assert!(!ids.is_sorted() && !ids.iter().rev().is_sorted());
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 200);
    });
}

// covers: SESS-19, SESS-21
#[test]
fn goodbye_is_answered_with_goodbye() {
    everywhere(async |router, link| {
        let mut alice = Peer::join(router, link).await;
        alice.send(goodbye()).await;
        alice.expect(json!([6, {}, "wamp.close.goodbye_and_out"])).await;
        alice.close().await;
        alice.expect_closed().await;
    });
}

// covers: SESS-23, WS-14
#[test]
fn several_sessions_take_turns_on_one_transport() {
    everywhere(async |router, link| {
        let mut alice = Peer::connect(router, link).await;
        for realm in ["realm1", "realm2", "realm1"] {
            alice.hello(realm, all_roles()).await;
            alice.subscribe("com.myapp.topic").await;
            alice.register("com.myapp.procedure").await;
            alice.send(goodbye()).await;
            alice.expect(json!([6, {}, "wamp.close.goodbye_and_out"])).await;
        }
    });
}

// covers: SESS-05, SESS-23
#[test]
fn a_session_inherits_nothing_from_the_last_on_its_transport() {
    everywhere(async |router, link| {
        let mut alice = Peer::join(router, link).await;
        alice.subscribe("com.myapp.topic").await;
        alice.register("com.myapp.procedure").await;
        alice.send(goodbye()).await;
        alice.expect(json!([6, {}, "wamp.close.goodbye_and_out"])).await;
        alice.hello("realm1", all_roles()).await;

        let mut bob = Peer::join(router, Link::DEFAULT).await;
        bob.publish("com.myapp.topic", json!([1])).await;
        let call = bob.call("com.myapp.procedure", json!([])).await;
        bob.expect_error(48, call, "wamp.error.no_such_procedure").await;
        alice.expect_silence().await;
    });
}

// covers: SESS-23, SESS-24, SESS-01
#[test]
fn between_sessions_only_hello_is_understood() {
    everywhere(async |router, link| {
        for early in [goodbye(), json!([32, 1, {}, "com.myapp.topic"])] {
            let mut alice = Peer::join(router, link).await;
            alice.send(goodbye()).await;
            alice.expect(json!([6, {}, "wamp.close.goodbye_and_out"])).await;
            alice.send(early).await;
            alice.expect_violation("before HELLO").await;
        }
    });
}

// covers: SESS-23, SESS-03
#[test]
fn a_client_need_not_wait_for_answers() {
    everywhere(async |router, link| {
        let mut alice = Peer::connect(router, link).await;
        for realm in ["realm1", "realm2"] {
            alice.send(json!([1, realm, all_roles()])).await;
            alice.send(json!([32, 1, {}, "com.myapp.topic"])).await;
            alice.send(json!([16, 2, {"acknowledge": true, "exclude_me": false}, "com.myapp.topic"])).await;
            alice.send(goodbye()).await;
        }
        for _ in ["realm1", "realm2"] {
            alice.expect(json!([2, ID, ANY])).await;
            let subscribed = alice.expect(json!([33, 1, ID])).await;
            alice.expect(json!([36, subscribed[2], ID, {}])).await;
            alice.expect(json!([17, 2, ID])).await;
            alice.expect(json!([6, {}, "wamp.close.goodbye_and_out"])).await;
        }
    });
}

// covers: PS-09, SESS-27
#[test]
fn what_was_sent_before_the_connection_closed_is_still_answered() {
    // WebSocket's close handshake is answered at once, whatever waits, and a long-poll transport that was closed is gone.
    let links = Link::all().filter(|link| !link.carrier.is_websocket() && !link.carrier.is_longpoll());
    on(links, Plan::default, async |router, link| {
        let mut alice = Peer::join(router, link).await;
        for request in 1..=20 {
            alice.send(json!([16, request, {"acknowledge": true}, "com.myapp.topic"])).await;
        }
        alice.close().await;
        for request in 1..=20 {
            alice.expect(json!([17, request, ID])).await;
        }
        alice.expect_closed().await;
    });
}

// covers: SESS-02
#[test]
fn nothing_crosses_from_one_realm_to_another() {
    everywhere(async |router, link| {
        let mut alice = Peer::join_as(router, link, "realm1", all_roles()).await;
        let mut bob = Peer::join_as(router, link, "realm2", all_roles()).await;
        alice.subscribe("com.myapp.topic").await;
        alice.register("com.myapp.procedure").await;
        bob.publish("com.myapp.topic", json!([1])).await;
        let call = bob.call("com.myapp.procedure", json!([])).await;
        bob.expect_error(48, call, "wamp.error.no_such_procedure").await;
        // The names are free in the other realm.
        bob.register("com.myapp.procedure").await;
        alice.expect_silence().await;
    });
}

// covers: SESS-14, SESS-15, SESS-18, SESS-27, AUTH-18
#[test]
fn abort_is_not_answered_and_ends_everything() {
    everywhere(async |router, link| {
        let mut callee = Peer::join(router, link).await;
        callee.register("com.myapp.procedure").await;
        callee.send(json!([3, {"message": "enough"}, "com.myapp.error.tired", [1], {"a": 2}])).await;
        callee.send(json!([32, 2, {}, "com.myapp.topic"])).await;
        callee.expect_closed().await;

        let mut bob = Peer::join(router, link).await;
        bob.register("com.myapp.procedure").await;
    });
}

// covers: SESS-15, SESS-14, AUTH-18
#[test]
fn abort_before_hello_closes_without_a_word() {
    everywhere(async |router, link| {
        let mut alice = Peer::connect(router, link).await;
        alice.send(json!([3, {}, "com.myapp.error.changed_my_mind"])).await;
        alice.expect_closed().await;
    });
}

// covers: SESS-16, SESS-17
#[test]
fn the_abort_of_the_router_has_details_and_a_reason() {
    everywhere(async |router, link| {
        let mut alice = Peer::connect(router, link).await;
        alice.send(json!([1, "nowhere", all_roles()])).await;
        let abort = alice.expect_abort("wamp.error.no_such_realm").await;
        assert_eq!(abort[1]["message"], json!("there is no realm \"nowhere\" here"));
    });
}

// covers: SESS-12, AUTH-09
#[test]
fn an_unknown_realm_is_refused() {
    everywhere(async |router, link| {
        let mut alice = Peer::connect(router, link).await;
        alice.send(json!([1, "realm3", all_roles()])).await;
        alice.expect_abort("wamp.error.no_such_realm").await;
        assert_eq!(router.counter("handshakes_refused"), 1);
    });
}

// covers: SESS-12
#[test]
fn realms_are_made_on_demand_where_the_router_says_so() {
    let plan = || Plan {
        realms: Vec::new(),
        auto_create: Some(RealmConfig::new("template").authenticator(Arc::new(Anonymous::new("guest")))),
        ..Plan::default()
    };
    everywhere_with(plan, async |router, link| {
        let mut alice = Peer::connect(router, link).await;
        let welcome = alice.hello("com.new.realm", all_roles()).await;
        assert_eq!(welcome[2]["authrole"], "guest");
        let mut bob = Peer::join_as(router, link, "com.new.realm", all_roles()).await;
        let subscription = alice.subscribe("com.myapp.topic").await;
        bob.publish("com.myapp.topic", json!([1])).await;
        alice.expect_event(subscription, json!([1])).await;

        let mut carol = Peer::connect(router, link).await;
        carol.send(json!([1, "wamp.mine", all_roles()])).await;
        carol.expect_abort("wamp.error.no_such_realm").await;
    });
}

// covers: SESS-13, MSG-32, URI-12
#[test]
fn a_realm_that_is_no_uri_is_refused() {
    everywhere(async |router, link| {
        for realm in ["", "a b", "a..b", "a#b", ".a", "a."] {
            let mut alice = Peer::connect(router, link).await;
            alice.send(json!([1, realm, all_roles()])).await;
            alice.expect_abort("wamp.error.invalid_uri").await;
        }
    });
}

// covers: SESS-07, SESS-08
#[test]
fn hello_has_to_name_roles() {
    everywhere(async |router, link| {
        let invalid = [
            json!({}),
            json!({"roles": {}}),
            json!({"roles": null}),
            json!({"roles": ["caller"]}),
            json!({"roles": {"caller": true}}),
            json!({"roles": {"caller": {"features": []}}}),
            json!({"roles": {"broker": {}}}),
        ];
        for details in invalid {
            let mut alice = Peer::connect(router, link).await;
            alice.send(json!([1, "realm1", details])).await;
            alice.expect_violation("roles").await;
        }
    });
}

// covers: SESS-07, SESS-28
#[test]
fn one_role_is_enough_and_the_others_are_served_all_the_same() {
    everywhere(async |router, link| {
        for role in ["publisher", "subscriber", "caller", "callee"] {
            let mut alice = Peer::join_as(router, link, "realm1", json!({"roles": {role: {}}})).await;
            alice.subscribe("com.myapp.topic").await;
            let registration = alice.register("com.myapp.procedure").await;
            let call = alice.call("com.myapp.procedure", json!([1])).await;
            let invocation = alice.expect_invocation(registration, json!([1])).await;
            alice.send(json!([70, invocation, {}])).await;
            alice.expect(json!([50, call, {}])).await;
            alice.send(goodbye()).await;
            alice.expect(json!([6, {}, "wamp.close.goodbye_and_out"])).await;
        }
    });
}

// covers: AUTH-01
#[test]
fn null_in_hello_counts_as_absent() {
    everywhere(async |router, link| {
        let details =
            json!({"roles": {"caller": {}}, "authid": null, "authmethods": null, "authextra": null});
        Peer::join_as(router, link, "realm1", details).await;
        for (key, wrong) in [("authid", json!(1)), ("authmethods", json!("ticket")), ("authextra", json!([]))]
        {
            let mut alice = Peer::connect(router, link).await;
            alice.send(json!([1, "realm1", {"roles": {"caller": {}}, key: wrong}])).await;
            alice.expect_violation(key).await;
        }
    });
}

// covers: SESS-06, SESS-18, MSG-17
#[test]
fn a_second_hello_ends_the_session() {
    everywhere(async |router, link| {
        let mut alice = Peer::join(router, link).await;
        alice.register("com.myapp.procedure").await;
        alice.send(json!([1, "realm1", all_roles()])).await;
        // What follows is not heard any more.
        alice.send(json!([64, 2, {}, "com.myapp.other"])).await;
        alice.expect_violation("second HELLO").await;

        let mut bob = Peer::join(router, link).await;
        bob.register("com.myapp.procedure").await;
        bob.register("com.myapp.other").await;
        assert_eq!(router.counter("protocol_violations"), 1);
    });
}

// covers: SESS-22
#[test]
fn the_reason_of_goodbye_has_to_be_a_uri() {
    everywhere(async |router, link| {
        let mut alice = Peer::join(router, link).await;
        alice.send(json!([6, {}, "not a uri"])).await;
        alice.expect_violation("GOODBYE.Reason").await;
        let mut bob = Peer::join(router, link).await;
        bob.send(json!([6, {"message": "bye"}, "wamp.close.normal"])).await;
        bob.expect(json!([6, {}, "wamp.close.goodbye_and_out"])).await;
    });
}

// covers: SESS-20, SESS-21, SESS-25
#[test]
fn at_shutdown_everybody_is_told_goodbye_and_only_goodbye_is_heard() {
    everywhere(async |router, link| {
        let mut alice = Peer::join(router, link).await;
        let mut bob = Peer::join(router, link).await;
        let subscription = alice.subscribe("com.myapp.topic").await;
        bob.publish_acknowledged("com.myapp.topic", json!([1])).await;
        let dialogue = async {
            // What was sent before comes before.
            alice.expect_event(subscription, json!([1])).await;
            for peer in [&mut alice, &mut bob] {
                peer.expect(json!([6, {}, "wamp.close.system_shutdown"])).await;
                peer.send(json!([32, 99, {}, "com.myapp.late"])).await;
                peer.send(json!(["no", "message"])).await;
                peer.send(json!([6, {}, "wamp.close.goodbye_and_out"])).await;
                let code = peer.expect_closed().await;
                if link.carrier.is_websocket() {
                    assert_eq!(code, Some(1001));
                }
            }
        };
        tokio::join!(router.core.shutdown(Duration::from_secs(5)), dialogue);
        assert_eq!(router.core.sessions(), 0);
    });
}

// covers: SESS-25
#[test]
fn at_shutdown_who_has_not_joined_is_told_abort() {
    everywhere(async |router, link| {
        let mut alice = Peer::connect(router, link).await;
        // The connection exists for sure once somebody has joined and left on it.
        alice.hello("realm1", all_roles()).await;
        alice.send(goodbye()).await;
        alice.expect(json!([6, {}, "wamp.close.goodbye_and_out"])).await;
        let dialogue = alice.expect_abort("wamp.close.system_shutdown");
        tokio::join!(router.core.shutdown(Duration::from_secs(5)), dialogue);
    });
}

// covers: SESS-25
#[test]
fn shutdown_waits_for_nobody_longer_than_goodbye_timeout() {
    let plan = || Plan::limits(|limits: &mut Limits| limits.goodbye_timeout = Duration::from_millis(20));
    everywhere_with(plan, async |router, link| {
        let mut alice = Peer::join(router, link).await;
        router.core.shutdown(Duration::from_secs(60)).await;
        alice.expect(json!([6, {}, "wamp.close.system_shutdown"])).await;
        alice.expect_closed().await;
    });
}

// covers: SESS-27
#[test]
fn a_lost_transport_cleans_up_like_goodbye() {
    everywhere(async |router, link| {
        let mut witness = Peer::join(router, Link::DEFAULT).await;
        let mut alice = Peer::join(router, link).await;
        alice.subscribe("com.myapp.topic").await;
        let registration = alice.register("com.myapp.procedure").await;
        let call = witness.call("com.myapp.procedure", json!([1])).await;
        alice.expect_invocation(registration, json!([1])).await;
        drop(alice);
        // Comes when the router has seen the end, and by then the registration is gone.
        witness.expect_error(48, call, "wamp.error.canceled").await;
        witness.register("com.myapp.procedure").await;
        witness.publish("com.myapp.topic", json!([1])).await;
        witness.expect_silence().await;
    });
}

// covers: FEAT-02, MSG-11
#[test]
fn unknown_details_of_hello_are_ignored() {
    everywhere(async |router, link| {
        let details = json!({
            "roles": {"caller": {"features": {"telepathy": true, "call_timeout": 7}, "x": 1}, "observer": []},
            "x_colour": "blue", "nested": {"a": [1.5, null]},
        });
        let mut alice = Peer::connect(router, link).await;
        alice.send(json!([1, "realm1", details])).await;
        alice.expect(json!([2, ID, {MORE: 0}])).await;
    });
}

// covers: FEAT-10
#[test]
fn sessions_are_not_resumed_and_nothing_says_so() {
    on([Link::DEFAULT, Carrier::Tcp.with(Format::Cbor)], Plan::default, async |router, link| {
        let mut alice = Peer::connect(router, link).await;
        let details =
            json!({"roles": {"caller": {}}, "resumable": true, "resume-session": 7, "resume-token": "x"});
        let welcome = alice.hello("realm1", details).await;
        assert_ne!(alice.session(), 7);
        assert!(welcome[2].get("resumed").is_none() && welcome[2].get("resumable").is_none());
    });
}
