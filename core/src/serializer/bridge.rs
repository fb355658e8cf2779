//! Serializers from serde formats: [`SerdeFormat`] asks for two functions, [`Bridged`] makes a [`Serializer`] of them.
//!
//! A serde format tells values, not where they stand in a frame, so nothing can be spliced. Each payload is decoded when
//! it arrives and encoded for each group of receivers. What core takes for a run is made here and never leaves the
//! process: every element as a document of its own behind its length.
//!
//! ```text
//!   frame, as it came            [36, 5512, 4429, {}, ["Hello"], {"a": 1}]
//!   Scan.base, made from it      2:36  4:5512  4:4429  2:{}  9:["Hello"]  7:{"a":1}
//!                                                           └───────── run ───────┘
//! ```
//!
//! A name and two functions of a format's crate, and it is a serializer:
//!
//! ```
//! # use crossway_core::Value;
//! use crossway_core::serializer::bridge::{Bridged, SerdeFormat};
//!
//! #[derive(Clone, Debug)]
//! struct Pickles;
//!
//! impl SerdeFormat for Pickles {
//!     fn name(&self) -> &'static str {
//!         "pickles"
//!     }
//!     fn to_vec(&self, value: &Value) -> Result<Vec<u8>, String> {
//!         pickles::to_vec(value).map_err(|error| error.to_string())
//!     }
//!     fn from_slice(&self, bytes: &[u8]) -> Result<Value, String> {
//!         pickles::from_slice(bytes).map_err(|error| error.to_string())
//!     }
//! }
//!
//! let serializer = Bridged(Pickles);
//! # // A stand-in for any serde format.
//! # mod pickles {
//! #     use crossway_core::Value;
//! #     pub fn to_vec(_: &Value) -> Result<Vec<u8>, std::fmt::Error> { Ok(Vec::new()) }
//! #     pub fn from_slice(_: &[u8]) -> Result<Value, std::fmt::Error> { Err(std::fmt::Error) }
//! # }
//! ```

use std::fmt;

use bytes::Bytes;

use super::{
    DEPTH_CAP, DecodeError, HeadItem, Item, Kind, Run, RunWriter, Scan, Serializer, Unrepresentable,
};
use crate::serializer::Visitor;
use crate::value::{Value, ValueBuilder};

/// A self-describing format with a serde implementation. [`Value`] implements `Serialize` and `Deserialize`.
pub trait SerdeFormat: Clone + fmt::Debug + Send + Sync + 'static {
    /// As [`Serializer::name`].
    fn name(&self) -> &'static str;

    /// As [`Serializer::rawsocket_code`].
    fn rawsocket_code(&self) -> Option<u8> {
        None
    }

    /// As [`Serializer::is_text`].
    fn is_text(&self) -> bool {
        false
    }

    /// Writes `value` as a document. Floats have to stay floats, and binary data binary data.
    ///
    /// # Errors
    /// Why the format has no way to say it. Never for what [`from_slice`](SerdeFormat::from_slice) returned, and never
    /// for integers, strings, and lists and dictionaries of such, which heads are made of.
    fn to_vec(&self, value: &Value) -> Result<Vec<u8>, String>;

    /// Reads a document, all of `bytes`.
    ///
    /// Must not panic, recurse without a limit, or allocate what `bytes` only claims. The depth limit of the router is
    /// applied to what this returns: how the parser itself copes with deep nesting is its own business.
    ///
    /// # Errors
    /// Why `bytes` are no document, trailing bytes included.
    #[expect(clippy::wrong_self_convention, reason = "what serde formats call it")]
    fn from_slice(&self, bytes: &[u8]) -> Result<Value, String>;
}

/// The [`Serializer`] that a [`SerdeFormat`] makes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bridged<F>(pub F);

impl<F: SerdeFormat> Bridged<F> {
    /// Appends one element in the form that runs have here.
    fn put(&self, value: &Value, run: &mut Vec<u8>) -> Result<(), String> {
        let document = self.0.to_vec(value)?;
        let len = u32::try_from(document.len()).map_err(|_| "a value of 4 GiB or more")?;
        run.extend_from_slice(&len.to_be_bytes());
        run.extend_from_slice(&document);
        Ok(())
    }

