//! `examples/clients`: run as they are, against a router as it is.

use std::process::Command;
use std::time::Duration;

use super::router::Router;
use super::{node, python};
use crate::process::succeed_within;
use crate::step::{Outcome, Tally};
use crate::workspace::Workspace;

const LIMIT: Duration = Duration::from_secs(60);

pub(super) fn run(workspace: &Workspace) -> Outcome {
    let mut tally = Tally::default();
    let result = run_both(workspace, &mut tally);
    Outcome::counted(tally, result)
}

fn run_both(workspace: &Workspace, tally: &mut Tally) -> Result<(), String> {
    let python = python::prepare(workspace)?;
    let modules = node::prepare(workspace, node::NEWEST)?.join("node_modules");
    let router = Router::start(workspace, "examples")?;
    let (url, examples) = (router.endpoints.websocket_url(), workspace.root.join("examples/clients"));

    succeed_within(Command::new(python).arg("-B").arg(examples.join("python/client.py")).arg(&url), LIMIT)?;
    tally.add(Tally::ONE);
    let mut javascript = node::node(node::NEWEST);
    javascript.arg(examples.join("js/client.js")).arg(&url).env("NODE_PATH", modules);
    succeed_within(&mut javascript, LIMIT)?;
    tally.add(Tally::ONE);
    router.stop()
}
