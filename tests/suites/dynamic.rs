//! Somebody else decides who gets in: a procedure on a realm of its own.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_lc_rs::hmac;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use crossway_anonymous::Anonymous;
use crossway_core::RealmConfig;
use crossway_core::caller::Caller;
use crossway_dynamic::{Decided, Dynamic, Procedure, Question, Undecided};
use crossway_tests::pattern::{ANY, ID, MORE};
use crossway_tests::peer::id;
use crossway_tests::{Carrier, Format, Link, Peer, Plan, TestRouter, everywhere_with, on, on_memory};
use serde_json::{Value, json};

use crate::secrets::Log;

const PROCEDURE: &str = "com.example.authenticate";

/// For what has little to do with the link.
const FEW: [Link; 3] = [Link::DEFAULT, Carrier::Ws.with(Format::MsgPack), Carrier::Unix.with(Format::Cbor)];

/// Who decides, and how that is asked.
fn procedure(change: impl FnOnce(Caller) -> Caller) -> Procedure {
    Procedure::new(change(Caller::new("admin")), PROCEDURE)
}

/// `realm1`, where a procedure of the realm `admin` decides.
fn decided_by(procedure: Procedure, method: &str, change: impl FnOnce(Dynamic) -> Dynamic) -> Plan {
    let dynamic = change(Dynamic::new(method, procedure));
    let open = |uri| RealmConfig::new(uri).authenticator(Arc::new(Anonymous::default()));
    let realm = RealmConfig::new("realm1").authenticator(Arc::new(dynamic));
    Plan { realms: vec![realm, open("admin")], ..Plan::default() }
}

fn tickets() -> Plan {
    decided_by(procedure(|caller| caller), "ticket", |dynamic| dynamic)
}

/// Whoever decides.
struct Decider {
    peer: Peer,
    registration: u64,
}

impl Decider {
    async fn join(router: &TestRouter, link: Link) -> Self {
        let features = json!({"call_canceling": true});
        let mut peer =
            Peer::join_as(router, link, "admin", json!({"roles": {"callee": {"features": features}}})).await;
        let registration = peer.register(PROCEDURE).await;
        Decider { peer, registration }
    }

    /// Waits for a question about `authid`; returns the invocation and the details.
    async fn is_asked(&mut self, authid: Value) -> (u64, Value) {
        let args = json!(["realm1", authid, ANY]);
        let asked = self.peer.expect(json!([68, ID, self.registration, {}, args])).await;
        (id(&asked, 1), asked[4][2].clone())
    }

    async fn says(&mut self, invocation: u64, answer: Value) {
        self.peer.send(json!([70, invocation, {}, [answer]])).await;
    }

    async fn fails(&mut self, invocation: u64, uri: &str) {
        self.peer.send(json!([8, 68, invocation, {}, uri, ["no"]])).await;
    }

    /// Is asked about joe, and answers.
    async fn says_of_joe(&mut self, answer: Value) {
        let (invocation, _) = self.is_asked(json!("joe")).await;
        self.says(invocation, answer).await;
    }

    /// Nobody has asked anything that was not answered.
    async fn is_left_alone(&mut self) {
        self.peer.expect_silence().await;
    }
}

/// Joe shows a ticket.
async fn shows(router: &TestRouter, link: Link, ticket: &str) -> Peer {
    let mut peer = Peer::connect(router, link).await;
    let hello =
        json!({"roles": {"caller": {}}, "authmethods": ["ticket"], "authid": "joe", "authextra": {"a": 1}});
    peer.send(json!([1, "realm1", hello])).await;
    peer.expect(json!([4, "ticket", {}])).await;
    peer.send(json!([5, ticket, {}])).await;
    peer
}

async fn is_let_in(mut peer: Peer) -> Value {
    peer.welcomed().await[2].clone()
}

