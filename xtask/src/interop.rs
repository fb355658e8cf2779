//! Real clients against the router as users get it: every transport and serializer that a client has.
//!
//! Clients are installed under `target/interop` from lock files with hashes, again only when a lock file changed. Each
//! step starts a router of its own on free ports, and asks it to stop in good order at the end: that is a test, too.

mod endpoints;
mod examples;
mod install;
mod node;
mod python;
mod result;
mod router;
mod websocket;

use crate::step::{Outcome, Step};
use crate::workspace::Workspace;

pub(crate) use websocket::Cases;

/// The names of the steps here, which `--skip-interop` leaves out.
pub(crate) const NAMES: [&str; 4] = ["interop-python", "interop-node", "client-examples", "websocket-suite"];

pub(crate) fn steps(words: Vec<String>) -> Vec<Step> {
    let [python_step, node_step, examples_step, _] = NAMES;
    let node_words = words.clone();
    let mut steps = vec![
        Step::new(python_step, "autobahn-python over every transport and serializer", move |workspace| {
            built(workspace).unwrap_or_else(|| python::run(workspace, &words))
        }),
        Step::new(
            node_step,
            "autobahn-js, two versions, over every transport and serializer",
            move |workspace| built(workspace).unwrap_or_else(|| node::run(workspace, &node_words)),
        ),
    ];
    steps.push(Step::new(examples_step, "the example clients run as they are", |workspace| {
        built(workspace).unwrap_or_else(|| examples::run(workspace))
    }));
    steps
}

/// The conformance suite of WebSocket. It has nothing to do with the program, nor with WAMP.
pub(crate) fn websocket_suite(cases: Cases) -> Step {
    Step::new(NAMES[3], "framing and compression by the Autobahn test suite", move |workspace| {
        websocket::run(workspace, cases)
    })
}

/// Clients talk to what is in the tree now, so the program is built first; nothing if that succeeds.
fn built(workspace: &Workspace) -> Option<Outcome> {
    match crate::suite::build(workspace) {
        Outcome::Passed(_) => None,
        failed => Some(failed),
    }
}
