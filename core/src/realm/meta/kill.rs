//! Ending sessions of others.
//!
//! Law: from the answer on a killed session does not exist for the meta API, whatever its peer does. It gets GOODBYE behind
//! what waits in its outbox, and its own task does the rest. Nobody can kill the session that calls.

use std::sync::Arc;

use super::Realm;
use super::request::Request;
use super::session::no_such_session;
use crate::error::Refusal;
use crate::session::outbox::{Farewell, Order};
use crate::session::turn::Turn;
use crate::session::{Fate, Session};
use crate::uri;
use crate::value::Value;

type Answer = Result<Vec<Value>, Refusal>;

pub(super) fn kill(realm: &Realm, request: &Request<'_>, _: &mut Turn) -> Answer {
    let farewell = farewell(realm, request)?;
    let id = request.id("session");
    let victim = realm.session(id)?;
    if victim.id() == request.caller.id() || !end(&victim, &farewell, Fate::Killed) {
        return Err(no_such_session(id));
    }
    Ok(Vec::new())
}

pub(super) fn kill_by_authid(realm: &Realm, request: &Request<'_>, _: &mut Turn) -> Answer {
    let authid = request.text("authid");
    let killed =
        kill_if(realm, request, Fate::Killed, |victim| Some(victim.identity().authid.as_str()) == authid)?;
    Ok(vec![killed.into()])
}

pub(super) fn kill_by_authrole(realm: &Realm, request: &Request<'_>, _: &mut Turn) -> Answer {
    let authrole = request.text("authrole");
    let killed = kill_if(realm, request, Fate::Killed, |victim| {
        Some(victim.identity().authrole.as_str()) == authrole
    })?;
    Ok(vec![(killed.len() as u64).into()])
}

pub(super) fn kill_all(realm: &Realm, request: &Request<'_>, _: &mut Turn) -> Answer {
    let killed = kill_if(realm, request, Fate::KilledSilently, |_| true)?;
    Ok(vec![(killed.len() as u64).into()])
}

/// Kills everybody who is meant but the caller; returns the ids.
fn kill_if(
    realm: &Realm,
    request: &Request<'_>,
    fate: Fate,
    is_meant: impl Fn(&Session) -> bool,
) -> Result<Vec<Value>, Refusal> {
    let farewell = farewell(realm, request)?;
    let mut killed = Vec::new();
    realm.each_session(|victim| {
        let meant = victim.id() != request.caller.id() && is_meant(victim);
        if meant && end(victim, &farewell, fate) {
            killed.push(Value::from(victim.id().get()));
        }
    });
    Ok(killed)
}

/// Returns whether the session was still there.
fn end(victim: &Session, farewell: &Arc<Farewell>, fate: Fate) -> bool {
    // First, since its task may be faster than this one.
    victim.set_fate(fate);
    let ended = victim.outbox().order_session(victim.id(), Order::Kill(Arc::clone(farewell)));
    if !ended {
        victim.set_fate(Fate::Open);
    }
    ended
}

/// What the killed are told (META-SESS-10, META-SESS-12).
fn farewell(realm: &Realm, request: &Request<'_>) -> Result<Arc<Farewell>, Refusal> {
    let reason = request.text("reason").unwrap_or(uri::KILLED);
    realm.check(reason)?;
    let message = request.text("message").map(str::to_owned);
    Ok(Arc::new(Farewell { reason: reason.to_owned(), message }))
}
