//! Every limit: what reaches it is told its name, the counter counts it, and others notice nothing.

use std::time::Duration;

use crossway_core::Limits;
use crossway_core::limits::OutboxPolicy;
use crossway_memory::MemoryOptions;
use crossway_tests::pattern::{ANY, ID, REST};
use crossway_tests::peer::all_roles;
use crossway_tests::{
    Bystander, Carrier, Format, Link, Peer, Plan, TestRouter, everywhere_with, on, on_memory,
};
use serde_json::{Value, json};

const TOPIC: &str = "com.myapp.topic";
const PROCEDURE: &str = "com.myapp.procedure";
const LIMIT_EXCEEDED: &str = "crossway.error.limit_exceeded";

/// ERROR or ABORT names the limit.
fn names(message: &Value, limit: &str) {
    assert!(message.to_string().contains(limit), "{limit} is not named by {message}");
}

// covers: SESS-01, AUTH-16
#[test]
fn handshake_timeout_ends_who_does_not_join() {
    let plan = || Plan::limits(|limits| limits.handshake_timeout = Duration::from_millis(30));
    everywhere_with(plan, async |router, link| {
        let mut peer = Peer::connect(router, link).await;
        let abort = peer.expect_abort("wamp.error.protocol_violation").await;
        names(&abort, "handshake_timeout");
        assert_eq!(router.counter("handshake_timeouts"), 1);
    });
}

// covers: SESS-04
#[test]
fn max_sessions_counts_sessions_and_not_connections() {
    everywhere_with(
        || Plan::limits(|limits| limits.max_sessions = 2),
        async |router, link| {
            let mut bystander = Bystander::join(router).await;
            let mut second = Peer::join(router, link).await;
            let mut third = Peer::connect(router, link).await;
            third.send(json!([1, "realm1", all_roles()])).await;
            names(&third.expect_abort(LIMIT_EXCEEDED).await, "max_sessions");
            assert_eq!(router.counter("sessions_over_limit"), 1);
            second.send(json!([6, {}, "wamp.close.close_realm"])).await;
            second.expect(json!([6, {}, "wamp.close.goodbye_and_out"])).await;
            let mut third = Peer::join(router, link).await;
            third.expect_silence().await;
            bystander.is_unharmed().await;
        },
    );
}

// covers: SESS-12
#[test]
fn max_auto_realms_bounds_what_clients_bring_into_being() {
    let plan = || {
        let mut plan = Plan::limits(|limits| limits.max_auto_realms = 1);
        plan.auto_create = plan.realms.first().cloned();
        plan
    };
    everywhere_with(plan, async |router, link| {
        let mut bystander = Bystander::join(router).await;
        Peer::join_as(router, link, "com.first", all_roles()).await;
        let mut peer = Peer::connect(router, link).await;
        peer.send(json!([1, "com.second", all_roles()])).await;
        names(&peer.expect_abort(LIMIT_EXCEEDED).await, "max_auto_realms");
        assert_eq!(router.counter("realms_over_limit"), 1);
        Peer::join_as(router, link, "com.first", all_roles()).await;
        bystander.is_unharmed().await;
    });
}

fn nested(depth: usize) -> Value {
    (0..depth).fold(json!(1), |inner, _| json!([inner]))
}

// covers: MSG-27
#[test]
fn max_depth_counts_the_message_as_the_first_level() {
    everywhere_with(
        || Plan::limits(|limits| limits.max_depth = 10),
        async |router, link| {
            let mut bystander = Bystander::join(router).await;
            let mut peer = Peer::join(router, link).await;
            peer.publish_acknowledged(TOPIC, nested(9)).await;
            let request = peer.request();
            peer.send(json!([16, request, {}, TOPIC, nested(10)])).await;
            peer.expect_violation("deeper than 10").await;
            bystander.is_unharmed().await;
        },
    );
}

// covers: MSG-31
#[test]
fn max_uri_length_is_in_bytes() {
    everywhere_with(
        || Plan::limits(|limits| limits.max_uri_length = 30),
        async |router, link| {
            let mut bystander = Bystander::join(router).await;
            let mut peer = Peer::join(router, link).await;
            let (longest, longer) = ("a".repeat(30), "ü".repeat(16));
            peer.publish_acknowledged(&longest, json!([])).await;
            for (kind, options) in
                [(32, json!({})), (64, json!({})), (48, json!({})), (16, json!({"acknowledge": true}))]
            {
                let request = peer.request();
                peer.send(json!([kind, request, options, longer])).await;
                names(&peer.expect_error(kind, request, "wamp.error.invalid_uri").await, "max_uri_length");
            }
            assert_eq!(router.counter("uris_over_limit"), 4);
            let mut stranger = Peer::connect(router, link).await;
            stranger.send(json!([1, longer, all_roles()])).await;
            names(&stranger.expect_abort("wamp.error.invalid_uri").await, "max_uri_length");
            peer.expect_silence().await;
            bystander.is_unharmed().await;
        },
    );
}

