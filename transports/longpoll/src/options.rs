//! What a listener offers, and what has happened there.

use std::sync::Arc;
use std::time::Duration;

use crossway_core::limits::Counter;
use crossway_core::serializer::Serializer;
use crossway_core::transport::Visitors;

/// What long-polling is offered.
#[derive(Clone, Debug)]
pub struct LongPollOptions {
    /// The formats that clients may choose from: `json` is `wamp.2.json`, and in batches `wamp.2.json.batched`.
    pub serializers: Vec<Arc<dyn Serializer>>,
    /// The path before `/open`, without a slash at its end. `/longpoll`.
    pub path: String,
    /// The realms that may be joined; empty, the default, means all.
    pub realms: Vec<String>,
    /// The web pages that may connect, as for WebSocket: `*`, `https://example.com` or `https://*.example.com`. Browsers send
    /// cookies along. `*`.
    pub origins: Vec<String>,
    /// The longest message that clients may send, in octets. 16 MiB.
    pub max_message: usize,
    /// The longest batch that clients may send, in octets; one that is a single message may have its length in any case.
    /// 16 MiB.
    pub max_batch: usize,
    /// Transports at a time. 10,000.
    pub max_transports: usize,
    /// How long a request of a client waits for messages before it is answered that there are none. Long enough to be
    /// worth it, and shorter than what proxies and clients wait. 10 s.
    pub hold: Duration,
    /// How long a client may go without fetching before its transport ends like a lost connection. 30 s.
    pub idle_timeout: Duration,
    /// How long a peer may take for the head of a request, for its body, and between any two pieces of an answer that it
    /// reads. Also how long a connection may be without a request. 30 s.
    pub request_timeout: Duration,
    /// Whether `send` and `close` are answered with 204 instead of 202, whoever asks. The specification has the number of one
    /// and the name of the other; autobahn-js takes 202 for a failure, and gets 204 in any case. `false`.
    pub no_content: bool,
    /// Whether clients are known again by a cookie, and by whom. `None`: they are not.
    pub visitors: Option<Arc<dyn Visitors>>,
    /// What happened so far. Keep a clone to read it.
    pub counters: Arc<LongPollCounters>,
}

impl LongPollOptions {
    /// The defaults.
    pub fn new(serializers: Vec<Arc<dyn Serializer>>) -> Self {
        LongPollOptions {
            serializers,
            path: "/longpoll".to_owned(),
            realms: Vec::new(),
            origins: vec!["*".to_owned()],
            max_message: 16 << 20,
            max_batch: 16 << 20,
            max_transports: 10_000,
            hold: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(30),
            request_timeout: Duration::from_secs(30),
            no_content: false,
            visitors: None,
            counters: Arc::default(),
        }
    }
}

/// What happened at a listener.
#[derive(Debug, Default)]
pub struct LongPollCounters {
    /// Transports that were refused because `max_transports` were there.
    pub refused: Counter,
    /// Transports that ended because nobody fetched their messages for `idle_timeout`.
    pub expired: Counter,
}
