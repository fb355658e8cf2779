//! Questions and their answers, word by word.

use std::fs;

use crossway_core::authorization::Action;
use crossway_core::message::Match;

use super::{Outcome, Question};
use crate::cli::Explain;
use crate::config::{Environment, Loaded, load};

const CONFIG: &str = r#"
[[listener]]
tcp = "127.0.0.1:0"
[[realm]]
name = "open"
auth = [{ method = "anonymous", role = "guest" }]
[[realm]]
name = "app"
auth = [{ method = "anonymous", role = "guest" }]
[[realm.role]]
name = "guest"
[[realm.role.permission]]
uri = "com.app."
match = "prefix"
allow = ["call", "subscribe"]
[[realm.role.permission]]
uri = "com.app.key"
deny = ["call", "subscribe"]
[[realm.role.permission]]
uri = "com.log."
match = "prefix"
allow = ["subscribe"]
only_match = ["exact"]
[[realm.role.permission]]
uri = ""
match = "prefix"
allow = ["call"]
[[realm]]
name = "quiet"
meta = "off"
auth = [{ method = "anonymous", role = "guest" }]
[[realm.role]]
name = "guest"
[[realm.role.permission]]
uri = "wamp."
match = "prefix"
allow = ["call"]
[[realm]]
name = "answers"
meta = "read_only"
auth = [{ method = "anonymous", role = "guest" }]
[[realm.role]]
name = "guest"
[[realm.role.permission]]
uri = "wamp."
match = "prefix"
allow = ["call"]
[[realm]]
name = "narrow"
auth = [{ method = "anonymous", role = "guest" }]
[[realm.role]]
name = "guest"
[[realm.role.permission]]
uri = "a."
match = "prefix"
deny = ["subscribe"]
[[realm.role.permission]]
uri = "b.key"
deny = ["subscribe"]
[[realm.role.permission]]
uri = "b."
match = "prefix"
deny = ["subscribe"]
[[realm]]
name = "asked"
auth = [{ method = "anonymous", role = "guest" }]
[[realm.role]]
name = "guest"
authorizer = { procedure = "com.may", realm = "app" }
"#;

fn loaded() -> Loaded {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("x.toml");
    fs::write(&file, CONFIG).unwrap();
    load(Some(&file), &Environment::default()).unwrap_or_else(|report| panic!("{report:?}"))
}

/// Asks what a guest may do; the answer without the directory of the file.
#[track_caller]
fn ask(realm: &str, action: Action, uri: &str, policy: Match) -> Result<(bool, String), String> {
    let (loaded, realm, role, uri) = (loaded(), realm.into(), "guest".into(), uri.into());
    let ask = Explain { config: None, realm, role, action, uri, policy };
    let (outcome, text) = Question::new(&loaded, &ask)?.answer(&loaded);
    let short =
        |line: &str| line.rsplit_once("/x.toml").map_or(line.into(), |(_, line)| format!("  in line{line}"));
    let lines: Vec<String> = text.lines().map(short).collect();
    Ok((outcome == Outcome::Allowed, lines.join("\n").replace("in line:", "in line ")))
}

#[track_caller]
fn answered(action: Action, uri: &str, policy: Match, is_allowed: bool, expected: &str) {
    assert_eq!(ask("app", action, uri, policy).unwrap(), (is_allowed, expected.to_string()));
}

#[test]
fn what_is_allowed_names_the_permission_that_says_so() {
    answered(
        Action::Call,
        "com.app.add",
        Match::Exact,
        true,
        r#"allowed: in app, guest may call "com.app.add"

  in line 13
              uri = "com.app.", match = "prefix", allow = ["call", "subscribe"]"#,
    );
}

#[test]
fn what_is_denied_names_what_it_would_take() {
    answered(
        Action::Call,
        "com.app.key",
        Match::Exact,
        false,
        r#"denied: in app, guest may not call "com.app.key"

  in line 17
              uri = "com.app.key", deny = ["call", "subscribe"]
  it takes    `call` in its `allow`"#,
    );
    answered(
        Action::Register,
        "com.app..log",
        Match::Wildcard,
        false,
        r#"denied: in app, guest may not register "com.app..log" (wildcard)

  decided by  nothing: no permission of this role says anything of it
  it takes    [[realm.role.permission]]  # of guest
              uri = "com.app..log"
              match = "wildcard"
              allow = ["register"]"#,
    );
}

#[test]
fn a_pattern_is_denied_by_what_refuses_a_part_of_it() {
    answered(
        Action::Subscribe,
        "com.app.",
        Match::Prefix,
        false,
        r#"denied: in app, guest may not subscribe to "com.app." (prefix)

  in line 17
              uri = "com.app.key", deny = ["call", "subscribe"]
  it takes    a pattern that leaves these out, or another permission here"#,
    );
    answered(
        Action::Subscribe,
        "com.log.a",
        Match::Prefix,
        false,
        r#"denied: in app, guest may not subscribe to "com.log.a" (prefix)

  in line 20
              uri = "com.log.", match = "prefix", allow = ["subscribe"], only_match = ["exact"]
  but         with `match = "prefix"` it is not allowed there"#,
    );
    assert!(ask("app", Action::Subscribe, "com.app.log", Match::Prefix).unwrap().0);
}

