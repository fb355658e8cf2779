//! The checked configuration: the only kind that the rest of the program sees. Every value is within its range, every name
//! refers to something, every file was there.

mod auth;
mod role;

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crossway_cookie::CookieOptions;
use crossway_core::MetaApi;
use crossway_core::history::HistoryRule;
use crossway_core::limits::{Limits, Protocol};
use crossway_core::message::Match;
use crossway_core::policy::{Disclosure, ProcedureRule, TopicRule};
use crossway_tls::{ClientCertificates, MinVersion, TlsOptions};

use super::files::Fingerprint;
use super::tree::Span;

pub(crate) use self::auth::*;
pub(crate) use self::role::*;

/// Where something was said. Configurations are equal if they say the same, wherever they say it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place(pub(crate) Span);

impl PartialEq for Place {
    fn eq(&self, _: &Place) -> bool {
        true
    }
}

/// How URIs are compared, as the configuration has it.
pub(crate) const MATCHES: [(&str, Match); 3] =
    [("exact", Match::Exact), ("prefix", Match::Prefix), ("wildcard", Match::Wildcard)];

/// Who is disclosed, as the configuration has it.
pub(crate) const DISCLOSURES: [(&str, Disclosure); 3] =
    [("on_request", Disclosure::OnRequest), ("always", Disclosure::Always), ("never", Disclosure::Never)];

/// Everything that the router needs to know before it opens anything.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Config {
    /// The realms that exist from the start.
    pub(crate) realms: Vec<Realm>,
    /// What holds in realms that come into being with their first session; `None`: there are none.
    pub(crate) auto_create: Option<Terms>,
    /// The cookies by which HTTP clients are known again, where a realm has use for them.
    pub(crate) cookie: CookieOptions,
    /// At least one.
    pub(crate) listeners: Vec<Listener>,
    pub(crate) auth: AuthLimits,
    pub(crate) limits: Limits,
    pub(crate) protocol: Protocol,
    /// How long sessions have to say goodbye when the router goes down.
    pub(crate) grace: Duration,
    pub(crate) log: Log,
    /// How often it is looked whether files have changed; `None`: not at all.
    pub(crate) reload: Option<Duration>,
    /// Threads that route; `None`: one for each core.
    pub(crate) workers: Option<usize>,
}

/// A realm that exists from the start.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Realm {
    pub(crate) name: String,
    pub(crate) place: Place,
    pub(crate) terms: Terms,
}

/// Who may join a realm, and what holds there.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Terms {
    /// At least one, each method once.
    pub(crate) auth: Vec<Auth>,
    /// Of what the text says of them, and of the secrets in files beside it.
    pub(crate) auth_fingerprint: Fingerprint,
    /// How much of the meta API there is.
    pub(crate) meta: MetaApi,
    /// What sessions may do; without any role everything but what the router keeps for permissions.
    pub(crate) roles: Vec<Role>,
    pub(crate) rules: Rules,
}

/// What is said of topics and procedures, each in the order of the text.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Rules {
    pub(crate) topics: Vec<TopicRule>,
    pub(crate) procedures: Vec<ProcedureRule>,
    /// Of which topics events are kept.
    pub(crate) histories: Vec<HistoryRule>,
}

/// An address and what is spoken there.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Listener {
    /// As given, else the address.
    pub(crate) name: String,
    pub(crate) place: Place,
    pub(crate) address: Address,
    /// At least one; several share the port.
    pub(crate) framings: Vec<Framing>,
    /// At least one.
    pub(crate) serializers: Vec<Format>,
    /// The ways of logging in that are allowed here; `None`: those that [`allows`](Self::allows) says.
    pub(crate) methods: Option<Vec<String>>,
    pub(crate) tls: Option<Tls>,
    pub(crate) websocket: WebSocket,
    pub(crate) rawsocket: RawSocket,
    pub(crate) longpoll: LongPoll,
    /// The longest message in either direction, in bytes.
    pub(crate) max_message: usize,
    /// The longest batch that clients may send, in bytes.
    pub(crate) max_batch: usize,
    /// Connections at the same time; more are turned away.
    pub(crate) max_connections: usize,
    /// How often a silent peer is probed; `None`: never.
    pub(crate) keepalive: Option<Duration>,
    /// Connections that the system keeps waiting until they are accepted.
    pub(crate) backlog: u32,
}

impl Listener {
    /// Whether others than this machine can connect. A proxy on this machine that lets others in is not seen here: its
    /// listener has to say what it allows.
    pub(crate) fn is_public(&self) -> bool {
        match self.address {
            Address::Tcp(address) => !address.ip().to_canonical().is_loopback(),
            Address::Unix { .. } => false,
        }
    }

    /// Whether they can, and whoever is on the way can read along.
    pub(crate) fn is_exposed(&self) -> bool {
        self.is_public() && self.tls.is_none()
    }

