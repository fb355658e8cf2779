//! Logging in with keys.

use std::sync::{Arc, LazyLock};

use crossway_core::RealmConfig;
use crossway_cryptosign::{ChannelBinding, Cryptosign, PrivateKey};
use crossway_tests::pattern::{ANY, ID, MORE};
use crossway_tests::{Carrier, Format, Link, Peer, Plan, TestRouter, everywhere_with, on, on_memory};
use crossway_users::{User, Users};
use serde_json::{Value, json};

use crate::auth_users::Changing;

/// Everybody's key, and the router's.
struct Keys {
    joe: PrivateKey,
    joes_other: PrivateKey,
    nobody: PrivateKey,
}

/// From the test vectors of the specification.
const ROUTER: &str = "4d57d97a68f555696620a6d849c0ce582568518d729eb753dc7c732de2804510";

static KEYS: LazyLock<Keys> = LazyLock::new(|| {
    let key = || PrivateKey::generate().expect("randomness");
    Keys { joe: key(), joes_other: key(), nobody: key() }
});

fn joes() -> Cryptosign {
    let joe = [&KEYS.joe, &KEYS.joes_other]
        .iter()
        .fold(User::new("joe", "frontend"), |joe, key| joe.key(*key.public().octets()));
    Cryptosign::of(Users::of([joe]))
}

fn realm(cryptosign: Cryptosign) -> Plan {
    Plan::realm(RealmConfig::new("realm1").authenticator(Arc::new(cryptosign)))
}

fn plan() -> Plan {
    realm(joes())
}

fn octets<const N: usize>(text: &Value) -> [u8; N] {
    let text = text.as_str().expect("text");
    let octet = |at| u8::from_str_radix(&text[at..at + 2], 16).expect("hexadecimal digits");
    let octets: Vec<u8> = (0..text.len()).step_by(2).map(octet).collect();
    octets.try_into().expect("as many octets as there should be")
}

/// HELLO, and the `Extra` of the CHALLENGE that follows.
async fn challenged(router: &TestRouter, link: Link, authid: Value, authextra: Value) -> (Peer, Value) {
    challenged_over(Peer::connect(router, link).await, authid, authextra).await
}

async fn challenged_over(mut peer: Peer, authid: Value, authextra: Value) -> (Peer, Value) {
    let details = json!({"roles": {"caller": {}}, "authmethods": ["cryptosign"], "authid": authid, "authextra": authextra});
    peer.send(json!([1, "realm1", details])).await;
    let extra = peer.expect(json!([4, "cryptosign", ANY])).await[2].clone();
    (peer, extra)
}

async fn offering(router: &TestRouter, link: Link, authid: Value, key: &PrivateKey) -> (Peer, [u8; 32]) {
    let (peer, extra) = challenged(router, link, authid, json!({"pubkey": key.public().to_string()})).await;
    (peer, octets(&extra["challenge"]))
}

// covers: AUTH-CS-01, AUTH-CS-03, AUTH-CS-04, AUTH-CS-05, AUTH-CS-12, AUTH-15
#[test]
fn who_signs_with_a_known_key_is_welcome() {
    everywhere_with(plan, async |router, link| {
        for key in [&KEYS.joe, &KEYS.joes_other] {
            let (mut joe, challenge) = offering(router, link, json!("joe"), key).await;
            joe.send(json!([5, key.sign(&challenge), {}])).await;
            let expected = json!({"authid": "joe", "authrole": "frontend", "authmethod": "cryptosign",
                "authprovider": "static", MORE: 0});
            joe.expect(json!([2, ID, expected])).await;
            joe.subscribe("com.myapp.topic").await;
        }
    });
}

// covers: AUTH-CS-02, AUTH-CS-01
#[test]
fn the_key_says_who_it_is() {
    everywhere_with(plan, async |router, link| {
        let authextra = json!({"pubkey": KEYS.joe.public().to_string().to_uppercase(), "challenge": null,
            "channel_binding": null, "trustroot": null});
        let (mut joe, extra) = challenged(router, link, Value::Null, authextra).await;
        joe.send(json!([5, KEYS.joe.sign(&octets(&extra["challenge"])).to_uppercase(), {}])).await;
        joe.expect(json!([2, ID, {"authid": "joe", MORE: 0}])).await;
    });
}

// covers: AUTH-CS-05, AUTH-CS-16, AUTH-05, AUTH-08
#[test]
fn an_unknown_key_and_a_wrong_signature_get_the_same_answer() {
    everywhere_with(plan, async |router, link| {
        let mut answers = Vec::new();
        let (joe, nobody) = (&KEYS.joe, &KEYS.nobody);
        // Whose name, whose key, who signs.
        for (authid, key, signer) in [
            ("joe", joe, nobody),
            ("joe", nobody, nobody),
            ("nobody", joe, joe),
            ("nobody", nobody, nobody),
            ("nobody", nobody, joe),
        ] {
            let (mut peer, challenge) = offering(router, link, json!(authid), key).await;
            peer.send(json!([5, signer.sign(&challenge), {}])).await;
            answers.push(peer.expect_abort("wamp.error.authentication_denied").await);
        }
        answers.dedup();
        assert_eq!(answers.len(), 1, "{answers:?}");
        assert_eq!(router.core.sessions(), 0);
    });
}

