//! Environment variables over the tree.
//!
//! `CROSSWAY__LIMITS__MAX_SESSIONS=100` sets `limits.max_sessions`: the path of the key in capitals, its parts joined by
//! two underscores, behind `CROSSWAY__`. Members of lists go by their number from 0, one past the end adds a member:
//! `CROSSWAY__LISTENER__0__TCP=0.0.0.0:9000`. A value in brackets or braces is read as TOML, everything else is taken as
//! it stands; a plain list may be written `json,cbor`.

use super::{Entry, Node, Sources, Span, Value, toml};
use crate::config::diagnostics::{Mistake, Notes};

const PREFIX: &str = "CROSSWAY__";

/// What variables are called as a source.
pub(super) const SOURCE: &str = "environment";

/// Puts every variable that begins with the prefix into the tree, in the order of the names.
pub(crate) fn overlay<'a>(
    root: &mut Node,
    variables: impl Iterator<Item = (&'a str, &'a str)>,
    sources: &mut Sources,
    notes: &Notes,
) {
    for (name, value) in variables {
        let Some(path) = name.strip_prefix(PREFIX) else { continue };
        let source = sources.add(SOURCE, format!("{name}={value}"));
        let put = parse(value, source, name.len() + 1).and_then(|node| put(root, &parts(path, source), node));
        if let Err(mistake) = put {
            notes.add(mistake);
        }
    }
}

/// One part of the path and where it stands in the variable's name.
struct Part {
    key: String,
    span: Span,
}

fn parts(path: &str, source: usize) -> Vec<Part> {
    let mut start = PREFIX.len();
    path.split("__")
        .map(|part| {
            let span = Span { source, start, end: start + part.len() };
            start = span.end + 2;
            Part { key: part.to_ascii_lowercase(), span }
        })
        .collect()
}

fn parse(value: &str, source: usize, offset: usize) -> Result<Node, Mistake> {
    let span = Span { source, start: offset, end: offset + value.len() };
    if value.starts_with(['[', '{']) {
        return toml::value(value, source, offset).map_err(|error| {
            Mistake::new("a value in brackets or braces has to be valid TOML").at(span, error).syntax()
        });
    }
    Ok(Node { value: Value::Untyped(value.into()), span })
}

fn put(node: &mut Node, path: &[Part], value: Node) -> Result<(), Mistake> {
    let Some((part, rest)) = path.split_first() else {
        *node = value;
        return Ok(());
    };
    // What an earlier variable or the file left out begins to exist here.
    if matches!(node.value, Value::Null) {
        let empty = if part.key.parse::<usize>().is_ok() {
            Value::List(Vec::new())
        } else {
            Value::Table(Vec::new())
        };
        *node = Node { value: empty, span: part.span };
    }
    match &mut node.value {
        Value::Table(entries) => put(entry(entries, part), rest, value),
        Value::List(items) => put(item(items, part)?, rest, value),
        other => Err(Mistake::new("this override does not fit the rest of the configuration")
            .at(part.span, format!("what holds `{}` is {}", part.key, other.describe()))
            .help("only tables and lists have members")),
    }
}

fn entry<'a>(entries: &'a mut Vec<Entry>, part: &Part) -> &'a mut Node {
    let at = entries.iter().position(|entry| entry.key == part.key).unwrap_or_else(|| {
        let value = Node { value: Value::Null, span: part.span };
        entries.push(Entry { key: part.key.clone(), key_span: part.span, value });
        entries.len() - 1
    });
    &mut entries[at].value
}

fn item<'a>(items: &'a mut Vec<Node>, part: &Part) -> Result<&'a mut Node, Mistake> {
    let count = items.len();
    let index = part.key.parse::<usize>().ok().filter(|index| *index <= count).ok_or_else(|| {
        Mistake::new("this override does not fit the rest of the configuration")
            .at(part.span, "not the number of a member")
            .help(format!("members are counted from 0; {count} would add one"))
    })?;
    if index == count {
        items.push(Node { value: Value::Null, span: part.span });
    }
    Ok(&mut items[index])
}
