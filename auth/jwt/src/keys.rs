//! All keys that tokens may be signed with: those known from the start, and those of a JWK set.

use std::sync::Arc;

use crossway_watched::{FileError, FileOptions, Watched};
use jsonwebtoken::Algorithm;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, JwkSet};
use zeroize::Zeroize;

use crate::key::{Key, KeyError};

/// As many as a set may have. A token without a key's name is tried with all that fit.
pub const MAX_KEYS: usize = 100;

/// Where keys are looked up.
#[derive(Debug, Default)]
pub struct Keys {
    fixed: Vec<Key>,
    file: Option<Arc<Watched<Vec<Key>>>>,
}

impl Keys {
    /// None yet: no token will do.
    pub fn new() -> Self {
        Self::default()
    }

    /// One more.
    #[must_use]
    pub fn key(mut self, key: Key) -> Self {
        self.fixed.push(key);
        self
    }

    /// Those of a JWK set as well (RFC 7517), which somebody else rewrites when the issuer changes its keys. Of the set, those
    /// for signatures count; the file is read now, and again when it has changed.
    ///
    /// # Errors
    /// The file can't be read, or is of no use as it is. Later, such a file leaves the keys as they were.
    pub fn jwks(mut self, file: FileOptions) -> Result<Self, FileError> {
        let parse = |text: &str| read(text).map_err(|error| error.to_string());
        self.file = Some(Arc::new(Watched::open(file, parse)?));
        Ok(self)
    }

    /// The keys that could have made a signature, by the algorithm and the name that a token says.
    pub(crate) async fn fitting(&self, algorithm: Algorithm, id: Option<&str>) -> Vec<Key> {
        let file = match &self.file {
            Some(file) => file.now().await,
            None => Arc::default(),
        };
        let fits = |key: &&Key| {
            key.algorithm == algorithm && (id.is_none() || key.id.is_none() || key.id.as_deref() == id)
        };
        self.fixed.iter().chain(file.iter()).filter(fits).cloned().collect()
    }
}

/// Why a JWK set is of no use.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JwksError {
    /// Not JSON, or no JWK set. Where it holds secrets, more of the parser's words could show some of one.
    #[error("no JWK set from line {0}, column {1} on")]
    Syntax(usize, usize),
    /// One of the keys is wrong.
    #[error("key {number} of the set: {error}")]
    Key {
        /// Counted from 1.
        number: usize,
        /// What is wrong with it.
        error: KeyError,
    },
    /// More than [`MAX_KEYS`].
    #[error("there are more than {MAX_KEYS} keys in it")]
    TooMany,
    /// Nothing that tokens could be verified with.
    #[error("there is no key in it that verifies tokens")]
    Empty,
}

/// A set that has been read: the secrets in it are wiped when their keys are made.
struct Passing(JwkSet);

impl Drop for Passing {
    fn drop(&mut self) {
        for key in &mut self.0.keys {
            if let AlgorithmParameters::OctetKey(secret) = &mut key.algorithm {
                secret.value.zeroize();
            }
        }
    }
}

/// The keys of a JWK set that are for signatures; others are left out.
///
/// # Errors
/// What is wrong with it. Keys of unknown kinds are not.
pub(crate) fn read(text: &str) -> Result<Vec<Key>, JwksError> {
    let set = serde_json::from_str(text).map_err(|error| JwksError::Syntax(error.line(), error.column()))?;
    let set = Passing(set);
    let jwks = &set.0.keys;
    if jwks.len() > MAX_KEYS {
        return Err(JwksError::TooMany);
    }
    let key = |(at, jwk): (usize, &Jwk)| {
        Key::from_jwk(jwk).map_err(|error| JwksError::Key { number: at + 1, error }).transpose()
    };
    let keys = jwks.iter().enumerate().filter_map(key).collect::<Result<Vec<_>, _>>()?;
    if keys.is_empty() { Err(JwksError::Empty) } else { Ok(keys) }
}
