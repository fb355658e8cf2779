//! What TLS tells of its clients: certificates, and channel bindings.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;

use aws_lc_rs::digest;
use crossway_core::transport::Evidence;
use crossway_framing::testing::{Echo, Named, Seen};
use crossway_framing::{ServeOptions, serve};
use crossway_rawsocket::{RawSocket, RawSocketOptions};
use crossway_tcp::{TcpListener, TcpOptions};
use crossway_tls::{ClientCertificates, Tls, TlsError, TlsOptions};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, IsCa, KeyIdMethod,
    KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519,
    RevokedCertParams, SerialNumber, SignatureAlgorithm, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, HandshakeKind, RootCertStore, SupportedProtocolVersion};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

const NEW: &[&SupportedProtocolVersion] = &[&rustls::version::TLS13];
const OLD: &[&SupportedProtocolVersion] = &[&rustls::version::TLS12];

type Authority = CertifiedIssuer<'static, KeyPair>;
type Shown = (CertificateDer<'static>, PrivateKeyDer<'static>);

fn authority() -> Authority {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A certificate for somebody, and its key.
fn issued(by: &Authority, serial: u64) -> Shown {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["client.example".to_owned()]).unwrap();
    params.serial_number = Some(SerialNumber::from(serial));
    let cert = params.signed_by(&key, by).unwrap();
    (cert.der().clone(), PrivateKeyDer::try_from(key.serialize_der()).unwrap())
}

/// Takes back the certificate with a number.
fn revoked(by: &Authority, serial: u64) -> String {
    let params = CertificateRevocationListParams {
        this_update: date_time_ymd(2020, 1, 1),
        next_update: date_time_ymd(2100, 1, 1),
        crl_number: SerialNumber::from(1),
        issuing_distribution_point: None,
        revoked_certs: vec![RevokedCertParams {
            serial_number: SerialNumber::from(serial),
            revocation_time: date_time_ymd(2020, 1, 1),
            reason_code: None,
            invalidity_date: None,
        }],
        key_identifier_method: KeyIdMethod::Sha256,
    };
    params.signed_by(by).unwrap().pem().unwrap()
}

struct Server {
    address: SocketAddr,
    files: Vec<TempDir>,
    cert: CertificateDer<'static>,
    tls: Arc<Tls<RawSocket>>,
    seen: UnboundedReceiver<Seen>,
}

impl Server {
    fn start(algorithm: &'static SignatureAlgorithm, clients: Option<ClientCertificates>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let key = KeyPair::generate_for(algorithm).unwrap();
        let cert = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
        let path = |name: &str| dir.path().join(name);
        fs::write(path("cert.pem"), cert.pem()).unwrap();
        fs::write(path("key.pem"), key.serialize_pem()).unwrap();
        let options = TlsOptions { clients, ..TlsOptions::new(path("cert.pem"), path("key.pem")) };
        let inner = RawSocket::new(RawSocketOptions::new(Named::all()));
        let tls = Arc::new(Tls::new(options, inner).unwrap());
        let listener = TcpListener::bind(&TcpOptions::new(([127, 0, 0, 1], 0).into())).unwrap();
        let address = listener.local_addr();
        let (echo, seen) = Echo::new();
        tokio::spawn(serve(listener, Arc::clone(&tls), echo, ServeOptions::new("tls")));
        Server { address, files: vec![dir], cert: cert.der().clone(), tls, seen }
    }

