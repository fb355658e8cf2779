//! TLS over any carrier, under any framing.
//!
//! ```text
//!   Arrival<Io> ──> Tls<H> ── TLS handshake ──> Arrival<Locked<TlsStream<..>>> ──> H ──> Transport
//! ```
//!
//! [`Tls`] is a handshake round a handshake: `Tls<WebSocket>`, `Tls<Port>`. TLS 1.2 and 1.3 by rustls with aws-lc-rs.

mod config;
mod handshake;
mod rewind;

pub use config::{MinVersion, TlsError, TlsOptions};
pub use handshake::Tls;
pub use rewind::Rewind;
