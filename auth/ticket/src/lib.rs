//! Ticket authentication: the client shows a shared secret.
//!
//! The secret travels as it is, so this is for TLS, Unix sockets and loopback. One CHALLENGE, one AUTHENTICATE:
//!
//! ```text
//!   HELLO {authmethods: ["ticket"], authid: "joe"} ──> CHALLENGE "ticket" ──> AUTHENTICATE "secret" ──> WELCOME
//! ```
//!
//! Law: an unknown user takes the same steps as a wrong ticket and gets the same answer.

use async_trait::async_trait;
use crossway_core::Dict;
use crossway_core::auth::{AuthError, AuthRequest, Authenticator, Challenger, Identity};
use crossway_users::{Kdf, User, Users};

/// Lets in who knows a ticket.
#[derive(Clone, Debug, Default)]
pub struct Ticket {
    users: Users,
    kdf: Kdf,
}

impl Ticket {
    /// Nobody yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Those of the users who have a ticket.
    pub fn of(users: Users) -> Self {
        Ticket { users, kdf: Kdf::shared() }
    }

    /// Has hashed tickets checked by threads of one's own instead of those of the process.
    #[must_use]
    pub fn kdf(self, kdf: Kdf) -> Self {
        Ticket { kdf, ..self }
    }

    /// Lets in who shows `ticket` as `authid`, with a role. A second ticket for the same `authid` replaces the first.
    #[must_use]
    pub fn user(self, authid: impl Into<String>, ticket: impl AsRef<str>, role: impl Into<String>) -> Self {
        let user = User::new(authid, role).ticket(crossway_users::Ticket::plain(ticket.as_ref()));
        Ticket { users: self.users.and(user), ..self }
    }
}

#[async_trait]
impl Authenticator for Ticket {
    fn method(&self) -> &str {
        "ticket"
    }

    async fn authenticate(
        &self,
        request: &AuthRequest,
        challenger: &mut dyn Challenger,
    ) -> Result<Identity, AuthError> {
        let authid = crossway_users::authid(request, self.method())?;
        let response = challenger.challenge(Dict::new()).await?;
        let candidate = self.users.now().await.ticket(authid);
        let fits = candidate.verifier.admits(&response.signature, &self.kdf).await?;
        candidate.admitted(fits)
    }
}
