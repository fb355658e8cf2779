//! WAMP-CRA: the client signs a challenge with a shared secret, which does not travel.
//!
//! ```text
//!   HELLO {authmethods: ["wampcra"], authid: "joe"} ──> CHALLENGE {challenge: "{...}", salt, iterations, keylen}
//!                                                           │   with a derived key only ─────────────┘
//!   WELCOME <── AUTHENTICATE base64(HMAC-SHA-256(key, challenge as it was sent))
//! ```
//!
//! The connection is not protected by it: who can read it can guess at weak secrets, who can write to it has the session.
//!
//! Law: an unknown user takes the same steps as a wrong signature, and its challenge looks like that of others.

use std::time::SystemTime;

use async_trait::async_trait;
use crossway_core::Dict;
use crossway_core::auth::{AuthError, AuthRequest, Authenticator, Challenger, Identity};
use crossway_core::time::rfc3339;
use crossway_users::{Principal, Salting, User, Users};
use serde_json::json;

/// Lets in who signs with a key.
#[derive(Clone, Debug, Default)]
pub struct WampCra {
    users: Users,
}

impl WampCra {
    /// Nobody yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Those of the users who have a key for WAMP-CRA.
    pub fn of(users: Users) -> Self {
        WampCra { users }
    }

    /// Lets in who signs with `secret` as `authid`, with a role. A second secret for the same `authid` replaces the first.
    #[must_use]
    pub fn user(self, authid: impl Into<String>, secret: impl AsRef<str>, role: impl Into<String>) -> Self {
        let user = User::new(authid, role).wampcra(crossway_users::WampCra::plain(secret.as_ref()));
        WampCra { users: self.users.and(user) }
    }
}

#[async_trait]
impl Authenticator for WampCra {
    fn method(&self) -> &str {
        "wampcra"
    }

    async fn authenticate(
        &self,
        request: &AuthRequest,
        challenger: &mut dyn Challenger,
    ) -> Result<Identity, AuthError> {
        let authid = crossway_users::authid(request, self.method())?;
        let asked = self.users.now().await.wampcra(authid);
        let challenge = challenge(asked.claimed(), request.session);
        let extra = Dict::new().with("challenge", challenge.as_str());
        let extra = match asked.verifier.salting() {
            None => extra,
            Some(Salting { salt, iterations, keylen }) => extra
                .with("salt", salt.as_str())
                .with("iterations", u64::from(*iterations))
                .with("keylen", u64::from(*keylen)),
        };
        let response = challenger.challenge(extra).await?;
        // Who was taken out meanwhile, or has another secret by now, does not get in with this one.
        let candidate = self.users.now().await.wampcra(authid);
        let signed = candidate.verifier.has_signed(&challenge, &response.signature);
        candidate.admitted(signed)
    }
}

/// What the client signs: JSON, whose octets count. Never the same twice.
fn challenge(claimed: &Principal, session: u64) -> String {
    let identity = claimed.identity();
    json!({
        "authid": identity.authid,
        "authrole": identity.authrole,
        "authmethod": "wampcra",
        "authprovider": identity.authprovider,
        "nonce": crossway_users::nonce(),
        "timestamp": rfc3339(SystemTime::now()),
        "session": session,
    })
    .to_string()
}