#[test]
fn what_changes_something_for_others_is_not_allowed_by_the_way() {
    answered(
        Action::Call,
        "wamp.session.kill",
        Match::Exact,
        false,
        r#"denied: in app, guest may not call "wamp.session.kill"

  in line 25
              uri = "", match = "prefix", allow = ["call"]
  but         it changes something for others, so a permission for everything is not enough
  it takes    [[realm.role.permission]]  # of guest
              uri = "wamp.session.kill"
              allow = ["call"]"#,
    );
    assert!(ask("app", Action::Call, "wamp.session.list", Match::Exact).unwrap().0);
}

#[test]
fn a_realm_without_roles_allows_what_harms_nobody() {
    let (is_allowed, text) = ask("open", Action::Publish, "a.b", Match::Exact).unwrap();
    assert!(
        is_allowed && text.contains("without [[realm.role]] everybody may do whatever changes nothing"),
        "{text}"
    );
    let (is_allowed, text) = ask("open", Action::Call, "wamp.session.add_testament", Match::Exact).unwrap();
    assert!(
        !is_allowed && text.contains("  it takes    [[realm.role]]\n              name = \"guest\"\n"),
        "{text}"
    );
}

#[test]
fn what_a_procedure_decides_is_not_known_before() {
    let (loaded, realm, role) = (loaded(), "asked".into(), "guest".into());
    let (action, uri, policy) = (Action::Call, "a.b".into(), Match::Exact);
    let ask = Explain { config: None, realm, role, action, uri, policy };
    let (outcome, text) = Question::new(&loaded, &ask).unwrap().answer(&loaded);
    assert_eq!(outcome, Outcome::Unknown);
    assert!(text.starts_with("unknown: in asked, whether guest may call \"a.b\"\n"), "{text}");
    assert!(text.contains("  decided by  com.may of app, each time\n"), "{text}");
}

#[test]
fn what_is_the_routers_nobody_can_take() {
    for (realm, action, uri) in [
        ("open", Action::Publish, "wamp.session.on_join"),
        ("app", Action::Register, "wamp.session.kill"),
        ("asked", Action::Register, "wamp.x"),
    ] {
        let (is_allowed, text) = ask(realm, action, uri, Match::Exact).unwrap();
        assert!(!is_allowed && text.contains("nobody but the router"), "{text}");
    }
}

#[test]
fn questions_without_an_answer_are_told_why() {
    for (realm, action, uri, policy, why) in [
        ("ap", Action::Call, "a", Match::Exact, "no realm \"ap\". did you mean `app`?"),
        ("app", Action::Call, "a", Match::Prefix, "no way to call a pattern"),
        ("app", Action::Call, "a..b", Match::Exact, "\"a..b\" is no URI for this"),
    ] {
        let said = ask(realm, action, uri, policy).unwrap_err();
        assert!(said.contains(why), "no `{why}` in {said}");
    }
    let loaded = loaded();
    let (realm, role, uri) = ("app".into(), "gust".into(), "a".into());
    let ask = Explain { config: None, realm, role, action: Action::Call, uri, policy: Match::Exact };
    let why = Question::new(&loaded, &ask).err().unwrap();
    assert!(why.contains("has no role \"gust\"") && why.contains("did you mean `guest`?"), "{why}");
}

#[test]
fn what_the_realm_does_not_answer_no_permission_allows() {
    for (realm, uri, expected, words) in [
        ("quiet", "wamp.session.list", false, "there is no such procedure"),
        ("quiet", "wamp.session.kill", false, "there is no such procedure"),
        ("answers", "wamp.session.kill", false, "it answers questions only"),
        ("answers", "wamp.session.list", true, "match = \"prefix\""),
    ] {
        let (is_allowed, text) = ask(realm, Action::Call, uri, Match::Exact).unwrap();
        assert!(is_allowed == expected && text.contains(words), "{text}");
        assert!(!text.contains("it takes"), "{text}");
    }
}

#[test]
fn nothing_is_recommended_that_would_not_help() {
    for (uri, policy, against) in [
        // A prefix goes before wildcards.
        ("a..c", Match::Wildcard, r#"uri = "a.", match = "prefix", deny"#),
        // A part of it stays denied, by a permission of its own.
        ("b.", Match::Prefix, r#"uri = "b.key", deny"#),
        ("b.k", Match::Prefix, r#"uri = "b.key", deny"#),
    ] {
        let (is_allowed, text) = ask("narrow", Action::Subscribe, uri, policy).unwrap();
        assert!(!is_allowed && !text.contains("it takes"), "{text}");
        let (_, because) = text.split_once("would not help\n").unwrap_or_else(|| panic!("{text}"));
        assert!(because.contains(against), "{text}");
    }
    let (_, text) = ask("narrow", Action::Subscribe, "a.c", Match::Exact).unwrap();
    assert!(text.contains("  it takes    [[realm.role.permission]]"), "{text}");
}
