//! `crossway user` and `crossway hash`, and that what they write lets people in.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Stdio;

use crate::harness::{Client, Router, Signal, command, text};

/// Runs with something on standard input: exit code, standard output, standard error.
fn told(file: &Path, arguments: &[&str], input: &str) -> (Option<i32>, String, String) {
    use std::io::Write;
    let mut command = command();
    command.args(arguments);
    if arguments[0] == "user" {
        command.arg("--file").arg(file);
    }
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Who needs no secret has ended before it reads one.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn users_come_change_and_go_and_comments_stay() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("users.toml");
    let user = |arguments: &[&str], input: &str| told(&file, &[&["user"], arguments].concat(), input);
    let done = (Some(0), String::new(), String::new());
    assert_eq!(user(&["add", "joe", "--role", "staff"], "secret\n"), done);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let key = "545efb0a2192db8d43f118e9bf9aee081466e1ef36c708b96ee6f62dddad9122";
    assert_eq!(user(&["add", "robot", "--role", "machine", "--pubkey", key], ""), done);
    let commented = fs::read_to_string(&file).unwrap().replace("[user.joe]", "# He is new here.\n[user.joe]");
    fs::write(&file, &commented).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    assert_eq!(user(&["add", "sue", "--role", "guest", "--method", "ticket,wampcra,scram"], "other"), done);
    let listed = "joe    staff    ticket, wamp-scram\nrobot  machine  cryptosign\nsue    guest    ticket, wampcra, scram\n";
    assert_eq!(user(&["list"], ""), (Some(0), listed.to_owned(), String::new()));
    let changed = fs::read_to_string(&file).unwrap();
    assert!(changed.starts_with(&commented), "{changed}");
    assert!(!changed.contains("secret") && !changed.contains("other"), "{changed}");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);

    let hash = |name: &str| {
        let text = fs::read_to_string(&file).unwrap();
        let user = text.split(&format!("[user.{name}]")).nth(1).unwrap().to_owned();
        user.lines().find(|line| line.starts_with("ticket")).unwrap().to_owned()
    };
    let (joe, sue) = (hash("joe"), hash("sue"));
    assert_eq!(user(&["passwd", "joe"], "secret\r\n"), done);
    assert_ne!(hash("joe"), joe, "another salt");
    assert_eq!(hash("sue"), sue);
    assert_eq!(user(&["rm", "joe"], ""), done);
    let left = user(&["list"], "").1;
    assert!(!left.contains("joe") && left.contains("robot") && left.contains("sue"), "{left}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left in the folder");
}

#[test]
fn what_can_not_be_done_is_told_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("users.toml");
    let user = |arguments: &[&str], input: &str| {
        let (code, out, why) = told(&file, &[&["user"], arguments].concat(), input);
        assert_eq!(out, "");
        (code, why)
    };
    for arguments in [&["list"][..], &["rm", "joe"], &["passwd", "joe"]] {
        let (code, why) = user(arguments, "secret\n");
        assert!(code == Some(1) && why.starts_with("There is no file "), "{code:?} {why}");
    }
    let (code, why) = user(&["add", "joe", "--role", "staff"], "");
    assert_eq!((code, why.as_str()), (Some(1), "There is no secret on standard input.\n"));
    assert!(!file.exists());
    assert_eq!(user(&["add", "joe", "--role", "staff", "--method", "ticket"], "secret\n").0, Some(0));
    let before = fs::read_to_string(&file).unwrap();
    for (arguments, why) in [
        (&["add", "joe", "--role", "x"][..], "There is a user joe already."),
        (&["rm", "sue"], "There is no user sue."),
        (&["passwd", "sue"], "There is no user sue."),
        (&["passwd", "sue", "--method", "ticket"], "There is no user sue."),
        (&["add", "sue", "--role", "x", "--pubkey", "abc"], "64 hexadecimal digits"),
        (&["add", "\u{2168}", "--role", "x"], "SASLprep"),
    ] {
        let (code, said) = user(arguments, "secret\n");
        assert!(code == Some(1) && said.contains(why), "{arguments:?}: {code:?} {said}");
        assert_eq!(fs::read_to_string(&file).unwrap(), before);
    }
    assert_eq!(user(&["add", "sue"], "").0, Some(64), "a user has a role");
    assert_eq!(user(&["passwd", "joe", "--method", "rot13"], "").0, Some(64));
    fs::write(&file, "[user.joe]\n").unwrap();
    let (code, why) = user(&["list"], "");
    assert!(code == Some(78) && why.ends_with("users.toml, line 1: `role` is missing.\n"), "{code:?} {why}");
}

#[test]
fn a_link_to_the_file_stays_a_link() {
    let folder = tempfile::tempdir().unwrap();
    let (file, link) = (folder.path().join("real.toml"), folder.path().join("users.toml"));
    let add = |file: &Path, name: &str| {
        told(file, &["user", "add", name, "--role", "x", "--method", "wampcra"], "secret\n").0
    };
    assert_eq!(add(&file, "joe"), Some(0));
    symlink("real.toml", &link).unwrap();
    assert_eq!(add(&link, "sue"), Some(0));
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert!(fs::read_to_string(&file).unwrap().contains("[user.sue]"));
}

