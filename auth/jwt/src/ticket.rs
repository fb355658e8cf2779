//! Tokens for clients that know tickets only.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use crossway_core::Dict;
use crossway_core::auth::{AuthError, AuthRequest, Authenticator, Challenger, Identity, Response};

use crate::judge;
use crate::token::Tokens;

/// The method `ticket`, for tokens, and for tickets as well where there is somebody who knows them.
///
/// Which of the two was shown is told by how it looks, so by nothing that depends on users: a token has two dots, and no
/// characters but those of base64url. A ticket that looks like this is taken for a token.
#[derive(Clone)]
pub struct TokenOrTicket {
    tokens: Arc<Tokens>,
    tickets: Option<Arc<dyn Authenticator>>,
}

impl TokenOrTicket {
    /// Tokens alone.
    pub fn new(tokens: Arc<Tokens>) -> Self {
        TokenOrTicket { tokens, tickets: None }
    }

    /// What does not look like a token is left to `tickets`, an authenticator that challenges with nothing and is answered with
    /// the ticket.
    #[must_use]
    pub fn or(self, tickets: Arc<dyn Authenticator>) -> Self {
        TokenOrTicket { tickets: Some(tickets), ..self }
    }
}

impl fmt::Debug for TokenOrTicket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tickets = self.tickets.is_some();
        f.debug_struct("TokenOrTicket").field("tokens", &self.tokens).field("tickets", &tickets).finish()
    }
}

#[async_trait]
impl Authenticator for TokenOrTicket {
    fn method(&self) -> &str {
        "ticket"
    }

    async fn authenticate(
        &self,
        request: &AuthRequest,
        challenger: &mut dyn Challenger,
    ) -> Result<Identity, AuthError> {
        let response = challenger.challenge(Dict::new()).await?;
        match &self.tickets {
            Some(tickets) if !looks_like_a_token(&response.signature) => {
                let mut answered = Answered { response: Some(response), challenger };
                tickets.authenticate(request, &mut answered).await
            }
            _ => judge(&self.tokens, &response.signature, request).await,
        }
    }
}

fn looks_like_a_token(text: &str) -> bool {
    let part =
        |part: &str| part.bytes().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_'));
    text.split('.').count() == 3
        && text.split('.').take(2).all(|part| !part.is_empty())
        && text.split('.').all(part)
}

/// A client that has answered the first challenge already.
struct Answered<'a> {
    response: Option<Response>,
    challenger: &'a mut dyn Challenger,
}

#[async_trait]
impl Challenger for Answered<'_> {
    async fn challenge(&mut self, extra: Dict) -> Result<Response, AuthError> {
        match self.response.take() {
            Some(response) => Ok(response),
            None => self.challenger.challenge(extra).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::looks_like_a_token;

    #[test]
    fn tickets_and_tokens_look_different() {
        for token in ["e30.e30.AA", "eyJhbGciOiJub25lIn0.e30.", "a-b.c_d.E9"] {
            assert!(looks_like_a_token(token), "{token}");
        }
        for ticket in
            ["", "secret!!!", "..", "a.b", "a.b.c.d", "my.own ticket.really", "a..c", "analytical engine"]
        {
            assert!(!looks_like_a_token(ticket), "{ticket}");
        }
    }
}
