//! Authentication decided by somebody else: a [`Decider`] is told who wants to join and says who that is.
//!
//! ```text
//!   HELLO ──> what the method asks of the client ──> Question ──> cache ──> Decider ──> Verdict ──> WELCOME
//!             ticket: one CHALLENGE                    answered before, │      │
//!             others: nothing                          and it said so ──┘      ├─ Procedure: a WAMP procedure
//!                                                                              └─ anything else: an HTTP service
//! ```
//!
//! Law: only a clear yes is a yes. Errors, silence, answers that make no sense and routers without the procedure end in
//! `wamp.error.authentication_failed`; a no ends in `wamp.error.authentication_denied`, in the words of every other no.
//!
//! | file          | subject                                           |
//! |---------------|---------------------------------------------------|
//! | [`question`]  | what the decider is told                          |
//! | [`verdict`]   | what it says                                      |
//! | [`cache`]     | what it has said, where it permits to remember it |
//! | [`procedure`] | asking a WAMP procedure                           |

mod cache;
mod procedure;
mod question;
mod verdict;

use std::fmt;

use async_trait::async_trait;
use crossway_core::auth::{AuthError, AuthRequest, Authenticator, Challenger, Identity};
use crossway_core::caller::Procedures;
use crossway_core::{Dict, Id};

use cache::Cache;
pub use procedure::Procedure;
pub use question::Question;
use verdict::Verdict;
pub use verdict::{Decided, Undecided};

/// Whoever decides. It has to bound by itself how long it takes and how much it does at a time.
#[async_trait]
pub trait Decider: Send + Sync + 'static {
    /// Who is this?
    ///
    /// # Errors
    /// [`Undecided`]: no, or nobody knows.
    async fn decide(&self, question: &Question) -> Result<Decided, Undecided>;

    /// Who knows the users: `WELCOME.Details.authprovider`.
    fn provider(&self) -> &'static str {
        "dynamic"
    }

    /// Called when the router is built; see [`Authenticator::bind`].
    fn bind(&self, _procedures: &Procedures) {}
}

/// An authenticator that asks a [`Decider`].
pub struct Dynamic {
    method: String,
    decider: Box<dyn Decider>,
    cache: Cache,
}

/// The method demands a proof that only the router can check, and it can't yet for users that it does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsupported(pub String);

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} can't be decided by somebody else", self.0)
    }
}

impl std::error::Error for Unsupported {}

/// Here the client proves something to the router: to ask about it without the proof would be an open door.
const PROOFS: [&str; 4] = ["wampcra", "wamp-scram", "scram", "cryptosign"];

impl Dynamic {
    /// `method` as clients ask for it. `ticket` challenges them for their ticket; any other method asks nothing of them,
    /// so that the decider has HELLO and the connection to decide by.
    ///
    /// # Errors
    /// A method whose proof the router itself would have to check.
    pub fn new(method: impl Into<String>, decider: impl Decider) -> Result<Self, Unsupported> {
        let method = method.into();
        if !Self::can_decide(&method) {
            return Err(Unsupported(method));
        }
        Ok(Dynamic { method, decider: Box::new(decider), cache: Cache::new(Self::MAX_CACHED) })
    }

    /// Whether somebody else can decide about clients with this method.
    pub fn can_decide(method: &str) -> bool {
        !PROOFS.contains(&method)
    }

    /// Verdicts that are remembered unless [`max_cached`](Self::max_cached) says otherwise.
    pub const MAX_CACHED: usize = 1024;

    /// How many verdicts are remembered at a time, of those that may be; the ones that end first are given up.
    #[must_use]
    pub fn max_cached(mut self, most: usize) -> Self {
        self.cache = Cache::new(most);
        self
    }

    /// What has been decided before, else what is decided now.
    async fn decide(&self, question: &Question) -> Result<Verdict, AuthError> {
        let key = self.cache.key(question);
        if let Some(verdict) = self.cache.get(&key) {
            return Ok(verdict);
        }
        let decided = self.decider.decide(question).await;
        let verdict = decided.and_then(|decided| Verdict::read(decided, question)).map_err(|undecided| {
            tracing::debug!(realm = question.realm, method = self.method, why = %undecided, "not let in");
            AuthError::from(undecided)
        })?;
        if let Some(lasts) = verdict.lasts {
            self.cache.put(key, verdict.clone(), lasts);
        }
        Ok(verdict)
    }
}

impl fmt::Debug for Dynamic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dynamic").field("method", &self.method).finish_non_exhaustive()
    }
}

#[async_trait]
impl Authenticator for Dynamic {
    fn method(&self) -> &str {
        &self.method
    }

    fn bind(&self, procedures: &Procedures) {
        self.decider.bind(procedures);
    }

    async fn authenticate(
        &self,
        request: &AuthRequest,
        challenger: &mut dyn Challenger,
    ) -> Result<Identity, AuthError> {
        let mut question = Question::new(request, &self.method);
        let mut claimed = None;
        if self.method == "ticket" {
            claimed.clone_from(&request.authid);
            if claimed.is_none() {
                return Err(AuthError::Denied("ticket needs an authid".to_owned()));
            }
            question.show_ticket(challenger.challenge(Dict::new()).await?.signature);
        }
        let Verdict { authid, role, extra, .. } = self.decide(&question).await?;
        // Where nothing was shown, the client does not choose its name: the decider does, or nobody.
        let authid = authid.or(claimed).unwrap_or_else(|| format!("{}-{}", self.method, Id::random()));
        let mut identity = Identity::new(authid, role, self.decider.provider());
        identity.authextra = extra;
        Ok(identity)
    }
}
