//! SCRAM: what RFC 5802 has the server store, and what it does with it.
//!
//! ```text
//!   SaltedPassword = KDF(password, salt, iterations, memory)        the client only, and once when the user is made
//!   ClientKey      = HMAC(SaltedPassword, "Client Key")
//!   StoredKey      = SHA-256(ClientKey)                             kept here
//!   ServerKey      = HMAC(SaltedPassword, "Server Key")             kept here
//!
//!   proof          = ClientKey XOR HMAC(StoredKey, AuthMessage)     sent by the client
//!   verifier       = HMAC(ServerKey, AuthMessage)                   sent by the router
//! ```
//!
//! A login costs the router a few HMACs, whatever the KDF costs the client.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use zeroize::Zeroizing;

use super::{VerifierError, pbkdf2_iterations};
use crate::crypto::{self, Argon2Cost, LENGTH};
use crate::decoy::{SALT, Verifier};
use crate::prepared;

/// How a client spells SCRAM; it tells by the name of the method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScramDialect {
    /// `wamp-scram`, as the specification has it.
    Spec,
    /// `scram`, as autobahn-python and Crossbar do it. With Argon2 the salted password is the base64 text of the hash, so
    /// the keys are others than those of the specification.
    Autobahn,
}

impl ScramDialect {
    /// The name of the method in HELLO, and of the key in the users file.
    pub fn method(self) -> &'static str {
        match self {
            ScramDialect::Spec => "wamp-scram",
            ScramDialect::Autobahn => "scram",
        }
    }
}

/// The function that makes passwords expensive to guess, with its costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScramKdf {
    /// PBKDF2 with HMAC-SHA-256.
    Pbkdf2 {
        /// Rounds; RFC 7677 wants at least 4096.
        iterations: u32,
    },
    /// Argon2id, version 1.3, with one lane.
    Argon2id {
        /// How often the memory is gone through.
        iterations: u32,
        /// In KiB.
        memory: u32,
    },
}

impl ScramKdf {
    /// What new users get: 64 MiB gone through three times, about 100 ms on the client.
    pub const ARGON2ID: ScramKdf = ScramKdf::Argon2id { iterations: 3, memory: 64 << 10 };
    /// What new users get where Argon2 is not to be had.
    pub const PBKDF2: ScramKdf = ScramKdf::Pbkdf2 { iterations: 600_000 };

    /// From the name in CHALLENGE, of either dialect, and the costs.
    ///
    /// # Errors
    /// Which of them does not fit.
    pub fn new(name: &str, iterations: u32, memory: Option<u32>) -> Result<Self, VerifierError> {
        let kdf = match (name, memory) {
            ("pbkdf2", None) => ScramKdf::Pbkdf2 { iterations },
            ("pbkdf2", Some(_)) => {
                return Err(VerifierError::new("has `memory`, which pbkdf2 has no use for"));
            }
            ("argon2id13" | "argon2id-13", Some(memory)) => ScramKdf::Argon2id { iterations, memory },
            ("argon2id13" | "argon2id-13", None) => {
                return Err(VerifierError::new("needs `memory` (in KiB) for argon2id13"));
            }
            _ => return Err(VerifierError::new("has an unknown `kdf`; allowed: argon2id13, pbkdf2")),
        };
        kdf.check().map(|()| kdf)
    }

    fn check(self) -> Result<(), VerifierError> {
        match self {
            ScramKdf::Pbkdf2 { iterations } if iterations < 4096 => {
                Err(VerifierError::new(format!("has {iterations} iterations; at least 4096 are needed")))
            }
            ScramKdf::Pbkdf2 { iterations } => pbkdf2_iterations(iterations).map(drop),
            ScramKdf::Argon2id { .. } if self.argon2().is_some() => Ok(()),
            ScramKdf::Argon2id { .. } => Err(VerifierError::new(
                "has `iterations` or `memory` (in KiB) that Argon2 can't do with, or beyond 1 GiB",
            )),
        }
    }

