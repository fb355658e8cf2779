//! The shape of messages, and what happens to those that have another.

use crossway_tests::pattern::{ANY, ID};
use crossway_tests::{Format, Link, Peer, Plan, binary, everywhere, on_memory};
use serde_json::{Value, json};

/// Sends one message in a fresh session, which has to end with a violation about something.
async fn violates(router: &crossway_tests::TestRouter, link: Link, message: Value, about: &str) {
    let mut peer = Peer::join(router, link).await;
    peer.send(message).await;
    peer.expect_violation(about).await;
}

// covers: MSG-01, MSG-02, MSG-16, MSG-18
#[test]
fn what_is_no_list_with_a_known_type_is_a_violation() {
    everywhere(async |router, link| {
        let cases = [
            (json!({}), "list"),
            (json!("HELLO"), "list"),
            (json!(null), "list"),
            (json!(1), "list"),
            (json!([]), "type"),
            (json!(["1", "realm1", {}]), "type"),
            (json!([1.0, "realm1", {}]), "type"),
            (json!([-1, "realm1", {}]), "type"),
            (json!([null]), "type"),
            (json!([true, 1]), "type"),
            (json!([0]), "unknown message type 0"),
            (json!([7, 1, {}]), "unknown message type 7"),
            (json!([999, 1, {}]), "unknown message type 999"),
            (json!([u64::MAX, 1, {}]), "unknown message type"),
        ];
        for (message, about) in cases {
            violates(router, link, message, about).await;
        }
    });
}

// covers: MSG-15
#[test]
fn extension_messages_are_unknown() {
    everywhere(async |router, link| {
        violates(router, link, json!([256, 1]), "unknown message type 256").await;
        violates(router, link, json!([1023]), "unknown message type 1023").await;
    });
}

/// One valid message of every type that clients may send in a session, without its optional elements.
fn shortest() -> Vec<Value> {
    vec![
        json!([16, 1, {}, "com.myapp.topic"]),
        json!([32, 1, {}, "com.myapp.topic"]),
        json!([34, 1, 1]),
        json!([48, 1, {}, "com.myapp.procedure"]),
        json!([49, 1, {}]),
        json!([64, 1, {}, "com.myapp.procedure"]),
        json!([66, 1, 1]),
        json!([70, 1, {}]),
        json!([8, 68, 1, {}, "com.myapp.error"]),
        json!([6, {}, "wamp.close.close_realm"]),
        json!([3, {}, "com.myapp.reason"]),
    ]
}

// covers: MSG-03
#[test]
fn too_few_elements_are_a_violation() {
    everywhere(async |router, link| {
        for message in shortest() {
            let mut elements = message.as_array().expect("a list").clone();
            elements.pop();
            violates(router, link, Value::Array(elements), "ends before").await;
        }
    });
}

// covers: MSG-03
#[test]
fn too_many_elements_are_a_violation() {
    on_memory(Plan::default(), async |router| {
        for message in shortest() {
            let mut elements = message.as_array().expect("a list").clone();
            let takes_payload = [3, 8, 16, 48, 70].map(Value::from).contains(&elements[0]);
            if takes_payload {
                elements.extend([json!([]), json!({})]);
            }
            elements.push(json!({}));
            for format in Format::ALL {
                let link = Link { format, ..Link::DEFAULT };
                violates(router, link, Value::Array(elements.clone()), "").await;
            }
        }
    });
}

// covers: MSG-03, MSG-08, SER-07
#[test]
fn elements_of_a_wrong_type_are_a_violation() {
    on_memory(Plan::default(), async |router| {
        let wrong =
            [json!(null), json!(true), json!(1.5), json!(-1), json!([]), json!({}), json!("x"), json!(7)];
        let kind = |value: &Value| match value {
            Value::Number(number) if number.is_u64() => "id",
            Value::String(_) => "text",
            Value::Object(_) => "dict",
            _ => "other",
        };
        let mut peers = 0;
        for message in shortest() {
            for at in 1..message.as_array().expect("a list").len() {
                for replacement in wrong.iter().filter(|value| kind(value) != kind(&message[at])) {
                    let mut broken = message.clone();
                    broken[at] = replacement.clone();
                    let format = Format::ALL[peers % 3];
                    violates(router, Link { format, ..Link::DEFAULT }, broken, "").await;
                    peers += 1;
                }
            }
        }
        assert_eq!(router.counter("protocol_violations"), peers as u64);
    });
}

