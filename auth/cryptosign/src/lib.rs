//! Cryptosign authentication: the client signs a challenge with an Ed25519 key that the router knows.
//!
//! Nothing secret travels, and the router knows nothing that could be stolen. One CHALLENGE, one AUTHENTICATE:
//!
//! ```text
//!   HELLO {authextra: {pubkey, channel_binding?, challenge?}}
//!     ──> CHALLENGE "cryptosign" {challenge: 32 random octets, channel_binding?, pubkey?, signature?}
//!     ──> AUTHENTICATE signature ++ message, where message = challenge, or challenge XOR channel id
//!     ──> WELCOME
//! ```
//!
//! With a key of its own, the router signs the client's challenge in the same way: the client knows whom it talks to before
//! it says anything.
//!
//! Law: who holds a key is asked after the client has proved to have it. So an unknown key and a wrong signature take the same
//! steps and get the same answer, and nobody finds out whose key is known but who has it.

mod binding;
mod hello;
mod key;
pub mod keyfile;

use std::fmt;

use async_trait::async_trait;
use crossway_core::Dict;
use crossway_core::auth::{AuthError, AuthRequest, Authenticator, Challenger, Identity};
use crossway_users::{Users, hex};

pub use self::binding::ChannelBinding;
use self::binding::{TLS_EXPORTER, message};
use self::hello::Offer;
use self::key::LENGTH;
pub use self::key::{KeyError, NoRandomness, PrivateKey, PublicKey};

/// Lets in who signs with a known key.
pub struct Cryptosign {
    users: Users,
    router: Option<PrivateKey>,
    binding: ChannelBinding,
}

impl Cryptosign {
    /// These users, as far as they have [keys](crossway_users::User::key); no key of the router, channel binding for those who want
    /// it.
    pub fn of(users: Users) -> Self {
        Cryptosign { users, router: None, binding: ChannelBinding::default() }
    }

    /// The key that the router proves its own identity with, to clients that ask.
    #[must_use]
    pub fn router_key(mut self, key: PrivateKey) -> Self {
        self.router = Some(key);
        self
    }

    /// Whether signatures are bound to the TLS connection.
    #[must_use]
    pub fn channel_binding(mut self, binding: ChannelBinding) -> Self {
        self.binding = binding;
        self
    }

    fn challenge(&self, offer: &Offer<'_>, challenge: &[u8; LENGTH], id: Option<&[u8; LENGTH]>) -> Dict {
        let mut extra = Dict::new().with("challenge", hex::encode(challenge));
        if id.is_some() {
            extra.insert("channel_binding", TLS_EXPORTER);
        }
        if let (Some(router), Some(asked)) = (&self.router, &offer.challenge) {
            extra.insert("pubkey", router.public().to_string());
            extra.insert("signature", router.sign(&message(asked, id)));
        }
        extra
    }
}

impl fmt::Debug for Cryptosign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cryptosign")
            .field("users", &self.users)
            .field("router", &self.router)
            .field("binding", &self.binding)
            .finish()
    }
}

#[async_trait]
impl Authenticator for Cryptosign {
    fn method(&self) -> &str {
        "cryptosign"
    }

    async fn authenticate(
        &self,
        request: &AuthRequest,
        challenger: &mut dyn Challenger,
    ) -> Result<Identity, AuthError> {
        let offer = Offer::read(&request.authextra)?;
        let id = self.binding.negotiate(offer.channel_binding, &request.transport)?;
        let mut challenge = [0; LENGTH];
        aws_lc_rs::rand::fill(&mut challenge).map_err(|_| AuthError::Failed(NoRandomness.to_string()))?;
        let response = challenger.challenge(self.challenge(&offer, &challenge, id.as_ref())).await?;
        if !is_signed(&response.signature, &offer.key, &message(&challenge, id.as_ref())) {
            return Err(AuthError::denied());
        }
        let roster = self.users.now().await;
        let holder = roster.by_key(offer.key.octets()).ok_or_else(AuthError::denied)?;
        match request.authid.as_deref() {
            Some(authid) if *authid != *holder.authid => Err(AuthError::denied()),
            _ => Ok(holder.identity()),
        }
    }
}

/// Whether an answer is a signature of `expected` with `expected` behind it, 96 octets in all.
fn is_signed(answer: &str, key: &PublicKey, expected: &[u8; LENGTH]) -> bool {
    let Some(octets) = hex::decode::<{ 3 * LENGTH }>(answer) else { return false };
    let (signature, signed) = octets.split_first_chunk::<{ 2 * LENGTH }>().expect("64 of 96 octets");
    signed == expected && key.verifies(expected, signature)
}

#[cfg(test)]
mod tests;