    fn argon2(self) -> Option<argon2::Params> {
        match self {
            ScramKdf::Pbkdf2 { .. } => None,
            ScramKdf::Argon2id { iterations, memory } => {
                Argon2Cost { memory, iterations, parallelism: 1 }.params()
            }
        }
    }

    /// The name in CHALLENGE.
    pub fn name(self, dialect: ScramDialect) -> &'static str {
        match (self, dialect) {
            (ScramKdf::Pbkdf2 { .. }, _) => "pbkdf2",
            (ScramKdf::Argon2id { .. }, ScramDialect::Spec) => "argon2id13",
            (ScramKdf::Argon2id { .. }, ScramDialect::Autobahn) => "argon2id-13",
        }
    }

    /// The `iterations` of CHALLENGE.
    pub fn iterations(self) -> u32 {
        match self {
            ScramKdf::Pbkdf2 { iterations } | ScramKdf::Argon2id { iterations, .. } => iterations,
        }
    }

    /// The `memory` of CHALLENGE, in KiB; none for PBKDF2.
    pub fn memory(self) -> Option<u32> {
        match self {
            ScramKdf::Pbkdf2 { .. } => None,
            ScramKdf::Argon2id { memory, .. } => Some(memory),
        }
    }
}

/// Checks a client's proof, and proves the router to the client.
#[derive(Clone)]
pub struct Scram {
    kdf: ScramKdf,
    salt: Vec<u8>,
    stored_key: Zeroizing<[u8; LENGTH]>,
    server_key: Zeroizing<[u8; LENGTH]>,
}

impl Scram {
    /// Of new salts, in octets.
    pub(crate) const SALT_LEN: usize = 16;

    /// From what was kept; salt and keys are base64.
    ///
    /// # Errors
    /// What does not fit.
    pub fn stored(
        kdf: ScramKdf,
        salt: &str,
        stored_key: &str,
        server_key: &str,
    ) -> Result<Self, VerifierError> {
        kdf.check()?;
        let decode = |name: &str, text: &str| {
            let octets = STANDARD.decode(text).map(Zeroizing::new);
            octets.map_err(|_| VerifierError::new(format!("has a `{name}` that is not base64")))
        };
        let key = |name: &str, text: &str| {
            let octets = <[u8; LENGTH]>::try_from(decode(name, text)?.as_slice()).map(Zeroizing::new);
            octets.map_err(|_| VerifierError::new(format!("needs a `{name}` of 32 octets")))
        };
        let salt = decode("salt", salt)?.to_vec();
        if !(8..=64).contains(&salt.len()) {
            return Err(VerifierError::new(format!("has a salt of {} octets; allowed: 8 to 64", salt.len())));
        }
        let (stored_key, server_key) = (key("stored_key", stored_key)?, key("server_key", server_key)?);
        Ok(Scram { kdf, salt, stored_key, server_key })
    }

    /// From a password, with a random salt. Takes as long as the KDF does.
    ///
    /// # Errors
    /// The costs do not fit, there is no memory, or the password has characters that passwords may not have.
    pub fn derive(dialect: ScramDialect, kdf: ScramKdf, password: &str) -> Result<Self, VerifierError> {
        Self::derive_from(dialect, kdf, &crypto::random::<{ Self::SALT_LEN }>(), password)
    }

    /// As [`derive`](Self::derive), with a salt that there is already. It has to be the user's alone.
    ///
    /// # Errors
    /// As there.
    pub fn derive_from(
        dialect: ScramDialect,
        kdf: ScramKdf,
        salt: &[u8],
        password: &str,
    ) -> Result<Self, VerifierError> {
        let salted = salted_password(dialect, kdf, salt, password)?;
        let client_key = Zeroizing::new(crypto::hmac(&salted, b"Client Key"));
        let stored_key = Zeroizing::new(crypto::sha256(&*client_key));
        let server_key = Zeroizing::new(crypto::hmac(&salted, b"Server Key"));
        Ok(Scram { kdf, salt: salt.to_vec(), stored_key, server_key })
    }

