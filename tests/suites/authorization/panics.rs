//! Authorizers that panic, which harms nobody but whoever asked.

use crossway_core::authorization::{Answer, Authorizer, Decision, Grant, Request};
use crossway_tests::everywhere_with;
use crossway_tests::pattern::ANY;
use serde_json::json;

use super::plan;
use crate::meta_sessions::{ask, refused};
use crate::users::log_in;

const ADD: &str = "wamp.session.add_testament";
const FAILED: &str = "wamp.error.authorization_failed";

/// Panics about everything below `panic.`, at once or later.
struct Clumsy;

impl Authorizer for Clumsy {
    fn authorize(&self, request: &Request<'_>) -> Answer {
        match request.uri {
            "panic.now" => panic!("on purpose"),
            "panic.later" => Answer::later(async { panic!("on purpose") }),
            _ => Decision::granted(Grant::default().on_purpose()).into(),
        }
    }
}

// covers: AUTHZ-04
#[test]
fn an_authorizer_that_panics_has_failed_and_the_session_goes_on() {
    everywhere_with(
        || plan(Clumsy),
        async |router, link| {
            let mut alice = log_in(router, link, "alice").await;
            for uri in ["panic.now", "panic.later"] {
                let mut kinds = vec![(48, json!([uri])), (32, json!([uri])), (64, json!([uri]))];
                kinds.push((16, json!([uri, ["lost"]])));
                for (kind, rest) in kinds {
                    let request = alice.request();
                    let mut message = vec![json!(kind), json!(request), json!({"acknowledge": true})];
                    if kind != 16 {
                        message[2] = json!({});
                    }
                    message.extend(rest.as_array().into_iter().flatten().cloned());
                    alice.send(json!(message)).await;
                    alice.expect_error(kind, request, FAILED).await;
                }
            }
            assert_eq!(router.counter("authorizations_failed"), 8);
            let request = alice.request();
            alice.send(json!([16, request, {"acknowledge": true}, "com.topic"])).await;
            alice.expect(json!([17, request, ANY])).await;
        },
    );
}

#[test]
fn an_authorizer_that_panics_about_a_testament_has_failed_and_the_realm_goes_on() {
    everywhere_with(
        || plan(Clumsy),
        async |router, link| {
            let mut alice = log_in(router, link, "alice").await;
            for topic in ["panic.now", "panic.later"] {
                assert_eq!(refused(&mut alice, ADD, json!([topic, [], {}]), json!({})).await, FAILED);
                ask(&mut alice, ADD, json!(["com.words", [], {}])).await;
                assert_eq!(ask(&mut alice, "wamp.session.count", json!([])).await, json!([1]));
            }
        },
    );
}
