//! The TLS handshake.

use std::fmt;
use std::io;
use std::sync::Arc;

use arc_swap::ArcSwap;
use async_trait::async_trait;
use bytes::{Buf, BytesMut};
use crossway_core::transport::ChannelBinding;
use crossway_framing::{Accepted, Arrival, Handshake, HandshakeError, Split};
use rustls::ServerConfig;
use rustls::server::ProducesTickets;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::binding::{self, exporter};
use crate::config::{Loaded, TlsError, TlsOptions, load, ticketer};
use crate::session::{HELD, Session};
use crate::stream::TlsStream;

/// What a handshake may keep: the longest message that rustls takes, in its records.
const LONGEST: usize = 64 * 1024 + HELD;
/// A read of the handshake takes this much.
const READ: usize = 4096;

/// A handshake inside TLS.
pub struct Tls<H> {
    inner: H,
    loaded: ArcSwap<Loaded>,
    ticketer: Arc<dyn ProducesTickets>,
}

impl<H> Tls<H> {
    /// Reads the certificate and key; `inner` is what is spoken inside.
    ///
    /// # Errors
    /// [`TlsError`], which names the file and what is wrong with it.
    pub fn new(options: TlsOptions, inner: H) -> Result<Self, TlsError> {
        let ticketer = ticketer()?;
        let loaded = ArcSwap::from_pointee(load(options, Arc::clone(&ticketer))?);
        Ok(Tls { inner, loaded, ticketer })
    }

    /// Reads the files again, for the connections to come. Those that are there go on as they are.
    ///
    /// # Errors
    /// As [`new`](Self::new); the certificate that was in use stays in use.
    pub fn reload(&self) -> Result<(), TlsError> {
        self.replace(self.loaded.load().options.clone())
    }

    /// Takes other files, versions or clients, for the connections to come. Those that are there go on as they are.
    ///
    /// # Errors
    /// As [`new`](Self::new); then everything stays as it was.
    pub fn replace(&self, options: TlsOptions) -> Result<(), TlsError> {
        self.loaded.store(Arc::new(load(options, Arc::clone(&self.ticketer))?));
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
        let loaded = self.loaded.load_full();
        let Greeted { io, certificates, exporter } = greet(io, seen, Arc::clone(&loaded.config)).await?;
        peer.secure = true;
        let evidence = peer.evidence();
        evidence.certificates = certificates;
        evidence.channel = Some(ChannelBinding { exporter, server_end_point: loaded.end_point.clone() });
        self.inner.accept(Arrival { io, seen: BytesMut::new(), peer, full }).await
    }
}

/// What comes of a TLS handshake.
pub(crate) struct Greeted<Io> {
    pub(crate) io: TlsStream<Io>,
    /// Those of the client, verified.
    pub(crate) certificates: Vec<Vec<u8>>,
    /// `tls-exporter`.
    pub(crate) exporter: Option<[u8; 32]>,
}

/// The TLS handshake, of which `seen` has come already.
pub(crate) async fn greet<Io: Split>(
    mut io: Io,
    seen: BytesMut,
    config: Arc<ServerConfig>,
) -> io::Result<Greeted<Io>> {
    let mut session = Session::new(config).map_err(io::Error::other)?;
    let (mut octets, mut plain, mut secret) = (seen, BytesMut::new(), None);
    loop {
        let step = || session.process(&mut octets, |text| plain.extend_from_slice(text));
        let used = binding::listening(&mut secret, step);
        // An alert as well.
        io.write_all(&session.take_own()).await?;
        io.flush().await?;
        octets.advance(used?);
        if !session.is_handshaking() {
            session.hold(&octets)?;
            let exporter = secret.zip(session.suite()).and_then(|(secret, suite)| exporter(&secret, suite));
            let certificates = session.certificates();
            return Ok(Greeted { io: TlsStream::new(io, session, plain), certificates, exporter });
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
            .field("options", &self.loaded.load().options)
            .finish_non_exhaustive()
    }
}
