//! Testaments: what a session wants published when it is gone.
//!
//! Law: a testament is an ordinary publication of the session that left it, written in its own format when it was added, and
//! refused then if it could not be published: whether the session may do that is not asked again when it is gone.
//! Sessions without testaments pay one pointer.
//!
//! ```text
//!   add ──> detached: a, b        GOODBYE, lost, killed, broken ──> a, b, c
//!           destroyed: c          kill_all ──────────────────────> nothing
//! ```

use std::sync::Arc;

use super::request::{Request, invalid};
use super::{Realm, Reply};
use crate::authorization::{Asked, Decision, Grant};
use crate::broker::Burst;
use crate::error::Refusal;
use crate::id::Id;
use crate::message::{Options, Payload, Publish, PublishOptions};
use crate::session::turn::Turn;
use crate::session::{Fate, Session, Testament};
use crate::uri::{self, UriError};
use crate::value::{Dict, Value};

/// The names of the scopes, in the order in which they are published (TEST-07).
const SCOPES: [&str; 2] = ["detached", "destroyed"];

pub(super) fn add(realm: &Realm, request: &Request<'_>) -> Result<Reply, Refusal> {
    let will = Will::read(realm, request)?;
    let caller = Arc::clone(request.caller);
    let (topic, options) = (will.message.topic.clone(), will.message.options.clone());
    realm.authorized(request.caller, &topic, Asked::Publish(&options), move |realm, decision| {
        will.leave(realm, &caller, decision)?;
        Ok(Reply::Now(Vec::new()))
    })
}

/// A testament to be.
struct Will {
    scope: u8,
    message: Publish<'static>,
    weight: usize,
}

impl Will {
    fn read(realm: &Realm, request: &Request<'_>) -> Result<Self, Refusal> {
        let scope = scope(request)?;
        let topic = request.text("topic").unwrap_or_default();
        realm.check(topic)?;
        if uri::is_reserved(topic) {
            return Err(UriError::Reserved.into());
        }
        let options = request.get("publish_options").and_then(Value::as_dict).cloned().unwrap_or_default();
        let weight = topic.len() + weigh_dict(&options);
        let options = PublishOptions::from_dict("publish_options", options)
            .map_err(|wrong| invalid(wrong.to_string()))?;
        if options.ppt.is_used() && !request.caller.features().publisher_ppt {
            return Err(invalid(
                "publish_options use payload passthru mode, which this session has not announced".into(),
            ));
        }
        let args = request.get("args").and_then(Value::as_list).unwrap_or_default();
        let none = Dict::new();
        let kwargs = request.get("kwargs").and_then(Value::as_dict).unwrap_or(&none);
        let payload = Payload::write(args, kwargs, request.caller.format().serializer())?;
        let message = Publish { request: Id::MIN, options, topic: topic.to_owned().into(), payload };
        Ok(Will { scope, message, weight })
    }

    fn leave(self, realm: &Realm, caller: &Session, decision: &Decision) -> Result<(), Refusal> {
        let Will { scope, message, weight } = self;
        let asked = Asked::Publish(&message.options);
        let Grant { disclose, .. } = realm.matter(caller.id(), &message.topic, asked).settle(decision)?;
        realm.broker.check(&message, disclose, caller)?;
        let Publish { options, topic, payload, .. } = message;
        let weight = weight + payload.len() + size_of::<Testament>() + size_of::<PublishOptions>();
        let (topic, options) = (topic.into(), Box::new(options));
        let testament = Testament { scope, topic, options, payload, disclose, weight };
        let limits = &realm.limits;
        let added = caller.add_testament(testament, limits.max_testaments, limits.max_testament_bytes);
        added.inspect_err(|_| realm.counters.testaments_over_limit.increment())
    }
}

pub(super) fn flush(_: &Realm, request: &Request<'_>) -> Result<Reply, Refusal> {
    request.caller.flush_testaments(scope(request)?);
    Ok(Reply::Now(Vec::new()))
}

fn scope(request: &Request<'_>) -> Result<u8, Refusal> {
    let wanted = request.text("scope").unwrap_or(SCOPES[1]);
    let position = (0..).zip(SCOPES).find(|(_, scope)| *scope == wanted);
    position
        .map(|(scope, _)| scope)
        .ok_or_else(|| invalid("scope has to be \"detached\" or \"destroyed\"".to_owned()))
}

/// About how much memory a dictionary takes.
fn weigh_dict(dict: &Dict) -> usize {
    dict.iter().map(|(key, value)| key.len() + weigh(value)).sum()
}

fn weigh(value: &Value) -> usize {
    let inside = match value {
        Value::Text(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        Value::List(items) => items.iter().map(weigh).sum(),
        Value::Dict(dict) => weigh_dict(dict),
        _ => 0,
    };
    size_of::<Value>() + inside
}

impl Realm {
    /// Publishes what `session`, which is gone, has left (TEST-09); nothing if everybody was killed (TEST-12).
    pub(in crate::realm) fn execute_testaments(&self, session: &Session, turn: &mut Turn) {
        let testaments = session.take_testaments();
        if testaments.is_empty() || session.fate() == Fate::KilledSilently {
            return;
        }
        let mut burst = Burst::new(session);
        for Testament { topic, options, payload, disclose, .. } in testaments {
            let mut message =
                Publish { request: Id::MIN, options: *options, topic: String::from(topic).into(), payload };
            // Nobody is there to be told why it was refused.
            let _ = self.broker.publish(&mut message, disclose, &mut burst, turn);
        }
        self.broker.deliver(&mut burst, turn);
    }
}
