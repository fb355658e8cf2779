//! Certificates of clients.
//!
//! Law: a certificate reaches nobody unless it was verified against the authorities and revocation lists as they were when
//! the client connected. That is why clients that may show one get no session tickets: a resumed session would bring back the
//! certificate as it was found once.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::crypto::CryptoProvider;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls_pki_types::CertificateRevocationListDer;
use rustls_pki_types::pem::PemObject;

use crate::config::{TlsError, file_error, read_certs};

/// Whose certificates a listener asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCertificates {
    /// A PEM file with the authorities that may have signed them.
    pub authorities: PathBuf,
    /// A PEM file with the lists of those that were taken back. Where there is one, every certificate of a chain has to be
    /// covered by a list of its issuer.
    pub revoked: Option<PathBuf>,
    /// Whether who has none may not connect.
    pub required: bool,
}

impl ClientCertificates {
    /// The defaults: no revocation lists, and everybody may connect.
    pub fn new(authorities: impl Into<PathBuf>) -> Self {
        ClientCertificates { authorities: authorities.into(), revoked: None, required: false }
    }

    pub(crate) fn verifier(
        &self,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
        let wrong =
            |problem: String| TlsError::File { what: AUTHORITIES, path: self.authorities.clone(), problem };
        let mut roots = RootCertStore::empty();
        for authority in read_certs(AUTHORITIES, &self.authorities)? {
            roots.add(authority).map_err(|error| wrong(error.to_string()))?;
        }
        let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
            .with_crls(self.revocation_lists()?);
        let builder = if self.required { builder } else { builder.allow_unauthenticated() };
        builder.build().map_err(|error| match &self.revoked {
            Some(path) => TlsError::File { what: REVOKED, path: path.clone(), problem: error.to_string() },
            None => wrong(error.to_string()),
        })
    }

    fn revocation_lists(&self) -> Result<Vec<CertificateRevocationListDer<'static>>, TlsError> {
        let Some(path) = &self.revoked else { return Ok(Vec::new()) };
        let file = |error| file_error(REVOKED, path, error);
        let lists: Result<Vec<_>, _> =
            CertificateRevocationListDer::pem_file_iter(path).map_err(file)?.collect();
        match lists.map_err(file)? {
            lists if lists.is_empty() => Err(file(rustls_pki_types::pem::Error::NoItemsFound)),
            lists => Ok(lists),
        }
    }
}

const AUTHORITIES: &str = "authorities for client certificates";
pub(crate) const REVOKED: &str = "revoked client certificates";