// covers: AUTH-20, AUTH-04, AUTH-10, AUTH-11
#[test]
fn a_procedure_is_told_who_wants_to_join_and_says_who_that_is() {
    everywhere_with(tickets, async |router, link| {
        let mut decider = Decider::join(router, link).await;
        let mut joe = shows(router, link, "secret").await;
        let (invocation, details) = decider.is_asked(json!("joe")).await;
        assert_eq!((&details["authmethod"], &details["ticket"]), (&json!("ticket"), &json!("secret")));
        assert_eq!(details["authextra"], json!({"a": 1}));
        assert!(details["transport"]["secure"].is_boolean(), "{details}");
        decider.says(invocation, json!({"role": "user", "authid": "joe.1", "extra": {"team": "red"}})).await;
        let expected = json!({
            "authid": "joe.1", "authrole": "user", "authmethod": "ticket", "authprovider": "dynamic",
            "authextra": {"team": "red"}, MORE: 0,
        });
        joe.expect(json!([2, details["session"], expected])).await;
    });
}

// covers: AUTH-20, AUTH-10
#[test]
fn a_role_is_answer_enough() {
    on(FEW, tickets, async |router, link| {
        let mut decider = Decider::join(router, link).await;
        let joe = shows(router, link, "secret").await;
        decider.says_of_joe(json!("user")).await;
        let welcome = is_let_in(joe).await;
        assert_eq!((&welcome["authid"], &welcome["authrole"]), (&json!("joe"), &json!("user")));
    });
}

// covers: AUTH-05, AUTH-20
#[test]
fn every_no_sounds_the_same() {
    everywhere_with(tickets, async |router, link| {
        let mut decider = Decider::join(router, link).await;
        let mut answers = Vec::new();
        for no in
            ["com.example.no_such_user", "wamp.error.authentication_denied", "wamp.error.no_such_principal"]
        {
            let mut joe = shows(router, link, "wrong").await;
            let (invocation, _) = decider.is_asked(json!("joe")).await;
            decider.fails(invocation, no).await;
            answers.push(joe.expect_abort("wamp.error.authentication_denied").await);
        }
        for no in [json!(null), json!(false)] {
            let mut joe = shows(router, link, "wrong").await;
            decider.says_of_joe(no).await;
            answers.push(joe.expect_abort("wamp.error.authentication_denied").await);
        }
        answers.dedup();
        assert_eq!(answers.len(), 1, "{answers:?}");
    });
}

// covers: AUTH-06, AUTH-20
#[test]
fn an_answer_without_sense_lets_nobody_in() {
    on(FEW, tickets, async |router, link| {
        let mut decider = Decider::join(router, link).await;
        for garbage in [
            json!(5),
            json!(true),
            json!([]),
            json!(""),
            json!({}),
            json!({"role": 7}),
            json!({"role": ""}),
            json!({"role": null, "authid": "root"}),
            json!({"role": "user", "authid": 5}),
            json!({"role": "user", "authid": ""}),
            json!({"role": "user", "realm": "realm2"}),
            json!({"role": "user", "extra": 1}),
            json!({"role": "user", "cache": "long"}),
        ] {
            let mut joe = shows(router, link, "secret").await;
            decider.says_of_joe(garbage).await;
            joe.expect_abort("wamp.error.authentication_failed").await;
        }
    });
}

// covers: AUTH-06, AUTH-20
#[test]
fn without_a_decision_nobody_gets_in() {
    everywhere_with(tickets, async |router, link| {
        let mut joe = shows(router, link, "secret").await;
        joe.expect_abort("wamp.error.authentication_failed").await;
        let mut decider = Decider::join(router, link).await;
        for failure in
            ["wamp.error.runtime_error", "wamp.error.authentication_failed", "crossway.error.limit_exceeded"]
        {
            let mut joe = shows(router, link, "secret").await;
            let (invocation, _) = decider.is_asked(json!("joe")).await;
            decider.fails(invocation, failure).await;
            joe.expect_abort("wamp.error.authentication_failed").await;
        }
        let mut joe = shows(router, link, "secret").await;
        decider.is_asked(json!("joe")).await;
        decider.peer.close().await;
        joe.expect_abort("wamp.error.authentication_failed").await;
    });
}

