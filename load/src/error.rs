//! What can go wrong, by who has to act.

use std::io;

use crate::format::{Format, Malformed, Reader};

/// Why there is no report at all.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The options make no sense.
    #[error("{0}")]
    Usage(String),
    /// Nobody listens there.
    #[error("cannot connect to {url}: {source}")]
    Connect {
        /// Where to.
        url: String,
        /// What the system says.
        source: io::Error,
    },
    /// The router doesn't want this connection.
    #[error("{url}: {why}")]
    Refused {
        /// Where to.
        url: String,
        /// In the router's words as far as possible.
        why: String,
    },
    /// This machine refuses something: a listener, a descriptor, a file.
    #[error("{what}: {source}")]
    System {
        /// What was tried.
        what: String,
        /// What the system says.
        source: io::Error,
    },
}

impl Error {
    pub(crate) fn system(what: impl Into<String>) -> impl FnOnce(io::Error) -> Error {
        let what = what.into();
        move |source| Error::System { what, source }
    }
}

/// Why one connection is given up.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error("connection lost: {0}")]
    Io(#[from] io::Error),
    #[error("the router closed the connection")]
    Closed,
    #[error("{0}")]
    Framing(&'static str),
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// A message that has no business here.
    #[error("unexpected message: {0}")]
    Unexpected(String),
    #[error("{0}")]
    Refused(String),
    #[error("no answer within {0} s")]
    Silent(u64),
}

impl Fault {
    #[cold]
    pub(crate) fn unexpected(format: Format, message: &[u8]) -> Fault {
        let value = Reader::new(format, message).value();
        Fault::Unexpected(value.map_or_else(|malformed| malformed.to_string(), |value| value.to_string()))
    }

    pub(crate) fn refused(why: String) -> Fault {
        Fault::Refused(why)
    }
}
