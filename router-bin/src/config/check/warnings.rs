//! What works, but hardly as somebody meant it.

mod permissions;

use crate::config::checked::{Auth, Config, Framing, Listener, Place, Realm};
use crate::config::diagnostics::{Mistake, Notes};

/// Looks through a configuration without mistakes.
pub(super) fn all(config: &Config, notes: &Notes) {
    for realm in &config.realms {
        unserved(realm, config, notes);
        permissions::look_at(&realm.terms, notes);
    }
    config.auto_create.iter().for_each(|terms| permissions::look_at(terms, notes));
    for listener in &config.listeners {
        in_the_clear(listener, config, notes);
        strangers_outside(listener, config, notes);
        idle_methods(listener, config, notes);
        any_origin(listener, config, notes);
    }
}

/// The methods of the realms that can be joined through a listener.
fn methods<'a>(listener: &'a Listener, config: &'a Config) -> impl Iterator<Item = &'a Auth> {
    let fixed = config.realms.iter().filter(|realm| listener.serves(&realm.name)).map(|realm| &realm.terms);
    fixed.chain(&config.auto_create).flat_map(|terms| &terms.auth)
}

/// Realms that nobody can get to, and methods of realms that nobody can use.
fn unserved(realm: &Realm, config: &Config, notes: &Notes) {
    let serving: Vec<&Listener> = config.listeners.iter().filter(|at| at.serves(&realm.name)).collect();
    if serving.is_empty() {
        let message = format!("nobody can join the realm \"{}\"", realm.name);
        let help = "add it to `realms` of a path, or leave that out where every realm may be joined";
        return warn(notes, message, realm.place, "no listener lets anybody into it".into(), help);
    }
    // Where a listener says nothing, it is told what that means.
    let says = serving.iter().all(|listener| listener.methods.is_some());
    let nowhere = |auth: &&Auth| says && !serving.iter().any(|listener| listener.allows(auth.method()));
    if let Some(auth) = realm.terms.auth.iter().find(nowhere) {
        let message = format!("nobody can log in to the realm \"{}\" with `{}`", realm.name, auth.method());
        let help = "add it to `auth` of a listener, or remove it from `auth` of the realm";
        warn(notes, message, realm.place, "no listener allows it".into(), help);
    }
}

/// Secrets that travel as they are, where others can read them.
fn in_the_clear(listener: &Listener, config: &Config, notes: &Notes) {
    let told = |auth: &&Auth| auth.sends_secret() && listener.allows(auth.method());
    let Some(method) = methods(listener, config).find(told) else { return };
    if listener.is_exposed() {
        let message = format!("listener \"{}\" takes the secrets of users in the clear", listener.name);
        let label = format!("`{}` sends them as they are, and there is no TLS", method.method());
        let help = "add tls = { cert = \"server.pem\", key = \"server.key\" }, or listen on 127.0.0.1 behind a proxy with TLS";
        warn(notes, message, listener.place, label, help);
    }
}

/// Realms that let everybody in, behind a listener that lets nobody in without a name.
fn strangers_outside(listener: &Listener, config: &Config, notes: &Notes) {
    let anonymous = methods(listener, config).any(|auth| matches!(auth, Auth::Anonymous { .. }));
    if anonymous && listener.methods.is_none() && listener.is_public() {
        let message = format!("listener \"{}\" lets nobody in without a name", listener.name);
        let label = "others than this machine can connect here".to_string();
        let help = "anonymous clients get wamp.error.authentication_required; name the methods to allow, such as auth = \
                    [\"anonymous\"], to say that this is meant, or that it is not";
        warn(notes, message, listener.place, label, help);
    }
}

/// Methods that a listener allows, and no realm has.
fn idle_methods(listener: &Listener, config: &Config, notes: &Notes) {
    let known = |method: &str| {
        let usable = methods(listener, config).filter(|auth| listener.allows(auth.method()));
        usable.flat_map(Auth::methods).any(|known| known == method)
    };
    let mut allowed = listener.methods.iter().flatten();
    if let Some(method) = allowed.find(|method| !known(method)) {
        let message = format!("listener \"{}\" allows a method that none of its realms has", listener.name);
        let help = "add it to `auth` of a realm, or remove it from `auth` of the listener";
        warn(notes, message, listener.place, format!("nobody can log in with `{method}` here"), help);
    }
}

/// Cookies that log in whatever page opens the connection.
fn any_origin(listener: &Listener, config: &Config, notes: &Notes) {
    let known = methods(listener, config).any(|auth| *auth == Auth::Cookie) && listener.allows("cookie");
    let any = |origins: &[String]| origins.iter().any(|origin| origin == "*");
    let open = listener.framings.iter().any(|framing| match framing {
        Framing::RawSocket => false,
        Framing::WebSocket => any(&listener.websocket.allowed_origins),
        Framing::LongPoll => any(&listener.longpoll.allowed_origins),
    });
    if known && open {
        let message = format!("listener \"{}\" takes cookies from the pages of any site", listener.name);
        let label = "browsers send cookies along, whatever page connects here".to_string();
        let help = "name the sites that may: allowed_origins = [\"https://app.example.com\"]";
        warn(notes, message, listener.place, label, help);
    }
}

fn warn(notes: &Notes, message: String, Place(span): Place, label: String, help: &str) {
    notes.add(Mistake::warning(message).at(span, label).help(help));
}