// covers: MSG-04, MSG-05
#[test]
fn arguments_are_a_list_and_a_dictionary() {
    everywhere(async |router, link| {
        for start in [json!([16, 1, {}, "com.myapp.topic"]), json!([48, 1, {}, "com.myapp.procedure"])] {
            for payload in
                [vec![json!({"a": 1})], vec![json!("x")], vec![json!([]), json!([])], vec![json!(null)]]
            {
                let elements = start.as_array().expect("a list").iter().cloned().chain(payload).collect();
                violates(router, link, elements, "Arguments").await;
            }
        }
    });
}

// covers: MSG-06
#[test]
fn booleans_have_to_be_booleans() {
    everywhere(async |router, link| {
        for wrong in [json!(0), json!(1), json!("true"), json!(null)] {
            violates(router, link, json!([16, 1, {"acknowledge": wrong}, "com.a"]), "acknowledge").await;
            violates(router, link, json!([16, 1, {"exclude_me": wrong}, "com.a"]), "exclude_me").await;
            violates(router, link, json!([48, 1, {"disclose_me": wrong}, "com.a"]), "disclose_me").await;
            violates(router, link, json!([64, 1, {"disclose_caller": wrong}, "com.a"]), "disclose_caller")
                .await;
        }
    });
}

// covers: MSG-12, PS-BW-12, RPC-CANCEL-10
#[test]
fn known_options_of_a_wrong_type_or_value_are_a_violation() {
    everywhere(async |router, link| {
        let cases = [
            (json!([16, 1, {"exclude": ["hello"]}, "com.a"]), "exclude"),
            (json!([16, 1, {"exclude": 7}, "com.a"]), "exclude"),
            (json!([16, 1, {"exclude": [0]}, "com.a"]), "exclude"),
            (json!([16, 1, {"exclude_authid": [1]}, "com.a"]), "exclude_authid"),
            (json!([16, 1, {"exclude_authrole": "x"}, "com.a"]), "exclude_authrole"),
            (json!([16, 1, {"eligible": [1.0]}, "com.a"]), "eligible"),
            (json!([16, 1, {"eligible_authid": [null]}, "com.a"]), "eligible_authid"),
            (json!([16, 1, {"eligible_authrole": {}}, "com.a"]), "eligible_authrole"),
            (json!([32, 1, {"match": "invalid"}, "com.a"]), "match"),
            (json!([32, 1, {"match": 1}, "com.a"]), "match"),
            (json!([64, 1, {"invoke": "all"}, "com.a"]), "invoke"),
            (json!([48, 1, {"timeout": -1}, "com.a"]), "timeout"),
            (json!([48, 1, {"timeout": "1 s"}, "com.a"]), "timeout"),
            (json!([49, 1, {"mode": "gently"}]), "mode"),
            (json!([70, 1, {"progress": 1}]), "progress"),
        ];
        for (message, about) in cases {
            violates(router, link, message, about).await;
        }
    });
}

// covers: MSG-11, MSG-10, MSG-09
#[test]
fn unknown_options_are_ignored() {
    everywhere(async |router, link| {
        let mut peer = Peer::join(router, link).await;
        let unknown = json!({"x": 1, "_my_option": null, "UPPER": [1.5, {"a": []}], "": "empty"});
        peer.send(json!([32, 1, unknown, "com.myapp.topic"])).await;
        let subscribed = peer.expect(json!([33, 1, ID])).await;
        let mut options = unknown.clone();
        options["acknowledge"] = json!(true);
        options["exclude_me"] = json!(false);
        peer.send(json!([16, 2, options, "com.myapp.topic", [1]])).await;
        peer.expect(json!([36, subscribed[2], ID, {}, [1]])).await;
        peer.expect(json!([17, 2, ID])).await;
        peer.send(json!([64, 3, unknown, "com.myapp.procedure"])).await;
        let registered = peer.expect(json!([65, 3, ID])).await;
        peer.send(json!([48, 4, unknown, "com.myapp.procedure"])).await;
        peer.expect(json!([68, 1, registered[2], {}])).await;
        peer.send(json!([70, 1, unknown])).await;
        peer.expect(json!([50, 4, {}])).await;
    });
}

// covers: MSG-13, MSG-14, PS-18
#[test]
fn empty_arguments_are_not_sent_on_unless_keyword_arguments_follow() {
    everywhere(async |router, link| {
        let mut peer = Peer::join(router, link).await;
        let subscription = peer.subscribe("com.myapp.topic").await;
        let cases = [
            (vec![], vec![]),
            (vec![json!([])], vec![]),
            (vec![json!([]), json!({})], vec![]),
            (vec![json!([1]), json!({})], vec![json!([1])]),
            (vec![json!([]), json!({"a": 1})], vec![json!([]), json!({"a": 1})]),
            (vec![json!([1]), json!({"a": 1})], vec![json!([1]), json!({"a": 1})]),
        ];
        for (sent, received) in cases {
            let request = peer.request();
            let head = [json!(16), json!(request), json!({"exclude_me": false}), json!("com.myapp.topic")];
            peer.send(head.into_iter().chain(sent).collect()).await;
            let head = [json!(36), json!(subscription), json!(ID), json!({})];
            peer.expect(head.into_iter().chain(received).collect()).await;
        }
    });
}

