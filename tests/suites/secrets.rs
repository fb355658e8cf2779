//! What must not get into the log, at any level.

use std::io;
use std::sync::{Arc, Mutex};

use crossway_cookie::{Cookie, CookieOptions, Cookies};
use crossway_core::RealmConfig;
use crossway_cryptosign::{Cryptosign, PrivateKey};
use crossway_dynamic::Dynamic;
use crossway_hook::{Bearer, Hook, HookOptions};
use crossway_jwt::{Algorithm, Jwt, Key, Keys, Mapping, Tokens};
use crossway_scram::Scram;
use crossway_tests::pattern::{ANY, ID, MORE};
use crossway_tests::{Carrier, Format, Link, Peer, Plan, on};
use crossway_ticket::Ticket;
use crossway_users::{ScramDialect, ScramKdf, User, Users};
use crossway_wampcra::WampCra;
use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;

use crate::hook::Service;

/// A log in memory.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// All that is logged on this thread, until the guard is dropped.
    pub(crate) fn of_this_thread() -> (Log, impl Sized) {
        let log = Log::default();
        let subscriber =
            tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(log.clone());
        // While there is but one, lines that other tests come to first are asked about there, where nobody listens, and are off
        // from then on, here as well.
        let silent = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(io::sink);
        let second = tracing::Dispatch::new(silent.finish());
        let first = tracing::subscriber::set_default(subscriber.finish());
        tracing::callsite::rebuild_interest_cache();
        (log, (first, second))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("nobody panics with the lock held").clone()).expect("UTF-8")
    }

    fn shows_none_of(&self, secrets: impl IntoIterator<Item = String>) {
        let text = self.text();
        for secret in secrets {
            let line = text.lines().find(|line| line.contains(&secret));
            assert_eq!(line, None, "{secret} is in the log");
        }
    }
}

impl io::Write for Log {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("nobody panics with the lock held").extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'w> MakeWriter<'w> for Log {
    type Writer = Log;

