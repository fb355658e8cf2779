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

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use crossway_framing::Split;
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::scratch::{self, READ};
use crate::session::{HELD, Session};

/// A read of the carrier takes this much at least: a whole record, so that it need not wait for its rest.
const RECORD: usize = HELD;
/// Reads of the carrier that bring no text, in one call, before other tasks get their turn.
const READS: usize = 16;

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
        let reading = Reading { session: Arc::clone(&session), plain };
        TlsStream {
            io,
            reading,
            writing: Writing { session, pending: Vec::new(), written: 0, finished: false },
        }
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

#[derive(Debug)]
struct Reading {
    session: Arc<Mutex<Session>>,
    plain: BytesMut,
}

impl Reading {
    fn poll_read<R: AsyncRead + Unpin>(
        &mut self,
        io: &mut R,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.plain.is_empty() {
            let count = self.plain.len().min(buf.remaining());
            buf.put_slice(&self.plain[..count]);
            self.plain.advance(count);
            if self.plain.is_empty() {
                self.plain = BytesMut::new();
            }
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        for _ in 0..READS {
            let open = ready!(scratch::incoming(|octets| self.poll_receive(io, cx, octets, buf)))?;
            if !open || buf.filled().len() > before {
                return Poll::Ready(Ok(()));
            }
        }
        // Records without text, or a record octet by octet: let others run, then come back.
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Reads once, and decrypts what has come. False at the end.
    fn poll_receive<R: AsyncRead + Unpin>(
        &mut self,
        io: &mut R,
        cx: &mut Context<'_>,
        octets: &mut [u8],
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<bool>> {
        // Text is shorter than its records: with no more than this, little or nothing has to wait in `plain`.
        let room = buf.remaining().clamp(RECORD, READ);
        let mut read = ReadBuf::new(&mut octets[HELD..][..room]);
        ready!(Pin::new(io).poll_read(cx, &mut read))?;
        let count = read.filled().len();
        let mut session = self.session.lock();
        if session.has_ended() {
            return Poll::Ready(Ok(false));
        }
        if count == 0 {
            let what = "the connection ended without the good-bye of TLS";
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::UnexpectedEof, what)));
        }
        session.receive(&mut octets[..HELD + count], |text| {
            let (now, later) = text.split_at(text.len().min(buf.remaining()));
            buf.put_slice(now);
            self.plain.extend_from_slice(later);
        })?;
        Poll::Ready(Ok(!session.has_ended()))
    }
}

#[derive(Debug)]
struct Writing {
    session: Arc<Mutex<Session>>,
    /// Records that the carrier has not taken.
    pending: Vec<u8>,
    /// How much of them it has.
    written: usize,
    /// The peer has been told that nothing more will come.
    finished: bool,
}

impl Writing {
    /// Encrypts one batch and writes it. What the carrier does not take waits here, and nothing is encrypted before it
    /// is gone.
    fn poll_write<W: AsyncWrite + Unpin>(
        &mut self,
        io: &mut W,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_pending(io, cx))?;
        scratch::outgoing(|outgoing| {
            let (text, records) = outgoing.batch(slices);
            if !text.is_empty() {
                self.session.lock().seal(text, records)?;
                self.write_now(io, cx, records.filled())?;
            }
            Poll::Ready(Ok(text.len()))
        })
    }

    /// Writes what the carrier takes. The rest waits in `pending`, which is empty before.
    fn write_now<W: AsyncWrite + Unpin>(
        &mut self,
        io: &mut W,
        cx: &mut Context<'_>,
        records: &[u8],
    ) -> io::Result<()> {
        let mut written = 0;
        let end = poll_all(io, cx, records, &mut written);
        self.pending = records[written..].to_vec();
        match end {
            Poll::Ready(result) => result,
            Poll::Pending => Ok(()),
        }
    }

    fn poll_pending<W: AsyncWrite + Unpin>(
        &mut self,
        io: &mut W,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.pending.is_empty() {
            ready!(poll_all(io, cx, &self.pending, &mut self.written))?;
            self.pending = Vec::new();
            self.written = 0;
        }
        Poll::Ready(Ok(()))
    }

    fn poll_flush<W: AsyncWrite + Unpin>(
        &mut self,
        io: &mut W,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_pending(io, cx))?;
        Pin::new(io).poll_flush(cx)
    }

    fn poll_shutdown<W: AsyncWrite + Unpin>(
        &mut self,
        io: &mut W,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_pending(io, cx))?;
        if !self.finished {
            self.finished = true;
            scratch::outgoing(|outgoing| {
                self.session.lock().finish(&mut outgoing.records);
                self.write_now(io, cx, outgoing.records.filled())
            })?;
            ready!(self.poll_pending(io, cx))?;
        }
        Pin::new(io).poll_shutdown(cx)
    }
}

/// Writes `octets[*written..]`.
fn poll_all<W: AsyncWrite + Unpin>(
    io: &mut W,
    cx: &mut Context<'_>,
    octets: &[u8],
    written: &mut usize,
) -> Poll<io::Result<()>> {
    while *written < octets.len() {
        match ready!(Pin::new(&mut *io).poll_write(cx, &octets[*written..]))? {
            0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            count => *written += count,
        }
    }
    Poll::Ready(Ok(()))
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
