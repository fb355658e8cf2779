//! Users who log in with secrets: in the config file, and in one of their own.

use std::fs;
use std::path::Path;

use crossway_users::{Argon2Cost, Ticket};

use super::{LISTENER, environment, good, load_in, report};
use crate::config::checked::{Auth, Config, UserSource};
use crate::config::summary::summary;
use crate::config::tree::Format;

/// A realm with these ways of logging in.
fn auth(value: &str) -> String {
    format!("{LISTENER}[[realm]]\nname = \"realm1\"\nauth = [{value}]\n")
}

fn load(folder: &Path, value: &str) -> Result<Config, String> {
    load_in(folder, Format::Toml, "test.toml", &auth(value), &environment())
}

#[track_caller]
fn wrong(value: &str, words: &str) {
    let report = report(Format::Toml, &auth(value));
    let flat = report.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains(words), "no `{words}` in\n{report}");
    assert!(report.ends_with("\n1 mistake in the configuration.\n"), "{report}");
    assert!(!report.contains("hunter2"), "{report}");
}

#[test]
fn methods_may_share_a_file_of_users() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("users.toml"), "[user.joe]\nrole = \"user\"\n").unwrap();
    let value = "{ method = \"ticket\", users_file = \"users.toml\" }, { method = \"wampcra\", users_file = \"users.toml\" }, \
                 { method = \"wamp-scram\", users_file = \"users.toml\" }, { method = \"scram\", users_file = \"users.toml\" }";
    let config = load(folder.path(), value).unwrap_or_else(|report| panic!("{report}"));
    let methods = &config.realms[0].terms.auth;
    assert_eq!(methods.len(), 4);
    for auth in methods {
        let (Auth::Ticket { users } | Auth::WampCra { users } | Auth::Scram { users, .. }) = auth else {
            panic!("{auth:?}")
        };
        assert!(matches!(users, UserSource::File(file) if file.path == folder.path().join("users.toml")));
    }
    let summary = summary(&config);
    assert!(summary.contains("wamp-scram for the users of /"), "{summary}");
}

#[test]
fn a_mistake_in_a_file_of_users_is_one_of_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let value = "{ method = \"ticket\", users_file = \"users.toml\" }";
    let missing = load(folder.path(), value).unwrap_err();
    assert!(missing.contains("No such file") && missing.contains("crossway user add"), "{missing}");
    fs::write(folder.path().join("users.toml"), "[user.joe]\nrole = \"user\"\nticket = \"hunter2\"\n")
        .unwrap();
    let broken = load(folder.path(), value).unwrap_err();
    assert!(broken.contains("line 3: `ticket` has to be a table"), "{broken}");
    assert!(!broken.contains("hunter2"), "{broken}");
}

#[test]
fn verifiers_may_stand_in_the_place_of_secrets() {
    let hash = Ticket::hash("secret", Argon2Cost { memory: 64, iterations: 1, parallelism: 1 }).unwrap();
    let key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    good(&auth(&format!(
        "{{ method = \"ticket\", tickets = [{{ authid = \"joe\", role = \"user\", hash = \"{hash}\" }}] }}, \
         {{ method = \"wampcra\", users = [{{ authid = \"joe\", role = \"user\", salt = \"s\", iterations = 1, keylen = 32, \
         derived_key = \"{key}\" }}] }}, \
         {{ method = \"wamp-scram\", users = [{{ authid = \"joe\", role = \"user\", kdf = \"pbkdf2\", iterations = 4096, \
         salt = \"AAAAAAAAAAA=\", stored_key = \"{key}\", server_key = \"{key}\" }}] }}"
    )));
}

#[test]
fn mistakes_with_users_are_told_without_their_secrets() {
    wrong("{ method = \"wampcra\" }", "`realm[0].auth[0].users` is missing");
    wrong("{ method = \"wampcra\", users = [] }", "is empty");
    wrong(
        "{ method = \"wampcra\", users = [{ authid = \"joe\", role = \"user\" }] }",
        "exactly one of `secret`, `secret_env`",
    );
    wrong(
        "{ method = \"ticket\", tickets = [{ authid = \"joe\", role = \"user\", ticket = \"hunter2\" }], users_file = \"x\" }",
        "either `tickets` or `users_file`",
    );
    wrong(
        "{ method = \"ticket\", tickets = [{ authid = \"joe\", role = \"user\", hash = \"hunter2\" }] }",
        "it is no hash like `$argon2id$",
    );
    wrong(
        "{ method = \"ticket\", tickets = [{ authid = \"joe\", role = \"user\", ticket = \"hunter2\", hash = \"hunter2\" }] }",
        "there is a secret as well",
    );
    wrong(
        "{ method = \"wampcra\", users = [{ authid = \"joe\", role = \"user\", salt = \"s\", iterations = 1, keylen = 32, \
         derived_key = \"hunter2\" }] }",
        "it has a key that is not base64",
    );
    wrong(
        "{ method = \"scram\", users = [{ authid = \"joe\", role = \"user\", kdf = \"md5\", iterations = 1, salt = \"s\", \
         stored_key = \"hunter2\", server_key = \"hunter2\" }] }",
        "unknown `kdf`",
    );
    wrong(
        "{ method = \"wamp-scram\", users = [{ authid = \"\u{2168}\", role = \"user\", secret = \"hunter2\" }] }",
        "not normalized",
    );
}

#[test]
fn what_logging_in_may_cost_can_be_set() {
    let text = auth("{ method = \"anonymous\" }")
        + "[auth]\nkdf_threads = 3\nkdf_queue = 7\nmax_users_file = \"1MiB\"\n";
    let limits = good(&text).auth;
    assert_eq!((limits.kdf.threads, limits.kdf.queue, limits.max_users_file), (3, 7, 1 << 20));
}
