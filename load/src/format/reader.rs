//! Reading: from element to element, without a copy.

use serde_json::{Map, Value};

use super::{Format, Malformed, cbor, json, msgpack};

/// Nesting beyond which a message is not read. Nobody is sent anything that deep.
pub(super) const MAX_DEPTH: usize = 64;

/// A place in the octets of a message.
#[derive(Debug)]
pub(super) struct Cursor<'a> {
    pub(super) octets: &'a [u8],
    pub(super) at: usize,
}

impl<'a> Cursor<'a> {
    #[inline]
    pub(super) fn peek(&self) -> Option<u8> {
        self.octets.get(self.at).copied()
    }

    #[inline]
    pub(super) fn octet(&mut self) -> Result<u8, Malformed> {
        let octet = self.peek().ok_or(Malformed("it ends too early"))?;
        self.at += 1;
        Ok(octet)
    }

    #[inline]
    pub(super) fn take(&mut self, length: u64) -> Result<&'a [u8], Malformed> {
        let left = &self.octets[self.at..];
        let length = usize::try_from(length).ok().filter(|length| *length <= left.len());
        let length = length.ok_or(Malformed("it ends too early"))?;
        self.at += length;
        Ok(&left[..length])
    }

    /// A number in so many octets.
    #[inline]
    pub(super) fn big_endian<const WIDTH: usize>(&mut self) -> Result<u64, Malformed> {
        let octets = self.octets[self.at..].first_chunk::<WIDTH>().ok_or(Malformed("it ends too early"))?;
        self.at += WIDTH;
        let mut wide = [0; 8];
        wide[8 - WIDTH..].copy_from_slice(octets);
        Ok(u64::from_be_bytes(wide))
    }
}

/// Walks over the elements of one message.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    format: Format,
    cursor: Cursor<'a>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(format: Format, octets: &'a [u8]) -> Self {
        Reader { format, cursor: Cursor { octets, at: 0 } }
    }

    /// A reader behind the message type, and the message type.
    #[inline]
    pub(crate) fn message(format: Format, octets: &'a [u8]) -> Result<(Self, u64), Malformed> {
        let mut reader = Reader::new(format, octets);
        reader.list()?;
        let code = reader.uint()?;
        Ok((reader, code))
    }

    /// Steps into a list.
    #[inline]
    pub(crate) fn list(&mut self) -> Result<(), Malformed> {
        let cursor = &mut self.cursor;
        match self.format {
            Format::Json => {
                json::gap(cursor);
                if cursor.octet()? == b'[' { Ok(()) } else { Err(Malformed("a list expected")) }
            }
            Format::Msgpack => msgpack::read_list(cursor).map(drop),
            Format::Cbor => cbor::read_list(cursor).map(drop),
        }
    }

    #[inline]
    pub(crate) fn uint(&mut self) -> Result<u64, Malformed> {
        match self.format {
            Format::Json => json::read_uint(&mut self.cursor),
            Format::Msgpack => msgpack::read_uint(&mut self.cursor),
            Format::Cbor => cbor::read_uint(&mut self.cursor),
        }
    }

    /// The octets of a string as they stand: escapes of JSON are not resolved.
    #[inline]
    pub(crate) fn text(&mut self) -> Result<&'a [u8], Malformed> {
        match self.format {
            Format::Json => json::read_text(&mut self.cursor),
            Format::Msgpack => msgpack::read_text(&mut self.cursor),
            Format::Cbor => cbor::read_text(&mut self.cursor),
        }
    }

    /// The octets of an element.
    #[inline]
    pub(crate) fn skip(&mut self) -> Result<&'a [u8], Malformed> {
        if self.format == Format::Json {
            json::gap(&mut self.cursor);
        }
        let start = self.cursor.at;
        match self.format {
            Format::Json => json::skip(&mut self.cursor)?,
            Format::Msgpack => msgpack::skip(&mut self.cursor)?,
            Format::Cbor => cbor::skip(&mut self.cursor)?,
        }
        Ok(&self.cursor.octets[start..self.cursor.at])
    }

    /// A whole value, for messages of the set-up and for people who read why they were refused.
    pub(crate) fn value(&mut self) -> Result<Value, Malformed> {
        match self.format {
            Format::Json => serde_json::from_slice(&self.cursor.octets[self.cursor.at..])
                .map_err(|_| Malformed("JSON expected")),
            Format::Msgpack | Format::Cbor => self.binary_value(0),
        }
    }

    fn binary_value(&mut self, depth: usize) -> Result<Value, Malformed> {
        if depth > MAX_DEPTH {
            return Err(Malformed("nested too deeply"));
        }
        let first = self.cursor.peek().ok_or(Malformed("it ends too early"))?;
        match (self.format, first) {
            (Format::Msgpack, 0x00..=0x7f | 0xcc..=0xcf) | (Format::Cbor, 0x00..=0x1b) => {
                self.uint().map(Value::from)
            }
            (Format::Msgpack, 0xa0..=0xbf | 0xd9..=0xdb) | (Format::Cbor, 0x60..=0x7b) => {
                Ok(String::from_utf8_lossy(self.text()?).into())
            }
            (Format::Msgpack, 0x90..=0x9f | 0xdc | 0xdd) => {
                let items = msgpack::read_list(&mut self.cursor)?;
                self.items(items, depth)
            }
            (Format::Cbor, 0x80..=0x9b) => {
                let items = cbor::read_list(&mut self.cursor)?.unwrap_or_default();
                self.items(items, depth)
            }
            (Format::Msgpack, 0x80..=0x8f | 0xde | 0xdf) | (Format::Cbor, 0xa0..=0xbb) => self.entries(depth),
            (Format::Msgpack, 0xc2 | 0xc3) => Ok((self.cursor.octet()? == 0xc3).into()),
            (Format::Cbor, 0xf4 | 0xf5) => Ok((self.cursor.octet()? == 0xf5).into()),
            // Whatever else a router says is for people only.
            _ => self.skip().map(|_| Value::Null),
        }
    }

    fn items(&mut self, items: u64, depth: usize) -> Result<Value, Malformed> {
        (0..items).map(|_| self.binary_value(depth + 1)).collect()
    }

    fn entries(&mut self, depth: usize) -> Result<Value, Malformed> {
        let first = self.cursor.octet()?;
        let entries = match (self.format, first) {
            (Format::Msgpack, 0xde) => self.cursor.big_endian::<2>()?,
            (Format::Msgpack, 0xdf) => self.cursor.big_endian::<4>()?,
            (Format::Msgpack, _) => u64::from(first & 15),
            _ => cbor::argument(&mut self.cursor, first)?,
        };
        let mut dict = Map::new();
        for _ in 0..entries {
            let key = String::from_utf8_lossy(self.text()?).into_owned();
            dict.insert(key, self.binary_value(depth + 1)?);
        }
        Ok(dict.into())
    }
}
