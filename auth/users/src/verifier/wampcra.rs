//! WAMP-CRA: the key that challenges are signed with, plain or derived.
//!
//! ```text
//!   plain    key = the secret
//!   salted   key = base64(PBKDF2-HMAC-SHA-256(secret, salt, iterations, keylen)), the salt being taken as text
//! ```
//!
//! The specification leaves open what the key of the salted kind is; this is what Autobahn's clients make of it. Who has
//! the derived key can log in with it here, but does not know the secret, nor any key derived from it with another salt.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::{VerifierError, pbkdf2_iterations};
use crate::crypto::{self, LENGTH};
use crate::decoy::Verifier;

/// How clients get from the secret to the key; part of the challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Salting {
    /// Used as the text that it is.
    pub salt: String,
    /// Rounds of PBKDF2.
    pub iterations: u32,
    /// Length of the derived key in octets, before base64.
    pub keylen: u32,
}

/// Signs challenges as the user would.
#[derive(Clone)]
pub struct WampCra {
    key: Zeroizing<Vec<u8>>,
    salting: Option<Salting>,
}

/// Lengths that a derived key may have.
const KEYLEN: std::ops::RangeInclusive<u32> = 16..=512;

impl WampCra {
    /// For a secret that is known as it is, such as a random one shared by two machines.
    pub fn plain(secret: &str) -> Self {
        WampCra { key: Zeroizing::new(secret.as_bytes().to_vec()), salting: None }
    }

    /// For a key that was derived before; `key` is base64, as Autobahn's `derive_key` writes it.
    ///
    /// # Errors
    /// What does not fit.
    pub fn salted(salting: Salting, key: &str) -> Result<Self, VerifierError> {
        salting.check()?;
        let octets = STANDARD.decode(key).map(Zeroizing::new);
        let octets = octets.map_err(|_| VerifierError::new("has a key that is not base64"))?;
        if octets.len() != salting.keylen as usize {
            let text = format!("has a key of {} octets, but keylen = {}", octets.len(), salting.keylen);
            return Err(VerifierError::new(text));
        }
        Ok(WampCra { key: Zeroizing::new(key.as_bytes().to_vec()), salting: Some(salting) })
    }

    /// The key of a secret, base64. Takes as long as there are iterations.
    ///
    /// # Errors
    /// What does not fit.
    pub fn derive(secret: &str, salting: &Salting) -> Result<Zeroizing<String>, VerifierError> {
        salting.check()?;
        let iterations = pbkdf2_iterations(salting.iterations)?;
        let salt = salting.salt.as_bytes();
        let key = crypto::pbkdf2(secret.as_bytes(), salt, iterations, salting.keylen as usize);
        Ok(Zeroizing::new(STANDARD.encode(&*key)))
    }

    /// What the client has to be told to get at the key; `None`: the secret is the key.
    pub fn salting(&self) -> Option<&Salting> {
        self.salting.as_ref()
    }

    /// Whether this is the user's signature of a challenge: the base64 text of the HMAC, and no other spelling of it.
    pub fn has_signed(&self, challenge: &str, signature: &str) -> bool {
        let expected = STANDARD.encode(crypto::hmac(&self.key, challenge.as_bytes()));
        crypto::equal(expected.as_bytes(), signature.as_bytes())
    }
}

impl Salting {
    /// What new keys are derived with: a random salt, 32 octets, and as many rounds as a client does in some 50 ms.
    pub fn random() -> Self {
        Salting { salt: STANDARD.encode(crypto::random::<16>()), iterations: 100_000, keylen: 32 }
    }

    fn check(&self) -> Result<(), VerifierError> {
        pbkdf2_iterations(self.iterations)?;
        if !(1..=256).contains(&self.salt.len()) {
            return Err(VerifierError::new("needs a salt of 1 to 256 octets"));
        }
        if !KEYLEN.contains(&self.keylen) {
            let text =
                format!("has keylen = {}; allowed: {} to {}", self.keylen, KEYLEN.start(), KEYLEN.end());
            return Err(VerifierError::new(text));
        }
        Ok(())
    }
}

impl fmt::Debug for WampCra {
    /// Shows the kind alone.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WampCra").field(&self.kind()).finish()
    }
}

/// `None` for a plain secret.
pub(crate) type WampCraKind = Option<SaltingKind>;

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SaltingKind {
    salt_len: usize,
    iterations: u32,
    keylen: u32,
}

impl Verifier for WampCra {
    const METHOD: &'static str = "wampcra";
    type Kind = WampCraKind;

    fn kind(&self) -> WampCraKind {
        let Salting { salt, iterations, keylen } = self.salting.as_ref()?;
        Some(SaltingKind { salt_len: salt.len(), iterations: *iterations, keylen: *keylen })
    }

    fn usual() -> WampCraKind {
        None
    }

    fn decoy(kind: &WampCraKind, octets: impl Fn(&str, usize) -> Zeroizing<Vec<u8>>) -> Self {
        let salting = kind.as_ref().map(|kind| Salting {
            salt: salt_text(kind.salt_len, &octets),
            iterations: kind.iterations,
            keylen: kind.keylen,
        });
        WampCra { key: octets("key", LENGTH), salting }
    }
}

/// A salt of that many characters, as base64 of random octets would look: with padding where that has it.
fn salt_text(len: usize, octets: impl Fn(&str, usize) -> Zeroizing<Vec<u8>>) -> String {
    // 24 characters are 16 octets with two `=`; the lengths of other paddings are the same, so the usual one is taken.
    if len == 24 {
        return STANDARD.encode(&*octets("salt", 16));
    }
    let mut text = STANDARD.encode(&*octets("salt", len));
    text.truncate(len);
    text
}
