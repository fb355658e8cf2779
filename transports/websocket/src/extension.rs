//! Agreeing on permessage-deflate (RFC 7692, section 7.1).
//!
//! Law: neither side keeps anything from one message to the next. So one compressed message serves every receiver, and an
//! idle connection costs no memory for its compression.
//!
//! ```text
//!   Sec-WebSocket-Extensions: offer, offer
//!     offer ── of permessage-deflate, each parameter known, once, and of a value that we can keep? ── no ──> next offer
//!       └ yes ─> permessage-deflate; server_no_context_takeover; client_no_context_takeover [; server_max_window_bits=N]
//! ```
//!
//! A server may answer with both of the first two whatever the offer says (7.1.1.1, 7.1.1.2). Where no offer can be
//! accepted, messages are simply not compressed.

/// The window of an offer that asks for none: 32 KiB.
pub(crate) const WIDEST: u8 = 15;
/// Raw deflate with a window of 256 octets is what zlib and its descendants can't write, so offers that insist are declined.
pub(crate) const NARROWEST: u8 = 9;

/// What was agreed upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Agreement {
    /// Logarithm of the longest distance that our compressor refers back.
    pub(crate) window_bits: u8,
}

impl Agreement {
    /// Accepts the first acceptable offer in the values of `Sec-WebSocket-Extensions`.
    pub(crate) fn first<'a>(headers: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        headers.into_iter().flat_map(|header| split(header, ',')).find_map(Self::accept)
    }

    fn accept(offer: &str) -> Option<Self> {
        let mut parts = split(offer, ';');
        if parts.next() != Some("permessage-deflate") {
            return None;
        }
        let mut agreement = Agreement { window_bits: WIDEST };
        let mut seen: Vec<&str> = Vec::new();
        for part in parts {
            let (name, value) = match part.split_once('=') {
                Some((name, value)) => (name.trim_end(), Some(unquoted(value.trim_start()))),
                None => (part, None),
            };
            if seen.contains(&name) {
                return None;
            }
            seen.push(name);
            match (name, value) {
                ("server_no_context_takeover" | "client_no_context_takeover", None) => {}
                // What the client can promise is of no use to us: our decompressor is shared.
                ("client_max_window_bits", None) => {}
                ("client_max_window_bits", Some(value)) => drop(window_bits(value)?),
                ("server_max_window_bits", Some(value)) => {
                    agreement.window_bits = window_bits(value).filter(|bits| *bits >= NARROWEST)?;
                }
                _ => return None,
            }
        }
        Some(agreement)
    }

    /// The value of `Sec-WebSocket-Extensions` in the answer.
    pub(crate) fn header(self) -> String {
        let mut header =
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover".to_owned();
        if self.window_bits != WIDEST {
            header += &format!("; server_max_window_bits={}", self.window_bits);
        }
        header
    }
}

/// A number from 8 to 15, without a zero before it.
fn window_bits(value: &str) -> Option<u8> {
    let well_spelt = matches!(value.as_bytes(), [b'8' | b'9'] | [b'1', b'0'..=b'5']);
    well_spelt.then(|| value.parse().ok()).flatten()
}

fn unquoted(value: &str) -> &str {
    value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value)
}

/// The parts between separators, but not those that stand in quotes.
fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    let parts = text.split(move |character| {
        quoted ^= character == '"';
        character == separator && !quoted
    });
    parts.map(str::trim)
}

#[cfg(test)]
mod tests;
