//! TOML and YAML say the same.

use std::time::Duration;

use crossway_core::MetaApi;
use crossway_core::policy::Disclosure;

use super::{environment, load};
use crate::config::tree::Format;

const TOML: &str = r#"
[[realm]]
name = "realm1"
meta = "off"
auth = [
  { method = "anonymous", role = "guest" },
  { method = "ticket", tickets = [{ authid = "joe", ticket = "sesame", role = "user" }] },
]

[[realm.role]]
name = "guest"
[[realm.role.permission]]
uri = ""
match = "prefix"
allow = ["call"]
disclose = "on_request"
[[realm.role.permission]]
uri = "com..x"
match = "wildcard"
allow = ["subscribe"]
deny = ["call"]
only_match = ["exact", "prefix"]
[[realm.role]]
name = "user"

[[realm.topic]]
uri = "com.a."
match = "prefix"
roles = ["guest", "user"]
trustlevel = 3
retain = false
[[realm.topic]]
uri = ""
match = "prefix"
disclose = "never"

[[realm.procedure]]
uri = "com.b"
max_timeout = "5s"
forward_timeout = true

[[realm.history]]
uri = "..c"
match = "wildcard"
events = 10
bytes = "64KiB"

[realms]
auto_create = true
history = [{ uri = "com.d" }]
role = [{ name = "anonymous", permission = [{ uri = "a", allow = ["publish"], forbid = ["receivers"] }] }]
auth = [{ method = "anonymous" }]
meta = "read_only"

[[listener]]
name = "public"
tcp = "[::1]:9000"
framing = ["websocket"]
serializers = ["cbor", "json"]
auth = ["ticket", "anonymous"]
websocket = { paths = ["/", { path = "/app", realms = ["realm1"] }], allowed_origins = ["https://*.example.com"], compression = true }
max_message = "1MiB"
max_connections = 10
keepalive = "off"
backlog = 5

[[listener]]
unix = "/run/x.sock"
mode = "0600"

[limits]
handshake_timeout = "1s"
max_sessions = 0x10
outbox_bytes = 65536
outbox_policy = "disconnect"

[protocol]
uri = "strict"
request_ids = "strict"

[shutdown]
grace = "500ms"

[log]
format = "json"
level = "debug"

[runtime]
workers = 2
"#;

const YAML: &str = r#"
realm:
  - name: realm1
    meta: off
    auth:
      - {method: anonymous, role: guest}
      - method: ticket
        tickets:
          - authid: joe
            ticket: sesame
            role: user
    role:
      - name: guest
        permission:
          - {uri: "", match: prefix, allow: [call], disclose: on_request}
          - {uri: com..x, match: wildcard, allow: [subscribe], deny: [call], only_match: [exact, prefix]}
      - name: user
    topic:
      - {uri: com.a., match: prefix, roles: [guest, user], trustlevel: 3, retain: false}
      - {uri: "", match: prefix, disclose: never}
    procedure:
      - {uri: com.b, max_timeout: 5s, forward_timeout: true}
    history:
      - {uri: ..c, match: wildcard, events: 10, bytes: 64KiB}

realms:
  history: [{uri: com.d}]
  role: [{name: anonymous, permission: [{uri: a, allow: [publish], forbid: [receivers]}]}]
  auto_create: true
  auth: [{method: anonymous}]
  meta: read_only

listener:
  - name: public
    tcp: "[::1]:9000"
    framing: [websocket]
    serializers: [cbor, json]
    auth: [ticket, anonymous]
    websocket:
      paths:
        - /
        - {path: /app, realms: [realm1]}
      allowed_origins: ["https://*.example.com"]
      compression: true
    max_message: 1MiB
    max_connections: 10
    keepalive: off
    backlog: 5
  - unix: /run/x.sock
    mode: "0600"

limits:
  handshake_timeout: 1s
  max_sessions: 0x10
  outbox_bytes: 65536
  outbox_policy: disconnect

protocol:
  uri: strict
  request_ids: strict

shutdown:
  grace: 500ms

log:
  format: json
  level: debug

runtime:
  workers: 2
"#;

#[test]
fn toml_and_yaml_agree() {
    let toml = load(Format::Toml, TOML, &environment()).unwrap_or_else(|report| panic!("{report}"));
    let yaml = load(Format::Yaml, YAML, &environment()).unwrap_or_else(|report| panic!("{report}"));
    assert_eq!(toml, yaml);
    let rules = &toml.realms[0].terms.rules;
    let Disclosure::Never = rules.topics[1].disclose.unwrap() else { panic!("{rules:?}") };
    assert_eq!(rules.topics[0].scope.authroles.as_ref().unwrap(), &["guest", "user"]);
    assert_eq!((rules.topics[0].trustlevel, rules.topics[0].retain), (Some(3), Some(false)));
    assert_eq!(rules.procedures[0].max_timeout, Some(Duration::from_secs(5)));
    assert_eq!((rules.histories[0].events, rules.histories[0].bytes), (10, 64 << 10));

    let [guest, user] = toml.realms[0].terms.roles.as_slice() else { panic!("{toml:?}") };
    assert_eq!((guest.permissions.len(), user.permissions.len()), (2, 0));

    let automatic = toml.auto_create.as_ref().unwrap();
    assert_eq!((toml.realms[0].terms.meta, automatic.meta), (MetaApi::Off, MetaApi::ReadOnly));
    assert_eq!(automatic.rules.histories[0].uri, "com.d");
    assert_eq!(toml.limits.max_sessions, 16);
    assert_eq!(toml.listeners[0].keepalive, None);
    assert_eq!(toml.listeners[1].name, "/run/x.sock");
}

#[test]
fn an_empty_section_in_yaml_is_a_section_left_out() {
    let text =
        "realm: [{name: r, auth: [{method: anonymous}]}]\nlistener: [{tcp: '127.0.0.1:1'}]\nlimits:\nlog:\n";
    let config = load(Format::Yaml, text, &environment()).unwrap_or_else(|report| panic!("{report}"));
    assert_eq!(config.limits, crossway_core::limits::Limits::default());
}
