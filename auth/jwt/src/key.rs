//! Keys that tokens are signed with, each for one algorithm.
//!
//! Law: the algorithm belongs to the key, never to the token. A token that names another one than its key has is wrong,
//! whatever its signature: neither `none` nor an HMAC made with a public key gets anywhere.

use std::fmt;

use aws_lc_rs::rsa::PublicEncryptingKey;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, ParsedPublicKey, RsaPublicKeyComponents,
    VerificationAlgorithm,
};
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind};
use rustls_pki_types::SubjectPublicKeyInfoDer;
use rustls_pki_types::pem::PemObject;

/// The algorithms by their names in RFC 7518. `none` is none.
pub const ALGORITHMS: [(&str, Algorithm); 12] = [
    ("HS256", Algorithm::HS256),
    ("HS384", Algorithm::HS384),
    ("HS512", Algorithm::HS512),
    ("RS256", Algorithm::RS256),
    ("RS384", Algorithm::RS384),
    ("RS512", Algorithm::RS512),
    ("PS256", Algorithm::PS256),
    ("PS384", Algorithm::PS384),
    ("PS512", Algorithm::PS512),
    ("ES256", Algorithm::ES256),
    ("ES384", Algorithm::ES384),
    ("EdDSA", Algorithm::EdDSA),
];

/// Whether who verifies could sign as well: HMAC, whose key is a secret.
pub fn is_symmetric(algorithm: Algorithm) -> bool {
    Kind::used_by(algorithm) == Kind::Secret
}

/// The shortest secret that is as strong as the hash, which is the least that RFC 7518 allows.
fn least_secret(algorithm: Algorithm) -> usize {
    match algorithm {
        Algorithm::HS512 => 64,
        Algorithm::HS384 => 48,
        _ => 32,
    }
}

/// What a key is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Secret,
    Rsa,
    P256,
    P384,
    Ed25519,
}

impl Kind {
    fn used_by(algorithm: Algorithm) -> Self {
        match algorithm.family() {
            AlgorithmFamily::Hmac => Kind::Secret,
            AlgorithmFamily::Rsa => Kind::Rsa,
            AlgorithmFamily::Ec if algorithm == Algorithm::ES384 => Kind::P384,
            AlgorithmFamily::Ec => Kind::P256,
            AlgorithmFamily::Ed => Kind::Ed25519,
        }
    }

    /// Of a member of a JWK set.
    fn of(jwk: &Jwk) -> Option<Self> {
        match &jwk.algorithm {
            AlgorithmParameters::OctetKey(_) => Some(Kind::Secret),
            AlgorithmParameters::RSA(_) => Some(Kind::Rsa),
            AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => Some(Kind::P256),
            AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P384 => Some(Kind::P384),
            AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
                Some(Kind::Ed25519)
            }
            _ => None,
        }
    }

    /// For keys that do not say: what everybody uses them for.
    fn usual(self) -> Algorithm {
        match self {
            Kind::Secret => Algorithm::HS256,
            Kind::Rsa => Algorithm::RS256,
            Kind::P256 => Algorithm::ES256,
            Kind::P384 => Algorithm::ES384,
            Kind::Ed25519 => Algorithm::EdDSA,
        }
    }
}

/// A key for one algorithm, maybe with a name. Wiped from memory when dropped.
#[derive(Clone)]
pub struct Key {
    pub(crate) id: Option<String>,
    pub(crate) algorithm: Algorithm,
    pub(crate) decoding: DecodingKey,
}

/// What is wrong with a key. Never says the key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// HMAC with a key that is public, or RSA with a secret.
    #[error("{0:?} does not work with such a key")]
    Confused(Algorithm),
    /// A secret that is easier to guess than the hash.
    #[error("a secret for {0:?} needs at least {1} octets")]
    Short(Algorithm, usize),
    /// Not what the algorithm wants, or too weak: RSA keys have 2048 bits at least.
    #[error("this is no public key for {0:?}, or too weak a one")]
    Invalid(Algorithm),
    /// Not PEM with `BEGIN PUBLIC KEY`.
    #[error("there is no PEM section `PUBLIC KEY` in it")]
    NotPem,
}