#[test]
fn the_log_says_now_and_then_that_nobody_decides_however_many_knock() {
    let (log, _guard) = Log::of_this_thread();
    on_memory(tickets(), async |router| {
        for _ in 0..20 {
            // There is no such procedure.
            let mut joe = shows(router, Link::DEFAULT, "secret").await;
            joe.expect_abort("wamp.error.authentication_failed").await;
        }
        assert_eq!(router.counter("logins_denied"), 0, "somebody else's outage is held against nobody");
    });
    assert_eq!(log.text().lines().filter(|line| line.contains("WARN")).count(), 1);
}

// covers: AUTH-06, AUTH-16, AUTH-20
#[test]
fn who_does_not_answer_in_time_has_not_let_anybody_in() {
    let plan = || {
        let slow = procedure(|caller| caller.timeout(Duration::from_secs(3)));
        decided_by(slow, "ticket", |dynamic| dynamic)
    };
    on_memory(plan(), async |router| {
        tokio::time::pause();
        let mut decider = Decider::join(router, Link::DEFAULT).await;
        let mut joe = shows(router, Link::DEFAULT, "secret").await;
        let (invocation, _) = decider.is_asked(json!("joe")).await;
        joe.expect_abort("wamp.error.authentication_failed").await;
        decider.peer.expect(json!([69, invocation, {"mode": "killnowait"}])).await;
        assert_eq!(router.counter("router_calls_timed_out"), 1);
        decider.says(invocation, json!("user")).await;
        decider.is_left_alone().await;
        assert_eq!(router.core.sessions(), 1);
        tokio::time::resume();
    });
}

// covers: AUTH-18, AUTH-20
#[test]
fn nobody_is_asked_any_longer_about_a_client_that_has_left() {
    everywhere_with(tickets, async |router, link| {
        // Without a connection that ends, nobody notices at once.
        if link.carrier.is_longpoll() {
            return;
        }
        let mut decider = Decider::join(router, link).await;
        let mut joe = shows(router, link, "secret").await;
        let (invocation, _) = decider.is_asked(json!("joe")).await;
        joe.close().await;
        decider.peer.expect(json!([69, invocation, {"mode": "killnowait"}])).await;
        assert_eq!(router.counter("router_calls_timed_out"), 0);
    });
}

/// Never decides.
struct Pensive;

#[async_trait]
impl crossway_dynamic::Decider for Pensive {
    async fn decide(&self, _: &Question) -> Result<Decided, Undecided> {
        std::future::pending().await
    }
}

// covers: AUTH-20
#[test]
fn a_router_that_goes_down_waits_for_no_decision() {
    let pensive = RealmConfig::new("realm1").authenticator(Arc::new(Dynamic::new("pensive", Pensive)));
    on_memory(Plan::realm(pensive), async |router| {
        tokio::time::pause();
        let mut joe = Peer::connect(router, Link::DEFAULT).await;
        joe.send(json!([1, "realm1", {"roles": {"caller": {}}, "authmethods": ["pensive"]}])).await;
        let (core, begin) = (router.core.clone(), tokio::time::Instant::now());
        let down = tokio::spawn(async move { core.shutdown(Duration::from_secs(60)).await });
        joe.expect_abort("wamp.close.system_shutdown").await;
        down.await.expect("the router goes down");
        assert!(begin.elapsed() < Duration::from_secs(1));
        tokio::time::resume();
    });
}

