//! Ways of logging in that somebody else decides about.

use std::time::Duration;

use super::{LISTENER, certificate, environment, good, load_in, report};
use crate::config::checked::{Asked, Auth, Authorizer, Decider, Elsewhere};
use crate::config::summary::summary;
use crate::config::tree::Format;

/// A realm with a way of logging in, and one to ask.
fn realms(auth: &str) -> String {
    let admin = "[[realm]]\nname = \"admin\"\nauth = [{ method = \"anonymous\" }]\n";
    format!("{LISTENER}{admin}[[realm]]\nname = \"realm1\"\nauth = [{auth}]\n")
}

/// What it comes to.
fn elsewhere(auth: &str) -> Elsewhere {
    match good(&realms(auth)).realms[1].terms.auth.as_slice() {
        [Auth::Elsewhere(elsewhere)] => elsewhere.clone(),
        other => panic!("{other:?}"),
    }
}

/// A procedure of the realm `admin`, with the defaults.
fn asked(uri: &str) -> Asked {
    let (uri, realm) = (uri.to_owned(), "admin".to_owned());
    Asked { uri, realm, timeout: Duration::from_secs(5), max_concurrent: 64 }
}

#[track_caller]
fn wrong(auth: &str, words: &str) {
    let report = report(Format::Toml, &realms(auth));
    let flat = report.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains(words), "no `{words}` in\n{report}");
    assert!(report.ends_with("\n1 mistake in the configuration.\n"), "{report}");
}

#[test]
fn a_procedure_may_decide() {
    let text = "{ method = \"ticket\", procedure = \"com.example.authenticate\", realm = \"admin\" }";
    let Elsewhere { method, decider, max_cached } = elsewhere(text);
    assert_eq!((method.as_str(), max_cached), ("ticket", 1024));
    assert_eq!(decider, Decider::Procedure(asked("com.example.authenticate")));
    let summary = summary(&good(&realms(text)));
    assert!(summary.contains("realm1 (ticket as com.example.authenticate of admin decides)"), "{summary}");
}

#[test]
fn a_service_may_decide() {
    let text = "{ method = \"badge\", url = \"https://auth.example.com/x?key=y\", bearer = \"b\", timeout = \"1s\", \
                max_concurrent = 2, max_cached = 0, max_answer = \"1KiB\" }";
    let found = elsewhere(text);
    let Decider::Service(options) = &found.decider else { panic!("{found:?}") };
    assert_eq!((found.method.as_str(), found.max_cached), ("badge", 0));
    assert_eq!(
        (options.timeout, options.max_concurrent, options.max_answer),
        (Duration::from_secs(1), 2, 1024)
    );
    assert!(options.bearer.is_some());
    let shown = summary(&good(&realms(text)));
    assert!(shown.contains("https://auth.example.com/x decides") && !shown.contains("key=y"), "{shown}");
    assert!(!format!("{found:?}").contains("\"b\""), "the bearer token is not shown");
}

#[test]
fn certificates_come_from_a_file() {
    let directory = tempfile::tempdir().unwrap();
    certificate(directory.path(), "auth");
    std::fs::write(directory.path().join("empty.pem"), "").unwrap();
    let load = |ca: &str| {
        let text = realms(&format!("{{ method = \"ticket\", url = \"https://localhost/\", ca = \"{ca}\" }}"));
        load_in(directory.path(), Format::Toml, "test.toml", &text, &environment())
    };
    assert!(load("auth.pem").is_ok());
    assert!(load("empty.pem").unwrap_err().contains("there is no certificate in it"));
    assert!(load("nothing.pem").unwrap_err().contains("names a file that can't be read"));
}

#[test]
fn mistakes_are_told() {
    for uri in ["com.example..who", "wamp.session.get", "who is that"] {
        let auth = format!("{{ method = \"ticket\", procedure = \"{uri}\", realm = \"admin\" }}");
        wrong(&auth, "is no procedure that could be asked");
    }
    let procedure = "procedure = \"com.example.authenticate\"";
    wrong(&format!("{{ method = \"ticket\", {procedure} }}"), "`realm[1].auth[0].realm` is missing");
    wrong(
        &format!("{{ method = \"ticket\", {procedure}, realm = \"admim\" }}"),
        "`realm[1].auth[0].realm` names a realm that does not exist",
    );
    wrong(
        &format!("{{ method = \"ticket\", {procedure}, realm = \"admin\", tickets = [] }}"),
        "`realm[1].auth[0].tickets` is not a known key",
    );
    wrong(
        "{ method = \"ticket\", url = \"http://auth.example.com/\" }",
        "a service on another host needs https",
    );
    wrong("{ method = \"ticket\", url = \"https://a.example.com/\", timeout = \"0s\" }", "is out of range");
}

/// Roles of a realm, one with permissions and one about which a procedure decides.
fn roles(authorizer: &str, keys: &str) -> String {
    let roles = format!(
        "[[realm.role]]\nname = \"callee\"\n[[realm.role.permission]]\nuri = \"com.example.\"\nmatch = \"prefix\"\n\
         allow = [\"register\"]\n[[realm.role]]\nname = \"user\"\nauthorizer = {{ {authorizer} }}\n{keys}"
    );
    let auth = "{ method = \"badge\", procedure = \"com.example.who\", realm = \"admin\" }";
    realms(auth) + &roles
}

#[test]
fn a_procedure_may_decide_what_a_role_may_do() {
    let text = roles("procedure = \"com.example.authorize\", realm = \"admin\"", "");
    let config = good(&text);
    let [callee, user] = config.realms[1].terms.roles.as_slice() else { panic!("{config:?}") };
    assert_eq!((callee.authorizer.as_ref(), callee.permissions.len()), (None, 1));
    assert_eq!(
        (user.authorizer.as_ref(), user.permissions.len()),
        (Some(&Authorizer { asked: asked("com.example.authorize"), remember: Duration::from_secs(60) }), 0)
    );
    assert!(summary(&config).contains("2 roles, 1 permission, 1 role that a procedure decides about"));
}

#[test]
fn either_permissions_or_a_procedure_decide() {
    let one = |text: &str, words: &str| {
        let report = report(Format::Toml, text);
        assert!(report.contains(words), "{report}");
        assert!(report.ends_with("\n1 mistake in the configuration.\n"), "{report}");
    };
    let asked = "procedure = \"com.example.authorize\", realm = \"admin\"";
    one(&roles(asked, "permission = []\n"), "`realm[1].role[1].authorizer` is one too many");
    one(&roles("realm = \"admin\"", ""), "`realm[1].role[1].authorizer.procedure` is missing");
    one(
        &roles("procedure = \"com.example.authorize\", realm = \"amin\"", ""),
        "`realm[1].role[1].authorizer.realm` names a realm that does not exist",
    );
}

#[test]
fn a_realm_that_anybody_can_create_does_not_decide() {
    let automatic = "[realms]\nauto_create = true\nauth = [{ method = \"anonymous\" }]\n";
    let asked = |realm: &str| format!("procedure = \"com.example.authorize\", realm = \"{realm}\"");
    good(&roles(&asked("admin"), automatic));
    let report = report(Format::Toml, &roles(&asked("other"), automatic));
    let words = "`realm[1].role[1].authorizer.realm` names a realm that anybody can create";
    assert!(report.contains(words) && report.contains("add a [[realm]] of this name"), "{report}");
    assert!(report.ends_with("\n1 mistake in the configuration.\n"), "{report}");
}
