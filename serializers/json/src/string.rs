//! The inside of strings: what is plain, and what the escapes say.

/// How many bytes from the start of `bytes` are neither a quote, nor a backslash, nor a control character.
///
/// Eight at a time: such a byte leaves the high bit set at its place, and the first one is the lowest bit. The bits of
/// bytes behind it may be wrong (a borrow runs upwards), those before it never are.
#[inline]
pub(crate) fn plain(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some((chunk, _)) = bytes[at..].split_first_chunk::<8>() {
        let special = special_bits(u64::from_le_bytes(*chunk));
        if special != 0 {
            return at + special.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    at + bytes[at..].iter().position(|byte| is_special(*byte)).unwrap_or(bytes.len() - at)
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = ONES << 7;

#[inline(always)]
fn special_bits(word: u64) -> u64 {
    let quote = word ^ (ONES * b'"' as u64);
    let backslash = word ^ (ONES * b'\\' as u64);
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    let quote = quote.wrapping_sub(ONES) & !quote;
    let backslash = backslash.wrapping_sub(ONES) & !backslash;
    (quote | backslash | control) & HIGHS
}

#[inline(always)]
fn is_special(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// What is wrong with an escape.
#[derive(Debug)]
pub(crate) enum BadEscape {
    /// The string ends inside.
    Truncated,
    /// There is no such escape.
    Unknown,
    /// Half a surrogate pair without the other half.
    Surrogate,
}

/// Reads the escape at the start of `bytes`, just behind the backslash: the character, and how many bytes it took.
pub(crate) fn escape(bytes: &[u8]) -> Result<(char, usize), BadEscape> {
    let character = match bytes.first().ok_or(BadEscape::Truncated)? {
        b'u' => return unicode_escape(&bytes[1..]).map(|(character, len)| (character, len + 1)),
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        _ => return Err(BadEscape::Unknown),
    };
    Ok((character, 1))
}

fn unicode_escape(bytes: &[u8]) -> Result<(char, usize), BadEscape> {
    let high = hex4(bytes)?;
    if let Some(character) = char::from_u32(high) {
        return Ok((character, 4));
    }
    // A surrogate. Only a high one, and only with a low one behind it, means something.
    if !matches!(bytes.get(4..6), None | Some(b"\\u")) || high >= 0xdc00 {
        return Err(BadEscape::Surrogate);
    }
    let low = hex4(bytes.get(6..).ok_or(BadEscape::Truncated)?)?;
    if !(0xdc00..0xe000).contains(&low) {
        return Err(BadEscape::Surrogate);
    }
    let character = 0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    Ok((char::from_u32(character).ok_or(BadEscape::Surrogate)?, 10))
}

fn hex4(bytes: &[u8]) -> Result<u32, BadEscape> {
    let digits = bytes.get(..4).ok_or(BadEscape::Truncated)?;
    digits.iter().try_fold(0, |number, digit| {
        let digit = char::from(*digit).to_digit(16).ok_or(BadEscape::Unknown)?;
        Ok(number << 4 | digit)
    })
}

/// Writes `inside`, what stands between the quotes of a string, to `out` with all escapes resolved.
pub(crate) fn unescape(inside: &str, out: &mut String) -> Result<(), BadEscape> {
    let mut rest = inside;
    while let Some((plain, escaped)) = rest.split_once('\\') {
        out.push_str(plain);
        let (character, len) = escape(escaped.as_bytes())?;
        out.push(character);
        // An escape is ASCII, so what is left begins at a character.
        rest = &escaped[len..];
    }
    out.push_str(rest);
    Ok(())
}
