//! The configuration through its front door: text in, `Config` or the rendered report out.

mod cryptosign;
mod elsewhere;
mod example;
mod jwt;
mod mistakes;
mod overrides;
mod roles;
mod rules;
mod same;
mod units;
mod users;
mod warnings;

use std::path::Path;

use super::environment::Environment;
use super::tree::Format;
use super::{Config, Files, Look, understand};

/// Nothing is set, except where sockets with bare names go.
fn environment() -> Environment {
    Environment::with(&[("XDG_RUNTIME_DIR", "/run/user/1000")])
}

fn load(format: Format, text: &str, environment: &Environment) -> Result<Config, String> {
    let name = if format == Format::Toml { "test.toml" } else { "test.yaml" };
    load_in(Path::new("/nowhere"), format, name, text, environment)
}

fn load_in(
    base: &Path,
    format: Format,
    name: &str,
    text: &str,
    environment: &Environment,
) -> Result<Config, String> {
    understand(format, name, text, base, environment, &Files::default())
        .map(|loaded| loaded.config)
        .map_err(|report| report.render(Look::Plain, 110))
}

/// A configuration that is fine, for the mistakes to stand in.
const REALM: &str = "realm = [{ name = \"realm1\", auth = [{ method = \"anonymous\" }] }]\n";
const LISTENER: &str = "listener = [{ tcp = \"127.0.0.1:8080\" }]\n";

#[track_caller]
fn good(text: &str) -> Config {
    load(Format::Toml, text, &environment()).unwrap_or_else(|report| panic!("{text}\n{report}"))
}

#[track_caller]
fn report(format: Format, text: &str) -> String {
    match load(format, text, &environment()) {
        Ok(config) => panic!("no mistake was found in\n{text}\n{config:?}"),
        Err(report) => report,
    }
}

/// What is said about a configuration that can be used.
#[track_caller]
fn warnings(text: &str) -> String {
    let (base, files) = (Path::new("/nowhere"), Files::default());
    match understand(Format::Toml, "test.toml", text, base, &environment(), &files) {
        Ok(loaded) if loaded.warnings.is_empty() => String::new(),
        Ok(loaded) => loaded.warnings.render(Look::Plain, 110),
        Err(report) => panic!("{text}\n{}", report.render(Look::Plain, 110)),
    }
}

/// Checks that a report has a headline, a place and words of help, whatever the line breaks, and how many there are.
#[track_caller]
fn told(report: &str, headline: &str, place: &str, help: &str, count: &str) {
    let flat = report.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains(headline), "no `{headline}` in\n{report}");
    assert!(report.contains(&format!("[test.toml:{place}]")), "not at {place}:\n{report}");
    assert!(flat.contains(help), "no `{help}` in\n{report}");
    assert!(report.ends_with(&format!("\n{count} in the configuration.\n")), "{report}");
}

/// A certificate of its own making in `name.pem`, with its key in `name.key`.
fn certificate(directory: &Path, name: &str) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_string()]).unwrap();
    std::fs::write(directory.join(name).with_extension("pem"), made.cert.pem()).unwrap();
    std::fs::write(directory.join(name).with_extension("key"), made.signing_key.serialize_pem()).unwrap();
}
