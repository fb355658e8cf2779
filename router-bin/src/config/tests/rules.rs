//! Mistakes in what is said of topics and procedures, and how many of them are counted.

use super::{LISTENER, good, report, told};
use crate::config::summary;
use crate::config::tree::Format;

/// A realm with one table more, whose keys begin at line 5, column 1.
pub(super) fn with(table: &str, keys: &str) -> String {
    format!("{LISTENER}[[realm]]\nname = \"r\"\nauth = [{{ method = \"anonymous\" }}]\n{table}\n{keys}\n")
}

/// Checks that one mistake is reported, with its place, its headline and its help.
#[track_caller]
pub(super) fn one(text: &str, headline: &str, place: &str, help: &str) {
    told(&report(Format::Toml, text), headline, place, help, "1 mistake");
}

#[test]
fn uris_fit_the_way_in_which_they_are_compared() {
    for (keys, place, help) in [
        ("uri = \"\"", "6:7", "a URI such as"),
        ("uri = \"a..b\"", "6:7", "a URI such as"),
        ("uri = \"a b\"", "6:7", "a URI such as"),
        ("uri = \"a..b\"\nmatch = \"prefix\"", "6:7", "\"\" is for all"),
        ("uri = \"a#.b\"\nmatch = \"wildcard\"", "6:7", "components may be empty"),
    ] {
        for (table, more) in [
            ("[[realm.topic]]", "retain = true"),
            ("[[realm.procedure]]", "trustlevel = 1"),
            ("[[realm.history]]", ""),
        ] {
            one(&with(table, &format!("{keys}\n{more}")), "does not fit `match = ", place, help);
        }
    }
    one(
        &with("[[realm.history]]", "uri = \"a\"\nmatch = \"regex\""),
        "`realm[0].history[0].match` has an unknown value",
        "7:9",
        "allowed: `exact`, `prefix`, `wildcard`",
    );
    one(
        &with("[[realm.history]]", "events = 1"),
        "`realm[0].history[0].uri` is missing",
        "5:1",
        "for example: uri",
    );
}

#[test]
fn one_slip_is_one_mistake() {
    one(
        &with("[[realm.topic]]", "uri = \"a\"\nretian = true"),
        "`realm[0].topic[0].retian` is not a known key",
        "7:1",
        "did you mean `retain`? allowed: `match`, `uri`, `roles`, `trustlevel`, `disclose`, `retain`",
    );
    one(
        &with("[[realm.topic]]", "uri = \"a.\"\nmatch = \"prefx\"\nretain = true"),
        "`realm[0].topic[0].match` has an unknown value",
        "7:9",
        "did you mean `prefix`?",
    );
}

#[test]
fn what_is_the_routers_own_is_not_ruled() {
    for (table, key, what) in [
        ("[[realm.topic]]", "retain = true", "topics"),
        ("[[realm.procedure]]", "trustlevel = 1", "procedures"),
    ] {
        let text = with(table, &format!("uri = \"wamp.session.\"\nmatch = \"prefix\"\n{key}"));
        one(&text, &format!("names {what} of the router"), "6:7", "rules for your own");
    }
    good(&with("[[realm.history]]", "uri = \"wamp.session.\"\nmatch = \"prefix\""));
}

#[test]
fn a_rule_says_something_of_somebody() {
    one(
        &with("[[realm.topic]]", "uri = \"a\""),
        "`realm[0].topic[0]` says nothing",
        "5:1",
        "at least one of `trustlevel`, `disclose`, `retain`",
    );
    one(
        &with("[[realm.procedure]]", "uri = \"a\"\nroles = [\"x\"]"),
        "`realm[0].procedure[0]` says nothing",
        "5:1",
        "`max_timeout`, `forward_timeout`",
    );
    one(
        &with("[[realm.topic]]", "uri = \"a\"\nretain = true\nroles = []"),
        "`realm[0].topic[0].roles` is empty",
        "8:9",
        "leave it out for everybody",
    );
}

#[test]
fn values_are_within_their_bounds() {
    for (table, key, headline, help) in [
        ("topic", "trustlevel = -1", "trustlevel` wants a whole number", "found the number -1"),
        ("topic", "disclose = \"yes\"", "disclose` has an unknown value", "`on_request`, `always`, `never`"),
        ("topic", "retain = 1", "retain` wants `true` or `false`", "found the number 1"),
        ("procedure", "max_timeout = 5", "max_timeout` wants a duration", "\"30s\""),
        ("procedure", "max_timeout = \"0s\"", "max_timeout` is out of range", "1ms to 365d"),
        ("procedure", "forward_timeout = \"5s\"", "forward_timeout` wants `true` or `false`", "found \"5s\""),
        ("history", "events = 0", "events` wants a whole number from 1", "found the number 0"),
        ("history", "bytes = \"1B\"", "bytes` is out of range", "1KiB"),
    ] {
        let text = with(&format!("[[realm.{table}]]"), &format!("uri = \"a\"\n{key}"));
        one(&text, headline, &format!("7:{}", key.find('=').unwrap() + 3), help);
    }
    one(
        &with("[[realm.procedure]]", "uri = \"a\"\nmax_timout = \"5s\"\ntrustlevel = 1"),
        "`realm[0].procedure[0].max_timout` is not a known key",
        "7:1",
        "did you mean `max_timeout`?",
    );
}

#[test]
fn the_same_is_not_kept_twice() {
    let twice = "uri = \"a\"\nmatch = \"prefix\"\n[[realm.history]]\nmatch = \"prefix\"\nuri = \"a\"";
    one(
        &with("[[realm.history]]", twice),
        "`realm[0].history[1]` keeps the same again",
        "8:1",
        "leave one out",
    );
    good(&with("[[realm.history]]", "uri = \"a\"\n[[realm.history]]\nuri = \"a\"\nmatch = \"prefix\""));
}

#[test]
fn a_summary_counts_them() {
    let rules = "topic = [{ uri = \"a\", retain = true }, { uri = \"b\", retain = true }]\nhistory = [{ uri = \"a\" }]";
    let text = with(
        rules,
        "[realms]\nauto_create = true\nauth = [{ method = \"anonymous\" }]\n\
                            procedure = [{ uri = \"a\", trustlevel = 1 }]",
    );
    let summary = summary(&good(&text));
    assert!(
        summary.contains("r (anonymous as anonymous), 2 rules for topics, 1 event history\n"),
        "{summary}"
    );
    assert!(summary.contains("joins (anonymous as anonymous), 1 rule for procedures\n"), "{summary}");
}
