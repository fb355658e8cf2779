//! Payload passthru mode: payloads that are wrapped, and whose wrapping the router passes on without a look.

use crossway_tests::pattern::ID;
use crossway_tests::{Carrier, Format, Link, Peer, Plan, TestRouter, between, binary, everywhere, on_memory};
use serde_json::{Value, json};

const TOPIC: &str = "com.myapp.topic";
const PROCEDURE: &str = "com.myapp.procedure";

/// Everything that can be said of a payload.
fn ppt() -> Value {
    json!({"ppt_scheme": "x_mine", "ppt_serializer": "cbor", "ppt_cipher": "aes256gcm", "ppt_keyid": "key 1"})
}

/// Those, and more.
fn ppt_and(more: Value) -> Value {
    let mut options = ppt();
    options.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    options
}

/// Octets that are no text in any encoding.
fn wrapped() -> Value {
    json!([binary(b"\x00\xFF\xFE wrapped \x80")])
}

/// A client of all roles that announces nothing.
async fn plain(router: &TestRouter, link: Link) -> Peer {
    let roles = json!({"publisher": {}, "subscriber": {}, "caller": {}, "callee": {}});
    Peer::join_as(router, link, "realm1", json!({"roles": roles})).await
}

// covers: PPT-02, PPT-03, PPT-13, PPT-14, PPT-16, PPT-17, BJSON-01
#[test]
fn events_say_what_their_publications_say_of_the_payload() {
    between(async |router, one, other| {
        let mut alice = Peer::join(router, one).await;
        let mut bob = Peer::join(router, other).await;
        let subscription = bob.subscribe(TOPIC).await;
        for ppt in [ppt(), json!({"ppt_scheme": "x_short"})] {
            alice.publish_with(TOPIC, ppt.clone(), wrapped()).await;
            bob.expect(json!([36, subscription, ID, ppt, wrapped()])).await;
        }
        alice.publish(TOPIC, wrapped()).await;
        bob.expect(json!([36, subscription, ID, {}, wrapped()])).await;
    });
}

