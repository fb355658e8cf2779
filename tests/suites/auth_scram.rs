//! WAMP-SCRAM: who gets in with a proof, and what the router proves.

use std::sync::Arc;

use aws_lc_rs::{digest, hmac, pbkdf2};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use crossway_core::RealmConfig;
use crossway_scram::Scram;
use crossway_tests::pattern::{ANY, ID, MORE};
use crossway_tests::{Carrier, Link, Peer, Plan, TestRouter, everywhere_with, on, on_memory};
use crossway_users::{ScramDialect, ScramKdf, User, Users};
use serde_json::{Value, json};

use crate::auth_users::Changing;

const NONCE: &str = "egVDf3DMJh0=";
const PBKDF2: ScramKdf = ScramKdf::Pbkdf2 { iterations: 4096 };
const ARGON2: ScramKdf = ScramKdf::Argon2id { iterations: 1, memory: 64 };

fn user(authid: &str, dialect: ScramDialect, kdf: ScramKdf) -> User {
    let keys = crossway_users::Scram::derive(dialect, kdf, "pencil").expect("a good password");
    User::new(authid, "frontend").scram(dialect, keys)
}

fn plan() -> Plan {
    let users = Users::of([
        user("pbkdf2", ScramDialect::Spec, PBKDF2),
        user("argon2", ScramDialect::Spec, ARGON2),
        user("a=b,c", ScramDialect::Spec, PBKDF2),
        user("old", ScramDialect::Autobahn, ARGON2),
    ]);
    let realm =
        RealmConfig::new("realm1").authenticator(Arc::new(Scram::of(ScramDialect::Spec, users.clone())));
    Plan::realm(realm.authenticator(Arc::new(Scram::of(ScramDialect::Autobahn, users))))
}

fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text).as_ref().to_vec()
}

fn xor(one: &[u8], other: &[u8]) -> Vec<u8> {
    one.iter().zip(other).map(|(one, other)| one ^ other).collect()
}

/// What a client knows: the name, the password, and how it spells SCRAM.
#[derive(Clone)]
struct Client {
    method: &'static str,
    authid: &'static str,
    password: &'static str,
    binding: Option<(&'static str, Vec<u8>)>,
}

impl Client {
    fn new(authid: &'static str) -> Client {
        Client { method: "wamp-scram", authid, password: "pencil", binding: None }
    }

    fn hello(&self) -> Value {
        let binding = self.binding.as_ref().map(|(name, _)| name);
        json!([1, "realm1", {"roles": {"caller": {}}, "authmethods": [self.method], "authid": self.authid,
            "authextra": {"nonce": NONCE, "channel_binding": binding}}])
    }

    fn salted_password(&self, challenge: &Value) -> Vec<u8> {
        let salt = STANDARD.decode(challenge["salt"].as_str().expect("a salt")).expect("base64");
        let number =
            |key: &str| u32::try_from(challenge[key].as_u64().expect("a number")).expect("a small one");
        let (mut key, iterations) = ([0; 32], number("iterations"));
        match challenge["kdf"].as_str() {
            Some("pbkdf2") => {
                let iterations = iterations.try_into().expect("some");
                pbkdf2::derive(
                    pbkdf2::PBKDF2_HMAC_SHA256,
                    iterations,
                    &salt,
                    self.password.as_bytes(),
                    &mut key,
                );
            }
            Some("argon2id13" | "argon2id-13") => {
                let params = argon2::Params::new(number("memory"), iterations, 1, None).expect("good costs");
                let argon2 = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
                argon2.hash_password_into(self.password.as_bytes(), &salt, &mut key).expect("a hash");
            }
            other => panic!("{other:?} is no function"),
        }
        match self.method {
            "scram" => STANDARD_NO_PAD.encode(key).into_bytes(),
            _ => key.to_vec(),
        }
    }

    fn auth_message(&self, challenge: &Value) -> String {
        let name = self.authid.replace('=', "=3D").replace(',', "=2C");
        let text = |key: &str| challenge[key].as_str().expect("a text");
        let binding = match (&self.binding, self.method) {
            (_, "scram") => String::new(),
            (None, _) => "biws".to_owned(),
            (Some((name, data)), _) => STANDARD.encode([format!("p={name},,").as_bytes(), data].concat()),
        };
        let (nonce, salt, iterations) = (text("nonce"), text("salt"), &challenge["iterations"]);
        format!("n={name},r={NONCE},r={nonce},s={salt},i={iterations},c={binding},r={nonce}")
    }

    /// The proof, and what the router has to answer.
    fn proof(&self, challenge: &Value) -> (String, String) {
        let (salted, message) = (self.salted_password(challenge), self.auth_message(challenge));
        let client_key = hmac(&salted, b"Client Key");
        let stored_key = digest::digest(&digest::SHA256, &client_key);
        let proof = xor(&client_key, &hmac(stored_key.as_ref(), message.as_bytes()));
        let verifier = hmac(&hmac(&salted, b"Server Key"), message.as_bytes());
        (STANDARD.encode(proof), STANDARD.encode(verifier))
    }

