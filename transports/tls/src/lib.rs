//! TLS over any carrier, under any framing.
//!
//! ```text
//!   Arrival<Io> ──> Tls<H> ── TLS handshake ──> Arrival<TlsStream<Io>> ──> H ──> Transport
//! ```
//!
//! [`Tls`] is a handshake round a handshake: `Tls<WebSocket>`, `Tls<Port>`. TLS 1.2 and 1.3 by rustls with aws-lc-rs. What
//! it learns goes into [`Evidence`](crossway_core::transport::Evidence): the client's certificates, and what ways of
//! logging in may bind themselves to.

mod binding;
mod clients;
mod config;
mod handshake;
mod scratch;
mod session;
mod stream;

pub use clients::ClientCertificates;
pub use config::{MinVersion, TlsError, TlsOptions};
pub use handshake::Tls;
pub use stream::{TlsReader, TlsStream, TlsWriter};
