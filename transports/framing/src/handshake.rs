//! From a fresh connection to a transport, or a conversation: the [`Handshake`] trait.

use std::io;
use std::time::Duration;

use async_trait::async_trait;
use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{Accepted, Peer, Split};

/// A connection that has just been accepted.
#[derive(Debug)]
pub struct Arrival<Io> {
    /// The byte stream.
    pub io: Io,
    /// What has been read from it already, by a handshake that looked at the first octets and passed it on.
    pub seen: BytesMut,
    /// Who is there.
    pub peer: Peer,
    /// There is no room for one more connection: the handshake has to refuse, in the words of its protocol.
    pub full: bool,
}

/// Turns fresh connections into transports: most often each into one of its own ([`Accepted`]). One value serves all connections of a listener.
///
/// The trivial one takes the connection as it is, as [`Stream`](crate::Stream). One that wraps another, such as TLS,
/// passes on an [`Arrival`] of its own.
#[async_trait]
pub trait Handshake<Io: Split>: Send + Sync + 'static {
    /// Agrees with the peer on how to talk, or refuses.
    ///
    /// Called in a task of the connection's own and dropped at its current await point when the time for a handshake is
    /// up, so it needs no timeout. It has to bound what it buffers. If [`Arrival::full`] is set, it must refuse.
    ///
    /// # Errors
    /// Why there will be no transport. The peer has been told by then, if the protocol has words for it.
    async fn accept(&self, arrival: Arrival<Io>) -> Result<Accepted, HandshakeError>;
}

#[async_trait]
impl<Io: Split, H: Handshake<Io> + ?Sized> Handshake<Io> for std::sync::Arc<H> {
    async fn accept(&self, arrival: Arrival<Io>) -> Result<Accepted, HandshakeError> {
        (**self).accept(arrival).await
    }
}

/// Why a connection did not become a transport.
#[derive(Debug, thiserror::Error)]
pub enum HandshakeError {
    /// The connection broke, or the peer left.
    #[error("connection lost: {0}")]
    Io(#[from] io::Error),
    /// The peer asked for something that it does not get, or does not speak the protocol.
    #[error("{0}")]
    Refused(String),
    /// There was no room.
    #[error("too many connections")]
    Full,
}

impl HandshakeError {
    /// `what` says in a few words what the peer wanted. No secrets: this is logged.
    pub fn refused(what: impl Into<String>) -> Self {
        HandshakeError::Refused(what.into())
    }
}

/// One read of a handshake is at most this long.
const READ: usize = 2048;

impl<Io: Split> Arrival<Io> {
    /// Reads once, behind what has been seen. The caller bounds how often.
    ///
    /// # Errors
    /// Those of the stream, and [`io::ErrorKind::UnexpectedEof`] when the peer sends no more.
    pub async fn read(&mut self) -> io::Result<()> {
        self.seen.reserve(READ);
        match self.io.read_buf(&mut self.seen).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }

    /// Reads until at least `count` octets have been seen.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub async fn read_to(&mut self, count: usize) -> io::Result<()> {
        while self.seen.len() < count {
            self.read().await?;
        }
        Ok(())
    }
}

/// How long a refused peer may go on sending before it is cut off, and how much.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_OCTETS: usize = 64 * 1024;

/// Sends a refused peer its answer, and closes.
///
/// Reads on for a moment: a connection that is closed with unread octets in it is reset, and the reset would take the
/// answer along before the peer has read it.
///
/// # Errors
/// Those of writing; nothing needs to be done about them.
pub async fn reject<Io: Split>(io: &mut Io, answer: &[u8]) -> io::Result<()> {
    io.write_all(answer).await?;
    io.shutdown().await?;
    let mut rest = io.take(LINGER_OCTETS as u64);
    let mut ignored = tokio::io::sink();
    let drain = tokio::io::copy(&mut rest, &mut ignored);
    // Whether the peer stops in time makes no difference here.
    let _ = tokio::time::timeout(LINGER, drain).await;
    Ok(())
}
