//! One user and the ways in which it may log in.

use std::sync::Arc;

use crate::roster::Principal;
use crate::verifier::{Scram, ScramDialect, Ticket, WampCra};

/// A user, built in code or read from a file.
///
/// ```
/// use crossway_users::{Ticket, User, Users, WampCra};
///
/// let joe = User::new("joe", "frontend").ticket(Ticket::plain("secret")).wampcra(WampCra::plain("other secret"));
/// let users = Users::of([joe]);
/// ```
#[derive(Clone, Debug)]
pub struct User {
    pub(crate) principal: Principal,
    pub(crate) ticket: Option<Arc<Ticket>>,
    pub(crate) wampcra: Option<Arc<WampCra>>,
    /// The specification's, and Autobahn's.
    pub(crate) scram: [Option<Arc<Scram>>; 2],
    pub(crate) keys: Vec<[u8; 32]>,
    pub(crate) certificates: Vec<[u8; 32]>,
}

impl User {
    /// A user with a role, and no way to log in yet.
    pub fn new(authid: impl Into<String>, role: impl Into<String>) -> Self {
        User {
            principal: Principal::new(authid, role),
            ticket: None,
            wampcra: None,
            scram: [None, None],
            keys: Vec::new(),
            certificates: Vec::new(),
        }
    }

    /// The name.
    pub fn authid(&self) -> &str {
        &self.principal.authid
    }

    /// The role.
    pub fn role(&self) -> &str {
        &self.principal.role
    }

    /// Who shows this ticket.
    #[must_use]
    pub fn ticket(mut self, ticket: Ticket) -> Self {
        self.ticket = Some(Arc::new(ticket));
        self
    }

    /// Who signs with this key.
    #[must_use]
    pub fn wampcra(mut self, key: WampCra) -> Self {
        self.wampcra = Some(Arc::new(key));
        self
    }

    /// Who knows the password of these keys, in one dialect.
    #[must_use]
    pub fn scram(mut self, dialect: ScramDialect, keys: Scram) -> Self {
        self.scram[dialect as usize] = Some(Arc::new(keys));
        self
    }

    /// Who has the private key of this Ed25519 key (cryptosign). A user may have several.
    #[must_use]
    pub fn key(mut self, public_key: [u8; 32]) -> Self {
        self.keys.push(public_key);
        self
    }

    /// Its Ed25519 keys.
    pub fn keys(&self) -> &[[u8; 32]] {
        &self.keys
    }

    /// Who shows the client certificate with this SHA-256 fingerprint. A user may have several.
    #[must_use]
    pub fn certificate(mut self, fingerprint: [u8; 32]) -> Self {
        self.certificates.push(fingerprint);
        self
    }
}
