//! An HTTP service decides who gets in.

use std::sync::Arc;
use std::time::Duration;

use crossway_core::RealmConfig;
use crossway_dynamic::Dynamic;
use crossway_hook::{Bearer, Hook, HookOptions};
use crossway_tests::pattern::{ID, MORE};
use crossway_tests::wire::Stream;
use crossway_tests::{Carrier, Format, Link, Peer, Plan, TestRouter, on, on_memory};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::PrivateKeyDer;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// For what has little to do with the link.
const FEW: [Link; 3] = [Link::DEFAULT, Carrier::Wss.with(Format::MsgPack), Carrier::Tcp.with(Format::Cbor)];

/// A service that answers by hand. Its port is taken before the router knows it.
pub(crate) struct Service {
    listener: std::net::TcpListener,
}

impl Service {
    pub(crate) fn new() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("a socket");
        Service { listener }
    }

    pub(crate) fn options(&self, scheme: &str) -> HookOptions {
        let port = self.listener.local_addr().expect("a socket").port();
        HookOptions::new(format!("{scheme}://localhost:{port}/decide?x=1"))
    }

    fn listen(&self) -> TcpListener {
        let listener = self.listener.try_clone().expect("a socket");
        TcpListener::from_std(listener).expect("a runtime")
    }

    pub(crate) async fn accept(&self) -> Connection {
        Connection(Box::new(self.listen().accept().await.expect("a connection").0))
    }
}

pub(crate) struct Connection(Stream);

impl Connection {
    /// Waits for a question; returns its head and its body.
    pub(crate) async fn is_asked(&mut self) -> (String, Value) {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.0.read_u8().await.expect("a request"));
        }
        let head = String::from_utf8(head).expect("ASCII");
        let length = head
            .lines()
            .find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned));
        let mut body = vec![0; length.expect("a length").parse().expect("a number")];
        self.0.read_exact(&mut body).await.expect("a body");
        (head, serde_json::from_slice(&body).expect("JSON"))
    }

    pub(crate) async fn says(&mut self, status: &str, headers: &str, body: &str) {
        let length = body.len();
        let answer = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\n\r\n{body}");
        self.0.write_all(answer.as_bytes()).await.expect("the router listens");
        self.0.flush().await.expect("the router listens");
    }
}

fn decided_by(options: &HookOptions) -> Plan {
    let hook = Hook::new(options).expect("a service");
    let dynamic = Dynamic::new("ticket", hook);
    Plan::realm(RealmConfig::new("realm1").authenticator(Arc::new(dynamic)))
}

/// Joe shows a ticket.
async fn shows(router: &TestRouter, link: Link, ticket: &str) -> Peer {
    let mut peer = Peer::connect(router, link).await;
    let hello = json!({"roles": {"caller": {}}, "authmethods": ["ticket"], "authid": "joe"});
    peer.send(json!([1, "realm1", hello])).await;
    peer.expect(json!([4, "ticket", {}])).await;
    peer.send(json!([5, ticket, {}])).await;
    peer
}

async fn is_let_in_as(mut peer: Peer, role: &str) {
    let expected = json!({"authid": "joe", "authrole": role, "authprovider": "http", MORE: 0});
    peer.expect(json!([2, ID, expected])).await;
}

