//! What a decider says.

use std::fmt;
use std::time::Duration;

use crossway_core::auth::AuthError;
use crossway_core::{Dict, Value};

use crate::Question;
use crate::proof::{Proof, Scheme};

/// An answer, not yet read: a role, or a dictionary with one.
#[derive(Clone, Default, PartialEq)]
pub struct Decided {
    /// What was said.
    pub answer: Option<Value>,
    /// How long that may be remembered, where it was said beside the answer. What the answer itself says goes first.
    pub lasts: Option<Duration>,
}

impl fmt::Debug for Decided {
    /// What a client has to prove may be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decided").field("lasts", &self.lasts).finish_non_exhaustive()
    }
}

/// Nobody is let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undecided {
    /// The decider said no. The text is for logs only.
    Denied(String),
    /// There is no decision. The text is for logs only.
    Failed(String),
}

impl fmt::Display for Undecided {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Undecided::Denied(why) | Undecided::Failed(why)) = self;
        f.write_str(why)
    }
}

impl From<Undecided> for AuthError {
    /// Clients learn which of the two it was, and no more.
    fn from(undecided: Undecided) -> Self {
        match undecided {
            Undecided::Denied(_) => AuthError::denied(),
            Undecided::Failed(_) => AuthError::Failed("nobody could decide who this is".to_owned()),
        }
    }
}

/// Who somebody is.
#[derive(Clone, Debug)]
pub(crate) struct Verdict {
    pub(crate) authid: Option<String>,
    pub(crate) role: String,
    pub(crate) extra: Dict,
    /// What the client has to prove, where the method demands that.
    pub(crate) proof: Option<Proof>,
    /// How long this may be remembered; `None`: not at all.
    pub(crate) lasts: Option<Duration>,
}

/// What is remembered longer than this is remembered for this long.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

impl Verdict {
    /// Reads an answer: nothing, null and false are a no, and what makes no sense is no decision.
    pub(crate) fn read(
        decided: Decided,
        question: &Question,
        scheme: Option<Scheme>,
    ) -> Result<Self, Undecided> {
        let Decided { answer, lasts } = decided;
        let (role, dict) = match answer {
            None | Some(Value::Null | Value::Bool(false)) => {
                return Err(Undecided::Denied("the answer is no".to_owned()));
            }
            Some(Value::Text(role)) => (Some(role), Dict::new()),
            Some(Value::Dict(mut dict)) => (take_text(&mut dict, "role")?, dict),
            Some(_) => return Err(nonsense("it is neither a role nor a dictionary")),
        };
        let mut dict = dict;
        let role = role.filter(|role| !role.is_empty()).ok_or_else(|| nonsense("it says no role"))?;
        let authid = take_text(&mut dict, "authid")?;
        if authid.as_deref() == Some("") {
            return Err(nonsense("authid is empty"));
        }
        if take_text(&mut dict, "realm")?.is_some_and(|realm| realm != question.realm) {
            return Err(nonsense("it sends the client to another realm"));
        }
        let extra = match dict.remove("extra") {
            None | Some(Value::Null) => Dict::new(),
            Some(Value::Dict(extra)) => extra,
            Some(_) => return Err(nonsense("extra is no dictionary")),
        };
        let lasts = match dict.remove("cache") {
            None | Some(Value::Null) => lasts,
            Some(Value::Bool(false)) => None,
            Some(Value::Uint(seconds)) => Some(Duration::from_secs(seconds)),
            Some(_) => return Err(nonsense("cache is no number of seconds")),
        };
        let lasts = lasts.filter(|lasts| !lasts.is_zero()).map(|lasts| lasts.min(LONGEST));
        let proof = scheme.map(|scheme| scheme.read(&mut dict)).transpose()?;
        Ok(Verdict { authid, role, extra, proof, lasts })
    }
}

pub(crate) fn take_text(dict: &mut Dict, key: &str) -> Result<Option<String>, Undecided> {
    match dict.remove(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Text(text)) => Ok(Some(text)),
        Some(_) => Err(nonsense(&format!("{key} is no string"))),
    }
}

pub(crate) fn nonsense(what: &str) -> Undecided {
    Undecided::Failed(format!("the answer makes no sense: {what}"))
}
