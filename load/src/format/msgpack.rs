//! MessagePack.

use super::Malformed;
use super::reader::Cursor;

#[expect(clippy::cast_possible_truncation, reason = "each arm knows its width")]
pub(super) fn uint(out: &mut Vec<u8>, number: u64) {
    match number {
        0..0x80 => out.push(number as u8),
        0x80..0x100 => out.extend_from_slice(&[0xcc, number as u8]),
        0x100..0x1_0000 => {
            out.push(0xcd);
            out.extend_from_slice(&(number as u16).to_be_bytes());
        }
        0x1_0000..0x1_0000_0000 => {
            out.push(0xce);
            out.extend_from_slice(&(number as u32).to_be_bytes());
        }
        _ => {
            out.push(0xcf);
            out.extend_from_slice(&number.to_be_bytes());
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "each arm knows its width")]
pub(super) fn text_head(out: &mut Vec<u8>, length: usize) {
    match length {
        0..32 => out.push(0xa0 | length as u8),
        32..0x100 => out.extend_from_slice(&[0xd9, length as u8]),
        0x100..0x1_0000 => {
            out.push(0xda);
            out.extend_from_slice(&(length as u16).to_be_bytes());
        }
        _ => {
            out.push(0xdb);
            out.extend_from_slice(&(length as u32).to_be_bytes());
        }
    }
}

/// `short` with the number in it, or `long` followed by two octets.
#[expect(clippy::cast_possible_truncation, reason = "messages of the set-up are short")]
pub(super) fn collection_head(out: &mut Vec<u8>, short: u8, long: u8, items: usize) {
    if items < 16 {
        out.push(short | items as u8);
    } else {
        out.push(long);
        out.extend_from_slice(&(items as u16).to_be_bytes());
    }
}

/// The number of items.
#[inline]
pub(super) fn read_list(cursor: &mut Cursor<'_>) -> Result<u64, Malformed> {
    match cursor.octet()? {
        octet @ 0x90..=0x9f => Ok(u64::from(octet & 15)),
        0xdc => cursor.big_endian::<2>(),
        0xdd => cursor.big_endian::<4>(),
        _ => Err(Malformed("a list expected")),
    }
}

#[inline]
pub(super) fn read_uint(cursor: &mut Cursor<'_>) -> Result<u64, Malformed> {
    match cursor.octet()? {
        octet @ 0..=0x7f => Ok(u64::from(octet)),
        0xcc | 0xd0 => cursor.big_endian::<1>(),
        0xcd | 0xd1 => cursor.big_endian::<2>(),
        0xce | 0xd2 => cursor.big_endian::<4>(),
        0xcf | 0xd3 => cursor.big_endian::<8>(),
        _ => Err(Malformed("a number expected")),
    }
}

#[inline]
pub(super) fn read_text<'a>(cursor: &mut Cursor<'a>) -> Result<&'a [u8], Malformed> {
    let length = match cursor.octet()? {
        octet @ 0xa0..=0xbf => u64::from(octet & 31),
        0xd9 => cursor.big_endian::<1>()?,
        0xda => cursor.big_endian::<2>()?,
        0xdb => cursor.big_endian::<4>()?,
        _ => return Err(Malformed("a string expected")),
    };
    cursor.take(length)
}

#[inline]
pub(super) fn skip(cursor: &mut Cursor<'_>) -> Result<(), Malformed> {
    // What heads are made of: small numbers, empty dictionaries, ids.
    match cursor.octet()? {
        0x00..=0x80 | 0x90 | 0xc0 | 0xc2 | 0xc3 => return Ok(()),
        0xcf => return cursor.big_endian::<8>().map(drop),
        _ => cursor.at -= 1,
    }
    skip_any(cursor)
}

fn skip_any(cursor: &mut Cursor<'_>) -> Result<(), Malformed> {
    let mut left = 1u64;
    while left > 0 {
        left -= 1;
        let (items, octets) = extent(cursor)?;
        left = left.saturating_add(items);
        cursor.take(octets)?;
    }
    Ok(())
}

/// Reads the head of a value: how many values are in it, and how many octets follow.
fn extent(cursor: &mut Cursor<'_>) -> Result<(u64, u64), Malformed> {
    Ok(match cursor.octet()? {
        0x00..=0x7f | 0xe0..=0xff | 0xc0 | 0xc2 | 0xc3 => (0, 0),
        octet @ 0x80..=0x8f => (2 * u64::from(octet & 15), 0),
        octet @ 0x90..=0x9f => (u64::from(octet & 15), 0),
        octet @ 0xa0..=0xbf => (0, u64::from(octet & 31)),
        0xcc | 0xd0 => (0, 1),
        0xcd | 0xd1 => (0, 2),
        0xca | 0xce | 0xd2 => (0, 4),
        0xcb | 0xcf | 0xd3 => (0, 8),
        0xc4 | 0xd9 => (0, cursor.big_endian::<1>()?),
        0xc5 | 0xda => (0, cursor.big_endian::<2>()?),
        0xc6 | 0xdb => (0, cursor.big_endian::<4>()?),
        0xc7 => (0, cursor.big_endian::<1>()? + 1),
        0xc8 => (0, cursor.big_endian::<2>()? + 1),
        0xc9 => (0, cursor.big_endian::<4>()? + 1),
        octet @ 0xd4..=0xd8 => (0, (1 << (octet - 0xd4)) + 1),
        0xdc => (cursor.big_endian::<2>()?, 0),
        0xdd => (cursor.big_endian::<4>()?, 0),
        0xde => (2 * cursor.big_endian::<2>()?, 0),
        0xdf => (2 * cursor.big_endian::<4>()?, 0),
        0xc1 => return Err(Malformed("a value expected")),
    })
}