    /// Whether one may log in like this here. Where nothing is said, anonymous clients have to be on this machine.
    pub(crate) fn allows(&self, method: &str) -> bool {
        match &self.methods {
            Some(methods) => methods.iter().any(|allowed| allowed == method),
            None => method != "anonymous" || !self.is_public(),
        }
    }

    /// Whether a realm can be joined here.
    pub(crate) fn serves(&self, realm: &str) -> bool {
        let allowed = |realms: &[String]| realms.is_empty() || realms.iter().any(|name| name == realm);
        self.framings.iter().any(|framing| match framing {
            Framing::RawSocket => true,
            Framing::WebSocket => self.websocket.paths.iter().any(|path| allowed(&path.realms)),
            Framing::LongPoll => allowed(&self.longpoll.realms),
        })
    }

    /// Takes the address that the system chose; without a name of its own, the listener is called by it.
    pub(crate) fn moved_to(&mut self, address: Address) {
        if self.name == self.address.to_string() {
            self.name = address.to_string();
        }
        self.address = address;
    }
}

/// What is peculiar to RawSocket.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct RawSocket {
    /// Whether silent peers get a PING, which some clients do not survive.
    pub(crate) ping: bool,
}

/// What concerns long-polling only.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LongPoll {
    /// What the paths of its requests begin with.
    pub(crate) path: String,
    /// The realms that may be joined; none means all.
    pub(crate) realms: Vec<String>,
    /// As for WebSocket.
    pub(crate) allowed_origins: Vec<String>,
    pub(crate) max_transports: usize,
    /// How long a request waits for messages.
    pub(crate) hold: Duration,
    /// How long a client may go without fetching.
    pub(crate) idle_timeout: Duration,
    /// How long a request may take.
    pub(crate) request_timeout: Duration,
    /// Whether what was accepted is answered with 204.
    pub(crate) no_content: bool,
}

impl Default for LongPoll {
    fn default() -> Self {
        LongPoll {
            path: "/longpoll".into(),
            realms: Vec::new(),
            allowed_origins: vec!["*".into()],
            max_transports: 10_000,
            hold: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(30),
            request_timeout: Duration::from_secs(30),
            no_content: false,
        }
    }
}

/// Where a listener listens.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Address {
    Tcp(SocketAddr),
    /// A socket file with its permission bits.
    Unix {
        path: PathBuf,
        mode: u32,
    },
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Tcp(address) => address.fmt(f),
            Address::Unix { path, .. } => path.display().fmt(f),
        }
    }
}

/// How messages are cut out of a byte stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    RawSocket,
    WebSocket,
    LongPoll,
}

/// The names of the framings in the configuration.
pub(crate) const FRAMINGS: [(&str, Framing); 3] =
    [("rawsocket", Framing::RawSocket), ("websocket", Framing::WebSocket), ("longpoll", Framing::LongPoll)];

/// Those of a listener that does not say.
pub(crate) const USUAL_FRAMINGS: [Framing; 2] = [Framing::RawSocket, Framing::WebSocket];

/// How messages are spelt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Json,
    MessagePack,
    Cbor,
}

/// The names of the serializers in the configuration and in the protocol.
pub(crate) const FORMATS: [(&str, Format); 3] =
    [("json", Format::Json), ("msgpack", Format::MessagePack), ("cbor", Format::Cbor)];

/// Certificate chain and key, both PEM files.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tls {
    pub(crate) cert: PathBuf,
    pub(crate) key: PathBuf,
    pub(crate) min_version: MinVersion,
    /// Whose certificates clients are asked for, if they are.
    pub(crate) clients: Option<ClientCertificates>,
    /// Of what is in the files.
    pub(crate) fingerprint: Fingerprint,
}

impl Tls {
    /// As the transport takes it.
    pub(crate) fn options(&self) -> TlsOptions {
        let Tls { cert, key, min_version, clients, fingerprint: _ } = self.clone();
        TlsOptions { min_version, clients, ..TlsOptions::new(cert, key) }
    }
}

/// What concerns WebSocket only.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WebSocket {
    /// At least one.
    pub(crate) paths: Vec<WebSocketPath>,
    /// Origins of web pages that may connect; `*` matches any run of characters.
    pub(crate) allowed_origins: Vec<String>,
    /// Whether clients that offer permessage-deflate get it.
    pub(crate) compression: bool,
}

impl Default for WebSocket {
    fn default() -> Self {
        let path = |path: &str| WebSocketPath { path: path.into(), realms: Vec::new() };
        WebSocket {
            paths: vec![path("/ws"), path("/")],
            allowed_origins: vec!["*".into()],
            compression: false,
        }
    }
}

/// A path and the realms that may be joined through it; none means all.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WebSocketPath {
    pub(crate) path: String,
    pub(crate) realms: Vec<String>,
}

/// What is logged, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Log {
    pub(crate) format: LogFormat,
    pub(crate) level: tracing::Level,
}

impl Default for Log {
    fn default() -> Self {
        Log { format: LogFormat::Pretty, level: tracing::Level::INFO }
    }
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Pretty,
    /// One JSON object per line, for machines.
    Json,
}
