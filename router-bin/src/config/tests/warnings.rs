//! What works and is hardly meant: said with place and reason, and no mistake.

use super::{LISTENER, REALM, good, told, warnings};
use crate::config::BUILT_IN;
use crate::init::EXAMPLE;

/// Checks that one warning is given, with its headline, its place and a part of the rest.
#[track_caller]
fn one(text: &str, headline: &str, place: &str, words: &str) {
    told(&warnings(text), headline, place, words, "1 warning");
}

#[test]
fn there_is_nothing_to_say_about_what_runs_without_a_file() {
    assert_eq!(warnings(BUILT_IN), "");
    assert_eq!(warnings(EXAMPLE), "");
}

const TICKET: &str = "[[realm]]\nname = \"users\"\nauth = [{ method = \"ticket\", tickets = \
                      [{ authid = \"joe\", ticket = \"sesame\", role = \"user\" }] }]\n";

#[test]
fn a_warning_is_drawn_like_a_mistake() {
    let text = format!("{TICKET}[[listener]]\nname = \"public\"\ntcp = \"0.0.0.0:8080\"\n");
    let expected = r#"  ! listener "public" takes the secrets of users in the clear
   ,-[test.toml:6:7]
 5 | name = "public"
 6 | tcp = "0.0.0.0:8080"
   :       ^^^^^^^|^^^^^^
   :              `-- `ticket` sends them as they are, and there is no TLS
   `----
  help: add tls = { cert = "server.pem", key = "server.key" }, or listen on 127.0.0.1 behind a proxy with
        TLS

1 warning in the configuration.
"#;
    assert_eq!(warnings(&text), expected);
}

#[test]
fn tickets_in_the_clear_are_told_where_others_can_read_them() {
    let at = |address: &str, more: &str| {
        format!("{TICKET}{REALM_OF_OTHERS}{LOCAL}[[listener]]\n{address}\n{more}\n")
    };
    let only = |realm: &str| {
        format!(
            "framing = [\"websocket\"]\nwebsocket = {{ paths = [{{ path = \"/\", realms = [\"{realm}\"] }}] }}"
        )
    };
    for address in ["tcp = \"127.0.0.1:8080\"", "tcp = \"[::1]:8080\"", "unix = \"/run/s\""] {
        assert_eq!(warnings(&at(address, "")), "");
    }
    one(&at("tcp = \"192.0.2.1:8080\"", &only("users")), "in the clear", "10:7", "no TLS");
    let said = "auth = [\"anonymous\"]\n";
    assert_eq!(warnings(&at("tcp = \"192.0.2.1:8080\"", &(said.to_owned() + &only("open")))), "");
    assert_eq!(warnings(&at("tcp = \"192.0.2.1:8080\"", said)), "", "no tickets are taken here");
    good(&format!("{REALM}[[listener]]\n{}", "tcp = \"192.0.2.1:8080\"\n"));
}

#[test]
fn anonymous_clients_from_outside_are_to_be_thought_of() {
    let at = |lines: &str| format!("{REALM_OF_OTHERS}[[listener]]\n{lines}\n");
    let headline = "lets nobody in without a name";
    for address in ["0.0.0.0:8080", "[::]:8080", "192.0.2.1:8080", "[::ffff:192.0.2.1]:8080"] {
        one(&at(&format!("tcp = \"{address}\"")), headline, "5:7", "auth = [\"anonymous\"]");
        assert_eq!(warnings(&at(&format!("tcp = \"{address}\"\nauth = [\"anonymous\"]"))), "");
    }
    for address in ["tcp = \"127.0.0.5:8080\"", "tcp = \"[::ffff:127.0.0.1]:80\"", "unix = \"/run/s\""] {
        assert_eq!(warnings(&at(address)), "");
    }
}

#[test]
fn cookies_ask_for_origins() {
    let at = |lines: &str| {
        let realm = TICKET.replace("auth = [", "auth = [{ method = \"cookie\" }, ");
        format!("{realm}[[listener]]\ntcp = \"127.0.0.1:8080\"\n{lines}\n")
    };
    one(&at(""), "takes cookies from the pages of any site", "5:7", "whatever page connects here");
    let named = "websocket = { allowed_origins = [\"https://example.com\"] }";
    for good in [named, "framing = [\"rawsocket\"]"] {
        assert_eq!(warnings(&at(good)), "");
    }
}

#[test]
fn a_method_that_a_listener_allows_in_vain_is_told() {
    let text = format!(
        "{REALM_OF_OTHERS}[[listener]]\ntcp = \"127.0.0.1:80\"\nauth = [\"anonymous\", \"ticket\"]\n"
    );
    one(&text, "allows a method that none of its realms has", "5:7", "nobody can log in with `ticket`");
    let key = "{ alg = \"HS256\", secret = \"a secret of at least 32 octets...\" }";
    let realm = format!(
        "[[realm]]\nname = \"open\"\nauth = [{{ method = \"jwt\", keys = [{key}], role = \"user\" }}]\n"
    );
    let tokens =
        |methods: &str| warnings(&format!("{realm}[[listener]]\nunix = \"/run/s\"\nauth = {methods}\n"));
    assert_eq!(tokens("[\"jwt\", \"ticket\"]"), "", "tokens are shown as tickets");
    assert!(tokens("[\"ticket\"]").contains("nobody can log in with `ticket`"));
}

#[test]
fn a_method_that_no_listener_allows_is_told() {
    let text =
        format!("{TICKET}{REALM_OF_OTHERS}[[listener]]\ntcp = \"127.0.0.1:80\"\nauth = [\"ticket\"]\n");
    one(&text, "log in to the realm \"open\" with `anonymous`", "5:8", "no listener allows it");
}