// covers: PS-01
#[test]
fn max_subscriptions_is_per_session() {
    everywhere_with(
        || Plan::limits(|limits| limits.max_subscriptions = 2),
        async |router, link| {
            let mut bystander = Bystander::join(router).await;
            let mut peer = Peer::join(router, link).await;
            let one = peer.subscribe("com.one").await;
            peer.subscribe("com.two").await;
            let request = peer.request();
            peer.send(json!([32, request, {}, "com.three"])).await;
            names(&peer.expect_error(32, request, LIMIT_EXCEEDED).await, "max_subscriptions = 2");
            assert_eq!(router.counter("subscriptions_over_limit"), 1);
            // What it has already counts once.
            peer.subscribe("com.one").await;
            let request = peer.request();
            peer.send(json!([34, request, one])).await;
            peer.expect(json!([35, request])).await;
            peer.subscribe("com.three").await;
            bystander.is_unharmed().await;
        },
    );
}

// covers: RPC-01
#[test]
fn max_registrations_is_per_session() {
    everywhere_with(
        || Plan::limits(|limits| limits.max_registrations = 2),
        async |router, link| {
            let mut bystander = Bystander::join(router).await;
            let mut peer = Peer::join(router, link).await;
            let one = peer.register("com.one").await;
            peer.register("com.two").await;
            let request = peer.request();
            peer.send(json!([64, request, {}, "com.three"])).await;
            names(&peer.expect_error(64, request, LIMIT_EXCEEDED).await, "max_registrations = 2");
            assert_eq!(router.counter("registrations_over_limit"), 1);
            let request = peer.request();
            peer.send(json!([66, request, one])).await;
            peer.expect(json!([67, request])).await;
            peer.register("com.three").await;
            bystander.is_unharmed().await;
        },
    );
}

/// A caller with two calls open, and a third refused by a limit; then one is answered and another goes through.
async fn third_call_is_refused(router: &TestRouter, link: Link, limit: &str, counter: &str) {
    let mut bystander = Bystander::join(router).await;
    let mut caller = Peer::join(router, link).await;
    let mut callee = Peer::join(router, link).await;
    let registration = callee.register(PROCEDURE).await;
    let first = caller.call(PROCEDURE, json!([1])).await;
    callee.expect_invocation(registration, json!([1])).await;
    caller.call(PROCEDURE, json!([2])).await;
    callee.expect_invocation(registration, json!([2])).await;
    let third = caller.call(PROCEDURE, json!([3])).await;
    names(&caller.expect_error(48, third, LIMIT_EXCEEDED).await, limit);
    assert_eq!(router.counter(counter), 1);
    callee.send(json!([70, 1, {}])).await;
    caller.expect(json!([50, first, {}])).await;
    caller.call(PROCEDURE, json!([4])).await;
    assert_eq!(callee.expect_invocation(registration, json!([4])).await, 3);
    bystander.is_unharmed().await;
}

// covers: RPC-10
#[test]
fn max_pending_calls_is_per_caller() {
    everywhere_with(
        || Plan::limits(|limits| limits.max_pending_calls = 2),
        async |router, link| {
            third_call_is_refused(router, link, "max_pending_calls = 2", "calls_over_limit").await;
        },
    );
}

// covers: RPC-10
#[test]
fn max_pending_invocations_is_per_callee() {
    everywhere_with(
        || Plan::limits(|limits| limits.max_pending_invocations = 2),
        async |router, link| {
            third_call_is_refused(router, link, "max_pending_invocations = 2", "invocations_over_limit")
                .await;
        },
    );
}

/// A peer that lets no more than a few messages into its lane.
pub(crate) async fn narrow(router: &TestRouter, max_message: usize) -> Peer {
    let options = MemoryOptions { capacity: 256, max_message };
    let mut peer = Peer::over(router.connect_memory(Format::Json, &options), Link::DEFAULT);
    peer.hello("realm1", all_roles()).await;
    peer
}