    fn extra(&self, challenge: &Value) -> Value {
        let binding = self.binding.as_ref();
        json!({"nonce": challenge["nonce"], "channel_binding": binding.map(|(name, _)| name),
            "cbind_data": binding.map(|(_, data)| STANDARD.encode(data))})
    }

    async fn challenged(&self, router: &TestRouter, link: Link) -> (Peer, Value) {
        let mut peer = Peer::connect(router, link).await;
        peer.send(self.hello()).await;
        let challenge = peer.expect(json!([4, self.method, ANY])).await[2].take();
        (peer, challenge)
    }

    /// Logs in, or tries to, with what `tamper` makes of the proof and its extra.
    async fn answer(
        &self,
        router: &TestRouter,
        link: Link,
        tamper: impl Fn(&mut String, &mut Value),
    ) -> Value {
        let (mut peer, challenge) = self.challenged(router, link).await;
        let ((mut proof, _), mut extra) = (self.proof(&challenge), self.extra(&challenge));
        tamper(&mut proof, &mut extra);
        peer.send(json!([5, proof, extra])).await;
        peer.expect_abort("wamp.error.authentication_denied").await
    }
}

// covers: AUTH-SCRAM-01, AUTH-SCRAM-03, AUTH-SCRAM-04, AUTH-SCRAM-06, AUTH-SCRAM-07, AUTH-SCRAM-08, AUTH-SCRAM-19, AUTH-15
#[test]
fn both_sides_prove_what_they_know() {
    everywhere_with(plan, async |router, link| {
        for (authid, kdf, memory) in [
            ("pbkdf2", "pbkdf2", json!(null)),
            ("argon2", "argon2id13", json!(64)),
            ("a=b,c", "pbkdf2", json!(null)),
        ] {
            let client = Client::new(authid);
            let (mut peer, challenge) = client.challenged(router, link).await;
            let expected = json!({"nonce": ANY, "salt": ANY, "kdf": kdf, "iterations": ID, "memory": memory});
            assert!(crossway_tests::pattern::matches(&expected, &challenge), "{challenge}");
            let nonce = challenge["nonce"].as_str().expect("a text").strip_prefix(NONCE).expect("ours first");
            assert_eq!(STANDARD.decode(nonce).expect("base64").len(), 16);
            let (proof, verifier) = client.proof(&challenge);
            peer.send(json!([5, proof, client.extra(&challenge)])).await;
            let who = json!({"authid": authid, "authrole": "frontend", "authmethod": "wamp-scram",
                "authextra": {"verifier": verifier}, MORE: 0});
            peer.expect(json!([2, ID, who])).await;
        }
    });
}

// covers: AUTH-SCRAM-19
#[test]
fn autobahn_spells_it_otherwise_and_says_nothing_but_the_proof() {
    everywhere_with(plan, async |router, link| {
        let client = Client { method: "scram", ..Client::new("old") };
        let (mut peer, challenge) = client.challenged(router, link).await;
        assert_eq!((&challenge["kdf"], &challenge["memory"]), (&json!("argon2id-13"), &json!(64)));
        let (proof, verifier) = client.proof(&challenge);
        peer.send(json!([5, proof, {}])).await;
        let who = json!({"authid": "old", "authextra": {"scram_server_signature": verifier}, MORE: 0});
        peer.expect(json!([2, ID, who])).await;
        // The keys of one dialect are of no use in the other.
        for client in [Client::new("old"), Client { method: "scram", ..Client::new("argon2") }] {
            client.answer(router, link, |_, _| {}).await;
        }
    });
}

// covers: AUTH-SCRAM-09, AUTH-SCRAM-10, AUTH-SCRAM-20, AUTH-05, AUTH-08
#[test]
fn whatever_is_wrong_the_answer_is_the_same() {
    everywhere_with(plan, async |router, link| {
        let joe = Client::new("pbkdf2");
        let mut answers = vec![
            Client { password: "pen", ..joe.clone() }.answer(router, link, |_, _| {}).await,
            Client::new("nobody").answer(router, link, |_, _| {}).await,
            joe.answer(router, link, |proof, _| proof.truncate(40)).await,
            joe.answer(router, link, |proof, _| proof.truncate(43)).await,
            joe.answer(router, link, |proof, _| proof.push('\n')).await,
            joe.answer(router, link, |proof, _| proof.clear()).await,
            joe.answer(router, link, |proof, _| *proof = proof.chars().rev().collect()).await,
            joe.answer(router, link, |_, extra| extra["nonce"] = json!(NONCE)).await,
            joe.answer(router, link, |_, extra| extra["nonce"] = json!(null)).await,
            joe.answer(router, link, |_, extra| *extra = json!({})).await,
            joe.answer(router, link, |_, extra| extra["channel_binding"] = json!("tls-exporter")).await,
            joe.answer(router, link, |_, extra| extra["cbind_data"] = json!("AAAA")).await,
        ];
        answers.dedup();
        assert_eq!(answers.len(), 1, "{answers:?}");
        assert_eq!(router.core.sessions(), 0);
    });
}

// covers: AUTH-SCRAM-09
#[test]
fn a_proof_can_not_be_replayed() {
    everywhere_with(plan, async |router, link| {
        let client = Client::new("pbkdf2");
        let (mut peer, challenge) = client.challenged(router, link).await;
        let (proof, _) = client.proof(&challenge);
        let extra = client.extra(&challenge);
        peer.send(json!([5, &proof, &extra])).await;
        peer.welcomed().await;
        // With the nonce that the router wants now, and with that of the dialogue that was overheard.
        client.answer(router, link, |now, _| now.clone_from(&proof)).await;
        client
            .answer(router, link, |now, said| {
                now.clone_from(&proof);
                said.clone_from(&extra);
            })
            .await;
    });
}

// covers: AUTH-SCRAM-10
#[test]
fn who_is_no_user_any_more_proves_in_vain() {
    let file = Changing::with("");
    let scram = |dialect| Arc::new(Scram::of(dialect, file.users()));
    let realm = RealmConfig::new("realm1").authenticator(scram(ScramDialect::Spec));
    let realm = realm.authenticator(scram(ScramDialect::Autobahn));
    on_memory(Plan::realm(realm), async |router| {
        for (authid, method) in [("carl", "wamp-scram"), ("dora", "wamp-scram"), ("emil", "scram")] {
            let client = Client { method, ..Client::new(authid) };
            let (mut peer, challenge) = client.challenged(router, Link::DEFAULT).await;
            peer.send(json!([5, client.proof(&challenge).0, client.extra(&challenge)])).await;
            peer.welcomed().await;
            // In the middle of the dialogue, and before.
            let (mut peer, challenge) = client.challenged(router, Link::DEFAULT).await;
            file.revoke(authid);
            peer.send(json!([5, client.proof(&challenge).0, client.extra(&challenge)])).await;
            peer.expect_abort("wamp.error.authentication_denied").await;
            client.answer(router, Link::DEFAULT, |_, _| {}).await;
        }
    });
}

// covers: AUTH-SCRAM-16, AUTH-SCRAM-18
#[test]
fn who_does_not_exist_is_challenged_like_others_and_always_the_same_way() {
    let users = Users::of([user("joe", ScramDialect::Spec, ARGON2)]);
    let realm = RealmConfig::new("realm1").authenticator(Arc::new(Scram::of(ScramDialect::Spec, users)));
    on_memory(Plan::realm(realm), async |router| {
        let stored = async |authid: &'static str| {
            let (mut peer, mut challenge) = Client::new(authid).challenged(router, Link::DEFAULT).await;
            peer.close().await;
            challenge.as_object_mut().expect("an object").remove("nonce");
            challenge
        };
        let (joe, nobody) = (stored("joe").await, stored("nobody").await);
        for key in ["kdf", "iterations", "memory"] {
            assert_eq!(joe[key], nobody[key]);
        }
        for challenge in [&joe, &nobody] {
            let salt = challenge["salt"].as_str().expect("a text");
            assert_eq!(STANDARD.decode(salt).expect("base64").len(), 16);
        }
        assert_eq!(nobody, stored("nobody").await, "as if it were stored");
        assert_ne!(nobody["salt"], stored("somebody").await["salt"]);
    });
}

