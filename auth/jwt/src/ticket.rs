//! Tokens for clients that know tickets only.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use crossway_core::Dict;
use crossway_core::auth::{AuthError, AuthRequest, Authenticator, Challenger, Identity, Response};
use crossway_core::caller::Procedures;

use crate::judge;
use crate::token::Tokens;

/// The method `ticket`, for tokens, and for tickets as well where there is somebody who knows them.
///
/// Which of the two was shown is told by how it looks, so by nothing that depends on users: a token has two dots, and no
/// characters but those of base64url. A ticket that looks like this is taken for a token.
///
/// Law: a token is worth nothing at a listener that does not allow the method `jwt`, whatever it is shown as.
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

    fn bind(&self, procedures: &Procedures) {
        if let Some(tickets) = &self.tickets {
            tickets.bind(procedures);
        }
    }

    async fn authenticate(
        &self,
        request: &AuthRequest,
        challenger: &mut dyn Challenger,
    ) -> Result<Identity, AuthError> {
        if !request.transport.allows("jwt") {
            return match &self.tickets {
                Some(tickets) => tickets.authenticate(request, challenger).await,
                None => Err(AuthError::NotApplicable("tokens are not taken here".to_owned())),
            };
        }
        let response = challenger.challenge(Dict::new()).await?;
        match &self.tickets {
            Some(tickets) if !looks_like_a_token(&response.signature) => {
                let mut answered = Answered { response: Some(response), challenger };
                tickets.authenticate(request, &mut answered).await
            }
            _ => judge(&self.tokens, &response.signature, request).await,
        }
    }

    fn admitted(&self, request: &AuthRequest, identity: &Identity, method: &str) {
        if let Some(tickets) = &self.tickets {
            tickets.admitted(request, identity, method);
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
    use std::sync::atomic::{AtomicBool, Ordering};

    use crossway_core::transport::TransportInfo;
    use crossway_core::{RealmConfig, Router};
    use jsonwebtoken::Algorithm;

    use super::*;
    use crate::{Key, Keys, Mapping};

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

    /// Takes every ticket, and notes what it was told.
    #[derive(Default)]
    struct Anything {
        bound: AtomicBool,
        admitted: AtomicBool,
    }

    #[async_trait]
    impl Authenticator for Anything {
        fn method(&self) -> &str {
            "ticket"
        }

        fn bind(&self, _: &Procedures) {
            self.bound.store(true, Ordering::Relaxed);
        }

        async fn authenticate(
            &self,
            _: &AuthRequest,
            challenger: &mut dyn Challenger,
        ) -> Result<Identity, AuthError> {
            let ticket = challenger.challenge(Dict::new()).await?.signature;
            Ok(Identity::new(&*ticket, "user", "static"))
        }

        fn admitted(&self, _: &AuthRequest, _: &Identity, _: &str) {
            self.admitted.store(true, Ordering::Relaxed);
        }
    }

    struct Shows(&'static str);

    #[async_trait]
    impl Challenger for Shows {
        async fn challenge(&mut self, _: Dict) -> Result<Response, AuthError> {
            Ok(Response { signature: self.0.into(), extra: Dict::new() })
        }
    }

    fn tokens() -> TokenOrTicket {
        let key = Key::secret(Algorithm::HS256, &[7; 32]).unwrap();
        TokenOrTicket::new(Arc::new(Tokens::new(Keys::new().key(key), Mapping::to_role("user"))))
    }

    fn request(methods: &[&str]) -> AuthRequest {
        let authmethods = Some(methods.iter().map(|method| (*method).to_owned()).collect());
        AuthRequest {
            realm: "realm1".to_owned(),
            authid: None,
            authrole: None,
            authextra: Dict::new(),
            session: 1,
            transport: Arc::new(TransportInfo { authmethods, ..TransportInfo::default() }),
        }
    }

    #[test]
    fn who_knows_tickets_is_told_what_authenticators_are_told() {
        let tickets = Arc::new(Anything::default());
        let both = tokens().or(Arc::clone(&tickets) as Arc<dyn Authenticator>);
        both.admitted(&request(&["ticket"]), &Identity::new("joe", "user", "static"), "ticket");
        assert!(tickets.admitted.load(Ordering::Relaxed));
        let realm = RealmConfig::new("realm1").authenticator(Arc::new(both));
        let _router = Router::builder().realm(realm).build().unwrap();
        assert!(tickets.bound.load(Ordering::Relaxed), "one that asks a procedure could not");
    }

    #[tokio::test]
    async fn a_listener_without_jwt_takes_no_tokens_as_tickets() {
        let both = tokens().or(Arc::new(Anything::default()));
        let show =
            async |methods: &[&str]| both.authenticate(&request(methods), &mut Shows("e30.e30.AA")).await;
        assert_eq!(show(&["jwt", "ticket"]).await, Err(AuthError::denied()), "a token, and a bad one");
        assert_eq!(show(&["ticket"]).await.unwrap().authid, "e30.e30.AA", "a ticket like others");
        let alone = tokens().authenticate(&request(&["ticket"]), &mut Shows("e30.e30.AA")).await;
        assert!(matches!(alone, Err(AuthError::NotApplicable(_))), "{alone:?}");
    }
}