// covers: AUTH-CS-04, AUTH-CS-05
#[test]
fn what_is_no_signature_of_this_challenge_is_denied() {
    everywhere_with(plan, async |router, link| {
        let (mut first, old) = offering(router, link, json!("joe"), &KEYS.joe).await;
        let replayed = KEYS.joe.sign(&old);
        first.send(json!([5, replayed, {}])).await;
        first.welcomed().await;
        let spoilt: [&dyn Fn(String, String) -> String; 8] = [
            &|_, replayed| replayed,
            // The signature of the old challenge with the new one behind it, and the other way round.
            &|right, replayed| replayed[..128].to_owned() + &right[128..],
            &|right, replayed| right[..128].to_owned() + &replayed[128..],
            &|right, _| right[..128].to_owned(),
            &|right, _| right[..190].to_owned(),
            &|right, _| right + "00",
            &|right, _| right.replace(|digit: char| digit.is_ascii_digit(), "x"),
            &|_, _| String::new(),
        ];
        for spoil in spoilt {
            let (mut peer, challenge) = offering(router, link, json!("joe"), &KEYS.joe).await;
            assert_ne!(challenge, old, "challenges are random");
            peer.send(json!([5, spoil(KEYS.joe.sign(&challenge), replayed.clone()), {}])).await;
            peer.expect_abort("wamp.error.authentication_denied").await;
        }
    });
}

// covers: AUTH-CS-05
#[test]
fn who_is_no_user_any_more_signs_in_vain() {
    let joe = format!("\n[user.joe]\nrole = \"user\"\ncryptosign = [\"{}\"]\n", KEYS.joe.public());
    let file = Changing::with(&joe);
    on_memory(realm(Cryptosign::of(file.users())), async |router| {
        let (mut joe, challenge) = offering(router, Link::DEFAULT, json!("joe"), &KEYS.joe).await;
        joe.send(json!([5, KEYS.joe.sign(&challenge), {}])).await;
        joe.welcomed().await;
        // While he signs, and before.
        let (mut joe, challenge) = offering(router, Link::DEFAULT, json!("joe"), &KEYS.joe).await;
        file.revoke("joe");
        joe.send(json!([5, KEYS.joe.sign(&challenge), {}])).await;
        joe.expect_abort("wamp.error.authentication_denied").await;
        let (mut joe, challenge) = offering(router, Link::DEFAULT, json!("joe"), &KEYS.joe).await;
        joe.send(json!([5, KEYS.joe.sign(&challenge), {}])).await;
        joe.expect_abort("wamp.error.authentication_denied").await;
    });
}

// covers: AUTH-CS-01
#[test]
fn a_key_has_to_be_one() {
    everywhere_with(plan, async |router, link| {
        let joe = KEYS.joe.public().to_string();
        for authextra in [
            json!({}),
            json!({"pubkey": null}),
            json!({"pubkey": 17}),
            json!({"pubkey": joe[2..]}),
            json!({"pubkey": joe.clone() + "00"}),
            json!({"pubkey": "x".repeat(64)}),
            // Anybody could sign for this one.
            json!({"pubkey": "01".to_owned() + &"00".repeat(31)}),
            json!({"pubkey": joe, "challenge": "00"}),
            json!({"pubkey": joe, "challenge": 17}),
            json!({"pubkey": joe, "channel_binding": 17}),
        ] {
            let mut peer = Peer::connect(router, link).await;
            let details = json!({"roles": {"caller": {}}, "authmethods": ["cryptosign"], "authid": "joe", "authextra": authextra});
            peer.send(json!([1, "realm1", details])).await;
            peer.expect_abort("wamp.error.authentication_denied").await;
        }
    });
}

// covers: AUTH-CS-09, AUTH-CS-11
#[test]
fn the_router_proves_who_it_is_to_clients_that_ask() {
    let router_key = || PrivateKey::parse(ROUTER).expect("a key");
    everywhere_with(
        || realm(joes().router_key(router_key())),
        async |router, link| {
            let challenge = [7; 32];
            let asked = json!({"pubkey": KEYS.joe.public().to_string(), "challenge": "07".repeat(32)});
            let (mut peer, extra) = challenged(router, link, json!("joe"), asked).await;
            let expected = json!({"challenge": ANY, "pubkey": router_key().public().to_string(),
            "signature": router_key().sign(&challenge)});
            assert!(crossway_tests::pattern::matches(&expected, &extra), "{extra}");
            peer.send(json!([5, KEYS.joe.sign(&octets(&extra["challenge"])), {}])).await;
            peer.welcomed().await;
            // Who does not ask is not told.
            let (_, extra) =
                challenged(router, link, json!("joe"), json!({"pubkey": KEYS.joe.public().to_string()}))
                    .await;
            assert!(extra.get("signature").is_none() && extra.get("pubkey").is_none(), "{extra}");
        },
    );
}