// covers: AUTH-16, AUTH-20
#[test]
fn nobody_is_asked_any_longer_once_the_handshake_has_taken_too_long() {
    let mut plan = tickets();
    plan.limits.handshake_timeout = Duration::from_secs(2);
    on_memory(plan, async |router| {
        tokio::time::pause();
        let mut decider = Decider::join(router, Link::DEFAULT).await;
        let _joe = shows(router, Link::DEFAULT, "secret").await;
        let (invocation, _) = decider.is_asked(json!("joe")).await;
        decider.peer.expect(json!([69, invocation, {"mode": "killnowait"}])).await;
        assert_eq!((router.counter("handshake_timeouts"), router.counter("router_calls_timed_out")), (1, 0));
        tokio::time::resume();
    });
}

// covers: AUTH-20
#[test]
fn as_many_questions_are_asked_at_a_time_as_was_said() {
    let plan = || {
        let one = procedure(|caller| caller.max_concurrent(1).timeout(Duration::from_secs(3)));
        decided_by(one, "ticket", |dynamic| dynamic)
    };
    on(FEW, plan, async |router, link| {
        let mut decider = Decider::join(router, link).await;
        let first = shows(router, link, "one").await;
        let (invocation, details) = decider.is_asked(json!("joe")).await;
        assert_eq!(details["ticket"], "one");
        let second = shows(router, link, "two").await;
        decider.is_left_alone().await;
        decider.says(invocation, json!("user")).await;
        is_let_in(first).await;
        let (invocation, details) = decider.is_asked(json!("joe")).await;
        assert_eq!(details["ticket"], "two");
        decider.says(invocation, json!("user")).await;
        is_let_in(second).await;
    });
    on_memory(plan(), async |router| {
        tokio::time::pause();
        let mut decider = Decider::join(router, Link::DEFAULT).await;
        let mut first = shows(router, Link::DEFAULT, "one").await;
        decider.is_asked(json!("joe")).await;
        tokio::time::advance(Duration::from_secs(1)).await;
        let mut second = shows(router, Link::DEFAULT, "two").await;
        let mut third = shows(router, Link::DEFAULT, "three").await;
        first.expect_abort("wamp.error.authentication_failed").await;
        second.expect_abort("wamp.error.authentication_failed").await;
        third.expect_abort("wamp.error.authentication_failed").await;
        let [late, crowded] =
            ["router_calls_timed_out", "router_calls_over_limit"].map(|name| router.counter(name));
        assert_eq!(late + crowded, 3, "{late} have got no answer, {crowded} no place");
        tokio::time::resume();
    });
}

// covers: AUTH-20
#[test]
fn a_verdict_is_remembered_for_as_long_as_it_says_and_for_nobody_else() {
    on_memory(tickets(), async |router| {
        tokio::time::pause();
        let mut decider = Decider::join(router, Link::DEFAULT).await;
        let login = async |ticket| shows(router, Link::DEFAULT, ticket).await;
        for _ in 0..2 {
            let joe = login("secret").await;
            decider.says_of_joe(json!({"role": "user"})).await;
            is_let_in(joe).await;
        }
        let joe = login("secret").await;
        decider.says_of_joe(json!({"role": "user", "cache": 60})).await;
        is_let_in(joe).await;
        assert_eq!(is_let_in(login("secret").await).await["authrole"], "user");
        decider.is_left_alone().await;
        let mut other = login("guess").await;
        decider.says_of_joe(json!(null)).await;
        other.expect_abort("wamp.error.authentication_denied").await;
        tokio::time::advance(Duration::from_secs(61)).await;
        let joe = login("secret").await;
        decider.says_of_joe(json!({"role": "guest", "cache": 60})).await;
        assert_eq!(is_let_in(joe).await["authrole"], "guest");
        tokio::time::resume();
    });
}

