//! The dealer of a realm: routes calls from callers to callees, and results back.
//!
//! Law: knows neither the broker, nor the runtime; the clock is what the turn says it is. (Who, message) in, deliveries
//! out through the turn. A caller always gets exactly one final answer.
//!
//! ```text
//!   exact: URI ─────────┐                         ┌─ Endpoint ──> Seat ─┬─ desk: invocations ──> whom to answer
//!   patterns: URI ──────┴──> Registration { id } ─┼─ Endpoint           └─ caller: pending ──> where the call is
//!                                                 └─ Endpoint
//! ```
//!
//! | file             | subject                                                        |
//! |------------------|----------------------------------------------------------------|
//! | [`seat`]         | the tables of one session; the lock order                      |
//! | [`registration`] | a procedure and its callees; who of them gets a call           |
//! | [`register`]     | REGISTER, UNREGISTER, revocation                               |
//! | [`call`]         | CALL to INVOCATION; the ways in which a call ends              |
//! | [`details`]      | what INVOCATION says beside the arguments                      |
//! | [`progress`]     | progressive invocations and progressive results                |
//! | [`answer`]       | YIELD and ERROR                                                |
//! | [`held`]         | calls that are kept, to be routed later or again               |
//! | [`elsewhere`]    | calls whose callee is unavailable                              |
//! | [`mod@line`]     | calls that wait for a callee with a concurrency limit          |
//! | [`cancel`]       | CANCEL, and sessions that leave                                |
//! | [`deadline`]     | calls that take too long                                       |
//! | [`query`]        | what the meta API wants to know                                |

mod answer;
mod call;
mod cancel;
mod deadline;
mod details;
mod elsewhere;
mod held;
mod line;
mod progress;
mod query;
mod register;
mod registration;
mod seat;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use arc_swap::ArcSwap;
use hashbrown::{DefaultHashBuilder, HashMap};
use parking_lot::Mutex;

use crate::id::{Id, IdSequence};
use crate::limits::{Counters, Limits, Protocol};
use crate::pattern::Index;
use crate::policy::Policies;
use crate::uri;
pub(crate) use call::pending_already;
pub(crate) use deadline::Deadlines;
pub(crate) use registration::Registration;
pub(crate) use seat::Seat;
#[cfg(test)]
use tests::window;

/// Where no lock is held and others may come between. Tests let them.
#[cfg(not(test))]
#[inline(always)]
fn window() {}

/// All registrations of a realm.
pub(crate) struct Dealer {
    exact: papaya::HashMap<Box<str>, Arc<Registration>, DefaultHashBuilder>,
    patterns: ArcSwap<Index<Arc<Registration>>>,
    /// Held by everything that changes a registration.
    write: Mutex<Books>,
    deadlines: Deadlines,
    policies: Arc<Policies>,
    protocol: Protocol,
    limits: Arc<Limits>,
    counters: Arc<Counters>,
}

/// What is not needed to route a call.
#[derive(Default)]
struct Books {
    ids: IdSequence,
    /// How many endpoints there have been.
    endpoints: u64,
    by_id: HashMap<Id, Arc<Registration>>,
}

impl Dealer {
    pub(crate) fn new(
        policies: Arc<Policies>,
        protocol: Protocol,
        limits: Arc<Limits>,
        counters: Arc<Counters>,
    ) -> Self {
        Dealer {
            exact: papaya::HashMap::default(),
            patterns: ArcSwap::default(),
            write: Mutex::default(),
            deadlines: Deadlines::default(),
            policies,
            protocol,
            limits,
            counters,
        }
    }

    /// When calls have to end that take too long.
    pub(crate) fn deadlines(&self) -> &Deadlines {
        &self.deadlines
    }

    /// Shows `then` the one registration that a call of `procedure` goes to: the exact one, else the longest prefix, else
    /// the best wildcard (RPC-PAT-05 to 11). What is reserved for the router, no pattern of a client catches.
    fn find<T>(&self, procedure: &str, then: impl FnOnce(&Arc<Registration>) -> T) -> Option<T> {
        if let Some(registration) = self.exact.pin().get(procedure) {
            return Some(then(registration));
        }
        let patterns = self.patterns.load();
        if patterns.is_empty() || uri::is_reserved(procedure) {
            return None;
        }
        patterns.best(procedure).map(|(_, registration)| then(registration))
    }
}
