//! Everything that works: each mode over each kind of URL and serializer.

use crossway_load::Checks;

use crate::harness::{TestRouter, bench, calls, events, forwarder, report};

const URLS: &[(&str, &[&str])] = &[
    ("rs://{tcp}", &["json", "msgpack"]),
    ("ws://{tcp}/", &["json", "msgpack", "cbor"]),
    ("unix://{sock}", &["json", "msgpack"]),
    ("ws+unix:{sock}:/", &["cbor"]),
    ("rss://{tls} --ca {ca}", &["msgpack"]),
    ("wss://{tls}/ --insecure", &["json", "cbor"]),
];

/// Every URL with every serializer that is spoken there, as options.
fn everywhere(router: &TestRouter) -> Vec<String> {
    let pairs = URLS.iter().flat_map(|(url, serializers)| serializers.iter().map(move |name| (url, name)));
    pairs.map(|(url, name)| router.fill(&format!("{url} --serializer {name}"))).collect()
}

#[test]
fn calls_come_back_over_every_url_in_every_serializer() {
    let router = TestRouter::start();
    for there in everywhere(&router) {
        let report = report(&format!("rpc {there} --callers 3 --callees 2 --pipeline 5 --count 1000"));
        assert!(report.ok, "{there}: {:?}", report.problems);
        let checks = calls(&report);
        assert_eq!((checks.sent, checks.answered, report.count), (1000, 1000, 1000), "{there}");
        assert_eq!(report.latency_us.unwrap().samples, 1000);
    }
}

#[test]
fn events_arrive_over_every_url_in_every_serializer() {
    let router = TestRouter::start();
    for there in everywhere(&router) {
        let report = report(&format!("pubsub {there} --publishers 2 --subscribers 5 --count 400"));
        assert!(report.ok, "{there}: {:?}", report.problems);
        let checks = events(&report);
        assert_eq!((checks.published, checks.expected, checks.received), (400, 2000, 2000), "{there}");
    }
}

#[test]
fn sessions_join_over_every_url_and_stay() {
    let router = TestRouter::start();
    for there in everywhere(&router) {
        let report =
            report(&format!("connect {there} --sessions 40 --concurrency 7 --settle 0s --hold 20ms"));
        assert!(report.ok, "{there}: {:?}", report.problems);
        assert!(
            matches!(report.checks, Checks::Connect { joined: 40, failed: 0, dropped: 0 }),
            "{:?}",
            report.checks
        );
    }
}

#[test]
fn callees_and_subscribers_may_be_elsewhere_and_speak_otherwise() {
    let router = TestRouter::start();
    let elsewhere =
        router.fill("rs://{tcp} --peer-url ws+unix:{sock}:/ --serializer msgpack --peer-serializer cbor");
    for mode in ["rpc", "pubsub"] {
        let report = report(&format!("{mode} {elsewhere} --count 300"));
        assert!(report.ok, "{mode}: {:?}", report.problems);
        assert_eq!((report.serializer, report.peer_serializer), ("msgpack", "cbor"));
    }
}

#[test]
fn payloads_of_any_length() {
    let router = TestRouter::start();
    for url in ["rs://{tcp}", "ws://{tcp}/", "rss://{tls} --insecure"] {
        for length in [0, 1, 125, 70_000, 300_000] {
            let report = report(
                &router.fill(&format!("rpc {url} --payload {length} --count 12 --callers 2 --pipeline 2")),
            );
            assert!(report.ok, "{url} {length}: {:?}", report.problems);
            let report =
                self::report(&router.fill(&format!("pubsub {url} --payload {length} --count 6 --window 2")));
            assert!(report.ok, "{url} {length}: {:?}", report.problems);
        }
    }
}

#[test]
fn publications_with_acknowledgement_and_without_a_window() {
    let router = TestRouter::start();
    let acknowledged =
        report(&router.fill("pubsub rs://{tcp} --ack --pipeline 3 --publishers 4 --count 500"));
    assert!(acknowledged.ok && events(&acknowledged).acks_missing == 0, "{:?}", acknowledged.problems);
    let flood = report(&router.fill("pubsub rs://{tcp} --window 0 --count 2000 --subscribers 3"));
    assert!(flood.ok, "{:?}", flood.problems);
}

#[test]
fn a_fixed_rate_takes_its_time() {
    let router = TestRouter::start();
    for mode in ["rpc", "pubsub"] {
        let report = report(&router.fill(&format!("{mode} rs://{{tcp}} --rate 1000 --count 200")));
        assert!(report.ok, "{:?}", report.problems);
        // The last of 200 messages, 1 ms apart, is due after 199 ms.
        assert!(report.seconds >= 0.199, "{mode} took {} s", report.seconds);
    }
}

