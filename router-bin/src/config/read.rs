//! Typed reading of the tree. A wrong value is noted and answered with `None`; the caller goes on with its default, so
//! that one run finds every mistake.

use std::cell::{Cell, RefCell};
use std::ops::RangeInclusive;
use std::time::Duration;

use super::diagnostics::{Mistake, Notes};
use super::tree::{Entry, Node, Span, Value, is_secret};
use super::units;

/// A table whose keys are asked for one by one; what nobody asked for is unknown.
pub(crate) struct Table<'a> {
    path: String,
    pub(crate) span: Span,
    entries: &'a [Entry],
    known: RefCell<Vec<&'static str>>,
    /// Keys that nobody asked for are no mistake.
    excused: Cell<bool>,
    notes: &'a Notes,
}

/// A value with the path of its key: `listener[0].tcp`.
#[derive(Clone)]
pub(crate) struct Field<'a> {
    pub(crate) path: String,
    node: &'a Node,
    notes: &'a Notes,
}

impl<'a> Table<'a> {
    /// The value of a key. An empty one in YAML counts as left out.
    pub(crate) fn get(&self, key: &'static str) -> Option<Field<'a>> {
        let mut known = self.known.borrow_mut();
        if !known.contains(&key) {
            known.push(key);
        }
        drop(known);
        let entry = self.entries.iter().find(|entry| entry.key == key)?;
        if matches!(entry.value.value, Value::Null) {
            return None;
        }
        Some(Field { path: self.path_of(key), node: &entry.value, notes: self.notes })
    }

    /// The value of a key that has no default; `example` shows how it could look.
    pub(crate) fn require(&self, key: &'static str, example: &str) -> Option<Field<'a>> {
        let field = self.get(key);
        if field.is_none() {
            self.note(
                format!("`{}` is missing", self.path_of(key)),
                "here",
                format!("for example: {example}"),
            );
        }
        field
    }

    /// Puts what a key says into `slot`, or leaves the default there.
    pub(crate) fn set<T>(&self, key: &'static str, slot: &mut T, read: impl FnOnce(&Field<'a>) -> Option<T>) {
        if let Some(value) = self.get(key).and_then(|field| read(&field)) {
            *slot = value;
        }
    }

    /// The members of a table below; an absent one is empty.
    pub(crate) fn section<T>(&self, key: &'static str, read: impl FnOnce(&Table<'a>) -> T) -> T {
        let field = self.get(key);
        let table = field.as_ref().and_then(Field::table);
        let empty = Table { path: self.path_of(key), span: self.span, entries: &[], ..self.empty() };
        let table = table.unwrap_or(empty);
        let value = read(&table);
        table.finish();
        value
    }

    /// Notes a mistake that concerns the table as a whole.
    pub(crate) fn note(&self, message: String, label: &str, help: String) {
        self.notes.add(Mistake::new(message).at(self.span, label).help(help));
    }

    /// How the table as a whole is called in a message.
    pub(crate) fn name(&self) -> String {
        format!("`{}`", self.path)
    }

    /// The full path of one of the keys.
    pub(crate) fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_string() } else { format!("{}.{key}", self.path) }
    }

    /// The path of a key as the header of a table has it: `realm.role`.
    pub(crate) fn header_of(&self, key: &str) -> String {
        let path = self.path_of(key);
        let part = |part: &str| part.split('[').next().unwrap_or_default().to_string();
        path.split('.').map(part).collect::<Vec<_>>().join(".")
    }

    fn empty(&self) -> Table<'a> {
        Table {
            path: String::new(),
            span: self.span,
            entries: &[],
            known: RefCell::default(),
            excused: Cell::default(),
            notes: self.notes,
        }
    }

    /// Whether there are keys that nobody has asked for yet.
    pub(crate) fn has_unknown(&self) -> bool {
        let known = self.known.borrow();
        self.entries.iter().any(|entry| !known.contains(&entry.key.as_str()))
    }

    /// Keys that nobody asks for are no mistake: it is not known which there could be.
    pub(crate) fn excuse_unknown(&self) {
        self.excused.set(true);
    }

    /// Notes every key that nobody asked for.
    fn finish(&self) {
        if self.excused.get() {
            return;
        }
        let known = self.known.borrow();
        for entry in self.entries.iter().filter(|entry| !known.contains(&entry.key.as_str())) {
            let missing: Vec<&str> = known.iter().copied().filter(|key| !self.has(key)).collect();
            let mistake = Mistake::new(format!("`{}` is not a known key", self.path_of(&entry.key)))
                .at(entry.key_span, "not known here")
                .help(suggest(&entry.key, &missing, &known));
            self.notes.add(mistake);
        }
    }

    fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|entry| entry.key == key)
    }
}

