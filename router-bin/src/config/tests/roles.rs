//! Mistakes in what roles may do, and what is read where there is none.

use crossway_core::authorization::{Action, Actions, Wish};
use crossway_core::message::{Invoke, Match};
use crossway_core::policy::Disclosure;

use super::rules::{one, with};
use super::{LISTENER, good};
use crate::config::{Environment, summary};

/// The role that everybody has, with a permission whose keys begin at line 8, column 1.
fn role(keys: &str) -> String {
    with("[[realm.role]]", &format!("name = \"anonymous\"\n[[realm.role.permission]]\n{keys}"))
}

#[test]
fn a_permission_says_what_is_allowed_and_on_which_terms() {
    let keys = "uri = \"com.app.\"\nmatch = \"prefix\"\nallow = [\"register\", \"publish\"]\ndeny = [\"call\"]\n\
                disclose = \"always\"\nonly_match = [\"exact\"]\nonly_invoke = [\"single\", \"random\"]\n\
                forbid = [\"force_reregister\", \"retain\"]";
    let config = good(&role(keys));
    let [role] = config.realms[0].terms.roles.as_slice() else { panic!("{config:?}") };
    let [permission] = role.permissions.as_slice() else { panic!("{role:?}") };
    let rule = &permission.rule;
    assert_eq!((rule.uri.as_str(), rule.policy), ("com.app.", Match::Prefix));
    assert_eq!(rule.allow, [Action::Register, Action::Publish].into_iter().collect());
    assert_eq!(rule.deny, Actions::from(Action::Call));
    assert_eq!(rule.grant.disclose, Some(Disclosure::Always));
    let refused =
        [Wish::Match(Match::Wildcard), Wish::Invoke(Invoke::First), Wish::Retain, Wish::ForceReregister];
    assert!(refused.iter().all(|wish| rule.grant.constraints.forbids(*wish)), "{rule:?}");
    let granted =
        [Wish::Match(Match::Exact), Wish::Invoke(Invoke::Random), Wish::Acknowledge, Wish::Receivers];
    assert!(!granted.iter().any(|wish| rule.grant.constraints.forbids(*wish)), "{rule:?}");
    assert_eq!(permission.to_string(), keys.replace('\n', ", "));
}

#[test]
fn roles_have_names_of_their_own() {
    one(&with("[[realm.role]]", ""), "`realm[0].role[0].name` is missing", "5:1", "for example: name");
    let twice = "name = \"anonymous\"\n[[realm.role]]\nname = \"anonymous\"";
    one(
        &with("[[realm.role]]", twice),
        "two roles of a realm are called \"anonymous\"",
        "8:8",
        "names have to differ",
    );
    one(
        &with("role = []", ""),
        "`realm[0].role` is empty",
        "5:8",
        "leave it out if everybody may do everything",
    );
}

#[test]
fn who_logs_in_gets_a_role_that_there_is() {
    one(
        &with("[[realm.role]]", "name = \"user\""),
        "`realm[0].auth` hands out the role \"anonymous\", which there is not",
        "4:8",
        "add a [[realm.role]] with name = \"anonymous\"",
    );
    let auth = "[realms]\nauto_create = true\nauth = [{ method = \"anonymous\", role = \"guest\" }]\n";
    one(
        &format!("{LISTENER}{auth}[[realms.role]]\nname = \"gest\"\n"),
        "`realms.auth` hands out the role \"guest\"",
        "4:40",
        "add a [[realms.role]] with name = \"guest\"",
    );
    // One slip is one mistake.
    let slip = "name = \"anonymous\"\npermissions = []";
    one(
        &with("[[realm.role]]", slip),
        "`realm[0].role[0].permissions` is not a known key",
        "7:1",
        "did you mean `permission`?",
    );
}

#[test]
fn a_permission_decides_something_once() {
    one(
        &role("uri = \"a\""),
        "`realm[0].role[0].permission[0]` says nothing",
        "7:1",
        "at least one of `allow`, `deny`",
    );
    one(
        &role("uri = \"a\"\nallow = []"),
        "allow` is empty",
        "9:9",
        "name at least one of `call`, `register`",
    );
    one(
        &role("uri = \"a\"\nallow = [\"cal\"]"),
        "allow[0]` has an unknown value",
        "9:10",
        "did you mean `call`?",
    );
    one(
        &role("uri = \"a\"\nallow = [\"call\", \"publish\"]\ndeny = [\"publish\"]"),
        "deny` denies what is allowed",
        "10:8",
        "leave it out here, or in `allow`",
    );
    one(&role("allow = [\"call\"]"), "permission[0].uri` is missing", "7:1", "for example: uri");
    one(
        &role("uri = \"a..b\"\nallow = [\"call\"]"),
        "does not fit `match = \"exact\"`",
        "8:7",
        "a URI such as",
    );
}

#[test]
fn terms_go_with_what_is_allowed() {
    for (allow, key, help) in [
        ("subscribe", "disclose = \"never\"", "it goes with `call` or `publish` in `allow`"),
        ("publish", "only_match = [\"exact\"]", "it goes with `subscribe` or `register`"),
        ("subscribe", "only_invoke = [\"single\"]", "it goes with `register`"),
        ("register", "forbid = [\"retain\"]", "it goes with `publish`"),
        ("publish", "forbid = [\"get_retained\"]", "it goes with `subscribe`"),
        ("publish", "forbid = [\"force_reregister\"]", "it goes with `register`"),
    ] {
        let place = format!("10:{}", key.find('=').unwrap() + 3);
        one(&role(&format!("uri = \"a\"\nallow = [\"{allow}\"]\n{key}")), "has no effect", &place, help);
    }
}

#[test]
fn a_summary_counts_roles_and_permissions() {
    let config = good(&role(
        "uri = \"a\"\nallow = [\"call\"]\n[[realm.role.permission]]\nuri = \"b\"\ndeny = [\"call\"]",
    ));
    let summary = summary(&config);
    assert!(summary.contains("r (anonymous as anonymous), 1 role, 2 permissions\n"), "{summary}");
}

#[test]
fn variables_may_say_it_as_well() {
    let variables = [
        ("CROSSWAY__REALM__0__ROLE__0__NAME", "anonymous"),
        ("CROSSWAY__REALM__0__ROLE__0__PERMISSION__0__URI", "com.app"),
        ("CROSSWAY__REALM__0__ROLE__0__PERMISSION__0__ALLOW", "call,publish"),
    ];
    let loaded = crate::config::load(None, &Environment::with(&variables)).unwrap();
    let permission = &loaded.config.realms[0].terms.roles[0].permissions[0];
    assert_eq!(permission.to_string(), "uri = \"com.app\", allow = [\"call\", \"publish\"]");
    assert_eq!(
        loaded.warnings.line_of(permission.place.0),
        "CROSSWAY__REALM__0__ROLE__0__PERMISSION__0__URI"
    );
}