    fn make_writer(&'w self) -> Log {
        self.clone()
    }
}

#[test]
fn a_whole_login_leaves_no_secret_in_the_log() {
    let plan = || {
        let cookies = Arc::new(Cookies::new(CookieOptions::default()));
        let realm = RealmConfig::new("realm1")
            .authenticator(Arc::new(Cookie::new(Arc::clone(&cookies))))
            .authenticator(Arc::new(Ticket::new().user("joe", "tick3t-0f-joe", "user")));
        Plan { visitors: Some(cookies), ..Plan::realm(realm) }
    };
    // Everything runs on this thread.
    let (log, _guard) = Log::of_this_thread();
    let mut secrets = vec!["tick3t-0f-joe".to_owned(), "wr0ng-tick3t".to_owned(), "be4rer-of-joe".to_owned()];
    let links = Link::all().filter(|link| link.carrier.is_websocket() || link.carrier.is_longpoll());
    let seen = Mutex::new(Vec::new());
    on(links, plan, async |router, link| {
        let hello = json!([1, "realm1", {"roles": {"caller": {}}, "authmethods": ["cookie", "ticket"], "authid": "joe"}]);
        let mut cookie = "theme=d4rk-secret".to_owned();
        for (ticket, kind) in [("wr0ng-tick3t", 3), ("tick3t-0f-joe", 2)] {
            let headers = [("Cookie", cookie.as_str()), ("Authorization", "Bearer be4rer-of-joe")];
            let (wire, set) = router.connect_sending(link, &headers).await;
            let mut peer = Peer::over(wire, link);
            peer.send(hello.clone()).await;
            peer.expect(json!([4, "ticket", {}])).await;
            peer.send(json!([5, ticket, {}])).await;
            assert_eq!(peer.receive().await[0], kind);
            cookie = set.unwrap().split(';').next().unwrap().to_owned();
            seen.lock().unwrap().push(cookie.clone());
        }
        let (wire, _) = router.connect_sending(link, &[("Cookie", &cookie)]).await;
        let mut peer = Peer::over(wire, link);
        peer.send(hello).await;
        peer.expect(json!([2, ID, {"authmethod": "cookie", MORE: 0}])).await;
    });
    // The id alone would be enough to look for.
    secrets.extend(seen.into_inner().unwrap().iter().map(|cookie| cookie[6..38].to_owned()));
    secrets.push("d4rk-secret".to_owned());
    assert!(log.text().contains("joined"), "the log is there");
    log.shows_none_of(secrets);
}

const ROUTER_KEY: &str = "4d57d97a68f555696620a6d849c0ce582568518d729eb753dc7c732de2804510";
const JWT_SECRET: &str = "what the issuer and the router know";

/// Every method that has something to hide, but for those above; `options` says who decides about tickets.
fn methods(options: &HookOptions) -> Plan {
    let password = |dialect| {
        let kdf = ScramKdf::Argon2id { iterations: 1, memory: 64 };
        crossway_users::Scram::derive(dialect, kdf, "p4ssword-of-joe").expect("a good password")
    };
    let joe = User::new("joe", "user").scram(ScramDialect::Spec, password(ScramDialect::Spec));
    let joe = joe.key(*PrivateKey::generate().expect("randomness").public().octets());
    let users = Users::of([joe]);
    let key = Key::secret(Algorithm::HS256, JWT_SECRET.as_bytes()).expect("a secret");
    let tokens = Arc::new(Tokens::new(Keys::new().key(key), Mapping::to_role("user")));
    let router_key = PrivateKey::parse(ROUTER_KEY).expect("a key");
    let realm = RealmConfig::new("realm1")
        .authenticator(Arc::new(Dynamic::new("ticket", Hook::new(options).expect("a service"))))
        .authenticator(Arc::new(WampCra::new().user("joe", "cra-s3cret-of-joe", "user")))
        .authenticator(Arc::new(Scram::of(ScramDialect::Spec, users.clone())))
        .authenticator(Arc::new(Jwt::new(tokens)))
        .authenticator(Arc::new(Cryptosign::of(users).router_key(router_key)));
    Plan::realm(realm)
}

#[test]
fn what_any_method_is_shown_or_knows_stays_out_of_the_log() {
    let service = Service::new();
    let (log, _guard) = Log::of_this_thread();
    let options =
        HookOptions { bearer: Some(Bearer::new("be4rer-of-the-router")), ..service.options("http") };
    let claims = json!({"sub": "joe", "exp": u32::MAX});
    let signing = EncodingKey::from_secret(JWT_SECRET.as_bytes());
    let token = encode(&Header::new(Algorithm::HS256), &claims, &signing).unwrap();
    let proof = "cHIwMGYtb2Ytam9lLXByMDBmLW9mLWpvZS1wcjAwZi0=";
    let signature = "5a".repeat(96);
    let nonce = "egVDf3DMJh0=";
    let exporters = Mutex::new(Vec::new());
    let hello = |method: &str, extra: Value| {
        let details =
            json!({"roles": {"caller": {}}, "authmethods": [method], "authid": "joe", "authextra": extra});
        json!([1, "realm1", details])
    };
    on(
        [Carrier::Wss.with(Format::Json)],
        || methods(&options),
        async |router, link| {
            let show = async |method: &str, extra: Value, answer: Value| {
                let (wire, exporter) = router.connect_bound(link).await;
                exporters.lock().unwrap().push(exporter);
                let mut peer = Peer::over(wire, link);
                peer.send(hello(method, extra)).await;
                peer.expect(json!([4, method, ANY])).await;
                peer.send(answer).await;
                peer
            };
            for (status, body, kind) in [("500 No", "", 3), ("200 OK", "\"user\"", 2)] {
                let mut peer = show("ticket", json!({}), json!([5, "tick3t-0f-joe", {}])).await;
                let mut connection = service.accept().await;
                let (head, asked) = connection.is_asked().await;
                assert!(
                    head.contains("be4rer-of-the-router") && asked["details"]["ticket"] == "tick3t-0f-joe"
                );
                connection.says(status, "", body).await;
                assert_eq!(peer.receive().await[0], kind);
            }
            let mut peer = show("wampcra", json!({}), json!([5, "s1gnature-of-joe", {}])).await;
            peer.expect_abort("wamp.error.authentication_denied").await;
            let answer = json!([5, proof, {"nonce": nonce}]);
            let mut peer = show("wamp-scram", json!({"nonce": nonce}), answer).await;
            assert_eq!(peer.receive().await[0], 3);
            show("jwt", json!({}), json!([5, &token, {}])).await.welcomed().await;
            let header = format!("Bearer {token}x");
            let mut peer = Peer::over(router.connect_with(link, &[("Authorization", &header)]).await, link);
            peer.send(hello("jwt", json!({}))).await;
            peer.expect_abort("wamp.error.authentication_denied").await;
            let extra = json!({"channel_binding": "tls-exporter", "challenge": "11".repeat(32),
            "pubkey": PrivateKey::generate().unwrap().public().to_string()});
            let mut peer = show("cryptosign", extra, json!([5, &signature, {}])).await;
            peer.expect_abort("wamp.error.authentication_denied").await;
        },
    );
    assert!(log.text().contains("joined") && log.text().contains("nobody could decide"), "the log is there");
    let (_, shown) = token.rsplit_once('.').unwrap();
    let exporters = exporters.into_inner().unwrap();
    let digits = |octets: &[u8]| octets.iter().map(|octet| format!("{octet:02x}")).collect::<String>();
    let numbers = |octets: &[u8]| format!("{octets:?}").trim_matches(['[', ']']).to_owned();
    let router_key: Vec<u8> =
        (0..32).map(|at| u8::from_str_radix(&ROUTER_KEY[2 * at..][..2], 16).unwrap()).collect();
    let octets = exporters.iter().map(|exporter| &exporter[..]).chain([&router_key[..]]);
    let secrets =
        ["tick3t-0f-joe", "be4rer-of-the-router", "cra-s3cret-of-joe", "p4ssword-of-joe", "s1gnature-of-joe"];
    log.shows_none_of(secrets.into_iter().chain([proof, shown, JWT_SECRET, &signature]).map(str::to_owned));
    log.shows_none_of(
        octets.flat_map(|octets| [digits(octets), digits(octets).to_uppercase(), numbers(octets)]),
    );
}
