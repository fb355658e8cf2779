//! WAMP-CRA: who gets in with a signature.

use std::collections::BTreeSet;
use std::sync::Arc;

use aws_lc_rs::{hmac, pbkdf2};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use crossway_core::RealmConfig;
use crossway_tests::pattern::{ANY, ID, MORE};
use crossway_tests::{Link, Peer, Plan, TestRouter, everywhere_with, on_memory};
use crossway_users::{Salting, User, Users};
use crossway_wampcra::WampCra;
use serde_json::{Value, json};

use crate::auth_users::Changing;

/// joe's secret is the key, sue's is derived from hers.
fn plan() -> Plan {
    let salting = Salting { salt: "salt of sue".into(), iterations: 100, keylen: 24 };
    let key = crossway_users::WampCra::derive("secret2", &salting).expect("a good salt");
    let sue = crossway_users::WampCra::salted(salting, &key).expect("a good key");
    let users = Users::of([User::new("sue", "backend").wampcra(sue)]);
    let wampcra = WampCra::of(users).user("joe", "secret1", "frontend");
    Plan::realm(RealmConfig::new("realm1").authenticator(Arc::new(wampcra)))
}

/// Only salted users, so that strangers look like them.
fn salted() -> Plan {
    let salting = Salting::random();
    let key = crossway_users::WampCra::derive("secret2", &salting).expect("a good salt");
    let sue = crossway_users::WampCra::salted(salting, &key).expect("a good key");
    let wampcra = WampCra::of(Users::of([User::new("sue", "backend").wampcra(sue)]));
    Plan::realm(RealmConfig::new("realm1").authenticator(Arc::new(wampcra)))
}

fn hello(authid: &str) -> Value {
    json!([1, "realm1", {"roles": {"caller": {}}, "authmethods": ["wampcra"], "authid": authid}])
}

/// The extra of CHALLENGE.
async fn challenged(peer: &mut Peer, authid: &str) -> Value {
    peer.send(hello(authid)).await;
    peer.expect(json!([4, "wampcra", ANY])).await[2].take()
}

/// As a client does it: the secret, or what Autobahn's clients derive from it.
fn sign(secret: &str, extra: &Value) -> String {
    let key = match extra["salt"].as_str() {
        None => secret.to_owned(),
        Some(salt) => {
            let number =
                |key: &str| u32::try_from(extra[key].as_u64().expect("a number")).expect("a small one");
            let mut key = vec![0; number("keylen") as usize];
            let iterations = number("iterations").try_into().expect("some");
            let algorithm = pbkdf2::PBKDF2_HMAC_SHA256;
            pbkdf2::derive(algorithm, iterations, salt.as_bytes(), secret.as_bytes(), &mut key);
            STANDARD.encode(key)
        }
    };
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
    STANDARD.encode(hmac::sign(&key, extra["challenge"].as_str().expect("a text").as_bytes()))
}

// covers: AUTH-CRA-01, AUTH-CRA-02, AUTH-CRA-03, AUTH-CRA-04, AUTH-15
#[test]
fn who_signs_the_challenge_is_welcome() {
    everywhere_with(plan, async |router, link| {
        let mut joe = Peer::connect(router, link).await;
        let extra = challenged(&mut joe, "joe").await;
        assert_eq!(extra.as_object().map(|extra| extra.len()), Some(1), "nothing to derive: {extra}");
        let challenge: Value =
            serde_json::from_str(extra["challenge"].as_str().expect("a text")).expect("JSON");
        let expected = json!({"authid": "joe", "authrole": "frontend", "authmethod": "wampcra",
            "authprovider": "static", "nonce": ANY, "timestamp": ANY, "session": ID});
        assert!(crossway_tests::pattern::matches(&expected, &challenge), "{challenge}");
        let timestamp = challenge["timestamp"].as_str().expect("a text");
        assert!(
            timestamp.len() == 24 && timestamp.ends_with('Z') && &timestamp[10..11] == "T",
            "{timestamp}"
        );
        joe.send(json!([5, sign("secret1", &extra), {}])).await;
        let who = json!({"authid": "joe", "authrole": "frontend", "authmethod": "wampcra", MORE: 0});
        joe.expect(json!([2, challenge["session"], who])).await;
    });
}

