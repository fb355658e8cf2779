//! JSON.

use super::Malformed;
use super::reader::{Cursor, MAX_DEPTH};

pub(super) fn uint(out: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// Moves to the next element. Separators are taken for white space: what judges is the router's peer, not its syntax.
pub(super) fn gap(cursor: &mut Cursor<'_>) {
    while let Some(b' ' | b',' | b':' | b'\n' | b'\t' | b'\r') = cursor.peek() {
        cursor.at += 1;
    }
}

pub(super) fn read_uint(cursor: &mut Cursor<'_>) -> Result<u64, Malformed> {
    gap(cursor);
    let start = cursor.at;
    let mut number = 0u64;
    while let Some(digit @ b'0'..=b'9') = cursor.peek() {
        number = number.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
        cursor.at += 1;
    }
    if cursor.at == start { Err(Malformed("a number expected")) } else { Ok(number) }
}

/// The octets between the quotes, escapes as they stand.
pub(super) fn read_text<'a>(cursor: &mut Cursor<'a>) -> Result<&'a [u8], Malformed> {
    gap(cursor);
    if cursor.octet()? != b'"' {
        return Err(Malformed("a string expected"));
    }
    let start = cursor.at;
    skip_text(cursor)?;
    Ok(&cursor.octets[start..cursor.at - 1])
}

/// Moves behind the closing quote, eight octets at a time where none of them is a quote or a backslash.
fn skip_text(cursor: &mut Cursor<'_>) -> Result<(), Malformed> {
    loop {
        while let Some(word) = cursor.octets.get(cursor.at..).and_then(<[u8]>::first_chunk::<8>) {
            let word = u64::from_le_bytes(*word);
            if contains(word, b'"') || contains(word, b'\\') {
                break;
            }
            cursor.at += 8;
        }
        match cursor.octet()? {
            b'"' => return Ok(()),
            b'\\' => {
                cursor.octet()?;
            }
            _ => {}
        }
    }
}

/// Whether one of the eight octets is `octet`: a zero among their differences borrows from its high bit.
fn contains(word: u64, octet: u8) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let difference = word ^ (ONES * u64::from(octet));
    difference.wrapping_sub(ONES) & !difference & (ONES << 7) != 0
}

pub(super) fn skip(cursor: &mut Cursor<'_>) -> Result<(), Malformed> {
    let mut depth = 0usize;
    loop {
        gap(cursor);
        match cursor.octet()? {
            b'"' => skip_text(cursor)?,
            b'[' | b'{' if depth == MAX_DEPTH => return Err(Malformed("nested too deeply")),
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.checked_sub(1).ok_or(Malformed("a value expected"))?,
            _ => {
                while !matches!(
                    cursor.peek(),
                    None | Some(b',' | b':' | b']' | b'}' | b' ' | b'\n' | b'\t' | b'\r')
                ) {
                    cursor.at += 1;
                }
            }
        }
        if depth == 0 {
            return Ok(());
        }
    }
}
