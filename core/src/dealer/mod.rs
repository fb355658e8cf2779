//! The dealer of a realm: routes calls from callers to callees, and results back.
//!
//! Law: knows neither the broker, nor the runtime, nor the clock. (Who, message) in, deliveries out through the turn. A
//! caller always gets exactly one final answer.
//!
//! ```text
//!   procedures: URI ──> Registration { id, callee } ──> Seat ─┬─ callee: invocations ──> whom to answer
//!                                                             └─ caller: pending ──> where the call went
//! ```
//!
//! | file             | subject                                   |
//! |------------------|-------------------------------------------|
//! | [`seat`]         | the tables of one session; the lock order |
//! | [`registration`] | REGISTER, UNREGISTER                      |
//! | [`call`]         | CALL, YIELD, ERROR                        |
//! | [`cancel`]       | CANCEL, and sessions that leave           |

mod call;
mod cancel;
mod registration;
mod seat;

use std::sync::Arc;

use hashbrown::DefaultHashBuilder;
use parking_lot::Mutex;

use crate::id::IdSequence;
use crate::limits::{Counters, Limits};
use crate::policy::Policies;
pub(crate) use call::pending_already;
pub(crate) use registration::Registration;
pub(crate) use seat::Seat;

/// All registrations of a realm.
pub(crate) struct Dealer {
    procedures: papaya::HashMap<Box<str>, Arc<Registration>, DefaultHashBuilder>,
    /// Held by everything that changes a registration; hands out their ids.
    write: Mutex<IdSequence>,
    #[allow(dead_code, reason = "asked from the next commits on")]
    policies: Arc<Policies>,
    limits: Arc<Limits>,
    counters: Arc<Counters>,
}

impl Dealer {
    pub(crate) fn new(policies: Arc<Policies>, limits: Arc<Limits>, counters: Arc<Counters>) -> Self {
        Dealer { procedures: papaya::HashMap::default(), write: Mutex::default(), policies, limits, counters }
    }
}
