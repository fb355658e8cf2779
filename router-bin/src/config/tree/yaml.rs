//! YAML into the tree.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Location, Spanned};

use super::{Entry, Node, Parsed, Span, Value};
use crate::config::diagnostics::Mistake;

/// A whole file. An empty one is an empty table, as in TOML.
pub(super) fn document(text: &str, source: usize) -> Parsed {
    let options = serde_saphyr::options! { strict_booleans: true, with_snippet: false };
    match serde_saphyr::from_str_with_options::<Option<Spanned<Any>>>(text, options) {
        Ok(None) => Ok(Node { value: Value::Table(Vec::new()), span: Span { source, start: 0, end: 0 } }),
        Ok(Some(root)) => Ok(node(root, source)),
        Err(error) => Err(vec![mistake(&error, text, source)]),
    }
}

fn mistake(error: &serde_saphyr::Error, text: &str, source: usize) -> Mistake {
    let start = error.location().map_or(0, |location| offset(text, location));
    let end = text[start..].chars().next().map_or(start, |c| start + c.len_utf8());
    let message = error.without_snippet().to_string();
    // The report shows the place already, and the parser's options are not the reader's.
    let message = [" at line ", ", set "]
        .iter()
        .fold(message.as_str(), |text, tail| text.split(tail).next().unwrap_or(text));
    Mistake::new("the file is not valid YAML").at(Span { source, start, end }, message).syntax()
}

/// The offset in bytes; those in the locations of errors are not to be relied on.
fn offset(text: &str, location: Location) -> usize {
    let [line, column] =
        [location.line(), location.column()].map(|n| usize::try_from(n).unwrap_or(1).max(1) - 1);
    let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let within = text[start..].char_indices().nth(column).map_or(text.len() - start, |(at, _)| at);
    start + within
}

/// Any YAML value; serde's own way of saying "whatever comes".
enum Any {
    Scalar(Value),
    List(Vec<Spanned<Any>>),
    Table(Vec<(Spanned<String>, Spanned<Any>)>),
}

fn node(any: Spanned<Any>, source: usize) -> Node {
    let value = match any.value {
        Any::Scalar(value) => value,
        Any::List(items) => Value::List(items.into_iter().map(|item| node(item, source)).collect()),
        Any::Table(entries) => Value::Table(
            entries
                .into_iter()
                .map(|(key, value)| Entry {
                    key_span: span(key.referenced, source),
                    key: key.value,
                    value: node(value, source),
                })
                .collect(),
        ),
    };
    Node { value, span: span(any.referenced, source) }
}

fn span(location: Location, source: usize) -> Span {
    let place = location.span();
    let number = |value: Option<u64>| value.and_then(|value| usize::try_from(value).ok()).unwrap_or(0);
    let start = number(place.byte_offset());
    Span { source, start, end: start + number(place.byte_len()) }
}

impl<'de> Deserialize<'de> for Any {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyVisitor)
    }
}

struct AnyVisitor;

impl<'de> Visitor<'de> for AnyVisitor {
    type Value = Any;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Any, E> {
        Ok(Any::Scalar(Value::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Any, E> {
        Ok(Any::Scalar(Value::Bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Any, E> {
        Ok(Any::Scalar(Value::Integer(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Any, E> {
        Ok(Any::Scalar(
            i64::try_from(value).map_or_else(|_| Value::Number(value.to_string()), Value::Integer),
        ))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Any, E> {
        Ok(Any::Scalar(Value::Number(value.to_string())))
    }

    fn visit_str<E>(self, value: &str) -> Result<Any, E> {
        Ok(Any::Scalar(Value::String(value.into())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Any, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Any::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Any, A::Error> {
        let mut table = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            table.push(entry);
        }
        Ok(Any::Table(table))
    }
}
