//! What differs between the configuration that is in force and one that was read: what can take effect, and what is left for
//! the next start.

use std::fmt;

use crate::config::{Auth, Config, Listener, Realm, Rules, Terms};

/// Something that takes effect while the router runs, in the order in which it has to: whoever logs in anew finds the role that
/// belongs to it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Change {
    /// How often files are looked at.
    Reload,
    /// Certificates of the listener of this name.
    Tls(String),
    /// What the listener allows.
    Methods(String),
    /// What sessions may do in a realm; of no name: in those that are created automatically.
    Roles(Option<String>),
    /// How clients log in to a realm.
    Auth(Option<String>),
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Change::Reload => f.write_str("reload"),
            Change::Tls(listener) => write!(f, "tls of listener \"{listener}\""),
            Change::Methods(listener) => write!(f, "auth of listener \"{listener}\""),
            Change::Roles(realm) => f.write_str(&of("role", realm.as_deref())),
            Change::Auth(realm) => f.write_str(&of("auth", realm.as_deref())),
        }
    }
}

fn of(key: &str, realm: Option<&str>) -> String {
    match realm {
        Some(name) => format!("{key} of realm \"{name}\""),
        None => format!("{key} of realms"),
    }
}

/// Between two configurations.
#[derive(Debug)]
pub(super) struct Difference {
    /// What takes effect.
    pub(super) changes: Vec<Change>,
    /// What does not, in the words of the config file.
    pub(super) left: Vec<String>,
    /// What is in force afterwards.
    pub(super) next: Config,
}

/// `now` is in force, `new` was read. Where HTTP clients are not remembered, cookies let nobody in.
pub(super) fn between(now: &Config, new: Config, has_cookies: bool) -> Difference {
    let mut difference = Difference { changes: Vec::new(), left: Vec::new(), next: now.clone() };
    // A new key is a compile error here.
    let Config {
        realms,
        auto_create,
        cookie,
        listeners,
        auth,
        limits,
        protocol,
        grace,
        log,
        reload,
        workers,
    } = new;
    for (key, same) in [
        ("auth", auth == now.auth),
        ("cookie", cookie == now.cookie),
        ("limits", limits == now.limits),
        ("protocol", protocol == now.protocol),
        ("shutdown", grace == now.grace),
        ("log", log == now.log),
        ("runtime", workers == now.workers),
        ("realms.auto_create", auto_create.is_some() == now.auto_create.is_some()),
    ] {
        if !same {
            difference.left.push(key.to_owned());
        }
    }
    if reload != now.reload {
        difference.next.reload = reload;
        difference.changes.push(Change::Reload);
    }
    difference.listeners(listeners);
    difference.realms(realms, auto_create, has_cookies);
    difference.changes.sort();
    difference
}

impl Difference {
    fn listeners(&mut self, mut new: Vec<Listener>) {
        for listener in &mut self.next.listeners {
            let Some(at) = new.iter().position(|other| other.name == listener.name) else {
                self.left.push(format!("listener \"{}\"", listener.name));
                continue;
            };
            let Listener { methods, tls, .. } = new.swap_remove(at).in_place_of(listener, &mut self.left);
            if methods != listener.methods {
                listener.methods = methods;
                self.changes.push(Change::Methods(listener.name.clone()));
            }
            let renewed = match (&tls, &listener.tls) {
                (Some(new), Some(now)) => new != now || new.fingerprint.differs(now.fingerprint),
                (None, None) => false,
                _ => {
                    self.left.push(format!("tls of listener \"{}\"", listener.name));
                    false
                }
            };
            if renewed {
                listener.tls = tls;
                self.changes.push(Change::Tls(listener.name.clone()));
            }
        }
        self.left.extend(new.iter().map(|listener| format!("listener \"{}\"", listener.name)));
    }

    fn realms(&mut self, mut new: Vec<Realm>, auto_create: Option<Terms>, has_cookies: bool) {
        let mut realms = std::mem::take(&mut self.next.realms);
        for Realm { name, terms, .. } in &mut realms {
            match new.iter().position(|other| other.name == *name) {
                Some(at) => self.terms(Some(name), terms, new.swap_remove(at).terms, has_cookies),
                None => self.left.push(format!("realm \"{name}\"")),
            }
        }
        self.next.realms = realms;
        self.left.extend(new.iter().map(|realm| format!("realm \"{}\"", realm.name)));
        let mut template = self.next.auto_create.take();
        if let (Some(now), Some(new)) = (&mut template, auto_create) {
            self.terms(None, now, new, has_cookies);
        }
        self.next.auto_create = template;
    }

    fn terms(&mut self, realm: Option<&str>, now: &mut Terms, new: Terms, has_cookies: bool) {
        let Terms { auth, auth_fingerprint, meta, roles, rules } = new;
        let owned = || realm.map(str::to_owned);
        if auth.contains(&Auth::Cookie) && !has_cookies {
            self.left.push(of("method \"cookie\"", realm));
        }
        if auth_fingerprint.differs(now.auth_fingerprint) {
            (now.auth, now.auth_fingerprint) = (auth, auth_fingerprint);
            self.changes.push(Change::Auth(owned()));
        }
        // Whether somebody decides at all is settled at the start: without roles everybody may do everything, which nobody should
        // get because a file was half written.
        if now.roles.is_empty() != roles.is_empty() {
            self.left.push(of("role", realm));
        } else if roles != now.roles {
            now.roles = roles;
            self.changes.push(Change::Roles(owned()));
        }
        let Rules { topics, procedures, histories } = &rules;
        for (key, same) in [
            ("meta", meta == now.meta),
            ("topic", *topics == now.rules.topics),
            ("procedure", *procedures == now.rules.procedures),
            ("history", *histories == now.rules.histories),
        ] {
            if !same {
                self.left.push(of(key, realm));
            }
        }
    }
}

