//! Every kind of mistake: found, placed, explained, and never alone among others.

use super::{LISTENER, REALM, good, report};
use crate::config::tree::Format;

/// Checks that one mistake is reported with this headline, at this place, with words of help.
#[track_caller]
pub(super) fn one(text: &str, headline: &str, place: &str, words: &str) {
    let report = report(Format::Toml, text);
    assert!(report.contains(headline), "no `{headline}` in\n{report}");
    assert!(report.contains(&format!("[test.toml:{place}]")), "not at {place}:\n{report}");
    let flat = report.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains(words), "no `{words}` in\n{report}");
    assert!(report.ends_with("\n1 mistake in the configuration.\n"), "{report}");
}

/// A listener with some keys more, in a file that is fine otherwise. The keys begin at line 4, column 1.
fn listener(keys: &str) -> String {
    format!("{REALM}[[listener]]\ntcp = \"127.0.0.1:8080\"\n{keys}\n")
}

/// A realm with these ways of logging in; the value begins at line 4, column 8.
pub(super) fn auth(value: &str) -> String {
    format!("{LISTENER}[[realm]]\nname = \"realm1\"\nauth = {value}\n")
}

#[test]
fn a_report_is_drawn_with_line_column_and_suggestion() {
    let text = "[[realm]]\nname = \"realm1\"\nauth = [{ method = \"anonymus\" }]\n\n[[listenr]]\ntcp = \"127.0.0.1:8080\"\n";
    let expected = r#"  x there is no listener
   ,-[test.toml:1:1]
 1 | [[realm]]
   : ^
   : `-- no `listener` in here
 2 | name = "realm1"
   `----
  help: add a [[listener]], for example with tcp = "127.0.0.1:8080"

  x `realm[0].auth[0].method` has an unknown value
   ,-[test.toml:3:20]
 2 | name = "realm1"
 3 | auth = [{ method = "anonymus" }]
   :                    ^^^^^|^^^^
   :                         `-- found "anonymus"
 4 | 
   `----
  help: did you mean `anonymous`? allowed: `anonymous`, `ticket`, `tls`, `cookie`, `wampcra`, `wamp-scram`,
        `scram`, `cryptosign`, `jwt`

  x `listenr` is not a known key
   ,-[test.toml:5:3]
 4 | 
 5 | [[listenr]]
   :   ^^^|^^^
   :      `-- not known here
 6 | tcp = "127.0.0.1:8080"
   `----
  help: did you mean `listener`? allowed: `auth`, `protocol`, `limits`, `realm`, `realms`, `listener`,
        `cookie`, `shutdown`, `log`, `reload`, `runtime`

3 mistakes in the configuration.
"#;
    assert_eq!(report(Format::Toml, text), expected);
}

#[test]
fn yaml_is_drawn_the_same_way() {
    let text = "realm:\n  - name: realm1\n    auth: [{method: anonymous}]\nlistener:\n  - tcp: 127.0.0.1:8080\n    framing: [websockt]\n";
    let expected = r#"  x `listener[0].framing[0]` has an unknown value
   ,-[test.yaml:6:15]
 5 |   - tcp: 127.0.0.1:8080
 6 |     framing: [websockt]
   :               ^^^^|^^^
   :                   `-- found "websockt"
   `----
  help: did you mean `websocket`? allowed: `rawsocket`, `websocket`, `longpoll`

1 mistake in the configuration.
"#;
    assert_eq!(report(Format::Yaml, text), expected);
}

#[test]
fn syntax_of_toml() {
    one("a = \n", "the file is not valid TOML", "1:5", "1 mistake");
    let several = report(Format::Toml, "a = \n[limits]\nb = = 1\n");
    assert!(several.contains("test.toml:1:") && several.contains("test.toml:3:"), "{several}");
}

#[test]
fn syntax_of_yaml() {
    let report = report(Format::Yaml, "a:\n  b: 1\n c: 2\n");
    assert!(report.contains("the file is not valid YAML"), "{report}");
    assert!(report.contains("[test.yaml:3:2]"), "{report}");
}

#[test]
fn keys_that_appear_twice() {
    let toml = report(Format::Toml, "[limits]\nmax_depth = 5\nmax_depth = 6\n");
    assert!(toml.contains("[test.toml:3:1]"), "{toml}");
    let yaml = report(Format::Yaml, "limits: {max_depth: 5, max_depth: 6}\n");
    assert!(yaml.contains("duplicate mapping key: max_depth"), "{yaml}");
}

