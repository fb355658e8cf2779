//! The program as the system sees it: arguments and signals in, exit codes, sockets and lines out.

#![allow(clippy::unwrap_used, reason = "in a test a surprise is a failure")]

mod harness;
#[path = "process/logins.rs"]
mod logins;
#[path = "process/logins_tls.rs"]
mod logins_tls;
#[path = "process/reload.rs"]
mod reload;
#[path = "process/security.rs"]
mod security;
#[path = "process/users.rs"]
mod users;

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;

use harness::{Client, Router, Signal, command, output, text};

const REALM: &str = "[[realm]]\nname = \"realm1\"\nauth = [{ method = \"anonymous\" }]\n";
const ANY_PORT: &str = "[[listener]]\nname = \"public\"\ntcp = \"127.0.0.1:0\"\n";
const SOCKET: &str = "[[listener]]\nname = \"local\"\nunix = \"crossway.sock\"\n";

fn serving(more: &str) -> Router {
    Router::start(&format!("{REALM}{ANY_PORT}{more}"))
}

#[test]
fn sigterm_says_goodbye_and_exits_with_0() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut router = serving("");
        let mut client = Client::join(router.address("public"));
        router.send(signal);
        assert_eq!(client.message(), r#"[6,{},"wamp.close.system_shutdown"]"#);
        client.goodbye_and_out();
        assert_eq!(router.wait().code(), Some(0));
    }
}