    /// The elements of a run.
    fn elements(&self, run: &[u8]) -> impl Iterator<Item = Result<Value, Unrepresentable>> {
        let mut rest = run;
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let element = split(&mut rest).ok_or_else(|| "a payload that is cut off".to_owned());
            if element.is_err() {
                rest = &[];
            }
            Some(element.and_then(|document| self.0.from_slice(document)).map_err(Unrepresentable::new))
        })
    }

    fn base(&self, elements: &[Value]) -> Result<(Scan, Vec<u8>), DecodeError> {
        let (mut scan, mut base) = (Scan::new(), Vec::new());
        for element in elements {
            let start = offset(&base)?;
            let malformed =
                |_| DecodeError::Syntax { what: "a value that can't be written again", offset: 0 };
            self.put(element, &mut base).map_err(malformed)?;
            scan.push(Item { kind: kind(element), start, end: offset(&base)? })?;
        }
        Ok((scan, base))
    }
}

impl<F: SerdeFormat> Serializer for Bridged<F> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn rawsocket_code(&self) -> Option<u8> {
        self.0.rawsocket_code()
    }

    fn is_text(&self) -> bool {
        self.0.is_text()
    }

    fn scan(&self, frame: &Bytes, max_depth: usize) -> Result<Scan, DecodeError> {
        let malformed = |why: String| {
            tracing::debug!(serializer = self.0.name(), why, "a frame that is no document");
            DecodeError::Syntax { what: "not a document of the format", offset: 0 }
        };
        let message = self.0.from_slice(frame).map_err(malformed)?;
        let max_depth = max_depth.min(DEPTH_CAP);
        if is_deeper(&message, max_depth) {
            return Err(DecodeError::TooDeep(max_depth));
        }
        let Value::List(elements) = message else { return Err(DecodeError::NotAList) };
        let (mut scan, base) = self.base(&elements)?;
        scan.base = Some(base.into());
        Ok(scan)
    }

    fn walk(&self, run: &[u8], count: usize, into: &mut dyn Visitor) -> Result<(), Unrepresentable> {
        let mut elements = self.elements(run);
        for _ in 0..count {
            let element =
                elements.next().ok_or_else(|| Unrepresentable::new("a payload that is cut off"))??;
            element.walk(into)?;
        }
        match elements.next() {
            Some(_) => Err(Unrepresentable::new("more values than the payload has")),
            None => Ok(()),
        }
    }

    fn writer<'a>(&self, out: &'a mut Vec<u8>) -> Box<dyn RunWriter + 'a> {
        Box::new(Writer { format: self.clone(), out, builder: ValueBuilder::new(), refused: None })
    }

    fn encode(&self, head: &[HeadItem<'_>], payload: Run<'_>, out: &mut Vec<u8>) {
        let head = head.iter().map(|item| match item {
            HeadItem::Uint(number) => Ok(Value::Uint(*number)),
            HeadItem::Text(text) => Ok(Value::Text((*text).to_owned())),
            HeadItem::Dict(dict) => Ok(Value::Dict((*dict).clone())),
        });
        let message: Result<_, Unrepresentable> = head.chain(self.elements(payload.raw)).collect();
        let written = message.map_err(|error| error.to_string());
        match written.and_then(|message| self.0.to_vec(&Value::List(message))) {
            Ok(document) => out.extend_from_slice(&document),
            Err(why) => {
                // Broken promise of the format, see `SerdeFormat::to_vec`: nobody but its author can act.
                tracing::error!(serializer = self.0.name(), why, "a message that can't be written");
            }
        }
    }
}

fn offset(base: &[u8]) -> Result<u32, DecodeError> {
    u32::try_from(base.len())
        .map_err(|_| DecodeError::Syntax { what: "a message of 4 GiB or more", offset: 0 })
}

