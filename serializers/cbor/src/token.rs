//! Reads one header, or one whole scalar, at a time.
//!
//! Law: a token is handed out only if its bytes are there; a list or dictionary of known length only if as many bytes
//! follow as it has items. So a length from the wire can be used without another check.

use crossway_core::serializer::DecodeError;

/// What stands at one place of a frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Token<'a> {
    Null,
    Bool(bool),
    Uint(u64),
    /// The number -1 - n.
    Negative(u64),
    Float(f64),
    Text(&'a [u8]),
    Bytes(&'a [u8]),
    /// Pieces follow, each a [`Token::Text`], up to a [`Token::Break`].
    TextPieces,
    /// Pieces follow, each a [`Token::Bytes`], up to a [`Token::Break`].
    BytesPieces,
    /// That many values follow, or a [`Token::Break`] ends them.
    List(Option<usize>),
    /// That many pairs of values follow, or a [`Token::Break`] ends them.
    Dict(Option<usize>),
    /// Says something about the one value that follows.
    Tag(u64),
    /// A simple value without a meaning.
    Simple(u8),
    Break,
}

#[derive(Clone)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Reader { bytes, at: 0 }
    }

    /// Offset of the next token.
    #[inline]
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.at == self.bytes.len()
    }

    /// Reads a scalar whole, of anything else the header. Does not look into text: that is left to
    /// [`checked`](Reader::checked) and to whoever makes a `str` of it.
    #[inline(always)]
    pub(crate) fn token(&mut self) -> Result<Token<'a>, DecodeError> {
        let first = *self.bytes.get(self.at).ok_or(DecodeError::Truncated)?;
        self.at += 1;
        let short = first & 0x1f;
        if short == 31 {
            return self.indefinite(first);
        }
        if first >= 0xe0 {
            return self.simple_or_float(short);
        }
        let number = if short < 24 { u64::from(short) } else { self.number(short)? };
        match first >> 5 {
            0 => Ok(Token::Uint(number)),
            1 => Ok(Token::Negative(number)),
            2 => self.take(number).map(Token::Bytes),
            3 => self.take(number).map(Token::Text),
            4 => self.room_for(number, 1).map(|len| Token::List(Some(len))),
            5 => self.room_for(number, 2).map(|len| Token::Dict(Some(len))),
            _ => Ok(Token::Tag(number)),
        }
    }

    /// As [`token`](Reader::token), and text is known to be UTF-8.
    #[inline(always)]
    pub(crate) fn checked(&mut self) -> Result<Token<'a>, DecodeError> {
        let token = self.token()?;
        if let Token::Text(text) = token
            && !is_utf8(text)
        {
            return Err(DecodeError::Unicode(self.at - text.len()));
        }
        Ok(token)
    }

    /// Goes over a break, if one is next.
    pub(crate) fn skip_break(&mut self) -> bool {
        let is_break = self.bytes.get(self.at) == Some(&0xff);
        self.at += usize::from(is_break);
        is_break
    }

    pub(crate) fn syntax(&self, what: &'static str) -> DecodeError {
        DecodeError::Syntax { what, offset: self.at - 1 }
    }

    fn indefinite(&self, first: u8) -> Result<Token<'a>, DecodeError> {
        match first >> 5 {
            2 => Ok(Token::BytesPieces),
            3 => Ok(Token::TextPieces),
            4 => Ok(Token::List(None)),
            5 => Ok(Token::Dict(None)),
            7 => Ok(Token::Break),
            _ => Err(self.syntax("an integer or a tag of indefinite length")),
        }
    }

    fn simple_or_float(&mut self, short: u8) -> Result<Token<'a>, DecodeError> {
        Ok(match short {
            20 => Token::Bool(false),
            21 => Token::Bool(true),
            // `undefined` as well: see the crate's documentation.
            22 | 23 => Token::Null,
            24 => match self.array().map(u8::from_be_bytes)? {
                value @ 32.. => Token::Simple(value),
                _ => return Err(self.syntax("a simple value in the wrong form")),
            },
            25 => Token::Float(half(u16::from_be_bytes(self.array()?))),
            26 => Token::Float(f32::from_be_bytes(self.array()?).into()),
            27 => Token::Float(f64::from_be_bytes(self.array()?)),
            28.. => return Err(self.syntax(RESERVED)),
            _ => Token::Simple(short),
        })
    }

    /// A number in the bytes behind the first one.
    fn number(&mut self, short: u8) -> Result<u64, DecodeError> {
        Ok(match short {
            24 => self.array().map(u8::from_be_bytes)?.into(),
            25 => self.array().map(u16::from_be_bytes)?.into(),
            26 => self.array().map(u32::from_be_bytes)?.into(),
            27 => self.array().map(u64::from_be_bytes)?,
            _ => return Err(self.syntax(RESERVED)),
        })
    }

    /// `len`, if that many items of at least `least` bytes each can follow.
    fn room_for(&self, len: u64, least: usize) -> Result<usize, DecodeError> {
        match usize::try_from(len) {
            Ok(len) if len <= self.left() / least => Ok(len),
            _ => Err(DecodeError::Truncated),
        }
    }

    fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    #[inline]
    fn take(&mut self, len: u64) -> Result<&'a [u8], DecodeError> {
        let len = self.room_for(len, 1)?;
        let taken = &self.bytes[self.at..self.at + len];
        self.at += len;
        Ok(taken)
    }

    #[inline]
    fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (array, _) = self.bytes[self.at..].split_first_chunk().ok_or(DecodeError::Truncated)?;
        self.at += N;
        Ok(*array)
    }
}

const RESERVED: &str = "a reserved first byte";

/// IEEE 754 binary16: 1 bit sign, 5 bits exponent, 10 bits fraction. Every one of them is a double, too.
fn half(bits: u16) -> f64 {
    let fraction = f64::from(bits & 0x3ff);
    let magnitude = match bits >> 10 & 0x1f {
        0 => fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        exponent => (1024.0 + fraction) * 2f64.powi(i32::from(exponent) - 25),
    };
    if bits >> 15 == 1 { -magnitude } else { magnitude }
}

/// Short ASCII, which is nearly every string of a message, is decided without a call into simdutf8.
#[inline]
fn is_utf8(text: &[u8]) -> bool {
    text.is_ascii() || simdutf8::basic::from_utf8(text).is_ok()
}
