//! How messages are spelt: the [`Serializer`] trait that JSON, MessagePack, CBOR and third-party formats implement.
//!
//! A router understands only the head of a message. Its payload, `args` and `kwargs`, stays a slice of the receive
//! buffer (a *run*) and goes out again as it came in, behind a new head:
//!
//! ```text
//!   frame   [16, 239714735, {}, "com.myapp.mytopic1",  ["Hello, world!"], {"a": 1} ]
//!            head items, read by core                 └────────── run ──────────┘
//!   EVENT   [36, 5512315355, 4429313566, {},           ["Hello, world!"], {"a": 1} ]
//! ```
//!
//! Only when a receiver speaks another serializer is the run rewritten: the sender's serializer [walks] it and shows
//! every value to a [`RunWriter`] of the receiver's. So two serializers interoperate without knowing each other.
//!
//! A format that is easiest reached through serde implements [`bridge::SerdeFormat`] instead, two functions, at the
//! price of decoding every payload.
//!
//! [walks]: Serializer::walk

pub mod bridge;
pub(crate) mod native;

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;

use crate::value::{Dict, Value, ValueBuilder};

/// A message format. One value serves all sessions of the process, from many threads at once.
pub trait Serializer: fmt::Debug + Send + Sync + 'static {
    /// The short name: `json` is negotiated as WebSocket subprotocol `wamp.2.json` and named `json` in configuration.
    fn name(&self) -> &'static str;

    /// The code in a RawSocket handshake (1 to 15), if the format has one. JSON is 1, MessagePack 2, CBOR 3.
    fn rawsocket_code(&self) -> Option<u8> {
        None
    }

    /// Whether WebSocket carries this format in text messages. The format must then be UTF-8 throughout.
    fn is_text(&self) -> bool {
        false
    }

    /// Validates a whole message and finds the elements of its outermost list.
    ///
    /// Called once for every message received, before anything else looks at it, and never with an empty frame
    /// promise: `frame` is whatever the peer sent. After `Ok` the whole frame is known to be well-formed: syntax, UTF-8,
    /// nothing behind the end, nesting of lists and dictionaries at most `max_depth` (the message itself is level 1;
    /// [`DEPTH_CAP`] is the most that can be asked for).
    /// What a strict client would refuse must not pass, since it is forwarded as it is.
    ///
    /// Must not panic, and must take time and memory linear in the frame.
    ///
    /// # Errors
    /// Why the frame is no message; core answers with ABORT `wamp.error.protocol_violation`.
    fn scan(&self, frame: &Bytes, max_depth: usize) -> Result<Scan, DecodeError>;

    /// Shows the values of a run, `count` adjacent elements of a message that [`scan`] accepted, to a visitor.
    ///
    /// Called when a dictionary of the head is not empty, and when a payload has to be rewritten for a receiver with
    /// another serializer; then at most once for each target serializer.
    ///
    /// # Errors
    /// What the visitor answers, and [`Unrepresentable`] for values outside the WAMP data model (MessagePack ext types,
    /// unknown CBOR tags, integers beyond 64 bits). Never a silent change.
    ///
    /// [`scan`]: Serializer::scan
    fn walk(&self, run: &[u8], count: usize, into: &mut dyn Visitor) -> Result<(), Unrepresentable>;

    /// A visitor that writes a run behind whatever `out` holds.
    fn writer<'a>(&self, out: &'a mut Vec<u8>) -> Box<dyn RunWriter + 'a>;

    /// Writes a whole message behind whatever `out` holds: the head items, then the elements of the run.
    ///
    /// Called once per reply, and once per event and target group.
    fn encode(&self, head: &[HeadItem<'_>], payload: Run<'_>, out: &mut Vec<u8>);

    /// Writes all that comes before a payload of `count` elements, and returns what has to follow it.
    ///
    /// A format whose runs can be spliced byte for byte (`head ++ run ++ tail`) implements this, and core then shares
    /// large payloads between receivers without a copy. `None`, the default, makes core call [`encode`].
    ///
    /// [`encode`]: Serializer::encode
    fn encode_around(&self, head: &[HeadItem<'_>], count: usize, out: &mut Vec<u8>) -> Option<&'static [u8]> {
        let _ = (head, count, out);
        None
    }

    /// The text of an element that [`scan`](Serializer::scan) reported as [`Kind::Text`]. Called for every URI.
    ///
    /// # Errors
    /// [`Unrepresentable`] where `raw` is no text after all.
    fn text<'a>(&self, raw: &'a [u8]) -> Result<Cow<'a, str>, Unrepresentable> {
        match self.value(raw)? {
            Value::Text(text) => Ok(Cow::Owned(text)),
            other => Err(Unrepresentable::new(format!("text expected, found {other:?}"))),
        }
    }

    /// One element as a [`Value`].
    ///
    /// # Errors
    /// As [`walk`](Serializer::walk); also for a dictionary key that is no string or comes twice.
    fn value(&self, raw: &[u8]) -> Result<Value, Unrepresentable> {
        let mut builder = ValueBuilder::new();
        self.walk(raw, 1, &mut builder)?;
        builder.into_value().ok_or_else(|| Unrepresentable::new("one value expected"))
    }
}

/// The most elements a WAMP message has (ERROR with args and kwargs).
pub const MAX_ELEMENTS: usize = 7;

/// Levels of nesting beyond which no serializer goes, whatever `max_depth` says: what reads and writes nested values
/// recurses, and a thread's stack is finite.
pub const DEPTH_CAP: usize = 512;

/// What [`Serializer::scan`] found: the elements of the outermost list, in order.
#[derive(Clone, Debug, Default)]
pub struct Scan {
    items: [Item; MAX_ELEMENTS],
    len: usize,
    /// Set by formats whose runs are no slices of the frame: the ranges of the items refer to these bytes instead.
    pub base: Option<Bytes>,
}

