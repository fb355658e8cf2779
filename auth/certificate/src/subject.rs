//! What a certificate says of its owner.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest::{SHA256, digest};
use crossway_users::hex;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

/// What a certificate is known by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Property {
    /// It is this very certificate.
    Fingerprint(Fingerprint),
    /// Its subject has this common name, and no second one.
    CommonName(String),
    /// It is for this host, among others; in upper or lower case, and without wildcards.
    Dns(String),
    /// It is for this mailbox, among others.
    Email(String),
    /// It is for this URI, among others.
    Uri(String),
    /// It was verified. Its owner is called by the common name, or by the fingerprint if there is none.
    Any,
}

/// The SHA-256 of a certificate.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Of a certificate in DER.
    pub fn of(certificate: &[u8]) -> Self {
        let mut fingerprint = [0; 32];
        fingerprint.copy_from_slice(digest(&SHA256, certificate).as_ref());
        Fingerprint(fingerprint)
    }

    /// Its octets.
    pub fn octets(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Fingerprint {
    /// 64 digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text is no fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoFingerprint;

impl FromStr for Fingerprint {
    type Err = NoFingerprint;

    /// 64 hexadecimal digits, with or without a colon between any two octets, as `openssl x509 -fingerprint -sha256` writes it.
    fn from_str(text: &str) -> Result<Self, NoFingerprint> {
        hex::decode(&text.replace(':', "")).map(Fingerprint).ok_or(NoFingerprint)
    }
}

/// A certificate, read.
pub(crate) struct Subject<'c> {
    certificate: X509Certificate<'c>,
    fingerprint: Fingerprint,
}

impl<'c> Subject<'c> {
    pub(crate) fn read(der: &'c [u8]) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        Some(Subject { certificate, fingerprint: Fingerprint::of(der) })
    }

    /// What it is called if it has the property.
    pub(crate) fn known_by(&self, property: &Property) -> Option<String> {
        match property {
            Property::Fingerprint(fingerprint) => {
                (self.fingerprint == *fingerprint).then(|| self.fingerprint.to_string())
            }
            Property::CommonName(name) => self.common_name().filter(|found| found == name),
            Property::Dns(host) => self.alternative(|name| match name {
                GeneralName::DNSName(found) => found.eq_ignore_ascii_case(host).then_some(host),
                _ => None,
            }),
            Property::Email(mailbox) => self.alternative(|name| match name {
                GeneralName::RFC822Name(found) => (found == mailbox).then_some(mailbox),
                _ => None,
            }),
            Property::Uri(uri) => self.alternative(|name| match name {
                GeneralName::URI(found) => (found == uri).then_some(uri),
                _ => None,
            }),
            Property::Any => Some(self.common_name().unwrap_or_else(|| self.fingerprint.to_string())),
        }
    }

    fn common_name(&self) -> Option<String> {
        let mut names = self.certificate.subject().iter_common_name();
        match (names.next(), names.next()) {
            (Some(name), None) => name.as_str().ok().filter(|name| !name.is_empty()).map(str::to_owned),
            _ => None,
        }
    }

    fn alternative<'n>(&self, is: impl Fn(&GeneralName<'_>) -> Option<&'n String>) -> Option<String> {
        let extension = self.certificate.subject_alternative_name().ok()??;
        extension.value.general_names.iter().find_map(is).cloned()
    }
}