// covers: AUTH-SCRAM-15
#[test]
fn names_are_compared_as_saslprep_has_them() {
    on_memory(plan(), async |router| {
        // A soft hyphen is nothing; so the name that is signed is another than the one that is looked up.
        let client = Client::new("pbk\u{ad}df2");
        let (mut peer, challenge) = client.challenged(router, Link::DEFAULT).await;
        peer.send(json!([5, client.proof(&challenge).0, client.extra(&challenge)])).await;
        peer.expect(json!([2, ID, {"authid": "pbkdf2", MORE: 0}])).await;
        let mut peer = Peer::connect(router, Link::DEFAULT).await;
        peer.send(Client::new("bell\u{7}").hello()).await;
        peer.expect_abort("wamp.error.authentication_denied").await;
    });
}

#[test]
fn who_guesses_at_a_name_in_many_spellings_is_held_off_as_at_one() {
    let plan = || {
        let mut plan = plan();
        plan.limits.login_failures = Some(2);
        plan
    };
    let links = Link::all().filter(|link| link.carrier == Carrier::Tcp);
    on(links, plan, async |router, link| {
        for spelling in ["pbkdf2", "pbk\u{ad}df2"] {
            Client::new(spelling).answer(router, link, |proof, _| proof.clear()).await;
        }
        let mut peer = Peer::connect(router, link).await;
        peer.send(Client::new("p\u{ad}bk\u{ad}df2").hello()).await;
        peer.expect_abort("crossway.error.limit_exceeded").await;
    });
}