impl Key {
    /// A secret that issuer and router share.
    ///
    /// # Errors
    /// If the algorithm is none of HS256, HS384 and HS512, the secret is shorter than its hash, or it is a public key in PEM,
    /// which is no secret.
    pub fn secret(algorithm: Algorithm, secret: &[u8]) -> Result<Self, KeyError> {
        let is_pem = secret.windows(10).any(|part| part == b"-----BEGIN");
        if !is_symmetric(algorithm) || is_pem {
            return Err(KeyError::Confused(algorithm));
        }
        let least = least_secret(algorithm);
        if secret.len() < least {
            return Err(KeyError::Short(algorithm, least));
        }
        Ok(Key { id: None, algorithm, decoding: DecodingKey::from_secret(secret) })
    }

    /// A public key of the issuer, as PEM text: `-----BEGIN PUBLIC KEY-----`.
    ///
    /// # Errors
    /// If there is none in the text, or it is not of the kind that the algorithm uses.
    pub fn public(algorithm: Algorithm, pem: &[u8]) -> Result<Self, KeyError> {
        let decoding = match algorithm.family() {
            AlgorithmFamily::Hmac => return Err(KeyError::Confused(algorithm)),
            AlgorithmFamily::Rsa => DecodingKey::from_rsa_der,
            AlgorithmFamily::Ec => DecodingKey::from_ec_der,
            AlgorithmFamily::Ed => DecodingKey::from_ed_der,
        };
        let der = SubjectPublicKeyInfoDer::from_pem_slice(pem).map_err(|_| KeyError::NotPem)?;
        Key { id: None, algorithm, decoding: decoding(&der) }.checked()
    }

    /// Only tokens that name this key, or none, are verified with it. A key without a name is tried for every token of its
    /// algorithm.
    #[must_use]
    pub fn named(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// A member of a JWK set; `None` if it is for something else than the signatures that are known here.
    pub(crate) fn from_jwk(jwk: &Jwk) -> Result<Option<Self>, KeyError> {
        let Some(kind) = Kind::of(jwk).filter(|_| is_for_verifying(jwk)) else { return Ok(None) };
        let algorithm = match jwk.common.key_algorithm.map(Algorithm::try_from) {
            None => kind.usual(),
            Some(Ok(algorithm)) if Kind::used_by(algorithm) == kind => algorithm,
            Some(Ok(algorithm)) => return Err(KeyError::Confused(algorithm)),
            Some(Err(_)) => return Ok(None),
        };
        let decoding = DecodingKey::from_jwk(jwk).map_err(|_| KeyError::Invalid(algorithm))?;
        Key { id: jwk.common.key_id.clone(), algorithm, decoding }.checked().map(Some)
    }

    /// Keys that can't verify anything are told of when they are read, not when somebody is locked out.
    fn checked(self) -> Result<Self, KeyError> {
        let parses = |with: &'static dyn VerificationAlgorithm, key| ParsedPublicKey::new(with, key).is_ok();
        let good = match (self.decoding.kind(), Kind::used_by(self.algorithm)) {
            (DecodingKeyKind::SecretOrDer(secret), Kind::Secret) => {
                return Self::secret(self.algorithm, secret).map(|_| self);
            }
            // Keys that one may encrypt with are no shorter than those that verify.
            (DecodingKeyKind::SecretOrDer(key), Kind::Rsa) => PublicEncryptingKey::from_der(key).is_ok(),
            (DecodingKeyKind::RsaModulusExponent { n, e }, _) => {
                TryInto::<PublicEncryptingKey>::try_into(RsaPublicKeyComponents { n, e }).is_ok()
            }
            (DecodingKeyKind::SecretOrDer(key), Kind::P256) => parses(&ECDSA_P256_SHA256_FIXED, key),
            (DecodingKeyKind::SecretOrDer(key), Kind::P384) => parses(&ECDSA_P384_SHA384_FIXED, key),
            (DecodingKeyKind::SecretOrDer(key), Kind::Ed25519) => parses(&ED25519, key),
        };
        if good { Ok(self) } else { Err(KeyError::Invalid(self.algorithm)) }
    }
}

/// As far as the key says: `use` and `key_ops`.
fn is_for_verifying(jwk: &Jwk) -> bool {
    let used = jwk.common.public_key_use.as_ref().is_none_or(|usage| *usage == PublicKeyUse::Signature);
    let operations = jwk.common.key_operations.as_ref();
    used && operations.is_none_or(|all| all.contains(&KeyOperations::Verify))
}

impl fmt::Debug for Key {
    /// Says which key it is, not the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("id", &self.id)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}
