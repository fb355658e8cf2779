//! The sections that are plain settings: `[limits]`, `[protocol]`, `[auth]`, `[shutdown]`, `[log]` and `[runtime]`.

use std::ops::RangeInclusive;
use std::time::Duration;

use crossway_core::limits::{
    ForceReregister, Limits, OutboxPolicy, ProgressiveResults, Protocol, RequestIds,
};
use crossway_core::serializer::DEPTH_CAP;
use crossway_core::uri::UriRule;
use tracing::Level;

use crate::config::checked::{AuthLimits, Log, LogFormat};
use crate::config::read::{Field, Table};

/// The keys of `[limits]` are the field names of [`Limits`].
pub(super) fn limits(table: &Table<'_>) -> Limits {
    let mut limits = Limits::default();
    table.set("handshake_timeout", &mut limits.handshake_timeout, |field| {
        field.duration(millis(10)..=minutes(10))
    });
    table.set("max_handshake_message", &mut limits.max_handshake_message, bytes);
    table.set("goodbye_timeout", &mut limits.goodbye_timeout, |field| {
        field.duration(millis(10)..=minutes(10))
    });
    table.set("max_sessions", &mut limits.max_sessions, number(1..=COUNT));
    table.set("max_logins", &mut limits.max_logins, number(1..=COUNT));
    table.set("max_logins_per_address", &mut limits.max_logins_per_address, number(1..=COUNT));
    table.set("login_failures", &mut limits.login_failures, failures);
    table.set("login_failures_per_address", &mut limits.login_failures_per_address, failures);
    table.set("login_backoff", &mut limits.login_backoff, |field| field.duration(millis(1)..=minutes(60)));
    table.set("max_login_backoff", &mut limits.max_login_backoff, |field| {
        field.duration(millis(1)..=minutes(24 * 60))
    });
    table.set("max_login_delay", &mut limits.max_login_delay, |field| {
        field.duration(Duration::ZERO..=minutes(1))
    });
    table.set("max_login_records", &mut limits.max_login_records, number(1..=COUNT));
    table.set("max_auto_realms", &mut limits.max_auto_realms, number(1..=COUNT));
    // Deeper than this, the recursion of a payload's rewriting would need more stack than a thread has.
    table.set("max_depth", &mut limits.max_depth, number(4..=DEPTH_CAP as u64));
    table.set("max_uri_length", &mut limits.max_uri_length, number(32..=65_536));
    table.set("max_subscriptions", &mut limits.max_subscriptions, number(1..=COUNT));
    table.set("max_registrations", &mut limits.max_registrations, number(1..=COUNT));
    table.set("max_retained_events", &mut limits.max_retained_events, number(0..=COUNT));
    table.set("max_retained_bytes", &mut limits.max_retained_bytes, bytes);
    table.set("retained_ttl", &mut limits.retained_ttl, |field| match field.is_off() {
        true => Some(None),
        false => field.duration(millis(1)..=minutes(365 * 24 * 60)).map(Some),
    });
    table.set("max_history_answer_bytes", &mut limits.max_history_answer_bytes, bytes);
    // Beyond this the limit would hardly limit anything: a lookup may take as many ways.
    table.set("max_wildcard_shapes", &mut limits.max_wildcard_shapes, number(1..=65_536));
    table.set("max_cached_decisions", &mut limits.max_cached_decisions, number(0..=COUNT));
    table.set("max_undecided_bytes", &mut limits.max_undecided_bytes, bytes);
    table.set("max_pending_calls", &mut limits.max_pending_calls, number(1..=COUNT));
    table.set("max_pending_invocations", &mut limits.max_pending_invocations, number(1..=COUNT));
    table.set("max_waiting_calls", &mut limits.max_waiting_calls, number(0..=COUNT));
    table.set("max_held_bytes", &mut limits.max_held_bytes, bytes);
    table.set("max_shared_callees", &mut limits.max_shared_callees, number(1..=COUNT));
    table.set("max_testaments", &mut limits.max_testaments, number(0..=COUNT));
    table.set("max_testament_bytes", &mut limits.max_testament_bytes, bytes);
    table.set("outbox_bytes", &mut limits.outbox_bytes, bytes);
    table.set("outbox_messages", &mut limits.outbox_messages, number(1..=COUNT));
    table.set("outbox_reply_bytes", &mut limits.outbox_reply_bytes, bytes);
    table.set("outbox_policy", &mut limits.outbox_policy, |field| field.choice(&POLICIES));
    limits
}

