//! What comes before what.

use crossway_tests::pattern::{ANY, ID};
use crossway_tests::peer::id;
use crossway_tests::{Carrier, Format, Peer, Plan, between, everywhere, on_threads};
use serde_json::{Value, json};

// covers: ORD-01
#[test]
fn events_of_one_publisher_come_in_the_order_of_publishing_across_topics() {
    between(async |router, one, other| {
        let mut publisher = Peer::join(router, one).await;
        let mut subscriber = Peer::join(router, other).await;
        let topics = ["com.myapp.a", "com.myapp.b", "com.myapp.c"];
        let mut subscriptions = Vec::new();
        for topic in topics {
            subscriptions.push(subscriber.subscribe(topic).await);
        }
        for number in 0..60 {
            publisher.publish(topics[number % 3], json!([number])).await;
        }
        for number in 0..60 {
            subscriber.expect_event(subscriptions[number % 3], json!([number])).await;
        }
    });
}

// covers: ORD-04
#[test]
fn invocations_of_one_caller_come_in_the_order_of_calling_across_procedures() {
    between(async |router, one, other| {
        let mut caller = Peer::join(router, one).await;
        let mut callee = Peer::join(router, other).await;
        let procedures = ["com.myapp.a", "com.myapp.b", "com.myapp.c"];
        let mut registrations = Vec::new();
        for procedure in procedures {
            registrations.push(callee.register(procedure).await);
        }
        for number in 0..60 {
            caller.call(procedures[number % 3], json!([number])).await;
        }
        for number in 0..60 {
            callee.expect_invocation(registrations[number % 3], json!([number])).await;
        }
    });
}

// covers: ORD-01, ORD-04
#[test]
fn answers_events_and_invocations_of_one_session_keep_their_order() {
    everywhere(async |router, link| {
        let mut peer = Peer::join(router, link).await;
        let subscription = peer.subscribe("com.myapp.topic").await;
        let registration = peer.register("com.myapp.procedure").await;
        for number in 0..20 {
            let request = peer.request();
            let options = json!({"acknowledge": true, "exclude_me": false});
            peer.send(json!([16, request, options, "com.myapp.topic", [number]])).await;
            peer.call("com.myapp.procedure", json!([number])).await;
        }
        for number in 0..20 {
            peer.expect_event(subscription, json!([number])).await;
            peer.expect(json!([17, ID, ID])).await;
            peer.expect_invocation(registration, json!([number])).await;
        }
    });
}

// covers: ORD-02, PS-07
#[test]
fn subscribed_comes_before_the_first_event_and_no_event_after_unsubscribed() {
    on_threads(Plan::default(), async |router| {
        let mut publisher = Peer::join(router, Carrier::Tcp.with(Format::MsgPack)).await;
        let mut subscriber = Peer::join(router, Carrier::Ws.with(Format::MsgPack)).await;
        let flood = async {
            for number in 0..5_000 {
                publisher.publish("com.myapp.topic", json!([number])).await;
            }
            publisher.expect_silence().await;
        };
        let come_and_go = async {
            let mut events = 0;
            for _ in 0..100 {
                let request = subscriber.request();
                subscriber.send(json!([32, request, {}, "com.myapp.topic"])).await;
                let subscribed = subscriber.expect(json!([33, request, ID])).await;
                let request = subscriber.request();
                subscriber.send(json!([34, request, subscribed[2]])).await;
                loop {
                    let message = subscriber.receive().await;
                    if message[0] == 35 {
                        break;
                    }
                    assert_eq!((&message[0], &message[1]), (&json!(36), &subscribed[2]));
                    events += 1;
                }
            }
            events
        };
        let ((), _events) = tokio::join!(flood, come_and_go);
    });
}

// covers: ORD-06
#[test]
fn registered_comes_before_the_first_invocation_and_none_after_unregistered() {
    on_threads(Plan::default(), async |router| {
        let mut caller = Peer::join(router, Carrier::Tcp.with(Format::Cbor)).await;
        let mut callee = Peer::join(router, Carrier::Ws.with(Format::Cbor)).await;
        const CALLS: usize = 3_000;
        let come_and_go = async {
            for _ in 0..100 {
                let request = callee.request();
                callee.send(json!([64, request, {}, "com.myapp.procedure"])).await;
                let registered = callee.expect(json!([65, request, ID])).await;
                let request = callee.request();
                callee.send(json!([66, request, registered[2]])).await;
                loop {
                    let message = callee.receive().await;
                    if message[0] == 67 {
                        break;
                    }
                    assert_eq!((&message[0], &message[2]), (&json!(68), &registered[2]));
                    callee.send(json!([70, message[1], {}])).await;
                }
            }
        };
        let calls = async {
            for _ in 0..CALLS / 100 {
                let mut open = Vec::new();
                for _ in 0..100 {
                    open.push(caller.call("com.myapp.procedure", json!([])).await);
                }
                while !open.is_empty() {
                    let answer = caller.receive().await;
                    let at = if answer[0] == 50 { 1 } else { 2 };
                    let call = id(&answer, at);
                    let place =
                        open.iter().position(|known| *known == call).expect("one answer to each call");
                    open.swap_remove(place);
                }
            }
        };
        tokio::join!(calls, come_and_go);
    });
}

