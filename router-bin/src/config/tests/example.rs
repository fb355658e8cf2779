//! The example that `crossway init` writes: it says what it claims to say.

use std::fs;

use crossway_core::history::HistoryRule;
use crossway_core::message::Match;

use super::{environment, good, load_in};
use crate::config::checked::{Auth, Config, Rules};
use crate::config::summary::show_limits;
use crate::config::tree::Format;
use crate::config::{BUILT_IN, Environment};
use crate::init::EXAMPLE;

/// The example with some of its comments taken off.
fn example(line: impl Fn(&str) -> String) -> String {
    EXAMPLE.lines().map(|text| line(text) + "\n").collect()
}

/// `#key = value`
fn with_defaults() -> String {
    let is_default =
        |line: &str| line.starts_with('#') && line[1..].starts_with(|c: char| c.is_ascii_lowercase());
    example(|line| if is_default(line) { line[1..].to_string() } else { line.to_string() })
}

#[test]
fn it_is_what_runs_without_a_file() {
    assert_eq!(good(EXAMPLE), good(BUILT_IN));
}

#[test]
fn the_values_in_its_comments_are_the_defaults() {
    let text = with_defaults();
    assert_ne!(text, EXAMPLE);
    assert_eq!(good(&text), good(BUILT_IN), "{text}");
}

#[test]
fn it_names_every_limit_with_its_default() {
    for (name, value) in show_limits(&good(BUILT_IN).limits) {
        let line = format!("#{name} = {value}");
        assert!(EXAMPLE.lines().any(|found| found == line), "no line `{line}`");
    }
}

#[test]
fn it_names_every_key_that_there_is() {
    // A key is known if asking for another one lists it among those that are allowed.
    let sections = [
        "",
        "[[realm]]",
        "[[realm]]\n[[realm.role]]",
        "[[realm]]\n[[realm.role]]\n[[realm.role.permission]]",
        "[[realm]]\n[[realm.topic]]",
        "[[realm]]\n[[realm.procedure]]",
        "[[realm]]\n[[realm.history]]",
        "[realms]",
        "[limits]",
        "[protocol]",
        "[auth]",
        "[cookie]",
        "[shutdown]",
        "[log]",
        "[reload]",
        "[runtime]",
    ];
    for section in sections {
        let report = super::report(Format::Toml, &format!("{section}\nnonsense = 1\n"));
        let allowed = report.split("allowed:").nth(1).expect("an unknown key gets a list").replace('\n', " ");
        let allowed = allowed.split("mistake").next().expect("split has a first part").split('`');
        let keys: Vec<&str> = allowed.skip(1).step_by(2).collect();
        assert!(!keys.is_empty(), "{section}: {report}");
        for key in keys {
            let named = |line: &str| {
                let line = line.trim_start_matches(['#', ' ', '[']);
                let line = ["realm.role.", "realm.", "realms."]
                    .iter()
                    .find_map(|of| line.strip_prefix(of))
                    .unwrap_or(line);
                line.strip_prefix(key).is_some_and(|rest| rest.starts_with([' ', ']']))
            };
            assert!(EXAMPLE.lines().any(named), "`{key}` of `{section}` is not in the example");
        }
    }
}

#[test]
fn its_alternatives_work_as_well() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("admin.ticket"), "something\n").unwrap();
    let key = crossway_cryptosign::PrivateKey::generate().unwrap();
    fs::write(directory.path().join("router.key"), &*crossway_cryptosign::keyfile::write(&key, "Router."))
        .unwrap();
    fs::write(directory.path().join("users.toml"), "").unwrap();
    fs::write(directory.path().join("jwt.secret"), "as long as the hash that it is for").unwrap();
    let jwks = r#"{"keys": [{"kty": "oct", "k": "YXMgbG9uZyBhcyB0aGUgaGFzaCB0aGF0IGl0IGlzIGZvcg"}]}"#;
    fs::write(directory.path().join("jwks.json"), jwks).unwrap();
    super::certificate(directory.path(), "server");
    super::certificate(directory.path(), "ca");
    let text = example(|line| match line.strip_prefix("#   ") {
        Some(alternative) => alternative.to_string(),
        None => line.to_string(),
    });
    let environment = Environment::with(&[("BACKEND_TICKET", "b"), ("XDG_RUNTIME_DIR", "/run/user/1000")]);
    let config = load_in(directory.path(), Format::Toml, "example", &text, &environment);
    let config: Config = config.unwrap_or_else(|report| panic!("{report}"));
    assert_eq!(config.realms.len(), 6);
    assert_eq!(config.listeners.len(), 3);
    assert_eq!(config.workers, Some(4));
    let [Auth::Ticket { users }, Auth::Cryptosign(keys), Auth::Certificate { rules, .. }, Auth::Cookie] =
        config.realms[1].terms.auth.as_slice()
    else {
        panic!("{config:?}")
    };
    assert_eq!(
        (keys.users.to_string().as_str(), keys.router_key.is_some(), rules.len()),
        ("1 user", true, 2)
    );
    assert_eq!(users.to_string(), "3 users");
    let methods: Vec<&str> = config.realms[2].terms.auth.iter().map(Auth::method).collect();
    assert_eq!(methods, ["wamp-scram", "ticket", "wampcra", "scram"]);
    let [Auth::Jwt(jwt)] = config.realms[3].terms.auth.as_slice() else { panic!("{config:?}") };
    assert_eq!(jwt.tokens.roles(), Some(vec!["user", "guest"]));
    let roles = config.realms[1].terms.roles.iter().map(|role| (role.name.as_str(), role.permissions.len()));
    assert_eq!(roles.collect::<Vec<_>>(), [("user", 2), ("service", 1), ("admin", 2)]);
    let Rules { topics, procedures, histories } = &config.realms[1].terms.rules;
    assert_eq!((topics.len(), procedures.len(), histories.len()), (1, 1, 1));
    assert_eq!(histories[0], HistoryRule::new("com.example.", Match::Prefix), "the defaults");
}

#[test]
fn a_bare_socket_name_lies_in_the_runtime_directory() {
    let local = good(EXAMPLE).listeners[1].address.to_string();
    assert_eq!(local, "/run/user/1000/crossway.sock");
    assert_eq!(environment().runtime_directory().to_str(), Some("/run/user/1000"));
}
