//! TLS for tests: one certificate per test program, and a client that trusts it alone.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use crossway_tls::{Tls, TlsOptions, TlsStream};
use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::wire::Stream;

struct Certificate {
    der: Vec<u8>,
    cert: String,
    key: String,
    client: TlsConnector,
}

static CERTIFICATE: LazyLock<Certificate> = LazyLock::new(|| {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).expect("a valid certificate");
    let client = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the provider knows them")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let (cert, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    let der = made.cert.der().to_vec();
    Certificate { der, cert, key, client: TlsConnector::from(Arc::new(client)) }
});

/// The certificate of every router under test, signed with SHA-256.
pub fn certificate() -> &'static [u8] {
    &CERTIFICATE.der
}

/// What a framing sees of a connection inside TLS.
pub(crate) type Io = TlsStream<TcpStream>;

/// `inner` inside TLS. The router reads its certificate from files, which are put into `folder`.
pub(crate) fn handshake<H>(inner: H, folder: &Path) -> Arc<Tls<H>> {
    let (cert, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    std::fs::write(&cert, &CERTIFICATE.cert).expect("room for a file");
    std::fs::write(&key, &CERTIFICATE.key).expect("room for a file");
    Arc::new(Tls::new(TlsOptions::new(cert, key), inner).expect("a valid certificate"))
}

/// The client's side, and its `tls-exporter` (RFC 9266).
pub(crate) async fn connect(stream: TcpStream) -> (Stream, [u8; 32]) {
    let name = "localhost".try_into().expect("a valid name");
    let stream = CERTIFICATE.client.connect(name, stream).await.expect("the router speaks TLS");
    let (_, session) = stream.get_ref();
    let exporter = session.export_keying_material([0; 32], b"EXPORTER-Channel-Binding", None);
    (Box::new(stream), exporter.expect("the handshake is over"))
}
