//! What keeps a run from beginning, in the words that people read.

use std::net::TcpListener;
use std::thread;

use crossway_load::Error;

use crate::harness::{TestRouter, bench, forwarder};

fn refusal(command: &str) -> String {
    bench(command).expect_err("a refusal").to_string()
}

#[test]
fn nobody_listens() {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    drop(socket);
    let expected = format!("cannot connect to rs://{address}: Connection refused (os error 111)");
    assert_eq!(refusal(&format!("rpc rs://{address}")), expected);
    assert!(refusal("rpc unix:///no/such/socket").ends_with("No such file or directory (os error 2)"));
    assert!(
        refusal("rpc rs://no-such-host.invalid:1")
            .starts_with("cannot connect to rs://no-such-host.invalid:1: ")
    );
}

#[test]
fn the_router_says_why_not() {
    let router = TestRouter::start();
    let refusal = |command: &str| refusal(&router.fill(command));
    assert!(refusal("rpc rs://{tcp} --realm nowhere").contains(": ABORT wamp.error.no_such_realm"));
    assert!(refusal("pubsub rs://{tcp} --realm users").contains(": ABORT wamp.error."));
    let wrong = refusal("rpc rs://{tcp} --realm users --authid joe --ticket guess");
    assert!(wrong.contains(": ABORT wamp.error.authentication_denied"), "{wrong}");
    assert!(refusal("rpc rs://{tcp} --serializer cbor").ends_with(": it does not speak cbor over RawSocket"));
}

#[test]
fn certificates_nobody_trusts() {
    let router = TestRouter::start();
    let unknown = refusal(&router.fill("rpc wss://{tls}/"));
    assert!(
        unknown.contains("invalid peer certificate") || unknown.contains("no certificate to trust"),
        "{unknown}"
    );
    let elsewhere = refusal(&router.fill("rpc rss://{tls} --ca {ca}").replace("localhost", "127.0.0.1"));
    assert!(elsewhere.contains("invalid peer certificate"), "{elsewhere}");
    assert!(refusal(&router.fill("rpc rss://{tls} --ca /no/such/file")).starts_with("/no/such/file: "));
}

#[test]
fn what_makes_no_sense() {
    let router = TestRouter::start();
    let url = forwarder("127.0.0.1:0");
    let command = format!("rpc {url} --serializer json --peer-serializer cbor");
    assert!(matches!(bench(&command), Err(Error::Usage(why)) if why.contains("does not translate")));
    let tcp = router.tcp;
    assert!(refusal(&format!("rpc fwd://{tcp}")).contains("fwd://"), "a router is no forwarder");
}

#[test]
fn a_server_that_says_nothing_is_not_waited_for_for_ever() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let command = format!(
        "connect rs://{} --sessions 2 --timeout 200ms --settle 0s --hold 0s",
        silent.local_addr().unwrap()
    );
    let outcome = bench(&command).unwrap();
    assert!(!outcome.is_ok());
    assert_eq!(outcome.json()["checks"]["failed"], 2);
}

#[test]
fn a_server_that_closes_at_once() {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    thread::spawn(move || socket.incoming().for_each(drop));
    let why = refusal(&format!("rpc rs://{address}"));
    assert!(why.contains("closed the connection") || why.contains("reset"), "{why}");
}
