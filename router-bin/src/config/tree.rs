//! What a config file says, before anyone asks what it means: values with the place that they came from.
//!
//! TOML, YAML and environment variables all end up in this one tree, so the meaning is worked out once and a mistake
//! is shown the same way wherever it was made.

pub(crate) mod environment;
mod secrets;
mod toml;
mod yaml;

use std::path::Path;

use crossway_core::Secret;

use super::diagnostics::{Mistake, Notes};

pub(crate) use self::secrets::{is_secret, secrets};

/// A place in one of the [`Sources`], in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Span {
    pub(crate) source: usize,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// A text that values come from: a file, or an environment variable written as `NAME=value`.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) name: String,
    /// There may be secrets in it.
    pub(crate) text: Secret,
}

/// All texts that values came from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sources(Vec<Source>);

impl Sources {
    /// Keeps a text; the number is what [`Span::source`] says.
    pub(crate) fn add(&mut self, name: impl Into<String>, text: impl Into<Secret>) -> usize {
        self.0.push(Source { name: name.into(), text: text.into() });
        self.0.len() - 1
    }

    pub(crate) fn get(&self, source: usize) -> &Source {
        &self.0[source]
    }

    /// `file:line` of where a span begins; of a variable the name.
    pub(crate) fn line_of(&self, span: Span) -> String {
        let source = self.get(span.source);
        if source.name == environment::SOURCE {
            return source.text.split('=').next().unwrap_or_default().to_string();
        }
        let before = source.text.get(..span.start).unwrap_or_default();
        format!("{}:{}", source.name, before.matches('\n').count() + 1)
    }

    /// The same texts with the secrets made unreadable, of the same length, so that every span still fits.
    ///
    /// Without a tree (`by_name`), whatever stands behind the name of a secret on a line counts as one.
    pub(super) fn blotted(mut self, found: &[Span], by_name: bool) -> Sources {
        for span in found {
            let text = &mut self.0[span.source].text;
            *text = secrets::blot(text, span.start, span.end).into();
        }
        if by_name {
            self.0.iter_mut().for_each(|source| source.text = secrets::blot_by_name(&source.text).into());
        }
        self
    }
}

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) value: Value,
    pub(crate) span: Span,
}

impl Node {
    /// The value of a key of a table.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        let Value::Table(entries) = &self.value else { return None };
        entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    /// The first value, here or below, of a key that says `text`.
    pub(crate) fn find(&self, key: &str, text: &str) -> Option<&Node> {
        match &self.value {
            Value::List(items) => items.iter().find_map(|item| item.find(key, text)),
            Value::Table(entries) => entries.iter().find_map(|entry| match entry.value.value.text() {
                Some(found) if entry.key == key && found == text => Some(&entry.value),
                _ => entry.value.find(key, text),
            }),
            _ => None,
        }
    }
}

/// What a value is, before it has a meaning. Any text may be a secret.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Integer(i64),
    /// A number that is no integer of 64 bits, as it was written.
    Number(String),
    String(Secret),
    /// From an environment variable, which knows no types: whatever is wanted is read out of it.
    Untyped(Secret),
    List(Vec<Node>),
    Table(Vec<Entry>),
}

/// One `key = value`.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_span: Span,
    pub(crate) value: Node,
}

impl Value {
    /// Text, if it is that.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Value::String(text) | Value::Untyped(text) => Some(text),
            _ => None,
        }
    }

    /// What the value is, in the words of a message: "found ...".
    pub(crate) fn describe(&self) -> String {
        match self {
            Value::Null => "nothing".into(),
            Value::Bool(value) => format!("`{value}`"),
            Value::Integer(value) => format!("the number {value}"),
            Value::Number(value) => format!("the number {value}"),
            Value::String(value) | Value::Untyped(value) => format!("\"{}\"", &**value),
            Value::List(_) => "a list".into(),
            Value::Table(_) => "a table".into(),
        }
    }
}

/// How a config file is spelt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Toml,
    Yaml,
}

impl Format {
    /// The format that the file's extension names.
    pub(crate) fn of(path: &Path) -> Option<Format> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "toml" => Some(Format::Toml),
            "yaml" | "yml" => Some(Format::Yaml),
            _ => None,
        }
    }
}

/// Reads a text into a tree, or notes why it is not of that format.
pub(crate) fn parse(format: Format, source: usize, sources: &Sources, notes: &Notes) -> Option<Node> {
    let text = &sources.get(source).text;
    let parsed = match format {
        Format::Toml => toml::document(text, source),
        Format::Yaml => yaml::document(text, source),
    };
    match parsed {
        Ok(root) => Some(root),
        Err(mistakes) => {
            mistakes.into_iter().for_each(|mistake| notes.add(mistake));
            None
        }
    }
}

/// What the parsers answer; a TOML file may have several mistakes of syntax.
type Parsed = Result<Node, Vec<Mistake>>;