fn small_outbox(limits: &mut Limits) {
    limits.outbox_messages = 10;
}

/// Reads events until the answer to a request made now; returns their `Details._lost` and whether args were there.
async fn drain(peer: &mut Peer) -> Vec<(Option<u64>, bool)> {
    let fence = peer.request();
    peer.send(json!([16, fence, {"acknowledge": true}, "test.fence"])).await;
    let mut events = Vec::new();
    loop {
        let message = peer.receive().await;
        if message[0] == 17 {
            return events;
        }
        events.push((message[3]["_lost"].as_u64(), message.get(4).is_some()));
    }
}

// covers: ORD-01
#[test]
fn a_slow_subscriber_loses_events_and_is_told_how_many() {
    on_memory(Plan::limits(small_outbox), async |router| {
        let mut bystander = Bystander::join(router).await;
        let mut slow = narrow(router, 1 << 20).await;
        let mut fast = Peer::join(router, Link::DEFAULT).await;
        let mut publisher = Peer::join(router, Link::DEFAULT).await;
        slow.subscribe(TOPIC).await;
        let subscription = fast.subscribe(TOPIC).await;
        for number in 0..100 {
            publisher.publish_acknowledged(TOPIC, json!([number, "x".repeat(50)])).await;
            fast.expect_event(subscription, json!([number, ANY])).await;
        }
        let dropped = router.counter("events_dropped");
        assert!((1..100).contains(&dropped), "{dropped}");
        let before = drain(&mut slow).await;
        assert_eq!(before.len() as u64 + dropped, 100);
        assert!(before.iter().all(|(lost, _)| lost.is_none()));
        publisher.publish(TOPIC, json!(["after"])).await;
        publisher.publish_acknowledged(TOPIC, json!(["and on"])).await;
        assert_eq!(drain(&mut slow).await, [(Some(dropped), true), (None, true)]);
        bystander.is_unharmed().await;
    });
}

// covers: RAW-22
#[test]
fn the_number_of_lost_events_survives_an_event_that_is_too_long() {
    on_memory(Plan::limits(small_outbox), async |router| {
        let mut slow = narrow(router, 512).await;
        let mut publisher = Peer::join(router, Link::DEFAULT).await;
        slow.subscribe(TOPIC).await;
        for number in 0..50 {
            publisher.publish_acknowledged(TOPIC, json!([number, "x".repeat(50)])).await;
        }
        let dropped = router.counter("events_dropped");
        assert_eq!(drain(&mut slow).await.len() as u64 + dropped, 50);
        publisher.publish_acknowledged(TOPIC, json!(["x".repeat(1000)])).await;
        assert_eq!(drain(&mut slow).await, [(Some(dropped), false)]);
    });
}

// covers: SESS-15
#[test]
fn a_slow_subscriber_is_disconnected_where_the_policy_says_so() {
    let plan = Plan::limits(|limits| {
        limits.outbox_messages = 10;
        limits.outbox_policy = OutboxPolicy::Disconnect;
    });
    on_memory(plan, async |router| {
        let mut bystander = Bystander::join(router).await;
        let mut slow = narrow(router, 1 << 20).await;
        let mut publisher = Peer::join(router, Link::DEFAULT).await;
        slow.subscribe(TOPIC).await;
        for number in 0..100 {
            publisher.publish_acknowledged(TOPIC, json!([number, "x".repeat(50)])).await;
        }
        assert_eq!((router.counter("slow_sessions_closed"), router.counter("events_dropped")), (1, 0));
        let last = loop {
            let message = slow.receive().await;
            if message[0] != 36 {
                break message;
            }
        };
        assert_eq!((&last[0], &last[2]), (&json!(3), &json!(LIMIT_EXCEEDED)));
        names(&last, "outbox_messages");
        slow.expect_closed().await;
        bystander.is_unharmed().await;
    });
}

// covers: RPC-09
#[test]
fn a_slow_callee_makes_calls_fail_and_not_wait() {
    on_memory(Plan::limits(small_outbox), async |router| {
        let mut bystander = Bystander::join(router).await;
        let mut callee = narrow(router, 1 << 20).await;
        let mut caller = Peer::join(router, Link::DEFAULT).await;
        callee.register(PROCEDURE).await;
        for _ in 0..50 {
            caller.call(PROCEDURE, json!(["x".repeat(50)])).await;
        }
        let refused = {
            let fence = caller.request();
            caller.send(json!([16, fence, {"acknowledge": true}, "test.fence"])).await;
            let mut refused = 0;
            while caller.receive().await[0] == 8 {
                refused += 1;
            }
            refused
        };
        assert!((1..50).contains(&refused));
        assert_eq!(router.counter("invocations_refused"), refused);
        // The rest is there, with ids that follow each other.
        for invocation in 1..=50 - refused {
            callee.expect(json!([68, invocation, ID, {}, [ANY]])).await;
            callee.send(json!([70, invocation, {}])).await;
            caller.expect(json!([50, ID, {}])).await;
        }
        caller.call(PROCEDURE, json!(["again"])).await;
        callee.expect(json!([68, 51 - refused, ID, {}, ["again"]])).await;
        bystander.is_unharmed().await;
    });
}

