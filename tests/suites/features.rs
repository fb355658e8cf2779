//! What is announced, and what announcements do.

use crossway_tests::peer::all_roles;
use crossway_tests::{Peer, everywhere};
use serde_json::json;

// covers: FEAT-01, FEAT-03, FEAT-04, FEAT-10, SESS-10, PS-EXCL-04, PS-BW-14, PS-ID-06, PS-PAT-12, PS-TRUST-03, PS-SHARD-03, PS-RET-11, PS-HIST-01, PS-REV-05, PPT-01, RPC-PROG-12, RPC-TMO-10, RPC-CANCEL-14, RPC-CID-09, RPC-TRUST-02, RPC-PAT-17, RPC-SHARED-12, RPC-SHARD-03, RPC-REV-06, RPC-REROUTE-09, META-SUB-01, META-REG-01, TEST-01, REFL-02
#[test]
fn the_router_announces_what_it_does_and_nothing_else() {
    everywhere(async |router, link| {
        let mut peer = Peer::connect(router, link).await;
        let welcome = peer.hello("realm1", all_roles()).await;
        let expected = json!({
            "broker": {"reflection": true, "features": {
                "subscriber_blackwhite_listing": true, "publisher_exclusion": true, "publisher_identification": true,
                "publication_trustlevels": true, "pattern_based_subscription": true, "subscription_meta_api": true,
                "session_meta_api": true, "event_history": true, "event_retention": true, "shareded_subscriptions": true,
                "sharded_subscription": true, "subscription_revocation": true, "payload_passthru_mode": true,
            }},
            "dealer": {"reflection": true, "features": {
                "progressive_call_results": true, "progressive_call_invocations": true, "call_timeout": true,
                "call_canceling": true, "caller_identification": true, "call_trustlevels": true,
                "registration_meta_api": true, "session_meta_api": true, "testament_meta_api": true,
                "pattern_based_registration": true, "shared_registration": true, "sharded_registration": true,
                "registration_revocation": true, "call_reroute": true, "payload_passthru_mode": true,
            }},
        });
        assert_eq!(welcome[2]["roles"], expected);
    });
}

// covers: FEAT-02, FEAT-05, FEAT-06, FEAT-07, FEAT-08, SESS-08
#[test]
fn every_feature_of_the_specification_and_unknown_ones_are_accepted() {
    everywhere(async |router, link| {
        let names = |names: &[&str]| -> serde_json::Value {
            let features: serde_json::Map<_, _> =
                names.iter().map(|name| ((*name).to_owned(), json!(true))).collect();
            json!({"features": features})
        };
        let roles = json!({"roles": {
            "subscriber": names(&["publisher_identification", "publication_trustlevels", "pattern_based_subscription",
                "sharded", "subscription_revocation", "payload_passthru_mode", "of_tomorrow"]),
            "publisher": names(&["publisher_exclusion", "publisher_identification", "subscriber_blackwhite_listing",
                "sharded", "payload_passthru_mode", "of_tomorrow"]),
            "caller": names(&["progressive_call_results", "progressive_call_invocations", "call_timeout",
                "call_canceling", "caller_identification", "sharded_registration", "payload_passthru_mode"]),
            "callee": names(&["progressive_call_results", "progressive_call_invocations", "call_timeout",
                "call_canceling", "caller_identification", "call_trustlevels", "pattern_based_registration",
                "shared_registration", "sharded_registration", "registration_revocation", "call_reroute",
                "payload_passthru_mode"]),
        }});
        Peer::join_as(router, link, "realm1", roles).await;
    });
}

// covers: FEAT-09, FEAT-01
#[test]
fn canceling_may_be_spelt_with_one_l_or_two() {
    everywhere(async |router, link| {
        let cases = [
            (json!({"call_canceling": true}), true),
            (json!({"call_cancelling": true}), true),
            (json!({"call_canceling": false}), false),
            (json!({"call_canceling": 1}), false),
            (json!({}), false),
        ];
        for (features, interrupted) in cases {
            let details = json!({"roles": {"caller": {}, "callee": {"features": features}}});
            let mut peer = Peer::join_as(router, link, "realm1", details).await;
            let registration = peer.register("com.myapp.procedure").await;
            let call = peer.call("com.myapp.procedure", json!([1])).await;
            let invocation = peer.expect_invocation(registration, json!([1])).await;
            peer.send(json!([49, call, {"mode": "kill"}])).await;
            if interrupted {
                peer.expect(json!([69, invocation, {"mode": "kill"}])).await;
            } else {
                peer.expect_error(48, call, "wamp.error.canceled").await;
            }
            let request = peer.request();
            peer.send(json!([66, request, registration])).await;
            peer.expect(json!([67, request])).await;
        }
    });
}

// covers: FEAT-07, SESS-28
#[test]
fn a_caller_need_not_announce_canceling_to_cancel() {
    everywhere(async |router, link| {
        let mut caller = Peer::join_as(router, link, "realm1", json!({"roles": {"caller": {}}})).await;
        let mut callee = Peer::join(router, link).await;
        let registration = callee.register("com.myapp.procedure").await;
        let call = caller.call("com.myapp.procedure", json!([1])).await;
        let invocation = callee.expect_invocation(registration, json!([1])).await;
        caller.send(json!([49, call, {"mode": "killnowait"}])).await;
        caller.expect_error(48, call, "wamp.error.canceled").await;
        callee.expect(json!([69, invocation, {"mode": "killnowait"}])).await;
    });
}
