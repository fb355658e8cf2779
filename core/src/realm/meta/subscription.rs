//! Questions about subscriptions, and taking them away.

use super::events::describe;
use super::registration::{by_policy, ids, maybe, policy_of, reason_of};
use super::request::Request;
use super::session::no_such_session;
use super::{Realm, Reply};
use crate::authorization::Asked;
use crate::broker::{HistoryQuery, Subscription};
use crate::error::Refusal;
use crate::id::Id;
use crate::message::SubscribeOptions;
use crate::session::turn::Turn;
use crate::uri;
use crate::value::Value;
use std::sync::Arc;

type Answer = Result<Vec<Value>, Refusal>;

pub(super) fn list(realm: &Realm, _: &Request<'_>, _: &mut Turn) -> Answer {
    // As with registrations, what is the router's business is left out.
    by_policy(|policy| {
        let mut of_clients = realm.broker.subscriptions(policy);
        of_clients.retain(|id| {
            let subscription = realm.broker.subscription(*id);
            subscription.is_some_and(|subscription| !uri::is_reserved(subscription.facts().uri))
        });
        of_clients
    })
}

pub(super) fn lookup(realm: &Realm, request: &Request<'_>, _: &mut Turn) -> Answer {
    let topic = request.text("topic").unwrap_or_default();
    let found = realm.broker.lookup(policy_of(request)?, topic);
    Ok(vec![maybe(found.map(|subscription| subscription.facts().id))])
}

pub(super) fn matching(realm: &Realm, request: &Request<'_>, _: &mut Turn) -> Answer {
    let found = realm.broker.matching(request.text("topic").unwrap_or_default());
    Ok(vec![if found.is_empty() { Value::Null } else { ids(&found) }])
}

pub(super) fn get(realm: &Realm, request: &Request<'_>, _: &mut Turn) -> Answer {
    Ok(vec![describe(&find(realm, request)?.facts())])
}

pub(super) fn subscribers(realm: &Realm, request: &Request<'_>, _: &mut Turn) -> Answer {
    Ok(vec![ids(&find(realm, request)?.subscribers())])
}

pub(super) fn count(realm: &Realm, request: &Request<'_>, _: &mut Turn) -> Answer {
    Ok(vec![(find(realm, request)?.count() as u64).into()])
}

pub(super) fn remove(realm: &Realm, request: &Request<'_>, turn: &mut Turn) -> Answer {
    let reason = reason_of(realm, request)?;
    let subscription = request.id("subscription").ok_or_else(|| no_such_subscription(None))?;
    let session = request.id("session").ok_or_else(|| no_such_session(None))?;
    realm.broker.remove_subscriber(subscription, session, reason, realm, turn)?;
    Ok(Vec::new())
}

/// For those who may subscribe to what the subscription is to (PS-HIST-12).
pub(super) fn get_events(realm: &Realm, request: &Request<'_>) -> Result<Reply, Refusal> {
    let mut filters = request.kwargs().clone();
    // Clients of Crossbar give it by position.
    if let Some(limit) = request.get("limit") {
        filters.insert("limit", limit.clone());
    }
    let query = HistoryQuery::from_kwargs(&filters)?;
    let subscription = find(realm, request)?;
    let caller = Arc::clone(request.caller);
    let facts = subscription.facts();
    let options = SubscribeOptions { policy: Some(facts.policy), ..Default::default() };
    let (id, uri) = (facts.id, facts.uri.to_owned());
    realm.authorized(request.caller, facts.uri, Asked::Subscribe(&options.clone()), move |realm, decision| {
        let settled = realm.matter(caller.id(), &uri, Asked::Subscribe(&options)).settle(decision);
        settled.map_err(|refusal| unnamed(id, refusal))?;
        realm.broker.events(id, &caller, query).map(Reply::Later)
    })
}

/// Whoever may not subscribe knows a number, and is not told which topic it stands for.
fn unnamed(id: Id, refusal: Refusal) -> Refusal {
    match refusal.uri {
        // That nobody knows. The words are the authorizer's, meant for clients.
        uri::AUTHORIZATION_FAILED => refusal,
        _ => Refusal::new(
            uri::NOT_AUTHORIZED,
            format!("this session may not get the events of subscription {id}"),
        ),
    }
}

fn find(realm: &Realm, request: &Request<'_>) -> Result<Arc<Subscription>, Refusal> {
    let id = request.id("subscription");
    id.and_then(|id| realm.broker.subscription(id)).ok_or_else(|| no_such_subscription(id))
}

fn no_such_subscription(id: Option<Id>) -> Refusal {
    let text = id
        .map_or("that number is no subscription's".to_owned(), |id| format!("there is no subscription {id}"));
    Refusal::new(uri::NO_SUCH_SUBSCRIPTION, text)
}
