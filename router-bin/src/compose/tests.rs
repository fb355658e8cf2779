//! What the parts are told that the configuration does not say word by word.

use super::allowed;
use crate::config::{Environment, load};

/// What a listener with these keys lets clients log in with, where tokens are shown like this.
fn methods(listener: &str, from: &str) -> Vec<String> {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("x.toml");
    let key = "{ alg = \"HS256\", secret = \"a secret of at least 32 octets...\" }";
    let jwt = format!("{{ method = \"jwt\", keys = [{key}], role = \"user\", from = [{from}] }}");
    let text = format!(
        "[[listener]]\ntcp = \"127.0.0.1:0\"\n{listener}\n[[realm]]\nname = \"realm1\"\nauth = [{jwt}]\n"
    );
    std::fs::write(&file, text).unwrap();
    let loaded = load(Some(&file), &Environment::default()).unwrap_or_else(|report| panic!("{report:?}"));
    allowed(&loaded.config.listeners[0], &loaded.config).to_vec()
}

#[test]
fn tokens_shown_as_tickets_are_taken_where_nobody_has_tickets() {
    assert_eq!(methods("", "\"ticket\""), ["jwt", "ticket"]);
    assert_eq!(methods("", "\"header\""), ["jwt"]);
    assert_eq!(methods("auth = [\"jwt\", \"ticket\"]", "\"ticket\""), ["jwt", "ticket"]);
    assert_eq!(methods("auth = [\"jwt\"]", "\"header\", \"ticket\""), ["jwt"]);
}

#[test]
fn tickets_do_not_bring_in_tokens_that_a_listener_does_not_allow() {
    assert!(methods("auth = [\"ticket\"]", "\"ticket\"").is_empty());
}