// covers: AUTH-20
#[test]
fn a_verdict_is_remembered_for_one_name_and_one_way_to_the_router() {
    on_memory(tickets(), async |router| {
        let mut decider = Decider::join(router, Link::DEFAULT).await;
        let login = async |link, authid: &str| {
            let mut peer = Peer::connect(router, link).await;
            let hello = json!({"roles": {"caller": {}}, "authmethods": ["ticket"], "authid": authid});
            peer.send(json!([1, "realm1", hello])).await;
            peer.expect(json!([4, "ticket", {}])).await;
            peer.send(json!([5, "secret", {}])).await;
            peer
        };
        let joe = login(Link::DEFAULT, "joe").await;
        decider.says_of_joe(json!({"role": "user", "cache": 60})).await;
        is_let_in(joe).await;
        is_let_in(login(Link::DEFAULT, "joe").await).await;
        decider.is_left_alone().await;
        // Whoever decides may look at the name, and at where somebody comes from.
        for (link, authid) in [
            (Link::DEFAULT, "sue"),
            (Carrier::Tcp.with(Format::Json), "joe"),
            (Carrier::Wss.with(Format::Json), "joe"),
        ] {
            let mut other = login(link, authid).await;
            let (invocation, _) = decider.is_asked(json!(authid)).await;
            decider.says(invocation, json!(null)).await;
            other.expect_abort("wamp.error.authentication_denied").await;
        }
    });
}

// covers: AUTH-20
#[test]
fn as_many_verdicts_are_remembered_as_was_said() {
    let plan = decided_by(procedure(|caller| caller), "ticket", |dynamic| dynamic.max_cached(1));
    on_memory(plan, async |router| {
        let mut decider = Decider::join(router, Link::DEFAULT).await;
        for ticket in ["one", "two", "one"] {
            let joe = shows(router, Link::DEFAULT, ticket).await;
            decider.says_of_joe(json!({"role": "user", "cache": 60})).await;
            is_let_in(joe).await;
        }
        is_let_in(shows(router, Link::DEFAULT, "one").await).await;
        decider.is_left_alone().await;
    });
}

// covers: AUTH-20, AUTH-13
#[test]
fn who_shows_nothing_does_not_choose_a_name() {
    let plan = || decided_by(procedure(|caller| caller), "anonymous", |dynamic| dynamic);
    on(FEW, plan, async |router, link| {
        let mut decider = Decider::join(router, link).await;
        for (answer, prefix) in
            [(json!("guest"), "anonymous-"), (json!({"role": "guest", "authid": "g7"}), "g7")]
        {
            let mut peer = Peer::connect(router, link).await;
            peer.send(json!([1, "realm1", {"roles": {"caller": {}}, "authid": "root"}])).await;
            let (invocation, details) = decider.is_asked(json!("root")).await;
            assert_eq!((&details["authmethod"], &details["ticket"]), (&json!("anonymous"), &json!(null)));
            decider.says(invocation, answer).await;
            let welcome = is_let_in(peer).await;
            assert!(welcome["authid"].as_str().is_some_and(|name| name.starts_with(prefix)), "{welcome}");
        }
    });
}

/// `realm1` with a method in which clients prove something.
fn proved(method: &'static str) -> impl Fn() -> Plan {
    move || decided_by(procedure(|caller| caller), method, |dynamic| dynamic)
}

/// Joe wants to prove something. Whoever decides answers; returns what Joe is challenged with.
async fn challenged(
    router: &TestRouter,
    link: Link,
    method: &str,
    decider: &mut Decider,
    answer: Option<Value>,
) -> (Peer, Value) {
    let mut joe = Peer::connect(router, link).await;
    let extra = json!({"nonce": "AAAAAAAAAAAAAAAAAAAAAA==", "channel_binding": null});
    let hello =
        json!({"roles": {"caller": {}}, "authmethods": [method], "authid": "joe", "authextra": extra});
    joe.send(json!([1, "realm1", hello])).await;
    let (invocation, details) = decider.is_asked(json!("joe")).await;
    assert_eq!(details["authmethod"], method);
    match answer {
        Some(answer) => decider.says(invocation, answer).await,
        None => decider.fails(invocation, "com.example.no_such_user").await,
    }
    let challenge = joe.expect(json!([4, method, ANY])).await;
    (joe, challenge[2].clone())
}

