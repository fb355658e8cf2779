//! What works, but hardly as somebody meant it.

use crate::config::checked::{Config, Listener, Place};
use crate::config::diagnostics::{Mistake, Notes};

/// Looks through a configuration without mistakes.
pub(super) fn all(config: &Config, notes: &Notes) {
    for listener in &config.listeners {
        in_the_clear(listener, config, notes);
    }
}

/// Secrets that travel as they are, where others can read them.
fn in_the_clear(listener: &Listener, config: &Config, notes: &Notes) {
    let fixed = config.realms.iter().filter(|realm| listener.serves(&realm.name)).map(|realm| &realm.terms);
    let terms = fixed.chain(&config.auto_create);
    let Some(method) = terms.flat_map(|terms| &terms.auth).find(|auth| auth.sends_secret()) else { return };
    if listener.is_exposed() {
        let message = format!("listener \"{}\" takes the secrets of users in the clear", listener.name);
        let label = format!("`{}` sends them as they are, and there is no TLS", method.method());
        let help = "add tls = { cert = \"server.pem\", key = \"server.key\" }, or listen on 127.0.0.1 behind a proxy with TLS";
        warn(notes, message, listener.place, label, help);
    }
}

fn warn(notes: &Notes, message: String, Place(span): Place, label: String, help: &str) {
    notes.add(Mistake::warning(message).at(span, label).help(help));
}