#[test]
fn who_changes_users_at_the_same_time_loses_no_change() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("users.toml");
    let numbers = 0..12;
    let done = |arguments: &[&str]| assert_eq!(told(&file, arguments, "").0, Some(0), "{arguments:?}");
    // The first ones come before there is a file; then one half goes while the other half comes.
    let add = |number: i32| {
        let key = format!("545efb0a2192db8d43f118e9bf9aee081466e1ef36c708b96ee6f62dddad91{number:02x}");
        done(&["user", "add", &format!("u{number}"), "--role", "x", "--pubkey", &key]);
    };
    std::thread::scope(|scope| numbers.clone().for_each(|number| drop(scope.spawn(move || add(number)))));
    std::thread::scope(|scope| {
        for number in numbers.clone() {
            scope.spawn(move || done(&["user", "rm", &format!("u{number}")]));
            scope.spawn(move || add(number + 100));
        }
    });
    let kept = crossway_users::read(&fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!(kept.len(), numbers.len(), "all of those who came last, and nobody else");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left in the folder");
}

#[test]
fn a_hash_may_stand_in_the_configuration() {
    let nowhere = Path::new("");
    let (code, lines, why) = told(nowhere, &["hash"], "secret\n");
    assert_eq!((code, why.as_str()), (Some(0), ""));
    let methods: Vec<&str> = lines.lines().filter_map(|line| line.split(" = ").next()).collect();
    assert_eq!(methods, ["ticket", "wampcra", "wamp-scram", "scram"]);
    let users = format!("[user.joe]\nrole = \"x\"\n{lines}");
    assert_eq!(crossway_users::read(&users).unwrap().len(), 1);
    assert!(!lines.contains("secret"), "{lines}");
}

/// What a client hears that says these messages after it has connected.
fn dialogue(router: &Router, messages: &[&str]) -> Vec<String> {
    let mut client = Client::connect(router.address("public"));
    client.ask(&[0x7F, 0xF1, 0, 0], 4);
    let answer = |message: &&str| {
        client.send(message);
        client.message()
    };
    messages.iter().map(answer).collect()
}

#[test]
fn nothing_secret_gets_into_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let users = folder.path().join("users.toml");
    let methods = ["ticket", "wampcra", "wamp-scram", "scram"];
    let add = ["user", "add", "joe", "--role", "staff", "--method", &methods.join(",")];
    assert_eq!(told(&users, &add, "sesame\n").0, Some(0));
    let auth =
        methods.map(|method| format!("{{ method = \"{method}\", users_file = \"users.toml\" }}")).join(", ");
    let known = [
        "4d57d97a68f555696620a6d849c0ce582568518d729eb753dc7c732de2804510",
        "a secret of at least 32 octets, for tokens",
        "a secret of at least 32 octets, for cookies",
        "what the router shows the service",
    ];
    let [key, tokens, cookies, bearer] = known;
    // Nobody listens there.
    let url = "http://127.0.0.1:1/decide?token=Losungswort";
    let config = format!(
        r#"
        [[realm]]
        name = "realm1"
        auth = [
            {auth}, {{ method = "cookie" }},
            {{ method = "cryptosign", users_file = "users.toml", router_key = "{key}" }},
            {{ method = "jwt", role = "x", keys = [{{ alg = "HS256", secret = "{tokens}" }}] }},
        ]
        [[realm]]
        name = "realm2"
        auth = [{{ method = "ticket", url = "{url}", bearer_env = "BEARER" }}]
        [[listener]]
        name = "public"
        tcp = "127.0.0.1:0"
        [cookie]
        keys = [{{ secret = "{cookies}" }}]
        "#
    );
    let file = folder.path().join("crossway.toml");
    fs::write(&file, &config).unwrap();
    let router = Router::start_file(&file, &config, &[("CROSSWAY_LOG", "trace"), ("BEARER", bearer)]);
    let hello_in = |realm: &str, method: &str| {
        format!(
            "[1,\"{realm}\",{{\"roles\":{{\"caller\":{{}}}},\"authmethods\":[\"{method}\"],\"authid\":\"joe\",\
             \"authextra\":{{\"nonce\":\"bm9uY2U=\"}}}}]"
        )
    };
    let hello = |method: &str| hello_in("realm1", method);
    for method in methods {
        let heard = dialogue(&router, &[&hello(method), r#"[5,"Sesam offen",{"nonce":"Zauberwort"}]"#]);
        assert!(heard[0].starts_with(&format!("[4,\"{method}\"")), "{heard:?}");
        assert!(heard[1].contains("wamp.error.authentication_denied"), "{heard:?}");
    }
    let heard = dialogue(&router, &[&hello("ticket"), r#"[5,"sesame",{}]"#]);
    assert!(heard[1].starts_with("[2,"), "{heard:?}");
    let token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJqb2UifQ.c2lnbmF0dXJlIG9mIHRoZSBpc3N1ZXI";
    let heard = dialogue(&router, &[&hello("jwt"), &format!("[5,\"{token}\",{{}}]")]);
    assert!(heard[1].contains("wamp.error.authentication_denied"), "{heard:?}");
    let heard = dialogue(&router, &[&hello_in("realm2", "ticket"), r#"[5,"Parole",{}]"#]);
    assert!(heard[1].contains("wamp.error.authentication_failed"), "{heard:?}");
    router.send(Signal::TERM);
    let (_, log) = router.finish();
    assert!(log.contains("\"DEBUG\"") && log.contains("joe"), "it says a lot: {log}");
    let kept = fs::read_to_string(&users).unwrap();
    let kept = kept.split(['"', '$']).filter(|part| part.len() >= 20);
    let (_, signature) = token.rsplit_once('.').unwrap();
    let shown = ["sesame", "Sesam offen", "Zauberwort", "Parole", "Losungswort", signature];
    for secret in shown.into_iter().chain(known).chain(kept) {
        assert!(!log.contains(secret), "{secret} is in the log:\n{log}");
    }
}
