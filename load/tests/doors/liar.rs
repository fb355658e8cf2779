//! A router that loses, repeats, changes and swaps: none of it may go unnoticed.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;

use crate::harness::{TestRouter, calls, events, report};

/// What is done to the hundredth message of a type that a client is sent.
#[derive(Clone, Copy, Debug)]
enum Lie {
    Lose,
    Repeat,
    /// Change places with the one after it.
    Swap,
    /// Another payload of the same length.
    Change,
    /// In place of it the connection ends.
    HangUp,
}

/// Stands between clients and a router, speaks RawSocket and JSON, and lies about messages of the type `code`.
fn liar(router: SocketAddr, code: &'static str, lie: Lie) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("rs://{} --serializer json", listener.local_addr().unwrap());
    thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let behind = TcpStream::connect(router).unwrap();
            let (mut from, mut to) = (client.try_clone().unwrap(), behind.try_clone().unwrap());
            thread::spawn(move || {
                let _ = std::io::copy(&mut from, &mut to);
                let _ = to.shutdown(Shutdown::Both);
            });
            thread::spawn(move || {
                let _ = tell(behind, &client, code, lie);
                let _ = client.shutdown(Shutdown::Both);
            });
        }
    });
    url
}

/// Passes on what the router says, but for the lie.
fn tell(mut router: TcpStream, mut client: &TcpStream, code: &str, lie: Lie) -> std::io::Result<()> {
    let mut handshake = [0; 4];
    router.read_exact(&mut handshake)?;
    client.write_all(&handshake)?;
    let mut told = 0;
    let mut held = VecDeque::new();
    loop {
        let mut head = [0; 4];
        router.read_exact(&mut head)?;
        let mut frame = vec![0; u32::from_be_bytes(head) as usize];
        router.read_exact(&mut frame)?;
        told += usize::from(frame.starts_with(code.as_bytes()));
        if told == 100 && frame.starts_with(code.as_bytes()) {
            match lie {
                Lie::Lose => continue,
                Lie::HangUp => return Ok(()),
                Lie::Repeat => held.push_back((head, frame.clone())),
                Lie::Swap => {
                    held.push_back((head, frame));
                    continue;
                }
                Lie::Change => {
                    let end = frame.len() - 4;
                    frame[end] ^= 1;
                }
            }
        }
        client.write_all(&[&head[..], &frame].concat())?;
        for (head, frame) in held.drain(..) {
            client.write_all(&[&head[..], &frame].concat())?;
        }
    }
}

const EVENT: &str = "[36,";
const RESULT: &str = "[50,";

#[test]
fn lies_about_events_are_found() {
    let router = TestRouter::start();
    for lie in [Lie::Lose, Lie::Repeat, Lie::Swap, Lie::Change, Lie::HangUp] {
        let url = liar(router.tcp, EVENT, lie);
        let report = report(&format!("pubsub {url} --subscribers 1 --count 300 --timeout 300ms"));
        assert!(!report.ok, "{lie:?} was not found");
        let checks = events(&report);
        match lie {
            Lie::Lose => assert_eq!((checks.lost, checks.received), (1, 299)),
            Lie::Repeat => assert_eq!((checks.out_of_order, checks.received, checks.lost), (1, 300, 0)),
            Lie::Swap => assert_eq!((checks.out_of_order, checks.received), (1, 299)),
            Lie::Change => assert_eq!((checks.wrong, checks.received), (1, 299)),
            Lie::HangUp => assert_eq!(report.problems, ["subscriber 0: the router closed the connection"]),
        }
    }
}

#[test]
fn lies_about_results_are_found() {
    let router = TestRouter::start();
    for lie in [Lie::Lose, Lie::Repeat, Lie::Change, Lie::HangUp] {
        let url = liar(router.tcp, RESULT, lie);
        let report = report(&format!("rpc {url} --callers 1 --count 300 --timeout 300ms"));
        assert!(!report.ok, "{lie:?} was not found");
        let checks = calls(&report);
        match lie {
            Lie::Lose => assert_eq!((checks.lost, checks.answered), (1, 299)),
            Lie::Repeat => assert_eq!((checks.unexpected, checks.answered), (1, 300)),
            Lie::Change => assert_eq!((checks.wrong, checks.answered), (1, 299)),
            Lie::HangUp => assert_eq!(report.problems, ["caller 0: the router closed the connection"]),
            Lie::Swap => unreachable!("results may come in any order"),
        }
    }
}

#[test]
fn results_may_overtake_each_other() {
    let router = TestRouter::start();
    let url = liar(router.tcp, RESULT, Lie::Swap);
    let report = report(&format!("rpc {url} --callers 1 --count 300"));
    assert!(report.ok, "{:?}", report.problems);
}

#[test]
fn a_lost_acknowledgement_is_missed() {
    let router = TestRouter::start();
    let url = liar(router.tcp, "[17,", Lie::Lose);
    let report = report(&format!("pubsub {url} --ack --count 300 --timeout 300ms"));
    assert!(!report.ok);
    assert_eq!(events(&report).acks_missing, 1);
}
