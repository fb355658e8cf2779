//! Logging in with tokens.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crossway_core::RealmConfig;
use crossway_jwt::{Algorithm, FileOptions, Jwt, Key, Keys, Mapping, TokenOrTicket, Tokens};
use crossway_tests::pattern::{ID, MORE};
use crossway_tests::{Carrier, Link, Peer, Plan, TestRouter, everywhere_with, on, on_memory};
use crossway_ticket::Ticket;
use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::{Value, json};

const SECRET: &[u8] = b"what the issuer and the router know";

/// A key pair of the issuer: the public key as PEM, the private one as it signs.
static ISSUER: LazyLock<(String, EncodingKey)> = LazyLock::new(|| {
    let pair = rcgen::KeyPair::generate().expect("a key pair");
    (pair.public_key_pem(), EncodingKey::from_ec_der(&pair.serialize_der()))
});

fn keys() -> Keys {
    let public = Key::public(Algorithm::ES256, ISSUER.0.as_bytes()).expect("a public key").named("issuer");
    Keys::new().key(public).key(Key::secret(Algorithm::HS256, SECRET).expect("a secret"))
}

fn tokens() -> Arc<Tokens> {
    let mapping = Mapping { realms: Some("realms".into()), ..Mapping::by_claim("roles") };
    Arc::new(Tokens {
        issuers: vec!["us".into()],
        audience: vec!["router".into()],
        ..Tokens::new(keys(), mapping)
    })
}

/// The methods `jwt` and `ticket`; for the latter, joe has a ticket as well.
fn plan() -> Plan {
    let tickets = Arc::new(Ticket::new().user("joe", "secret!!!", "frontend"));
    let realm = RealmConfig::new("realm1").authenticator(Arc::new(Jwt::new(tokens())));
    Plan::realm(realm.authenticator(Arc::new(TokenOrTicket::new(tokens()).or(tickets))))
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs()
}

/// What joe's token says, and what it says otherwise; `null` takes something away.
fn claims(more: &Value) -> Value {
    let mut claims = json!({"sub": "joe", "iss": "us", "aud": "router", "roles": ["frontend", "backend"],
        "realms": ["realm1"], "exp": now() + 600});
    claims.as_object_mut().expect("claims").extend(more.as_object().expect("claims").clone());
    claims.as_object_mut().expect("claims").retain(|_, value| !value.is_null());
    claims
}

fn token(more: Value) -> String {
    let header = Header { kid: Some("issuer".into()), ..Header::new(Algorithm::ES256) };
    encode(&header, &claims(&more), &ISSUER.1).expect("a token")
}

fn hello(method: &str, authid: Value) -> Value {
    json!([1, "realm1", {"roles": {"caller": {}}, "authmethods": [method], "authid": authid}])
}

/// HELLO, CHALLENGE, and the token.
async fn shown(router: &TestRouter, link: Link, method: &str, token: &str) -> Peer {
    let mut peer = Peer::connect(router, link).await;
    peer.send(hello(method, Value::Null)).await;
    peer.expect(json!([4, method, {}])).await;
    peer.send(json!([5, token, {}])).await;
    peer
}

#[test]
fn who_shows_a_token_is_welcome() {
    everywhere_with(plan, async |router, link| {
        for method in ["jwt", "ticket"] {
            let mut joe = shown(router, link, method, &token(json!({}))).await;
            let expected = json!({"authid": "joe", "authrole": "frontend", "authmethod": method,
                "authprovider": "jwt", MORE: 0});
            joe.expect(json!([2, ID, expected])).await;
            joe.subscribe("com.myapp.topic").await;
        }
    });
}

#[test]
fn a_secret_signs_as_well_as_a_key_pair() {
    on_memory(plan(), async |router| {
        let secret = EncodingKey::from_secret(SECRET);
        let token = encode(&Header::new(Algorithm::HS256), &claims(&json!({})), &secret).expect("a token");
        shown(router, Link::DEFAULT, "jwt", &token).await.welcomed().await;
    });
}

/// Links whose transports are opened by a request with headers.
fn http() -> impl Iterator<Item = Link> {
    Link::all().filter(|link| link.carrier.is_websocket() || link.carrier.is_longpoll())
}