#[test]
fn a_file_that_is_no_table() {
    let report = report(Format::Yaml, "- 1\n- 2\n");
    assert!(report.contains("`the configuration` wants a table of keys and values"), "{report}");
}

#[test]
fn nothing_to_serve() {
    one(LISTENER, "there is no realm", "1:1", "add a [[realm]]");
    one(REALM, "there is no listener", "1:1", "add a [[listener]]");
    one(&format!("{LISTENER}realm = []\n"), "there is no realm", "1:1", "add a [[realm]]");
    one(&format!("{REALM}listener = []\n"), "`listener` is empty", "2:12", "add at least one");
}

#[test]
fn names_that_appear_twice() {
    let realm = "[[realm]]\nname = \"a\"\nauth = [{ method = \"anonymous\" }]\n";
    let report = report(Format::Toml, &format!("{LISTENER}{realm}{realm}"));
    assert!(report.contains("two realms are called \"a\""), "{report}");
    assert!(report.contains("[test.toml:6:8]"), "{report}");
    assert!(report.contains(" 6 | name = \"a\"\n   :        ^|^\n   :         `-- again here"), "{report}");
    let text = format!(
        "{REALM}listener = [{{ name = \"a\", tcp = \"127.0.0.1:1\" }}, {{ name = \"a\", tcp = \"127.0.0.1:2\" }}]\n"
    );
    one(&text, "two listeners are called \"a\"", "2:59", "first here");
}

#[test]
fn listeners_that_want_the_same_address() {
    let pair = |one: &str, other: &str| format!("{REALM}listener = [{{ {one} }},\n{{ {other} }}]\n");
    let clashing = [
        ("tcp = \"127.0.0.1:80\"", "tcp = \"127.0.0.1:80\""),
        ("tcp = \"127.0.0.1:80\"", "tcp = \"0.0.0.0:80\""),
        ("tcp = \"[::]:80\"", "tcp = \"127.0.0.1:80\""),
        ("unix = \"/run/a\"", "unix = \"/run/a\""),
        ("unix = \"a\"", "unix = \"/run/user/1000/a\""),
    ];
    for (one, other) in clashing {
        let report = report(Format::Toml, &pair(one, other));
        assert!(report.contains("  x two listeners want ") && report.contains("1 mistake "), "{report}");
    }
    let peaceful = [
        ("tcp = \"127.0.0.1:80\"", "tcp = \"127.0.0.1:81\""),
        ("tcp = \"127.0.0.1:80\"", "tcp = \"127.0.0.2:80\""),
        ("tcp = \"127.0.0.1:0\"", "tcp = \"127.0.0.1:0\""),
        ("tcp = \"0.0.0.0:80\"", "tcp = \"[::1]:80\""),
        ("unix = \"/run/a\"", "unix = \"/run/b\""),
    ];
    for (one, other) in peaceful {
        assert_eq!(good(&pair(one, other)).listeners.len(), 2);
    }
}

#[test]
fn addresses() {
    let tcp = |value: &str| format!("{REALM}[[listener]]\ntcp = {value}\n");
    let wants = "`listener[0].tcp` wants an IP address and a port";
    one(&tcp("\"localhost:8080\""), wants, "3:7", "did you mean \"127.0.0.1:8080\", or \"[::1]:8080\"?");
    one(&tcp("\":8080\""), wants, "3:7", "did you mean \"0.0.0.0:8080\"");
    one(&tcp("\"*:8080\""), wants, "3:7", "did you mean \"0.0.0.0:8080\"");
    one(&tcp("8080"), wants, "3:7", "allowed: an IP address and a port");
    one(&tcp("\"127.0.0.1:99999\""), wants, "3:7", "allowed: an IP address and a port");
    one(
        &tcp("\"a\"\nunix = \"/run/a\""),
        "`listener[0].unix` can't stand beside `tcp`",
        "4:8",
        "a second [[listener]]",
    );
    one(&format!("{REALM}[[listener]]\nname = \"a\"\n"), "`listener[0].tcp` is missing", "2:1", "or unix =");
    one(&listener("mode = \"0600\""), "`listener[0].mode` goes with `unix` only", "4:8", "remove it");
}

