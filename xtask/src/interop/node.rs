//! autobahn-js: the version that most programs use, and the newest.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use super::router::Router;
use super::{install, result};
use crate::process::{output, succeed};
use crate::step::{Outcome, Tally};
use crate::workspace::Workspace;

/// Folders below `tests/interop/node`, named by the version of autobahn-js that they install.
const CLIENTS: [&str; 2] = ["22.11", "26.3"];
/// The one that the example client runs with.
pub(super) const NEWEST: &str = CLIENTS[1];

const NEEDED: (u32, u32) = (20, 10);
const FILES: [&str; 3] = ["package.json", "package-lock.json", ".npmrc"];

pub(super) fn run(workspace: &Workspace, words: &[String]) -> Outcome {
    let mut total = Tally::default();
    let mut result = Ok(());
    for client in CLIENTS {
        match run_client(workspace, client, words) {
            Outcome::Passed(tally) => total.add(tally),
            Outcome::Skipped(why) => result = Err(why),
            Outcome::Failed(tally, why) => {
                total.add(tally);
                result = Err(why);
            }
        }
    }
    Outcome::counted(total, result)
}

fn run_client(workspace: &Workspace, client: &str, words: &[String]) -> Outcome {
    let prepared = prepare(workspace, client)
        .and_then(|folder| Ok((folder, Router::start(workspace, &format!("node-{client}"))?)));
    match prepared {
        Ok((folder, router)) => {
            let file = workspace.interop().join(format!("node-{client}.json"));
            let mut scenarios = node(client);
            scenarios.arg(workspace.root.join("tests/interop/node/run.js"));
            scenarios.arg(folder).arg(&router.about).arg(&file).args(words);
            scenarios.env("NODE_EXTRA_CA_CERTS", router.endpoints.authority());
            result::of(scenarios, &file, router)
        }
        Err(why) => Outcome::of(Err(why)),
    }
}

/// Installs a client; returns the folder of its `node_modules`.
pub(super) fn prepare(workspace: &Workspace, client: &str) -> Result<PathBuf, String> {
    check_prerequisites()?;
    let from = workspace.root.join("tests/interop/node").join(client);
    let lock = FILES.iter().map(|file| install::read(&from.join(file))).collect::<Result<String, _>>()?;
    let folder = workspace.interop().join(format!("node-{client}"));
    install::once(&folder, &lock, || {
        for file in FILES {
            fs::copy(from.join(file), folder.join(file))
                .map_err(|error| format!("can't copy {file}: {error}"))?;
        }
        succeed(Command::new("npm").args(["ci", "--ignore-scripts", "--loglevel=error"]).current_dir(&folder))
    })?;
    Ok(folder)
}

/// Node for a client. The newest wants Node's own WebSocket, which is there without asking since 22; the older one
/// brings another along, and uses it where Node has none.
pub(super) fn node(client: &str) -> Command {
    let mut node = Command::new("node");
    // Both clients allocate buffers in a way that Node finds old-fashioned.
    node.arg("--no-deprecation");
    if client == NEWEST && found() < Some((22, 0)) {
        node.arg("--experimental-websocket");
    }
    node
}

fn found() -> Option<(u32, u32)> {
    output(Command::new("node").arg("--version")).and_then(|text| install::version(&text))
}

fn check_prerequisites() -> Result<(), String> {
    let (major, minor) = NEEDED;
    let how = "your system's package, or nodejs.org/download.\nTo test without real clients: cargo xtask test --skip-interop";
    if found() < Some(NEEDED) {
        return Err(format!("Node >= {major}.{minor} is missing. To get it: {how}"));
    }
    if output(Command::new("npm").arg("--version")).is_none() {
        return Err(format!("npm is missing. To get it: it comes with Node, or as a package `npm`; {how}"));
    }
    Ok(())
}
