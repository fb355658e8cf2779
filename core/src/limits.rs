//! Every limit has a name, a default, a config key and a counter, and the error that it causes says its name.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::uri::UriRule;

/// What one peer may make the router do. The field names are the config keys in `[limits]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// From the first octet of a WAMP session to WELCOME, authentication included.
    pub handshake_timeout: Duration,
    /// The longest HELLO or AUTHENTICATE, in bytes. Nobody knows yet who sends them.
    pub max_handshake_message: usize,
    /// How long the router waits for the answer to its GOODBYE, and for the last bytes to leave.
    pub goodbye_timeout: Duration,
    /// Sessions of the whole router.
    pub max_sessions: usize,
    /// Logins that are under way at the same time, from HELLO to their decision.
    pub max_logins: usize,
    /// Of those, of one address: an IPv4 address, an IPv6 network of 64 bits, or a user of this host at Unix sockets.
    pub max_logins_per_address: usize,
    /// How often a user may fail to log in from one address before further tries are refused for a while. `None`: always.
    pub login_failures: Option<usize>,
    /// How often an address may, with whatever users. Everybody behind one proxy has one address.
    pub login_failures_per_address: Option<usize>,
    /// For how long tries are refused at first; twice as long after every further failure.
    pub login_backoff: Duration,
    /// The longest that they are. One failure is forgotten every time it passes without another.
    pub max_login_backoff: Duration,
    /// The longest that the login of a user is delayed after `login_failures` from whatever addresses.
    pub max_login_delay: Duration,
    /// Users, addresses, and users at an address whose failures are remembered. Beyond it some who failed least often are
    /// forgotten.
    pub max_login_records: usize,
    /// Realms that clients may bring into being where realms are created automatically.
    pub max_auto_realms: usize,
    /// How deep lists and dictionaries may be nested; the message itself is level 1.
    pub max_depth: usize,
    /// Length of a URI in bytes.
    pub max_uri_length: usize,
    /// Subscriptions of one session.
    pub max_subscriptions: usize,
    /// Retained events of one realm; the oldest are given up.
    pub max_retained_events: usize,
    /// Memory that the retained events of one realm take, in bytes, about; the oldest are given up.
    pub max_retained_bytes: usize,
    /// How long events are retained; `None`: as long as there is room.
    pub retained_ttl: Option<Duration>,
    /// What one answer of `wamp.subscription.get_events` may take, in bytes, about. Whoever asks for more is told to ask for
    /// fewer events; a single one is always told.
    pub max_history_answer_bytes: usize,
    /// Registrations of one session.
    pub max_registrations: usize,
    /// Shapes that the wildcard patterns of one realm's subscriptions may have, and those of its registrations: how many
    /// components, and which of them are empty. Each may be one more way through the patterns for every message.
    pub max_wildcard_shapes: usize,
    /// Decisions of an authorizer that one session remembers. Beyond it those that were not used lately are forgotten.
    pub max_cached_decisions: usize,
    /// Bytes of messages of one session, about, that wait behind one whose authorization is awaited. Beyond it nothing more
    /// is read from the session, and calls of the router's procedures that have to wait likewise are refused.
    pub max_undecided_bytes: usize,
    /// Calls of one caller that wait for their result.
    pub max_pending_calls: usize,
    /// Invocations of one callee that wait for their result.
    pub max_pending_invocations: usize,
    /// Calls of one registration that wait for a callee with a concurrency limit.
    pub max_waiting_calls: usize,
    /// Bytes of calls of one registration that are kept for later: those that wait, and those that may have to go to
    /// another callee. Beyond it calls that would have to wait are refused, and others are not re-routed.
    pub max_held_bytes: usize,
    /// Callees of one shared registration.
    pub max_shared_callees: usize,
    /// Testaments of one session.
    pub max_testaments: usize,
    /// What the testaments of one session take together, in bytes, about.
    pub max_testament_bytes: usize,
    /// Bytes that wait for one slow receiver, before events and invocations for it are turned away. One message fits
    /// into an empty outbox, whatever its length.
    pub outbox_bytes: usize,
    /// Messages that wait for one slow receiver, before events and invocations for it are turned away.
    pub outbox_messages: usize,
    /// Bytes beyond `outbox_bytes` that are kept for replies. A session that lets them fill up is closed.
    pub outbox_reply_bytes: usize,
    /// What happens to a subscriber whose outbox is full.
    pub outbox_policy: OutboxPolicy,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            handshake_timeout: Duration::from_secs(10),
            max_handshake_message: 64 << 10,
            goodbye_timeout: Duration::from_secs(2),
            max_sessions: 1_000_000,
            max_logins: 10_000,
            max_logins_per_address: 1_000,
            login_failures: Some(5),
            login_failures_per_address: Some(100),
            login_backoff: Duration::from_secs(1),
            max_login_backoff: Duration::from_secs(30),
            max_login_delay: Duration::from_secs(2),
            max_login_records: 100_000,
            max_auto_realms: 1_000,
            max_depth: 100,
            max_uri_length: 1024,
            max_subscriptions: 100_000,
            max_retained_events: 10_000,
            max_retained_bytes: 16 << 20,
            retained_ttl: None,
            max_history_answer_bytes: 4 << 20,
            max_registrations: 100_000,
            max_wildcard_shapes: 1024,
            max_cached_decisions: 256,
            max_undecided_bytes: 256 << 10,
            max_pending_calls: 10_000,
            max_pending_invocations: 100_000,
            max_waiting_calls: 1_000,
            max_held_bytes: 64 << 20,
            max_shared_callees: 10_000,
            max_testaments: 100,
            max_testament_bytes: 256 << 10,
            outbox_bytes: 8 << 20,
            outbox_messages: 65_536,
            outbox_reply_bytes: 32 << 20,
            outbox_policy: OutboxPolicy::Drop,
        }
    }
}

