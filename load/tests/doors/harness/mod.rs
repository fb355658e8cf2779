//! A router that speaks everything, a forwarder, and the command line.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use clap::Parser;
use crossway_anonymous::Anonymous;
use crossway_core::serializer::Serializer;
use crossway_core::{Limits, RealmConfig, Router};
use crossway_framing::{ServeOptions, serve};
use crossway_load::{Bench, Checks, Error, Forwarder, Outcome, Progress, PubsubChecks, Report, RpcChecks};
use crossway_port::Port;
use crossway_rawsocket::{RawSocket, RawSocketOptions};
use crossway_tcp::{TcpListener, TcpOptions};
use crossway_ticket::Ticket;
use crossway_tls::{Tls, TlsOptions};
use crossway_unix::{UnixListener, UnixOptions};
use crossway_websocket::{WebSocket, WebSocketOptions};
use tokio::runtime::Runtime;

#[derive(Parser)]
struct CommandLine {
    #[command(subcommand)]
    bench: Bench,
}

/// Runs what people would type behind `crossway bench`.
pub(crate) fn bench(command: &str) -> Result<Outcome, Error> {
    let words = std::iter::once("bench").chain(command.split_ascii_whitespace());
    let bench = CommandLine::try_parse_from(words).unwrap_or_else(|error| panic!("{error}")).bench;
    let mut progress = Progress::on(None);
    match bench {
        Bench::Rpc(options) => crossway_load::rpc(&options, &PathBuf::new(), &mut progress),
        Bench::Pubsub(options) => crossway_load::pubsub(&options, &PathBuf::new(), &mut progress),
        Bench::Connect(options) => crossway_load::connect(&options, &mut progress),
        Bench::Guess(options) => crossway_load::guess(&options, &mut progress),
        Bench::Forward(_) => panic!("it never ends"),
    }
}

/// Of one target.
pub(crate) fn report(command: &str) -> Report {
    match bench(command) {
        Ok(Outcome::Single(report)) => *report,
        other => panic!("{command}: {other:?}"),
    }
}

/// What it says about calls.
pub(crate) fn calls(report: &Report) -> &RpcChecks {
    match &report.checks {
        Checks::Rpc(checks) => checks,
        other => panic!("{other:?}"),
    }
}

/// What it says about events.
pub(crate) fn events(report: &Report) -> &PubsubChecks {
    match &report.checks {
        Checks::Pubsub(checks) => checks,
        other => panic!("{other:?}"),
    }
}

/// A router with every framing and serializer on TCP, a Unix socket and TLS. `realm1` is open, `users` wants a ticket.
pub(crate) struct TestRouter {
    pub(crate) tcp: SocketAddr,
    tls: SocketAddr,
    files: tempfile::TempDir,
    runtime: Option<Runtime>,
}

impl TestRouter {
    pub(crate) fn start() -> TestRouter {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let files = tempfile::tempdir().unwrap();
        let _inside = runtime.enter();
        let router = router();
        let any_port = || TcpListener::bind(&TcpOptions::new(([127, 0, 0, 1], 0).into())).unwrap();
        let (tcp, tls) = (any_port(), any_port());
        let addresses = (tcp.local_addr(), tls.local_addr());
        let unix = UnixListener::bind(&UnixOptions::new(files.path().join("router.sock"))).unwrap();
        runtime.spawn(serve(tcp, Arc::new(port()), router.clone(), ServeOptions::new("tcp")));
        runtime.spawn(serve(unix, Arc::new(port()), router.clone(), ServeOptions::new("unix")));
        runtime.spawn(serve(tls, Arc::new(with_tls(&files)), router, ServeOptions::new("tls")));
        TestRouter { tcp: addresses.0, tls: addresses.1, files, runtime: Some(runtime) }
    }

    /// The URL with `{tcp}`, `{tls}`, `{sock}` and `{ca}` filled in.
    pub(crate) fn fill(&self, text: &str) -> String {
        let path = |name| self.files.path().join(name).display().to_string();
        text.replace("{tcp}", &self.tcp.to_string())
            .replace("{tls}", &format!("localhost:{}", self.tls.port()))
            .replace("{sock}", &path("router.sock"))
            .replace("{ca}", &path("cert.pem"))
    }
}

impl Drop for TestRouter {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn router() -> Router {
    let open = RealmConfig::new("realm1").authenticator(Arc::new(Anonymous::default()));
    let ticket = Ticket::new().user("joe", "secret", "user");
    let closed = RealmConfig::new("users").authenticator(Arc::new(ticket));
    // Guesses are to be answered, and not held off.
    let limits = Limits { login_failures: None, login_failures_per_address: None, ..Limits::default() };
    Router::builder().limits(limits).realm(open).realm(closed).build().unwrap()
}

fn port() -> Port {
    let serializers: Vec<Arc<dyn Serializer>> = vec![
        Arc::new(crossway_json::Json),
        Arc::new(crossway_msgpack::MessagePack),
        Arc::new(crossway_cbor::Cbor),
    ];
    // Over RawSocket there is no CBOR, so that somebody can be refused.
    let rawsocket = RawSocket::new(RawSocketOptions::new(serializers[..2].to_vec()));
    Port::new(rawsocket, WebSocket::new(WebSocketOptions::new(serializers)))
}

fn with_tls(files: &tempfile::TempDir) -> Tls<Port> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (cert, key) = (files.path().join("cert.pem"), files.path().join("key.pem"));
    fs::write(&cert, made.cert.pem()).unwrap();
    fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    Tls::new(TlsOptions::new(cert, key), port()).unwrap()
}

/// The URL of a forwarder, which lives as long as the process.
pub(crate) fn forwarder(listen: &str) -> String {
    let forwarder = Forwarder::bind(listen).unwrap();
    let url = forwarder.to_string();
    thread::spawn(|| forwarder.run(false));
    url
}
