//! The router under test: a [`Router`] composed from the public crates, each test with one of its own.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crossway_anonymous::Anonymous;
use crossway_core::authorization::{Action, Permission, Permissions, Role};
use crossway_core::message::Match;
use crossway_core::serializer::Serializer;
use crossway_core::transport::{Transport, Visitors};
use crossway_core::{Limits, Protocol, RealmConfig, Router};
use crossway_framing::{Handshake, Listener, ListenerCounters, ServeOptions, Split, serve};
use crossway_longpoll::{LongPoll, LongPollOptions};
use crossway_memory::MemoryOptions;
use crossway_port::Port;
use crossway_rawsocket::{RawSocket, RawSocketOptions};
use crossway_tcp::{TcpListener, TcpOptions};
use crossway_unix::{UnixListener, UnixOptions};
use crossway_websocket::{WebSocket, WebSocketOptions};
use tokio::net::{TcpStream, UnixStream};
use tokio::task::JoinSet;

use crate::wire::{MemoryWire, Stream, Wire};
use crate::{Carrier, Format, Link};

/// How the router of a test is made. The default is what most tests want: realms `realm1` and `realm2`, open to
/// everybody.
pub struct Plan {
    /// The limits.
    pub limits: Limits,
    /// URI rule and request ids.
    pub protocol: Protocol,
    /// The realms.
    pub realms: Vec<RealmConfig>,
    /// How realms are made that clients ask for.
    pub auto_create: Option<RealmConfig>,
    /// Time for the handshake of a transport.
    pub handshake_timeout: Duration,
    /// Connections of one listener.
    pub max_connections: usize,
    /// The longest message that clients may send.
    pub max_message: usize,
    /// The ways of logging in that the listeners allow; `None` for all.
    pub authmethods: Option<Arc<[String]>>,
    /// Every listener speaks RawSocket and WebSocket, and tells them apart.
    pub shared_port: bool,
    /// Who knows HTTP clients again.
    pub visitors: Option<Arc<dyn Visitors>>,
    /// Clients inside TLS may show certificates: see [`tls::client`](crate::tls::client).
    pub client_certificates: bool,
    /// What is particular to long-polling.
    pub longpoll: Box<dyn Fn(&mut LongPollOptions) + Send + Sync>,
}

impl Default for Plan {
    fn default() -> Self {
        let open = |uri| RealmConfig::new(uri).authenticator(Arc::new(Anonymous::default()));
        // Tests fail to log in on purpose, and all of them at one address.
        let limits = Limits { login_failures: None, login_failures_per_address: None, ..Limits::default() };
        Plan {
            limits,
            protocol: Protocol::default(),
            realms: vec![open("realm1"), open("realm2")],
            auto_create: None,
            handshake_timeout: Duration::from_secs(10),
            max_connections: 100,
            max_message: 1 << 24,
            authmethods: None,
            shared_port: false,
            visitors: None,
            client_certificates: false,
            longpoll: Box::new(|_| ()),
        }
    }
}

impl Plan {
    /// The default, with other limits.
    pub fn limits(change: impl FnOnce(&mut Limits)) -> Self {
        let mut plan = Plan::default();
        change(&mut plan.limits);
        plan
    }

    /// The default, with another protocol configuration.
    pub fn protocol(protocol: Protocol) -> Self {
        Plan { protocol, ..Plan::default() }
    }

    /// One realm, `realm1`.
    pub fn realm(realm: RealmConfig) -> Self {
        Plan { realms: vec![realm], ..Plan::default() }
    }

    /// The default, in which everybody may do everything that there is, to others as well.
    pub fn trusting() -> Self {
        let mut plan = Plan::default();
        plan.realms = plan.realms.into_iter().map(trusting).collect();
        plan
    }

    fn build(&self) -> Router {
        let builder = Router::builder().limits(self.limits.clone()).protocol(self.protocol);
        let mut builder = self.realms.iter().cloned().fold(builder, |builder, realm| builder.realm(realm));
        if let Some(template) = &self.auto_create {
            builder = builder.auto_create(template.clone());
        }
        builder.build().expect("a valid plan")
    }
}