// covers: MSG-17, MSG-18, SESS-18
#[test]
fn after_a_violation_nothing_is_left_and_nothing_more_is_heard() {
    everywhere(async |router, link| {
        let mut alice = Peer::join(router, link).await;
        alice.subscribe("com.myapp.topic").await;
        alice.register("com.myapp.procedure").await;
        alice.send(json!([36, 1, 1, {}])).await;
        alice.send(json!([64, 3, {}, "com.myapp.late"])).await;
        alice.expect_violation("EVENT").await;
        let mut bob = Peer::join(router, link).await;
        for procedure in ["com.myapp.procedure", "com.myapp.late"] {
            let call = bob.call(procedure, json!([])).await;
            bob.expect_error(48, call, "wamp.error.no_such_procedure").await;
        }
        bob.publish_acknowledged("com.myapp.topic", json!([1])).await;
        assert_eq!(router.counter("protocol_violations"), 1);
    });
}

/// One valid message of every type that only routers send.
fn of_the_router() -> Vec<(Value, &'static str)> {
    vec![
        (json!([2, 1, {}]), "WELCOME"),
        (json!([4, "ticket", {}]), "CHALLENGE"),
        (json!([17, 1, 1]), "PUBLISHED"),
        (json!([33, 1, 1]), "SUBSCRIBED"),
        (json!([35, 1]), "UNSUBSCRIBED"),
        (json!([36, 1, 1, {}]), "EVENT"),
        (json!([50, 1, {}]), "RESULT"),
        (json!([65, 1, 1]), "REGISTERED"),
        (json!([67, 1]), "UNREGISTERED"),
        (json!([68, 1, 1, {}]), "INVOCATION"),
        (json!([69, 1, {}]), "INTERRUPT"),
    ]
}

// covers: MSG-19, MSG-21
#[test]
fn clients_may_not_send_what_routers_say() {
    everywhere(async |router, link| {
        for (message, name) in of_the_router() {
            violates(router, link, message, name).await;
        }
    });
}

// covers: MSG-20, MSG-30, SESS-01, SESS-24
#[test]
fn before_hello_every_other_message_is_a_violation() {
    everywhere(async |router, link| {
        let early = of_the_router().into_iter().map(|(message, _)| message);
        for message in early.chain(shortest().into_iter().filter(|message| message[0] != 3)) {
            let mut peer = Peer::connect(router, link).await;
            peer.send(message).await;
            peer.expect_violation("before HELLO").await;
        }
    });
}

// covers: MSG-22
#[test]
fn clients_report_errors_of_invocations_only() {
    everywhere(async |router, link| {
        for kind in [48, 16, 32, 64, 1, 0, 69, 1000] {
            violates(router, link, json!([8, kind, 1, {}, "com.myapp.error"]), "INVOCATION").await;
        }
    });
}

// covers: MSG-23, RPC-17
#[test]
fn answers_to_invocations_that_never_were_are_a_violation() {
    everywhere(async |router, link| {
        violates(router, link, json!([70, 1, {}]), "never got").await;
        violates(router, link, json!([70, 1, {"progress": true}]), "never got").await;
        violates(router, link, json!([8, 68, 1, {}, "com.myapp.error"]), "never got").await;

        let mut callee = Peer::join(router, link).await;
        let registration = callee.register("com.myapp.procedure").await;
        let mut caller = Peer::join(router, link).await;
        let call = caller.call("com.myapp.procedure", json!([])).await;
        callee.expect(json!([68, 1, registration, {}])).await;
        // Somebody else's invocation, and one that has not been made yet.
        violates(router, link, json!([70, 1, {}, ["forged"]]), "never got").await;
        callee.send(json!([70, 2, {}])).await;
        callee.expect_violation("never got").await;
        caller.expect_error(48, call, "wamp.error.canceled").await;
    });
}

// covers: MSG-24
#[test]
fn answers_to_invocations_that_are_over_are_ignored() {
    everywhere(async |router, link| {
        let mut callee = Peer::join(router, link).await;
        let registration = callee.register("com.myapp.procedure").await;
        let call = callee.call("com.myapp.procedure", json!([])).await;
        callee.expect(json!([68, 1, registration, {}])).await;
        callee.send(json!([70, 1, {}])).await;
        callee.expect(json!([50, call, {}])).await;
        callee.send(json!([70, 1, {}])).await;
        callee.send(json!([8, 68, 1, {}, "com.myapp.error"])).await;
        callee.expect_silence().await;
    });
}

