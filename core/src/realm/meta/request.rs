//! A call of one of the router's procedures, checked against the catalog.

use std::sync::Arc;

use super::catalog::{Parameter, Procedure};
use crate::error::Refusal;
use crate::id::Id;
use crate::session::Session;
use crate::uri;
use crate::value::{Dict, Value};

/// What a value has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// An id, or rather an integer: one that is no id names nothing.
    Id,
    /// A string.
    Text,
    /// A string that has to be a URI.
    Uri,
    /// A list of strings.
    Texts,
    /// A list.
    List,
    /// A dictionary.
    Dict,
    /// Anything: whoever reads it checks it.
    Any,
}

impl Shape {
    /// The name in the description of a procedure.
    pub(super) fn name(self) -> &'static str {
        match self {
            Shape::Id => "id",
            Shape::Text => "string",
            Shape::Uri => "uri",
            Shape::Texts => "list[string]",
            Shape::List => "list",
            Shape::Dict => "dict",
            Shape::Any => "any",
        }
    }

    fn admits(self, value: &Value) -> bool {
        match self {
            Shape::Id => value.as_uint().is_some(),
            Shape::Text | Shape::Uri => value.as_text().is_some(),
            Shape::Texts => {
                value.as_list().is_some_and(|items| items.iter().all(|item| item.as_text().is_some()))
            }
            Shape::List => value.as_list().is_some(),
            Shape::Dict => value.as_dict().is_some(),
            Shape::Any => true,
        }
    }
}

/// Who asks, and for what. `null` counts as absent; arguments may come by position or by name.
pub(super) struct Request<'a> {
    pub(super) caller: &'a Arc<Session>,
    procedure: &'static Procedure,
    args: Vec<Value>,
    kwargs: Dict,
}

impl<'a> Request<'a> {
    /// Checks number and kinds of arguments (META-SESS-21).
    pub(super) fn new(
        procedure: &'static Procedure,
        caller: &'a Arc<Session>,
        args: Vec<Value>,
        kwargs: Dict,
    ) -> Result<Self, Refusal> {
        if args.len() > procedure.args.len() {
            let (most, uri) = (procedure.args.len(), procedure.uri);
            return Err(invalid(format!("{uri} takes at most {most} arguments, not {}", args.len())));
        }
        let request = Request { caller, procedure, args, kwargs };
        procedure.args.iter().chain(procedure.kwargs).try_for_each(|parameter| request.check(parameter))?;
        Ok(request)
    }

    fn check(&self, parameter: &Parameter) -> Result<(), Refusal> {
        let Parameter { name, shape, required, .. } = *parameter;
        let uri = self.procedure.uri;
        match self.get(name) {
            None if required => Err(invalid(format!("{uri} needs the argument {name}"))),
            Some(value) if !shape.admits(value) => {
                Err(invalid(format!("the argument {name} of {uri} has to be of type {}", shape.name())))
            }
            _ => Ok(()),
        }
    }

    /// An argument, if it is there.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        let position = self.procedure.args.iter().position(|parameter| parameter.name == name);
        let value = position.and_then(|at| self.args.get(at)).or_else(|| self.kwargs.get(name));
        value.filter(|value| **value != Value::Null)
    }

    pub(super) fn kwargs(&self) -> &Dict {
        &self.kwargs
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_text()
    }

    /// A number that may be an id.
    pub(super) fn id(&self, name: &str) -> Option<Id> {
        Id::new(self.get(name)?.as_uint()?)
    }
}

/// The arguments are wrong.
pub(super) fn invalid(message: String) -> Refusal {
    Refusal::new(uri::INVALID_ARGUMENT, message)
}
