//! Octets as hexadecimal digits, which is how keys and fingerprints are written.

/// Two digits for each octet, in lower case.
pub fn encode(octets: &[u8]) -> String {
    const DIGITS: [u8; 16] = *b"0123456789abcdef";
    let digits = octets.iter().flat_map(|octet| [octet >> 4, octet & 15]);
    digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

/// Exactly `N` octets, in either case; `None` if the text is anything else.
pub fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    if digits.len() != 2 * N {
        return None;
    }
    let mut octets = [0; N];
    for (octet, pair) in octets.iter_mut().zip(digits.chunks_exact(2)) {
        *octet = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(octets)
}

fn digit(character: u8) -> Option<u8> {
    char::from(character).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};

    #[test]
    fn both_cases_are_read_and_one_is_written() {
        assert_eq!(decode::<3>("00aBFf"), Some([0x00, 0xab, 0xff]));
        assert_eq!(encode(&[0x00, 0xab, 0xff]), "00abff");
    }

    #[test]
    fn what_is_no_hex_is_nothing() {
        for text in ["", "00ab", "00abff00", "00abf", "00abfg", "+0abff", " 0abff", "00ab\u{e9}"] {
            assert_eq!(decode::<3>(text), None, "{text:?}");
        }
    }
}
