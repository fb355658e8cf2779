//! Which services are believed.

use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_rustls::TlsConnector;

use crate::HookError;

/// TLS 1.2 and 1.3 to services whose certificates are signed by one in `ca`, or by one that the system trusts.
pub(crate) fn connector(ca: Option<&[u8]>) -> Result<TlsConnector, HookError> {
    let roots = match ca {
        Some(pem) => given(pem)?,
        None => of_the_system(),
    };
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| HookError::Trust(error.to_string()))?;
    Ok(TlsConnector::from(Arc::new(builder.with_root_certificates(roots).with_no_client_auth())))
}

/// If there are none, no service is believed.
fn of_the_system() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

fn given(pem: &[u8]) -> Result<RootCertStore, HookError> {
    let wrong = |why: &dyn std::fmt::Display| HookError::Trust(why.to_string());
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| wrong(&error))?;
        roots.add(certificate).map_err(|error| wrong(&error))?;
    }
    if roots.is_empty() { Err(wrong(&"there is no certificate in it")) } else { Ok(roots) }
}
