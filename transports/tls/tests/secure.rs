//! TLS with certificates made for the test, and a rustls client.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use crossway_framing::testing::{Echo, Named, Seen};
use crossway_framing::{ServeOptions, serve};
use crossway_port::Port;
use crossway_rawsocket::{RawSocket, RawSocketOptions};
use crossway_tcp::{TcpListener, TcpOptions};
use crossway_tls::{MinVersion, Tls, TlsError, TlsOptions};
use crossway_websocket::{WebSocket, WebSocketOptions};
use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, HandshakeKind, ProtocolVersion, RootCertStore, SupportedProtocolVersion};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

const BOTH: &[&SupportedProtocolVersion] = &[&rustls::version::TLS13, &rustls::version::TLS12];
const OLD: &[&SupportedProtocolVersion] = &[&rustls::version::TLS12];

struct Server {
    address: SocketAddr,
    dir: TempDir,
    cert: CertificateDer<'static>,
    tls: Arc<Tls<Port>>,
    seen: UnboundedReceiver<Seen>,
    serving: ServeOptions,
}

/// Writes a new certificate and its key into a directory.
fn certify(dir: &TempDir) -> CertificateDer<'static> {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    fs::write(dir.path().join("cert.pem"), cert.pem()).unwrap();
    fs::write(dir.path().join("key.pem"), signing_key.serialize_pem()).unwrap();
    cert.der().clone()
}

fn options(dir: &TempDir) -> TlsOptions {
    TlsOptions::new(dir.path().join("cert.pem"), dir.path().join("key.pem"))
}

fn port() -> Port {
    let websocket = WebSocket::new(WebSocketOptions::new(Named::all()));
    Port::new(RawSocket::new(RawSocketOptions::new(Named::all())), websocket)
}

impl Server {
    fn start() -> Self {
        Self::with(|_| (), |_| ())
    }

    fn with(change: impl FnOnce(&mut TlsOptions), serving: impl FnOnce(&mut ServeOptions)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let cert = certify(&dir);
        let mut options = options(&dir);
        change(&mut options);
        let mut serve_options = ServeOptions::new("tls");
        serving(&mut serve_options);
        let tls = Arc::new(Tls::new(options, port()).unwrap());
        let listener = TcpListener::bind(&TcpOptions::new(([127, 0, 0, 1], 0).into())).unwrap();
        let address = listener.local_addr();
        let (echo, seen) = Echo::new();
        tokio::spawn(serve(listener, Arc::clone(&tls), echo, serve_options.clone()));
        Server { address, dir, cert, tls, seen, serving: serve_options }
    }

    async fn connect(&self, client: &Arc<ClientConfig>) -> std::io::Result<TlsStream<TcpStream>> {
        let tcp = TcpStream::connect(self.address).await.unwrap();
        TlsConnector::from(Arc::clone(client)).connect(ServerName::try_from("localhost").unwrap(), tcp).await
    }
}

fn client(
    cert: &CertificateDer<'static>,
    versions: &[&'static SupportedProtocolVersion],
) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(cert.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(versions).unwrap();
    Arc::new(builder.with_root_certificates(roots).with_no_client_auth())
}

async fn assert_echo(stream: &mut TlsStream<TcpStream>) {
    stream.write_all(b"\x7F\xF2\0\0\0\0\0\x01!").await.unwrap();
    let mut answer = [0; 9];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"\x7F\xF2\0\0\0\0\0\x01!");
}

// covers: AUTH-19, SEC-01
#[tokio::test]
async fn raw_01_rawsocket_over_tls_1_3_and_1_2() {
    for (versions, version) in [(BOTH, ProtocolVersion::TLSv1_3), (OLD, ProtocolVersion::TLSv1_2)] {
        let mut server = Server::start();
        let mut stream = server.connect(&client(&server.cert, versions)).await.unwrap();
        assert_eq!(stream.get_ref().1.protocol_version(), Some(version));
        assert_echo(&mut stream).await;
        let Some(Seen::Joined(_, info)) = server.seen.recv().await else { panic!("not joined") };
        assert!(info.secure && info.local);
    }
}

#[tokio::test]
async fn a_browser_finds_its_protocol_and_a_secure_page() {
    let server = Server::start();
    let mut config = (*client(&server.cert, BOTH)).clone();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let mut stream = server.connect(&Arc::new(config)).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    // Ends without an error: TLS says good-bye as well.
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("wss://localhost/ws"), "{answer}");
}

#[tokio::test]
async fn long_messages_and_many_of_them() {
    let server = Server::start();
    let mut stream = server.connect(&client(&server.cert, BOTH)).await.unwrap();
    assert_echo(&mut stream).await;
    let mut octets = Vec::new();
    for len in (0..200_usize).map(|i| i * i * 40) {
        octets.extend_from_slice(&(len as u32).to_be_bytes());
        octets.resize(octets.len() + len, len as u8);
    }
    let (mut reader, mut writer) = tokio::io::split(stream);
    let mut echo = vec![0; octets.len()];
    let (sent, received) = tokio::join!(
        async {
            writer.write_all(&octets).await?;
            writer.flush().await
        },
        reader.read_exact(&mut echo)
    );
    sent.unwrap();
    received.unwrap();
    assert!(echo == octets, "the echo differs");
}