/// The signature of a challenge of WAMP-CRA.
fn signed(key: &str, challenge: &Value) -> Value {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
    let text = challenge["challenge"].as_str().expect("a text to be signed");
    STANDARD.encode(hmac::sign(&key, text.as_bytes())).into()
}

// covers: AUTH-20
#[test]
fn whoever_decides_says_which_secret_has_to_be_proved() {
    on(FEW, proved("wampcra"), async |router, link| {
        let mut decider = Decider::join(router, link).await;
        let plain = json!({"role": "user", "authid": "joe.1", "secret": "s3cret"});
        let (mut joe, challenge) =
            challenged(router, link, "wampcra", &mut decider, Some(plain.clone())).await;
        assert_eq!(challenge["salt"], json!(null));
        joe.send(json!([5, signed("s3cret", &challenge), {}])).await;
        joe.expect(
            json!([2, ID, {"authid": "joe.1", "authrole": "user", "authprovider": "dynamic", MORE: 0}]),
        )
        .await;
        let (mut joe, challenge) = challenged(router, link, "wampcra", &mut decider, Some(plain)).await;
        joe.send(json!([5, signed("guess", &challenge), {}])).await;
        joe.expect_abort("wamp.error.authentication_denied").await;
        let key = STANDARD.encode([7; 32]);
        let salted =
            json!({"role": "user", "secret": key, "salt": "salt123", "iterations": 100, "keylen": 32});
        let (mut joe, challenge) = challenged(router, link, "wampcra", &mut decider, Some(salted)).await;
        let salting = (&challenge["salt"], &challenge["iterations"], &challenge["keylen"]);
        assert_eq!(salting, (&json!("salt123"), &json!(100), &json!(32)));
        joe.send(json!([5, signed(&key, &challenge), {}])).await;
        joe.expect(json!([2, ID, {"authid": "joe", "authrole": "user", MORE: 0}])).await;
    });
}

// covers: AUTH-20, AUTH-05, AUTH-08
#[test]
fn whom_nobody_knows_is_challenged_like_anybody() {
    on(FEW, proved("wampcra"), async |router, link| {
        let mut decider = Decider::join(router, link).await;
        let key = STANDARD.encode([7; 32]);
        let salted =
            json!({"role": "user", "secret": key, "salt": "salt123", "iterations": 100, "keylen": 32});
        let (mut joe, _) = challenged(router, link, "wampcra", &mut decider, Some(salted)).await;
        joe.send(json!([5, "guess", {}])).await;
        let known = joe.expect_abort("wamp.error.authentication_denied").await;
        let mut salts = Vec::new();
        for _ in 0..2 {
            let (mut joe, challenge) = challenged(router, link, "wampcra", &mut decider, None).await;
            assert_eq!((&challenge["iterations"], &challenge["keylen"]), (&json!(100), &json!(32)));
            salts.push(challenge["salt"].clone());
            joe.send(json!([5, signed("", &challenge), {}])).await;
            assert_eq!(joe.expect_abort("wamp.error.authentication_denied").await, known);
        }
        assert_eq!(salts[0], salts[1], "the same each time");
    });
}

// covers: AUTH-20, AUTH-06
#[test]
fn without_anything_to_prove_nobody_gets_in() {
    on_memory(proved("wampcra")(), async |router| {
        let mut decider = Decider::join(router, Link::DEFAULT).await;
        for garbage in [
            json!("user"),
            json!({"role": "user"}),
            json!({"role": "user", "secret": 5}),
            json!({"role": "user", "secret": "not base64", "salt": "salt123"}),
            json!({"role": "user", "secret": "AAAA", "salt": "salt123", "iterations": -1}),
        ] {
            let mut joe = Peer::connect(router, Link::DEFAULT).await;
            let hello = json!({"roles": {"caller": {}}, "authmethods": ["wampcra"], "authid": "joe"});
            joe.send(json!([1, "realm1", hello])).await;
            decider.says_of_joe(garbage).await;
            joe.expect_abort("wamp.error.authentication_failed").await;
        }
    });
}

