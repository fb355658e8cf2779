//! A WAMP procedure decides what sessions may do.
//!
//! ```text
//!   CALL procedure [session, uri, action, options] ──> callee ──> RESULT true | false | {allow, disclose?, cache?, explicit?}
//!                                                            └──> ERROR: a failure, but for wamp.error.not_authorized
//! ```
//!
//! The router makes the call, so nobody is asked whether it may. The callee needs a role with permissions of its own: one that
//! has to ask itself whether it may register would wait for itself.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crossway_core::authorization::{Answer, Authorizer, Decision, Grant, Request, Version};
use crossway_core::caller::{Caller, Procedures};
use crossway_core::policy::Disclosure;
use crossway_core::{Dict, Value, uri};
use tokio::time::sleep;

/// Asks a procedure about each request whose decision is not remembered.
///
/// A session remembers a decision that says `cache`, until somebody calls `wamp.authorization.invalidate` in its realm, and
/// no longer than [`remember`](Self::remember) says.
#[derive(Debug)]
pub struct ProcedureAuthorizer {
    asked: Arc<Asked>,
}

#[derive(Debug)]
struct Asked {
    caller: Caller,
    uri: String,
    remember: Duration,
    version: Version,
    /// Somebody sees to it that what is remembered is forgotten in time.
    is_timed: AtomicBool,
}

impl ProcedureAuthorizer {
    /// `caller` says on which realm, how many at a time and how long at most.
    pub fn new(caller: Caller, uri: impl Into<String>) -> Self {
        let (version, is_timed) = (Version::default(), AtomicBool::new(false));
        let asked = Asked { caller, uri: uri.into(), remember: Self::REMEMBER, version, is_timed };
        ProcedureAuthorizer { asked: Arc::new(asked) }
    }

    /// How long decisions are remembered at most unless [`remember`](Self::remember) says otherwise.
    pub const REMEMBER: Duration = Duration::from_secs(60);

    /// How long decisions are remembered at most, of those that may be.
    #[must_use]
    pub fn remember(mut self, most: Duration) -> Self {
        if let Some(asked) = Arc::get_mut(&mut self.asked) {
            asked.remember = most;
        }
        self
    }
}

impl Authorizer for ProcedureAuthorizer {
    fn bind(&self, procedures: &Procedures) {
        self.asked.caller.bind(procedures);
    }

    fn authorize(&self, request: &Request<'_>) -> Answer {
        let options = request.asked.to_dict();
        let args = [
            Value::Dict(session(request)),
            Value::from(request.uri),
            Value::from(request.action().name()),
            Value::Dict(options),
        ];
        let asked = Arc::clone(&self.asked);
        Answer::later(async move {
            let decision = asked.decide(&args).await;
            if decision.cache {
                asked.forget_in_time();
            }
            decision
        })
    }

    fn version(&self) -> u64 {
        self.asked.version.get()
    }

    fn invalidate(&self) {
        self.asked.version.bump();
    }
}

impl Asked {
    /// Everything that is remembered is forgotten at the same time, so one timer is enough for all of it.
    fn forget_in_time(self: &Arc<Self>) {
        if self.is_timed.swap(true, Ordering::AcqRel) {
            return;
        }
        let (asked, remember) = (Arc::downgrade(self), self.remember);
        tokio::spawn(async move {
            sleep(remember).await;
            if let Some(asked) = asked.upgrade() {
                // In this order: what is remembered from now on gets a timer of its own.
                asked.is_timed.store(false, Ordering::Release);
                asked.version.bump();
            }
        });
    }

    async fn decide(&self, args: &[Value]) -> Decision {
        match self.caller.call(&self.uri, args, &Dict::new()).await {
            Ok(answer) => read(answer.args.first()).unwrap_or_else(|what| {
                tracing::debug!(procedure = self.uri, what, "the answer of the authorizer makes no sense");
                failed()
            }),
            Err(error) if error.uri == uri::NOT_AUTHORIZED => Decision::denied(),
            Err(error) => {
                tracing::debug!(procedure = self.uri, %error, "the authorizer has not decided");
                failed()
            }
        }
    }
}

fn failed() -> Decision {
    Decision::failed("nobody could decide whether this is allowed")
}

/// Who asks.
fn session(request: &Request<'_>) -> Dict {
    Dict::new()
        .with("session", request.session.get())
        .with("realm", request.realm)
        .with("authid", request.identity.authid.as_str())
        .with("authrole", request.identity.authrole.as_str())
        .with("authmethod", request.authmethod)
        .with("authprovider", request.identity.authprovider.as_str())
        .with("authextra", request.identity.authextra.clone())
}

