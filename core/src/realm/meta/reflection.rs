//! What the router says of itself: its procedures, topics and errors, out of the catalog.

use super::Realm;
use super::catalog::{self, Named, PROCEDURES, Parameter};
use super::request::Request;
use crate::error::Refusal;
use crate::session::turn::Turn;
use crate::uri;
use crate::value::{Dict, Value};

type Answer = Result<Vec<Value>, Refusal>;

pub(super) fn list_procedures(_: &Realm, _: &Request<'_>, _: &mut Turn) -> Answer {
    list(PROCEDURES.iter().map(|procedure| procedure.uri))
}

pub(super) fn list_topics(_: &Realm, _: &Request<'_>, _: &mut Turn) -> Answer {
    list(catalog::TOPICS.iter().map(|topic| topic.uri))
}

pub(super) fn list_errors(_: &Realm, _: &Request<'_>, _: &mut Turn) -> Answer {
    list(catalog::ERRORS.iter().map(|error| error.uri))
}

pub(super) fn describe_procedure(_: &Realm, request: &Request<'_>, _: &mut Turn) -> Answer {
    let wanted = request.text("uri").unwrap_or_default();
    let found = PROCEDURES.iter().find(|procedure| procedure.uri == wanted);
    let procedure = found.ok_or_else(|| not_ours(uri::NO_SUCH_PROCEDURE, wanted))?;
    let result = if procedure.result.is_empty() { Value::Null } else { procedure.result.into() };
    let dict = Dict::new()
        .with("uri", procedure.uri)
        .with("description", procedure.about)
        .with("args", parameters(procedure.args))
        .with("kwargs", parameters(procedure.kwargs))
        .with("result", result);
    Ok(vec![dict.into()])
}

pub(super) fn describe_topic(_: &Realm, request: &Request<'_>, _: &mut Turn) -> Answer {
    describe(catalog::TOPICS, request, uri::NO_SUCH_TOPIC)
}

pub(super) fn describe_error(_: &Realm, request: &Request<'_>, _: &mut Turn) -> Answer {
    describe(catalog::ERRORS, request, uri::NO_SUCH_ERROR)
}

fn list(uris: impl Iterator<Item = &'static str>) -> Answer {
    Ok(vec![Value::List(uris.map(Value::from).collect())])
}

fn describe(known: &[Named], request: &Request<'_>, error: &'static str) -> Answer {
    let wanted = request.text("uri").unwrap_or_default();
    let found = known.iter().find(|named| named.uri == wanted).ok_or_else(|| not_ours(error, wanted))?;
    let mut dict = Dict::new().with("uri", found.uri).with("description", found.about);
    if !found.args.is_empty() {
        dict.insert("args", Value::List(found.args.iter().map(|arg| Value::from(*arg)).collect()));
    }
    Ok(vec![dict.into()])
}

fn parameters(parameters: &[Parameter]) -> Value {
    let describe = |parameter: &Parameter| {
        let Parameter { name, shape, required, about } = *parameter;
        let dict = Dict::new().with("name", name).with("type", shape.name());
        Value::Dict(dict.with("required", required).with("description", about))
    };
    Value::List(parameters.iter().map(describe).collect())
}

fn not_ours(error: &'static str, wanted: &str) -> Refusal {
    Refusal::new(error, format!("{wanted:?} is nothing that the router itself provides"))
}
