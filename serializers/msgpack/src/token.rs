//! Reads one header, or one whole scalar, at a time.
//!
//! Law: a token is handed out only if its bytes are there; a list or dictionary only if as many bytes follow as it has
//! items. So a length from the wire can be used without another check.

use crossway_core::serializer::DecodeError;

/// What stands at one place of a frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Token<'a> {
    Nil,
    Bool(bool),
    Uint(u64),
    /// Always negative.
    Int(i64),
    Float(f64),
    /// Valid UTF-8, see [`Reader::token`].
    Text(&'a [u8]),
    Bytes(&'a [u8]),
    /// An ext type, passed over.
    Ext(i8),
    /// That many values follow.
    List(usize),
    /// That many pairs of values follow.
    Dict(usize),
}

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

    /// Reads a scalar whole, of a list or dictionary the header. Does not look into text: that is left to
    /// [`checked`](Reader::checked) and to whoever makes a `str` of it.
    #[inline(always)]
    pub(crate) fn token(&mut self) -> Result<Token<'a>, DecodeError> {
        let first = *self.bytes.get(self.at).ok_or(DecodeError::Truncated)?;
        self.at += 1;
        match first {
            0x00..=0x7f => Ok(Token::Uint(first.into())),
            0xa0..=0xbf => self.take(usize::from(first & 0x1f)).map(Token::Text),
            0x80..=0x8f => self.dict(usize::from(first & 0x0f)),
            0x90..=0x9f => self.list(usize::from(first & 0x0f)),
            0xe0..=0xff => Ok(Token::Int(i64::from(first as i8))),
            0xc0..=0xdf => self.long(first),
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

    /// The forms with a type byte of their own.
    fn long(&mut self, first: u8) -> Result<Token<'a>, DecodeError> {
        match first {
            0xc0 => Ok(Token::Nil),
            0xc2 => Ok(Token::Bool(false)),
            0xc3 => Ok(Token::Bool(true)),
            0xc4..=0xc6 => {
                let len = self.length(first - 0xc4)?;
                self.take(len).map(Token::Bytes)
            }
            0xc7..=0xc9 => {
                let len = self.length(first - 0xc7)?;
                self.ext(len)
            }
            0xca => Ok(Token::Float(f32::from_be_bytes(self.array()?).into())),
            0xcb => Ok(Token::Float(f64::from_be_bytes(self.array()?))),
            0xcc => Ok(Token::Uint(self.array().map(u8::from_be_bytes)?.into())),
            0xcd => Ok(Token::Uint(self.array().map(u16::from_be_bytes)?.into())),
            0xce => Ok(Token::Uint(self.array().map(u32::from_be_bytes)?.into())),
            0xcf => Ok(Token::Uint(self.array().map(u64::from_be_bytes)?)),
            0xd0 => Ok(signed(self.array().map(i8::from_be_bytes)?)),
            0xd1 => Ok(signed(self.array().map(i16::from_be_bytes)?)),
            0xd2 => Ok(signed(self.array().map(i32::from_be_bytes)?)),
            0xd3 => Ok(signed(self.array().map(i64::from_be_bytes)?)),
            0xd4..=0xd8 => self.ext(1 << (first - 0xd4)),
            0xd9..=0xdb => {
                let len = self.length(first - 0xd9)?;
                self.take(len).map(Token::Text)
            }
            0xdc | 0xdd => {
                let len = self.length(first - 0xdb)?;
                self.list(len)
            }
            0xde | 0xdf => {
                let len = self.length(first - 0xdd)?;
                self.dict(len)
            }
            // 0xc1 is the one byte that the specification never uses.
            _ => Err(DecodeError::Syntax { what: "the type byte 0xc1 does not exist", offset: self.at - 1 }),
        }
    }

    /// A length in 1, 2 or 4 bytes; `width` is the logarithm.
    fn length(&mut self, width: u8) -> Result<usize, DecodeError> {
        Ok(match width {
            0 => self.array().map(u8::from_be_bytes)?.into(),
            1 => self.array().map(u16::from_be_bytes)?.into(),
            // Saturating is right where usize is narrower: such a length is beyond the frame anyway.
            _ => self.array().map(u32::from_be_bytes)?.try_into().unwrap_or(usize::MAX),
        })
    }

    fn list(&self, len: usize) -> Result<Token<'a>, DecodeError> {
        if len > self.left() { Err(DecodeError::Truncated) } else { Ok(Token::List(len)) }
    }

    fn dict(&self, len: usize) -> Result<Token<'a>, DecodeError> {
        if len > self.left() / 2 { Err(DecodeError::Truncated) } else { Ok(Token::Dict(len)) }
    }

    fn ext(&mut self, len: usize) -> Result<Token<'a>, DecodeError> {
        let kind = self.array().map(i8::from_be_bytes)?;
        self.take(len).map(|_| Token::Ext(kind))
    }

    fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    #[inline]
    fn take(&mut self, len: usize) -> Result<&'a [u8], DecodeError> {
        if len > self.left() {
            return Err(DecodeError::Truncated);
        }
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

/// The signed forms may hold any integer.
fn signed<'a>(number: impl Into<i64>) -> Token<'a> {
    let number = number.into();
    u64::try_from(number).map_or(Token::Int(number), Token::Uint)
}

/// Short ASCII, which is nearly every string of a message, is decided without a call into simdutf8.
#[inline]
fn is_utf8(text: &[u8]) -> bool {
    text.is_ascii() || simdutf8::basic::from_utf8(text).is_ok()
}
