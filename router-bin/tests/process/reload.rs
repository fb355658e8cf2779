//! The configuration is changed while the program runs.

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use tempfile::TempDir;

use crate::harness::{Client, Router, Signal};

const READ_AGAIN: &str = "the configuration was read again";
const NOT_YET: &str = "changed in the configuration, but not before the next start";

/// Who may join, by name and ticket, and the one procedure that they may call.
fn config(users: &[(&str, &str)], procedure: &str, more: &str) -> String {
    let ticket = |(name, key): &(&str, &str)| format!("{{ authid = \"{name}\", {key}, role = \"user\" }}");
    let tickets: Vec<String> = users.iter().map(ticket).collect();
    format!(
        "[[listener]]\nname = \"public\"\ntcp = \"127.0.0.1:0\"\n\
         [[realm]]\nname = \"realm1\"\nauth = [{{ method = \"ticket\", tickets = [{}] }}]\n\
         [[realm.role]]\nname = \"user\"\n\
         [[realm.role.permission]]\nuri = \"{procedure}\"\nallow = [\"call\"]\n{more}",
        tickets.join(", ")
    )
}

const JOE: (&str, &str) = ("joe", "ticket = \"sesame\"");
const ADA: (&str, &str) = ("ada", "ticket = \"open\"");

struct Place {
    router: Router,
    file: PathBuf,
    directory: TempDir,
}

impl Place {
    fn start(config: &str) -> Place {
        Place::prepared(config, |_| ())
    }

    /// With files beside the configuration.
    fn prepared(config: &str, prepare: impl FnOnce(&Path)) -> Place {
        let directory = tempfile::tempdir().unwrap();
        prepare(directory.path());
        let file = directory.path().join("crossway.toml");
        fs::write(&file, config).unwrap();
        let router = Router::start_file(&file, config, &[]);
        Place { router, file, directory }
    }

    /// Changes the configuration, says so, and returns what the log has to say then.
    fn hangup(&mut self, config: &str, message: &str) -> serde_json::Value {
        fs::write(&self.file, config).unwrap();
        self.router.send(Signal::HUP);
        self.router.logged(message)
    }

    /// Somebody who shows a ticket, and the answer.
    fn shows(&self, authid: &str, ticket: &str) -> (Client, String) {
        let mut client = Client::connect(self.router.address("public"));
        client.ask(&[0x7F, 0xF1, 0, 0], 4);
        client.send(&format!(
            "[1,\"realm1\",{{\"roles\":{{\"caller\":{{}}}},\"authmethods\":[\"ticket\"],\"authid\":\"{authid}\"}}]"
        ));
        assert_eq!(client.message(), "[4,\"ticket\",{}]");
        client.send(&format!("[5,\"{ticket}\",{{}}]"));
        let answer = client.message();
        (client, answer)
    }

    fn is_let_in(&self, authid: &str, ticket: &str) -> Client {
        let (client, answer) = self.shows(authid, ticket);
        assert!(answer.starts_with("[2,"), "{answer}");
        client
    }

    fn is_turned_away(&self, authid: &str, ticket: &str) {
        let (_, answer) = self.shows(authid, ticket);
        assert!(answer.contains("wamp.error.authentication_denied"), "{answer}");
    }
}

/// Whether a session may call something that nobody has registered.
fn may_call(client: &mut Client, request: u32, procedure: &str) -> bool {
    client.send(&format!("[48,{request},{{}},\"{procedure}\"]"));
    let answer = client.message();
    assert!(answer.starts_with(&format!("[8,48,{request},")), "{answer}");
    let denied = answer.contains("wamp.error.not_authorized");
    assert!(denied || answer.contains("wamp.error.no_such_procedure"), "{answer}");
    !denied
}

#[test]
fn users_and_permissions_change_and_sessions_stay() {
    let mut place = Place::start(&config(&[JOE], "com.one", ""));
    let mut joe = place.is_let_in("joe", "sesame");
    assert!(may_call(&mut joe, 1, "com.one") && !may_call(&mut joe, 2, "com.two"));
    let said = place.hangup(&config(&[ADA], "com.two", ""), READ_AGAIN);
    assert_eq!(said["taken"], "role of realm \"realm1\", auth of realm \"realm1\"");
    assert_eq!(said["level"], "INFO");
    place.is_let_in("ada", "open");
    place.is_turned_away("joe", "sesame");
    assert!(!may_call(&mut joe, 3, "com.one") && may_call(&mut joe, 4, "com.two"));
    let said = place.hangup(&config(&[ADA], "com.two", ""), READ_AGAIN);
    assert_eq!(said["message"], "the configuration was read again: nothing has changed");
}

