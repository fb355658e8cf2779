//! What programs and people read. The names in the JSON are stable: others build tables of them.

use crossway_load::Style;
use serde_json::Value;

use crate::harness::{TestRouter, bench};

fn names(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

const REPORT: [&str; 17] = [
    "mode",
    "url",
    "serializer",
    "peer_url",
    "peer_serializer",
    "settings",
    "ok",
    "unit",
    "count",
    "seconds",
    "per_second",
    "latency_us",
    "checks",
    "problems",
    "router",
    "generator",
    "memory",
];

#[test]
fn the_names_in_the_json() {
    let router = TestRouter::start();
    let pid = std::process::id();
    let json = |mode: &str| {
        let command = router.fill(&format!("{mode} rs://{{tcp}} --router-pid {pid}"));
        let json = bench(&command).unwrap().json();
        assert_eq!(names(&json), REPORT, "{mode}");
        assert_eq!(json["ok"], true, "{json}");
        json
    };
    let rpc = json("rpc --count 10");
    assert_eq!(names(&rpc["settings"]), ["callers", "pipeline", "callees", "payload", "rate"]);
    assert_eq!(names(&rpc["latency_us"]), ["p50", "p90", "p99", "p999", "max", "mean", "samples"]);
    assert_eq!(names(&rpc["checks"]), ["sent", "answered", "lost", "refused", "wrong", "unexpected"]);
    assert_eq!(names(&rpc["generator"]), ["cpu_s", "cpu_s_per_million", "cores"]);
    let router_names =
        ["cpu_s", "cpu_s_per_million", "cores", "rss_kib", "peak_rss_kib", "processes", "threads"];
    assert_eq!(names(&rpc["router"]), router_names);
    let pubsub = json("pubsub --count 10");
    let settings = ["publishers", "subscribers", "ack", "pipeline", "window", "payload", "rate"];
    assert_eq!(names(&pubsub["settings"]), settings);
    let checks =
        ["published", "expected", "received", "lost", "out_of_order", "wrong", "refused", "acks_missing"];
    assert_eq!(names(&pubsub["checks"]), checks);
    let connect = json("connect --sessions 3 --settle 0s --hold 0s");
    assert_eq!(names(&connect["checks"]), ["joined", "failed", "dropped"]);
    assert_eq!(
        names(&connect["memory"]),
        ["before_kib", "joined_kib", "after_kib", "kib_per_session", "idle_cores"]
    );
}

#[test]
fn a_table_for_people() {
    let router = TestRouter::start();
    let outcome = bench(&router.fill("rpc rs://{tcp} --callers 1 --pipeline 2 --count 50")).unwrap();
    let text = outcome.text(Style::default());
    let head =
        router.fill("rpc  rs://{tcp}  msgpack\n1 caller with 2 in flight, 1 callee, 256 octets\n\n  calls ");
    assert!(text.starts_with(&head), "{text}");
    for expected in
        ["  latency    p50 ", "  generator  ", " % ", "  ok  every call was answered with what it had sent\n"]
    {
        assert!(text.contains(expected), "no {expected:?} in\n{text}");
    }
    assert!(!text.contains('\x1b'), "no colours unless asked for");
    assert!(outcome.text(Style { colours: true, brief: true }).contains("\x1b[1mrpc\x1b[0m"));
}
