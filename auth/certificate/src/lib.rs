//! Authentication by TLS client certificates; the method is called `tls`, as other routers call it.
//!
//! ```text
//!   TLS: certificate, verified ──> HELLO {authmethods: ["tls"]} ──> the first rule that fits ──> WELCOME
//!                 none: the next method                             none: ABORT authentication_denied
//! ```
//!
//! The client has proved in TLS that the certificate is its own, so nothing is left to be asked. What a certificate may look
//! like is up to the authorities that the listener trusts; which user it stands for is said by rules, of which each knows a
//! certificate by one property.
//!
//! Law: no rule sees a certificate that was not verified, a certificate that fits no rule lets nobody in, and nothing that the
//! client says chooses among the rules that it fits.

mod subject;

use async_trait::async_trait;
use crossway_core::auth::{AuthError, AuthRequest, Authenticator, Challenger, Identity};
use crossway_users::{Principal, Users};

use subject::Subject;
pub use subject::{Fingerprint, NoFingerprint, Property};

/// Lets in whose certificate fits a rule.
#[derive(Clone, Debug, Default)]
pub struct Certificate {
    rules: Vec<Rule>,
    users: Option<Users>,
}

/// Whose certificate it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// What the certificate is known by.
    pub property: Property,
    /// The user; `None`: what the certificate is known by, as it stands there.
    pub authid: Option<String>,
    /// The user's role.
    pub role: String,
}

impl Certificate {
    /// Nobody yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// One more rule, looked at after those before it.
    #[must_use]
    pub fn rule(mut self, rule: Rule) -> Self {
        self.rules.push(rule);
        self
    }

    /// Users with fingerprints of their certificates, who are looked for where no rule fits.
    #[must_use]
    pub fn users(mut self, users: Users) -> Self {
        self.users = Some(users);
        self
    }
}

#[async_trait]
impl Authenticator for Certificate {
    fn method(&self) -> &str {
        "tls"
    }

    /// The certificate is whose the first rule that it fits says. A client that says who it is has to be that user: which rule
    /// decides is not up to the client.
    async fn authenticate(
        &self,
        request: &AuthRequest,
        _: &mut dyn Challenger,
    ) -> Result<Identity, AuthError> {
        let shown = request.transport.auth.as_ref().and_then(|auth| auth.certificates.first());
        let shown =
            shown.ok_or_else(|| AuthError::NotApplicable("there is no client certificate".to_owned()))?;
        let subject = Subject::read(shown).ok_or_else(AuthError::denied)?;
        let fits = |rule: &Rule| {
            let name = subject.known_by(&rule.property)?;
            Some(Identity::new(rule.authid.clone().unwrap_or(name), rule.role.clone(), "static"))
        };
        let owner = match (self.rules.iter().find_map(fits), &self.users) {
            (Some(owner), _) => Some(owner),
            (None, Some(users)) => {
                let roster = users.now().await;
                roster.by_certificate(Fingerprint::of(shown).octets()).map(Principal::identity)
            }
            (None, None) => None,
        };
        let wanted = |owner: &Identity| request.authid.as_ref().is_none_or(|wanted| *wanted == owner.authid);
        owner.filter(wanted).ok_or_else(AuthError::denied)
    }
}

#[cfg(test)]
mod tests;
