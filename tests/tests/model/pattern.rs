//! Messages with symbols in place of the ids that the router chooses.
//!
//! Law: a symbol is one id, and within its kind and realm an id is one symbol.

use std::collections::HashMap;

use serde_json::Value;

/// What a symbol names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Scope {
    Session,
    Publication,
    /// Per realm.
    Subscription(u8),
    /// Per realm.
    Registration(u8),
}

/// An element of a message, or of something inside it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Element {
    Is(Value),
    Symbol(Scope, u32),
    List(Vec<Element>),
    /// With exactly these keys.
    Dict(Vec<(&'static str, Element)>),
    /// Whatever it is.
    Any,
}

pub(crate) type Message = Vec<Element>;

impl<T: Into<Value>> From<T> for Element {
    fn from(value: T) -> Self {
        Element::Is(value.into())
    }
}

/// An empty dictionary.
pub(crate) fn none() -> Element {
    Element::Dict(Vec::new())
}

/// Which symbol is which id.
#[derive(Default)]
pub(crate) struct Bindings {
    ids: HashMap<(Scope, u32), u64>,
    symbols: HashMap<(Scope, u64), u32>,
}

impl Bindings {
    /// A message to be sent. All its symbols are bound: the model names only what a session has been told.
    pub(crate) fn resolve(&self, message: &[Element]) -> Value {
        message.iter().map(|element| self.value(element)).collect()
    }

    fn value(&self, element: &Element) -> Value {
        match element {
            Element::Is(value) => value.clone(),
            Element::Symbol(scope, symbol) => self.ids[&(*scope, *symbol)].into(),
            Element::List(items) => self.resolve(items),
            Element::Dict(entries) => Value::Object(
                entries.iter().map(|(key, value)| ((*key).to_owned(), self.value(value))).collect(),
            ),
            Element::Any => Value::Null,
        }
    }

    /// Whether a message that was received is the expected one; learns its ids if it is.
    pub(crate) fn matches(&mut self, expected: &[Element], found: &Value) -> bool {
        let Value::Array(items) = found else { return false };
        items.len() == expected.len()
            && expected.iter().zip(items).all(|(element, item)| self.element_matches(element, item))
    }

    fn element_matches(&mut self, element: &Element, found: &Value) -> bool {
        match element {
            Element::Any => true,
            Element::Is(value) => value == found,
            Element::Symbol(scope, symbol) => found.as_u64().is_some_and(|id| self.bind(*scope, *symbol, id)),
            Element::List(items) => self.matches(items, found),
            Element::Dict(entries) => {
                let Value::Object(object) = found else { return false };
                object.len() == entries.len()
                    && entries.iter().all(|(key, element)| {
                        object.get(*key).is_some_and(|value| self.element_matches(element, value))
                    })
            }
        }
    }

    fn bind(&mut self, scope: Scope, symbol: u32, id: u64) -> bool {
        (1..=1 << 53).contains(&id)
            && *self.ids.entry((scope, symbol)).or_insert(id) == id
            && *self.symbols.entry((scope, id)).or_insert(symbol) == symbol
    }
}
