//! TLS, the client's side, over sockets that do not block.

#[cfg(feature = "tls")]
mod stream;
#[cfg(not(feature = "tls"))]
mod without;

#[cfg(feature = "tls")]
pub(crate) use stream::{Client, TlsStream};
#[cfg(not(feature = "tls"))]
pub(crate) use without::{Client, TlsStream};

use std::path::Path;

/// Whom to believe.
#[cfg_attr(not(feature = "tls"), expect(dead_code, reason = "nobody is believed without TLS"))]
#[derive(Clone, Copy, Debug)]
pub(crate) enum Trust<'a> {
    /// Whoever the system trusts.
    System,
    /// Certificates in a PEM file alone.
    File(&'a Path),
    /// Everybody.
    Anybody,
}