impl Listener {
    /// Itself, to be asked for what can change; notes if anything else has changed.
    fn in_place_of(self, now: &Listener, left: &mut Vec<String>) -> Listener {
        let fixed = |listener: &Listener| Listener { methods: None, tls: None, ..listener.clone() };
        if fixed(&self) != fixed(now) {
            left.push(format!("listener \"{}\"", now.name));
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::config::{Environment, load};

    /// What a configuration says, which is in a file of this directory.
    fn read(directory: &Path, text: &str) -> Config {
        let file = directory.join("x.toml");
        fs::write(&file, text).unwrap();
        let environment = Environment::with(&[("TICKET", "secret"), ("XDG_RUNTIME_DIR", "/run")]);
        load(Some(&file), &environment).unwrap_or_else(|report| panic!("{text}\n{report:?}")).config
    }

    const REALM: &str = "[[realm]]\nname = \"r\"\nauth = [{ method = \"wampcra\", users = [USER] }]\n";
    const REALMS: &str = "[realms]\nauto_create = true\nauth = [{ method = \"anonymous\" }]\n";
    const LISTENER: &str = "[[listener]]\nname = \"l\"\ntcp = \"127.0.0.1:8080\"\n";

    fn text(user: &str) -> String {
        format!("{}{REALMS}{LISTENER}", REALM.replace("USER", user))
    }

    /// What takes effect and what does not, if one text takes the place of another.
    fn between(one: &str, other: &str) -> (Vec<String>, Vec<String>) {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("key"), "one").unwrap();
        let now = read(directory.path(), one);
        fs::write(directory.path().join("key"), "two").unwrap();
        let difference = super::between(&now, read(directory.path(), other), false);
        (difference.changes.iter().map(Change::to_string).collect(), difference.left)
    }

    fn takes_effect(one: &str, other: &str, what: &[&str]) {
        let (changes, left) = between(one, other);
        assert_eq!((changes, left), (what.iter().map(|what| (*what).to_owned()).collect(), Vec::new()));
    }

    fn waits(one: &str, other: &str, what: &[&str]) {
        let (changes, left) = between(one, other);
        assert_eq!((changes, left), (Vec::new(), what.iter().map(|what| (*what).to_owned()).collect()));
    }

    const JOE: &str = "{ authid = \"joe\", secret = \"a\", role = \"x\" }";

    #[test]
    fn secrets_are_told_apart_although_nobody_keeps_them() {
        takes_effect(&text(JOE), &text(JOE), &[]);
        takes_effect(&text(JOE), &format!("# A comment.\n{}", text(JOE)), &[]);
        takes_effect(&text(JOE), &text(&JOE.replace("\"a\"", "\"b\"")), &["auth of realm \"r\""]);
        let in_file = text(&JOE.replace("secret = \"a\"", "secret_file = \"key\""));
        takes_effect(&in_file, &in_file, &["auth of realm \"r\""]);
        let in_environment = text(&JOE.replace("secret = \"a\"", "secret_env = \"TICKET\""));
        takes_effect(&in_environment, &in_environment, &[]);
    }

    #[test]
    fn what_takes_effect_is_in_force_and_the_rest_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let now = read(directory.path(), &text(JOE));
        let new = text(JOE)
            .replace("[realms]", "[limits]\nmax_sessions = 7\n[reload]\ninterval = \"off\"\n[realms]")
            .replace("\"anonymous\"", "\"anonymous\", role = \"guest\"")
            .replace("tcp =", "auth = [\"anonymous\"]\ntcp =")
            .replace(":8080", ":8081");
        let Difference { changes, left, next } = super::between(&now, read(directory.path(), &new), false);
        let (methods, auth) = (Change::Methods("l".into()), Change::Auth(None));
        assert_eq!(changes, [Change::Reload, methods, auth]);
        assert_eq!(left, ["limits", "listener \"l\""]);
        assert_eq!((next.reload, &next.limits), (None, &now.limits));
        assert_eq!(next.auto_create.unwrap().auth, [Auth::Anonymous { role: "guest".into() }]);
        assert_eq!(next.listeners[0].methods, Some(vec!["anonymous".to_owned()]));
        assert_eq!(next.listeners[0].address, now.listeners[0].address);
    }

    #[test]
    fn what_waits_is_named_as_in_the_file() {
        let one = text(JOE);
        let role = "[[realm.role]]\nname = \"x\"\n";
        waits(&one, &one.replace("[realms]", &format!("{role}[realms]")), &["role of realm \"r\""]);
        waits(&one, &one.replace("auto_create = true", "auto_create = false"), &["realms.auto_create"]);
        waits(
            &one,
            &one.replace("auto_create = true", "auto_create = true\nmeta = \"off\""),
            &["meta of realms"],
        );
        waits(&one, &one.replace("name = \"r\"", "name = \"s\""), &["realm \"r\"", "realm \"s\""]);
        waits(&one, &one.replace("name = \"l\"", "name = \"m\""), &["listener \"l\"", "listener \"m\""]);
        for (key, value) in [
            ("auth", "kdf_threads = 3"),
            ("cookie", "name = \"other\""),
            ("protocol", "uri = \"strict\""),
            ("shutdown", "grace = \"1s\""),
            ("log", "level = \"warn\""),
            ("runtime", "workers = 3"),
        ] {
            waits(&one, &format!("{one}[{key}]\n{value}\n"), &[key]);
        }
        let cookie = one.replace(
            "auth = [{ method = \"wampcra\"",
            "auth = [{ method = \"cookie\" }, { method = \"wampcra\"",
        );
        assert_eq!(between(&one, &cookie).1, ["method \"cookie\" of realm \"r\""]);
    }
}
