//! Ticket authentication: the client shows a shared secret.
//!
//! The secret travels as it is, so this is for TLS, Unix sockets and loopback. One CHALLENGE, one AUTHENTICATE:
//!
//! ```text
//!   HELLO {authmethods: ["ticket"], authid: "joe"} ──> CHALLENGE "ticket" ──> AUTHENTICATE "secret" ──> WELCOME
//! ```
//!
//! Law: an unknown user takes the same steps as a wrong ticket and gets the same answer.

mod user;

use std::collections::HashMap;
use std::fmt;

use async_trait::async_trait;
use crossway_core::Dict;
use crossway_core::auth::{AuthError, AuthRequest, Authenticator, Challenger, Identity};
use user::User;

/// Lets in who knows a ticket.
#[derive(Default)]
pub struct Ticket {
    users: HashMap<String, User>,
}

impl Ticket {
    /// Nobody yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets in who shows `ticket` as `authid`, with a role. A second ticket for the same `authid` replaces the first.
    #[must_use]
    pub fn user(
        mut self,
        authid: impl Into<String>,
        ticket: impl Into<String>,
        role: impl Into<String>,
    ) -> Self {
        self.users.insert(authid.into(), User::new(ticket.into(), role.into()));
        self
    }
}

impl fmt::Debug for Ticket {
    /// Names no user and no ticket.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket").field("users", &self.users.len()).finish()
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
        let authid = request
            .authid
            .as_deref()
            .ok_or_else(|| AuthError::Denied("ticket needs an authid".to_owned()))?;
        let response = challenger.challenge(Dict::new()).await?;
        let role = match self.users.get(authid) {
            Some(user) => user.role_for(&response.signature),
            None => User::nobody().role_for(&response.signature),
        };
        match role {
            Some(role) => Ok(Identity::new(authid, role, "static")),
            None => Err(AuthError::denied()),
        }
    }
}
