//! From what a visitor is shown back to values.

use super::dict::Keys;
use super::{Dict, Value};
use crate::serializer::{Unrepresentable, Visitor};

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
    Dict { dict: Dict, keys: Keys, key: Option<String> },
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

    /// Whether a list or dictionary has begun and not ended.
    pub fn is_open(&self) -> bool {
        !self.open.is_empty()
    }

    fn push(&mut self, value: Value) -> Result<(), Unrepresentable> {
        match self.open.last_mut() {
            None => self.done.push(value),
            Some(Open::List(items)) => items.push(value),
            Some(Open::Dict { dict, keys, key }) => match key.take() {
                Some(key) => keys.push(dict, key, value),
                None => *key = Some(new_key(dict, keys, value)?),
            },
        }
        Ok(())
    }

    fn close(&mut self, is_dict: bool) -> Result<(), Unrepresentable> {
        match (self.open.pop(), is_dict) {
            (Some(Open::List(items)), false) => self.push(Value::List(items)),
            (Some(Open::Dict { dict, key: None, .. }), true) => self.push(Value::Dict(dict)),
            (Some(Open::Dict { key: Some(key), .. }), true) => {
                Err(Unrepresentable::new(format!("key {key:?} without a value")))
            }
            _ => Err(Unrepresentable::new("an end without its beginning")),
        }
    }
}

fn new_key(dict: &Dict, keys: &Keys, key: Value) -> Result<String, Unrepresentable> {
    match key {
        Value::Text(key) if keys.find(dict, &key).is_none() => Ok(key),
        Value::Text(key) => Err(Unrepresentable::new(format!("key {key:?} twice in one dictionary"))),
        other => Err(Unrepresentable::new(format!("a dictionary key that is no string: {other:?}"))),
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
        self.close(false)
    }
    fn begin_dict(&mut self, _len: Option<usize>) -> Result<(), Unrepresentable> {
        self.open.push(Open::Dict { dict: Dict::new(), keys: Keys::default(), key: None });
        Ok(())
    }
    fn end_dict(&mut self) -> Result<(), Unrepresentable> {
        self.close(true)
    }
}
