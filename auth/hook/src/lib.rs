//! An HTTP service decides who may join: a [`Decider`] that asks by POST.
//!
//! ```text
//!   POST url   {"realm": "realm1", "authid": "joe", "details": {"authmethod": "ticket", "ticket": "secret", ...}}
//!       ├─ 200 "user" | {"role": "user", "authid"?, "extra"?, "cache"?: seconds}    that is who it is
//!       ├─ 200 null | false, 403                                                    no
//!       └─ anything else, or nothing in time                                        nobody has decided
//! ```
//!
//! `Cache-Control: max-age` says how long the answer may be remembered, unless the answer itself does. Redirects are not
//! followed. What clients show is not sent in the clear: a service on another host has to speak HTTPS.
//!
//! | file         | subject                                        |
//! |--------------|------------------------------------------------|
//! | `address`    | the parts of the URL                           |
//! | `trust`      | which services are believed                    |
//! | `exchange`   | one request and its answer, over HTTP/1.1      |

mod address;
mod exchange;
mod trust;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use crossway_core::limits::Counter;
use crossway_dynamic::{Decided, Decider, Question, Undecided};
use exchange::Service;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use zeroize::Zeroizing;

/// How the service is asked.
#[derive(Clone, PartialEq)]
pub struct HookOptions {
    /// `https://auth.example.com/decide`; `http` on this host only.
    pub url: String,
    /// How long a decision may take, waiting for its place and the connection included. Default 5 s.
    pub timeout: Duration,
    /// Decisions at a time; others wait for a place. Default 64.
    pub max_concurrent: usize,
    /// The longest answer that is read, in bytes. Default 64 KiB.
    pub max_answer: usize,
    /// Sent as `Authorization: Bearer`, so that the service knows who asks.
    pub bearer: Option<Bearer>,
    /// The certificates to trust, in PEM; without them those that the system trusts.
    pub ca: Option<Vec<u8>>,
}

impl fmt::Debug for HookOptions {
    /// Without what the URL says behind `?`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HookOptions")
            .field("url", &self.url.split('?').next().unwrap_or_default())
            .field("timeout", &self.timeout)
            .field("max_concurrent", &self.max_concurrent)
            .field("max_answer", &self.max_answer)
            .field("bearer", &self.bearer)
            .field("ca", &self.ca.is_some())
            .finish()
    }
}

/// A secret that is not shown, and wiped when it is dropped.
#[derive(Clone, PartialEq)]
pub struct Bearer(Zeroizing<String>);

impl Bearer {
    /// `token` as the header carries it.
    pub fn new(token: impl Into<String>) -> Self {
        Bearer(Zeroizing::new(token.into()))
    }
}

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl HookOptions {
    /// The defaults for a service.
    pub fn new(url: impl Into<String>) -> Self {
        HookOptions {
            url: url.into(),
            timeout: Duration::from_secs(5),
            max_concurrent: 64,
            max_answer: 64 << 10,
            bearer: None,
            ca: None,
        }
    }
}

/// Why there is no way to ask a service.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HookError {
    /// The URL.
    #[error("{url:?} {why}")]
    Url {
        /// As given.
        url: String,
        /// What is wrong with it.
        why: String,
    },
    /// The certificates to trust.
    #[error("{0}")]
    Trust(String),
    /// The bearer token holds what no header can carry.
    #[error("the bearer token can't be sent in a header")]
    Bearer,
}

/// What happened at the bounds of a service since the start.
#[derive(Debug, Default)]
pub struct HookCounters {
    /// Decisions that took longer than `timeout`.
    pub timed_out: Counter,
    /// Decisions that got no place because of `max_concurrent`.
    pub over_limit: Counter,
    /// Services that could not be reached, or whose answer was none.
    pub failed: Counter,
}

/// Asks an HTTP service.
pub struct Hook {
    service: Service,
    counters: Arc<HookCounters>,
    timeout: Duration,
    max_concurrent: usize,
    places: Semaphore,
}

impl Hook {
    /// Connects to nobody yet.
    ///
    /// # Errors
    /// A URL, certificates or a token that can't be used. The same options always come to the same.
    pub fn new(options: &HookOptions) -> Result<Self, HookError> {
        let max_concurrent = options.max_concurrent.clamp(1, Semaphore::MAX_PERMITS);
        Ok(Hook {
            service: Service::new(options)?,
            counters: Arc::default(),
            timeout: options.timeout,
            max_concurrent,
            places: Semaphore::new(max_concurrent),
        })
    }

    /// What happened so far; they go on counting.
    pub fn counters(&self) -> Arc<HookCounters> {
        Arc::clone(&self.counters)
    }
}

impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hook").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

#[async_trait]
impl Decider for Hook {
    async fn decide(&self, question: &Question) -> Result<Decided, Undecided> {
        let mut has_place = false;
        let asking = async {
            let _place = self.places.acquire().await;
            has_place = true;
            // Not before: those who wait for a place need no more memory than they have.
            let body = exchange::body(question).map_err(|error| Undecided::Failed(error.to_string()))?;
            self.service.ask(body).await
        };
        match timeout(self.timeout, asking).await {
            Ok(Err(Undecided::Failed(why))) => {
                self.counters.failed.increment();
                Err(Undecided::Failed(why))
            }
            Ok(answer) => answer,
            Err(_) if has_place => {
                self.counters.timed_out.increment();
                Err(Undecided::Failed(format!("the service has not answered within {:?}", self.timeout)))
            }
            Err(_) => {
                self.counters.over_limit.increment();
                Err(Undecided::Failed(format!("max_concurrent = {} are under way", self.max_concurrent)))
            }
        }
    }

    fn provider(&self) -> &'static str {
        "http"
    }
}