#[test]
fn unix_sockets() {
    let unix = |keys: &str| format!("{REALM}[[listener]]\n{keys}\n");
    let long = "x".repeat(120);
    one(
        &unix(&format!("unix = \"/{long}\"")),
        "is too long for a socket",
        "3:8",
        "121 bytes, 107 are possible",
    );
    for mode in ["660", "\"888\"", "\"rw\"", "\"01777\"", "\"6\""] {
        let text = unix(&format!("unix = \"/run/a\"\nmode = {mode}"));
        one(&text, "`listener[0].mode` wants permission bits", "4:8", "\"0660\"");
    }
    let text = unix("unix = \"/run/a\"\ntls = { cert = \"a\", key = \"b\" }");
    one(&text, "`listener[0].tls` goes with `tcp` only", "4:7", "protected by its `mode`");
}

#[test]
fn framings_and_serializers() {
    one(
        &listener("framing = [\"websockt\"]"),
        "`listener[0].framing[0]`",
        "4:12",
        "did you mean `websocket`?",
    );
    one(
        &listener("framing = []"),
        "`listener[0].framing` is empty",
        "4:11",
        "name at least one of `rawsocket`",
    );
    one(
        &listener("framing = \"websocket\""),
        "`listener[0].framing` wants a list",
        "4:11",
        "found \"websocket\"",
    );
    let twice = "serializers = [\"json\", \"cbor\", \"json\"]";
    one(&listener(twice), "`listener[0].serializers[2]` is there already", "4:32", "leave one of them out");
    one(
        &listener("serializers = [\"msgpac\"]"),
        "`listener[0].serializers[0]`",
        "4:16",
        "did you mean `msgpack`?",
    );
    one(
        &listener("serializers = [1]"),
        "wants one of `json`, `msgpack`, `cbor`",
        "4:16",
        "found the number 1",
    );
}

#[test]
fn websocket_settings() {
    let ws = |value: &str| listener(&format!("websocket = {{ {value} }}"));
    one(
        &ws("paths = [\"ws\"]"),
        "`listener[0].websocket.paths[0]` wants the path of a URL",
        "4:24",
        "\"/ws\"",
    );
    one(&ws("paths = [\"/a?b\"]"), "wants the path of a URL", "4:24", "no spaces");
    one(&ws("paths = []"), "`listener[0].websocket.paths` is empty", "4:23", "nobody could connect");
    one(&ws("paths = [\"/\", \"/\"]"), "names a path again", "4:29", "each path may be named once");
    one(
        &ws("paths = [{ realms = [] }]"),
        "`listener[0].websocket.paths[0].path` is missing",
        "4:24",
        "path = \"/ws\"",
    );
    one(&ws("allowed_origins = []"), "allowed_origins` is empty", "4:33", "\"*\" for all");
    one(&ws("compression = \"zlib\""), "compression`", "4:29", "true");
    let unknown = "paths = [{ path = \"/\", realms = [\"relm1\"] }]";
    one(&ws(unknown), "names a realm that does not exist", "4:48", "did you mean `realm1`?");
    one(
        &listener("framing = [\"rawsocket\"]\nwebsocket = {}"),
        "has no effect",
        "5:13",
        "add \"websocket\" to `framing`",
    );
}

#[test]
fn longpoll_settings() {
    let spoken =
        |keys: &str| listener(&format!("framing = [\"websocket\", \"longpoll\"]\nlongpoll = {{ {keys} }}"));
    let longpoll =
        good(&spoken("path = \"/lp/\", hold = \"20s\", max_transports = 5")).listeners[0].longpoll.clone();
    assert_eq!((&*longpoll.path, longpoll.hold.as_secs(), longpoll.max_transports), ("/lp", 20, 5));
    one(
        &listener("longpoll = {}"),
        "`listener[0].longpoll` has no effect",
        "4:12",
        "add \"longpoll\" to `framing`",
    );
    one(&spoken("path = \"lp\""), "`listener[0].longpoll.path` wants the path of a URL", "5:21", "allowed: ");
    one(&spoken("path = \"/\""), "takes a path of WebSocket", "5:21", "/ws lies below it");
    one(&spoken("hold = \"1ms\""), "`listener[0].longpoll.hold` is out of range", "5:21", "1s to 5m");
    one(
        &spoken("allowed_origins = []"),
        "`listener[0].longpoll.allowed_origins` is empty",
        "5:32",
        "\"*\" for all",
    );
}