    /// With certificates of clients, by `authority`.
    fn asking(authority: &Authority, change: impl FnOnce(&mut ClientCertificates)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("ca.pem"), authority.pem()).unwrap();
        let mut clients = ClientCertificates::new(dir.path().join("ca.pem"));
        change(&mut clients);
        let mut server = Self::start(&PKCS_ECDSA_P256_SHA256, Some(clients));
        server.files.push(dir);
        server
    }

    fn client(
        &self,
        versions: &[&'static SupportedProtocolVersion],
        shown: Option<&Shown>,
    ) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(self.cert.clone()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(versions).unwrap();
        let builder = builder.with_root_certificates(roots);
        Arc::new(match shown {
            None => builder.with_no_client_auth(),
            Some((cert, key)) => builder.with_client_auth_cert(vec![cert.clone()], key.clone_key()).unwrap(),
        })
    }

    /// A connection that has got as far as a message there and back; none if the router refuses.
    async fn connect(&mut self, client: &Arc<ClientConfig>) -> Option<(TlsStream<TcpStream>, Evidence)> {
        let tcp = TcpStream::connect(self.address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let mut stream = TlsConnector::from(Arc::clone(client)).connect(name, tcp).await.ok()?;
        stream.write_all(b"\x7F\xF2\0\0\0\0\0\x01!").await.ok()?;
        let mut answer = [0; 9];
        stream.read_exact(&mut answer).await.ok()?;
        let info = loop {
            match self.seen.recv().await {
                Some(Seen::Joined(_, info)) => break info,
                Some(_of_another) => {}
                None => panic!("not joined"),
            }
        };
        Some((stream, info.auth.as_deref().unwrap().clone()))
    }
}

// covers: AUTH-CS-07
#[tokio::test]
async fn both_ends_export_the_same_and_no_two_connections_do() {
    let mut server = Server::start(&PKCS_ECDSA_P256_SHA256, None);
    let client = server.client(NEW, None);
    let mut exported = Vec::new();
    for kind in [HandshakeKind::Full, HandshakeKind::Resumed] {
        let (stream, evidence) = server.connect(&client).await.unwrap();
        assert_eq!(stream.get_ref().1.handshake_kind(), Some(kind));
        let client = stream.get_ref().1;
        let theirs = client.export_keying_material([0; 32], b"EXPORTER-Channel-Binding", Some(b"")).unwrap();
        assert_eq!(evidence.channel.unwrap().exporter, Some(theirs));
        exported.push(theirs);
    }
    assert_ne!(exported[0], exported[1]);
}

// covers: AUTH-CS-08
#[tokio::test]
async fn tls_1_2_exports_nothing() {
    let mut server = Server::start(&PKCS_ECDSA_P256_SHA256, None);
    let client = server.client(OLD, None);
    let (_stream, evidence) = server.connect(&client).await.unwrap();
    let channel = evidence.channel.unwrap();
    assert!(channel.exporter.is_none() && channel.server_end_point.is_some());
}

// covers: AUTH-SCRAM-13
#[tokio::test]
async fn the_end_point_is_the_certificate_by_the_hash_of_its_signature() {
    for (algorithm, hash) in [
        (&PKCS_ECDSA_P256_SHA256, Some(&digest::SHA256)),
        (&PKCS_ECDSA_P384_SHA384, Some(&digest::SHA384)),
        (&PKCS_ED25519, None),
    ] {
        let mut server = Server::start(algorithm, None);
        let client = server.client(NEW, None);
        let (_stream, evidence) = server.connect(&client).await.unwrap();
        let expected = hash.map(|hash| digest::digest(hash, &server.cert));
        let found = evidence.channel.unwrap().server_end_point.clone();
        assert_eq!(found.as_deref(), expected.as_ref().map(AsRef::as_ref));
    }
}

// covers: SEC-02
#[tokio::test]
async fn ws_13_certificates_of_clients_are_verified_and_shown() {
    let (ours, others) = (authority(), authority());
    for versions in [NEW, OLD] {
        let mut server = Server::asking(&ours, |_| ());
        let shown = issued(&ours, 1);
        let config = server.client(versions, Some(&shown));
        let (_stream, evidence) = server.connect(&config).await.unwrap();
        assert_eq!(evidence.certificates, [shown.0.to_vec()]);

        let none = server.client(versions, None);
        let (_stream, evidence) = server.connect(&none).await.unwrap();
        assert!(evidence.certificates.is_empty());

        let stranger = server.client(versions, Some(&issued(&others, 1)));
        assert!(server.connect(&stranger).await.is_none(), "an authority that nobody trusts");
    }
}

#[tokio::test]
async fn certificates_may_be_required() {
    let ours = authority();
    for versions in [NEW, OLD] {
        let mut server = Server::asking(&ours, |clients| clients.required = true);
        let none = server.client(versions, None);
        assert!(server.connect(&none).await.is_none());
        let somebody = server.client(versions, Some(&issued(&ours, 1)));
        assert!(server.connect(&somebody).await.is_some());
    }
}

#[tokio::test]
async fn a_revoked_certificate_is_refused_from_the_next_connection_on() {
    let ours = authority();
    for versions in [NEW, OLD] {
        let lists = tempfile::tempdir().unwrap();
        let list = lists.path().join("revoked.pem");
        fs::write(&list, revoked(&ours, 7)).unwrap();
        let mut server = Server::asking(&ours, |clients| clients.revoked = Some(list.clone()));
        let (good, bad) = (issued(&ours, 8), issued(&ours, 7));
        let bad = server.client(versions, Some(&bad));
        assert!(server.connect(&bad).await.is_none());
        let good = server.client(versions, Some(&good));
        assert!(server.connect(&good).await.is_some());

        fs::write(&list, revoked(&ours, 8)).unwrap();
        server.tls.reload().unwrap();
        assert!(server.connect(&good).await.is_none(), "nothing is resumed that was verified before");
    }
}

#[test]
fn errors_name_the_file_and_the_problem() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    let key = KeyPair::generate().unwrap();
    let cert = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
    fs::write(path("cert.pem"), cert.pem()).unwrap();
    fs::write(path("key.pem"), key.serialize_pem()).unwrap();
    let error = |authorities: &str, revoked: Option<&str>| -> TlsError {
        let clients =
            ClientCertificates { revoked: revoked.map(path), ..ClientCertificates::new(path(authorities)) };
        let options =
            TlsOptions { clients: Some(clients), ..TlsOptions::new(path("cert.pem"), path("key.pem")) };
        Tls::new(options, ()).err().unwrap()
    };
    for (authorities, revoked, parts) in [
        ("missing.pem", None, ["authorities for client certificates", "missing.pem: No such file"]),
        ("key.pem", None, ["authorities for client certificates", "key.pem: there is no certificate"]),
        ("cert.pem", Some("missing.pem"), ["revoked client certificates", "missing.pem: No such file"]),
        ("cert.pem", Some("cert.pem"), ["revoked client certificates", "there is no revocation list"]),
    ] {
        let text = error(authorities, revoked).to_string();
        assert!(parts.iter().all(|part| text.contains(part)), "{authorities}: {text}");
    }
}
