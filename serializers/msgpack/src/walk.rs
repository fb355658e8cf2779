//! Shows the values of a run to a visitor.
//!
//! Runs come from messages that were scanned, but nothing here relies on it.

use std::borrow::Cow;

use crossway_core::serializer::{DEPTH_CAP, DecodeError, Unrepresentable, Visitor};

use crate::token::{Reader, Token};

pub(crate) fn walk(run: &[u8], count: usize, into: &mut dyn Visitor) -> Result<(), Unrepresentable> {
    let mut reader = Reader::new(run);
    for _ in 0..count {
        value(&mut reader, DEPTH_CAP, into)?;
    }
    if reader.is_at_end() { Ok(()) } else { Err(malformed(DecodeError::Trailing(reader.at()))) }
}

pub(crate) fn text(raw: &[u8]) -> Result<Cow<'_, str>, Unrepresentable> {
    match Reader::new(raw).token() {
        Ok(Token::Text(text)) => utf8(text).map(Cow::Borrowed),
        _ => Err(Unrepresentable::new("text expected")),
    }
}

/// One value, and those inside it down to `depth` levels.
fn value(reader: &mut Reader<'_>, depth: usize, into: &mut dyn Visitor) -> Result<(), Unrepresentable> {
    match reader.token().map_err(malformed)? {
        Token::Nil => into.null(),
        Token::Bool(truth) => into.bool(truth),
        Token::Uint(number) => into.uint(number),
        Token::Int(number) => into.int(number),
        Token::Float(number) => into.float(number),
        Token::Text(text) => into.text(utf8(text)?),
        Token::Bytes(bytes) => into.bytes(bytes),
        Token::Ext(kind) => Err(Unrepresentable::new(format!("a MessagePack ext type ({kind})"))),
        Token::List(len) => {
            let depth = deeper(depth)?;
            into.begin_list(Some(len))?;
            for _ in 0..len {
                value(reader, depth, into)?;
            }
            into.end_list()
        }
        Token::Dict(len) => {
            let depth = deeper(depth)?;
            into.begin_dict(Some(len))?;
            for _ in 0..len {
                value(reader, depth, into)?;
                value(reader, depth, into)?;
            }
            into.end_dict()
        }
    }
}

fn deeper(depth: usize) -> Result<usize, Unrepresentable> {
    depth.checked_sub(1).ok_or_else(|| malformed(DecodeError::TooDeep(DEPTH_CAP)))
}

fn utf8(text: &[u8]) -> Result<&str, Unrepresentable> {
    simdutf8::basic::from_utf8(text).map_err(|_| malformed(DecodeError::Unicode(0)))
}

fn malformed(error: DecodeError) -> Unrepresentable {
    Unrepresentable::new(format!("malformed MessagePack: {error}"))
}