/// What happens when an event meets a full outbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OutboxPolicy {
    /// The event is lost for this subscriber. The next event that reaches it says in `Details._lost` how many.
    #[default]
    Drop,
    /// The subscriber's session is closed.
    Disconnect,
}

/// How closely clients are held to the letter. The field names are the config keys in `[protocol]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Protocol {
    /// Which characters URIs may hold.
    pub uri: UriRule,
    /// Which request ids are accepted.
    pub request_ids: RequestIds,
    /// Which callees are asked for progressive results.
    pub progressive_results: ProgressiveResults,
    /// Whose procedures a callee may take with `force_reregister`.
    pub force_reregister: ForceReregister,
}

/// Which callees are asked for progressive results (RPC-PROG-02).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProgressiveResults {
    /// All that announce `progressive_call_results`: Autobahn's do not announce `call_canceling` with it.
    #[default]
    Lenient,
    /// Only those that announce `call_canceling` as well, as the specification has it.
    Strict,
}

/// Whose procedures a callee may take with `REGISTER.Options.force_reregister`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ForceReregister {
    /// Those of sessions with its own role.
    #[default]
    SameRole,
    /// Those of its own user.
    SameUser,
    /// Nobody's.
    Never,
}

/// Which request ids a client may use (MSG-25).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RequestIds {
    /// Any id, except that of a call of the same session that is still pending.
    #[default]
    Lenient,
    /// 1, 2, 3, ... without gap or repeat, over all requests of the session.
    Strict,
}

macro_rules! counters {
    ($($(#[doc = $doc:literal])+ $name:ident,)*) => {
        /// What happened at the limits since the router started. All of it is rare, so plain atomics do.
        #[derive(Debug, Default)]
        pub struct Counters {
            $($(#[doc = $doc])+ pub $name: Counter,)*
        }

        impl Counters {
            /// Every counter with its name, for logs and metrics.
            pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
                [$((stringify!($name), self.$name.get()),)*].into_iter()
            }
        }
    };
}

counters! {
    /// Handshakes that took longer than `handshake_timeout`.
    handshake_timeouts,
    /// Handshakes refused because of a message beyond `max_handshake_message`.
    handshake_messages_over_limit,
    /// HELLOs refused with ABORT.
    handshakes_refused,
    /// Sessions refused because of `max_sessions`.
    sessions_over_limit,
    /// Logins refused because of `max_logins` or `max_logins_per_address`.
    logins_over_limit,
    /// Logins with wrong credentials.
    logins_denied,
    /// Logins refused because of `login_failures` or `login_failures_per_address`.
    logins_held_off,
    /// Logins delayed because the user had failed `login_failures` times.
    logins_delayed,
    /// Records of failed logins given up because of `max_login_records`.
    login_records_dropped,
    /// Realms refused because of `max_auto_realms`.
    realms_over_limit,
    /// Sessions aborted for breaking the protocol.
    protocol_violations,
    /// Requests refused because a URI was longer than `max_uri_length`.
    uris_over_limit,
    /// SUBSCRIBE refused because of `max_subscriptions`.
    subscriptions_over_limit,
    /// Retained events given up because of `max_retained_events` or `max_retained_bytes`.
    retained_events_dropped,
    /// Questions to histories refused because of `max_history_answer_bytes`.
    history_answers_over_limit,
    /// REGISTER refused because of `max_registrations`.
    registrations_over_limit,
    /// SUBSCRIBE and REGISTER refused because of `max_wildcard_shapes`.
    wildcard_shapes_over_limit,
    /// Requests that an authorizer denied, or for options that it did not grant.
    authorizations_denied,
    /// Requests refused because their authorization failed.
    authorizations_failed,
    /// Times that decisions were forgotten because of `max_cached_decisions`.
    cached_decisions_over_limit,
    /// Times that a session was not read from, or a CALL refused, because of `max_undecided_bytes`.
    undecided_over_limit,
    /// CALL refused because of `max_pending_calls`.
    calls_over_limit,
    /// CALL refused because of `max_pending_invocations`.
    invocations_over_limit,
    /// CALL refused because the callee's outbox was full.
    invocations_refused,
    /// Calls ended because the caller's outbox was full of their progressive results.
    progress_refused,
    /// CALL refused because of `max_waiting_calls`.
    waiting_calls_over_limit,
    /// Calls that were not kept because of `max_held_bytes`.
    held_bytes_over_limit,
    /// REGISTER refused because of `max_shared_callees`.
    shared_callees_over_limit,
    /// Testaments refused because of `max_testaments` or `max_testament_bytes`.
    testaments_over_limit,
    /// Events lost because a subscriber's outbox was full.
    events_dropped,
    /// Events sent without payload because they were longer than the subscriber accepts.
    events_too_long,
    /// Events not delivered because the subscriber's serializer can't express them.
    events_unrepresentable,
    /// Sessions closed because their outbox was full.
    slow_sessions_closed,
    /// Calls of the router itself, to ask an authenticator or an authorizer, that took longer than their `timeout`.
    router_calls_timed_out,
    /// Calls of the router itself that got no place because of `max_concurrent`.
    router_calls_over_limit,
    /// Results and errors replaced by an error because they were longer than the caller accepts.
    replies_too_long,
}

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// One more.
    pub fn increment(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// How many so far.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
