//! What somebody who guesses costs the others: `cargo xtask bench logins [ROUNDS] [METHOD]...`.
//!
//! One client calls a hundred times a second; its latency is taken alone, and while another one tries five hundred logins
//! per second, by turns. All guesses come from the address that the calls come from.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

use super::contender::{Contender, Route};
use super::table::{Request, bench, number, prepared};
use crate::workspace::Workspace;

/// The ways of logging in that are tried, with what is known of the user.
const METHODS: [&str; 4] = ["wamp-scram", "ticket", "wampcra", "cryptosign"];

const CALLS: &str = "rpc --callers 1 --pipeline 1 --rate 100 --warmup 500ms --duration 4s";
const GUESSES: &str = "guess --rate 500 --duration 6s --realm users --name joe --json --quiet";
/// Guessing has begun when calls are measured, and goes on for longer.
const HEAD_START: Duration = Duration::from_millis(500);

pub(super) fn run(workspace: &Workspace, arguments: &[String]) -> Result<(), String> {
    let Request { rounds, words } = Request::read(arguments);
    let folder = prepared(workspace)?;
    let users = folder.join("users.toml");
    add_user(workspace, &users)?;
    let router = Contender::crossway(workspace, &folder, "logins", &realm(&users))?;
    let url = router.route(Route::Tcp).unwrap_or_default();
    println!(
        "calls at 100 per second, us: median and 99th percentile alone, and while 500 logins per second are tried"
    );
    for method in METHODS.iter().filter(|method| words.is_empty() || words.contains(method)) {
        for _ in 0..rounds {
            let calls = || bench(workspace, &format!("{CALLS} {url}"), router.id(Route::Tcp));
            let alone = calls().ok_or("calls were lost, wrong or refused")?;
            let mut guesses = Command::new(workspace.router());
            guesses.arg("bench").args(GUESSES.split(' ')).args(["--method", method, url]);
            let guesses = guesses.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
            let guesses = guesses.map_err(|error| format!("can't guess: {error}"))?;
            sleep(HEAD_START);
            let beside = calls();
            let guesses = guesses.wait_with_output().map_err(|error| format!("can't guess: {error}"))?;
            let beside = beside.ok_or("calls were lost, wrong or refused beside guesses")?;
            show(method, &alone, &beside, &String::from_utf8_lossy(&guesses.stdout));
        }
    }
    Ok(())
}

fn show(method: &str, alone: &Value, beside: &Value, guesses: &str) {
    let latency = |report: &Value, quantile: &str| number(report, &format!("/latency_us/{quantile}"));
    let cores = number(beside, "/router/cores");
    let [p50, p99] = ["p50", "p99"].map(|quantile| (latency(alone, quantile), latency(beside, quantile)));
    let guesses: Value = serde_json::from_str(guesses).unwrap_or_default();
    println!(
        "{method:<12} p50 {:6.0} -> {:6.0} ({:.2})   p99 {:6.0} -> {:6.0} ({:.2})   {cores:.2} cores   {} guesses: {}",
        p50.0,
        p50.1,
        p50.1 / p50.0,
        p99.0,
        p99.1,
        p99.1 / p99.0,
        guesses["count"],
        guesses["checks"]["refused"]
    );
}

/// One user, who could log in with a password, whatever the method.
fn add_user(workspace: &Workspace, users: &Path) -> Result<(), String> {
    // A run before this one left its users.
    let _ = fs::remove_file(users);
    let mut command = Command::new(workspace.router());
    command.args(["user", "add", "joe", "--role", "user", "--file"]).arg(users);
    let failed = |error| format!("can't add a user: {error}");
    let mut adding = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().map_err(failed)?;
    if let Some(mut password) = adding.stdin.take() {
        password.write_all(b"correct horse battery staple\n").map_err(failed)?;
    }
    match adding.wait().map_err(failed)? {
        status if status.success() => Ok(()),
        status => Err(format!("`crossway user add` ended with {status}")),
    }
}

/// A realm for users, behind the one for everybody.
fn realm(users: &Path) -> String {
    let method =
        |method: &str| format!("{{ method = \"{method}\", users_file = {:?} }}", users.display().to_string());
    format!("[[realm]]\nname = \"users\"\nauth = [{}]\n", METHODS.map(method).join(", "))
}
