//! From the checked configuration to running parts: the only place that knows which crate is behind which name.

mod auth;
mod handles;
mod socket_directory;

use std::collections::BTreeSet;
use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use crossway_cbor::Cbor;
use crossway_cookie::Cookies;
use crossway_core::authorization::Replaceable;
use crossway_core::serializer::Serializer;
use crossway_core::transport::Visitors;
use crossway_core::{RealmConfig, Router};
use crossway_framing::{Allowed, Handshake, Listener as Carrier, ServeOptions, Split, serve};
use crossway_json::Json;
use crossway_longpoll::{LongPoll, LongPollOptions};
use crossway_msgpack::MessagePack;
use crossway_port::Port;
use crossway_rawsocket::{RawSocket, RawSocketOptions};
use crossway_tcp::{TcpListener, TcpOptions};
use crossway_tls::{Tls, TlsError};
use crossway_unix::{UnixListener, UnixOptions};
use crossway_users::Kdf;
use crossway_websocket::{Compression, WebSocket, WebSocketOptions, WebSocketPath};

use self::handles::Certified;
pub(crate) use self::handles::{Authorizers, Door, let_in};
use crate::config::{self, Address, Auth, Config, Format, Framing, Listener, Rules, Terms};

/// What several parts have in common.
pub(crate) struct Means {
    kdf: Kdf,
    /// Where HTTP clients are remembered, if any realm had use for it at the start.
    cookies: Option<Arc<Cookies>>,
}

impl Means {
    pub(crate) fn of(config: &Config) -> Means {
        let terms = config.realms.iter().map(|realm| &realm.terms).chain(&config.auto_create);
        let wanted = terms.flat_map(|terms| &terms.auth).any(|auth| *auth == Auth::Cookie);
        let cookies = wanted.then(|| Arc::new(Cookies::new(config.cookie.clone())));
        Means { kdf: Kdf::new(config.auth.kdf), cookies }
    }

    /// Whether realms can have the method of that name.
    pub(crate) fn has_cookies(&self) -> bool {
        self.cookies.is_some()
    }

    /// Who is to know the clients of a listener again.
    fn visitors(&self, listener: &Listener) -> Option<Arc<dyn Visitors>> {
        let cookies = self.cookies.clone().filter(|_| listener.allows("cookie"))?;
        Some(cookies)
    }
}

/// The router with its realms, and who decides there what sessions may do. Opens nothing.
///
/// # Errors
/// What the router does not accept although the configuration was checked: a bug, but one to be told about.
pub(crate) fn router(
    config: &Config,
    means: &Means,
) -> Result<(Router, Authorizers), crossway_core::BuildError> {
    let mut builder = Router::builder().limits(config.limits.clone()).protocol(config.protocol);
    let authorizers = Authorizers::of(config);
    for realm in &config.realms {
        let authorizer = authorizers.of_realm(Some(&realm.name));
        builder = builder.realm(on_terms(RealmConfig::new(&realm.name), &realm.terms, authorizer, means));
    }
    if let Some(terms) = &config.auto_create {
        let authorizer = authorizers.of_realm(None);
        builder = builder.auto_create(on_terms(RealmConfig::new("template"), terms, authorizer, means));
    }
    Ok((builder.build()?, authorizers))
}

fn on_terms(
    realm: RealmConfig,
    terms: &Terms,
    authorizer: Option<&Arc<Replaceable>>,
    means: &Means,
) -> RealmConfig {
    let Rules { topics, procedures, histories } = &terms.rules;
    let realm = realm.meta_api(terms.meta);
    let realm = auth::authenticators(&terms.auth, means).into_iter().fold(realm, RealmConfig::authenticator);
    let realm = match authorizer {
        None => realm,
        Some(authorizer) => realm.authorizer(Arc::clone(authorizer) as _),
    };
    let realm = topics.iter().cloned().fold(realm, RealmConfig::topic_rule);
    let realm = procedures.iter().cloned().fold(realm, RealmConfig::procedure_rule);
    histories.iter().cloned().fold(realm, RealmConfig::history)
}

fn serializer(format: Format) -> Arc<dyn Serializer> {
    match format {
        Format::Json => Arc::new(Json),
        Format::MessagePack => Arc::new(MessagePack),
        Format::Cbor => Arc::new(Cbor),
    }
}

/// A listener that holds its address, but accepts nobody yet.
pub(crate) struct Opened {
    /// As configured, with the port that the system chose if it was asked to.
    pub(crate) listener: Listener,
    /// What can be changed while it serves.
    pub(crate) door: Door,
    /// Accepts connections until the router closes, and ends after the last of them.
    pub(crate) serve: Serve,
}

/// Why a listener could not be opened: which, and what to look at.
#[derive(Debug)]
pub(crate) struct OpenError {
    listener: String,
    why: String,
}

impl OpenError {
    fn new(listener: &Listener, why: impl fmt::Display) -> OpenError {
        OpenError { listener: listener.name.clone(), why: why.to_string() }
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "listener \"{}\": {}", self.listener, self.why)
    }
}

/// Takes every address, in order; gives back those that it has when one fails.
///
/// # Errors
/// Which listener failed, and who could hold its address.
pub(crate) fn open(config: &Config, router: &Router, means: &Means) -> Result<Vec<Opened>, OpenError> {
    config.listeners.iter().map(|listener| open_one(listener.clone(), config, router, means)).collect()
}

