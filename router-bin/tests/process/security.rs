//! The configurations of `docs/security.md`: nothing is to be said against them, they start, and who they are for gets in.

use std::fs;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::LazyLock;

use crossway_cryptosign::{PrivateKey, keyfile};
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa,
    KeyPair,
};

use crate::harness::{Client, Router, Signal, command, output};

const PAGE: &str = include_str!("../../../docs/security.md");

/// What the page takes from the environment.
const SECRETS: [(&str, &str); 4] = [
    ("JOE_TICKET", "sesame"),
    ("ADMIN_TICKET", "open"),
    ("JUDGE_TICKET", "gavel"),
    ("COOKIE_KEY", "0123456789abcdef0123456789abcdef"),
];

/// The blocks in TOML, each with the heading above it. Those that begin with `# name.toml` are files beside the others.
fn blocks() -> Vec<(&'static str, String)> {
    let (mut heading, mut block, mut all) = ("", None::<String>, Vec::new());
    for line in PAGE.lines() {
        match &mut block {
            None if line.starts_with('#') => heading = line.trim_start_matches(['#', ' ']),
            None if line == "```toml" => block = Some(String::new()),
            None => {}
            Some(_) if line == "```" => all.extend(block.take().map(|block| (heading, block))),
            Some(block) => *block += &format!("{line}\n"),
        }
    }
    all
}

/// Certificates and keys that the page only names.
pub(crate) struct Made {
    pub(crate) server: Certificate,
    /// Of the server, and of the issuer of tokens.
    pub(crate) key: KeyPair,
    /// Of the router, for cryptosign.
    pub(crate) router: PrivateKey,
    authority: CertifiedIssuer<'static, KeyPair>,
}

impl Made {
    pub(crate) fn once() -> &'static Made {
        static MADE: LazyLock<Made> = LazyLock::new(|| {
            let made = rcgen::generate_simple_self_signed(vec!["localhost".to_string()]).unwrap();
            let mut params = CertificateParams::default();
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
            let router = PrivateKey::generate().unwrap();
            Made { server: made.cert, key: made.signing_key, router, authority }
        });
        &MADE
    }

    /// A certificate for a client, with its key.
    pub(crate) fn client(&self, name: &str) -> (Certificate, KeyPair) {
        let (key, mut params) = (KeyPair::generate().unwrap(), CertificateParams::default());
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        (params.signed_by(&key, &self.authority).unwrap(), key)
    }
}

/// Everything that a configuration of the page reads, also what the page itself has.
fn side_files(directory: &Path) {
    for (_, text) in blocks() {
        prepare(directory, &text);
    }
    let made = Made::once();
    let files = [
        ("server.pem", made.server.pem()),
        ("server.key", made.key.serialize_pem()),
        ("ca.pem", made.authority.pem()),
        ("issuer.pem", made.key.public_key_pem()),
        ("router.key", keyfile::write(&made.router, "for a test").to_string()),
        ("backend.ticket", "something long\n".to_string()),
    ];
    for (name, text) in files {
        fs::write(directory.join(name), text).unwrap();
    }
}

/// Writes the files that a block is beside, and the block with ports of the system's choice.
fn prepare(directory: &Path, text: &str) -> Option<std::path::PathBuf> {
    let name =
        text.lines().next().and_then(|line| line.strip_prefix("# ")).filter(|name| name.ends_with(".toml"));
    let file = directory.join(name.unwrap_or("crossway.toml"));
    let text = [":8080\"", ":8443\""].iter().fold(text.to_string(), |text, port| text.replace(port, ":0\""));
    fs::write(&file, text).unwrap();
    name.is_none().then_some(file)
}

#[test]
fn every_configuration_of_the_page_is_fine_and_starts() {
    let directory = tempfile::tempdir().unwrap();
    side_files(directory.path());
    let mut seen = 0;
    for (heading, text) in blocks() {
        let Some(file) = prepare(directory.path(), &text) else { continue };
        let (code, _, err) = output(command().args(["check", "--strict"]).arg(&file).envs(SECRETS));
        assert_eq!(code, Some(0), "{heading}:\n{text}\n{err}");
        let mut router = Router::start_file(&file, &text, &SECRETS);
        router.send(Signal::TERM);
        assert_eq!(router.wait().code(), Some(0), "{heading}");
        seen += 1;
    }
    assert!(seen >= 6, "{seen} configurations");
}

/// The first configuration below a heading, on a socket of its own besides.
pub(crate) fn serving(heading: &str) -> Router {
    changed(heading, str::to_string)
}

/// The same with something that a test can't have put right.
pub(crate) fn changed(heading: &str, change: impl Fn(&str) -> String) -> Router {
    changed_at(heading, 0, change)
}

