//! rustls between a socket and us.

use std::fmt;
use std::io::{self, Read, Write};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, RootCertStore, SignatureScheme};

use super::Trust;
use crate::error::Error;
use crate::outbox;
use crate::socket::Carrier;
use crate::url::{Place, Url};

/// What all connections to one place share.
#[derive(Clone)]
pub(crate) struct Client {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Client").field(&self.name).finish()
    }
}

impl Client {
    /// # Errors
    /// [`Error::Usage`] for certificates that can't be read and hosts that can't be in one.
    pub(crate) fn new(url: &Url, trust: Trust<'_>) -> Result<Client, Error> {
        let usage = |why: &dyn fmt::Display| Error::Usage(format!("{url}: {why}"));
        let Place::Tcp { host, .. } = &url.place else { return Err(usage(&"TLS needs a host")) };
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| usage(&error))?;
        let config = match roots(trust)? {
            Some(roots) => builder.with_root_certificates(roots).with_no_client_auth(),
            None => builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(Anybody(provider)))
                .with_no_client_auth(),
        };
        let name = host.clone().try_into().map_err(|error| usage(&error))?;
        Ok(Client { config: Arc::new(config), name })
    }

    pub(crate) fn wrap(&self, carrier: Carrier) -> io::Result<TlsStream> {
        let mut tls =
            ClientConnection::new(Arc::clone(&self.config), self.name.clone()).map_err(io::Error::other)?;
        tls.set_buffer_limit(Some(outbox::FULL));
        Ok(TlsStream { carrier, tls })
    }
}

/// `None` where everybody is trusted.
fn roots(trust: Trust<'_>) -> Result<Option<RootCertStore>, Error> {
    let mut roots = RootCertStore::empty();
    match trust {
        Trust::Anybody => return Ok(None),
        Trust::System => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
        Trust::File(file) => {
            let usage = |why: &dyn fmt::Display| Error::Usage(format!("{}: {why}", file.display()));
            for certificate in CertificateDer::pem_file_iter(file).map_err(|error| usage(&error))? {
                let certificate = certificate.map_err(|error| usage(&error))?;
                roots.add(certificate).map_err(|error| usage(&error))?;
            }
        }
    }
    if roots.is_empty() {
        return Err(Error::Usage(
            "no certificate to trust: name one with --ca, or trust everybody with --insecure".into(),
        ));
    }
    Ok(Some(roots))
}

/// For `--insecure`: a connection that nobody else reads, but who knows with whom.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// A byte stream inside TLS.
#[derive(Debug)]
pub(crate) struct TlsStream {
    carrier: Carrier,
    tls: ClientConnection,
}

impl TlsStream {
    pub(crate) fn carrier(&mut self) -> &mut Carrier {
        &mut self.carrier
    }

    /// What was decrypted already, else what the next records hold.
    pub(crate) fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.tls.reader().read(into) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                // Without close_notify; the framing knows whether a message was cut.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(0),
                read => return read,
            }
            if self.tls.read_tls(&mut self.carrier)? == 0 {
                return Ok(0);
            }
            self.tls.process_new_packets().map_err(io::Error::other)?;
            // The handshake goes on, or a key is changed.
            match self.flush() {
                Err(error) if error.kind() != io::ErrorKind::WouldBlock => return Err(error),
                _ => {}
            }
        }
    }

    /// As many octets as the buffer takes; its records leave at once if the socket lets them.
    pub(crate) fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let count = self.tls.writer().write(octets)?;
        match self.flush() {
            Err(error) if error.kind() != io::ErrorKind::WouldBlock || count == 0 => Err(error),
            _ if count == 0 && !octets.is_empty() => Err(io::ErrorKind::WouldBlock.into()),
            _ => Ok(count),
        }
    }

    pub(crate) fn flush(&mut self) -> io::Result<()> {
        while self.tls.wants_write() {
            self.tls.write_tls(&mut self.carrier)?;
        }
        Ok(())
    }
}