#[test]
fn any_realm_may_be_named_where_realms_come_automatically() {
    let text = listener("websocket = { paths = [{ path = \"/\", realms = [\"other\"] }] }")
        + "[realms]\nauto_create = true\nauth = [{ method = \"anonymous\" }]\n";
    assert_eq!(good(&text).listeners[0].websocket.paths[0].realms, ["other"]);
}

#[test]
fn a_realm_with_a_mistake_inside_can_still_be_named() {
    let text = auth("[{ method = \"anonymus\" }]").replace(
        LISTENER,
        "[[listener]]\ntcp = \"127.0.0.1:8080\"\nwebsocket = { paths = [{ path = \"/\", realms = [\"realm1\"] }] }\n",
    );
    one(&text, "`realm[0].auth[0].method` has an unknown value", "6:20", "did you mean `anonymous`?");
}

#[test]
fn sizes_durations_and_counts() {
    one(&listener("max_message = \"16M\""), "`listener[0].max_message` wants a size", "4:15", "\"16MiB\"");
    one(
        &listener("max_message = \"17MiB\""),
        "`listener[0].max_message` is out of range",
        "4:15",
        "512B to 16MiB",
    );
    one(
        &listener("max_message = 1.5"),
        "`listener[0].max_message` wants a size",
        "4:15",
        "found the number 1.5",
    );
    one(&listener("keepalive = \"5\""), "`listener[0].keepalive` wants a duration", "4:13", "\"30s\"");
    one(&listener("keepalive = 5"), "`listener[0].keepalive` wants a duration", "4:13", "found the number 5");
    one(&listener("keepalive = \"1ms\""), "`listener[0].keepalive` is out of range", "4:13", "100ms to 1d");
    one(&listener("max_connections = 0"), "wants a whole number from 1 to", "4:19", "found the number 0");
    one(&listener("backlog = -1"), "wants a whole number from 1 to 65535", "4:11", "found the number -1");
    one(&listener("backlog = true"), "wants a whole number from 1 to 65535", "4:11", "found `true`");
    let wide = listener("framing = [\"websocket\"]\nmax_message = \"64MiB\"");
    assert_eq!(good(&wide).listeners[0].max_message, 64 << 20);
}

#[test]
fn certificates() {
    let text = listener("tls = { cert = \"a.pem\", key = \"b.pem\" }");
    let both = report(Format::Toml, &text);
    assert!(both.contains("`listener[0].tls.cert` can't be read"), "{both}");
    assert!(both.contains("looked at /nowhere/a.pem"), "{both}");
    assert!(both.contains("`listener[0].tls.key` can't be read"), "{both}");
    assert!(both.contains("2 mistakes"), "{both}");
    for key in ["client_cert = \"required\"", "client_crl = \"c.pem\""] {
        let text = listener(&format!("tls = {{ {key} }}"));
        let text = report(Format::Toml, &text);
        assert!(text.contains("goes with `client_ca` only"), "{text}");
    }
    let text = listener("tls = { cert = \"/\", min_version = \"1.1\" }");
    let three = report(Format::Toml, &text);
    assert!(three.contains("`listener[0].tls.cert` is not a file"), "{three}");
    assert!(three.contains("`listener[0].tls.key` is missing"), "{three}");
    assert!(three.contains("did you mean `1.2`? allowed: `1.2`, `1.3`"), "{three}");
}

#[test]
fn certificates_are_tried_before_anything_is_opened() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| directory.path().join(name).display().to_string();
    super::certificate(directory.path(), "one");
    super::certificate(directory.path(), "two");
    let tls = |cert: &str, key: &str| {
        listener(&format!("tls = {{ cert = \"{}\", key = \"{}\" }}", file(cert), file(key)))
    };
    assert!(good(&tls("one.pem", "one.key")).listeners[0].tls.is_some());
    one(&tls("one.pem", "two.key"), "`listener[0].tls` can't be used", "4:7", "both in PEM format");
    one(&tls("one.key", "one.key"), "`listener[0].tls` can't be used", "4:7", "there is no certificate");
    one(&tls("one.pem", "one.pem"), "`listener[0].tls` can't be used", "4:7", "there is no private key");
}

