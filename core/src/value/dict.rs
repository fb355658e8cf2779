//! Dictionaries.

use std::fmt;

use super::Value;
use crate::serializer::{Unrepresentable, Visitor};

/// A dictionary that keeps the order of its keys.
///
/// A plain list of entries: the dictionaries that the router reads have a handful of keys.
#[derive(Clone, Default, PartialEq)]
pub struct Dict {
    pub(super) entries: Vec<(String, Value)>,
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

impl fmt::Debug for Dict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<K: Into<String>, V: Into<Value>> FromIterator<(K, V)> for Dict {
    /// Later entries replace earlier ones of the same key.
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut dict = Dict::new();
        for (key, value) in entries {
            dict.insert(key, value);
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