#[tokio::test]
async fn versions_below_the_minimum_are_refused() {
    let server = Server::with(|options| options.min_version = MinVersion::Tls13, |_| ());
    assert!(server.connect(&client(&server.cert, OLD)).await.is_err());
    assert!(server.connect(&client(&server.cert, BOTH)).await.is_ok());
}

#[tokio::test]
async fn sessions_are_resumed_without_state_here() {
    for versions in [BOTH, OLD] {
        let server = Server::start();
        let config = client(&server.cert, versions);
        let mut first = server.connect(&config).await.unwrap();
        assert_echo(&mut first).await;
        assert_eq!(first.get_ref().1.handshake_kind(), Some(HandshakeKind::Full));
        // A new certificate does not end the sessions that began under the old one.
        certify(&server.dir);
        server.tls.reload().unwrap();
        let mut second = server.connect(&config).await.unwrap();
        assert_echo(&mut second).await;
        assert_eq!(second.get_ref().1.handshake_kind(), Some(HandshakeKind::Resumed));
    }
}

#[tokio::test]
async fn certificates_are_replaced_while_running() {
    let server = Server::start();
    let mut before = server.connect(&client(&server.cert, BOTH)).await.unwrap();
    let new = certify(&server.dir);
    server.tls.reload().unwrap();
    assert!(server.connect(&client(&server.cert, BOTH)).await.is_err());
    assert_echo(&mut server.connect(&client(&new, BOTH)).await.unwrap()).await;
    assert_echo(&mut before).await;

    fs::write(server.dir.path().join("cert.pem"), "").unwrap();
    assert!(server.tls.reload().is_err());
    assert_echo(&mut server.connect(&client(&new, BOTH)).await.unwrap()).await;

    let elsewhere = tempfile::tempdir().unwrap();
    let other = certify(&elsewhere);
    let path = |name| elsewhere.path().join(name);
    assert!(server.tls.replace(TlsOptions::new(path("cert.pem"), path("no.pem"))).is_err());
    assert_echo(&mut server.connect(&client(&new, BOTH)).await.unwrap()).await;
    server.tls.replace(TlsOptions::new(path("cert.pem"), path("key.pem"))).unwrap();
    assert_echo(&mut server.connect(&client(&other, BOTH)).await.unwrap()).await;
    server.tls.reload().unwrap();
    assert_echo(&mut server.connect(&client(&other, BOTH)).await.unwrap()).await;
}

#[tokio::test]
async fn plain_text_at_a_tls_port_fails_and_harms_nobody() {
    for octets in
        [&b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"[..], b"\x7F\xF1\0\0", b"\x16\x03\x01\xFF\xFF"]
    {
        let server = Server::with(|_| (), |serve| serve.handshake_timeout = Duration::from_millis(100));
        let mut plain = TcpStream::connect(server.address).await.unwrap();
        plain.write_all(octets).await.unwrap();
        let mut answer = Vec::new();
        let _reset_counts_as_end = plain.read_to_end(&mut answer).await;
        assert!(answer.len() <= 7, "an alert at most: {answer:?}");
        let counters = &server.serving.counters;
        assert_eq!(counters.failed.load(Relaxed) + counters.timed_out.load(Relaxed), 1);
        assert_echo(&mut server.connect(&client(&server.cert, BOTH)).await.unwrap()).await;
    }
}

#[tokio::test]
async fn connections_beyond_the_limit_are_told_inside_tls() {
    let server = Server::with(|_| (), |serve| serve.max_connections = 0);
    let mut stream = server.connect(&client(&server.cert, BOTH)).await.unwrap();
    stream.write_all(b"\x7F\xF1\0\0").await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert_eq!(answer, b"\x7F\x40\0\0");
}

#[test]
fn errors_name_the_file_and_the_problem() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    certify(&dir);
    fs::write(path("empty.pem"), "nothing\n").unwrap();
    fs::write(path("broken.pem"), "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n").unwrap();
    fs::write(path("other.pem"), KeyPair::generate().unwrap().serialize_pem()).unwrap();
    let error = |cert: &str, key: &str| -> TlsError {
        Tls::new(TlsOptions::new(path(cert), path(key)), ()).err().unwrap()
    };
    for (cert, key, parts) in [
        ("missing.pem", "key.pem", ["TLS certificate", "missing.pem: No such file"]),
        ("empty.pem", "key.pem", ["TLS certificate", "empty.pem: there is no certificate"]),
        ("key.pem", "key.pem", ["TLS certificate", "key.pem: there is no certificate"]),
        ("broken.pem", "key.pem", ["TLS certificate", "broken.pem: base64"]),
        ("cert.pem", "missing.pem", ["TLS key", "missing.pem: No such file"]),
        ("cert.pem", "cert.pem", ["TLS key", "cert.pem: there is no private key"]),
        ("cert.pem", "other.pem", ["cert.pem and key", "keys may not be consistent"]),
    ] {
        let text = error(cert, key).to_string();
        assert!(parts.iter().all(|part| text.contains(part)), "{cert}, {key}: {text}");
    }
}