#[test]
fn measuring_begins_after_the_warm_up() {
    let router = TestRouter::start();
    let report = report(&router.fill("rpc rs://{tcp} --warmup 50ms --duration 100ms"));
    assert!(report.ok && report.seconds >= 0.1, "{report:?}");
    assert!(
        report.count > 0 && report.count < calls(&report).answered,
        "what came in the warm-up is checked, not counted"
    );
}

#[test]
fn a_user_joins_with_a_ticket() {
    let router = TestRouter::start();
    let report =
        report(&router.fill("rpc ws://{tcp}/ --realm users --authid joe --ticket secret --count 10"));
    assert!(report.ok, "{:?}", report.problems);
}

#[test]
fn a_forwarder_is_a_router_without_a_mind() {
    let files = tempfile::tempdir().unwrap();
    let socket = files.path().join("forward.sock").display().to_string();
    for listen in ["127.0.0.1:0", &socket] {
        let url = forwarder(listen);
        for serializer in ["json", "msgpack", "cbor"] {
            for mode in [
                "rpc --callers 3 --callees 2",
                "pubsub --publishers 2",
                "pubsub --payload 1500000 --subscribers 2",
            ] {
                let report = report(&format!("{mode} {url} --serializer {serializer} --count 20"));
                assert!(report.ok, "{mode} {url} {serializer}: {report:?}");
            }
        }
    }
}

#[test]
fn a_forwarder_takes_the_place_of_one_that_died() {
    let files = tempfile::tempdir().unwrap();
    let socket = files.path().join("forward.sock").display().to_string();
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    let url = forwarder(&socket);
    assert!(report(&format!("rpc {url} --count 10")).ok);
    let error = crossway_load::Forwarder::bind(&socket).err().unwrap().to_string();
    assert!(error.contains("in use"), "{error}");
}

#[test]
fn the_cost_of_a_process_is_told() {
    let router = TestRouter::start();
    let pid = std::process::id();
    let report = report(&router.fill(&format!("rpc rs://{{tcp}} --count 100 --router-pid {pid}")));
    let usage = report.router.unwrap();
    assert!(usage.processes >= 1 && usage.rss_kib > 0 && usage.cpu.cpu_s_per_million.is_some(), "{usage:?}");
    let sleepers = format!("connect rs://{{tcp}} --sessions 5 --settle 0s --hold 10ms --router-pid {pid}");
    let memory = self::report(&router.fill(&sleepers)).memory.unwrap();
    assert!(memory.before_kib > 0 && memory.joined_kib > 0 && memory.after_kib > 0, "{memory:?}");
}

#[test]
fn two_loads_at_a_time_do_not_hear_each_other() {
    let router = TestRouter::start();
    let load = |mode: &str| router.fill(&format!("{mode} rs://{{tcp}} --count 2000"));
    let loads =
        [load("pubsub"), load("connect --sessions 30 --hold 10ms --settle 0s").replace("--count 2000", "")];
    std::thread::scope(|scope| {
        for load in &loads {
            scope.spawn(move || assert!(bench(load).unwrap().is_ok(), "{load}"));
        }
    });
}

#[test]
fn guesses_are_counted_by_what_the_router_says() {
    let router = TestRouter::start();
    for url in ["rs://{tcp}", "ws://{tcp}/", "rss://{tls} --insecure"] {
        let guess = |more: &str| {
            report(&router.fill(&format!("guess {url} --realm users --rate 1000 --duration 50ms {more}")))
        };
        let denied = guess("--name joe");
        assert!(denied.ok, "{url}: {:?}", denied.problems);
        let Checks::Guess { let_in: 0, refused } = &denied.checks else { panic!("{:?}", denied.checks) };
        assert_eq!(refused.values().sum::<u64>(), 50, "{url}: {refused:?}");
        assert!(refused.contains_key("wamp.error.authentication_denied"), "{url}: {refused:?}");
        let other = guess("--method smile");
        let Checks::Guess { let_in: 0, refused } = &other.checks else { panic!("{:?}", other.checks) };
        assert_eq!(refused.get("wamp.error.no_matching_auth_method"), Some(&50), "{url}: {refused:?}");
    }
}

#[test]
fn a_guess_that_is_let_in_is_not_ok() {
    let router = TestRouter::start();
    let report = report(&router.fill("guess rs://{tcp} --method anonymous --rate 1000 --duration 10ms"));
    assert!(!report.ok);
    assert!(matches!(report.checks, Checks::Guess { let_in: 10, .. }), "{:?}", report.checks);
}