/// What the answer says, or what is wrong with it.
fn read(answer: Option<&Value>) -> Result<Decision, &'static str> {
    let dict = match answer {
        None | Some(Value::Null | Value::Bool(false)) => return Ok(Decision::denied()),
        Some(Value::Bool(true)) => return Ok(Decision::allowed()),
        Some(Value::Dict(dict)) => dict,
        Some(_) => return Err("it is neither a truth nor a dictionary"),
    };
    let flag = |key| match dict.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(flag)) => Ok(Some(*flag)),
        Some(_) => Err("what is to be true or false is something else"),
    };
    let (allow, disclose) = (flag("allow")?, flag("disclose")?);
    let (cache, explicit) = (flag("cache")? == Some(true), flag("explicit")? == Some(true));
    let decision = match allow.ok_or("it does not say whether it allows")? {
        true => {
            let disclose = disclose.filter(|disclose| *disclose).map(|_| Disclosure::Always);
            Decision::granted(Grant { disclose, explicit, ..Grant::default() })
        }
        false => Decision::denied(),
    };
    Ok(if cache { decision.cached() } else { decision })
}

/// Each role has its own authorizer; all others have one in common.
pub struct ByRole {
    roles: HashMap<String, Arc<dyn Authorizer>>,
    others: Arc<dyn Authorizer>,
}

impl ByRole {
    /// For all roles.
    pub fn new(others: Arc<dyn Authorizer>) -> Self {
        ByRole { roles: HashMap::new(), others }
    }

    /// For one role.
    #[must_use]
    pub fn role(mut self, role: impl Into<String>, authorizer: Arc<dyn Authorizer>) -> Self {
        self.roles.insert(role.into(), authorizer);
        self
    }

    fn all(&self) -> impl Iterator<Item = &Arc<dyn Authorizer>> {
        self.roles.values().chain([&self.others])
    }
}

impl Authorizer for ByRole {
    fn bind(&self, procedures: &Procedures) {
        self.all().for_each(|authorizer| authorizer.bind(procedures));
    }

    fn knows_role(&self, authrole: &str) -> bool {
        self.roles.contains_key(authrole) || self.others.knows_role(authrole)
    }

    fn authorize(&self, request: &Request<'_>) -> Answer {
        self.roles.get(&request.identity.authrole).unwrap_or(&self.others).authorize(request)
    }

    /// Each only goes up, so the sum changes with any of them.
    fn version(&self) -> u64 {
        self.all().fold(0, |sum, authorizer| sum.wrapping_add(authorizer.version()))
    }

    fn invalidate(&self) {
        self.all().for_each(|authorizer| authorizer.invalidate());
    }
}

#[cfg(test)]
mod tests {
    use crossway_core::authorization::Verdict;

    use super::*;

    fn said(answer: impl Into<Value>) -> Result<Decision, &'static str> {
        read(Some(&answer.into()))
    }

    #[test]
    fn only_a_clear_yes_is_a_yes() {
        assert_eq!(said(true), Ok(Decision::allowed()));
        assert_eq!(
            said(Dict::new().with("allow", true).with("cache", true)),
            Ok(Decision::allowed().cached())
        );
        for no in [Value::Bool(false), Value::Null, Value::Dict(Dict::new().with("allow", false))] {
            assert_eq!(said(no), Ok(Decision::denied()));
        }
        assert_eq!(read(None), Ok(Decision::denied()));
        for garbage in [Value::from(1_u64), Value::from("true"), Value::Dict(Dict::new())] {
            assert!(said(garbage.clone()).is_err(), "{garbage:?}");
        }
        assert!(said(Dict::new().with("allow", 1_u64)).is_err());
        assert!(said(Dict::new().with("allow", true).with("cache", 60_u64)).is_err());
    }

    #[test]
    fn terms_are_those_of_the_answer() {
        let terms = |dict: Dict| match said(dict.with("allow", true)).map(|decision| decision.verdict) {
            Ok(Verdict::Allowed(grant)) => (grant.disclose, grant.explicit),
            other => panic!("{other:?}"),
        };
        assert_eq!(terms(Dict::new()), (None, false));
        assert_eq!(terms(Dict::new().with("disclose", false)), (None, false));
        assert_eq!(terms(Dict::new().with("disclose", true)), (Some(Disclosure::Always), false));
        assert_eq!(terms(Dict::new().with("explicit", true)), (None, true));
    }
}
