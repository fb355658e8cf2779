//! What makes a TLS connection unmistakable: `tls-exporter` (RFC 9266) and `tls-server-end-point` (RFC 5929).
//!
//! rustls exports keying material from connections that have buffers, and ours have none. It does tell the secret that is
//! behind all exports of TLS 1.3 (RFC 8446, 7.5) to a [`KeyLog`], on the thread on which the handshake is processed, so that
//! is where [`listening`] finds it. Of nothing else a note is taken, and no secret outlives the handshake.

use std::cell::RefCell;
use std::sync::Arc;

use aws_lc_rs::digest::{self, Algorithm};
use rustls::KeyLog;
use rustls::SupportedCipherSuite;
use rustls::crypto::tls13::{HkdfExpander, OkmBlock};
use rustls_pki_types::CertificateDer;
use x509_parser::oid_registry::{
    OID_HASH_SHA1, OID_NIST_HASH_SHA256, OID_NIST_HASH_SHA384, OID_NIST_HASH_SHA512, OID_PKCS1_MD5WITHRSAENC,
    OID_PKCS1_RSASSAPSS, OID_PKCS1_SHA1WITHRSA, OID_PKCS1_SHA256WITHRSA, OID_PKCS1_SHA384WITHRSA,
    OID_PKCS1_SHA512WITHRSA, OID_SIG_ECDSA_WITH_SHA256, OID_SIG_ECDSA_WITH_SHA384, OID_SIG_ECDSA_WITH_SHA512,
    Oid,
};
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::signature_algorithm::SignatureAlgorithm;
use x509_parser::x509::AlgorithmIdentifier;

thread_local! {
    /// Of the handshake that this thread is at.
    static HEARD: RefCell<Option<OkmBlock>> = const { RefCell::new(None) };
}

/// Takes note of what exports are made from.
#[derive(Debug)]
pub(crate) struct Exporter;

impl KeyLog for Exporter {
    fn log(&self, label: &str, _client_random: &[u8], secret: &[u8]) {
        if self.will_log(label) && secret.len() <= OkmBlock::MAX_LEN {
            HEARD.set(Some(OkmBlock::new(secret)));
        }
    }

    fn will_log(&self, label: &str) -> bool {
        label == "EXPORTER_SECRET"
    }
}

/// Runs a step of a handshake; `secret` is replaced if this was the step that made it.
pub(crate) fn listening<T>(secret: &mut Option<OkmBlock>, step: impl FnOnce() -> T) -> T {
    HEARD.take();
    let result = step();
    if let Some(heard) = HEARD.take() {
        *secret = Some(heard);
    }
    result
}

/// `tls-exporter`: 32 octets for the label of RFC 9266, and no context.
pub(crate) fn exporter(secret: &OkmBlock, suite: SupportedCipherSuite) -> Option<[u8; 32]> {
    let SupportedCipherSuite::Tls13(suite) = suite else { return None };
    let nothing = suite.common.hash_provider.hash(&[]);
    let derive = suite.hkdf_provider.expander_for_okm(secret);
    let length = u16::try_from(derive.hash_len()).ok()?;
    let mut derived = [0; OkmBlock::MAX_LEN];
    let derived = derived.get_mut(..derive.hash_len())?;
    expand(&*derive, b"EXPORTER-Channel-Binding", nothing.as_ref(), length, derived)?;
    let mut exported = [0; 32];
    let export = suite.hkdf_provider.expander_for_okm(&OkmBlock::new(derived));
    expand(&*export, b"exporter", nothing.as_ref(), 32, &mut exported)?;
    Some(exported)
}

/// HKDF-Expand-Label (RFC 8446, 7.1).
fn expand(
    expander: &dyn HkdfExpander,
    label: &[u8],
    context: &[u8],
    length: u16,
    output: &mut [u8],
) -> Option<()> {
    const PREFIX: &[u8] = b"tls13 ";
    let label_length = u8::try_from(PREFIX.len() + label.len()).ok()?;
    let context_length = u8::try_from(context.len()).ok()?;
    let info = [&length.to_be_bytes()[..], &[label_length], PREFIX, label, &[context_length], context];
    expander.expand_slice(&info, output).ok()
}

/// `tls-server-end-point`: the hash of the certificate that the router shows.
pub(crate) fn server_end_point(certificate: &CertificateDer<'_>) -> Option<Arc<[u8]>> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    let algorithm = hash_of(&parsed.signature_algorithm)?;
    Some(digest::digest(algorithm, certificate).as_ref().into())
}

/// The hash that a certificate is signed with; SHA-256 instead of what is no good any more.
fn hash_of(signature: &AlgorithmIdentifier<'_>) -> Option<&'static Algorithm> {
    let oid = &signature.algorithm;
    if *oid == OID_PKCS1_RSASSAPSS {
        let Ok(SignatureAlgorithm::RSASSA_PSS(parameters)) = SignatureAlgorithm::try_from(signature) else {
            return None;
        };
        return named(parameters.hash_algorithm_oid(), &OF_PSS);
    }
    named(oid, &OF_SIGNATURES)
}

fn named(oid: &Oid<'_>, known: &[(Oid<'static>, &'static Algorithm)]) -> Option<&'static Algorithm> {
    known.iter().find(|(known, _)| known == oid).map(|(_, algorithm)| *algorithm)
}

static OF_PSS: [(Oid<'static>, &Algorithm); 4] = [
    (OID_HASH_SHA1, &digest::SHA256),
    (OID_NIST_HASH_SHA256, &digest::SHA256),
    (OID_NIST_HASH_SHA384, &digest::SHA384),
    (OID_NIST_HASH_SHA512, &digest::SHA512),
];

static OF_SIGNATURES: [(Oid<'static>, &Algorithm); 8] = [
    (OID_PKCS1_MD5WITHRSAENC, &digest::SHA256),
    (OID_PKCS1_SHA1WITHRSA, &digest::SHA256),
    (OID_PKCS1_SHA256WITHRSA, &digest::SHA256),
    (OID_PKCS1_SHA384WITHRSA, &digest::SHA384),
    (OID_PKCS1_SHA512WITHRSA, &digest::SHA512),
    (OID_SIG_ECDSA_WITH_SHA256, &digest::SHA256),
    (OID_SIG_ECDSA_WITH_SHA384, &digest::SHA384),
    (OID_SIG_ECDSA_WITH_SHA512, &digest::SHA512),
];