#[test]
fn what_is_broken_changes_nothing_and_is_told_once() {
    let mut place = Place::start(&config(&[JOE], "com.one", "[reload]\ninterval = \"100ms\"\n"));
    let mut joe = place.is_let_in("joe", "sesame");
    let broken = config(&[ADA], "com.two", "[limts]\n");
    let said = place.hangup(&broken, "the configuration was not read again, and the last one holds on");
    assert_eq!(said["level"], "ERROR");
    let mistakes = said["mistakes"].as_str().unwrap();
    assert!(mistakes.starts_with("`limts` is not a known key: not known here ("), "{mistakes}");
    assert!(mistakes.ends_with("crossway.toml:12)"), "{mistakes}");
    let said = place.hangup("[[realm]]\nname = ", "the configuration was not read again");
    assert!(!said["mistakes"].as_str().unwrap().is_empty());
    place.is_turned_away("ada", "open");
    place.is_let_in("joe", "sesame");
    assert!(may_call(&mut joe, 1, "com.one"));
    // It is looked at as before.
    fs::write(&place.file, config(&[ADA], "com.two", "")).unwrap();
    place.router.logged(READ_AGAIN);
    place.is_let_in("ada", "open");
    assert!(!may_call(&mut joe, 2, "com.one"));
    place.router.send(Signal::TERM);
    joe.message();
    joe.goodbye_and_out();
    let (_, log) = place.router.finish();
    assert_eq!(log.matches("not read again").count(), 2, "{log}");
    assert!(!log.contains("sesame") && !log.contains("\"open\""), "{log}");
}

#[test]
fn files_of_secrets_are_looked_at() {
    let joe = [("joe", "ticket_file = \"joe.ticket\"")];
    let text = config(&joe, "com.one", "[reload]\ninterval = \"100ms\"\n");
    let write = |directory: &Path, ticket: &str| fs::write(directory.join("joe.ticket"), ticket).unwrap();
    let mut place = Place::prepared(&text, |directory| write(directory, "sesame\n"));
    place.is_let_in("joe", "sesame");
    write(place.directory.path(), "open\n");
    let said = place.router.logged(READ_AGAIN);
    assert_eq!(said["taken"], "auth of realm \"realm1\"");
    place.is_let_in("joe", "open");
    place.is_turned_away("joe", "sesame");
    fs::remove_file(place.directory.path().join("joe.ticket")).unwrap();
    place.router.logged("the configuration was not read again");
    place.is_let_in("joe", "open");
}

#[test]
fn what_has_to_wait_for_the_next_start_is_named() {
    let mut place = Place::start(&config(&[JOE], "com.one", ""));
    let more = "[[realm.topic]]\nuri = \"com.topic\"\nretain = true\n\
                [[realm]]\nname = \"realm2\"\nauth = [{ method = \"anonymous\" }]\n\
                [[listener]]\nname = \"other\"\ntcp = \"127.0.0.1:0\"\n\
                [limits]\nmax_sessions = 5\n";
    let said = place.hangup(&config(&[JOE, ADA], "com.one", more), NOT_YET);
    assert_eq!(
        said["left"], "limits, listener \"other\", topic of realm \"realm1\", realm \"realm2\"",
        "in the words of the config file"
    );
    assert_eq!(said["level"], "WARN");
    place.is_let_in("ada", "open");
    // Without roles everybody could do everything.
    let open = config(&[JOE, ADA], "com.one", "");
    let open = open.split("[[realm.role]]").next().unwrap();
    let said = place.hangup(open, NOT_YET);
    assert_eq!(said["left"], "role of realm \"realm1\"");
    assert!(!may_call(&mut place.is_let_in("ada", "open"), 1, "com.two"));
}