#[test]
fn a_realm_that_no_listener_serves_is_told() {
    let only = "[[listener]]\ntcp = \"127.0.0.1:1\"\nframing = [\"websocket\"]\n\
                websocket = { paths = [{ path = \"/\", realms = [\"open\"] }] }\n";
    one(
        &format!("{TICKET}{REALM_OF_OTHERS}{only}"),
        "nobody can join the realm \"users\"",
        "2:8",
        "no listener",
    );
}

/// A realm for everybody with these permissions: (URI, policy, keys). Each stands on a line of its own from line 8 on.
fn permitted(permissions: &[(&str, &str, &str)]) -> String {
    let line = |(uri, policy, keys): &(&str, &str, &str)| {
        format!("{{ uri = \"{uri}\", match = \"{policy}\", {keys} }},\n")
    };
    let lines: String = permissions.iter().map(line).collect();
    format!("{LISTENER}{REALM_OF_OTHERS}[[realm.role]]\nname = \"anonymous\"\npermission = [\n{lines}]\n")
}

#[test]
fn permissions_that_decide_nothing_are_told() {
    let allow = "allow = [\"call\"]";
    let deny = "deny = [\"call\"]";
    let always = "allow = [\"call\"], disclose = \"always\"";
    for (permissions, line, words) in [
        // The same URIs again.
        (vec![("a", "exact", allow), ("a", "exact", deny)], 9, "this one decides"),
        (
            vec![("a.", "prefix", allow), ("a.", "prefix", "allow = [\"call\", \"publish\"]")],
            9,
            "about `call`",
        ),
        // What nobody would allow.
        (vec![("a", "exact", deny)], 8, "denied anyway"),
        (vec![("b.", "prefix", allow), ("a.b", "exact", deny)], 9, "denied anyway"),
        (vec![("a.b", "exact", allow), ("a.", "prefix", deny)], 9, "denied anyway"),
        // What would be so without it.
        (vec![("a.", "prefix", allow), ("a.b", "exact", allow)], 9, "by this one"),
        (vec![("a.", "prefix", allow), ("a.b.", "prefix", allow)], 9, "allowed anyway"),
        (vec![("..", "wildcard", allow), ("a..c", "wildcard", allow)], 9, "allowed anyway"),
        (vec![("", "prefix", allow), ("a.", "prefix", deny), ("a.b.", "prefix", deny)], 10, "denied anyway"),
        // What the protocol forbids.
        (vec![("wamp.", "prefix", "allow = [\"register\"]")], 8, "kept for the router"),
    ] {
        let text = permitted(&permissions);
        let report = warnings(&text);
        assert!(report.contains(&format!("test.toml:{line}:9]")), "not in line {line}:\n{text}\n{report}");
        assert!(report.contains(words), "no `{words}` in\n{report}");
        assert!(report.ends_with("\n1 warning in the configuration.\n"), "{report}");
    }
    for permissions in [
        vec![("a.", "prefix", allow), ("a.b", "exact", deny)],
        vec![("a.", "prefix", allow), ("a.b", "exact", always)],
        vec![("a.", "prefix", allow), ("a.b.", "prefix", deny), ("a.b.c", "exact", allow)],
        vec![("..", "wildcard", allow), ("a.", "prefix", deny), ("a.b.c", "exact", allow)],
        vec![("a.", "prefix", allow), ("a.b", "exact", "allow = [\"publish\"]")],
        vec![("", "prefix", allow), ("wamp.session.kill", "exact", allow)],
        vec![("a..", "wildcard", allow), ("a.b.", "prefix", allow)],
    ] {
        assert_eq!(warnings(&permitted(&permissions)), "");
    }
}

#[test]
fn a_wildcard_behind_a_prefix_is_not_said_to_be_denied_anyway() {
    let (allow, deny) = ("allow = [\"call\"]", "deny = [\"call\"]");
    // Wholly behind one: it never decides, whatever it says.
    for (permissions, line) in [
        (vec![("a.", "prefix", allow), ("a..c", "wildcard", deny)], 9),
        (vec![("a..", "wildcard", allow), ("a.", "prefix", deny)], 8),
        (vec![("", "prefix", allow), (".b", "wildcard", deny)], 9),
    ] {
        let report = warnings(&permitted(&permissions));
        assert!(report.contains(&format!("test.toml:{line}:9]")), "not in line {line}:\n{report}");
        assert!(report.contains("never decides") && report.contains("this prefix goes first"), "{report}");
        assert!(!report.contains("anyway") && report.contains("\n1 warning in"), "{report}");
    }
    // Of some of its URIs a prefix decides otherwise, or of other actions.
    for permissions in [
        vec![("a.", "prefix", allow), (".b.c", "wildcard", deny)],
        vec![("a.", "prefix", "allow = [\"publish\"]"), ("a..c", "wildcard", allow)],
    ] {
        assert_eq!(warnings(&permitted(&permissions)), "");
    }
    let nowhere = permitted(&[("a.", "prefix", allow), ("b..c", "wildcard", deny)]);
    assert!(warnings(&nowhere).contains("denied anyway"));
}

#[test]
fn a_role_that_nobody_has_is_told() {
    let text = permitted(&[("a", "exact", "allow = [\"call\"]")]) + "[[realm.role]]\nname = \"admin\"\n";
    one(&text, "nobody has the role \"admin\"", "11:8", "no way of logging in gives it");
}

const LOCAL: &str = "[[listener]]\nunix = \"/run/local\"\n";
const REALM_OF_OTHERS: &str = "[[realm]]\nname = \"open\"\nauth = [{ method = \"anonymous\" }]\n";