// covers: AUTH-14
#[test]
fn a_token_in_the_header_needs_no_challenge() {
    on(http(), plan, async |router, link| {
        for scheme in ["Bearer", "bearer"] {
            let header = format!("{scheme} {}", token(json!({})));
            let mut peer = Peer::over(router.connect_with(link, &[("Authorization", &header)]).await, link);
            peer.send(hello("jwt", json!("joe"))).await;
            peer.expect(json!([2, ID, {"authid": "joe", "authmethod": "jwt", MORE: 0}])).await;
        }
        // A wrong one is not made good by another try.
        let header = format!("Bearer {}", token(json!({"exp": 1})));
        let mut peer = Peer::over(router.connect_with(link, &[("Authorization", &header)]).await, link);
        peer.send(hello("jwt", Value::Null)).await;
        peer.expect_abort("wamp.error.authentication_denied").await;
        // What is for somebody else is no token.
        let mut peer =
            Peer::over(router.connect_with(link, &[("Authorization", "Basic am9lOng=")]).await, link);
        peer.send(hello("jwt", Value::Null)).await;
        peer.expect(json!([4, "jwt", {}])).await;
    });
}

#[test]
fn who_has_no_header_is_left_to_the_next_method() {
    let plan = || {
        let realm = RealmConfig::new("realm1").authenticator(Arc::new(Jwt::new(tokens()).header_only()));
        Plan::realm(realm.authenticator(Arc::new(Ticket::new().user("joe", "secret!!!", "frontend"))))
    };
    everywhere_with(plan, async |router, link| {
        let mut peer = Peer::connect(router, link).await;
        let details = json!({"roles": {"caller": {}}, "authmethods": ["jwt", "ticket"], "authid": "joe"});
        peer.send(json!([1, "realm1", details])).await;
        peer.expect(json!([4, "ticket", {}])).await;
        let mut peer = Peer::connect(router, link).await;
        peer.send(hello("jwt", Value::Null)).await;
        peer.expect_abort("wamp.error.authentication_denied").await;
    });
}

#[test]
fn tickets_go_on_beside_tokens() {
    everywhere_with(plan, async |router, link| {
        let challenged = async |authid: Value, ticket: &str| {
            let mut peer = Peer::connect(router, link).await;
            peer.send(hello("ticket", authid)).await;
            peer.expect(json!([4, "ticket", {}])).await;
            peer.send(json!([5, ticket, {}])).await;
            peer
        };
        let mut joe = challenged(json!("joe"), "secret!!!").await;
        joe.expect(json!([2, ID, {"authid": "joe", "authprovider": "static", MORE: 0}])).await;
        let mut joe = challenged(json!("joe"), &token(json!({}))).await;
        joe.expect(json!([2, ID, {"authid": "joe", "authprovider": "jwt", MORE: 0}])).await;
        for (authid, ticket) in [("joe", "secret!!"), ("nobody", "secret!!!")] {
            challenged(json!(authid), ticket).await.expect_abort("wamp.error.authentication_denied").await;
        }
    });
}

// covers: AUTH-05, AUTH-08
#[test]
fn whatever_is_wrong_with_a_token_the_answer_is_the_same() {
    let body = |token: &str| token.split('.').nth(1).expect("three parts").to_owned();
    let good = token(json!({}));
    let public = EncodingKey::from_secret(ISSUER.0.as_bytes());
    let other = EncodingKey::from_secret(b"what nobody has agreed upon with us");
    let signed =
        |header: Header, key: &EncodingKey| encode(&header, &claims(&json!({})), key).expect("a token");
    let unknown = Header { kid: Some("unknown".into()), ..Header::new(Algorithm::ES256) };
    let parts: Vec<&str> = good.split('.').collect();
    let wrong = [
        token(json!({"exp": now() - 60})),
        token(json!({"exp": null})),
        token(json!({"nbf": now() + 60})),
        token(json!({"iss": "them"})),
        token(json!({"iss": null})),
        token(json!({"aud": "somebody else"})),
        token(json!({"aud": null})),
        token(json!({"sub": null})),
        token(json!({"roles": null})),
        token(json!({"realms": ["realm2"]})),
        token(json!({"realms": null})),
        token(json!({"filler": "x".repeat(crossway_jwt::MAX_TOKEN)})),
        // alg none, with and without its dot.
        format!("eyJhbGciOiJub25lIn0.{}.", body(&good)),
        // Signed with what everybody knows, or with another key, or with a key that nobody knows of.
        signed(Header::new(Algorithm::HS256), &public),
        signed(Header::new(Algorithm::HS256), &other),
        signed(unknown, &ISSUER.1),
        // Tampered with: another body, no signature, half a signature.
        format!("{}.{}.{}", parts[0], body(&token(json!({"sub": "admin"}))), parts[2]),
        format!("{}.{}.", parts[0], parts[1]),
        good[..good.len() - 20].to_owned(),
        "a.b.c".to_owned(),
        "no token at all".to_owned(),
        String::new(),
    ];
    everywhere_with(plan, async |router, link| {
        let mut answers = Vec::new();
        for wrong in &wrong {
            let mut peer = shown(router, link, "jwt", wrong).await;
            answers.push(peer.expect_abort("wamp.error.authentication_denied").await);
        }
        answers.dedup();
        assert_eq!(answers.len(), 1, "{answers:?}");
        assert_eq!(router.core.sessions(), 0);
    });
}