#[test]
fn listeners_allow_what_is_allowed_now() {
    let anonymous = "[[realm]]\nname = \"realm2\"\nauth = [{ method = \"anonymous\" }]\n";
    let text = config(&[JOE], "com.one", anonymous);
    let only = |method: &str| text.replace(":0\"\n", &format!(":0\"\nauth = [\"{method}\"]\n"));
    let mut place = Place::start(&only("ticket"));
    let greeted = |place: &Place| {
        let mut client = Client::connect(place.router.address("public"));
        client.ask(&[0x7F, 0xF1, 0, 0], 4);
        client.send(r#"[1,"realm2",{"roles":{"caller":{}}}]"#);
        client.message()
    };
    assert!(greeted(&place).contains("wamp.error.authentication_required"));
    let said = place.hangup(&only("anonymous"), READ_AGAIN);
    assert_eq!(said["taken"], "auth of listener \"public\"");
    assert!(greeted(&place).starts_with("[2,"));
}

#[test]
fn realms_that_come_automatically_change_as_well() {
    let text = |role: &str, procedure: &str| {
        format!(
            "[[listener]]\nname = \"public\"\ntcp = \"127.0.0.1:0\"\n\
             [realms]\nauto_create = true\nauth = [{{ method = \"anonymous\", role = \"{role}\" }}]\n\
             [[realms.role]]\nname = \"{role}\"\n\
             [[realms.role.permission]]\nuri = \"{procedure}\"\nallow = [\"call\"]\n"
        )
    };
    let mut place = Place::start(&text("guest", "com.one"));
    let mut before = Client::join(place.router.address("public"));
    assert!(may_call(&mut before, 1, "com.one"));
    let said = place.hangup(&text("friend", "com.two"), READ_AGAIN);
    assert_eq!(said["taken"], "role of realms, auth of realms");
    assert!(!may_call(&mut before, 2, "com.one") && !may_call(&mut before, 3, "com.two"), "the role is gone");
    let mut after = Client::join(place.router.address("public"));
    assert!(may_call(&mut after, 1, "com.two") && !may_call(&mut after, 2, "com.one"));
}

#[test]
fn a_log_that_nobody_reads_ends_nothing() {
    let patient = "[limits]\nlogin_failures = \"off\"\nlogin_failures_per_address = \"off\"\n";
    let mut place = Place::start(&config(&[JOE], "com.one", patient));
    place.router.close_log();
    fs::write(&place.file, config(&[ADA], "com.one", patient)).unwrap();
    place.router.send(Signal::HUP);
    while place.shows("ada", "open").1.contains("wamp.error.authentication_denied") {}
    place.router.send(Signal::TERM);
    assert_eq!(place.router.wait().code(), Some(0));
}

/// A new certificate with its key; what clients have to trust.
fn certify(directory: &Path) -> CertificateDer<'static> {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_string()]).unwrap();
    fs::write(directory.join("server.pem"), made.cert.pem()).unwrap();
    fs::write(directory.join("server.key"), made.signing_key.serialize_pem()).unwrap();
    made.cert.der().clone()
}

/// Connects, trusting this certificate alone.
fn connect(
    address: &str,
    trusted: &CertificateDer<'static>,
) -> Client<StreamOwned<ClientConnection, TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = Arc::new(config.with_root_certificates(roots).with_no_client_auth());
    let session = ClientConnection::new(config, "localhost".try_into().unwrap()).unwrap();
    Client { stream: StreamOwned::new(session, Client::connect(address).stream) }
}

#[test]
fn a_renewed_certificate_is_shown_to_new_connections() {
    let text = "[[listener]]\nname = \"public\"\ntcp = \"127.0.0.1:0\"\n\
                tls = { cert = \"server.pem\", key = \"server.key\" }\n\
                [[realm]]\nname = \"realm1\"\nauth = [{ method = \"anonymous\" }]\n\
                [reload]\ninterval = \"100ms\"\n";
    let mut old = None;
    let mut place = Place::prepared(text, |directory| old = Some(certify(directory)));
    let address = place.router.address("public").to_owned();
    let mut before = connect(&address, &old.unwrap());
    before.handshake();
    let new = certify(place.directory.path());
    let said = place.router.logged(READ_AGAIN);
    assert_eq!(said["taken"], "tls of listener \"public\"");
    connect(&address, &new).handshake();
    // A key that does not fit changes nothing.
    let key = fs::read(place.directory.path().join("server.key")).unwrap();
    certify(place.directory.path());
    fs::write(place.directory.path().join("server.key"), key).unwrap();
    place.router.send(Signal::HUP);
    place.router.logged("the configuration was not read again");
    connect(&address, &new).handshake();
    before.send(r#"[48,1,{},"com.one"]"#);
    assert!(before.message().contains("wamp.error.no_such_procedure"));
}
