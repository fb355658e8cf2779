//! Dictionaries.

use std::collections::HashMap;
use std::fmt;

use zeroize::Zeroize;

use super::Value;
use crate::serializer::{Unrepresentable, Visitor};

/// A dictionary that keeps the order of its keys.
///
/// A plain list of entries: the dictionaries that the router reads have a handful of keys.
#[derive(Clone, Default, PartialEq)]
pub struct Dict {
    entries: Vec<(String, Value)>,
}

impl Dict {
    /// An empty dictionary; allocates nothing.
    pub const fn new() -> Self {
        Dict { entries: Vec::new() }
    }

    /// The value at `key`.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.entries.iter().find(|(k, _)| k == key).map(|(_, value)| value)
    }

    /// Puts `value` at `key`, and returns what was there.
    pub fn insert(&mut self, key: impl Into<String>, value: impl Into<Value>) -> Option<Value> {
        let (key, value) = (key.into(), value.into());
        match self.entries.iter_mut().find(|(k, _)| *k == key) {
            Some((_, old)) => Some(std::mem::replace(old, value)),
            None => {
                self.entries.push((key, value));
                None
            }
        }
    }

    /// Puts a text at `key`, into the memory of the text that was there if there was one.
    pub(crate) fn write_text(&mut self, key: &str, text: &str) {
        match self.entries.iter_mut().find(|(k, _)| k == key) {
            Some((_, Value::Text(old))) => text.clone_into(old),
            Some((_, old)) => *old = Value::Text(text.to_owned()),
            None => self.entries.push((key.to_owned(), Value::Text(text.to_owned()))),
        }
    }

    /// Takes out the value at `key`.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        let at = self.entries.iter().position(|(k, _)| k == key)?;
        Some(self.entries.remove(at).1)
    }

    /// `self` with one more entry, for building dictionaries in one expression.
    #[must_use]
    pub fn with(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.insert(key, value);
        self
    }

    /// The entries in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Value)> {
        self.entries.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Shows this dictionary to a visitor.
    ///
    /// # Errors
    /// What the visitor answers.
    pub fn walk(&self, into: &mut dyn Visitor) -> Result<(), Unrepresentable> {
        into.begin_dict(Some(self.len()))?;
        for (key, value) in self.iter() {
            into.text(key)?;
            value.walk(into)?;
        }
        into.end_dict()
    }
}

impl Zeroize for Dict {
    /// Leaves it empty. Keys are no secrets.
    fn zeroize(&mut self) {
        self.entries.iter_mut().for_each(|(_, value)| value.zeroize());
        self.entries.clear();
    }
}

impl fmt::Debug for Dict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<K: Into<String>, V: Into<Value>> FromIterator<(K, V)> for Dict {
    /// Later entries replace earlier ones of the same key.
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let (mut dict, mut keys) = (Dict::new(), Keys::default());
        for (key, value) in entries {
            let (key, value) = (key.into(), value.into());
            match keys.find(&dict, &key) {
                Some(index) => dict.entries[index].1 = value,
                None => keys.push(&mut dict, key, value),
            }
        }
        dict
    }
}

impl IntoIterator for Dict {
    type Item = (String, Value);
    type IntoIter = std::vec::IntoIter<(String, Value)>;
    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

/// Finds keys in a dictionary that is being built, however many a peer sends: looking through all entries for each new
/// one would take quadratic time.
#[derive(Debug, Default)]
pub(super) struct Keys {
    /// Empty up to [`FEW`] entries.
    index: HashMap<String, usize>,
}

/// Up to here looking through the entries is faster than hashing.
const FEW: usize = 32;

impl Keys {
    /// The place of `key` among the entries of `dict`.
    pub(super) fn find(&self, dict: &Dict, key: &str) -> Option<usize> {
        if dict.len() <= FEW {
            dict.entries.iter().position(|(k, _)| k == key)
        } else {
            self.index.get(key).copied()
        }
    }

    /// Adds an entry whose key [`find`](Keys::find) does not know.
    pub(super) fn push(&mut self, dict: &mut Dict, key: String, value: Value) {
        dict.entries.push((key, value));
        let unknown = match dict.len() {
            len if len <= FEW => return,
            len if self.index.is_empty() => 0..len,
            len => len - 1..len,
        };
        self.index.extend(unknown.map(|at| (dict.entries[at].0.clone(), at)));
    }
}
