//! TLS for tests: one certificate per test program, and a client that trusts it alone.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use crossway_tls::{ClientCertificates, Tls, TlsOptions, TlsStream};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyPair};
use rustls::client::WantsClientCert;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::PrivateKeyDer;
use rustls::{ClientConfig, ConfigBuilder, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::wire::Stream;

struct Certificate {
    der: Vec<u8>,
    cert: String,
    key: String,
}

static CERTIFICATE: LazyLock<Certificate> = LazyLock::new(|| {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let (cert, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    Certificate { der: made.cert.der().to_vec(), cert, key }
});

static CLIENT: LazyLock<TlsConnector> =
    LazyLock::new(|| TlsConnector::from(Arc::new(trusting().with_no_client_auth())));

/// A client that trusts the routers under test and nobody else.
fn trusting() -> ConfigBuilder<ClientConfig, WantsClientCert> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate().into()).expect("a valid certificate");
    ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the provider knows them")
        .with_root_certificates(roots)
}

/// The certificate of every router under test, signed with SHA-256.
pub fn certificate() -> &'static [u8] {
    &CERTIFICATE.der
}

/// What a framing sees of a connection inside TLS.
pub(crate) type Io = TlsStream<TcpStream>;

/// `inner` inside TLS. The router reads its certificate from files, which are put into `folder`.
pub(crate) fn handshake<H>(inner: H, folder: &Path, clients: bool) -> Arc<Tls<H>> {
    let (cert, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    std::fs::write(&cert, &CERTIFICATE.cert).expect("room for a file");
    std::fs::write(&key, &CERTIFICATE.key).expect("room for a file");
    let clients = clients.then(|| {
        let authorities = folder.join("ca.pem");
        std::fs::write(&authorities, AUTHORITY.pem()).expect("room for a file");
        ClientCertificates::new(authorities)
    });
    let options = TlsOptions { clients, ..TlsOptions::new(cert, key) };
    Arc::new(Tls::new(options, inner).expect("valid certificates"))
}

/// Whom the routers under test trust to say who their clients are.
static AUTHORITY: LazyLock<CertifiedIssuer<'static, KeyPair>> = LazyLock::new(|| {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("a certificate")
});

/// A client with a certificate of its own.
pub struct Client {
    /// The certificate.
    pub der: Vec<u8>,
    connector: TlsConnector,
}

/// A new certificate for a client of this name, by the authority that the routers trust.
pub fn client(name: &str) -> Client {
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new(vec![format!("{name}.example.com")]).expect("a valid name");
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    let cert = params.signed_by(&key, &*AUTHORITY).expect("a certificate");
    let private = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    let config =
        trusting().with_client_auth_cert(vec![cert.der().clone()], private).expect("a valid certificate");
    Client { der: cert.der().to_vec(), connector: TlsConnector::from(Arc::new(config)) }
}

impl Client {
    pub(crate) async fn connect(&self, stream: TcpStream) -> Stream {
        let name = "localhost".try_into().expect("a valid name");
        Box::new(self.connector.connect(name, stream).await.expect("the router speaks TLS"))
    }
}

/// The client's side, and its `tls-exporter` (RFC 9266).
pub(crate) async fn connect(stream: TcpStream) -> (Stream, [u8; 32]) {
    let name = "localhost".try_into().expect("a valid name");
    let stream = CLIENT.connect(name, stream).await.expect("the router speaks TLS");
    let (_, session) = stream.get_ref();
    let exporter = session.export_keying_material([0; 32], b"EXPORTER-Channel-Binding", None);
    (Box::new(stream), exporter.expect("the handshake is over"))
}
