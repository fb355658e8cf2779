//! A byte stream inside TLS, whose halves share a lock while they en- and decrypt, and nothing while they read and write.
//!
//! ```text
//!   carrier ──> incoming buffer of the thread ──> Session::receive ──> the caller's buffer ──┐
//!                                                                        plain: what did not fit
//!   carrier <── outgoing buffer of the thread <── Session::seal <── one batch, in four records at most
//!     └── pending: what the carrier did not take
//! ```
//!
//! An idle connection has none of these buffers.

mod reading;
mod writing;

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::BytesMut;
use crossway_framing::Split;
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use self::reading::Reading;
use self::writing::Writing;
use crate::session::Session;

/// A connection after its TLS handshake.
#[derive(Debug)]
pub struct TlsStream<Io> {
    io: Io,
    reading: Reading,
    writing: Writing,
}

/// The half of a [`TlsStream`] that reads.
#[derive(Debug)]
pub struct TlsReader<R> {
    io: R,
    reading: Reading,
}

/// The half of a [`TlsStream`] that writes.
#[derive(Debug)]
pub struct TlsWriter<W> {
    io: W,
    writing: Writing,
}

impl<Io: Split> TlsStream<Io> {
    /// `plain` is text that came together with the end of the handshake.
    pub(crate) fn new(io: Io, session: Session, plain: BytesMut) -> Self {
        let session = Arc::new(Mutex::new(session));
        let reading = Reading::new(Arc::clone(&session), plain);
        TlsStream { io, reading, writing: Writing::new(session) }
    }
}

impl<Io: Split> Split for TlsStream<Io> {
    type Reader = TlsReader<Io::Reader>;
    type Writer = TlsWriter<Io::Writer>;

    fn into_halves(self) -> (Self::Reader, Self::Writer) {
        let TlsStream { io, reading, writing } = self;
        let (reader, writer) = io.into_halves();
        (TlsReader { io: reader, reading }, TlsWriter { io: writer, writing })
    }
}

/// Lets a type with the fields `io` and `reading` read.
macro_rules! reads {
    ($type:ident) => {
        impl<Io: AsyncRead + Unpin> AsyncRead for $type<Io> {
            fn poll_read(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &mut ReadBuf<'_>,
            ) -> Poll<io::Result<()>> {
                let $type { io, reading, .. } = &mut *self;
                reading.poll_read(io, cx, buf)
            }
        }
    };
}

/// Lets a type with the fields `io` and `writing` write.
macro_rules! writes {
    ($type:ident) => {
        impl<Io: AsyncWrite + Unpin> AsyncWrite for $type<Io> {
            fn poll_write(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &[u8],
            ) -> Poll<io::Result<usize>> {
                let $type { io, writing, .. } = &mut *self;
                writing.poll_write(io, cx, &[IoSlice::new(buf)])
            }

            fn poll_write_vectored(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                bufs: &[IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                let $type { io, writing, .. } = &mut *self;
                writing.poll_write(io, cx, bufs)
            }

            fn is_write_vectored(&self) -> bool {
                true
            }

            fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                let $type { io, writing, .. } = &mut *self;
                writing.poll_flush(io, cx)
            }

            fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                let $type { io, writing, .. } = &mut *self;
                writing.poll_shutdown(io, cx)
            }
        }
    };
}

reads!(TlsStream);
reads!(TlsReader);
writes!(TlsStream);
writes!(TlsWriter);

#[cfg(test)]
mod tests;
