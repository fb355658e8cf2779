//! What `crossway check` says about a configuration that is fine.

use std::fmt::Write as _;
use std::time::Duration;

use crossway_core::MetaApi;
use crossway_core::limits::Limits;

use super::check::POLICIES;
use super::checked::{
    Address, Auth, Config, FORMATS, FRAMINGS, Framing, Listener, Realm, Role, Rules, Terms,
};
use super::units::{show_duration, show_size};

/// A few aligned lines: realms, listeners, and the limits that differ from the defaults.
pub(crate) fn summary(config: &Config) -> String {
    let mut text = String::new();
    let realms = config.realms.iter().map(realm).chain(config.auto_create.as_ref().map(automatic));
    section(&mut text, "realms", realms);
    section(&mut text, "listeners", config.listeners.iter().map(listener));
    section(&mut text, "limits", changed_limits(&config.limits).into_iter());
    text
}

fn section(text: &mut String, title: &str, lines: impl Iterator<Item = String>) {
    for (index, line) in lines.enumerate() {
        let title = if index == 0 { title } else { "" };
        // Writing into a String does not fail.
        let _ = writeln!(text, "{title:<11}{line}");
    }
}

fn realm(realm: &Realm) -> String {
    realm.name.clone() + &described(&realm.terms)
}

fn automatic(terms: &Terms) -> String {
    "any other, when its first session joins".to_owned() + &described(terms)
}

fn described(terms: &Terms) -> String {
    let Terms { auth, auth_fingerprint: _, meta: api, roles: allowed, rules: ruled } = terms;
    format!(" ({}){}{}{}", methods(auth), meta(*api), roles(allowed), rules(ruled))
}

/// Nothing of the default.
fn meta(api: MetaApi) -> &'static str {
    match api {
        MetaApi::Full => "",
        MetaApi::ReadOnly => ", meta API read only",
        MetaApi::Off => ", no meta API",
    }
}

fn roles(roles: &[Role]) -> String {
    let permissions = roles.iter().map(|role| role.permissions.len()).sum();
    let asked = roles.iter().filter(|role| role.authorizer.is_some()).count();
    counted(roles.len(), "role", "roles")
        + &counted(permissions, "permission", "permissions")
        + &counted(asked, "role that a procedure decides about", "roles that procedures decide about")
}

/// How many there are, of the kinds of which there are some.
fn rules(rules: &Rules) -> String {
    counted(rules.topics.len(), "rule for topics", "rules for topics")
        + &counted(rules.procedures.len(), "rule for procedures", "rules for procedures")
        + &counted(rules.histories.len(), "event history", "event histories")
}

fn counted(count: usize, one: &str, many: &str) -> String {
    match count {
        0 => String::new(),
        1 => format!(", 1 {one}"),
        _ => format!(", {count} {many}"),
    }
}

fn methods(auth: &[Auth]) -> String {
    auth.iter().map(Auth::to_string).collect::<Vec<_>>().join(", ")
}

fn listener(listener: &Listener) -> String {
    let address = match &listener.address {
        Address::Tcp(address) => format!("tcp {address}"),
        Address::Unix { path, mode } => format!("unix {} (mode {mode:04o})", path.display()),
    };
    let named = match listener.name == listener.address.to_string() {
        true => address,
        false => format!("{}: {address}", listener.name),
    };
    let tls = match listener.tls.as_ref().map(|tls| &tls.clients) {
        None => "",
        Some(None) => " with TLS",
        Some(Some(clients)) if clients.required => " with TLS and client certificates",
        Some(Some(_)) => " with TLS and, if they like, client certificates",
    };
    let serializers = FORMATS.iter().filter(|(_, format)| listener.serializers.contains(format));
    let serializers: Vec<&str> = serializers.map(|(name, _)| *name).collect();
    let methods = listener.methods.as_ref().map(|methods| format!(", only {}", methods.join(" or ")));
    let (framings, serializers) = (framings(listener).join(" and "), serializers.join(", "));
    format!("{named}{tls}, {framings} ({serializers}){}", methods.unwrap_or_default())
}

fn framings(listener: &Listener) -> Vec<String> {
    let spoken = FRAMINGS.iter().filter(|(_, framing)| listener.framings.contains(framing));
    let paths =
        || listener.websocket.paths.iter().map(|path| path.path.as_str()).collect::<Vec<_>>().join(" ");
    let show = |(name, framing): &(&str, Framing)| match framing {
        Framing::RawSocket => (*name).to_string(),
        Framing::LongPoll => format!("{name} at {}", listener.longpoll.path),
        Framing::WebSocket if listener.websocket.compression => {
            format!("{name} at {} with compression", paths())
        }
        Framing::WebSocket => format!("{name} at {}", paths()),
    };
    spoken.map(show).collect()
}

