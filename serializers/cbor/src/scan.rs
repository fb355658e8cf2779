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
    let mut seen = 0;
    while scanner.more(count, seen) {
        let start = scanner.reader.at();
        let kind = scanner.element(inside)?;
        // No truncation: both are at most the length of the frame, which fits.
        scan.push(Item { kind, start: start as u32, end: scanner.reader.at() as u32 })?;
        seen += 1;
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

impl<'a> Scanner<'a> {
    /// The level inside a list, dictionary or tag that stands at `level`.
    fn deeper(&self, level: usize) -> Result<usize, DecodeError> {
        if level >= self.max_depth { Err(DecodeError::TooDeep(self.max_depth)) } else { Ok(level + 1) }
    }

    /// Whether another item follows in something of `count` items, or of indefinite length.
    #[inline(always)]
    fn more(&mut self, count: Option<usize>, seen: usize) -> bool {
        match count {
            Some(count) => seen < count,
            None => !self.reader.skip_break(),
        }
    }

    /// An element of the message, of which the head wants to know what it is.
    fn element(&mut self, level: usize) -> Result<Kind, DecodeError> {
        let token = self.reader.checked()?;
        Ok(match token {
            Token::Null => Kind::Null,
            Token::Bool(truth) => Kind::Bool(truth),
            Token::Uint(number) => Kind::Uint(number),
            Token::Negative(number) => i64::try_from(number).map_or(Kind::Other, |n| Kind::Int(-1 - n)),
            Token::Float(number) => Kind::Float(number),
            Token::List(len) => Kind::List { empty: self.values(len, self.deeper(level)?)? },
            Token::Dict(len) => {
                let (empty, text_keys) = self.entries(len, self.deeper(level)?)?;
                Kind::Dict { empty, text_keys }
            }
            _ => {
                self.inside(token, level)?;
                match token {
                    Token::Text(_) | Token::TextPieces => Kind::Text,
                    Token::Bytes(_) | Token::BytesPieces => Kind::Bytes,
                    _ => Kind::Other,
                }
            }
        })
    }

    /// Passes over the items of a list, and tells whether there are none. Recursion ends at `max_depth`, which is never
    /// more than [`DEPTH_CAP`].
    fn values(&mut self, count: Option<usize>, level: usize) -> Result<bool, DecodeError> {
        let mut seen = 0;
        while self.more(count, seen) {
            let token = self.reader.checked()?;
            self.inside(token, level)?;
            seen += 1;
        }
        Ok(seen == 0)
    }

    /// Passes over the entries of a dictionary, and tells whether there are none, and whether all keys are strings.
    fn entries(&mut self, count: Option<usize>, level: usize) -> Result<(bool, bool), DecodeError> {
        let (mut seen, mut text_keys) = (0, true);
        while self.more(count, seen) {
            let key = self.reader.checked()?;
            text_keys &= matches!(key, Token::Text(_) | Token::TextPieces);
            self.inside(key, level)?;
            let value = self.reader.checked()?;
            self.inside(value, level)?;
            seen += 1;
        }
        Ok((seen == 0, text_keys))
    }

    /// Passes over what belongs to a token that was read at `level`.
    #[inline(always)]
    fn inside(&mut self, token: Token<'_>, level: usize) -> Result<(), DecodeError> {
        match token {
            Token::List(len) => self.values(len, self.deeper(level)?).map(|_| ()),
            Token::Dict(len) => self.entries(len, self.deeper(level)?).map(|_| ()),
            Token::Tag(_) => self.tagged(self.deeper(level)?),
            Token::TextPieces | Token::BytesPieces => self.pieces(token),
            Token::Break => Err(self.reader.syntax("a break where a value has to be")),
            _ => Ok(()),
        }
    }

    fn tagged(&mut self, level: usize) -> Result<(), DecodeError> {
        let token = self.reader.checked()?;
        self.inside(token, level)
    }

    /// Every piece has to be valid by itself: a character is not split over two (RFC 8949, 3.2.3).
    fn pieces(&mut self, of: Token<'_>) -> Result<(), DecodeError> {
        while !self.reader.skip_break() {
            match (self.reader.checked()?, of) {
                (Token::Text(_), Token::TextPieces) | (Token::Bytes(_), Token::BytesPieces) => {}
                _ => return Err(self.reader.syntax("a piece of another type in a string")),
            }
        }
        Ok(())
    }
}