// covers: RPC-09
#[test]
fn a_caller_that_does_not_read_its_results_is_closed() {
    let plan = Plan::limits(|limits| {
        limits.outbox_bytes = 2000;
        limits.outbox_reply_bytes = 2000;
    });
    on_memory(plan, async |router| {
        let mut bystander = Bystander::join(router).await;
        let mut caller = narrow(router, 1 << 20).await;
        let mut callee = Peer::join(router, Link::DEFAULT).await;
        let registration = callee.register(PROCEDURE).await;
        for number in 0..50 {
            caller.call(PROCEDURE, json!([number])).await;
            let invocation = callee.expect(json!([68, ID, registration, {}, REST])).await;
            assert_eq!(invocation[4], json!([number]));
        }
        for invocation in 1..=50 {
            callee.send(json!([70, invocation, {}, ["x".repeat(200)]])).await;
        }
        // Some are too late, which is no fault of the callee.
        while router.counter("slow_sessions_closed") == 0 {
            callee.publish_acknowledged(TOPIC, json!([])).await;
        }
        let mut results = 0;
        let last = loop {
            let message = caller.receive().await;
            if message[0] != 50 {
                break message;
            }
            results += 1;
        };
        assert!((1..50).contains(&results));
        assert_eq!((&last[0], &last[2]), (&json!(3), &json!(LIMIT_EXCEEDED)));
        names(&last, "outbox_bytes");
        caller.expect_closed().await;
        // Its other calls have ended without a word to the callee but INTERRUPT.
        let fence = callee.request();
        callee.send(json!([16, fence, {"acknowledge": true}, "test.fence"])).await;
        while callee.receive().await[0] == 69 {}
        bystander.is_unharmed().await;
    });
}

// covers: ORD-01
#[test]
fn who_sends_without_reading_is_not_read_from_any_more() {
    let plan = Plan::limits(|limits| limits.outbox_bytes = 2000);
    on_memory(plan, async |router| {
        let mut bystander = Bystander::join(router).await;
        let mut rude = narrow(router, 1 << 20).await;
        let mut sent = 0;
        // Its lane is full when a message can't be sent at once.
        while tokio::time::timeout(Duration::from_millis(20), rude.call("com.myapp.nobody", json!([])))
            .await
            .is_ok()
        {
            sent += 1;
            assert!(sent < 10_000, "the router takes everything");
        }
        assert_eq!(router.counter("slow_sessions_closed"), 0);
        bystander.is_unharmed().await;
        // As soon as it reads, it gets every answer in order.
        for request in 1..=sent {
            rude.expect_error(48, request, "wamp.error.no_such_procedure").await;
        }
    });
}

fn short_links() -> impl Iterator<Item = Link> {
    Carrier::RAWSOCKET.into_iter().flat_map(|carrier| Format::ALL.map(|format| carrier.with(format)))
}

// covers: RAW-05, RAW-20, RAW-22
#[test]
fn an_event_longer_than_the_subscriber_accepts_comes_without_its_payload() {
    on(short_links(), Plan::default, async |router, link| {
        let mut bystander = Bystander::join(router).await;
        let mut short = Peer::join_accepting(router, link, 0).await;
        let mut long = Peer::join(router, link).await;
        let mut publisher = Peer::join(router, link).await;
        let subscription = short.subscribe(TOPIC).await;
        long.subscribe(TOPIC).await;
        let text = "x".repeat(600);
        publisher.publish(TOPIC, json!([text])).await;
        publisher.publish(TOPIC, json!(["short"])).await;
        short.expect(json!([36, subscription, ID, {"payload_limit_exceeded": true}])).await;
        short.expect_event(subscription, json!(["short"])).await;
        long.expect_event(subscription, json!([text])).await;
        assert_eq!(router.counter("events_too_long"), 1);
        bystander.is_unharmed().await;
    });
}

