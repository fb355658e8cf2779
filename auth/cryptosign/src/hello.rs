//! What HELLO says for this method: `authextra`.

use crossway_core::auth::AuthError;
use crossway_core::{Dict, Value};

use crate::hex;
use crate::key::{KeyError, LENGTH, PublicKey};

/// `HELLO.Details.authextra`. Certificates and trustroots are not looked at.
#[derive(Debug)]
pub(crate) struct Offer<'a> {
    /// The key that the client says it has.
    pub(crate) key: PublicKey,
    /// What the client wants the router to sign.
    pub(crate) challenge: Option<[u8; LENGTH]>,
    /// The kind of channel binding that the client asks for.
    pub(crate) channel_binding: Option<&'a str>,
}

impl<'a> Offer<'a> {
    /// # Errors
    /// `NotApplicable` without a key; `Denied` where something has another shape than it should.
    pub(crate) fn read(authextra: &'a Dict) -> Result<Self, AuthError> {
        let Some(key) = text(authextra, "pubkey")? else {
            return Err(AuthError::NotApplicable("cryptosign needs authextra.pubkey".to_owned()));
        };
        let key = PublicKey::parse(key).map_err(|error: KeyError| wrong("pubkey", &error.to_string()))?;
        let challenge = text(authextra, "challenge")?.map(|text| {
            hex::decode(text).ok_or_else(|| wrong("challenge", "a challenge has 64 hexadecimal digits"))
        });
        let channel_binding = text(authextra, "channel_binding")?;
        Ok(Offer { key, challenge: challenge.transpose()?, channel_binding })
    }
}

/// Clients send `null` for what they don't have.
fn text<'a>(authextra: &'a Dict, key: &str) -> Result<Option<&'a str>, AuthError> {
    match authextra.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Text(text)) => Ok(Some(text)),
        Some(_) => Err(wrong(key, "it has to be a string")),
    }
}

fn wrong(key: &str, why: &str) -> AuthError {
    AuthError::Denied(format!("authextra.{key}: {why}"))
}