// covers: AUTH-SCRAM-02, AUTH-SCRAM-17
#[test]
fn a_nonce_in_canonical_base64_is_needed() {
    everywhere_with(plan, async |router, link| {
        for nonce in [json!(null), json!(""), json!("?"), json!("AAB="), json!("AAAA,r=BBBB"), json!(5)] {
            let mut peer = Peer::connect(router, link).await;
            let mut hello = Client::new("pbkdf2").hello();
            hello[2]["authextra"]["nonce"] = nonce;
            peer.send(hello).await;
            peer.expect_abort("wamp.error.authentication_denied").await;
        }
    });
}

// covers: AUTH-SCRAM-13, AUTH-SCRAM-14
#[test]
fn a_binding_that_the_connection_does_not_have_ends_the_dialogue() {
    everywhere_with(plan, async |router, link| {
        let encrypted = matches!(link.carrier, Carrier::Wss | Carrier::Tls);
        let others = if encrypted { &[][..] } else { &["tls-exporter", "tls-server-end-point"] };
        for name in [&["tls-unique", ""], others].concat() {
            for authid in ["pbkdf2", "nobody"] {
                let client = Client { binding: Some((name, Vec::new())), ..Client::new(authid) };
                let mut peer = Peer::connect(router, link).await;
                peer.send(client.hello()).await;
                peer.expect_abort("wamp.error.authentication_denied").await;
            }
        }
    });
}

// covers: AUTH-SCRAM-09, AUTH-SCRAM-10, AUTH-SCRAM-13
#[test]
fn the_dialogue_may_be_bound_to_the_certificate_that_the_client_sees() {
    everywhere_with(plan, async |router, link| {
        if !matches!(link.carrier, Carrier::Wss | Carrier::Tls) {
            return;
        }
        let seen = digest::digest(&digest::SHA256, crossway_tests::tls::certificate()).as_ref().to_vec();
        let client =
            Client { binding: Some(("tls-server-end-point", seen.clone())), ..Client::new("pbkdf2") };
        let (mut peer, challenge) = client.challenged(router, link).await;
        let (proof, verifier) = client.proof(&challenge);
        peer.send(json!([5, proof, client.extra(&challenge)])).await;
        peer.expect(json!([2, ID, {"authextra": {"verifier": verifier}, MORE: 0}])).await;
        // Somebody in between shows another one; says that there is none; or leaves the name alone.
        let other = Client { binding: Some(("tls-server-end-point", vec![0; 32])), ..client.clone() };
        other.answer(router, link, |_, _| {}).await;
        client.answer(router, link, |_, extra| extra["cbind_data"] = json!(STANDARD.encode([0; 32]))).await;
        client.answer(router, link, |_, extra| extra["cbind_data"] = json!(null)).await;
        client.answer(router, link, |_, extra| extra["channel_binding"] = json!("tls-exporter")).await;
    });
}

// covers: AUTH-SCRAM-09, AUTH-SCRAM-10, AUTH-SCRAM-13
#[test]
fn the_dialogue_may_be_bound_to_the_connection() {
    let secure = || Link::all().filter(|link| matches!(link.carrier, Carrier::Wss | Carrier::Tls));
    on(secure(), plan, async |router, link| {
        let (_, elsewhere) = router.connect_bound(link).await;
        // Whose channel the client believes to be in, and of which it speaks.
        for (believed, said, good) in [
            (None, None, true),
            (Some(elsewhere), Some(elsewhere), false),
            (Some(elsewhere), None, false),
            (None, Some(elsewhere), false),
            (Some([0; 32]), Some([0; 32]), false),
        ] {
            let (wire, here) = router.connect_bound(link).await;
            let bound = |channel: Option<[u8; 32]>| Client {
                binding: Some(("tls-exporter", channel.unwrap_or(here).to_vec())),
                ..Client::new("pbkdf2")
            };
            let mut peer = Peer::over(wire, link);
            peer.send(bound(None).hello()).await;
            let challenge = peer.expect(json!([4, "wamp-scram", ANY])).await[2].take();
            let (proof, verifier) = bound(believed).proof(&challenge);
            peer.send(json!([5, proof, bound(said).extra(&challenge)])).await;
            if good {
                peer.expect(json!([2, ID, {"authextra": {"verifier": verifier}, MORE: 0}])).await;
            } else {
                peer.expect_abort("wamp.error.authentication_denied").await;
            }
        }
    });
}
