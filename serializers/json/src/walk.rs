//! Shows the values of a run to a visitor.
//!
//! Runs come from messages that were scanned, but nothing here relies on it.

use std::borrow::Cow;

use crossway_core::serializer::{DEPTH_CAP, DecodeError, Unrepresentable, Visitor};

use crate::token::{Quoted, Reader, Token};
use crate::{binary, string};

pub(crate) fn walk(run: &[u8], count: usize, into: &mut dyn Visitor) -> Result<(), Unrepresentable> {
    let mut walker = Walker { reader: Reader::new(run), text: String::new(), bytes: Vec::new(), into };
    for index in 0..count {
        if index > 0 {
            walker.reader.expect(b',', "a comma expected").map_err(malformed)?;
        }
        walker.reader.skip_space();
        walker.value(DEPTH_CAP)?;
    }
    walker.reader.skip_space();
    let at = walker.reader.at();
    if walker.reader.is_at_end() { Ok(()) } else { Err(malformed(DecodeError::Trailing(at))) }
}

pub(crate) fn text(raw: &[u8]) -> Result<Cow<'_, str>, Unrepresentable> {
    let quoted = Reader::new(raw).string().map_err(|_| Unrepresentable::new("text expected"))?;
    let inside = utf8(quoted.inside)?;
    if !quoted.has_escapes {
        return Ok(Cow::Borrowed(inside));
    }
    let mut text = String::new();
    unescape(inside, &mut text)?;
    match binary::decode(text.as_bytes(), &mut Vec::new()) {
        Some(_) => Err(Unrepresentable::new("text expected, found binary data")),
        None => Ok(Cow::Owned(text)),
    }
}

/// The two buffers are for what has to be rewritten, and shared by all values of a run.
struct Walker<'a, 'v> {
    reader: Reader<'a>,
    text: String,
    bytes: Vec<u8>,
    into: &'v mut dyn Visitor,
}

impl<'a> Walker<'a, '_> {
    /// One value, and those inside it down to `depth` levels.
    fn value(&mut self, depth: usize) -> Result<(), Unrepresentable> {
        match self.reader.token().map_err(malformed)? {
            Token::Null => self.into.null(),
            Token::Bool(truth) => self.into.bool(truth),
            Token::Uint(number) => self.into.uint(number),
            Token::Int(number) => self.into.int(number),
            Token::Float(digits) => self.into.float(digits.value()),
            Token::Huge(digits) => Err(Unrepresentable::new(format!(
                "the integer {}, which has more than 64 bits",
                String::from_utf8_lossy(digits)
            ))),
            Token::Text(quoted) => self.text_or_bytes(quoted),
            Token::List => self.list(deeper(depth)?),
            Token::Dict => self.dict(deeper(depth)?),
        }
    }

    fn text_or_bytes(&mut self, quoted: Quoted<'a>) -> Result<(), Unrepresentable> {
        if !quoted.inside.starts_with(br"\u0000") {
            return self.plain_text(quoted);
        }
        self.text.clear();
        unescape(utf8(quoted.inside)?, &mut self.text)?;
        match binary::decode(self.text.as_bytes(), &mut self.bytes) {
            Some(bytes) => self.into.bytes(bytes),
            None => self.into.text(&self.text),
        }
    }

    fn plain_text(&mut self, quoted: Quoted<'a>) -> Result<(), Unrepresentable> {
        let inside = utf8(quoted.inside)?;
        if !quoted.has_escapes {
            return self.into.text(inside);
        }
        self.text.clear();
        unescape(inside, &mut self.text)?;
        self.into.text(&self.text)
    }

    fn list(&mut self, depth: usize) -> Result<(), Unrepresentable> {
        self.into.begin_list(None)?;
        self.reader.skip_space();
        if !self.reader.skip_closing(b']') {
            loop {
                self.value(depth)?;
                if !self.reader.skip(b',') {
                    break self.reader.close(b']', "a comma or ] expected").map_err(malformed)?;
                }
            }
        }
        self.into.end_list()
    }

    fn dict(&mut self, depth: usize) -> Result<(), Unrepresentable> {
        self.into.begin_dict(None)?;
        self.reader.skip_space();
        if !self.reader.skip_closing(b'}') {
            loop {
                // Keys are text, whatever they look like.
                let key = self.reader.string().map_err(malformed)?;
                self.plain_text(key)?;
                self.reader.expect(b':', "a colon expected").map_err(malformed)?;
                self.value(depth)?;
                if !self.reader.skip(b',') {
                    break self.reader.close(b'}', "a comma or } expected").map_err(malformed)?;
                }
            }
        }
        self.into.end_dict()
    }
}

fn deeper(depth: usize) -> Result<usize, Unrepresentable> {
    depth.checked_sub(1).ok_or_else(|| malformed(DecodeError::TooDeep(DEPTH_CAP)))
}

fn utf8(text: &[u8]) -> Result<&str, Unrepresentable> {
    simdutf8::basic::from_utf8(text).map_err(|_| malformed(DecodeError::Unicode(0)))
}

fn unescape(inside: &str, out: &mut String) -> Result<(), Unrepresentable> {
    string::unescape(inside, out).map_err(|_| Unrepresentable::new("malformed JSON: an escape"))
}

fn malformed(error: DecodeError) -> Unrepresentable {
    Unrepresentable::new(format!("malformed JSON: {error}"))
}
