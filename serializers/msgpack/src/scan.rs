//! Validates a message in one pass, and remembers where its elements stand.

use crossway_core::serializer::{DEPTH_CAP, DecodeError, Item, Kind, Scan};

use crate::token::{Reader, Token};

pub(crate) fn scan(frame: &[u8], max_depth: usize) -> Result<Scan, DecodeError> {
    if u32::try_from(frame.len()).is_err() {
        return Err(DecodeError::Syntax { what: "a message of 4 GiB or more", offset: 0 });
    }
    let mut scanner = Scanner { reader: Reader::new(frame), max_depth: max_depth.min(DEPTH_CAP) };
    let Token::List(count) = scanner.reader.token()? else { return Err(DecodeError::NotAList) };
    let inside = scanner.deeper(0)?;
    let mut scan = Scan::new();
    for _ in 0..count {
        let start = scanner.reader.at();
        let kind = scanner.element(inside)?;
        // No truncation: both are at most the length of the frame, which fits.
        scan.push(Item { kind, start: start as u32, end: scanner.reader.at() as u32 })?;
    }
    if !scanner.reader.is_at_end() {
        return Err(DecodeError::Trailing(scanner.reader.at()));
    }
    Ok(scan)
}

struct Scanner<'a> {
    reader: Reader<'a>,
    max_depth: usize,
}

impl Scanner<'_> {
    /// The level inside a list or dictionary that stands at `level`.
    fn deeper(&self, level: usize) -> Result<usize, DecodeError> {
        if level >= self.max_depth { Err(DecodeError::TooDeep(self.max_depth)) } else { Ok(level + 1) }
    }

    /// An element of the message, of which the head wants to know what it is.
    fn element(&mut self, level: usize) -> Result<Kind, DecodeError> {
        Ok(match self.reader.checked()? {
            Token::Nil => Kind::Null,
            Token::Bool(truth) => Kind::Bool(truth),
            Token::Uint(number) => Kind::Uint(number),
            Token::Int(number) => Kind::Int(number),
            Token::Float(number) => Kind::Float(number),
            Token::Text(_) => Kind::Text,
            Token::Bytes(_) => Kind::Bytes,
            Token::Ext(_) => Kind::Other,
            Token::List(len) => {
                self.values(len, self.deeper(level)?)?;
                Kind::List { empty: len == 0 }
            }
            Token::Dict(len) => {
                let text_keys = self.entries(len, self.deeper(level)?)?;
                Kind::Dict { empty: len == 0, text_keys }
            }
        })
    }

    /// Passes over `count` values. Recursion ends at `max_depth`, which is never more than [`DEPTH_CAP`].
    fn values(&mut self, count: usize, level: usize) -> Result<(), DecodeError> {
        for _ in 0..count {
            let token = self.reader.checked()?;
            self.inside(token, level)?;
        }
        Ok(())
    }

    /// Passes over `count` pairs, and tells whether all keys are strings.
    fn entries(&mut self, count: usize, level: usize) -> Result<bool, DecodeError> {
        let mut text_keys = true;
        for _ in 0..count {
            let key = self.reader.checked()?;
            text_keys &= matches!(key, Token::Text(_));
            self.inside(key, level)?;
            let value = self.reader.checked()?;
            self.inside(value, level)?;
        }
        Ok(text_keys)
    }

    /// Passes over what belongs to a token that was read at `level`.
    #[inline(always)]
    fn inside(&mut self, token: Token<'_>, level: usize) -> Result<(), DecodeError> {
        match token {
            Token::List(len) => self.values(len, self.deeper(level)?),
            Token::Dict(len) => self.entries(len, self.deeper(level)?).map(|_| ()),
            _ => Ok(()),
        }
    }
}
