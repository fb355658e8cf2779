//! Who may join: the [`Authenticator`] trait.
//!
//! ```text
//!   HELLO ──> realm found ──> authmethods of the client, in its order, met with those of the realm
//!                                   │   and those of the listener; none in common: ABORT no_matching_auth_method,
//!                                   │   or authentication_required for who wants to be anonymous
//!                                   v
//!              ┌───> Authenticator::authenticate ──(any number of)──> CHALLENGE / AUTHENTICATE
//!              │                    │
//!       NotApplicable: the next ────┼──── Err(AuthError)
//!                                   │      ABORT with the error's URI
//!                              Ok(Identity) ──> the role that HELLO asked for? ──> WELCOME
//!                                                    │ another: ABORT no_such_role
//! ```

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use crate::caller::Procedures;
use crate::secret::Secret;
use crate::transport::TransportInfo;
use crate::uri;
use crate::value::Dict;

/// One way of logging in. One value serves all handshakes of a realm, many at the same time.
#[async_trait]
pub trait Authenticator: Send + Sync + 'static {
    /// The name in `HELLO.Details.authmethods` and `WELCOME.Details.authmethod`: `ticket`.
    fn method(&self) -> &str;

    /// Called before anybody logs in, once for every realm that has this authenticator. One that asks WAMP procedures
    /// gives it to its [`Caller`](crate::caller::Caller).
    fn bind(&self, _procedures: &Procedures) {}

    /// Decides who the client is.
    ///
    /// Called once per handshake that chose this method. It may send any number of challenges. The whole handshake
    /// stands under the router's handshake timeout; when that strikes, or the client leaves, the future is dropped at
    /// its current await point, so nothing here needs a timeout of its own.
    ///
    /// # Errors
    /// Why the client may not join; it is told with ABORT. Say [`AuthError::Denied`] for wrong credentials *and* for
    /// unknown users, so that nobody can find out which names exist. To panic is to say [`AuthError::Failed`].
    async fn authenticate(
        &self,
        request: &AuthRequest,
        challenger: &mut dyn Challenger,
    ) -> Result<Identity, AuthError>;

    /// By which name failures to log in as `authid` are counted, for methods to which different texts are one user. As it is, by
    /// default. Called before [`authenticate`](Self::authenticate), whoever knows the user.
    fn account<'a>(&self, authid: &'a str) -> Cow<'a, str> {
        Cow::Borrowed(authid)
    }

    /// Somebody was let in by `method`, this one or another one of the realm. Called before WELCOME, for those who remember;
    /// it has to be quick.
    fn admitted(&self, _request: &AuthRequest, _identity: &Identity, _method: &str) {}
}

/// What the client said in HELLO, and how it is connected.
#[derive(Clone, Debug)]
pub struct AuthRequest {
    /// The realm it wants to join.
    pub realm: String,
    /// `HELLO.Details.authid`: who it says it is.
    pub authid: Option<String>,
    /// `HELLO.Details.authrole`: the role that it wants. Whoever gets another one is turned away, so no authenticator has to
    /// look; it is here for those who know one user in several roles.
    pub authrole: Option<String>,
    /// `HELLO.Details.authextra`.
    pub authextra: Dict,
    /// The session id that WELCOME will carry if this succeeds (WAMP-CRA signs it).
    pub session: u64,
    /// The connection.
    pub transport: Arc<TransportInfo>,
}

/// Sends CHALLENGE and waits for AUTHENTICATE; the router's side of an authenticator.
#[async_trait]
pub trait Challenger: Send {
    /// One round.
    ///
    /// # Errors
    /// [`AuthError::Gone`] when there is nobody to ask; pass it on with `?`. Where the client leaves or sends something other than
    /// AUTHENTICATE, the authenticator is dropped at this await point.
    async fn challenge(&mut self, extra: Dict) -> Result<Response, AuthError>;
}

/// What the client answered to a challenge.
#[derive(Clone)]
pub struct Response {
    /// `AUTHENTICATE.Signature`: with `ticket` the ticket itself.
    pub signature: Secret,
    /// `AUTHENTICATE.Extra`.
    pub extra: Dict,
}

impl fmt::Debug for Response {
    /// What is in it may be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Response")
    }
}

/// Who a session is, as WELCOME says it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Identity {
    /// The user, or a generated name for anonymous sessions.
    pub authid: String,
    /// The role, which decides on permissions.
    pub authrole: String,
    /// Who knows the user: `static`, `dynamic`, a database.
    pub authprovider: String,
    /// What else the method has to say to the client: `WELCOME.Details.authextra`, left out if empty.
    pub authextra: Dict,
}

impl Identity {
    /// A user with a role, and who knows it.
    pub fn new(
        authid: impl Into<String>,
        authrole: impl Into<String>,
        authprovider: impl Into<String>,
    ) -> Self {
        Identity {
            authid: authid.into(),
            authrole: authrole.into(),
            authprovider: authprovider.into(),
            authextra: Dict::new(),
        }
    }
}

/// Why a client may not join.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// The method can't decide about this client, which has no certificate, no cookie, no key to show: the next one of its
    /// methods is tried, and if there is none it is told this. Must not depend on whether a user exists.
    #[error("{0}")]
    NotApplicable(String),
    /// Wrong credentials, or no such user.
    #[error("{0}")]
    Denied(String),
    /// The method itself failed; the client can't help it.
    #[error("{0}")]
    Failed(String),
    /// The handshake ended before there was anything to decide.
    #[error("the handshake was given up")]
    Gone,
}

impl AuthError {
    /// Wrong credentials and unknown users alike, in the same words.
    pub fn denied() -> Self {
        AuthError::Denied("wrong credentials".to_owned())
    }

    /// The URI in ABORT (section AUTH of the specification).
    pub fn uri(&self) -> &'static str {
        match self {
            AuthError::Denied(_) | AuthError::NotApplicable(_) => uri::AUTHENTICATION_DENIED,
            AuthError::Failed(_) | AuthError::Gone => uri::AUTHENTICATION_FAILED,
        }
    }
}