// covers: AUTH-09
#[test]
fn the_role_that_was_asked_for_is_given_if_the_token_has_it() {
    on_memory(plan(), async |router| {
        let asking = async |role: &str| {
            let mut peer = Peer::connect(router, Link::DEFAULT).await;
            let details = json!({"roles": {"caller": {}}, "authmethods": ["jwt"], "authrole": role});
            peer.send(json!([1, "realm1", details])).await;
            peer.expect(json!([4, "jwt", {}])).await;
            peer.send(json!([5, token(json!({})), {}])).await;
            peer
        };
        asking("backend").await.expect(json!([2, ID, {"authrole": "backend", MORE: 0}])).await;
        asking("admin").await.expect_abort("wamp.error.no_such_role").await;
    });
}

#[test]
fn a_token_is_for_the_one_it_names() {
    on_memory(plan(), async |router| {
        let mut peer = Peer::connect(router, Link::DEFAULT).await;
        peer.send(hello("jwt", json!("ann"))).await;
        peer.expect(json!([4, "jwt", {}])).await;
        peer.send(json!([5, token(json!({})), {}])).await;
        peer.expect_abort("wamp.error.authentication_denied").await;
    });
}

#[test]
fn keys_change_without_a_word() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("jwks.json");
    let publish = |secret: &str| {
        use base64::Engine;
        let k = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(secret);
        let set = json!({"keys": [{"kty": "oct", "alg": "HS256", "kid": secret, "k": k}]});
        std::fs::write(&path, set.to_string()).expect("room for a file");
    };
    let [old, new] = ["the key that the issuer has had so far", "the key that the issuer has from now on"];
    publish(old);
    let file = FileOptions { interval: Duration::ZERO, ..FileOptions::new(&path) };
    let tokens = Tokens::new(Keys::new().jwks(file).expect("a set"), Mapping::to_role("user"));
    let realm = RealmConfig::new("realm1").authenticator(Arc::new(Jwt::new(Arc::new(tokens))));
    let signed = |secret: &str| {
        let header = Header { kid: Some(secret.into()), ..Header::new(Algorithm::HS256) };
        let claims = claims(&json!({"aud": null}));
        encode(&header, &claims, &EncodingKey::from_secret(secret.as_bytes())).expect("a token")
    };
    on_memory(Plan::realm(realm), async |router| {
        let mut before = shown(router, Link::DEFAULT, "jwt", &signed(old)).await;
        before.welcomed().await;
        publish(new);
        shown(router, Link::DEFAULT, "jwt", &signed(new)).await.welcomed().await;
        let mut late = shown(router, Link::DEFAULT, "jwt", &signed(old)).await;
        late.expect_abort("wamp.error.authentication_denied").await;
        before.subscribe("com.myapp.topic").await;
    });
}

#[test]
fn rawsocket_has_no_header_and_is_challenged() {
    let rawsocket = || Carrier::RAWSOCKET.map(|carrier| carrier.with(crossway_tests::Format::Cbor));
    on(rawsocket(), plan, async |router, link| {
        shown(router, link, "jwt", &token(json!({}))).await.welcomed().await;
    });
}
