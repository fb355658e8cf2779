//! Values of the WAMP data model, for the few places where the router has to understand one.
//!
//! Law: application payload never becomes a [`Value`] on the data path. Details of HELLO, options and details
//! dictionaries, and the in-process client are what this type is for.

use std::fmt;

use crate::serializer::{Unrepresentable, Visitor};

/// Anything a WAMP message can hold.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Absent value; legal in payloads only.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A non-negative integer.
    Uint(u64),
    /// A negative integer.
    Int(i64),
    /// A floating point number; legal in payloads only.
    Float(f64),
    /// A Unicode string.
    Text(String),
    /// Binary data.
    Bytes(Vec<u8>),
    /// A list.
    List(Vec<Value>),
    /// A dictionary. Keys are unique strings; their order is kept.
    Dict(Dict),
}

impl Value {
    /// The text of a [`Value::Text`].
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The number of a [`Value::Uint`].
    pub fn as_uint(&self) -> Option<u64> {
        match self {
            Value::Uint(number) => Some(*number),
            _ => None,
        }
    }

    /// The truth of a [`Value::Bool`].
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(truth) => Some(*truth),
            _ => None,
        }
    }

    /// The items of a [`Value::List`].
    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    /// The entries of a [`Value::Dict`].
    pub fn as_dict(&self) -> Option<&Dict> {
        match self {
            Value::Dict(dict) => Some(dict),
            _ => None,
        }
    }

    /// Shows this value to a visitor, from the outside in.
    ///
    /// # Errors
    /// What the visitor answers; it can stop the walk at any value.
    pub fn walk(&self, into: &mut dyn Visitor) -> Result<(), Unrepresentable> {
        match self {
            Value::Null => into.null(),
            Value::Bool(truth) => into.bool(*truth),
            Value::Uint(number) => into.uint(*number),
            Value::Int(number) => into.int(*number),
            Value::Float(number) => into.float(*number),
            Value::Text(text) => into.text(text),
            Value::Bytes(bytes) => into.bytes(bytes),
            Value::List(items) => {
                into.begin_list(Some(items.len()))?;
                for item in items {
                    item.walk(into)?;
                }
                into.end_list()
            }
            Value::Dict(dict) => dict.walk(into),
        }
    }
}

macro_rules! value_from {
    ($($from:ty => |$x:ident| $to:expr;)*) => {$(
        impl From<$from> for Value {
            fn from($x: $from) -> Self {
                $to
            }
        }
    )*};
}

value_from! {
    bool => |x| Value::Bool(x);
    u8 => |x| Value::Uint(x.into());
    u32 => |x| Value::Uint(x.into());
    u64 => |x| Value::Uint(x);
    i32 => |x| i64::from(x).into();
    i64 => |x| u64::try_from(x).map_or(Value::Int(x), Value::Uint);
    f64 => |x| Value::Float(x);
    &str => |x| Value::Text(x.to_owned());
    String => |x| Value::Text(x);
    Vec<u8> => |x| Value::Bytes(x);
    Vec<Value> => |x| Value::List(x);
    Dict => |x| Value::Dict(x);
}

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

/// A [`Visitor`] that builds the values it is shown.
///
/// Refuses a key that is not a string, and a key that comes twice.
#[derive(Debug, Default)]
pub struct ValueBuilder {
    done: Vec<Value>,
    open: Vec<Open>,
}

#[derive(Debug)]
enum Open {
    List(Vec<Value>),
    Dict(Dict, Option<String>),
}

impl ValueBuilder {
    /// A builder that has seen nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// The values seen so far at the outermost level, in order.
    pub fn into_values(self) -> Vec<Value> {
        self.done
    }

    /// The one value seen, if it was exactly one.
    pub fn into_value(mut self) -> Option<Value> {
        if self.done.len() == 1 { self.done.pop() } else { None }
    }

    fn push(&mut self, value: Value) -> Result<(), Unrepresentable> {
        match self.open.last_mut() {
            None => self.done.push(value),
            Some(Open::List(items)) => items.push(value),
            Some(Open::Dict(dict, key @ None)) => match value {
                Value::Text(text) if dict.get(&text).is_some() => {
                    return Err(Unrepresentable::new(format!("key {text:?} twice in one dictionary")));
                }
                Value::Text(text) => *key = Some(text),
                other => {
                    return Err(Unrepresentable::new(format!(
                        "a dictionary key that is no string: {other:?}"
                    )));
                }
            },
            Some(Open::Dict(dict, key)) => {
                // `key` is `Some` here: the arm above took `None`.
                let key = key.take().unwrap_or_default();
                dict.entries.push((key, value));
            }
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), Unrepresentable> {
        match self.open.pop() {
            Some(Open::List(items)) => self.push(Value::List(items)),
            Some(Open::Dict(dict, None)) => self.push(Value::Dict(dict)),
            Some(Open::Dict(_, Some(key))) => {
                Err(Unrepresentable::new(format!("key {key:?} without a value")))
            }
            None => Err(Unrepresentable::new("an end without a beginning")),
        }
    }
}

impl Visitor for ValueBuilder {
    fn null(&mut self) -> Result<(), Unrepresentable> {
        self.push(Value::Null)
    }
    fn bool(&mut self, truth: bool) -> Result<(), Unrepresentable> {
        self.push(Value::Bool(truth))
    }
    fn uint(&mut self, number: u64) -> Result<(), Unrepresentable> {
        self.push(Value::Uint(number))
    }
    fn int(&mut self, number: i64) -> Result<(), Unrepresentable> {
        self.push(number.into())
    }
    fn float(&mut self, number: f64) -> Result<(), Unrepresentable> {
        self.push(Value::Float(number))
    }
    fn text(&mut self, text: &str) -> Result<(), Unrepresentable> {
        self.push(Value::Text(text.to_owned()))
    }
    fn bytes(&mut self, bytes: &[u8]) -> Result<(), Unrepresentable> {
        self.push(Value::Bytes(bytes.to_vec()))
    }
    fn begin_list(&mut self, _len: Option<usize>) -> Result<(), Unrepresentable> {
        self.open.push(Open::List(Vec::new()));
        Ok(())
    }
    fn end_list(&mut self) -> Result<(), Unrepresentable> {
        self.close()
    }
    fn begin_dict(&mut self, _len: Option<usize>) -> Result<(), Unrepresentable> {
        self.open.push(Open::Dict(Dict::new(), None));
        Ok(())
    }
    fn end_dict(&mut self) -> Result<(), Unrepresentable> {
        self.close()
    }
}