// covers: MSG-27
#[test]
fn what_cannot_be_decoded_is_a_violation() {
    everywhere(async |router, link| {
        for garbage in [&b"\xC1"[..], b"[", b"\xFF\xFF\xFF", b"[1,", b"\x9F"] {
            let mut peer = Peer::join(router, link).await;
            if link.format == Format::Json && std::str::from_utf8(garbage).is_err() {
                continue; // the transport's matter where text is checked before; see bad_input
            }
            peer.send_raw(garbage).await;
            peer.expect_violation("").await;
        }
    });
}

// covers: MSG-07
#[test]
fn the_order_of_keys_means_nothing() {
    everywhere(async |router, link| {
        let mut peer = Peer::join(router, link).await;
        let subscription = peer.subscribe("com.myapp.topic").await;
        for options in [
            json!({"exclude_me": false, "acknowledge": true}),
            json!({"acknowledge": true, "exclude_me": false}),
        ] {
            let request = peer.request();
            peer.send(json!([16, request, options, "com.myapp.topic", [1]])).await;
            peer.expect_event(subscription, json!([1])).await;
            peer.expect(json!([17, request, ID])).await;
        }
    });
}

// covers: MSG-31, MSG-32, PS-20, RPC-19
#[test]
fn a_bad_uri_is_refused_and_the_session_goes_on() {
    everywhere(async |router, link| {
        let mut peer = Peer::join(router, link).await;
        for bad in ["", "a b", "a..b", ".a", "a.", "a#b", "a\u{3000}b"] {
            for (kind, options) in
                [(32, json!({})), (64, json!({})), (48, json!({})), (16, json!({"acknowledge": true}))]
            {
                let request = peer.request();
                peer.send(json!([kind, request, options, bad])).await;
                peer.expect_error(kind, request, "wamp.error.invalid_uri").await;
            }
            peer.publish(bad, json!([])).await;
        }
        peer.expect_silence().await;
    });
}

// covers: MSG-34, ID-11
#[test]
fn errors_of_the_router_are_predefined_and_explained() {
    everywhere(async |router, link| {
        let mut peer = Peer::join(router, link).await;
        let cases = [
            (json!([34, 1, 77]), "wamp.error.no_such_subscription"),
            (json!([66, 1, 77]), "wamp.error.no_such_registration"),
            (json!([48, 1, {}, "com.myapp.nobody"]), "wamp.error.no_such_procedure"),
            (json!([64, 1, {}, "wamp.mine"]), "wamp.error.invalid_uri"),
            (json!([32, 1, {"match": "prefix"}, "com..myapp"]), "wamp.error.invalid_uri"),
            (json!([64, 1, {"concurrency": 0}, "com.myapp"]), "wamp.error.invalid_argument"),
        ];
        for (mut message, uri) in cases {
            let request = peer.request();
            message[1] = json!(request);
            peer.send(message.clone()).await;
            let error = peer.expect(json!([8, message[0], request, {}, uri, [ANY]])).await;
            assert!(error[5][0].as_str().is_some_and(|text| text.len() > 10), "{error}");
        }
    });
}

// covers: MSG-35, RPC-PINV-04, PPT-04, PPT-07, PPT-10
#[test]
fn features_that_hello_does_not_announce_may_not_be_used() {
    everywhere(async |router, link| {
        let nothing = json!({"roles": {"publisher": {}, "subscriber": {}, "caller": {}, "callee": {}}});
        let ppt = json!({"ppt_scheme": "x_mine", "ppt_serializer": "cbor"});
        let cases = [
            (json!([48, 1, {"progress": true}, "com.a"]), "CALL uses progressive_call_invocations"),
            (json!([48, 1, ppt, "com.a", [binary(b"x")]]), "CALL uses payload_passthru_mode"),
            (json!([16, 1, ppt, "com.a", [binary(b"x")]]), "PUBLISH uses payload_passthru_mode"),
            (json!([70, 1, ppt, [binary(b"x")]]), "YIELD uses payload_passthru_mode"),
            (json!([16, 1, {"ppt_scheme": 1}, "com.a"]), "ppt_scheme"),
        ];
        for (message, about) in cases {
            let mut peer = Peer::join_as(router, link, "realm1", nothing.clone()).await;
            peer.send(message).await;
            peer.expect_violation(about).await;
        }
        let mut peer = Peer::join_as(router, link, "realm1", nothing).await;
        let call = peer.call_with("com.a", json!({"progress": false, "ppt_scheme": ""}), json!([])).await;
        peer.expect_error(48, call, "wamp.error.no_such_procedure").await;
    });
}