#[test]
fn who_does_not_answer_the_goodbye_is_left_behind() {
    let mut router = serving("[limits]\ngoodbye_timeout = \"10m\"\n[shutdown]\ngrace = \"100ms\"\n");
    let mut client = Client::join(router.address("public"));
    router.send(Signal::TERM);
    assert_eq!(client.message(), r#"[6,{},"wamp.close.system_shutdown"]"#);
    assert_eq!(router.wait().code(), Some(0));
}

#[test]
fn a_second_signal_does_not_wait() {
    let mut router = serving("[limits]\ngoodbye_timeout = \"10m\"\n[shutdown]\ngrace = \"10m\"\n");
    let mut client = Client::join(router.address("public"));
    router.send(Signal::TERM);
    assert_eq!(client.message(), r#"[6,{},"wamp.close.system_shutdown"]"#);
    router.send(Signal::INT);
    assert_eq!(router.wait().code(), Some(130));
}

#[test]
fn half_a_handshake_does_not_hold_up_the_end() {
    let mut router = serving("[limits]\nhandshake_timeout = \"10m\"\n[shutdown]\ngrace = \"10m\"\n");
    let mut silent = Client::connect(router.address("public"));
    silent.stream.write_all(&[0x7F]).unwrap();
    // Whoever came later is served already, so the silent one has been accepted.
    let mut other = Client::join(router.address("public"));
    router.send(Signal::TERM);
    assert_eq!(other.message(), r#"[6,{},"wamp.close.system_shutdown"]"#);
    other.goodbye_and_out();
    assert_eq!(router.wait().code(), Some(0));
}

#[test]
fn one_port_speaks_rawsocket_websocket_and_to_people() {
    let router = serving("");
    Client::join(router.address("public"));
    let answer = |request: &str| text(&Client::connect(router.address("public")).ask(request.as_bytes(), 12));
    assert_eq!(answer("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), "HTTP/1.1 200");
    assert_eq!(answer(&upgrade("/ws", "")), "HTTP/1.1 101");
    assert_eq!(answer(&upgrade("/elsewhere", "")), "HTTP/1.1 404");
}

fn upgrade(path: &str, headers: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Sec-WebSocket-Protocol: wamp.2.json\r\n{headers}\r\n"
    )
}

#[test]
fn a_listener_does_what_its_configuration_says() {
    let raw =
        "framing = [\"rawsocket\"]\nserializers = [\"cbor\"]\nmax_message = \"1MiB\"\nmax_connections = 1\n";
    let router = serving(raw);
    let connect = || Client::connect(router.address("public"));
    assert_eq!(connect().ask(&[0x7F, 0xF1, 0, 0], 4), [0x7F, 0x10, 0, 0], "JSON is not offered");
    // The refused one has been forgotten when its connection closes, perhaps not at once.
    let mut first = connect();
    while first.ask(&[0x7F, 0xF3, 0, 0], 4) == [0x7F, 0x40, 0, 0] {
        first = connect();
    }
    assert_eq!(connect().ask(&[0x7F, 0xF3, 0, 0], 4), [0x7F, 0x40, 0, 0], "one connection only");

    let web = "framing = [\"websocket\"]\nwebsocket = { paths = [\"/a\"], allowed_origins = [\"https://a.example\"] }\n";
    let router = serving(web);
    let answer = |request: &str| text(&Client::connect(router.address("public")).ask(request.as_bytes(), 12));
    assert_eq!(answer(&upgrade("/ws", "")), "HTTP/1.1 404");
    assert_eq!(answer(&upgrade("/a", "Origin: https://a.example\r\n")), "HTTP/1.1 101");
    assert_eq!(answer(&upgrade("/a", "Origin: https://b.example\r\n")), "HTTP/1.1 403");
}

#[test]
fn compression_is_off_by_default_and_can_be_configured() {
    let request = upgrade("/ws", "Sec-WebSocket-Extensions: permessage-deflate\r\n");
    let agreed = |router: &Router| {
        let mut client = Client::connect(router.address("public"));
        let mut head = client.ask(request.as_bytes(), 1);
        while !head.ends_with(b"\r\n\r\n") {
            head.extend(client.ask(&[], 1));
        }
        text(&head).contains("permessage-deflate")
    };
    assert!(!agreed(&serving("")));
    assert!(agreed(&serving("websocket = { compression = true }\n")));
}

#[test]
fn the_longest_message_is_announced() {
    let router = serving("max_message = \"1MiB\"\n");
    let answer = Client::connect(router.address("public")).ask(&[0x7F, 0xF1, 0, 0], 4);
    assert_eq!(answer, [0x7F, 0xB1, 0, 0]);
}

#[test]
fn a_silent_peer_is_probed() {
    let router = serving("keepalive = \"100ms\"\nrawsocket = { ping = true }\n");
    let mut client = Client::join(router.address("public"));
    // The first octet of a RawSocket frame is its type: 1 is PING.
    assert_eq!(client.ask(&[], 1), [1]);
}

#[test]
fn rules_of_a_realm_hold_for_its_topics_and_procedures() {
    let rules = "[[realm.topic]]\nuri = \"com.\"\nmatch = \"prefix\"\ntrustlevel = 7\nretain = true\n\
                 [[realm.procedure]]\nuri = \"com.slow\"\nmax_timeout = \"10ms\"\n\
                 [[realm.history]]\nuri = \"com.topic\"\n";
    let router = Router::start(&format!("{REALM}{rules}{ANY_PORT}"));
    let mut client = Client::join(router.address("public"));
    let mut ask = |message: &str, answers: usize| {
        client.send(message);
        (0..answers).map(|_| client.message()).collect::<Vec<_>>()
    };
    ask(r#"[16,1,{"acknowledge":true,"exclude_me":false},"com.topic",["kept"]]"#, 1);
    let [subscribed, event] = &ask(r#"[32,2,{"get_retained":true},"com.topic"]"#, 2)[..] else { panic!() };
    assert_eq!(subscribed, "[33,2,1]", "it exists from the beginning");
    assert!(event.contains(r#""trustlevel":7"#) && event.ends_with(r#",["kept"]]"#), "{event}");
    let events = ask(r#"[48,3,{},"wamp.subscription.get_events",[1]]"#, 1);
    assert!(events[0].contains(r#""args":["kept"]"#), "{events:?}");
    assert_eq!(ask(r#"[64,4,{},"com.slow"]"#, 1).len(), 1);
    let [_invocation, error] = &ask(r#"[48,5,{},"com.slow"]"#, 2)[..] else { panic!() };
    assert!(error.starts_with(r#"[8,48,5,{},"wamp.error.timeout""#), "{error}");
}

#[test]
fn keygen_makes_a_private_key_for_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("joe.key");
    let keygen =
        |more: &[&str]| output(command().args(["keygen", "cryptosign", "--out"]).arg(&file).args(more));
    let (code, public, _) = keygen(&[]);
    assert_eq!(code, Some(0));
    assert_eq!(public.trim_end().len(), 64, "{public}");
    let key = fs::read_to_string(&file).unwrap();
    assert!(
        key.contains(&format!("\n\npublic-key-ed25519: {public}private-key-ed25519: ")),
        "as Autobahn reads it"
    );
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);

    let (code, _, why) = keygen(&[]);
    assert_eq!(code, Some(1));
    assert!(why.contains("exists already. --force replaces it."), "{why}");
    assert_eq!(fs::read_to_string(&file).unwrap(), key);

    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let (_, public, _) = keygen(&["--force"]);
    assert!(fs::read_to_string(&file).unwrap().contains(public.trim_end()));
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600, "also in place of another");

    let (_, shown, _) = output(command().args(["keygen", "cryptosign", "--out", "-"]));
    assert!(shown.contains("\nprivate-key-ed25519: "), "{shown}");
}

#[test]
fn a_procedure_decides_what_a_role_may_do() {
    let asked = "[[realm.role]]\nname = \"anonymous\"\nauthorizer = { procedure = \"com.may\", realm = \"judges\" }\n";
    let judges = "[[realm]]\nname = \"judges\"\nauth = [{ method = \"anonymous\" }]\n";
    let router = Router::start(&format!("{REALM}{asked}{judges}{ANY_PORT}"));
    let mut judge = Client::connect(router.address("public"));
    judge.ask(&[0x7F, 0xF1, 0, 0], 4);
    judge.send(r#"[1,"judges",{"roles":{"callee":{}}}]"#);
    judge.message();
    judge.send(r#"[64,1,{},"com.may"]"#);
    assert!(judge.message().starts_with("[65,1,"));
    let mut client = Client::join(router.address("public"));
    for (uri, verdict, error) in [
        ("com.yes", "true", "wamp.error.no_such_procedure"),
        ("com.no", "false", "wamp.error.not_authorized"),
        ("com.perhaps", "\"perhaps\"", "wamp.error.authorization_failed"),
    ] {
        client.send(&format!(r#"[48,1,{{}},"{uri}"]"#));
        let question = judge.message();
        assert!(question.contains(&format!(r#""{uri}","call""#)), "{question}");
        let id = question.split(',').nth(1).unwrap();
        judge.send(&format!("[70,{id},{{}},[{verdict}]]"));
        let answer = client.message();
        assert!(answer.contains(error), "{answer}");
    }
}

#[test]
fn a_ticket_lets_in_who_has_it() {
    let realm = "[[realm]]\nname = \"realm1\"\n\
                 auth = [{ method = \"ticket\", tickets = [{ authid = \"joe\", ticket = \"sesame\", role = \"user\" }] }]\n";
    let router = Router::start(&format!("{realm}{ANY_PORT}"));
    let outcome = |ticket: &str| {
        let mut client = Client::connect(router.address("public"));
        client.ask(&[0x7F, 0xF1, 0, 0], 4);
        client.send(r#"[1,"realm1",{"roles":{"caller":{}},"authmethods":["ticket"],"authid":"joe"}]"#);
        assert_eq!(client.message(), r#"[4,"ticket",{}]"#);
        client.send(&format!(r#"[5,"{ticket}",{{}}]"#));
        client.message()
    };
    let welcome = outcome("sesame");
    assert!(welcome.starts_with("[2,") && welcome.contains(r#""authrole":"user""#), "{welcome}");
    let abort = outcome("open");
    assert!(abort.starts_with("[3,") && abort.contains("wamp.error.authentication_denied"), "{abort}");
}

#[test]
fn a_unix_socket_has_its_mode_and_is_removed_at_the_end() {
    let mut router = Router::start(&format!("{REALM}{SOCKET}mode = \"0600\"\n"));
    let path = router.address("local").to_string();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let mut client = Client { stream: UnixStream::connect(&path).unwrap() };
    client.handshake();
    router.send(Signal::TERM);
    assert_eq!(client.message(), r#"[6,{},"wamp.close.system_shutdown"]"#);
    client.goodbye_and_out();
    assert_eq!(router.wait().code(), Some(0));
    assert!(!fs::exists(&path).unwrap());
}

#[test]
fn a_unix_socket_of_a_killed_router_is_taken_over_and_one_in_use_is_not() {
    let directory = tempfile::tempdir().unwrap();
    let config =
        format!("{REALM}[[listener]]\nname = \"local\"\nunix = \"{}/s\"\n", directory.path().display());
    let mut first = Router::start(&config);
    first.send(Signal::KILL);
    first.wait();
    assert!(fs::exists(first.address("local")).unwrap());

    let mut second = Router::start(&config);
    Client { stream: UnixStream::connect(second.address("local")).unwrap() }.handshake();
    let file = directory.path().join("crossway.toml");
    fs::write(&file, &config).unwrap();
    let (code, _, err) = output(command().arg("--config").arg(&file));
    assert_eq!(code, Some(1), "{err}");
    assert!(err.starts_with("listener \"local\": ") && err.contains("another process does"), "{err}");
    second.send(Signal::TERM);
    second.wait();
}

#[test]
fn when_one_listener_fails_the_others_leave_nothing_behind() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("crossway.toml");
    let address = taken.local_addr().unwrap();
    fs::write(&file, format!("{REALM}{SOCKET}[[listener]]\ntcp = \"{address}\"\n")).unwrap();
    let (code, _, err) =
        output(command().arg("--config").arg(&file).env("XDG_RUNTIME_DIR", directory.path()));
    assert_eq!(code, Some(1), "{err}");
    assert!(!fs::exists(directory.path().join("crossway.sock")).unwrap());
}

#[test]
fn a_taken_port_is_named_and_exits_with_1() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("crossway.toml");
    fs::write(&file, format!("{REALM}[[listener]]\nname = \"public\"\ntcp = \"{address}\"\n")).unwrap();
    let (code, out, err) = output(command().arg("--config").arg(&file));
    assert_eq!(code, Some(1), "{err}");
    assert_eq!(out, "");
    assert!(err.starts_with("listener \"public\": "), "{err}");
    assert!(err.contains(&format!("{address}")) && err.contains("in use"), "{err}");
    assert!(err.contains(&format!("ss -ltnp 'sport = :{}'", address.port())), "{err}");
    assert!(
        err.contains("another crossway") && err.contains("CROSSWAY__LISTENER__0__TCP=127.0.0.1:0"),
        "{err}"
    );
}

#[test]
fn a_mistake_in_the_configuration_exits_with_78_before_anything_is_opened() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("crossway.yaml");
    fs::write(&file, "realm: [{name: a, auth: [{method: anonymous}]}]\nlistener: [{tpc: '127.0.0.1:0'}]\n")
        .unwrap();
    for arguments in [vec!["--config"], vec!["check"]] {
        let (code, out, err) = output(command().args(arguments).arg(&file));
        assert_eq!(code, Some(78), "{err}");
        assert_eq!(out, "");
        assert!(err.contains("crossway.yaml:2:13]"), "{err}");
        assert!(err.contains("did you mean `tcp`?"), "{err}");
    }
    let (code, _, err) = output(command().args(["--config", "/nowhere/crossway.toml"]));
    assert_eq!(code, Some(78));
    assert!(err.contains("`crossway init /nowhere/crossway.toml` writes an example"), "{err}");
}

#[test]
fn a_mistake_in_the_environment_exits_with_78() {
    let (code, _, err) = output(command().env("CROSSWAY__LIMITS__MAX_DEPTH", "deep"));
    assert_eq!(code, Some(78));
    assert!(err.contains("CROSSWAY__LIMITS__MAX_DEPTH=deep"), "{err}");
    let (code, _, err) = output(command().env("CROSSWAY_LOG", "debgu"));
    assert_eq!(code, Some(78));
    assert!(err.contains("CROSSWAY_LOG") && err.contains("did you mean `debug`?"), "{err}");
}

#[test]
fn a_wrong_argument_exits_with_64() {
    let (code, _, err) = output(command().arg("--confg"));
    assert_eq!(code, Some(64));
    assert!(err.contains("--config"), "{err}");
    let (code, out, _) = output(command().arg("--help"));
    assert_eq!(code, Some(0));
    assert!(out.contains("CROSSWAY__SECTION__KEY"), "{out}");
}

#[test]
fn check_shows_what_would_run() {
    let (code, out, err) = output(command().arg("check").env("XDG_RUNTIME_DIR", "/run/user/1000"));
    assert_eq!((code, err.as_str()), (Some(0), ""));
    let expected = "The built-in configuration is fine.

realms     realm1 (anonymous as anonymous)
listeners  default: tcp 127.0.0.1:8080, rawsocket and websocket at /ws / (json, msgpack, cbor)
           local: unix /run/user/1000/crossway.sock (mode 0660), rawsocket (json, msgpack, cbor)
limits     as by default
";
    assert_eq!(out, expected);
    let (_, out, _) =
        output(command().arg("check").env("CROSSWAY__LISTENER__0__WEBSOCKET__COMPRESSION", "true"));
    assert!(out.contains("rawsocket and websocket at /ws / with compression (json, msgpack, cbor)"), "{out}");
    let (_, out, _) = output(command().arg("check").env("CROSSWAY__LIMITS__MAX_SESSIONS", "5"));
    assert!(out.ends_with("limits     max_sessions = 5 (default 1000000)\n"), "{out}");
}

#[test]
fn anonymous_clients_are_let_in_from_outside_only_if_the_listener_says_so() {
    let realm = "[[realm]]\nname = \"realm1\"\nauth = [{ method = \"anonymous\" }]\n";
    let listener = "[[listener]]\nname = \"public\"\ntcp = \"0.0.0.0:0\"\n";
    for (said, answer) in
        [("", "wamp.error.authentication_required"), ("auth = [\"anonymous\"]\n", "authrole")]
    {
        let router = Router::start(&format!("{realm}{listener}{said}"));
        // It is the listener that counts: behind a proxy every peer is local, as this one is.
        let mut client = Client::connect(&router.address("public").replace("0.0.0.0", "127.0.0.1"));
        client.ask(&[0x7F, 0xF1, 0, 0], 4);
        client.send(r#"[1,"realm1",{"roles":{"caller":{}}}]"#);
        let message = client.message();
        assert!(message.contains(answer), "{message}");
        router.send(Signal::TERM);
        let (_, log) = router.finish();
        assert_eq!(log.contains("lets nobody in without a name"), said.is_empty(), "{log}");
    }
}

#[test]
fn check_warns_and_fails_only_if_it_is_strict() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("crossway.toml");
    let realm = "[[realm]]\nname = \"realm1\"\n\
                 auth = [{ method = \"ticket\", tickets = [{ authid = \"joe\", ticket = \"sesame\", role = \"user\" }] }]\n";
    fs::write(&file, format!("{realm}[[listener]]\ntcp = \"0.0.0.0:0\"\n")).unwrap();
    let (code, out, err) = output(command().arg("check").arg(&file));
    assert_eq!(code, Some(0), "{err}");
    assert!(out.starts_with(&format!("{} can be used.\n\nrealms", file.display())), "{out}");
    assert!(err.contains("crossway.toml:5:7]") && err.contains("1 warning in the configuration."), "{err}");
    assert!(!err.contains("sesame"), "{err}");
    let (code, out, strict) = output(command().args(["check", "--strict"]).arg(&file));
    assert_eq!((code, out.as_str()), (Some(78), ""));
    assert_eq!(strict.trim_end(), err.trim_end());

    let router = Router::start(&fs::read_to_string(&file).unwrap().replace("tcp", "name = \"public\"\ntcp"));
    router.send(Signal::TERM);
    let (_, err) = router.finish();
    assert!(err.contains("and there is no TLS (") && err.contains("crossway.toml:6)"), "{err}");
}

#[test]
fn explain_ends_with_the_decision() {
    let ask = |words: &[&str]| {
        output(command().args(["explain", "--realm", "realm1", "--role", "anonymous"]).args(words))
    };
    let (code, out, err) = ask(&["subscribe", "com.example.", "--match", "prefix"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(
        out.starts_with("allowed: in realm1, anonymous may subscribe to \"com.example.\" (prefix)\n"),
        "{out}"
    );
    let (code, out, _) = ask(&["call", "wamp.session.kill_all"]);
    assert_eq!(code, Some(1));
    assert!(out.starts_with("denied: "), "{out}");
    let (code, _, err) = ask(&["kill", "com.example"]);
    assert_eq!(code, Some(64));
    assert!(err.contains("[possible values: call, register, subscribe, publish]"), "{err}");
    assert_eq!(ask(&["call", "a#b"]).0, Some(64));
}

#[test]
fn init_writes_a_file_that_check_likes_and_never_replaces_one_unasked() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("crossway.toml");
    let (code, _, err) = output(command().arg("init").arg(&file));
    assert_eq!(code, Some(0), "{err}");
    let (code, _, err) = output(command().arg("check").arg(&file));
    assert_eq!(code, Some(0), "{err}");

    fs::write(&file, "mine").unwrap();
    let (code, _, err) = output(command().arg("init").arg(&file));
    assert_eq!(code, Some(1));
    assert!(err.contains("exists already. --force replaces it."), "{err}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
    let (code, _, _) = output(command().args(["init", "--force"]).arg(&file));
    assert_eq!(code, Some(0));

    let (code, out, _) = output(command().args(["init", "-"]));
    assert_eq!(code, Some(0));
    assert_eq!(out, fs::read_to_string(&file).unwrap());
}

#[test]
fn for_people_the_addresses_are_on_standard_output() {
    let router = Router::for_people(&format!("{REALM}{ANY_PORT}"));
    router.send(Signal::TERM);
    let (out, err) = router.finish();
    assert!(out.contains("  WebSocket  ws://127.0.0.1:"), "{out}");
    assert!(out.contains("  realm      realm1 (anonymous)\n"), "{out}");
    assert!(!out.contains('\x1b') && !err.contains('\x1b'), "colours without a terminal: {out}{err}");
    assert!(err.contains("shutting down"), "{err}");
}

#[test]
fn for_machines_every_line_is_json() {
    let router = serving("");
    router.send(Signal::TERM);
    let (out, err) = router.finish();
    assert_eq!(out, "");
    for line in err.lines() {
        let object: serde_json::Value =
            serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"));
        assert!(object["level"].is_string() && object["message"].is_string(), "{line}");
    }
    assert!(err.contains("\"stopped\""), "{err}");
}