fn open_one(
    mut listener: Listener,
    config: &Config,
    router: &Router,
    means: &Means,
) -> Result<Opened, OpenError> {
    let name = listener.name.clone();
    let served = match &listener.address {
        Address::Tcp(address) => {
            let options = TcpOptions {
                backlog: listener.backlog,
                keepalive: listener.keepalive,
                ..TcpOptions::new(*address)
            };
            let carrier = TcpListener::bind(&options).map_err(|error| {
                let advice = advice(&error.source, config, &listener);
                OpenError::new(&listener, format!("{error}{advice}"))
            })?;
            listener.moved_to(Address::Tcp(carrier.local_addr()));
            served(carrier, &listener, config, router, means)
        }
        Address::Unix { path, mode } => {
            socket_directory::prepare(path).map_err(|error| OpenError::new(&listener, error))?;
            let options = UnixOptions { mode: *mode, backlog: listener.backlog, ..UnixOptions::new(path) };
            let carrier = UnixListener::bind(&options).map_err(|error| OpenError::new(&listener, error))?;
            served(carrier, &listener, config, router, means)
        }
    };
    let Served { methods, tls, serve } = served.map_err(|error| OpenError::new(&listener, error))?;
    Ok(Opened { listener, door: Door { name, methods, tls }, serve })
}

/// A port that is taken is most often taken by another router.
fn advice(error: &io::Error, config: &Config, listener: &Listener) -> String {
    let number = config.listeners.iter().position(|other| other.address == listener.address);
    match (error.kind(), &listener.address, number) {
        (io::ErrorKind::AddrInUse, Address::Tcp(address), Some(number)) => {
            let free = SocketAddr::new(address.ip(), 0);
            format!(
                "\nIf it is another crossway, stop it, or move this one: CROSSWAY__LISTENER__{number}__TCP={free} \
                 (port 0 takes any free one)"
            )
        }
        _ => String::new(),
    }
}

type Serve = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A listener at work.
struct Served {
    methods: Allowed,
    tls: Option<Arc<dyn Certified>>,
    serve: Serve,
}

fn served<L: Carrier>(
    carrier: L,
    listener: &Listener,
    config: &Config,
    router: &Router,
    means: &Means,
) -> Result<Served, TlsError> {
    let visitors = means.visitors(listener);
    let mut options = ServeOptions::new(&listener.name);
    options.handshake_timeout = config.limits.handshake_timeout;
    options.max_connections = listener.max_connections;
    options.keepalive = listener.keepalive;
    let methods = Allowed::from(Some(allowed(listener, config)));
    options.authmethods = methods.clone();
    let mut tls: Option<Arc<dyn Certified>> = None;
    let handshake: Arc<dyn Handshake<L::Io>> = match &listener.tls {
        None => framed(listener, visitors),
        Some(files) => {
            let inside = Arc::new(Tls::new(files.options(), framed(listener, visitors))?);
            tls = Some(Arc::clone(&inside) as _);
            inside
        }
    };
    let serve = Box::pin(serve(carrier, handshake, router.clone(), options));
    Ok(Served { methods, tls, serve })
}

/// What may be used here to log in, of all that realms have.
fn allowed(listener: &Listener, config: &Config) -> Arc<[String]> {
    let terms = config.realms.iter().map(|realm| &realm.terms).chain(&config.auto_create);
    let usable = terms.flat_map(|terms| &terms.auth).filter(|auth| listener.allows(auth.method()));
    let methods: BTreeSet<&str> = usable.flat_map(Auth::methods).collect();
    methods.into_iter().filter(|method| listener.allows(method)).map(str::to_owned).collect()
}

fn framed<Io: Split>(listener: &Listener, visitors: Option<Arc<dyn Visitors>>) -> Arc<dyn Handshake<Io>> {
    match listener.framings.as_slice() {
        [Framing::RawSocket] => Arc::new(rawsocket(listener)),
        [Framing::WebSocket] => Arc::new(websocket(listener, visitors)),
        [Framing::LongPoll] => Arc::new(longpoll(listener, visitors)),
        framings => Arc::new(framings.iter().fold(Port::default(), |port, framing| match framing {
            Framing::RawSocket => port.rawsocket(rawsocket(listener)),
            Framing::WebSocket => port.websocket(websocket(listener, visitors.clone())),
            Framing::LongPoll => port.longpoll(longpoll(listener, visitors.clone())),
        })),
    }
}

fn longpoll(listener: &Listener, visitors: Option<Arc<dyn Visitors>>) -> LongPoll {
    let config::LongPoll {
        path,
        realms,
        allowed_origins,
        max_transports,
        hold,
        idle_timeout,
        request_timeout,
        no_content,
    } = listener.longpoll.clone();
    let defaults = LongPollOptions::new(serializers(listener));
    LongPoll::new(LongPollOptions {
        path,
        realms,
        origins: allowed_origins,
        max_message: listener.max_message,
        max_batch: listener.max_batch,
        max_transports,
        hold,
        idle_timeout,
        request_timeout,
        no_content,
        visitors,
        ..defaults
    })
}

fn serializers(listener: &Listener) -> Vec<Arc<dyn Serializer>> {
    listener.serializers.iter().copied().map(serializer).collect()
}

fn rawsocket(listener: &Listener) -> RawSocket {
    let mut options = RawSocketOptions::new(serializers(listener));
    options.max_message = listener.max_message;
    options.ping = listener.rawsocket.ping;
    RawSocket::new(options)
}

fn websocket(listener: &Listener, visitors: Option<Arc<dyn Visitors>>) -> WebSocket {
    let mut options = WebSocketOptions::new(serializers(listener));
    let path =
        |path: &config::WebSocketPath| WebSocketPath { path: path.path.clone(), realms: path.realms.clone() };
    options.paths = listener.websocket.paths.iter().map(path).collect();
    options.origins.clone_from(&listener.websocket.allowed_origins);
    options.max_message = listener.max_message;
    options.max_batch = listener.max_batch;
    options.visitors = visitors;
    options.compression = listener.websocket.compression.then(Compression::default);
    WebSocket::new(options)
}

#[cfg(test)]
mod tests;