#[test]
fn realms_and_their_names() {
    let named =
        |name: &str| format!("{LISTENER}[[realm]]\nname = {name}\nauth = [{{ method = \"anonymous\" }}]\n");
    one(
        &named("\"a..b\""),
        "`realm[0].name` is no name for a realm",
        "3:8",
        "a component of the URI is empty",
    );
    one(&named("\"a b\""), "`realm[0].name` is no name for a realm", "3:8", "' ' is not allowed");
    one(&named("\"wamp.x\""), "`realm[0].name` is no name for a realm", "3:8", "reserved");
    one(&named("\"\""), "`realm[0].name` is empty", "3:8", "at least one character");
    one(&named("5"), "`realm[0].name` wants text in quotes", "3:8", "found the number 5");
    let strict = named("\"Realm\"") + "[protocol]\nuri = \"strict\"\n";
    one(&strict, "`realm[0].name` is no name for a realm", "3:8", "'R' is not allowed");
    one(
        &format!("{LISTENER}[[realm]]\nname = \"a\"\n"),
        "`realm[0].auth` is missing",
        "2:1",
        "method = \"anonymous\"",
    );
    one(
        &format!("{LISTENER}[realms]\nauto_create = true\n"),
        "`realms.auth` is missing",
        "2:1",
        "who may join",
    );
}

#[test]
fn ways_of_logging_in() {
    one(&auth("[]"), "`realm[0].auth` is empty", "4:8", "nobody could join");
    one(&auth("[{}]"), "`realm[0].auth[0].method` is missing", "4:9", "method = \"anonymous\"");
    one(&auth("[{ method = \"tiket\" }]"), "has an unknown value", "4:20", "did you mean `ticket`?");
    one(
        &auth("[{ method = \"anonymous\", rol = \"x\" }]"),
        "`realm[0].auth[0].rol`",
        "4:33",
        "did you mean `role`?",
    );
    let twice = "[{ method = \"anonymous\" }, { method = \"anonymous\" }]";
    one(&auth(twice), "`realm[0].auth[1]` names a method again", "4:35", "used once in a realm");
}

#[test]
fn tickets() {
    let ticket = |users: &str| auth(&format!("[{{ method = \"ticket\", tickets = [{users}] }}]"));
    let tickets = "`realm[0].auth[0].tickets";
    one(&auth("[{ method = \"ticket\" }]"), &format!("{tickets}` is missing"), "4:9", "ticket_env");
    one(&ticket(""), &format!("{tickets}` is empty"), "4:40", "nobody could log in");
    let two = "{ authid = \"joe\", role = \"user\", ticket = \"secret1\", ticket_env = \"X\" }";
    one(&ticket(two), "is one ticket too many", "4:107", "exactly one of `ticket`, `ticket_env`");
    let none = "{ authid = \"joe\", role = \"user\" }";
    one(&ticket(none), &format!("{tickets}[0].ticket` is missing"), "4:41", "exactly one of");
    let unset = "{ authid = \"joe\", role = \"user\", ticket_env = \"X\" }";
    one(&ticket(unset), "names an environment variable without a value", "4:87", "set X in the environment");
    let absent = "{ authid = \"joe\", role = \"user\", ticket_file = \"x\" }";
    one(&ticket(absent), "names a file that can't be read", "4:88", "looked at /nowhere/x");
    let empty = "{ authid = \"joe\", role = \"user\", ticket_file = \"/dev/null\" }";
    one(&ticket(empty), "names an empty file", "4:88", "has to hold the ticket");
    let nobody = "{ role = \"user\", ticket = \"x\" }";
    one(&ticket(nobody), &format!("{tickets}[0].authid` is missing"), "4:41", "authid = \"joe\"");
    let user = "{ authid = \"joe\", role = \"user\", ticket = \"x\" }";
    one(
        &ticket(&format!("{user}, {user}")),
        "two users of a realm are called \"joe\"",
        "4:101",
        "again here",
    );
}