/// The realm, in which anonymous clients may do everything that there is, to others as well.
pub fn trusting(realm: RealmConfig) -> RealmConfig {
    let all = |uri| Permission::new(uri, Match::Prefix).allow(Action::ALL);
    let anonymous = Role::new("anonymous").permission(all("")).permission(all("wamp."));
    realm.authorizer(Arc::new(Permissions::new([anonymous])))
}

/// A running router.
pub struct TestRouter {
    /// The router itself: counters, sessions, connections.
    pub core: Router,
    plan: Plan,
    doors: Mutex<Doors>,
    /// The Unix socket and the certificate.
    files: tempfile::TempDir,
}

#[derive(Default)]
struct Doors {
    open: HashMap<Carrier, Door>,
    tasks: JoinSet<()>,
}

#[derive(Clone)]
struct Door {
    address: Address,
    counters: Arc<ListenerCounters>,
}

#[derive(Clone)]
enum Address {
    Port(SocketAddr),
    Path(PathBuf),
}

/// The serializers that the router offers.
pub fn serializers() -> Vec<Arc<dyn Serializer>> {
    Format::ALL.map(serializer).into()
}

fn serializer(format: Format) -> Arc<dyn Serializer> {
    match format {
        Format::Json => Arc::new(crossway_json::Json),
        Format::MsgPack => Arc::new(crossway_msgpack::MessagePack),
        Format::Cbor => Arc::new(crossway_cbor::Cbor),
    }
}

impl TestRouter {
    pub(crate) fn start(plan: Plan) -> Self {
        let files = tempfile::tempdir().expect("a writable directory for temporary files");
        TestRouter { core: plan.build(), plan, doors: Mutex::default(), files }
    }

    /// A connection inside the process with options of its own; those of the plan are for both directions.
    pub fn connect_memory(&self, format: Format, options: &MemoryOptions) -> Wire {
        let (ours, theirs) = crossway_memory::pair(serializer(format), options);
        let core = self.core.clone();
        let mut doors = self.doors.lock().expect("no test panics with the lock held");
        doors.tasks.spawn(async move { core.attach(Box::new(theirs)).await });
        let (source, sink) = Box::new(ours).split();
        Wire::Memory(Box::new(MemoryWire { source, sink, arrived: Vec::new() }))
    }

    /// The value of a limit counter.
    pub fn counter(&self, name: &str) -> u64 {
        let counter = self.core.counters().iter().find(|(known, _)| *known == name);
        counter.unwrap_or_else(|| panic!("no counter {name}")).1
    }

    /// A transport handshake, for sessions to begin on.
    pub async fn connect(&self, link: Link) -> Wire {
        self.connect_accepting(link, 15).await
    }

    /// As [`connect`](Self::connect), over RawSocket accepting no more than `2^(9 + length)` octets.
    pub async fn connect_accepting(&self, link: Link, length: u8) -> Wire {
        match link.carrier {
            Carrier::Memory => self.connect_memory(link.format, &MemoryOptions::default()),
            Carrier::Ws | Carrier::Wss | Carrier::Batched => {
                let batched = link.carrier == Carrier::Batched;
                Wire::websocket(self.dial(link.carrier).await, link.format, batched).await
            }
            Carrier::LongPoll | Carrier::LongPollBatched => {
                let (sending, receiving) = (self.dial(link.carrier).await, self.dial(link.carrier).await);
                let batched = link.carrier == Carrier::LongPollBatched;
                Wire::longpoll(sending, receiving, link.format, batched).await
            }
            Carrier::Tcp | Carrier::Tls | Carrier::Unix => {
                Wire::rawsocket(self.dial(link.carrier).await, link.format, length).await
            }
        }
    }