// covers: AUTH-CRA-05, AUTH-CRA-06, AUTH-CRA-07
#[test]
fn the_key_may_be_derived_from_the_secret() {
    everywhere_with(plan, async |router, link| {
        let mut sue = Peer::connect(router, link).await;
        let extra = challenged(&mut sue, "sue").await;
        let derivation = json!({"challenge": ANY, "salt": "salt of sue", "iterations": 100, "keylen": 24});
        assert!(crossway_tests::pattern::matches(&derivation, &extra), "{extra}");
        sue.send(json!([5, sign("secret2", &extra), {}])).await;
        sue.expect(json!([2, ID, {"authid": "sue", "authrole": "backend", MORE: 0}])).await;
    });
}

async fn answer(
    router: &TestRouter,
    link: Link,
    authid: &str,
    signature: impl Fn(&Value) -> String,
) -> Value {
    let mut peer = Peer::connect(router, link).await;
    let extra = challenged(&mut peer, authid).await;
    peer.send(json!([5, signature(&extra), {}])).await;
    peer.expect_abort("wamp.error.authentication_denied").await
}

// covers: AUTH-CRA-10, AUTH-05, AUTH-08
#[test]
fn whatever_is_wrong_the_answer_is_the_same() {
    everywhere_with(plan, async |router, link| {
        let right = |extra: &Value| sign("secret1", extra);
        let mut answers = vec![
            answer(router, link, "joe", |extra| sign("secret2", extra)).await,
            answer(router, link, "joe", |extra| right(extra)[..40].to_owned()).await,
            answer(router, link, "joe", |extra| right(extra) + "\n").await,
            answer(router, link, "joe", |extra| right(extra).to_lowercase()).await,
            answer(router, link, "joe", |_| String::new()).await,
            answer(router, link, "joe", |extra| extra["challenge"].as_str().unwrap_or_default().to_owned())
                .await,
            answer(router, link, "sue", |extra| sign("secret1", extra)).await,
            answer(router, link, "nobody", right).await,
            answer(router, link, "", |_| String::new()).await,
        ];
        answers.dedup();
        assert_eq!(answers.len(), 1, "{answers:?}");
        assert_eq!(router.core.sessions(), 0);
    });
}

// covers: AUTH-CRA-10
#[test]
fn what_was_signed_is_what_the_router_said_and_nothing_else() {
    everywhere_with(plan, async |router, link| {
        let altered = |key: &'static str, to: Value| {
            move |extra: &Value| {
                let text = extra["challenge"].as_str().expect("a text");
                let mut challenge: Value = serde_json::from_str(text).expect("JSON");
                assert_ne!(challenge[key], to);
                challenge[key] = to.clone();
                sign("secret1", &json!({"challenge": challenge.to_string()}))
            }
        };
        for (key, to) in [
            ("nonce", json!("LHRTC9zeOIrt_9U3")),
            ("authid", json!("sue")),
            ("authrole", json!("admin")),
            ("session", json!(1)),
            ("timestamp", json!("2014-06-22T16:36:25.448Z")),
        ] {
            answer(router, link, "joe", altered(key, to)).await;
        }
        // The same words in another order, or with more space between them.
        answer(router, link, "joe", |extra| {
            let text = extra["challenge"].as_str().expect("a text");
            sign("secret1", &json!({"challenge": text.replacen(':', ": ", 1)}))
        })
        .await;
    });
}