/// The root of the tree as a table.
pub(crate) fn root<'a, T>(node: &'a Node, notes: &'a Notes, read: impl FnOnce(&Table<'a>) -> T) -> Option<T> {
    let field = Field { path: String::new(), node, notes };
    let table = field.table()?;
    let value = read(&table);
    table.finish();
    Some(value)
}

impl<'a> Field<'a> {
    /// The value as it was said.
    pub(crate) fn node(&self) -> &Node {
        self.node
    }

    /// Where the value stands.
    pub(crate) fn span(&self) -> Span {
        self.node.span
    }

    /// Notes that the value is wrong, and answers `None`.
    pub(crate) fn wrong<T>(&self, what: impl AsRef<str>, label: &str, help: impl Into<String>) -> Option<T> {
        let path = if self.path.is_empty() { "the configuration" } else { &self.path };
        let message = format!("`{path}` {}", what.as_ref());
        self.notes.add(Mistake::new(message).at(self.node.span, label).help(help));
        None
    }

    /// Notes that something is wrong with a text that a key has anywhere in here; with the whole, if it stands elsewhere.
    pub(crate) fn wrong_below(&self, key: &str, text: &str, what: impl AsRef<str>, help: &str) {
        let node = self.node.find(key, text).unwrap_or(self.node);
        let _ = Field { node, ..self.clone() }.wrong::<()>(what, "this one", help);
    }

    /// The texts that a key has in the members of a list; `None` if it has none in one of them.
    pub(crate) fn texts_of(&self, key: &str) -> Option<Vec<String>> {
        let Value::List(items) = &self.node.value else { return None };
        items.iter().map(|item| item.get(key)?.value.text().map(String::from)).collect()
    }

    /// Notes that the value is of another kind than `what`, which says all that is allowed.
    fn wanted<T>(&self, what: &str) -> Option<T> {
        let path = if self.path.is_empty() { "the configuration" } else { &self.path };
        // Without quotes a secret may be a number.
        let found = match path.rsplit('.').next().is_some_and(is_secret) {
            true => "found something else".to_string(),
            false => format!("found {}", self.node.value.describe()),
        };
        self.notes.add(Mistake::new(format!("`{path}` wants {what}")).at(self.node.span, found));
        None
    }

    /// Text of at least one character.
    pub(crate) fn text(&self) -> Option<String> {
        match &self.node.value {
            Value::String(text) | Value::Untyped(text) if text.is_empty() => {
                self.wrong("is empty", "nothing here", "allowed: text of at least one character")
            }
            Value::String(text) | Value::Untyped(text) => Some(text.to_string()),
            _ => self.wanted("text in quotes"),
        }
    }

    /// Text that may be empty.
    pub(crate) fn any_text(&self) -> Option<String> {
        match &self.node.value {
            Value::String(text) | Value::Untyped(text) => Some(text.to_string()),
            _ => self.wanted("text in quotes"),
        }
    }

    /// Whether the value is text, for keys with a short and a long form.
    pub(crate) fn is_text(&self) -> bool {
        matches!(self.node.value, Value::String(_) | Value::Untyped(_))
    }

    /// Whether the value is `"off"`, for what can be done without.
    pub(crate) fn is_off(&self) -> bool {
        matches!(&self.node.value, Value::String(text) | Value::Untyped(text) if **text == *"off")
    }

    pub(crate) fn flag(&self) -> Option<bool> {
        match &self.node.value {
            Value::Bool(flag) => Some(*flag),
            Value::Untyped(text) if **text == *"true" => Some(true),
            Value::Untyped(text) if **text == *"false" => Some(false),
            _ => self.wanted("`true` or `false`"),
        }
    }

    /// A whole number within a range.
    pub(crate) fn count(&self, range: RangeInclusive<u64>) -> Option<u64> {
        let number = match &self.node.value {
            Value::Integer(number) => u64::try_from(*number).ok(),
            Value::Untyped(text) => text.trim().parse().ok(),
            _ => None,
        };
        let what = format!("a whole number from {} to {}", range.start(), range.end());
        number.filter(|number| range.contains(number)).or_else(|| self.wanted(&what))
    }

    /// A size in bytes within a range.
    pub(crate) fn size(&self, range: RangeInclusive<u64>) -> Option<u64> {
        let bytes = match &self.node.value {
            Value::Integer(number) => u64::try_from(*number).ok(),
            Value::String(text) | Value::Untyped(text) => units::size(text),
            _ => None,
        };
        let Some(bytes) = bytes else {
            let found = format!("found {}", self.node.value.describe());
            return self.wrong("wants a size", &found, format!("allowed: {}", units::SIZE));
        };
        if range.contains(&bytes) {
            return Some(bytes);
        }
        let allowed = format!("{} to {}", units::show_size(*range.start()), units::show_size(*range.end()));
        self.wrong("is out of range", &format!("this is {bytes} bytes"), format!("allowed: {allowed}"))
    }