    /// The function and its costs, as the client is told.
    pub fn kdf(&self) -> ScramKdf {
        self.kdf
    }

    /// The salt as the client is told: base64.
    pub fn salt(&self) -> String {
        STANDARD.encode(&self.salt)
    }

    /// What goes into a file: the stored key and the server key, base64. With them one can pretend to be the router, not
    /// the user.
    pub fn keys(&self) -> [Zeroizing<String>; 2] {
        [&self.stored_key, &self.server_key].map(|key| Zeroizing::new(STANDARD.encode(key.as_slice())))
    }

    /// The router's own signature of the dialogue, base64, if the client's proof fits.
    ///
    /// The proof has to be canonical base64 of 32 octets.
    pub fn check(&self, auth_message: &[u8], proof: &str) -> Option<String> {
        let signature = crypto::hmac(&*self.stored_key, auth_message);
        let verifier = STANDARD.encode(crypto::hmac(&*self.server_key, auth_message));
        let proof = <[u8; LENGTH]>::try_from(STANDARD.decode(proof).ok()?).ok()?;
        let client_key = Zeroizing::new(std::array::from_fn::<u8, LENGTH, _>(|at| proof[at] ^ signature[at]));
        crypto::equal(&crypto::sha256(&*client_key), &*self.stored_key).then_some(verifier)
    }
}

fn salted_password(
    dialect: ScramDialect,
    kdf: ScramKdf,
    salt: &[u8],
    password: &str,
) -> Result<Zeroizing<Vec<u8>>, VerifierError> {
    kdf.check()?;
    let prepared = prepared(password);
    let normal = prepared
        .ok_or_else(|| VerifierError::new("has characters that passwords may not have (RFC 4013)"))?;
    let password = Zeroizing::new(match dialect {
        ScramDialect::Spec => normal.into_owned(),
        // autobahn-python normalizes the name alone.
        ScramDialect::Autobahn => password.to_owned(),
    });
    match (kdf, kdf.argon2()) {
        (ScramKdf::Argon2id { .. }, Some(params)) => {
            let hash = crypto::argon2id(password.as_bytes(), salt, params, LENGTH);
            let hash = hash.ok_or_else(|| VerifierError::new("needs more memory than there is"))?;
            Ok(match dialect {
                ScramDialect::Spec => hash,
                ScramDialect::Autobahn => Zeroizing::new(STANDARD_NO_PAD.encode(&*hash).into_bytes()),
            })
        }
        _ => {
            let iterations = pbkdf2_iterations(kdf.iterations())?;
            Ok(crypto::pbkdf2(password.as_bytes(), salt, iterations, LENGTH))
        }
    }
}

impl fmt::Debug for Scram {
    /// Shows the kind alone.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Scram").field(&self.kind()).finish()
    }
}

impl Verifier for Scram {
    const METHOD: &'static str = "scram";
    type Kind = (ScramKdf, usize);

    fn kind(&self) -> Self::Kind {
        (self.kdf, self.salt.len())
    }

    fn usual() -> Self::Kind {
        (ScramKdf::ARGON2ID, Self::SALT_LEN)
    }

    fn decoy((kdf, salt_len): &Self::Kind, octets: impl Fn(&str, usize) -> Zeroizing<Vec<u8>>) -> Self {
        let key = |purpose: &str| {
            let mut key = Zeroizing::new([0; LENGTH]);
            key.copy_from_slice(&octets(purpose, LENGTH));
            key
        };
        let salt = octets(SALT, *salt_len).to_vec();
        Scram { kdf: *kdf, salt, stored_key: key("stored key"), server_key: key("server key") }
    }
}