/// Likewise with another of the configurations below the heading.
pub(crate) fn changed_at(heading: &str, number: usize, change: impl Fn(&str) -> String) -> Router {
    let directory = tempfile::tempdir().unwrap();
    side_files(directory.path());
    let config = blocks().into_iter().filter(|(above, _)| *above == heading).nth(number).unwrap().1;
    let text = change(&config) + "\n[[listener]]\nname = \"test\"\nunix = \"test.sock\"\n";
    let file = prepare(directory.path(), &text).unwrap();
    Router::start_file(&file, &text, &SECRETS)
}

/// What a session hears that says these messages after it has connected.
fn heard(router: &Router, messages: &[&str]) -> Vec<String> {
    let mut client = Client { stream: UnixStream::connect(router.address("test")).unwrap() };
    client.ask(&[0x7F, 0xF1, 0, 0], 4);
    let answer = |message: &&str| {
        client.send(message);
        client.message()
    };
    messages.iter().map(answer).collect()
}

const TICKET: &str =
    r#"[1,"realm1",{"roles":{"caller":{},"publisher":{}},"authmethods":["ticket"],"authid":"joe"}]"#;
const ANONYMOUS: &str = r#"[1,"realm1",{"roles":{"caller":{},"subscriber":{}}}]"#;

#[test]
fn who_the_configurations_are_for_gets_in() {
    let router = serving("ticket");
    let heard = |messages: &[&str]| heard(&router, messages);
    let welcome = &heard(&[TICKET, r#"[5,"sesame",{}]"#])[1];
    assert!(welcome.starts_with("[2,") && welcome.contains(r#""authrole":"user""#), "{welcome}");
    let abort = &heard(&[TICKET, r#"[5,"sesam",{}]"#])[1];
    assert!(abort.contains("wamp.error.authentication_denied"), "{abort}");
    assert!(heard(&[ANONYMOUS])[0].starts_with("[3,"));
}

#[test]
fn the_file_of_users_has_what_the_page_says() {
    // The same tickets as a configuration of the page has, but from the file.
    let router = changed("ticket", |text| {
        let (before, rest) = text.split_once("{ method = \"ticket\"").unwrap();
        let after = rest.split_once("] },\n").unwrap().1;
        format!("{before}{{ method = \"ticket\", users_file = \"users.toml\" }},{after}")
    });
    let welcome = &heard(&router, &[TICKET, r#"[5,"sesame",{}]"#])[1];
    assert!(welcome.starts_with("[2,") && welcome.contains(r#""authrole":"user""#), "{welcome}");
}

#[test]
fn permissions_do_what_the_page_says() {
    let router = serving("Permissions");
    let user = |message: &str| heard(&router, &[TICKET, r#"[5,"sesame",{}]"#, message]).remove(2);
    for allowed in [r#"[48,1,{},"com.example.add"]"#, r#"[48,1,{},"com.example.admin.status"]"#] {
        assert!(user(allowed).contains("wamp.error.no_such_procedure"), "{allowed}");
    }
    assert!(user(r#"[16,1,{"acknowledge":true},"com.example.news"]"#).starts_with("[17,"));
    let retained = user(r#"[16,1,{"acknowledge":true,"retain":true},"com.example.news"]"#);
    assert!(retained.contains("wamp.error.option_not_allowed"), "{retained}");
    for denied in [
        r#"[48,1,{},"com.example.admin.stop"]"#,
        r#"[48,1,{},"com.elsewhere"]"#,
        r#"[48,1,{},"wamp.session.list"]"#,
        r#"[16,1,{"acknowledge":true},"com.example.admin.news"]"#,
    ] {
        assert!(user(denied).contains("wamp.error.not_authorized"), "{denied}");
    }
    let guest = |message: &str| heard(&router, &[ANONYMOUS, message]).remove(1);
    assert!(guest(r#"[32,1,{},"com.example.public.news"]"#).starts_with("[33,"));
    assert!(
        guest(r#"[32,1,{"match":"prefix"},"com.example.public.news"]"#)
            .contains("wamp.error.option_not_allowed")
    );
    assert!(guest(r#"[32,1,{},"com.example.news"]"#).contains("wamp.error.not_authorized"));

    let admin = TICKET.replace("joe", "admin");
    let admin = |message: &str| heard(&router, &[&admin, r#"[5,"open",{}]"#, message]).remove(2);
    assert!(admin(r#"[48,1,{},"wamp.session.kill_all"]"#).starts_with("[50,"), "an explicit permission");
    let taken = admin(r#"[48,1,{},"wamp.registration.remove_callee",[1,1]]"#);
    assert!(taken.contains("wamp.error.not_authorized"), "one for everything: {taken}");
}
