//! Certificates and protocol versions.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::server::{NoServerSessionStorage, ProducesTickets};
use rustls_pki_types::pem::{self, PemObject};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::binding;
use crate::clients::{ClientCertificates, REVOKED};

/// What a TLS listener needs.
#[derive(Clone, Debug)]
pub struct TlsOptions {
    /// A PEM file: the certificate, then those that lead to the root, if any.
    pub cert: PathBuf,
    /// A PEM file with the private key of the certificate, not encrypted.
    pub key: PathBuf,
    /// The oldest version that clients may speak. TLS 1.2.
    pub min_version: MinVersion,
    /// Whether clients are asked for certificates. `None`: they are not.
    pub clients: Option<ClientCertificates>,
}

impl TlsOptions {
    /// The defaults.
    pub fn new(cert: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        TlsOptions { cert: cert.into(), key: key.into(), min_version: MinVersion::default(), clients: None }
    }
}

/// The oldest version of TLS that clients may speak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MinVersion {
    /// TLS 1.2 and 1.3.
    #[default]
    Tls12,
    /// TLS 1.3 only.
    Tls13,
}

/// Why TLS can't be offered. Names the file to look at.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file can't be read, or is not what it should be.
    #[error("{what} {}: {problem}", .path.display())]
    File {
        /// `TLS certificate`, `TLS key` and the like.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// Each file is fine, but not both together.
    #[error("TLS certificate {} and key {}: {problem}", .cert.display(), .key.display())]
    Pair {
        /// The certificate file.
        cert: PathBuf,
        /// The key file.
        key: PathBuf,
        /// Why they can't be used.
        problem: String,
    },
    /// The cryptography library refuses.
    #[error("TLS: {0}")]
    Library(#[from] rustls::Error),
}

/// Keys for session tickets. Kept when certificates are read again, so that clients can resume their sessions.
pub(crate) fn ticketer() -> Result<Arc<dyn ProducesTickets>, TlsError> {
    Ok(aws_lc_rs::Ticketer::new()?)
}

/// What the files of a listener come to.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) options: TlsOptions,
    pub(crate) config: Arc<ServerConfig>,
    /// What `tls-server-end-point` is for the certificate.
    pub(crate) end_point: Option<Arc<[u8]>>,
}

pub(crate) fn load(options: TlsOptions, ticketer: Arc<dyn ProducesTickets>) -> Result<Loaded, TlsError> {
    let (certs, key) = (read_certs(CERTIFICATE, &options.cert)?, read_key(&options.key)?);
    let end_point = certs.first().and_then(binding::server_end_point);
    let versions = match options.min_version {
        MinVersion::Tls12 => &[&rustls::version::TLS13, &rustls::version::TLS12][..],
        MinVersion::Tls13 => &[&rustls::version::TLS13],
    };
    // The provider is named, so that it does not depend on what else the program links.
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder =
        ServerConfig::builder_with_provider(Arc::clone(&provider)).with_protocol_versions(versions)?;
    let builder = match &options.clients {
        Some(clients) => builder.with_client_cert_verifier(clients.verifier(&provider)?),
        None => builder.with_no_client_auth(),
    };
    let mut config = builder.with_single_cert(certs, key).map_err(|error| TlsError::Pair {
        cert: options.cert.clone(),
        key: options.key.clone(),
        problem: error.to_string(),
    })?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    // Clients keep the state of their sessions, encrypted; the router keeps none.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    if options.clients.is_none() {
        config.ticketer = ticketer;
    }
    config.key_log = Arc::new(binding::Exporter);
    Ok(Loaded { options, config: Arc::new(config), end_point })
}

const CERTIFICATE: &str = "TLS certificate";
const KEY: &str = "TLS key";

pub(crate) fn read_certs(what: &'static str, path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let file = |error| file_error(what, path, error);
    let certs: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path).map_err(file)?.collect();
    let certs = certs.map_err(file)?;
    if certs.is_empty() {
        return Err(file(pem::Error::NoItemsFound));
    }
    Ok(certs)
}

fn read_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    PrivateKeyDer::from_pem_file(path).map_err(|error| file_error(KEY, path, error))
}

pub(crate) fn file_error(what: &'static str, path: &Path, error: pem::Error) -> TlsError {
    let problem = match error {
        pem::Error::Io(error) => error.to_string(),
        pem::Error::NoItemsFound if what == KEY => {
            "there is no private key in PEM format in it, or an encrypted one only".to_owned()
        }
        pem::Error::NoItemsFound if what == REVOKED => {
            "there is no revocation list in PEM format in it".to_owned()
        }
        pem::Error::NoItemsFound => "there is no certificate in PEM format in it".to_owned(),
        other => other.to_string(),
    };
    TlsError::File { what, path: path.to_owned(), problem }
}
