//! TOML into the tree.

use std::ops::Range;

use ::toml::Spanned;
use ::toml::de::{DeTable, DeValue};

use super::{Entry, Node, Parsed, Span, Value};
use crate::config::diagnostics::Mistake;

/// A whole file. The parser goes on behind a mistake of syntax, so all of them are reported.
pub(super) fn document(text: &str, source: usize) -> Parsed {
    let (root, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        return Ok(Node { value: table(root.get_ref(), source), span: span(root.span(), source) });
    }
    let mistake = |error: ::toml::de::Error| {
        let place = error.span().unwrap_or(0..0);
        Mistake::new("the file is not valid TOML").at(span(place, source), error.message().trim()).syntax()
    };
    Err(errors.into_iter().map(mistake).collect())
}

/// A value on its own, for environment variables. `offset` is where it begins in its source.
pub(super) fn value(text: &str, source: usize, offset: usize) -> Result<Node, String> {
    let parsed = DeValue::parse(text).map_err(|error| error.message().trim().to_string())?;
    let mut node = node(&parsed, source);
    shift(&mut node, offset);
    Ok(node)
}

fn node(value: &Spanned<DeValue<'_>>, source: usize) -> Node {
    let place = span(value.span(), source);
    let value = match value.get_ref() {
        DeValue::String(text) => Value::String((**text).into()),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Value::Integer(number),
            Err(_) => Value::Number(number.to_string()),
        },
        DeValue::Float(number) => Value::Number(number.to_string()),
        DeValue::Boolean(flag) => Value::Bool(*flag),
        DeValue::Datetime(date) => Value::Number(date.to_string()),
        DeValue::Array(items) => Value::List(items.iter().map(|item| node(item, source)).collect()),
        DeValue::Table(entries) => table(entries, source),
    };
    Node { value, span: place }
}

fn table(entries: &DeTable<'_>, source: usize) -> Value {
    let mut entries: Vec<Entry> = entries
        .iter()
        .map(|(key, value)| Entry {
            key: key.get_ref().to_string(),
            key_span: span(key.span(), source),
            value: node(value, source),
        })
        .collect();
    // The parser sorts by name; people think in the order they wrote.
    entries.sort_by_key(|entry| entry.key_span);
    Value::Table(entries)
}

fn span(range: Range<usize>, source: usize) -> Span {
    Span { source, start: range.start, end: range.end }
}

fn shift(node: &mut Node, offset: usize) {
    let moved = |span: &mut Span| {
        span.start += offset;
        span.end += offset;
    };
    moved(&mut node.span);
    match &mut node.value {
        Value::List(items) => items.iter_mut().for_each(|item| shift(item, offset)),
        Value::Table(entries) => entries.iter_mut().for_each(|entry| {
            moved(&mut entry.key_span);
            shift(&mut entry.value, offset);
        }),
        _ => {}
    }
}
