//! JWT authentication: the client shows a token (RFC 7519) that an issuer has signed, and that says who it is.
//!
//! ```text
//!   upgrade with `Authorization: Bearer TOKEN`, HELLO {authmethods: ["jwt"]} ────────────────────────────> WELCOME
//!   HELLO {authmethods: ["jwt"]}    ──> CHALLENGE "jwt"    ──> AUTHENTICATE TOKEN ───────────────────────> WELCOME
//!   HELLO {authmethods: ["ticket"]} ──> CHALLENGE "ticket" ──> AUTHENTICATE TOKEN ── or a ticket, where ─> WELCOME
//!                                                              both may be shown: see `TokenOrTicket`
//! ```
//!
//! A token is a secret for as long as it holds, so this is for TLS, Unix sockets and loopback. A session is not ended when its
//! token expires.
//!
//! Law: a token holds if a key of the router verifies it with the key's own algorithm, it has not expired, and everything
//! that was configured to be asked of it is there. Whatever is wrong with one, the client gets the same answer; the log says more.

mod claims;
mod key;
mod keys;
mod ticket;
mod token;

use std::sync::Arc;

use async_trait::async_trait;
use crossway_core::Dict;
use crossway_core::auth::{AuthError, AuthRequest, Authenticator, Challenger, Identity};

pub use crossway_watched::{FileError, FileOptions};
pub use jsonwebtoken::Algorithm;

pub use self::claims::Mapping;
pub use self::key::{ALGORITHMS, Key, KeyError, is_symmetric};
pub use self::keys::{Keys, MAX_KEYS};
pub use self::ticket::TokenOrTicket;
pub use self::token::{MAX_TOKEN, Tokens};

/// Lets in who shows a good token, under the method `jwt`.
#[derive(Clone, Debug)]
pub struct Jwt {
    tokens: Arc<Tokens>,
    header: bool,
    challenge: bool,
}

impl Jwt {
    /// Tokens in the header `Authorization` of the request that opened the transport, and as answers to a challenge.
    pub fn new(tokens: Arc<Tokens>) -> Self {
        Jwt { tokens, header: true, challenge: true }
    }

    /// Tokens in the header only: who has none is left to the next method.
    #[must_use]
    pub fn header_only(self) -> Self {
        Jwt { challenge: false, ..self }
    }

    /// Tokens as answers to a challenge only.
    #[must_use]
    pub fn challenge_only(self) -> Self {
        Jwt { header: false, ..self }
    }
}

#[async_trait]
impl Authenticator for Jwt {
    fn method(&self) -> &str {
        "jwt"
    }

    async fn authenticate(
        &self,
        request: &AuthRequest,
        challenger: &mut dyn Challenger,
    ) -> Result<Identity, AuthError> {
        match bearer(request).filter(|_| self.header) {
            Some(token) => judge(&self.tokens, token, request).await,
            None if self.challenge => {
                let response = challenger.challenge(Dict::new()).await?;
                judge(&self.tokens, &response.signature, request).await
            }
            None => Err(AuthError::NotApplicable("jwt needs a header `Authorization: Bearer`".to_owned())),
        }
    }
}

/// The token in the header `Authorization`, whose scheme is spelt in any case (RFC 6750).
fn bearer(request: &AuthRequest) -> Option<&str> {
    let header = request.transport.auth.as_ref()?.authorization.as_ref()?;
    let (scheme, token) = header.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Who shows `token`. Why it is no good is for the log; the token is not.
async fn judge(tokens: &Tokens, token: &str, request: &AuthRequest) -> Result<Identity, AuthError> {
    let claims = tokens.verified(token).await;
    let identity = claims.and_then(|claims| tokens.mapping.identity(&claims, request));
    identity.map_err(|why| {
        tracing::debug!(peer = %request.transport, realm = request.realm, "token refused: {why}");
        AuthError::denied()
    })
}

#[cfg(test)]
mod tests;
