//! TLS for tests: one certificate per test program, and a client that trusts it alone.

use std::sync::{Arc, LazyLock};

use crossway_framing::Locked;
use crossway_tls::{Rewind, Tls, TlsOptions};
use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::server::TlsStream;

use crate::wire::Stream;

struct Certificate {
    /// Deleted at no time: statics are not dropped. The system's cleaning of temporary files does it.
    files: tempfile::TempDir,
    client: TlsConnector,
}

static CERTIFICATE: LazyLock<Certificate> = LazyLock::new(|| {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let files = tempfile::tempdir().expect("a writable directory for temporary files");
    let write = |name, text: String| std::fs::write(files.path().join(name), text).expect("room for a file");
    write("cert.pem", made.cert.pem());
    write("key.pem", made.signing_key.serialize_pem());
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).expect("a valid certificate");
    let client = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the provider knows them")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Certificate { files, client: TlsConnector::from(Arc::new(client)) }
});

/// What a framing sees of a connection inside TLS.
pub(crate) type Io = Locked<TlsStream<Rewind<TcpStream>>>;

/// `inner` inside TLS.
pub(crate) fn handshake<H>(inner: H) -> Arc<Tls<H>> {
    let path = |name| CERTIFICATE.files.path().join(name);
    Arc::new(
        Tls::new(TlsOptions::new(path("cert.pem"), path("key.pem")), inner).expect("a valid certificate"),
    )
}

/// The client's side.
pub(crate) async fn connect(stream: TcpStream) -> Stream {
    let name = "localhost".try_into().expect("a valid name");
    Box::new(CERTIFICATE.client.connect(name, stream).await.expect("the router speaks TLS"))
}
