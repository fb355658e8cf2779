//! From what a visitor is shown back to values.

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
