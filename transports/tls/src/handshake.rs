//! The TLS handshake.

use std::fmt;
use std::io;
use std::sync::Arc;

use arc_swap::ArcSwap;
use async_trait::async_trait;
use bytes::{Buf, BytesMut};
use crossway_framing::{Accepted, Arrival, Handshake, HandshakeError, Split};
use rustls::ServerConfig;
use rustls::server::ProducesTickets;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::config::{TlsError, TlsOptions, load, ticketer};
use crate::session::{HELD, Session};
use crate::stream::TlsStream;

/// What a handshake may keep: the longest message that rustls takes, in its records.
const LONGEST: usize = 64 * 1024 + HELD;
/// A read of the handshake takes this much.
const READ: usize = 4096;

/// A handshake inside TLS.
pub struct Tls<H> {
    inner: H,
    options: TlsOptions,
    config: ArcSwap<ServerConfig>,
    ticketer: Arc<dyn ProducesTickets>,
}

impl<H> Tls<H> {
    /// Reads the certificate and key; `inner` is what is spoken inside.
    ///
    /// # Errors
    /// [`TlsError`], which names the file and what is wrong with it.
    pub fn new(options: TlsOptions, inner: H) -> Result<Self, TlsError> {
        let ticketer = ticketer()?;
        let config = ArcSwap::from_pointee(load(&options, Arc::clone(&ticketer))?);
        Ok(Tls { inner, options, config, ticketer })
    }

    /// Reads the files again, for the connections to come. Those that are there go on as they are.
    ///
    /// # Errors
    /// As [`new`](Self::new); the certificate that was in use stays in use.
    pub fn reload(&self) -> Result<(), TlsError> {
        self.config.store(Arc::new(load(&self.options, Arc::clone(&self.ticketer))?));
        Ok(())
    }
}

#[async_trait]
impl<Io, H> Handshake<Io> for Tls<H>
where
    Io: Split,
    H: Handshake<TlsStream<Io>>,
{
    async fn accept(&self, arrival: Arrival<Io>) -> Result<Accepted, HandshakeError> {
        let Arrival { io, seen, mut peer, full } = arrival;
        let io = greet(io, seen, self.config.load_full()).await?;
        peer.secure = true;
        self.inner.accept(Arrival { io, seen: BytesMut::new(), peer, full }).await
    }
}

/// The TLS handshake, of which `seen` has come already.
pub(crate) async fn greet<Io: Split>(
    mut io: Io,
    seen: BytesMut,
    config: Arc<ServerConfig>,
) -> io::Result<TlsStream<Io>> {
    let mut session = Session::new(config).map_err(io::Error::other)?;
    let (mut octets, mut plain) = (seen, BytesMut::new());
    loop {
        let used = session.process(&mut octets, |text| plain.extend_from_slice(text));
        // An alert as well.
        io.write_all(&session.take_own()).await?;
        io.flush().await?;
        octets.advance(used?);
        if !session.is_handshaking() {
            session.hold(&octets)?;
            return Ok(TlsStream::new(io, session, plain));
        }
        if octets.len() >= LONGEST {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "handshake too long"));
        }
        octets.reserve(READ);
        if io.read_buf(&mut octets).await? == 0 {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "the connection ended in the handshake",
            ));
        }
    }
}

impl<H: fmt::Debug> fmt::Debug for Tls<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("inner", &self.inner)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
