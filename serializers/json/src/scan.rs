//! Validates a message in one pass, and remembers where its elements stand.

use crossway_core::serializer::{DEPTH_CAP, DecodeError, Item, Kind, Scan};

use crate::token::{Quoted, Reader, Token};
use crate::{binary, string};

pub(crate) fn scan(frame: &[u8], max_depth: usize) -> Result<Scan, DecodeError> {
    if u32::try_from(frame.len()).is_err() {
        return Err(DecodeError::Syntax { what: "a message of 4 GiB or more", offset: 0 });
    }
    if simdutf8::basic::from_utf8(frame).is_err() {
        return Err(not_utf8(frame));
    }
    let mut scanner = Scanner { reader: Reader::new(frame), max_depth: max_depth.min(DEPTH_CAP) };
    let scan = scanner.message()?;
    scanner.reader.skip_space();
    if !scanner.reader.is_at_end() {
        return Err(DecodeError::Trailing(scanner.reader.at()));
    }
    Ok(scan)
}

/// Tells a broken character from one that the end of the frame has cut off.
#[cold]
fn not_utf8(frame: &[u8]) -> DecodeError {
    match std::str::from_utf8(frame) {
        Err(error) if error.error_len().is_none() => DecodeError::Truncated,
        Err(error) => DecodeError::Unicode(error.valid_up_to()),
        Ok(_) => DecodeError::Unicode(0),
    }
}

struct Scanner<'a> {
    reader: Reader<'a>,
    max_depth: usize,
}

impl<'a> Scanner<'a> {
    fn message(&mut self) -> Result<Scan, DecodeError> {
        self.reader.skip_space();
        match self.reader.peek() {
            Some(b'[') => {}
            None => return Err(DecodeError::Truncated),
            Some(_) => return Err(self.not_a_list()),
        }
        let inside = self.deeper(0)?;
        self.reader.skip(b'[');
        let mut scan = Scan::new();
        if self.reader.skip(b']') {
            return Ok(scan);
        }
        loop {
            let start = self.reader.at();
            let kind = self.element(inside)?;
            // No truncation: both are at most the length of the frame, which fits.
            scan.push(Item { kind, start: start as u32, end: self.reader.at() as u32 })?;
            if !self.reader.skip(b',') {
                self.reader.expect(b']', "a comma or ] expected")?;
                return Ok(scan);
            }
        }
    }

    /// What to say about a frame that does not begin with a bracket: nonsense is nonsense, not another value.
    #[cold]
    fn not_a_list(&mut self) -> DecodeError {
        self.reader.token().map_or_else(|error| error, |_| DecodeError::NotAList)
    }

    /// The level inside a list or dictionary that stands at `level`.
    #[inline(always)]
    fn deeper(&self, level: usize) -> Result<usize, DecodeError> {
        if level >= self.max_depth { Err(DecodeError::TooDeep(self.max_depth)) } else { Ok(level + 1) }
    }

    /// An element of the message, of which the head wants to know what it is.
    fn element(&mut self, level: usize) -> Result<Kind, DecodeError> {
        Ok(match self.reader.token()? {
            Token::Null => Kind::Null,
            Token::Bool(truth) => Kind::Bool(truth),
            Token::Uint(number) => Kind::Uint(number),
            Token::Int(number) => Kind::Int(number),
            Token::Float(digits) => Kind::Float(digits.value()),
            Token::Huge(_) => Kind::Other,
            Token::Text(quoted) => text_or_bytes(quoted),
            Token::List => Kind::List { empty: self.values(self.deeper(level)?)? },
            Token::Dict => Kind::Dict { empty: self.entries(self.deeper(level)?)?, text_keys: true },
        })
    }

    /// Passes over the items of a list up to its end, and tells whether there are none. Recursion ends at `max_depth`,
    /// which is never more than [`DEPTH_CAP`].
    fn values(&mut self, level: usize) -> Result<bool, DecodeError> {
        self.reader.skip_space();
        if self.reader.skip_closing(b']') {
            return Ok(true);
        }
        loop {
            self.value(level)?;
            if !self.reader.skip(b',') {
                return self.reader.close(b']', "a comma or ] expected").map(|()| false);
            }
        }
    }

    /// Passes over the entries of a dictionary up to its end, and tells whether there are none.
    fn entries(&mut self, level: usize) -> Result<bool, DecodeError> {
        self.reader.skip_space();
        if self.reader.skip_closing(b'}') {
            return Ok(true);
        }
        loop {
            self.reader.string()?;
            self.reader.expect(b':', "a colon expected")?;
            self.value(level)?;
            if !self.reader.skip(b',') {
                return self.reader.close(b'}', "a comma or } expected").map(|()| false);
            }
        }
    }

    #[inline(always)]
    fn value(&mut self, level: usize) -> Result<(), DecodeError> {
        match self.reader.token()? {
            Token::List => self.values(self.deeper(level)?).map(|_| ()),
            Token::Dict => self.entries(self.deeper(level)?).map(|_| ()),
            _ => Ok(()),
        }
    }
}

/// Decided for elements of the message alone; what is inside of them is passed over.
fn text_or_bytes(quoted: Quoted<'_>) -> Kind {
    if !quoted.inside.starts_with(br"\u0000") {
        return Kind::Text;
    }
    let mut text = String::new();
    let is_binary = std::str::from_utf8(quoted.inside).is_ok_and(|inside| {
        string::unescape(inside, &mut text).is_ok()
            && binary::decode(text.as_bytes(), &mut Vec::new()).is_some()
    });
    if is_binary { Kind::Bytes } else { Kind::Text }
}
