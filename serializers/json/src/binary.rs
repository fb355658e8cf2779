//! Binary data in JSON: the string of U+0000 and base64.
//!
//! Law: [`decode`] alone decides what is binary. Reader and writer ask it, so they can't disagree.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The binary data that `text`, with all escapes resolved, stands for.
pub(crate) fn decode<'a>(text: &[u8], scratch: &'a mut Vec<u8>) -> Option<&'a [u8]> {
    let base64 = text.strip_prefix(b"\0")?;
    scratch.clear();
    STANDARD.decode_vec(base64, scratch).ok()?;
    Some(scratch)
}

/// Writes the base64 of `bytes` behind `out`.
pub(crate) fn encode(bytes: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + bytes.len().div_ceil(3) * 4, 0);
    STANDARD.encode_slice(bytes, &mut out[start..]).expect("four bytes of room for every three");
}