/// Takes the next document off a run.
fn split<'a>(run: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (len, rest) = run.split_first_chunk()?;
    let (document, rest) = rest.split_at_checked(u32::from_be_bytes(*len) as usize)?;
    *run = rest;
    Some(document)
}

fn kind(value: &Value) -> Kind {
    match value {
        Value::Null => Kind::Null,
        Value::Bool(truth) => Kind::Bool(*truth),
        Value::Uint(number) => Kind::Uint(*number),
        Value::Int(number) => Kind::Int(*number),
        Value::Float(number) => Kind::Float(*number),
        Value::Text(_) => Kind::Text,
        Value::Bytes(_) => Kind::Bytes,
        Value::List(items) => Kind::List { empty: items.is_empty() },
        Value::Dict(dict) => Kind::Dict { empty: dict.is_empty(), text_keys: true },
    }
}

/// Whether lists and dictionaries are nested deeper than `levels`. Looks no deeper than that.
fn is_deeper(value: &Value, levels: usize) -> bool {
    let inside = match value {
        Value::List(_) | Value::Dict(_) if levels == 0 => return true,
        Value::List(_) | Value::Dict(_) => levels - 1,
        _ => return false,
    };
    match value {
        Value::List(items) => items.iter().any(|item| is_deeper(item, inside)),
        Value::Dict(dict) => dict.iter().any(|(_, value)| is_deeper(value, inside)),
        _ => false,
    }
}

/// Gathers the values it is shown, and writes them when the run is complete.
struct Writer<'a, F> {
    format: Bridged<F>,
    out: &'a mut Vec<u8>,
    builder: ValueBuilder,
    refused: Option<Unrepresentable>,
}

impl<F> Writer<'_, F> {
    fn show(
        &mut self,
        value: impl FnOnce(&mut ValueBuilder) -> Result<(), Unrepresentable>,
    ) -> Result<(), Unrepresentable> {
        let shown = value(&mut self.builder);
        if let Err(refused) = &shown {
            self.refused = Some(refused.clone());
        }
        shown
    }
}

impl<F: SerdeFormat> Visitor for Writer<'_, F> {
    fn null(&mut self) -> Result<(), Unrepresentable> {
        self.show(|builder| builder.null())
    }
    fn bool(&mut self, truth: bool) -> Result<(), Unrepresentable> {
        self.show(|builder| builder.bool(truth))
    }
    fn uint(&mut self, number: u64) -> Result<(), Unrepresentable> {
        self.show(|builder| builder.uint(number))
    }
    fn int(&mut self, number: i64) -> Result<(), Unrepresentable> {
        self.show(|builder| builder.int(number))
    }
    fn float(&mut self, number: f64) -> Result<(), Unrepresentable> {
        self.show(|builder| builder.float(number))
    }
    fn text(&mut self, text: &str) -> Result<(), Unrepresentable> {
        self.show(|builder| builder.text(text))
    }
    fn bytes(&mut self, bytes: &[u8]) -> Result<(), Unrepresentable> {
        self.show(|builder| builder.bytes(bytes))
    }
    fn begin_list(&mut self, len: Option<usize>) -> Result<(), Unrepresentable> {
        self.show(|builder| builder.begin_list(len))
    }
    fn end_list(&mut self) -> Result<(), Unrepresentable> {
        self.show(|builder| builder.end_list())
    }
    fn begin_dict(&mut self, len: Option<usize>) -> Result<(), Unrepresentable> {
        self.show(|builder| builder.begin_dict(len))
    }
    fn end_dict(&mut self) -> Result<(), Unrepresentable> {
        self.show(|builder| builder.end_dict())
    }
}

impl<F: SerdeFormat> RunWriter for Writer<'_, F> {
    fn finish(self: Box<Self>) -> Result<(), Unrepresentable> {
        let Writer { format, out, builder, refused } = *self;
        if let Some(refused) = refused {
            return Err(refused);
        }
        if builder.is_open() {
            return Err(Unrepresentable::new("a list or dictionary that does not end"));
        }
        builder
            .into_values()
            .iter()
            .try_for_each(|value| format.put(value, out))
            .map_err(Unrepresentable::new)
    }
}
