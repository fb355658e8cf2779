//! Values of the WAMP data model, for the few places where the router has to understand one.
//!
//! Law: application payload never becomes a [`Value`] on the data path. Details of HELLO, options and details
//! dictionaries, and the in-process client are what this type is for.

mod builder;
mod dict;
mod serde;
#[cfg(test)]
mod tests;

pub use builder::ValueBuilder;
pub use dict::Dict;

use zeroize::Zeroize;

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

impl Zeroize for Value {
    /// Leaves null. For those few that hold what somebody has shown; dropping a value wipes nothing.
    fn zeroize(&mut self) {
        match self {
            Value::Text(text) => text.zeroize(),
            Value::Bytes(bytes) => bytes.zeroize(),
            Value::List(items) => items.iter_mut().for_each(Value::zeroize),
            Value::Dict(dict) => dict.zeroize(),
            Value::Null | Value::Bool(_) | Value::Uint(_) | Value::Int(_) | Value::Float(_) => {}
        }
        *self = Value::Null;
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