#[test]
fn tickets_are_never_shown() {
    let text =
        auth("[{ method = \"ticket\", tickets = [{ authid = \"joe\", ticket = \"sesame\", rol = \"x\" }] }]");
    let shown = report(Format::Toml, &text);
    assert!(shown.contains("ticket = ********,"), "{shown}");
    assert!(!shown.contains("sesame"), "{shown}");

    let block = "realm:\n - name: a\n   auth:\n    - method: ticket\n      tickets:\n       - ticket: |\n          sesame\n         rol: x\n";
    let shown = report(Format::Yaml, block);
    assert!(!shown.contains("sesame"), "{shown}");

    // What ought to be text and is not may still be the ticket.
    for ticket in ["7053210", "[\"7053210\"]", "{ x = \"7053210\" }", "7053210.5"] {
        let text = auth(&format!(
            "[{{ method = \"ticket\", tickets = [{{ authid = \"joe\", role = \"x\", ticket = {ticket} }}] }}]"
        ));
        let shown = report(Format::Toml, &text);
        assert!(shown.contains("wants text in quotes") && !shown.contains("7053210"), "{shown}");
    }

    // Without a tree, nobody knows which part of a line is the ticket.
    let shown = report(Format::Toml, &(text.clone() + "a = = b"));
    assert!(!shown.contains("sesame"), "{shown}");
    let shown = report(Format::Toml, &text.replace("sesame\"", "sesame"));
    assert!(!shown.contains("sesame"), "{shown}");

    let config = good(&text.replace("rol ", "role "));
    assert!(!format!("{config:?}").contains("sesame"));
}

#[test]
fn sections_and_settings() {
    let with = |text: &str| format!("{REALM}{LISTENER}{text}\n");
    one(
        &with("[limits]\nmax_session = 1"),
        "`limits.max_session` is not a known key",
        "4:1",
        "did you mean `max_sessions`?",
    );
    one(
        &with("[limits]\nmax_depth = 1"),
        "`limits.max_depth` wants a whole number from 4 to 512",
        "4:13",
        "number 1",
    );
    one(&with("limits = 5"), "`limits` wants a table", "3:10", "found the number 5");
    one(
        &with("[limits]\noutbox_policy = \"Drop\""),
        "`limits.outbox_policy`",
        "4:17",
        "did you mean `drop`?",
    );
    one(
        &with("[protocol]\nuri = \"lose\""),
        "`protocol.uri` has an unknown value",
        "4:7",
        "did you mean `loose`?",
    );
    one(
        &with("[protocol]\nrequest_ids = \"x\""),
        "`protocol.request_ids`",
        "4:15",
        "allowed: `lenient`, `strict`",
    );
    one(&with("[shutdown]\ngrace = \"11m\""), "`shutdown.grace` is out of range", "4:9", "0ms to 10m");
    one(
        &with("[log]\nlevel = \"verbose\""),
        "`log.level`",
        "4:9",
        "`error`, `warn`, `info`, `debug`, `trace`",
    );
    one(&with("[log]\nformat = \"jsn\""), "`log.format`", "4:10", "did you mean `json`?");
    one(
        &with("[runtime]\nworkers = 0"),
        "`runtime.workers` wants a whole number from 1 to 1024",
        "4:11",
        "number 0",
    );
    one(
        &with("[realms]\nauto_create = \"yes\""),
        "`realms.auto_create` wants `true` or `false`",
        "4:15",
        "\"yes\"",
    );
    one(&with("[realms]\nmeta = \"readonly\""), "`realms.meta`", "4:8", "did you mean `read_only`?");
}

#[test]
fn certificates_are_known_by_one_property() {
    let tls = |rule: &str| {
        format!(
            "{LISTENER}[[realm]]\nname = \"r\"\nauth = [{{ method = \"tls\", certificates = [{rule}] }}]\n"
        )
    };
    for rule in
        ["{ role = \"a\" }", "{ cn = \"x\", role = \"a\" }", "{ dns = \"x\", authid = \"y\", role = \"a\" }"]
    {
        good(&tls(rule));
    }
    one(
        &tls("{ cn = \"x\", uri = \"y\", role = \"a\" }"),
        "knows a certificate by two properties",
        "4:43",
        "one of `fingerprint`",
    );
    one(
        &tls("{ fingerprint = \"ab:cd\", role = \"a\" }"),
        "is no SHA-256 fingerprint",
        "4:59",
        "openssl x509",
    );
    one(&tls(""), "`realm[0].auth[0].certificates` is empty", "4:42", "nobody could log in");
}

#[test]
fn cookies_have_names_and_long_keys() {
    let cookie = |line: &str| format!("{REALM}{LISTENER}[cookie]\n{line}\n");
    one(&cookie("name = \"a b\""), "is no name for a cookie", "4:8", "letters, digits");
    let short = report(Format::Toml, &cookie("keys = [{ secret = \"short\" }]"));
    assert!(short.contains("is too short for a key") && !short.contains("\"short\""), "{short}");
    let long = "0123456789abcdef".repeat(2);
    assert_eq!(good(&cookie(&format!("keys = [{{ secret = \"{long}\" }}]"))).cookie.keys.len(), 1);
}
