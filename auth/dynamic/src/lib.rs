//! Authentication decided by somebody else: a [`Decider`] is told who wants to join and says who that is.
//!
//! ```text
//!   HELLO ──> what the method asks of the client ──> Question ──> cache ──> Decider ──> Verdict ──> WELCOME
//!             ticket: one CHALLENGE                    answered before, │      │              ^
//!             others: nothing                          and it said so ──┘      │              └ wampcra, scram: proof first
//!                                                                              ├─ Procedure: a WAMP procedure
//!                                                                              └─ anything else: an HTTP service
//! ```
//!
//! Law: only a clear yes is a yes. Errors, silence, answers that make no sense and routers without the procedure end in
//! `wamp.error.authentication_failed`; a no ends in `wamp.error.authentication_denied`, in the words of every other no.
//!
//! | file          | subject                                           |
//! |---------------|---------------------------------------------------|
//! | `question`    | what the decider is told                          |
//! | `verdict`     | what it says                                      |
//! | `proof`       | methods in which the client proves something      |
//! | `cache`       | what it has said, where it permits to remember it |
//! | `procedure`   | asking a WAMP procedure                           |
//! | `authorizer`   | asking one what a session may do                 |

mod authorizer;
mod cache;
mod procedure;
mod proof;
mod question;
mod verdict;

use std::borrow::Cow;
use std::fmt;

use async_trait::async_trait;
use crossway_core::auth::{AuthError, AuthRequest, Authenticator, Challenger, Identity};
use crossway_core::caller::Procedures;
use crossway_core::{Dict, Id, Seldom, Value};

pub use authorizer::{ByRole, ProcedureAuthorizer};
use cache::Cache;
use crossway_users::ScramDialect;
pub use procedure::Procedure;
use proof::{Likeness, Scheme};
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
    scheme: Option<Scheme>,
    decider: Box<dyn Decider>,
    likeness: Likeness,
    cache: Cache,
    complaints: Seldom,
}

/// The methods with a proof, which is checked here: to ask about it without that would be an open door.
const SCHEMES: [(&str, Scheme); 4] = [
    ("wampcra", Scheme::WampCra),
    ("wamp-scram", Scheme::Scram(ScramDialect::Spec)),
    ("scram", Scheme::Scram(ScramDialect::Autobahn)),
    ("cryptosign", Scheme::Cryptosign),
];

impl Dynamic {
    /// `method` as clients ask for it. `ticket` challenges them for their ticket; with `wampcra`, `wamp-scram`, `scram` and
    /// `cryptosign` the decider says what their proof has to fit; any other method asks nothing of them, so that the decider
    /// has HELLO and the connection to decide by.
    pub fn new(method: impl Into<String>, decider: impl Decider) -> Self {
        let method = method.into();
        let scheme = SCHEMES.iter().find(|(name, _)| *name == method).map(|(_, scheme)| *scheme);
        let (likeness, cache) = (Likeness::new(), Cache::new(Self::MAX_CACHED));
        Dynamic { method, scheme, decider: Box::new(decider), likeness, cache, complaints: Seldom::new() }
    }

    /// Verdicts that are remembered unless [`max_cached`](Self::max_cached) says otherwise.
    pub const MAX_CACHED: usize = 1024;

    /// How many verdicts are remembered at a time, of those that may be; the ones that end first are given up.
    #[must_use]
    pub fn max_cached(mut self, most: usize) -> Self {
        self.cache = Cache::new(most);
        self
    }

    /// Asks what has to be proved, and has it proved.
    async fn proved(
        &self,
        scheme: Scheme,
        request: &AuthRequest,
        challenger: &mut dyn Challenger,
    ) -> Result<Identity, AuthError> {
        let claimed = claimed(scheme, request)?;
        let known = match self.decide(&Question::new(request, &self.method)).await {
            Err(AuthError::Denied(_)) => None,
            decided => Some(decided?),
        };
        let users = match known.as_ref().and_then(|verdict| Some((verdict, verdict.proof.clone()?))) {
            Some((verdict, proof)) => self.likeness.with(claimed, &verdict.role, proof),
            None => self.likeness.without_anybody(),
        };
        let proved = scheme.for_users(users).authenticate(request, challenger).await?;
        let Verdict { authid, role, mut extra, .. } = known.ok_or_else(AuthError::denied)?;
        // The method's own last word to the client stands.
        proved.authextra.into_iter().for_each(|(key, value)| drop(extra.insert(key, value)));
        Ok(self.identity(authid.unwrap_or(proved.authid), role, extra))
    }

    fn identity(&self, authid: String, role: String, extra: Dict) -> Identity {
        let mut identity = Identity::new(authid, role, self.decider.provider());
        identity.authextra = extra;
        identity
    }

    /// What has been decided before, else what is decided now.
    async fn decide(&self, question: &Question) -> Result<Verdict, AuthError> {
        let key = self.cache.key(question);
        if let Some(verdict) = self.cache.get(&key) {
            return Ok(verdict);
        }
        let decided = self.decider.decide(question).await;
        let verdict = decided.and_then(|decided| Verdict::read(decided, question, self.scheme));
        let verdict = verdict.map_err(|undecided| {
            let (realm, method) = (&question.realm, &self.method);
            match &undecided {
                Undecided::Denied(why) => tracing::debug!(realm, method, why, "not let in"),
                // Somebody should look after whoever decides. Strangers choose how often.
                Undecided::Failed(why) => {
                    if let Some(left_out) = self.complaints.is_time() {
                        tracing::warn!(realm, method, why, left_out, "nobody could decide who this is");
                    }
                }
            }
            AuthError::from(undecided)
        })?;
        if let Some(lasts) = verdict.lasts {
            self.cache.put(key, verdict.clone(), lasts);
        }
        Ok(verdict)
    }
}

/// Whose proof it is: keys are names enough.
fn claimed(scheme: Scheme, request: &AuthRequest) -> Result<&str, AuthError> {
    match (scheme, &request.authid, request.authextra.get("pubkey")) {
        (Scheme::Cryptosign, None, Some(Value::Text(key))) => Ok(key),
        _ => crossway_users::authid(request, "this method"),
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

    fn account<'a>(&self, authid: &'a str) -> Cow<'a, str> {
        match self.scheme {
            Some(Scheme::Scram(_)) => crossway_users::account(authid),
            _ => Cow::Borrowed(authid),
        }
    }

    async fn authenticate(
        &self,
        request: &AuthRequest,
        challenger: &mut dyn Challenger,
    ) -> Result<Identity, AuthError> {
        if let Some(scheme) = self.scheme {
            return self.proved(scheme, request, challenger).await;
        }
        let mut question = Question::new(request, &self.method);
        let mut claimed = None;
        if self.method == "ticket" {
            claimed = Some(crossway_users::authid(request, &self.method)?.to_owned());
            question.show_ticket(&challenger.challenge(Dict::new()).await?.signature);
        }
        let Verdict { authid, role, extra, .. } = self.decide(&question).await?;
        // Where nothing was shown, the client does not choose its name: the decider does, or nobody.
        let authid = authid.or(claimed).unwrap_or_else(|| format!("{}-{}", self.method, Id::random()));
        Ok(self.identity(authid, role, extra))
    }
}
