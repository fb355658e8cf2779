//! What can be said of the sources without running them.

use std::process::Command;

use crate::process::{cargo, output, succeed};
use crate::step::{Outcome, Step};
use crate::workspace::Workspace;

pub(crate) fn steps() -> Vec<Step> {
    vec![
        Step::new("fmt", "the sources are formatted", |workspace| {
            Outcome::of(succeed(&mut cargo(workspace, &["fmt", "--all", "--check"])))
        }),
        Step::new("clippy", "no warning in any target", |workspace| {
            let arguments = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
            Outcome::of(succeed(&mut cargo(workspace, &arguments)))
        }),
        Step::new("doc", "the documentation builds without a warning", |workspace| {
            let mut doc = cargo(workspace, &["doc", "--workspace", "--no-deps", "--document-private-items"]);
            Outcome::of(succeed(doc.env("RUSTDOCFLAGS", "-D warnings")))
        }),
        Step::new("deny", "licences, bans and sources of the dependencies", deny),
    ]
}

fn deny(workspace: &Workspace) -> Outcome {
    if output(Command::new("cargo-deny").arg("--version")).is_none() {
        return Outcome::Skipped(
            "cargo-deny is not installed. To get it: cargo install cargo-deny --locked".into(),
        );
    }
    // Which crates are there twice is worth a line each, not the whole tree above them.
    let arguments = ["--all-features", "check", "--hide-inclusion-graph", "licenses", "bans", "sources"];
    Outcome::of(succeed(Command::new("cargo-deny").args(arguments).current_dir(&workspace.root)))
}
