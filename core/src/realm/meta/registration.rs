//! Questions about registrations, and taking them away.

use super::Realm;
use super::events::describe;
use super::request::{Request, invalid};
use super::session::no_such_session;
use crate::error::Refusal;
use crate::id::Id;
use crate::message::Match;
use crate::session::turn::Turn;
use crate::uri;
use crate::value::{Dict, Value};

type Answer = Result<Vec<Value>, Refusal>;

pub(super) fn list(realm: &Realm, _: &Request<'_>, _: &mut Turn) -> Answer {
    by_policy(|policy| realm.dealer.registrations(policy))
}

pub(super) fn lookup(realm: &Realm, request: &Request<'_>, _: &mut Turn) -> Answer {
    let procedure = request.text("procedure").unwrap_or_default();
    Ok(vec![maybe(realm.dealer.lookup(procedure, policy_of(request)?))])
}

pub(super) fn matching(realm: &Realm, request: &Request<'_>, _: &mut Turn) -> Answer {
    Ok(vec![maybe(realm.dealer.best(request.text("procedure").unwrap_or_default()))])
}

pub(super) fn get(realm: &Realm, request: &Request<'_>, _: &mut Turn) -> Answer {
    let id = request.id("registration");
    let facts = id.and_then(|id| realm.dealer.registration_facts(id, describe));
    Ok(vec![facts.ok_or_else(|| no_such_registration(id))?])
}

pub(super) fn callees(realm: &Realm, request: &Request<'_>, _: &mut Turn) -> Answer {
    Ok(vec![ids(&find(realm, request)?)])
}

pub(super) fn count(realm: &Realm, request: &Request<'_>, _: &mut Turn) -> Answer {
    Ok(vec![(find(realm, request)?.len() as u64).into()])
}

/// The router's own procedures can't be taken from it.
pub(super) fn remove(realm: &Realm, request: &Request<'_>, turn: &mut Turn) -> Answer {
    let reason = reason_of(realm, request)?;
    find(realm, request)?;
    let (registration, session) = (request.id("registration"), request.id("session"));
    let (Some(registration), Some(callee)) = (registration, session) else {
        return Err(no_such_session(session));
    };
    let is_own = callee == realm.meta.session().id();
    if is_own || !realm.dealer.remove_callee(registration, callee, reason, realm, turn) {
        let text = format!("session {callee} has no registration {registration}");
        return Err(Refusal::new(uri::NO_SUCH_SESSION, text));
    }
    Ok(Vec::new())
}

fn find(realm: &Realm, request: &Request<'_>) -> Result<Vec<Id>, Refusal> {
    let id = request.id("registration");
    id.and_then(|id| realm.dealer.callees(id)).ok_or_else(|| no_such_registration(id))
}

fn no_such_registration(id: Option<Id>) -> Refusal {
    let text = id
        .map_or("that number is no registration's".to_owned(), |id| format!("there is no registration {id}"));
    Refusal::new(uri::NO_SUCH_REGISTRATION, text)
}

/// `{exact: [...], prefix: [...], wildcard: [...]}`.
pub(super) fn by_policy(of: impl Fn(Match) -> Vec<Id>) -> Answer {
    let policies = [Match::Exact, Match::Prefix, Match::Wildcard];
    let dict: Dict = policies.into_iter().map(|policy| (policy.name(), ids(&of(policy)))).collect();
    Ok(vec![dict.into()])
}

/// `options.match` of a lookup; exact if absent.
pub(super) fn policy_of(request: &Request<'_>) -> Result<Match, Refusal> {
    let options = request.get("options").and_then(Value::as_dict);
    let policy = options.and_then(|options| options.get("match")).filter(|policy| **policy != Value::Null);
    let Some(policy) = policy else { return Ok(Match::Exact) };
    let known = [Match::Exact, Match::Prefix, Match::Wildcard];
    let found = known.into_iter().find(|known| policy.as_text() == Some(known.name()));
    found.ok_or_else(|| invalid("match has to be \"exact\", \"prefix\" or \"wildcard\"".to_owned()))
}

/// What a session is told that loses something.
pub(super) fn reason_of<'r>(realm: &Realm, request: &'r Request<'_>) -> Result<Option<&'r str>, Refusal> {
    let reason = request.text("reason");
    reason.map_or(Ok(()), |reason| realm.check(reason))?;
    Ok(reason)
}

pub(super) fn ids(ids: &[Id]) -> Value {
    Value::List(ids.iter().map(|id| Value::from(id.get())).collect())
}

pub(super) fn maybe(id: Option<Id>) -> Value {
    id.map_or(Value::Null, |id| id.get().into())
}
