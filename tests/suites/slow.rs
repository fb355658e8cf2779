//! Clients that are challenged, and take their time or say nothing more, whatever the method and the transport.

use std::sync::Arc;
use std::time::Duration;

use crossway_core::RealmConfig;
use crossway_cryptosign::{Cryptosign, PrivateKey};
use crossway_jwt::{Algorithm, Jwt, Key, Keys, Mapping, Tokens};
use crossway_scram::Scram;
use crossway_tests::pattern::ANY;
use crossway_tests::{Carrier, Link, Peer, Plan, TestRouter, everywhere_with, on};
use crossway_ticket::Ticket;
use crossway_users::ScramDialect;
use crossway_wampcra::WampCra;
use serde_json::json;

use crate::auth_users::Changing;

/// Every method that challenges. Who is no user is challenged as others are.
const METHODS: [&str; 6] = ["ticket", "wampcra", "wamp-scram", "scram", "cryptosign", "jwt"];

fn plan() -> Plan {
    let users = Changing::with("").users();
    let secret = Key::secret(Algorithm::HS256, b"what the issuer and the router know").expect("a secret");
    let tokens = Arc::new(Tokens::new(Keys::new().key(secret), Mapping::to_role("user")));
    let realm = RealmConfig::new("realm1")
        .authenticator(Arc::new(Ticket::of(users.clone())))
        .authenticator(Arc::new(WampCra::of(users.clone())))
        .authenticator(Arc::new(Scram::of(ScramDialect::Spec, users.clone())))
        .authenticator(Arc::new(Scram::of(ScramDialect::Autobahn, users.clone())))
        .authenticator(Arc::new(Cryptosign::of(users)))
        .authenticator(Arc::new(Jwt::new(tokens)));
    let mut plan = Plan::realm(realm);
    plan.limits.handshake_timeout = Duration::from_millis(50);
    // Long-polling waits for the rest of a request besides, and for the client to come back.
    plan.longpoll = Box::new(|options| {
        (options.request_timeout, options.idle_timeout) = (Duration::from_secs(1), Duration::from_secs(1));
    });
    plan
}

async fn challenged(router: &TestRouter, link: Link, method: &str) -> Peer {
    let key = PrivateKey::generate().expect("randomness").public().to_string();
    let mut peer = Peer::connect(router, link).await;
    let details = json!({"roles": {"caller": {}}, "authmethods": [method], "authid": "ada",
        "authextra": {"nonce": "egVDf3DMJh0=", "pubkey": key}});
    peer.send(json!([1, "realm1", details])).await;
    peer.expect(json!([4, method, ANY])).await;
    peer
}

// covers: AUTH-16
#[test]
fn who_is_silent_is_given_up_by_every_method() {
    everywhere_with(plan, async |router, link| {
        let mut silent = Vec::new();
        for method in METHODS {
            silent.push(challenged(router, link, method).await);
        }
        for mut peer in silent {
            peer.expect_violation("handshake_timeout").await;
        }
        assert_eq!(router.counter("handshake_timeouts"), 6);
        assert_eq!(router.core.sessions(), 0);
    });
}

// covers: AUTH-16
#[test]
fn who_answers_an_octet_at_a_time_gains_no_time() {
    let links = || Link::all().filter(|link| link.carrier != Carrier::Memory);
    on(links(), plan, async |router, link| {
        let mut slow = challenged(router, link, "ticket").await;
        slow.begin(20_000).await;
        slow.go_on(b"[5,\"").await;
        // Only the router ends it.
        while router.counter("handshake_timeouts") == 0 {
            slow.go_on(b"x").await;
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        // The end of the transport would have to wait for the end of the message.
        slow.expect(json!([3, {"message": ANY}, "wamp.error.protocol_violation"])).await;
        assert_eq!(router.core.sessions(), 0);
    });
}
