//! What a user's credentials are checked with, one kind for each way of logging in.
//!
//! Law: what is in here does not get out: a verifier checks and signs, and shows nothing but what clients get to see.

mod scram;
mod ticket;
mod wampcra;

pub use scram::{Scram, ScramDialect, ScramKdf};
pub use ticket::Ticket;
pub use wampcra::{Salting, WampCra};

/// Why something is no verifier, in words that follow "it": "has a salt of 3 octets; at least 8 are needed".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct VerifierError(pub(crate) String);

impl VerifierError {
    fn new(why: impl Into<String>) -> Self {
        VerifierError(why.into())
    }
}

/// How often PBKDF2 may go round: what a client does not finish in time is of no use.
pub const MAX_PBKDF2_ITERATIONS: u32 = 100_000_000;

/// Numbers that PBKDF2 can do with.
fn pbkdf2_iterations(iterations: u32) -> Result<std::num::NonZeroU32, VerifierError> {
    std::num::NonZeroU32::new(iterations)
        .filter(|iterations| iterations.get() <= MAX_PBKDF2_ITERATIONS)
        .ok_or_else(|| {
            VerifierError::new(format!("has {iterations} iterations; allowed: 1 to {MAX_PBKDF2_ITERATIONS}"))
        })
}
