//! WAMP-SCRAM: the client proves that it knows a password, and the router that it knows the user.
//!
//! ```text
//!   HELLO {authextra: {nonce, channel_binding}} ──> CHALLENGE {nonce, salt, kdf, iterations, memory}
//!                                                       │
//!   WELCOME {authextra: {verifier}} <── AUTHENTICATE proof {nonce, channel_binding, cbind_data}
//! ```
//!
//! The password does not travel, and the router can't log in elsewhere with what it keeps. The slow part is the client's: a
//! login costs the router a few HMACs. With a channel binding the client knows that nobody stands in the connection.
//!
//! There are two dialects with names of their own: `wamp-scram` is that of the specification, `scram` that of
//! autobahn-python and Crossbar, which have no channel binding and no answer but the proof.
//!
//! Law: an unknown user takes the same steps as a wrong proof, and its challenge looks like that of others.

mod binding;
mod exchange;

use std::borrow::Cow;

use async_trait::async_trait;
use crossway_core::auth::{AuthError, AuthRequest, Authenticator, Challenger, Identity};
use crossway_users::{ScramDialect, Users, prepared};

use exchange::Exchange;

/// Lets in who knows a password.
#[derive(Clone, Debug)]
pub struct Scram {
    dialect: ScramDialect,
    users: Users,
}

impl Scram {
    /// Those of the users who have keys for a dialect. For both dialects a realm has two of these.
    pub fn of(dialect: ScramDialect, users: Users) -> Self {
        Scram { dialect, users }
    }
}

#[async_trait]
impl Authenticator for Scram {
    fn method(&self) -> &str {
        self.dialect.method()
    }

    fn account<'a>(&self, authid: &'a str) -> Cow<'a, str> {
        crossway_users::account(authid)
    }

    async fn authenticate(
        &self,
        request: &AuthRequest,
        challenger: &mut dyn Challenger,
    ) -> Result<Identity, AuthError> {
        let sent = crossway_users::authid(request, self.method())?;
        let authid = prepared(sent).ok_or_else(AuthError::denied)?;
        let exchange = Exchange::begin(self.dialect, request, sent, &authid)?;
        let asked = self.users.now().await.scram(self.dialect, &authid);
        let response = challenger.challenge(exchange.challenge(&asked.verifier)).await?;
        // Who was taken out meanwhile, or has another password by now, does not get in with this one.
        let candidate = self.users.now().await.scram(self.dialect, &authid);
        let message = exchange.auth_message(&candidate.verifier);
        let verifier = candidate.verifier.check(message.as_bytes(), &response.signature);
        let consistent = exchange.is_continued_by(&response.extra);
        let mut identity = candidate.admitted(consistent & verifier.is_some())?;
        identity.authextra = exchange.last_word(verifier.as_deref().unwrap_or_default());
        Ok(identity)
    }
}