// covers: AUTH-CS-11
#[test]
fn a_router_without_a_key_proves_nothing() {
    on_memory(plan(), async |router| {
        let asked = json!({"pubkey": KEYS.joe.public().to_string(), "challenge": "07".repeat(32)});
        let (_, extra) = challenged(router, Link::DEFAULT, json!("joe"), asked).await;
        assert_eq!(extra.as_object().map(serde_json::Map::len), Some(1), "{extra}");
    });
}

/// Both framings over TLS, with every format.
fn secure() -> impl Iterator<Item = Link> {
    [Carrier::Wss, Carrier::Tls]
        .into_iter()
        .flat_map(|carrier| Format::ALL.map(|format| carrier.with(format)))
}

fn asking(binding: &str) -> Value {
    json!({"pubkey": KEYS.joe.public().to_string(), "channel_binding": binding})
}

fn xor(one: [u8; 32], other: [u8; 32]) -> [u8; 32] {
    std::array::from_fn(|at| one[at] ^ other[at])
}

// covers: AUTH-CS-06, AUTH-CS-07, AUTH-CS-10
#[test]
fn a_signature_can_be_bound_to_the_connection() {
    for binding in [ChannelBinding::Optional, ChannelBinding::Required] {
        on(
            secure(),
            || realm(joes().channel_binding(binding)),
            async |router, link| {
                let (_, elsewhere) = router.connect_bound(link).await;
                // Whose channel is signed for.
                for (channel, good) in [(None, true), (Some([0; 32]), false), (Some(elsewhere), false)] {
                    let (wire, here) = router.connect_bound(link).await;
                    let peer = Peer::over(wire, link);
                    let (mut peer, extra) = challenged_over(peer, json!("joe"), asking("tls-exporter")).await;
                    assert_eq!(extra["channel_binding"], "tls-exporter");
                    let message = xor(octets(&extra["challenge"]), channel.unwrap_or(here));
                    peer.send(json!([5, KEYS.joe.sign(&message), {}])).await;
                    if good {
                        peer.welcomed().await;
                    } else {
                        peer.expect_abort("wamp.error.authentication_denied").await;
                    }
                }
            },
        );
    }
}

// covers: AUTH-CS-06, AUTH-CS-11
#[test]
fn the_router_signs_for_this_connection_as_well() {
    let router_key = || PrivateKey::parse(ROUTER).expect("a key");
    on(
        secure(),
        || realm(joes().router_key(router_key())),
        async |router, link| {
            let (wire, here) = router.connect_bound(link).await;
            let mut asked = asking("tls-exporter");
            asked["challenge"] = json!("07".repeat(32));
            let (_, extra) = challenged_over(Peer::over(wire, link), json!("joe"), asked).await;
            assert_eq!(extra["signature"], router_key().sign(&xor([7; 32], here)));
        },
    );
}

// covers: AUTH-CS-07, AUTH-CS-10
#[test]
fn without_channel_binding_the_client_is_told_so_and_goes_on() {
    let plain =
        || [Carrier::Tcp, Carrier::Ws, Carrier::Unix, Carrier::LongPoll].map(|c| c.with(Format::Json));
    let go_on = async |router: &TestRouter, link: Link, binding: &str| {
        let (mut peer, extra) = challenged(router, link, json!("joe"), asking(binding)).await;
        assert!(extra.get("channel_binding").is_none(), "{extra}");
        peer.send(json!([5, KEYS.joe.sign(&octets(&extra["challenge"])), {}])).await;
        peer.welcomed().await;
    };
    // What there is no TLS for, what this TLS has not, what nobody knows.
    on(plain(), plan, async |router, link| go_on(router, link, "tls-exporter").await);
    on(secure(), plan, async |router, link| {
        go_on(router, link, "tls-unique").await;
        go_on(router, link, "tls-telepathy").await;
    });
    // What is not wanted here.
    let off = || realm(joes().channel_binding(ChannelBinding::Off));
    on(secure(), off, async |router, link| go_on(router, link, "tls-exporter").await);
}

// covers: AUTH-CS-07
#[test]
fn a_realm_may_insist_on_channel_binding() {
    let required = || realm(joes().channel_binding(ChannelBinding::Required));
    let unbound = async |router: &TestRouter, link: Link, authextra: Value| {
        let mut peer = Peer::connect(router, link).await;
        let details = json!({"roles": {"caller": {}}, "authmethods": ["cryptosign"], "authextra": authextra});
        peer.send(json!([1, "realm1", details])).await;
        let abort = peer.expect_abort("wamp.error.authentication_denied").await;
        assert!(abort.to_string().contains("tls-exporter"), "{abort}");
    };
    everywhere_with(required, async |router, link| {
        unbound(router, link, json!({"pubkey": KEYS.joe.public().to_string()})).await;
        unbound(router, link, asking("tls-unique")).await;
    });
    let plain = [Carrier::Tcp, Carrier::Ws, Carrier::Unix].map(|carrier| carrier.with(Format::Json));
    on(plain, required, async |router, link| unbound(router, link, asking("tls-exporter")).await);
}