// covers: AUTH-20, AUTH-10
#[test]
fn a_service_is_told_who_wants_to_join_and_says_who_that_is() {
    for link in FEW {
        let service = Service::new();
        let mut options = service.options("http");
        options.bearer = Some(Bearer::new("t0ken"));
        on(
            [link],
            || decided_by(&options),
            async |router, link| {
                let joe = shows(router, link, "secret").await;
                let mut connection = service.accept().await;
                let (head, body) = connection.is_asked().await;
                assert!(head.starts_with("POST /decide?x=1 HTTP/1.1\r\n"), "{head}");
                assert!(head.to_lowercase().contains("\r\nauthorization: bearer t0ken\r\n"), "{head}");
                assert_eq!((&body["realm"], &body["authid"]), (&json!("realm1"), &json!("joe")));
                assert_eq!(body["details"]["ticket"], "secret");
                connection.says("200 OK", "", r#"{"role": "user"}"#).await;
                is_let_in_as(joe, "user").await;
                // The same connection serves again.
                let mut joe = shows(router, link, "wrong").await;
                connection.is_asked().await;
                connection.says("403 Forbidden", "", "no").await;
                joe.expect_abort("wamp.error.authentication_denied").await;
                // One that was closed meanwhile is no failure.
                drop(connection);
                let joe = shows(router, link, "secret").await;
                let mut connection = service.accept().await;
                connection.is_asked().await;
                connection.says("200 OK", "", "\"guest\"").await;
                is_let_in_as(joe, "guest").await;
            },
        );
    }
}

// covers: AUTH-06, AUTH-20
#[test]
fn what_a_service_does_not_clearly_say_lets_nobody_in() {
    let service = Service::new();
    let mut options = service.options("http");
    options.max_answer = 100;
    on_memory(decided_by(&options), async |router| {
        let long = format!("\"{}\"", "x".repeat(100));
        for (status, body) in [
            ("500 Oops", "\"user\""),
            ("404 Not Found", "\"user\""),
            ("302 Found", "\"user\""),
            ("201 Created", "\"user\""),
            ("200 OK", ""),
            ("200 OK", "user"),
            ("200 OK", "[\"user\"]"),
            ("200 OK", "{\"authid\": \"root\"}"),
            ("200 OK", &long),
        ] {
            let mut joe = shows(router, Link::DEFAULT, "secret").await;
            let mut connection = service.accept().await;
            connection.is_asked().await;
            connection.says(status, "Connection: close\r\n", body).await;
            joe.expect_abort("wamp.error.authentication_failed").await;
        }
        for body in ["null", "false"] {
            let mut joe = shows(router, Link::DEFAULT, "secret").await;
            let mut connection = service.accept().await;
            connection.is_asked().await;
            connection.says("200 OK", "Connection: close\r\n", body).await;
            joe.expect_abort("wamp.error.authentication_denied").await;
        }
        // It leaves in the middle.
        let mut joe = shows(router, Link::DEFAULT, "secret").await;
        let mut connection = service.accept().await;
        connection.is_asked().await;
        drop(connection);
        joe.expect_abort("wamp.error.authentication_failed").await;
    });
}

// covers: AUTH-06, AUTH-20
#[test]
fn a_service_that_is_not_there_lets_nobody_in() {
    let options = Service::new().options("http");
    on_memory(decided_by(&options), async |router| {
        let mut joe = shows(router, Link::DEFAULT, "secret").await;
        joe.expect_abort("wamp.error.authentication_failed").await;
    });
}

// covers: AUTH-06, AUTH-16, AUTH-20
#[test]
fn a_service_that_is_silent_or_has_too_much_to_do_lets_nobody_in() {
    let service = Service::new();
    let mut options = service.options("http");
    (options.timeout, options.max_concurrent) = (Duration::from_millis(200), 1);
    let hook = Hook::new(&options).expect("a service");
    let counters = hook.counters();
    let realm = RealmConfig::new("realm1").authenticator(Arc::new(Dynamic::new("ticket", hook)));
    on_memory(Plan::realm(realm), async |router| {
        let listener = service.listen();
        let mut joe = shows(router, Link::DEFAULT, "secret").await;
        let silent = listener.accept().await.expect("a connection");
        let mut other = shows(router, Link::DEFAULT, "secret").await;
        joe.expect_abort("wamp.error.authentication_failed").await;
        other.expect_abort("wamp.error.authentication_failed").await;
        drop(silent);
    });
    assert!(counters.timed_out.get() >= 1);
    assert_eq!(counters.timed_out.get() + counters.over_limit.get(), 2);
}

// covers: AUTH-20
#[test]
fn what_a_service_lets_the_router_remember_is_not_asked_again() {
    let service = Service::new();
    on_memory(decided_by(&service.options("http")), async |router| {
        let mut connection = None;
        for _ in 0..2 {
            let joe = shows(router, Link::DEFAULT, "secret").await;
            if connection.is_none() {
                connection = Some(service.accept().await);
            }
            let connection = connection.as_mut().expect("just made");
            connection.is_asked().await;
            connection.says("200 OK", "Cache-Control: no-store\r\n", "\"user\"").await;
            is_let_in_as(joe, "user").await;
        }
    });
    let service = Service::new();
    on_memory(decided_by(&service.options("http")), async |router| {
        let joe = shows(router, Link::DEFAULT, "secret").await;
        let mut connection = service.accept().await;
        connection.is_asked().await;
        connection.says("200 OK", "Cache-Control: max-age=600\r\n", "\"user\"").await;
        is_let_in_as(joe, "user").await;
        is_let_in_as(shows(router, Link::DEFAULT, "secret").await, "user").await;
        let mut guess = shows(router, Link::DEFAULT, "guess").await;
        connection.is_asked().await;
        connection.says("200 OK", "", "null").await;
        guess.expect_abort("wamp.error.authentication_denied").await;
    });
}

/// A service inside TLS, and the certificate that it shows.
fn with_tls() -> (TlsAcceptor, Vec<u8>) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let ca = made.cert.pem().into_bytes();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the provider knows them")
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .expect("a valid certificate");
    (TlsAcceptor::from(Arc::new(config)), ca)
}

// covers: AUTH-20, AUTH-06
#[test]
fn only_the_service_itself_is_believed() {
    let (acceptor, ca) = with_tls();
    let service = Service::new();
    let mut options = service.options("https");
    options.ca = Some(ca);
    on_memory(decided_by(&options), async |router| {
        let joe = shows(router, Link::DEFAULT, "secret").await;
        let Connection(stream) = service.accept().await;
        let mut connection = Connection(Box::new(acceptor.accept(stream).await.expect("TLS")));
        connection.is_asked().await;
        connection.says("200 OK", "", "\"user\"").await;
        is_let_in_as(joe, "user").await;
    });
    let (imposter, _) = with_tls();
    on_memory(decided_by(&options), async |router| {
        let mut joe = shows(router, Link::DEFAULT, "secret").await;
        let Connection(stream) = service.accept().await;
        assert!(imposter.accept(stream).await.is_err(), "nobody speaks to an imposter");
        joe.expect_abort("wamp.error.authentication_failed").await;
    });
}
