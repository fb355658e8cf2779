//! CBOR.

use super::Malformed;
use super::reader::{Cursor, MAX_DEPTH};

pub(super) const UINT: u8 = 0;
pub(super) const TEXT: u8 = 3;
pub(super) const LIST: u8 = 4;
pub(super) const DICT: u8 = 5;

/// The head of every value: three bits of major type, and a number that follows in as many octets as it needs.
#[expect(clippy::cast_possible_truncation, reason = "each arm knows its width")]
pub(super) fn head(out: &mut Vec<u8>, major: u8, number: u64) {
    let major = major << 5;
    match number {
        0..24 => out.push(major | number as u8),
        24..0x100 => out.extend_from_slice(&[major | 24, number as u8]),
        0x100..0x1_0000 => {
            out.push(major | 25);
            out.extend_from_slice(&(number as u16).to_be_bytes());
        }
        0x1_0000..0x1_0000_0000 => {
            out.push(major | 26);
            out.extend_from_slice(&(number as u32).to_be_bytes());
        }
        _ => {
            out.push(major | 27);
            out.extend_from_slice(&number.to_be_bytes());
        }
    }
}

/// The number of a head whose first octet was read.
pub(super) fn argument(cursor: &mut Cursor<'_>, first: u8) -> Result<u64, Malformed> {
    match first & 31 {
        small @ 0..=23 => Ok(u64::from(small)),
        24 => cursor.big_endian::<1>(),
        25 => cursor.big_endian::<2>(),
        26 => cursor.big_endian::<4>(),
        27 => cursor.big_endian::<8>(),
        _ => Err(Malformed("a definite length expected")),
    }
}

/// The number of items; `None` when a break ends them.
#[inline]
pub(super) fn read_list(cursor: &mut Cursor<'_>) -> Result<Option<u64>, Malformed> {
    match cursor.octet()? {
        0x9f => Ok(None),
        first if first >> 5 == LIST => argument(cursor, first).map(Some),
        _ => Err(Malformed("a list expected")),
    }
}

#[inline]
pub(super) fn read_uint(cursor: &mut Cursor<'_>) -> Result<u64, Malformed> {
    match cursor.octet()? {
        first if first >> 5 == UINT => argument(cursor, first),
        _ => Err(Malformed("a number expected")),
    }
}

#[inline]
pub(super) fn read_text<'a>(cursor: &mut Cursor<'a>) -> Result<&'a [u8], Malformed> {
    match cursor.octet()? {
        first if first >> 5 == TEXT => {
            let length = argument(cursor, first)?;
            cursor.take(length)
        }
        _ => Err(Malformed("a string expected")),
    }
}

pub(super) fn skip(cursor: &mut Cursor<'_>) -> Result<(), Malformed> {
    match skip_at(cursor, 0)? {
        true => Err(Malformed("a value expected")),
        false => Ok(()),
    }
}

/// Whether it was the break that ends a collection of indefinite length.
fn skip_at(cursor: &mut Cursor<'_>, depth: usize) -> Result<bool, Malformed> {
    if depth > MAX_DEPTH {
        return Err(Malformed("nested too deeply"));
    }
    let first = cursor.octet()?;
    let (major, indefinite) = (first >> 5, first & 31 == 31);
    match (major, indefinite) {
        (7, true) => return Ok(true),
        (2..=5, true) => while !skip_at(cursor, depth + 1)? {},
        _ => {
            let number = argument(cursor, first)?;
            let items = match major {
                2 | 3 => {
                    cursor.take(number)?;
                    0
                }
                LIST => number,
                DICT => number.saturating_mul(2),
                6 => 1,
                _ => 0,
            };
            for _ in 0..items {
                skip_item(cursor, depth + 1)?;
            }
        }
    }
    Ok(false)
}

fn skip_item(cursor: &mut Cursor<'_>, depth: usize) -> Result<(), Malformed> {
    if skip_at(cursor, depth)? { Err(Malformed("a value expected")) } else { Ok(()) }
}
