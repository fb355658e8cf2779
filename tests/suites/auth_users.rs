//! Users in a file: who may log in changes while the router runs.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crossway_core::RealmConfig;
use crossway_tests::{Link, Peer, Plan, TestRouter, on_memory};
use crossway_ticket::Ticket;
use crossway_users::{Argon2Cost, FileOptions, Kdf, KdfOptions, User, Users};
use serde_json::json;

const CHEAP: Argon2Cost = Argon2Cost { memory: 64, iterations: 1, parallelism: 1 };

/// The users of the real clients' logins, in a file that is looked at for every login.
pub(crate) struct Changing {
    folder: tempfile::TempDir,
    text: String,
}

impl Changing {
    /// Those, and others in the words of such a file.
    pub(crate) fn with(others: &str) -> Self {
        let text = include_str!("../interop/logins/users.toml").to_owned() + others;
        let changing = Changing { folder: tempfile::tempdir().expect("a folder"), text };
        fs::write(changing.path(), &changing.text).expect("a file");
        changing
    }

    fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("users.toml")
    }

    pub(crate) fn users(&self) -> Users {
        let options = FileOptions { interval: Duration::ZERO, ..FileOptions::new(self.path()) };
        Users::open(options).expect("a good file")
    }

    /// Somebody is no user any more.
    pub(crate) fn revoke(&self, authid: &str) {
        let (before, user) = self.text.split_once(&format!("[user.{authid}]")).expect("a user");
        let after = user.find("\n[").map_or("", |next| &user[next..]);
        fs::write(self.path(), before.to_owned() + after).expect("a file");
    }
}

/// A user whose ticket is "secret".
fn user(name: &str, role: &str) -> String {
    let hash = crossway_users::Ticket::hash("secret", CHEAP).expect("a cheap hash");
    format!("[user.{name}]\nrole = \"{role}\"\nticket = {{ hash = \"{hash}\" }}\n")
}

/// A realm for the users of a file, which is looked at for every login.
fn plan(path: &Path) -> Plan {
    let options = FileOptions { interval: Duration::ZERO, ..FileOptions::new(path) };
    let users = Users::open(options).expect("a good file");
    Plan::realm(RealmConfig::new("realm1").authenticator(Arc::new(Ticket::of(users))))
}

/// Shows a ticket; the answer is still to come.
async fn shown(router: &TestRouter, authid: &str, ticket: &str) -> Peer {
    let mut peer = Peer::connect(router, Link::DEFAULT).await;
    let roles = json!({"subscriber": {}, "publisher": {}});
    peer.send(json!([1, "realm1", {"roles": roles, "authmethods": ["ticket"], "authid": authid}])).await;
    peer.expect(json!([4, "ticket", {}])).await;
    peer.send(json!([5, ticket, {}])).await;
    peer
}

async fn role_of(router: &TestRouter, authid: &str) -> String {
    let welcome = shown(router, authid, "secret").await.welcomed().await;
    welcome[2]["authrole"].as_str().expect("a role").to_owned()
}

async fn is_denied(router: &TestRouter, authid: &str, ticket: &str) {
    shown(router, authid, ticket).await.expect_abort("wamp.error.authentication_denied").await;
}

#[test]
fn who_is_in_the_file_now_may_log_in_now() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("users.toml");
    fs::write(&path, user("joe", "guest")).expect("a file");
    on_memory(plan(&path), async |router| {
        let mut joe = shown(router, "joe", "secret").await;
        joe.welcomed().await;
        is_denied(router, "sue", "secret").await;
        is_denied(router, "joe", "Secret").await;
        // joe is revoked and sue is new: as editors and programs do it, by a rename.
        let new = folder.path().join("users.toml.new");
        fs::write(&new, user("sue", "staff")).expect("a file");
        fs::rename(&new, &path).expect("the same folder");
        is_denied(router, "joe", "secret").await;
        assert_eq!(role_of(router, "sue").await, "staff");
        // Another role, in place.
        fs::write(&path, user("sue", "chief")).expect("a file");
        assert_eq!(role_of(router, "sue").await, "chief");
        // Who has a session keeps it.
        joe.subscribe("com.myapp.topic").await;
    });
}

#[test]
fn a_broken_file_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("users.toml");
    fs::write(&path, user("joe", "guest")).expect("a file");
    on_memory(plan(&path), async |router| {
        fs::write(&path, "[user.joe]\nrole = 5\n").expect("a file");
        assert_eq!(role_of(router, "joe").await, "guest");
        fs::remove_file(&path).expect("it was there");
        assert_eq!(role_of(router, "joe").await, "guest");
        fs::write(&path, user("joe", "staff")).expect("a file");
        assert_eq!(role_of(router, "joe").await, "staff");
    });
}

// covers: AUTH-06
#[test]
fn beyond_the_limit_hashes_are_not_made() {
    let hash = crossway_users::Ticket::hash("secret", CHEAP).expect("a cheap hash");
    let hashed = crossway_users::Ticket::hashed(&hash).expect("a hash");
    let kdf = Kdf::new(KdfOptions { threads: 1, queue: 1 });
    let ticket = Ticket::of(Users::of([User::new("joe", "user").ticket(hashed)])).kdf(kdf.clone());
    let plan = Plan::realm(RealmConfig::new("realm1").authenticator(Arc::new(ticket)));
    on_memory(plan, async |router| {
        assert_eq!(role_of(router, "joe").await, "user");
        let (begin, begun) = tokio::sync::oneshot::channel();
        let (release, held) = std::sync::mpsc::channel::<()>();
        let busy = kdf.run(move || {
            begin.send(()).expect("somebody waits for it");
            held.recv().is_err()
        });
        let logins = async {
            begun.await.expect("it runs");
            let waiting = kdf.run(|| ());
            let refused = async {
                // Nobody's ticket takes the same steps.
                for authid in ["joe", "nobody"] {
                    let mut peer = shown(router, authid, "secret").await;
                    peer.expect_abort("wamp.error.authentication_failed").await;
                }
                drop(release);
            };
            tokio::join!(waiting, refused).0
        };
        assert_eq!(tokio::join!(busy, logins), (Ok(true), Ok(())));
        assert_eq!(role_of(router, "joe").await, "user");
        assert_eq!(kdf.counters().refused(), 2);
    });
}