fn changed_limits(limits: &Limits) -> Vec<String> {
    let defaults = show_limits(&Limits::default());
    let changed = show_limits(limits).into_iter().zip(defaults).filter(|(now, default)| now != default);
    let mut lines: Vec<String> =
        changed.map(|((name, now), (_, default))| format!("{name} = {now} (default {default})")).collect();
    if lines.is_empty() {
        lines.push("as by default".to_string());
    }
    lines
}

/// Every limit as it is written in a config file. Taking the struct apart makes a new limit a compile error here.
pub(super) fn show_limits(limits: &Limits) -> [(&'static str, String); 35] {
    let Limits {
        handshake_timeout,
        max_handshake_message,
        goodbye_timeout,
        max_sessions,
        max_logins,
        max_logins_per_address,
        login_failures,
        login_failures_per_address,
        login_backoff,
        max_login_backoff,
        max_login_delay,
        max_login_records,
        max_auto_realms,
        max_depth,
        max_uri_length,
        max_subscriptions,
        max_registrations,
        max_retained_events,
        max_retained_bytes,
        retained_ttl,
        max_history_answer_bytes,
        max_wildcard_shapes,
        max_cached_decisions,
        max_undecided_bytes,
        max_pending_calls,
        max_pending_invocations,
        max_waiting_calls,
        max_held_bytes,
        max_shared_callees,
        max_testaments,
        max_testament_bytes,
        outbox_bytes,
        outbox_messages,
        outbox_reply_bytes,
        outbox_policy,
    } = limits;
    let policy = POLICIES.iter().find(|(_, policy)| policy == outbox_policy).map_or("", |(name, _)| *name);
    let size = |bytes: &usize| format!("\"{}\"", show_size(*bytes as u64));
    let time = |time: &Duration| format!("\"{}\"", show_duration(*time));
    let count_or_off = |count: &Option<usize>| count.map_or("\"off\"".to_owned(), |count| count.to_string());
    [
        ("handshake_timeout", time(handshake_timeout)),
        ("max_handshake_message", size(max_handshake_message)),
        ("goodbye_timeout", time(goodbye_timeout)),
        ("max_sessions", max_sessions.to_string()),
        ("max_logins", max_logins.to_string()),
        ("max_logins_per_address", max_logins_per_address.to_string()),
        ("login_failures", count_or_off(login_failures)),
        ("login_failures_per_address", count_or_off(login_failures_per_address)),
        ("login_backoff", time(login_backoff)),
        ("max_login_backoff", time(max_login_backoff)),
        ("max_login_delay", time(max_login_delay)),
        ("max_login_records", max_login_records.to_string()),
        ("max_auto_realms", max_auto_realms.to_string()),
        ("max_depth", max_depth.to_string()),
        ("max_uri_length", max_uri_length.to_string()),
        ("max_subscriptions", max_subscriptions.to_string()),
        ("max_registrations", max_registrations.to_string()),
        ("max_retained_events", max_retained_events.to_string()),
        ("max_retained_bytes", size(max_retained_bytes)),
        ("retained_ttl", format!("\"{}\"", retained_ttl.map_or("off".to_string(), show_duration))),
        ("max_history_answer_bytes", size(max_history_answer_bytes)),
        ("max_wildcard_shapes", max_wildcard_shapes.to_string()),
        ("max_cached_decisions", max_cached_decisions.to_string()),
        ("max_undecided_bytes", size(max_undecided_bytes)),
        ("max_pending_calls", max_pending_calls.to_string()),
        ("max_pending_invocations", max_pending_invocations.to_string()),
        ("max_waiting_calls", max_waiting_calls.to_string()),
        ("max_held_bytes", size(max_held_bytes)),
        ("max_shared_callees", max_shared_callees.to_string()),
        ("max_testaments", max_testaments.to_string()),
        ("max_testament_bytes", size(max_testament_bytes)),
        ("outbox_bytes", size(outbox_bytes)),
        ("outbox_messages", outbox_messages.to_string()),
        ("outbox_reply_bytes", size(outbox_reply_bytes)),
        ("outbox_policy", format!("\"{policy}\"")),
    ]
}
