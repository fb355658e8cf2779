//! Environment variables over a config file.

use super::{LISTENER, REALM, load};
use crate::config::tree::Format;
use crate::config::{BUILT_IN, Config, Environment};

fn over(text: &str, variables: &[(&str, &str)]) -> Result<Config, String> {
    let mut all = vec![("XDG_RUNTIME_DIR", "/run/user/1000")];
    all.extend(variables);
    load(Format::Toml, text, &Environment::with(&all))
}

#[track_caller]
fn good(variables: &[(&str, &str)]) -> Config {
    over(BUILT_IN, variables).unwrap_or_else(|report| panic!("{report}"))
}

#[test]
fn a_variable_sets_a_key_whatever_its_type() {
    let config = good(&[
        ("CROSSWAY__LIMITS__MAX_SESSIONS", "100"),
        ("CROSSWAY__LIMITS__OUTBOX_BYTES", "1MiB"),
        ("CROSSWAY__LIMITS__OUTBOX_POLICY", "disconnect"),
        ("CROSSWAY__SHUTDOWN__GRACE", "1s"),
        ("CROSSWAY__REALMS__AUTO_CREATE", "true"),
        ("CROSSWAY__REALMS__AUTH", "[{ method = \"anonymous\" }]"),
    ]);
    assert_eq!(config.limits.max_sessions, 100);
    assert_eq!(config.limits.outbox_bytes, 1 << 20);
    assert_eq!(config.grace.as_secs(), 1);
    assert_eq!(config.auto_create.map(|terms| terms.auth.len()), Some(1));
}

#[test]
fn members_of_lists_go_by_number_and_one_more_is_added() {
    let config = good(&[
        ("CROSSWAY__LISTENER__0__TCP", "0.0.0.0:9000"),
        ("CROSSWAY__LISTENER__0__SERIALIZERS", "json,cbor"),
        ("CROSSWAY__LISTENER__2__TCP", "127.0.0.1:9001"),
        ("CROSSWAY__REALM__0__NAME", "123"),
    ]);
    assert_eq!(config.listeners.len(), 3);
    assert_eq!(config.listeners[0].address.to_string(), "0.0.0.0:9000");
    assert_eq!(config.listeners[0].serializers.len(), 2);
    assert_eq!(config.listeners[2].address.to_string(), "127.0.0.1:9001");
    assert_eq!(config.realms[0].name, "123");
}

#[test]
fn a_variable_wins_over_the_file() {
    let text = format!("{REALM}{LISTENER}limits = {{ max_sessions = 1 }}\n");
    let config = over(&text, &[("CROSSWAY__LIMITS__MAX_SESSIONS", "2")]).unwrap();
    assert_eq!(config.limits.max_sessions, 2);
}

#[test]
fn other_variables_are_left_alone() {
    // What a container platform sets for a service of this name.
    good(&[("CROSSWAY_PORT", "tcp://10.0.0.1:8080"), ("CROSSWAY_SERVICE_HOST", "10.0.0.1")]);
}

#[test]
fn a_mistake_names_the_variable() {
    let report = over(BUILT_IN, &[("CROSSWAY__LIMITS__MAX_SESSIONS", "many")]).unwrap_err();
    let expected = r#"  x `limits.max_sessions` wants a whole number from 1 to 1000000000
   ,-[environment:1:32]
 1 | CROSSWAY__LIMITS__MAX_SESSIONS=many
   :                                ^^|^
   :                                  `-- found "many"
   `----

1 mistake in the configuration.
"#;
    assert_eq!(report, expected);
}

#[test]
fn a_name_that_leads_nowhere_is_a_mistake() {
    let report = over(BUILT_IN, &[("CROSSWAY__LIMITS__MAX_SESSION", "1")]).unwrap_err();
    assert!(report.contains("[environment:1:19]"), "{report}");
    assert!(report.contains("did you mean `max_sessions`?"), "{report}");

    let report = over(BUILT_IN, &[("CROSSWAY__LISTENER__5__TCP", "1")]).unwrap_err();
    assert!(report.contains("members are counted from 0; 2 would add one"), "{report}");

    let text = format!("{REALM}{LISTENER}limits = {{ max_sessions = 1 }}\n");
    let report = over(&text, &[("CROSSWAY__LIMITS__MAX_SESSIONS__X", "1")]).unwrap_err();
    assert!(report.contains("only tables and lists have members"), "{report}");

    let report = over(BUILT_IN, &[("CROSSWAY__LISTENER", "[{")]).unwrap_err();
    assert!(report.contains("has to be valid TOML"), "{report}");
}

#[test]
fn a_ticket_in_a_variable_is_not_shown() {
    let ticket = (
        "CROSSWAY__REALM__0__AUTH",
        "[{ method = \"ticket\", tickets = [{ authid = \"joe\", ticket = \"sesame\" }] }]",
    );
    let report = over(BUILT_IN, &[ticket]).unwrap_err();
    assert!(report.contains("tickets[0].role` is missing"), "{report}");
    assert!(!report.contains("sesame"), "{report}");
}
