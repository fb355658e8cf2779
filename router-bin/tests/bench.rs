//! `crossway bench` as people run it: the table, the JSON, the exit codes.

#![allow(clippy::unwrap_used, reason = "in a test a surprise is a failure")]

#[expect(dead_code, reason = "shared with other tests")]
mod harness;

use harness::{Router, command, output};

const CONFIG: &str = "[[realm]]\nname = \"realm1\"\nauth = [{ method = \"anonymous\" }]\n\
                      [[listener]]\nname = \"public\"\ntcp = \"127.0.0.1:0\"\n";

/// Runs `crossway bench` with `{}` replaced by the address of the router.
fn bench(router: &Router, arguments: &str) -> (Option<i32>, String, String) {
    let arguments = arguments.replace("{}", router.address("public"));
    output(command().arg("bench").args(arguments.split(' ')))
}

#[test]
fn a_table_without_colours_and_progress_where_there_is_no_terminal() {
    let router = Router::start(CONFIG);
    let (code, out, err) = bench(&router, "rpc rs://{} --count 100");
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(out.starts_with(&format!("rpc  rs://{}  msgpack\n", router.address("public"))), "{out}");
    assert!(
        out.ends_with("  ok  every call was answered with what it had sent\n") && !out.contains('\x1b'),
        "{out}"
    );
}

#[test]
fn one_line_of_json() {
    let router = Router::start(CONFIG);
    for mode in [
        "rpc ws://{}/ws --count 50",
        "pubsub rs://{} --count 50",
        "connect rs://{} --sessions 5 --settle 0 --hold 0",
    ] {
        let (code, out, err) = bench(&router, &format!("{mode} --json"));
        assert_eq!((code, err.as_str(), out.lines().count()), (Some(0), "", 1));
        let report: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!(report["ok"], true, "{report}");
    }
}

#[test]
fn beside_a_forwarder_of_its_own() {
    let router = Router::start(CONFIG);
    let (code, out, err) = bench(&router, "rpc rs://{} --baseline --rounds 1 --count 500 --json");
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    let comparison: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&comparison["rounds"], &comparison["ok"]), (&1.into(), &true.into()));
    assert!(comparison["forwarder"]["url"].as_str().unwrap().starts_with("fwd://127.0.0.1:"), "{comparison}");
    assert!(comparison["speed_ratio"].as_f64().unwrap() > 0.0, "{comparison}");
    assert_eq!(comparison["forwarder"]["count"], 500);
}

#[test]
fn what_is_wrong_is_said_and_counts() {
    let router = Router::start(CONFIG);
    let (code, out, err) = bench(&router, "rpc rs://{} --realm nowhere");
    assert_eq!((code, out.as_str()), (Some(1), ""));
    let head = format!("crossway bench: rs://{}: ABORT wamp.error.no_such_realm", router.address("public"));
    assert!(err.starts_with(&head), "{err}");
    let (code, _, err) = bench(&router, "rpc telnet://{}");
    assert!(code == Some(64) && err.contains("unknown scheme \"telnet\""), "{err}");
    let (code, _, err) = bench(&router, "rpc rs://{} --callers 0");
    assert!(code == Some(64) && err.contains("'--callers <N>'"), "{err}");
    let (code, out, _) = bench(&router, "connect rs://{} --realm nowhere --sessions 3 --settle 0 --hold 0");
    assert!(code == Some(1) && out.contains("NOT OK  joined 0, failed 3, dropped 0"), "{out}");
}
