//! Calls that the router makes itself: how an authenticator or an authorizer asks a WAMP procedure.
//!
//! Law: a call of the router is a session of its own that lasts as long as the call. It is in no list of sessions, nobody
//! authorizes it, so asking never leads to more asking, and dropping it cancels the call.
//!
//! ```text
//!   RealmConfig ── authenticators, authorizer ──> Builder::build ── bind(&Procedures) ──> Caller
//!
//!   Caller::call ── a place of max_concurrent ──> Procedures (weak) ──> realm ──> dealer ──> callee
//!        └───────────────────────── all of it within the timeout ──────────────────────────────┘
//! ```

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::limits::Counters;
use crate::uri;
use crate::value::{Dict, Value};

/// The procedures of a router, as its own parts may call them. Keeps no router alive.
#[derive(Clone)]
pub struct Procedures {
    realms: Weak<dyn Realms>,
}

/// What the router does for a [`Caller`].
pub(crate) trait Realms: Send + Sync {
    /// Makes a call. The future is its answer; dropping that cancels the call.
    fn call(
        &self,
        realm: &str,
        procedure: &str,
        args: &[Value],
        kwargs: &Dict,
    ) -> Result<Answering, CallFailed>;

    fn counters(&self) -> Arc<Counters>;
}

/// The answer to a call that is under way.
pub(crate) type Answering = Pin<Box<dyn Future<Output = Result<Answer, CallFailed>> + Send>>;

/// What a procedure returned.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// Its results.
    pub args: Vec<Value>,
    /// Its results with names.
    pub kwargs: Dict,
}

/// Why a call has no result: an ERROR, of the callee or of the router.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{uri}{}", first(.args))]
pub struct CallFailed {
    /// What programs read: `wamp.error.no_such_procedure`.
    pub uri: String,
    /// Its arguments; by convention the first is a sentence for people.
    pub args: Vec<Value>,
    /// Its keyword arguments.
    pub kwargs: Dict,
}

fn first(args: &[Value]) -> String {
    args.first().and_then(Value::as_text).map(|text| format!(" ({text})")).unwrap_or_default()
}

impl CallFailed {
    pub(crate) fn new(uri: impl Into<String>, message: impl Into<String>) -> Self {
        CallFailed { uri: uri.into(), args: vec![Value::Text(message.into())], kwargs: Dict::new() }
    }
}

impl Procedures {
    pub(crate) fn new(realms: Weak<dyn Realms>) -> Self {
        Procedures { realms }
    }
}

impl fmt::Debug for Procedures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Procedures").finish_non_exhaustive()
    }
}

/// Calls procedures of one realm on behalf of the router: some at a time, each within a timeout.
///
/// An authenticator that has one passes [`bind`](Self::bind) on; before that, and when the router is gone, calls fail.
#[derive(Debug)]
pub struct Caller {
    realm: String,
    timeout: Duration,
    max_concurrent: usize,
    places: Semaphore,
    procedures: OnceLock<Procedures>,
}

impl Caller {
    /// How long a call may take unless [`timeout`](Self::timeout) says otherwise.
    pub const TIMEOUT: Duration = Duration::from_secs(5);
    /// Calls at a time unless [`max_concurrent`](Self::max_concurrent) says otherwise.
    pub const MAX_CONCURRENT: usize = 64;

    /// For the procedures of `realm`.
    pub fn new(realm: impl Into<String>) -> Self {
        Caller {
            realm: realm.into(),
            timeout: Self::TIMEOUT,
            max_concurrent: Self::MAX_CONCURRENT,
            places: Semaphore::new(Self::MAX_CONCURRENT),
            procedures: OnceLock::new(),
        }
    }

    /// How long a call may take, waiting for its place included.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How many calls may be under way at a time; at least one. Others wait for a place.
    #[must_use]
    pub fn max_concurrent(mut self, most: usize) -> Self {
        self.max_concurrent = most.clamp(1, Semaphore::MAX_PERMITS);
        self.places = Semaphore::new(self.max_concurrent);
        self
    }

    /// The realm whose procedures are called.
    pub fn realm(&self) -> &str {
        &self.realm
    }

    /// Says which router's realms these are. The first one counts.
    pub fn bind(&self, procedures: &Procedures) {
        let _bound_already = self.procedures.set(procedures.clone());
    }

    /// Calls a procedure and waits for its result.
    ///
    /// # Errors
    /// What the callee answered, or `wamp.error.timeout`, `wamp.error.no_such_procedure`, `wamp.error.no_such_realm`,
    /// `wamp.error.canceled` where the callee has left, and the others with which a router answers CALL.
    pub async fn call(&self, procedure: &str, args: &[Value], kwargs: &Dict) -> Result<Answer, CallFailed> {
        let counters = self.realms()?.counters();
        let mut has_place = false;
        let calling = async {
            let _place = self.places.acquire().await;
            has_place = true;
            let answering = self.realms()?.call(&self.realm, procedure, args, kwargs)?;
            answering.await
        };
        match timeout(self.timeout, calling).await {
            Ok(answer) => answer,
            Err(_) if has_place => {
                counters.router_calls_timed_out.increment();
                let text = format!("{procedure} has not answered within {:?}", self.timeout);
                Err(CallFailed::new(uri::TIMEOUT, text))
            }
            Err(_) => {
                counters.router_calls_over_limit.increment();
                let text = format!("max_concurrent = {} calls are under way", self.max_concurrent);
                Err(CallFailed::new(uri::UNAVAILABLE, text))
            }
        }
    }

    fn realms(&self) -> Result<Arc<dyn Realms>, CallFailed> {
        let realms = self.procedures.get().and_then(|procedures| procedures.realms.upgrade());
        realms.ok_or_else(|| CallFailed::new(uri::UNAVAILABLE, "there is no router to ask"))
    }
}

impl From<crate::error::Refusal> for CallFailed {
    fn from(refusal: crate::error::Refusal) -> Self {
        CallFailed::new(refusal.uri, refusal.message)
    }
}
