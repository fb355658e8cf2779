//! The TLS handshake.

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use async_trait::async_trait;
use bytes::BytesMut;
use crossway_core::transport::Transport;
use crossway_framing::{Arrival, Handshake, HandshakeError, Locked, Split};
use rustls::ServerConfig;
use rustls::server::ProducesTickets;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::config::{TlsError, TlsOptions, load, ticketer};
use crate::rewind::Rewind;

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
    H: Handshake<Locked<TlsStream<Rewind<Io>>>>,
{
    async fn accept(&self, arrival: Arrival<Io>) -> Result<Box<dyn Transport>, HandshakeError> {
        let Arrival { io, seen, mut peer, full } = arrival;
        let acceptor = TlsAcceptor::from(self.config.load_full());
        let io = Locked(acceptor.accept(Rewind::new(seen, io)).await?);
        peer.secure = true;
        self.inner.accept(Arrival { io, seen: BytesMut::new(), peer, full }).await
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
