//! What a request is for, by its path.

/// What can be asked for below the path of a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target<'a> {
    Open,
    /// All others name the transport.
    Receive(&'a str),
    Send(&'a str),
    Close(&'a str),
}

impl<'a> Target<'a> {
    /// `path` is without its query, which is ignored (LP-08).
    pub(crate) fn parse(base: &str, path: &'a str) -> Option<Self> {
        let rest = path.strip_prefix(base)?.strip_prefix('/')?;
        match rest.split_once('/') {
            None => (rest == "open").then_some(Target::Open),
            Some((transport, "receive")) => Some(Target::Receive(transport)),
            Some((transport, "send")) => Some(Target::Send(transport)),
            Some((transport, "close")) => Some(Target::Close(transport)),
            Some(_) => None,
        }
    }
}

/// More than the longest method that HTTP knows.
const LONGEST_METHOD: usize = 16;

/// Whether a request asks for something below `base`, judged by the first octets of a connection; `None`: more are needed.
/// They never need to be many.
pub(crate) fn claims(base: &str, seen: &[u8]) -> Option<bool> {
    let Some(space) = seen.iter().take(LONGEST_METHOD).position(|octet| *octet == b' ') else {
        return if seen.len() < LONGEST_METHOD { None } else { Some(false) };
    };
    let (path, wanted) = (&seen[space + 1..], base.bytes().chain([b'/']));
    for (at, wanted) in wanted.enumerate() {
        match path.get(at) {
            None => return None,
            Some(octet) if *octet != wanted => return Some(false),
            Some(_) => {}
        }
    }
    Some(true)
}

#[cfg(test)]
mod tests;