// covers: AUTH-20
#[test]
fn whoever_decides_says_which_password_has_to_be_proved() {
    for method in ["wamp-scram", "scram"] {
        on_memory(proved(method)(), async |router| {
            let mut decider = Decider::join(router, Link::DEFAULT).await;
            let [salt, stored, server] =
                [vec![1; 16], vec![2; 32], vec![3; 32]].map(|octets| STANDARD.encode(octets));
            let keys = json!({
                "role": "user", "kdf": "pbkdf2", "iterations": 4096,
                "salt": salt, "stored-key": stored, "server_key": server,
            });
            let (mut joe, challenge) =
                challenged(router, Link::DEFAULT, method, &mut decider, Some(keys)).await;
            assert_eq!((&challenge["salt"], &challenge["iterations"]), (&json!(salt), &json!(4096)));
            let extra = json!({"nonce": challenge["nonce"], "channel_binding": null, "cbind_data": null});
            joe.send(json!([5, STANDARD.encode([0; 32]), extra])).await;
            joe.expect_abort("wamp.error.authentication_denied").await;
        });
    }
}

/// Joe, or nobody by name, offers a key. Whoever decides answers; returns what has to be signed.
async fn offers(
    router: &TestRouter,
    pair: &Ed25519KeyPair,
    decider: &mut Decider,
    answer: Value,
) -> (Peer, Vec<u8>) {
    let mut joe = Peer::connect(router, Link::DEFAULT).await;
    let extra = json!({"pubkey": hex(pair.public_key().as_ref())});
    let hello = json!({"roles": {"caller": {}}, "authmethods": ["cryptosign"], "authextra": extra});
    joe.send(json!([1, "realm1", hello])).await;
    let (invocation, details) = decider.is_asked(json!(null)).await;
    assert_eq!(details["authextra"], extra);
    decider.says(invocation, answer).await;
    let challenge = joe.expect(json!([4, "cryptosign", ANY])).await;
    let text = challenge[2]["challenge"].as_str().expect("a challenge in hex");
    let octets = (0..32).map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).expect("hex")).collect();
    (joe, octets)
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

async fn signs(joe: &mut Peer, pair: &Ed25519KeyPair, challenge: &[u8]) {
    let signed = hex(pair.sign(challenge).as_ref()) + &hex(challenge);
    joe.send(json!([5, signed, {}])).await;
}

// covers: AUTH-20
#[test]
fn whoever_decides_says_which_key_has_to_be_proved() {
    on_memory(proved("cryptosign")(), async |router| {
        let mut decider = Decider::join(router, Link::DEFAULT).await;
        let [pair, other] =
            [[1; 32], [2; 32]].map(|seed| Ed25519KeyPair::from_seed_unchecked(&seed).expect("a key"));
        let key = hex(pair.public_key().as_ref());
        let yes = json!({"role": "user", "authid": "joe", "pubkey": key});
        let (mut joe, challenge) = offers(router, &pair, &mut decider, yes.clone()).await;
        signs(&mut joe, &pair, &challenge).await;
        joe.expect(
            json!([2, ID, {"authid": "joe", "authrole": "user", "authmethod": "cryptosign", MORE: 0}]),
        )
        .await;
        // Somebody else's key, and a key whose owner somebody else is.
        let (mut joe, challenge) = offers(router, &pair, &mut decider, yes.clone()).await;
        signs(&mut joe, &other, &challenge).await;
        joe.expect_abort("wamp.error.authentication_denied").await;
        let (mut joe, challenge) = offers(router, &other, &mut decider, yes).await;
        signs(&mut joe, &other, &challenge).await;
        joe.expect_abort("wamp.error.authentication_denied").await;
        // Nobody's key is challenged as well.
        let (mut joe, challenge) = offers(router, &pair, &mut decider, json!(null)).await;
        signs(&mut joe, &pair, &challenge).await;
        joe.expect_abort("wamp.error.authentication_denied").await;
    });
}
