//! Reads one piece of JSON at a time: a scalar, or a bracket.
//!
//! Law: a string is handed out only if it ends and all its escapes mean something; a number only if all of it is
//! grammar.

use crossway_core::serializer::DecodeError;

use crate::string::{BadEscape, escape, plain};

/// What stands at one place of a frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Token<'a> {
    Null,
    Bool(bool),
    Uint(u64),
    /// Always negative.
    Int(i64),
    Float(Digits<'a>),
    /// An integer beyond 64 bits.
    Huge(&'a [u8]),
    Text(Quoted<'a>),
    List,
    Dict,
}

/// A string: what stands between its quotes, and whether there are escapes in it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Quoted<'a> {
    pub(crate) inside: &'a [u8],
    pub(crate) has_escapes: bool,
}

/// A float, not computed yet: most are passed over.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Digits<'a>(&'a [u8]);

impl Digits<'_> {
    pub(crate) fn value(self) -> f64 {
        parse(self.0)
    }
}

fn parse(number: &[u8]) -> f64 {
    let number = std::str::from_utf8(number).ok().and_then(|number| number.parse().ok());
    number.expect("JSON's numbers are ASCII, and a part of what Rust reads")
}

pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Reader { bytes, at: 0 }
    }

    pub(crate) fn at(&self) -> usize {
        self.at
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.at == self.bytes.len()
    }

    #[inline(always)]
    pub(crate) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    #[inline(always)]
    pub(crate) fn skip_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\t' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    /// Goes over `byte` and the space around it, if it is next.
    #[inline(always)]
    pub(crate) fn skip(&mut self, byte: u8) -> bool {
        self.skip_space();
        let found = self.peek() == Some(byte);
        if found {
            self.at += 1;
            self.skip_space();
        }
        found
    }

    /// As [`skip`](Reader::skip), where nothing else may stand.
    #[inline(always)]
    pub(crate) fn expect(&mut self, byte: u8, what: &'static str) -> Result<(), DecodeError> {
        if self.skip(byte) { Ok(()) } else { Err(self.syntax(what)) }
    }

    /// Goes over the bracket `byte`, if it is next, but not over space behind it: that is not part of the value.
    #[inline(always)]
    pub(crate) fn skip_closing(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// As [`skip_closing`](Reader::skip_closing), where nothing else may stand.
    #[inline(always)]
    pub(crate) fn close(&mut self, byte: u8, what: &'static str) -> Result<(), DecodeError> {
        if self.skip_closing(byte) { Ok(()) } else { Err(self.syntax(what)) }
    }

    /// `Syntax` at the next byte, or `Truncated` where there is none.
    #[cold]
    pub(crate) fn syntax(&self, what: &'static str) -> DecodeError {
        if self.is_at_end() { DecodeError::Truncated } else { DecodeError::Syntax { what, offset: self.at } }
    }

    /// Reads a scalar whole, of a list or dictionary the opening bracket. No space before it.
    #[inline(always)]
    pub(crate) fn token(&mut self) -> Result<Token<'a>, DecodeError> {
        match self.peek() {
            Some(b'"') => self.string().map(Token::Text),
            Some(b'0'..=b'9' | b'-') => self.number(),
            Some(b'{') => {
                self.at += 1;
                Ok(Token::Dict)
            }
            Some(b'[') => {
                self.at += 1;
                Ok(Token::List)
            }
            Some(b't') => self.word("true", Token::Bool(true)),
            Some(b'f') => self.word("false", Token::Bool(false)),
            Some(b'n') => self.word("null", Token::Null),
            _ => Err(self.syntax("a value expected")),
        }
    }

    /// The string that begins at the next byte.
    #[inline(always)]
    pub(crate) fn string(&mut self) -> Result<Quoted<'a>, DecodeError> {
        if self.peek() != Some(b'"') {
            return Err(self.syntax("a string expected"));
        }
        self.at += 1;
        let start = self.at;
        self.at += plain(&self.bytes[start..]);
        let has_escapes = self.peek() != Some(b'"');
        if has_escapes {
            self.escaped_string()?;
        }
        let inside = &self.bytes[start..self.at];
        self.at += 1;
        Ok(Quoted { inside, has_escapes })
    }

    /// Goes on to the closing quote of a string in which something stands that is not plain.
    fn escaped_string(&mut self) -> Result<(), DecodeError> {
        loop {
            match self.peek() {
                Some(b'"') => return Ok(()),
                Some(b'\\') => {
                    let escape = escape(&self.bytes[self.at + 1..]);
                    let (_, len) = escape.map_err(|bad| self.bad_escape(bad))?;
                    self.at += 1 + len;
                }
                Some(_) => return Err(self.syntax("a control character in a string")),
                None => return Err(DecodeError::Truncated),
            }
            self.at += plain(&self.bytes[self.at..]);
        }
    }

    fn bad_escape(&self, bad: BadEscape) -> DecodeError {
        match bad {
            BadEscape::Truncated => DecodeError::Truncated,
            BadEscape::Unknown => self.syntax("an escape that does not exist"),
            BadEscape::Surrogate => DecodeError::Unicode(self.at),
        }
    }

    fn word(&mut self, word: &'static str, token: Token<'a>) -> Result<Token<'a>, DecodeError> {
        let rest = &self.bytes[self.at..];
        if rest.starts_with(word.as_bytes()) {
            self.at += word.len();
            return Ok(token);
        }
        if word.as_bytes().starts_with(rest) {
            return Err(DecodeError::Truncated);
        }
        Err(self.syntax("a value expected"))
    }

    /// `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`
    #[inline]
    fn number(&mut self) -> Result<Token<'a>, DecodeError> {
        let start = self.at;
        let negative = self.peek() == Some(b'-');
        self.at += usize::from(negative);
        let whole = self.at;
        let value = self.digits()?;
        if self.bytes[whole] == b'0' && self.at - whole > 1 {
            return Err(DecodeError::Syntax { what: "a number with a leading zero", offset: start });
        }
        if matches!(self.peek(), Some(b'.' | b'e' | b'E')) {
            return self.float(start);
        }
        match value {
            Some(value) if !negative => Ok(Token::Uint(value)),
            // Includes -0, which is no float, and 0 without its sign.
            Some(0) => Ok(Token::Uint(0)),
            Some(value) if value <= 1 << 63 => Ok(Token::Int((value as i64).wrapping_neg())),
            _ => self.in_range(start, false).map(Token::Huge),
        }
    }

    /// At least one digit; the number they make, if it has 64 bits.
    #[inline(always)]
    fn digits(&mut self) -> Result<Option<u64>, DecodeError> {
        let (start, mut value) = (self.at, 0u64);
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            value = value.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
            self.at += 1;
        }
        match self.at - start {
            0 => Err(self.syntax("a digit expected")),
            // 64 bits are enough for every number of 19 digits.
            1..=19 => Ok(Some(value)),
            _ => Ok(std::str::from_utf8(&self.bytes[start..self.at])
                .ok()
                .and_then(|digits| digits.parse().ok())),
        }
    }

    /// Goes on behind the whole part of the number that began at `start`.
    fn float(&mut self, start: usize) -> Result<Token<'a>, DecodeError> {
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        let has_exponent = matches!(self.peek(), Some(b'e' | b'E'));
        if has_exponent {
            self.at += 1;
            self.at += usize::from(matches!(self.peek(), Some(b'+' | b'-')));
            self.digits()?;
        }
        self.in_range(start, has_exponent).map(|number| Token::Float(Digits(number)))
    }

    /// The number that began at `start`. Refused where a reader would have to take it for infinity.
    #[inline]
    fn in_range(&self, start: usize, has_exponent: bool) -> Result<&'a [u8], DecodeError> {
        let number = &self.bytes[start..self.at];
        // The largest float has 309 digits; short of that, only an exponent leads beyond.
        if (has_exponent || number.len() > 308) && parse(number).is_infinite() {
            return Err(DecodeError::Syntax { what: "a number beyond the range of floats", offset: start });
        }
        Ok(number)
    }
}