impl Scan {
    /// No elements yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the next element.
    ///
    /// # Errors
    /// [`DecodeError::TooManyElements`] after [`MAX_ELEMENTS`].
    pub fn push(&mut self, item: Item) -> Result<(), DecodeError> {
        let slot = self.items.get_mut(self.len).ok_or(DecodeError::TooManyElements)?;
        *slot = item;
        self.len += 1;
        Ok(())
    }

    /// The elements.
    pub fn items(&self) -> &[Item] {
        &self.items[..self.len]
    }
}

/// One element of a message: what it is, and where it stands in the frame.
///
/// The run of a payload is everything from the `start` of `args` to the `end` of the last element.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Item {
    /// What it is.
    pub kind: Kind,
    /// Offset of its first byte.
    pub start: u32,
    /// Offset behind its last byte.
    pub end: u32,
}

/// What an element is, as far as a head needs to know.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Kind {
    /// `null`.
    #[default]
    Null,
    /// A boolean.
    Bool(bool),
    /// A non-negative integer up to 2^64 - 1, in any width.
    Uint(u64),
    /// A negative integer.
    Int(i64),
    /// A floating point number, even one without a fraction.
    Float(f64),
    /// A string.
    Text,
    /// Binary data.
    Bytes,
    /// A list.
    List {
        /// Whether it has no items.
        empty: bool,
    },
    /// A dictionary.
    Dict {
        /// Whether it has no entries.
        empty: bool,
        /// Whether all its own keys are strings, those of nested dictionaries left aside.
        text_keys: bool,
    },
    /// Well-formed, but outside the WAMP data model: an integer beyond 64 bits, an ext type, a tagged value.
    Other,
}

/// A piece of a message head, to be written.
#[derive(Clone, Copy, Debug)]
pub enum HeadItem<'a> {
    /// A message type or an id.
    Uint(u64),
    /// A URI or another string.
    Text(&'a str),
    /// Options, details or extra.
    Dict(&'a Dict),
}

/// The payload elements of one message in one serializer's spelling; `count` is 0 (none), 1 (args) or 2 (and kwargs).
#[derive(Clone, Copy, Debug, Default)]
pub struct Run<'a> {
    /// From the first byte of `args` to the last of `kwargs`.
    pub raw: &'a [u8],
    /// How many elements that is.
    pub count: usize,
}

/// Is shown values one after the other: scalars directly, lists and dictionaries between `begin` and `end`, dictionary
/// keys and values in turn. The data model of WAMP, and with it of serde, as a set of calls.
///
/// Any method may refuse the value; the walk then stops with that answer.
pub trait Visitor {
    /// `null`.
    fn null(&mut self) -> Result<(), Unrepresentable>;
    /// A boolean.
    fn bool(&mut self, truth: bool) -> Result<(), Unrepresentable>;
    /// A non-negative integer.
    fn uint(&mut self, number: u64) -> Result<(), Unrepresentable>;
    /// An integer that is usually, but not necessarily, negative.
    fn int(&mut self, number: i64) -> Result<(), Unrepresentable>;
    /// A floating point number, NaN and infinities included.
    fn float(&mut self, number: f64) -> Result<(), Unrepresentable>;
    /// A string.
    fn text(&mut self, text: &str) -> Result<(), Unrepresentable>;
    /// Binary data.
    fn bytes(&mut self, bytes: &[u8]) -> Result<(), Unrepresentable>;
    /// A list begins; `len` is its number of items where the source knows it.
    fn begin_list(&mut self, len: Option<usize>) -> Result<(), Unrepresentable>;
    /// The innermost open list ends.
    fn end_list(&mut self) -> Result<(), Unrepresentable>;
    /// A dictionary begins; `len` is its number of entries where the source knows it.
    fn begin_dict(&mut self, len: Option<usize>) -> Result<(), Unrepresentable>;
    /// The innermost open dictionary ends.
    fn end_dict(&mut self) -> Result<(), Unrepresentable>;
}

/// A [`Visitor`] that writes what it is shown in its format. Every value at the outermost level is one element.
pub trait RunWriter: Visitor {
    /// Completes the run. Without this call the bytes written so far mean nothing.
    ///
    /// # Errors
    /// Where something is still open, or what was shown can't be written in this format.
    fn finish(self: Box<Self>) -> Result<(), Unrepresentable>;
}

/// Why a frame is no WAMP message. The peer that sent it has to act.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The frame ends inside a value.
    #[error("the message ends in the middle of a value")]
    Truncated,
    /// Bytes follow the end of the message.
    #[error("octets behind the end of the message, at offset {0}")]
    Trailing(usize),
    /// The format's grammar is broken.
    #[error("{what}, at offset {offset}")]
    Syntax {
        /// What is wrong, in a few words.
        what: &'static str,
        /// Where, in bytes from the start of the frame.
        offset: usize,
    },
    /// A string is not UTF-8, or holds a lone surrogate.
    #[error("a string that is not valid Unicode, at offset {0}")]
    Unicode(usize),
    /// Lists and dictionaries are nested deeper than the limit.
    #[error("nested deeper than {0} levels")]
    TooDeep(usize),
    /// The outermost value is not a list.
    #[error("a message has to be a list")]
    NotAList,
    /// The list has more elements than any message.
    #[error("more elements than any message has")]
    TooManyElements,
}

/// A value that a serializer, or a receiver's serializer, can't express; says which and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot be represented: {what}")]
pub struct Unrepresentable {
    what: Box<str>,
}

impl Unrepresentable {
    /// `what` names the value and the reason in a few words.
    pub fn new(what: impl Into<Box<str>>) -> Self {
        Unrepresentable { what: what.into() }
    }
}
