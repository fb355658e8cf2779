//! Logging in with TLS client certificates.

use std::sync::Arc;

use crossway_anonymous::Anonymous;
use crossway_certificate::{Certificate, Property, Rule};
use crossway_core::RealmConfig;
use crossway_tests::pattern::{ANY, ID, MORE};
use crossway_tests::{Carrier, Link, Peer, Plan, TestRouter, on, tls};
use serde_json::{Value, json};

use crate::auth_users::Changing;

fn plan() -> Plan {
    let rule = |property, authid: Option<&str>, role: &str| Rule {
        property,
        authid: authid.map(str::to_owned),
        role: role.to_owned(),
    };
    let certificate = Certificate::new()
        .rule(rule(Property::CommonName("joe".to_owned()), None, "user"))
        .rule(rule(Property::Dns("backend.example.com".to_owned()), Some("service"), "service"));
    let realm = RealmConfig::new("realm1").authenticator(Arc::new(certificate));
    let realm = realm.authenticator(Arc::new(Anonymous::default()));
    Plan { client_certificates: true, ..Plan::realm(realm) }
}

/// Everything inside TLS.
fn secure() -> impl Iterator<Item = Link> {
    Link::all().filter(|link| matches!(link.carrier, Carrier::Wss | Carrier::Tls))
}

async fn join(router: &TestRouter, link: Link, who: Option<&str>, details: Value) -> Value {
    let wire = match who {
        Some(name) => router.connect_as(link, &tls::client(name)).await,
        None => router.connect(link).await,
    };
    let mut peer = Peer::over(wire, link);
    let mut hello = json!({"roles": {"caller": {}}});
    for (key, value) in details.as_object().into_iter().flatten() {
        hello[key] = value.clone();
    }
    peer.send(json!([1, "realm1", hello])).await;
    peer.expect(json!([ANY, ANY, ANY])).await
}

fn is_welcome(answer: &Value, authid: &str, authrole: &str) {
    assert_eq!(answer[0], 2, "{answer}");
    let expected = (json!("tls"), json!(authid), json!(authrole));
    let found = &answer[2];
    let found = (found["authmethod"].clone(), found["authid"].clone(), found["authrole"].clone());
    assert_eq!(found, expected);
}

// covers: AUTH-14, WS-13
#[test]
fn a_certificate_says_who_its_owner_is() {
    on(secure(), plan, async |router, link| {
        let methods = json!({"authmethods": ["tls"]});
        is_welcome(&join(router, link, Some("joe"), methods.clone()).await, "joe", "user");
        is_welcome(&join(router, link, Some("backend"), methods).await, "service", "service");
        let named = json!({"authmethods": ["tls", "anonymous"], "authid": "joe", "authrole": "user"});
        is_welcome(&join(router, link, Some("joe"), named).await, "joe", "user");
    });
}

// covers: AUTH-05, AUTH-09
#[test]
fn a_certificate_of_somebody_else_lets_nobody_in() {
    on(secure(), plan, async |router, link| {
        let denied = json!("wamp.error.authentication_denied");
        let methods = json!({"authmethods": ["tls", "anonymous"]});
        assert_eq!(join(router, link, Some("mallory"), methods).await[2], denied);
        let claimed = json!({"authmethods": ["tls"], "authid": "service"});
        assert_eq!(join(router, link, Some("joe"), claimed).await[2], denied);
        let wanted = json!({"authmethods": ["tls"], "authrole": "admin"});
        assert_eq!(join(router, link, Some("joe"), wanted).await[2], "wamp.error.no_such_role");
    });
}

// covers: AUTH-02
#[test]
fn who_has_no_certificate_may_have_another_method() {
    on(secure(), plan, async |router, link| {
        let both = join(router, link, None, json!({"authmethods": ["tls", "anonymous"]})).await;
        assert_eq!(both[2]["authmethod"], "anonymous");
        let alone = join(router, link, None, json!({"authmethods": ["tls"]})).await;
        assert_eq!(alone[2], "wamp.error.authentication_denied");
    });
    // Outside of TLS there are none.
    on(
        Link::all().filter(|link| !matches!(link.carrier, Carrier::Wss | Carrier::Tls)),
        plan,
        async |router, link| {
            let mut peer = Peer::connect(router, link).await;
            peer.send(json!([1, "realm1", {"roles": {"caller": {}}, "authmethods": ["tls", "anonymous"]}]))
                .await;
            peer.expect(json!([2, ID, {"authmethod": "anonymous", MORE: 0}])).await;
        },
    );
}

// covers: AUTH-05
#[test]
fn whose_certificate_is_no_users_any_more_stays_outside() {
    let ann = tls::client("ann");
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &ann.der);
    let fingerprint: String = digest.as_ref().iter().map(|octet| format!("{octet:02x}")).collect();
    let entry = format!("\n[user.ann]\nrole = \"user\"\ncertificate = [\"{fingerprint}\"]\n");
    for link in secure() {
        let file = Changing::with(&entry);
        let users = || {
            let realm = RealmConfig::new("realm1");
            let realm = realm.authenticator(Arc::new(Certificate::new().users(file.users())));
            Plan { client_certificates: true, ..Plan::realm(realm) }
        };
        on([link], users, async |router, link| {
            let hello = json!([1, "realm1", {"roles": {"caller": {}}, "authmethods": ["tls"]}]);
            let mut first = Peer::over(router.connect_as(link, &ann).await, link);
            first.send(hello.clone()).await;
            is_welcome(&first.welcomed().await, "ann", "user");
            file.revoke("ann");
            let mut late = Peer::over(router.connect_as(link, &ann).await, link);
            late.send(hello).await;
            late.expect_abort("wamp.error.authentication_denied").await;
        });
    }
}