// covers: PPT-16, PPT-17
#[test]
fn a_wrapped_payload_is_binary_data_or_base64_behind_a_zero() {
    on_memory(Plan::default(), async |router| {
        let mut alice = Peer::join(router, Carrier::Memory.with(Format::Cbor)).await;
        for (format, spelling) in [
            (Format::Json, &br#""\u0000AP8=""#[..]),
            (Format::MsgPack, b"\xC4\x02\x00\xFF"),
            (Format::Cbor, b"\x42\x00\xFF"),
        ] {
            let mut bob = Peer::join(router, Carrier::Memory.with(format)).await;
            bob.subscribe(TOPIC).await;
            alice.publish_with(TOPIC, json!({"ppt_scheme": "x_mine"}), json!([binary(b"\x00\xFF")])).await;
            let event = bob.receive_raw().await;
            assert!(event.windows(spelling.len()).any(|octets| octets == spelling), "{format:?}: {event:?}");
        }
    });
}

// covers: PPT-15, PPT-18, PPT-19, PPT-20
#[test]
fn nobody_judges_what_is_said_of_a_payload_or_what_it_is() {
    everywhere(async |router, link| {
        let mut alice = Peer::join(router, link).await;
        let mut bob = Peer::join(router, link).await;
        let subscription = bob.subscribe(TOPIC).await;
        let mut spoken = vec![
            json!({"ppt_scheme": "wamp"}),
            json!({"ppt_scheme": "mqtt"}),
            json!({"ppt_scheme": "of nobody", "ppt_cipher": ""}),
        ];
        for serializer in ["native", "json", "msgpack", "cbor", "flatbuffers", "of tomorrow"] {
            for cipher in ["xsalsa20poly1305", "aes256gcm", "of tomorrow"] {
                let scheme = if serializer == "native" { "mqtt" } else { "wamp" };
                spoken
                    .push(json!({"ppt_scheme": scheme, "ppt_serializer": serializer, "ppt_cipher": cipher}));
            }
        }
        for ppt in spoken {
            alice.publish_with(TOPIC, ppt.clone(), wrapped()).await;
            bob.expect(json!([36, subscription, ID, ppt, wrapped()])).await;
        }
        let request = alice.request();
        alice.send(json!([16, request, ppt(), TOPIC, [1, "two"], {"three": 3}])).await;
        bob.expect(json!([36, subscription, ID, ppt(), [1, "two"], {"three": 3}])).await;
    });
}

// covers: PPT-02, PPT-03
#[test]
fn without_a_scheme_there_is_nothing_to_pass_on() {
    everywhere(async |router, link| {
        let mut alice = plain(router, link).await;
        let mut bob = Peer::join(router, link).await;
        let subscription = bob.subscribe(TOPIC).await;
        for options in [json!({"ppt_scheme": ""}), json!({"ppt_serializer": "cbor", "ppt_cipher": "x"})] {
            alice.publish_with(TOPIC, options, wrapped()).await;
            bob.expect(json!([36, subscription, ID, {}, wrapped()])).await;
        }
    });
}

// covers: PPT-09
#[test]
fn subscribers_that_do_not_know_the_mode_get_the_events_all_the_same() {
    everywhere(async |router, link| {
        let mut alice = Peer::join(router, link).await;
        let mut bob = plain(router, link).await;
        let subscription = bob.subscribe(TOPIC).await;
        let request = alice.request();
        alice.send(json!([16, request, ppt_and(json!({"acknowledge": true})), TOPIC, wrapped()])).await;
        alice.expect(json!([17, request, ID])).await;
        bob.expect(json!([36, subscription, ID, ppt(), wrapped()])).await;
    });
}

// covers: PPT-13, PS-RET-13, PS-PAT-06, ORD-01
#[test]
fn wrapped_events_go_every_way_that_others_go_and_in_order() {
    everywhere(async |router, link| {
        let mut alice = Peer::join(router, link).await;
        let mut bob = Peer::join(router, link).await;
        let exact = bob.subscribe(TOPIC).await;
        let prefix = bob.subscribe_with("com.", json!({"match": "prefix"})).await;
        let options = ppt_and(json!({"retain": true, "eligible": [bob.session()]}));
        let messages = [
            json!([16, 1, {}, TOPIC, ["before"]]),
            json!([16, 2, options, TOPIC, wrapped()]),
            json!([16, 3, {}, TOPIC, ["after"]]),
        ];
        for message in messages {
            alice.send(message).await;
        }
        for (details, args) in
            [(json!({}), json!(["before"])), (ppt(), wrapped()), (json!({}), json!(["after"]))]
        {
            let mut topical = details.clone();
            topical["topic"] = json!(TOPIC);
            bob.expect(json!([36, exact, ID, details, args])).await;
            bob.expect(json!([36, prefix, ID, topical, args])).await;
        }
        assert_eq!(bob.subscribe_with(TOPIC, json!({"get_retained": true})).await, exact);
        bob.expect(json!([36, exact, ID, ppt_and(json!({"retained": true})), wrapped()])).await;
    });
}

// covers: PPT-02, PPT-03, PPT-13, PPT-14, PPT-16, PPT-17
#[test]
fn calls_results_and_errors_say_what_was_said_of_their_payloads() {
    between(async |router, one, other| {
        let mut caller = Peer::join(router, one).await;
        let mut callee = Peer::join(router, other).await;
        let registration = callee.register(PROCEDURE).await;
        let answer = json!({"ppt_scheme": "wamp", "ppt_serializer": "cbor"});
        let call = caller.call_with(PROCEDURE, ppt(), wrapped()).await;
        let invocation = callee.expect(json!([68, ID, registration, ppt(), wrapped()])).await;
        callee.send(json!([70, invocation[1], answer, wrapped()])).await;
        caller.expect(json!([50, call, answer, wrapped()])).await;
        let call = caller.call_with(PROCEDURE, ppt(), wrapped()).await;
        let invocation = callee.expect(json!([68, ID, registration, ppt(), wrapped()])).await;
        callee.send(json!([8, 68, invocation[1], answer, "com.myapp.error", wrapped()])).await;
        caller.expect(json!([8, 48, call, answer, "com.myapp.error", wrapped()])).await;
    });
}

// covers: PPT-06
#[test]
fn a_callee_that_does_not_know_the_mode_is_not_asked() {
    everywhere(async |router, link| {
        let mut caller = Peer::join(router, link).await;
        let mut callee = plain(router, link).await;
        callee.register(PROCEDURE).await;
        let call = caller.call_with(PROCEDURE, ppt(), wrapped()).await;
        caller.expect_error(48, call, "wamp.error.feature_not_supported").await;
        callee.expect_silence().await;
    });
}

// covers: PPT-12
#[test]
fn a_caller_that_does_not_know_the_mode_gets_an_error_for_a_wrapped_answer() {
    everywhere(async |router, link| {
        let mut caller = plain(router, link).await;
        let mut callee = Peer::join(router, link).await;
        let registration = callee.register(PROCEDURE).await;
        let answers =
            [json!([70, 0, ppt(), wrapped()]), json!([8, 68, 0, ppt(), "com.myapp.error", wrapped()])];
        for mut answer in answers {
            let call = caller.call(PROCEDURE, json!([1])).await;
            let invocation = callee.expect_invocation(registration, json!([1])).await;
            let at = if answer[0] == 70 { 1 } else { 2 };
            answer[at] = json!(invocation);
            callee.send(answer).await;
            caller.expect_error(48, call, "wamp.error.feature_not_supported").await;
        }
        callee.expect_silence().await;
    });
}

// covers: PPT-21, PPT-13
#[test]
fn a_progressive_call_keeps_what_was_said_first_and_each_result_says_its_own() {
    everywhere(async |router, link| {
        let mut caller = Peer::join(router, link).await;
        let mut callee = Peer::join(router, link).await;
        let registration = callee.register(PROCEDURE).await;
        let options = ppt_and(json!({"progress": true, "receive_progress": true}));
        let call = caller.call_with(PROCEDURE, options.clone(), wrapped()).await;
        let invocation = callee.expect(json!([68, ID, registration, options, wrapped()])).await;
        caller.send(json!([48, call, {"ppt_scheme": "x_late"}, PROCEDURE, wrapped()])).await;
        let last = ppt_and(json!({"receive_progress": true}));
        callee.expect(json!([68, invocation[1], registration, last, wrapped()])).await;
        let progress = ppt_and(json!({"progress": true}));
        callee.send(json!([70, invocation[1], progress, wrapped()])).await;
        caller.expect(json!([50, call, progress, wrapped()])).await;
        callee.send(json!([70, invocation[1], {"ppt_scheme": "x_last"}, wrapped()])).await;
        caller.expect(json!([50, call, {"ppt_scheme": "x_last"}, wrapped()])).await;
    });
}