    /// As [`connect`](Self::connect), over HTTP, with headers of its own in the request that opens the transport.
    pub async fn connect_with(&self, link: Link, headers: &[(&'static str, &str)]) -> Wire {
        self.connect_sending(link, headers).await.0
    }

    /// The same, and the cookie that the router sets.
    pub async fn connect_sending(
        &self,
        link: Link,
        headers: &[(&'static str, &str)],
    ) -> (Wire, Option<String>) {
        let stream = self.dial(link.carrier).await;
        match link.carrier {
            Carrier::Ws | Carrier::Wss | Carrier::Batched => {
                Wire::upgrade(stream, link.format, link.carrier == Carrier::Batched, headers).await
            }
            Carrier::LongPoll | Carrier::LongPollBatched => {
                let (receiving, batched) =
                    (self.dial(link.carrier).await, link.carrier == Carrier::LongPollBatched);
                Wire::longpoll_with(stream, receiving, link.format, batched, headers).await
            }
            _ => panic!("{link} is no HTTP"),
        }
    }

    /// As [`connect`](Self::connect), over TLS with a certificate for somebody.
    pub async fn connect_as(&self, link: Link, client: &crate::tls::Client) -> Wire {
        let Address::Port(address) = self.door(link.carrier).address else { panic!("{link} is no TLS") };
        let stream = TcpStream::connect(address).await.expect("the router listens");
        let stream = client.connect(stream).await;
        match link.carrier {
            Carrier::Wss => Wire::websocket(stream, link.format, false).await,
            Carrier::Tls => Wire::rawsocket(stream, link.format, 15).await,
            _ => panic!("{link} is no TLS"),
        }
    }

    /// As [`connect`](Self::connect), over TLS, and what binds this connection (`tls-exporter`).
    pub async fn connect_bound(&self, link: Link) -> (Wire, [u8; 32]) {
        let Address::Port(address) = self.door(link.carrier).address else { panic!("{link} is no TLS") };
        let stream = TcpStream::connect(address).await.expect("the router listens");
        let (stream, exporter) = crate::tls::connect(stream).await;
        let wire = match link.carrier {
            Carrier::Wss => Wire::websocket(stream, link.format, false).await,
            Carrier::Tls => Wire::rawsocket(stream, link.format, 15).await,
            _ => panic!("{link} is no TLS"),
        };
        (wire, exporter)
    }

    /// A byte stream to a listener, with nothing said on it yet but what TLS says.
    pub async fn dial(&self, carrier: Carrier) -> Stream {
        match self.door(carrier).address {
            Address::Port(address) => {
                let stream = TcpStream::connect(address).await.expect("the router listens");
                stream.set_nodelay(true).expect("the router listens");
                match carrier {
                    Carrier::Wss | Carrier::Tls => crate::tls::connect(stream).await.0,
                    _ => Box::new(stream),
                }
            }
            Address::Path(path) => Box::new(UnixStream::connect(path).await.expect("the router listens")),
        }
    }

    /// What happened at a listener.
    pub fn listener(&self, carrier: Carrier) -> Arc<ListenerCounters> {
        self.door(carrier).counters
    }

    fn door(&self, carrier: Carrier) -> Door {
        let mut doors = self.doors.lock().expect("no test panics with the lock held");
        let Doors { open, tasks } = &mut *doors;
        open.entry(carrier).or_insert_with(|| self.open(carrier, tasks)).clone()
    }

    fn open(&self, carrier: Carrier, tasks: &mut JoinSet<()>) -> Door {
        let (websocket, rawsocket) = (self.websocket(), self.rawsocket());
        match carrier {
            _ if self.plan.shared_port => {
                self.bind(carrier, Port::new(rawsocket, websocket).longpoll(self.longpoll()), tasks)
            }
            Carrier::LongPoll | Carrier::LongPollBatched => self.bind(carrier, self.longpoll(), tasks),
            Carrier::Ws | Carrier::Wss | Carrier::Batched => self.bind(carrier, websocket, tasks),
            Carrier::Memory | Carrier::Tcp | Carrier::Tls | Carrier::Unix => {
                self.bind(carrier, rawsocket, tasks)
            }
        }
    }

    fn bind<H>(&self, carrier: Carrier, framing: H, tasks: &mut JoinSet<()>) -> Door
    where
        H: Handshake<TcpStream> + Handshake<UnixStream> + Handshake<crate::tls::Io>,
    {
        match carrier {
            Carrier::Memory => panic!("memory has no listener"),
            Carrier::Ws | Carrier::Batched | Carrier::LongPoll | Carrier::LongPollBatched | Carrier::Tcp => {
                self.listen_tcp(carrier, Arc::new(framing), tasks)
            }
            Carrier::Wss | Carrier::Tls => {
                let handshake =
                    crate::tls::handshake(framing, self.files.path(), self.plan.client_certificates);
                self.listen_tcp(carrier, handshake, tasks)
            }
            Carrier::Unix => self.listen_unix(Arc::new(framing), tasks),
        }
    }

    fn websocket(&self) -> WebSocket {
        let (max_message, visitors) = (self.plan.max_message, self.plan.visitors.clone());
        WebSocket::new(WebSocketOptions { max_message, visitors, ..WebSocketOptions::new(serializers()) })
    }

    fn longpoll(&self) -> LongPoll {
        let mut options = LongPollOptions::new(serializers());
        options.max_message = self.plan.max_message;
        options.visitors.clone_from(&self.plan.visitors);
        (self.plan.longpoll)(&mut options);
        LongPoll::new(options)
    }

    fn rawsocket(&self) -> RawSocket {
        let max_message = self.plan.max_message;
        RawSocket::new(RawSocketOptions { max_message, ..RawSocketOptions::new(serializers()) })
    }

    fn listen_tcp<H>(&self, carrier: Carrier, handshake: Arc<H>, tasks: &mut JoinSet<()>) -> Door
    where
        H: Handshake<TcpStream> + ?Sized,
    {
        let listener = TcpListener::bind(&TcpOptions::new(([127, 0, 0, 1], 0).into())).expect("a free port");
        let address = Address::Port(listener.local_addr());
        self.listen(carrier, listener, address, handshake, tasks)
    }

    fn listen_unix<H: Handshake<UnixStream>>(&self, handshake: Arc<H>, tasks: &mut JoinSet<()>) -> Door {
        let path = self.files.path().join("router.sock");
        let listener = UnixListener::bind(&UnixOptions::new(&path)).expect("a free path");
        self.listen(Carrier::Unix, listener, Address::Path(path), handshake, tasks)
    }

    fn listen<L: Listener, H>(
        &self,
        carrier: Carrier,
        listener: L,
        address: Address,
        handshake: Arc<H>,
        tasks: &mut JoinSet<()>,
    ) -> Door
    where
        L::Io: Split,
        H: Handshake<L::Io> + ?Sized,
    {
        let options = ServeOptions {
            handshake_timeout: self.plan.handshake_timeout,
            max_connections: self.plan.max_connections,
            authmethods: self.plan.authmethods.clone().into(),
            ..ServeOptions::new(format!("{carrier:?}").to_lowercase())
        };
        let counters = Arc::clone(&options.counters);
        tasks.spawn(serve(listener, handshake, self.core.clone(), options));
        Door { address, counters }
    }

    /// Ends the router, and fails if anything is left of it or if one of its tasks panicked.
    pub(crate) async fn finish(self) {
        let core = self.core;
        let Doors { open, mut tasks } = self.doors.into_inner().expect("no test panics with the lock held");
        let ending = async {
            core.shutdown(Duration::from_secs(5)).await;
            while let Some(ended) = tasks.join_next().await {
                ended.expect("no task of the router panics");
            }
        };
        tokio::time::timeout(Duration::from_secs(10), ending).await.expect("the router shuts down");
        assert_eq!((core.sessions(), core.connections()), (0, 0), "sessions and connections are left");
        for (carrier, door) in open {
            let left = door.counters.open.load(std::sync::atomic::Ordering::Relaxed);
            assert_eq!(left, 0, "connections of the listener {carrier:?} are left");
        }
    }
}
