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
    let mut reader = Reader::new(raw);
    match reader.token() {
        Ok(Token::Text(text)) => utf8(text).map(Cow::Borrowed),
        Ok(Token::TextPieces) => text_pieces(&mut reader).map(Cow::Owned),
        _ => Err(Unrepresentable::new("text expected")),
    }
}

/// One value, and those inside it down to `depth` levels.
fn value(reader: &mut Reader<'_>, depth: usize, into: &mut dyn Visitor) -> Result<(), Unrepresentable> {
    match reader.token().map_err(malformed)? {
        Token::Null => into.null(),
        Token::Bool(truth) => into.bool(truth),
        Token::Uint(number) => into.uint(number),
        Token::Negative(number) => negative(number, into),
        Token::Float(number) => into.float(number),
        Token::Text(text) => into.text(utf8(text)?),
        Token::TextPieces => into.text(&text_pieces(reader)?),
        Token::Bytes(bytes) => into.bytes(bytes),
        Token::BytesPieces => into.bytes(&bytes_pieces(reader)?),
        Token::List(len) => {
            let depth = deeper(depth)?;
            into.begin_list(len)?;
            items(reader, len, |reader| value(reader, depth, into))?;
            into.end_list()
        }
        Token::Dict(len) => {
            let depth = deeper(depth)?;
            into.begin_dict(len)?;
            items(reader, len, |reader| {
                value(reader, depth, into)?;
                value(reader, depth, into)
            })?;
            into.end_dict()
        }
        Token::Tag(tag @ (2 | 3)) => bignum(reader, tag, into),
        Token::Tag(tag) => Err(Unrepresentable::new(format!("a value with CBOR tag {tag}"))),
        Token::Simple(number) => Err(Unrepresentable::new(format!("the CBOR simple value {number}"))),
        Token::Break => Err(malformed(reader.syntax("a break where a value has to be"))),
    }
}

/// Calls `each` `len` times, or until a break.
fn items(
    reader: &mut Reader<'_>,
    len: Option<usize>,
    mut each: impl FnMut(&mut Reader<'_>) -> Result<(), Unrepresentable>,
) -> Result<(), Unrepresentable> {
    let mut seen = 0;
    while len.map_or_else(|| !reader.skip_break(), |len| seen < len) {
        each(reader)?;
        seen += 1;
    }
    Ok(())
}

/// The number -1 - `number`.
fn negative(number: u64, into: &mut dyn Visitor) -> Result<(), Unrepresentable> {
    match i64::try_from(number) {
        Ok(number) => into.int(-1 - number),
        Err(_) => Err(Unrepresentable::new(format!(
            "the integer {}, which is less than any in 64 bits",
            -1 - i128::from(number)
        ))),
    }
}

/// An integer spelt as a byte string: tag 2 is the number itself, tag 3 what is left of it from -1 downwards.
fn bignum(reader: &mut Reader<'_>, tag: u64, into: &mut dyn Visitor) -> Result<(), Unrepresentable> {
    let digits = match reader.token().map_err(malformed)? {
        Token::Bytes(bytes) => Cow::Borrowed(bytes),
        Token::BytesPieces => Cow::Owned(bytes_pieces(reader)?),
        _ => return Err(Unrepresentable::new(format!("CBOR tag {tag} on something else than binary data"))),
    };
    let zeros = digits.iter().take_while(|digit| **digit == 0).count();
    let digits = &digits[zeros..];
    if digits.len() > 8 {
        return Err(Unrepresentable::new(format!("an integer of {} bits", 8 * digits.len())));
    }
    let number = digits.iter().fold(0, |number, digit| number << 8 | u64::from(*digit));
    if tag == 2 { into.uint(number) } else { negative(number, into) }
}

fn text_pieces(reader: &mut Reader<'_>) -> Result<String, Unrepresentable> {
    let mut text = String::new();
    while !reader.skip_break() {
        match reader.token().map_err(malformed)? {
            Token::Text(piece) => text.push_str(utf8(piece)?),
            _ => return Err(malformed(reader.syntax("a piece of another type in a string"))),
        }
    }
    Ok(text)
}

fn bytes_pieces(reader: &mut Reader<'_>) -> Result<Vec<u8>, Unrepresentable> {
    let mut bytes = Vec::new();
    while !reader.skip_break() {
        match reader.token().map_err(malformed)? {
            Token::Bytes(piece) => bytes.extend_from_slice(piece),
            _ => return Err(malformed(reader.syntax("a piece of another type in a string"))),
        }
    }
    Ok(bytes)
}

fn deeper(depth: usize) -> Result<usize, Unrepresentable> {
    depth.checked_sub(1).ok_or_else(|| malformed(DecodeError::TooDeep(DEPTH_CAP)))
}

fn utf8(text: &[u8]) -> Result<&str, Unrepresentable> {
    simdutf8::basic::from_utf8(text).map_err(|_| malformed(DecodeError::Unicode(0)))
}

fn malformed(error: DecodeError) -> Unrepresentable {
    Unrepresentable::new(format!("malformed CBOR: {error}"))
}