// covers: AUTH-CRA-10
#[test]
fn who_is_no_user_any_more_signs_in_vain() {
    let file = Changing::with("");
    let realm = RealmConfig::new("realm1").authenticator(Arc::new(WampCra::of(file.users())));
    on_memory(Plan::realm(realm), async |router| {
        for (authid, secret) in [("ada", "analytical engine"), ("bert", "difference engine")] {
            let mut peer = Peer::connect(router, Link::DEFAULT).await;
            let extra = challenged(&mut peer, authid).await;
            peer.send(json!([5, sign(secret, &extra), {}])).await;
            peer.welcomed().await;
            // While the user signs, and before.
            let mut peer = Peer::connect(router, Link::DEFAULT).await;
            let extra = challenged(&mut peer, authid).await;
            file.revoke(authid);
            peer.send(json!([5, sign(secret, &extra), {}])).await;
            peer.expect_abort("wamp.error.authentication_denied").await;
            answer(router, Link::DEFAULT, authid, |extra| sign(secret, extra)).await;
        }
    });
}

// covers: AUTH-CRA-09
#[test]
fn no_challenge_comes_twice_so_no_signature_can_be_replayed() {
    everywhere_with(plan, async |router, link| {
        let mut first = Peer::connect(router, link).await;
        let extra = challenged(&mut first, "joe").await;
        let signature = sign("secret1", &extra);
        first.send(json!([5, &signature, {}])).await;
        first.welcomed().await;
        answer(router, link, "joe", |_| signature.clone()).await;
        let mut nonces = BTreeSet::new();
        for _ in 0..4 {
            let mut peer = Peer::connect(router, link).await;
            let extra = challenged(&mut peer, "joe").await;
            let challenge: Value =
                serde_json::from_str(extra["challenge"].as_str().expect("a text")).expect("JSON");
            nonces.insert(challenge["nonce"].to_string());
            peer.close().await;
        }
        assert_eq!(nonces.len(), 4, "{nonces:?}");
    });
}

// covers: AUTH-08
#[test]
fn who_does_not_exist_is_challenged_like_others_and_always_the_same_way() {
    on_memory(salted(), async |router| {
        let derivation = async |authid: &str| {
            let mut peer = Peer::connect(router, Link::DEFAULT).await;
            let mut extra = challenged(&mut peer, authid).await;
            peer.close().await;
            let challenge: Value =
                serde_json::from_str(extra["challenge"].as_str().expect("a text")).expect("JSON");
            assert_eq!((&challenge["authid"], &challenge["authrole"]), (&json!(authid), &json!("backend")));
            extra.as_object_mut().expect("an object").remove("challenge");
            extra
        };
        let (sue, nobody) = (derivation("sue").await, derivation("nobody").await);
        let but_salt = |extra: &Value| {
            let salt = extra["salt"].as_str().expect("a text");
            (salt.len(), salt.ends_with("=="), extra["iterations"].clone(), extra["keylen"].clone())
        };
        assert_eq!(but_salt(&sue), but_salt(&nobody));
        assert_eq!(nobody, derivation("nobody").await, "as if it were stored");
        assert_ne!(nobody["salt"], derivation("somebody").await["salt"]);
    });
}

// covers: AUTH-CRA-08
#[test]
fn who_does_not_sign_in_time_is_given_up() {
    let plan = || {
        let mut plan = plan();
        plan.limits.handshake_timeout = std::time::Duration::from_millis(30);
        plan
    };
    everywhere_with(plan, async |router, link| {
        let mut peer = Peer::connect(router, link).await;
        challenged(&mut peer, "joe").await;
        peer.expect_abort("wamp.error.protocol_violation").await;
    });
}

// covers: AUTH-CRA-01
#[test]
fn a_signature_needs_a_name() {
    everywhere_with(plan, async |router, link| {
        let mut peer = Peer::connect(router, link).await;
        peer.send(json!([1, "realm1", {"roles": {"caller": {}}, "authmethods": ["wampcra"]}])).await;
        peer.expect_abort("wamp.error.authentication_denied").await;
    });
}