// covers: ORD-01, ORD-09, PS-14
#[test]
fn many_publishers_at_once_keep_their_own_order() {
    on_threads(Plan::default(), async |router| {
        const EVENTS: u64 = 300;
        let links = [Carrier::Tcp, Carrier::Ws, Carrier::Unix, Carrier::Memory].map(|c| c.with(Format::Json));
        let mut subscriber = Peer::join(router, Carrier::Tcp.with(Format::Json)).await;
        let subscription = subscriber.subscribe("com.myapp.topic").await;
        let mut publishers = Vec::new();
        for link in links {
            publishers.push(Peer::join(router, link).await);
        }
        let publishing = publishers.iter_mut().enumerate().map(async |(who, publisher)| {
            for number in 0..EVENTS {
                publisher.publish("com.myapp.topic", json!([who, number])).await;
            }
            publisher.expect_silence().await;
        });
        let receiving = async {
            let mut next = vec![0; links.len()];
            for _ in 0..EVENTS * links.len() as u64 {
                let event = subscriber.expect(json!([36, subscription, ID, {}, [ANY, ANY]])).await;
                let (who, number) = (id(&event[4], 0), id(&event[4], 1));
                assert_eq!(std::mem::replace(&mut next[who as usize], number + 1), number);
            }
        };
        tokio::join!(futures_util::future::join_all(publishing), receiving);
        subscriber.expect_silence().await;
    });
}

/// What is published in a row is delivered together; what is different, or comes between, must not change the order, and
/// long events, which are delivered by another way, must not either.
// covers: ORD-01
#[test]
fn publications_in_a_row_keep_their_order_whatever_comes_between() {
    between(async |router, from, to| {
        let mut publisher = Peer::join(router, from).await;
        let mut subscriber = Peer::join(router, to).await;
        let mut other = Peer::join(router, to).await;
        let topics = ["com.myapp.one", "com.myapp.two"];
        let one = subscriber.subscribe(topics[0]).await;
        let two = subscriber.subscribe(topics[1]).await;
        assert_eq!(other.subscribe(topics[0]).await, one);
        let own = publisher.subscribe(topics[0]).await;
        let long = "x".repeat(40_000);
        let says = [
            (0, json!({}), json!([1])),
            (0, json!({}), json!([2])),
            (0, json!({"exclude_me": false}), json!([3])),
            (1, json!({}), json!([4])),
            (0, json!({"exclude": [other.session()]}), json!([5])),
            (0, json!({}), json!([6, long])),
            (0, json!({}), json!([7])),
            (1, json!({}), json!([8])),
            (1, json!({}), json!([9, long])),
        ];
        for (topic, options, args) in &says {
            publisher.publish_with(topics[*topic], options.clone(), args.clone()).await;
        }
        let request = publisher.request();
        publisher.send(json!([34, request, own])).await;
        publisher.publish(topics[0], json!([10])).await;

        for (topic, _, args) in says {
            subscriber.expect_event([one, two][topic], args).await;
        }
        subscriber.expect_event(one, json!([10])).await;
        for args in [json!([1]), json!([2]), json!([3]), json!([6, long]), json!([7]), json!([10])] {
            other.expect_event(one, args).await;
        }
        publisher.expect_event(own, json!([3])).await;
        publisher.expect(json!([35, request])).await;
        publisher.expect_silence().await;
    });
}

// covers: ORD-03, ORD-07
#[test]
fn requests_sent_at_once_are_all_answered() {
    everywhere(async |router, link| {
        let mut peer = Peer::join(router, link).await;
        for number in 1..=50 {
            let (kind, name) = [(32, "topic"), (64, "procedure")][number % 2];
            peer.send(json!([kind, number, {}, format!("com.myapp.{name}{number}")])).await;
        }
        let mut answered: Vec<Value> = Vec::new();
        for _ in 1..=50 {
            let answer = peer.receive().await;
            assert!(answer[0] == 33 || answer[0] == 65);
            answered.push(answer[1].clone());
        }
        answered.sort_by_key(Value::as_u64);
        answered.dedup();
        assert_eq!(answered.len(), 50);
    });
}