// covers: RPC-21, RAW-20, RAW-22
#[test]
fn a_call_longer_than_the_callee_accepts_is_refused() {
    on(short_links(), Plan::default, async |router, link| {
        let mut callee = Peer::join_accepting(router, link, 0).await;
        let mut caller = Peer::join(router, link).await;
        let registration = callee.register(PROCEDURE).await;
        let call = caller.call(PROCEDURE, json!(["x".repeat(600)])).await;
        caller.expect_error(48, call, "wamp.error.payload_size_exceeded").await;
        caller.call(PROCEDURE, json!(["short"])).await;
        assert_eq!(callee.expect_invocation(registration, json!(["short"])).await, 1);
    });
}

// covers: RPC-21, RAW-20, RAW-22, RPC-09
#[test]
fn an_answer_longer_than_the_caller_accepts_becomes_an_error() {
    on(short_links(), Plan::default, async |router, link| {
        let mut caller = Peer::join_accepting(router, link, 0).await;
        let mut callee = Peer::join(router, link).await;
        let registration = callee.register(PROCEDURE).await;
        let text = "x".repeat(600);
        for answer in [json!([70, 1, {}, [text]]), json!([8, 68, 2, {}, "com.myapp.error", [text]])] {
            let call = caller.call(PROCEDURE, json!([1])).await;
            callee.expect_invocation(registration, json!([1])).await;
            callee.send(answer).await;
            caller.expect_error(48, call, "wamp.error.payload_size_exceeded").await;
        }
        assert_eq!(router.counter("replies_too_long"), 2);
        let call = caller.call(PROCEDURE, json!([1])).await;
        callee.expect_invocation(registration, json!([1])).await;
        callee.send(json!([70, 3, {}, ["short"]])).await;
        caller.expect(json!([50, call, {}, ["short"]])).await;
    });
}

/// A realm whose name fills most of 512 octets.
fn long_realm() -> Plan {
    let mut plan = Plan::default();
    plan.auto_create = plan.realms.first().cloned();
    plan
}

// covers: RAW-20, SESS-03
#[test]
fn a_welcome_longer_than_the_client_accepts_is_an_abort() {
    on(short_links(), long_realm, async |router, link| {
        let mut peer = Peer::over(router.connect_accepting(link, 0).await, link);
        peer.send(json!([1, "r".repeat(400), {"roles": {"caller": {}}}])).await;
        names(&peer.expect_abort("wamp.error.payload_size_exceeded").await, "WELCOME");
        assert_eq!(router.core.sessions(), 0);
    });
}

// covers: RAW-20, SESS-16
#[test]
fn an_abort_longer_than_the_client_accepts_comes_without_its_message() {
    on(short_links(), Plan::default, async |router, link| {
        let mut peer = Peer::over(router.connect_accepting(link, 0).await, link);
        peer.send(json!([1, "r".repeat(470), {"roles": {"caller": {}}}])).await;
        peer.expect(json!([3, {}, "wamp.error.no_such_realm"])).await;
        peer.expect_closed().await;
    });
}

// covers: RAW-20, RPC-05
#[test]
fn an_error_longer_than_the_client_accepts_comes_without_its_explanation() {
    on(short_links(), Plan::default, async |router, link| {
        let mut peer = Peer::join_accepting(router, link, 0).await;
        let call = peer.call(&"p".repeat(500), json!([])).await;
        peer.expect(json!([8, 48, call, {}, "wamp.error.no_such_procedure"])).await;
    });
}

// covers: RAW-21
#[test]
fn a_frame_longer_than_the_router_accepts_ends_the_connection() {
    let plan = || Plan { max_message: 4096, ..Plan::default() };
    let links = Link::all().filter(|link| link.carrier != Carrier::Memory);
    on(links, plan, async |router, link| {
        let mut bystander = Bystander::join(router).await;
        let mut peer = Peer::join(router, link).await;
        let shortest = link.format.encode(&json!([16, 1, {"acknowledge": true}, TOPIC, [""]])).len();
        // Two octets more to say the length, in the binary formats.
        let filling = 4096 - shortest - 2;
        peer.publish_acknowledged(TOPIC, json!(["x".repeat(filling)])).await;
        peer.publish(TOPIC, json!(["x".repeat(4096)])).await;
        let code = peer.expect_closed().await;
        if link.carrier.is_websocket() {
            assert_eq!(code, Some(1009));
        }
        bystander.is_unharmed().await;
    });
}