    /// A duration within a range.
    pub(crate) fn duration(&self, range: RangeInclusive<Duration>) -> Option<Duration> {
        let duration = match &self.node.value {
            Value::String(text) | Value::Untyped(text) => units::duration(text),
            _ => None,
        };
        let Some(duration) = duration else {
            let found = format!("found {}", self.node.value.describe());
            return self.wrong("wants a duration", &found, format!("allowed: {}", units::DURATION));
        };
        if range.contains(&duration) {
            return Some(duration);
        }
        let [from, to] = [*range.start(), *range.end()].map(units::show_duration);
        self.wrong("is out of range", "out of range", format!("allowed: {from} to {to}"))
    }

    /// One of a few words.
    pub(crate) fn choice<T: Copy>(&self, choices: &[(&'static str, T)]) -> Option<T> {
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        let found = match &self.node.value {
            // YAML without quotes makes a number of `1.2`.
            Value::String(text) | Value::Untyped(text) => &**text,
            Value::Number(text) => text,
            _ => return self.wanted(&format!("one of {}", list(&names))),
        };
        if let Some((_, value)) = choices.iter().find(|(name, _)| *name == found) {
            return Some(*value);
        }
        let help = suggest(found, &names, &names);
        self.wrong("has an unknown value", &format!("found {}", self.node.value.describe()), help)
    }

    /// The members of a list, each read by `read`; those that are wrong are noted and left out.
    pub(crate) fn list<T>(&self, read: impl Fn(&Field<'_>) -> Option<T>) -> Option<Vec<T>> {
        let split;
        let items = match &self.node.value {
            Value::List(items) => items,
            Value::Untyped(text) => {
                split = split_untyped(text, self.node.span);
                &split
            }
            _ => return self.wanted("a list in brackets"),
        };
        let member =
            |(index, node)| Field { path: format!("{}[{index}]", self.path), node, notes: self.notes };
        Some(items.iter().enumerate().filter_map(|item| read(&member(item))).collect())
    }

    /// A list without repetitions of at least one word; if one is wrong, none is answered.
    pub(crate) fn choices<T: Copy + PartialEq>(&self, choices: &[(&'static str, T)]) -> Option<Vec<T>> {
        if self.is_empty_list() {
            let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
            return self.wrong("is empty", "nothing here", format!("name at least one of {}", list(&names)));
        }
        let chosen: RefCell<Vec<T>> = RefCell::default();
        let good = self.list(|field| {
            let value = field.choice(choices);
            if value.is_some_and(|value| chosen.borrow().contains(&value)) {
                return field.wrong("is there already", "named twice", "leave one of them out");
            }
            chosen.borrow_mut().extend(value);
            Some(value.is_some())
        })?;
        good.into_iter().all(|good| good).then(|| chosen.into_inner())
    }

    /// Whether a list has no members at all, as opposed to only wrong ones.
    pub(crate) fn is_empty_list(&self) -> bool {
        matches!(&self.node.value, Value::List(items) if items.is_empty())
    }

    /// The members of a table.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&Table<'a>) -> T) -> Option<T> {
        let table = self.table()?;
        let value = read(&table);
        table.finish();
        Some(value)
    }

    fn table(&self) -> Option<Table<'a>> {
        match &self.node.value {
            Value::Table(entries) => Some(Table {
                path: self.path.clone(),
                span: self.node.span,
                entries,
                known: RefCell::default(),
                excused: Cell::default(),
                notes: self.notes,
            }),
            _ => self.wanted("a table of keys and values"),
        }
    }
}

/// `json,cbor` in an environment variable.
fn split_untyped(text: &str, span: Span) -> Vec<Node> {
    let mut start = span.start;
    text.split(',')
        .map(|part| {
            let span = Span { start, end: start + part.len(), ..span };
            start = span.end + 1;
            Node { value: Value::Untyped(part.trim().into()), span }
        })
        .collect()
}

/// "did you mean" where something is near, and in any case what there is.
pub(crate) fn suggest(found: &str, candidates: &[&str], allowed: &[&str]) -> String {
    let found = found.to_ascii_lowercase();
    let near = candidates
        .iter()
        .map(|name| (strsim::damerau_levenshtein(&found, name), *name))
        // A third of the letters may be wrong: beyond that a suggestion is noise.
        .filter(|(distance, name)| *distance <= name.len().max(3) / 3 || name.starts_with(&found))
        .min();
    let allowed = format!("allowed: {}", list(allowed));
    match near {
        Some((_, name)) => format!("did you mean `{name}`? {allowed}"),
        None => allowed,
    }
}

fn list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
