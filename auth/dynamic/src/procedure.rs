//! A WAMP procedure decides, on a realm of the same router.
//!
//! ```text
//!   CALL procedure [realm, authid, details] ──> callee ──> RESULT "role" | {role, authid?, extra?, cache?}
//!                                                     └──> ERROR: no, or a failure
//! ```
//!
//! Whoever may register the procedure decides who joins: it belongs into a realm, or to a role, of its own.

use async_trait::async_trait;
use crossway_core::Dict;
use crossway_core::caller::{CallFailed, Caller, Procedures};
use crossway_core::{Value, uri};
use zeroize::Zeroizing;

use crate::{Decided, Decider, Question, Undecided};

/// Asks a procedure.
#[derive(Debug)]
pub struct Procedure {
    caller: Caller,
    uri: String,
}

impl Procedure {
    /// `caller` says on which realm, how many at a time and how long at most.
    pub fn new(caller: Caller, uri: impl Into<String>) -> Self {
        Procedure { caller, uri: uri.into() }
    }
}

#[async_trait]
impl Decider for Procedure {
    async fn decide(&self, question: &Question) -> Result<Decided, Undecided> {
        let details = Value::Dict(question.details.clone());
        // What the client has shown is among the details.
        let args = Zeroizing::new([Value::from(question.realm.as_str()), question.authid(), details]);
        let answer = self.caller.call(&self.uri, &*args, &Dict::new()).await.map_err(undecided)?;
        Ok(Decided { answer: answer.args.into_iter().next(), lasts: None })
    }

    fn bind(&self, procedures: &Procedures) {
        self.caller.bind(procedures);
    }
}

/// Words of the protocol that are a no.
const NO: [&str; 4] = [
    uri::AUTHENTICATION_DENIED,
    uri::NOT_AUTHORIZED,
    "wamp.error.no_such_principal",
    "wamp.error.no_such_role",
];

/// The protocol's own errors mean that nobody has decided, but for those that say no. Any other is the callee's no.
fn undecided(error: CallFailed) -> Undecided {
    match error.uri.as_str() {
        no if NO.contains(&no) => Undecided::Denied(error.uri),
        failed if failed.starts_with("wamp.") || failed.starts_with("crossway.") => {
            // Its words may hold what the client has shown.
            Undecided::Failed(error.uri)
        }
        _ => Undecided::Denied(error.uri),
    }
}