/// How many are free; "off" for all.
#[expect(clippy::option_option, reason = "a mistake is not an absence")]
fn failures(field: &Field<'_>) -> Option<Option<usize>> {
    if field.is_off() {
        return Some(None);
    }
    number(1..=COUNT)(field).map(Some)
}

/// Beyond a thousand million of anything a number is a slip, not a limit.
pub(super) const COUNT: u64 = 1_000_000_000;

/// The names of what happens to a slow subscriber.
pub(crate) const POLICIES: [(&str, OutboxPolicy); 2] =
    [("drop", OutboxPolicy::Drop), ("disconnect", OutboxPolicy::Disconnect)];

pub(super) fn number(range: RangeInclusive<u64>) -> impl FnOnce(&Field<'_>) -> Option<usize> {
    move |field| field.count(range).and_then(|number| usize::try_from(number).ok())
}

pub(super) fn bytes(field: &Field<'_>) -> Option<usize> {
    field.size(1 << 10..=1 << 40).and_then(|number| usize::try_from(number).ok())
}

fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}

fn minutes(count: u64) -> Duration {
    Duration::from_secs(60 * count)
}

pub(super) fn protocol(table: &Table<'_>) -> Protocol {
    let mut protocol = Protocol::default();
    table.set("uri", &mut protocol.uri, |field| {
        field.choice(&[("loose", UriRule::Loose), ("strict", UriRule::Strict)])
    });
    table.set("request_ids", &mut protocol.request_ids, |field| {
        field.choice(&[("lenient", RequestIds::Lenient), ("strict", RequestIds::Strict)])
    });
    table.set("progressive_results", &mut protocol.progressive_results, |field| {
        field.choice(&[("lenient", ProgressiveResults::Lenient), ("strict", ProgressiveResults::Strict)])
    });
    table.set("force_reregister", &mut protocol.force_reregister, |field| {
        field.choice(&[
            ("same_role", ForceReregister::SameRole),
            ("same_user", ForceReregister::SameUser),
            ("never", ForceReregister::Never),
        ])
    });
    protocol
}

/// What logging in may cost.
pub(super) fn auth(table: &Table<'_>) -> AuthLimits {
    let mut limits = AuthLimits::default();
    table.set("kdf_threads", &mut limits.kdf.threads, number(1..=1_024));
    table.set("kdf_queue", &mut limits.kdf.queue, number(0..=COUNT));
    table.set("max_users_file", &mut limits.max_users_file, |field| field.size(1 << 10..=1 << 40));
    limits
}

/// `shutdown.grace`
pub(super) fn grace(table: &Table<'_>) -> Duration {
    let mut grace = Duration::from_secs(5);
    table.set("grace", &mut grace, |field| field.duration(Duration::ZERO..=minutes(10)));
    grace
}

pub(super) fn log(table: &Table<'_>) -> Log {
    let mut log = Log::default();
    table.set("format", &mut log.format, |field| {
        field.choice(&[("pretty", LogFormat::Pretty), ("json", LogFormat::Json)])
    });
    table.set("level", &mut log.level, |field| field.choice(&LEVELS));
    log
}

/// `reload.interval`
pub(super) fn reload(table: &Table<'_>) -> Option<Duration> {
    let mut interval = Some(Duration::from_secs(1));
    table.set("interval", &mut interval, |field| match field.is_off() {
        true => Some(None),
        false => field.duration(millis(100)..=minutes(24 * 60)).map(Some),
    });
    interval
}

const LEVELS: [(&str, Level); 5] = [
    ("error", Level::ERROR),
    ("warn", Level::WARN),
    ("info", Level::INFO),
    ("debug", Level::DEBUG),
    ("trace", Level::TRACE),
];

/// `runtime.workers`
pub(super) fn workers(table: &Table<'_>) -> Option<usize> {
    let mut workers = None;
    table.set("workers", &mut workers, |field| number(1..=1_024)(field).map(Some));
    workers
}
