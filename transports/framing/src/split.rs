//! Connections that can be read and written by two tasks at the same time.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf, ReadHalf, WriteHalf};
use tokio::net::{TcpStream, UnixStream, tcp, unix};

/// A byte stream that comes apart into a reading and a writing half.
///
/// The connection's own task reads while the tasks of other sessions write, so the halves should not share a lock where
/// the system does not need one. Streams that know no halves are wrapped in [`Locked`].
pub trait Split: AsyncRead + AsyncWrite + Send + Unpin + 'static {
    /// The half that reads.
    type Reader: AsyncRead + Send + Unpin + 'static;
    /// The half that writes. Dropping it should tell the peer that nothing more will come.
    type Writer: AsyncWrite + Send + Unpin + 'static;

    /// Takes the stream apart.
    fn into_halves(self) -> (Self::Reader, Self::Writer);
}

impl Split for TcpStream {
    type Reader = tcp::OwnedReadHalf;
    type Writer = tcp::OwnedWriteHalf;

    fn into_halves(self) -> (Self::Reader, Self::Writer) {
        self.into_split()
    }
}

impl Split for UnixStream {
    type Reader = unix::OwnedReadHalf;
    type Writer = unix::OwnedWriteHalf;

    fn into_halves(self) -> (Self::Reader, Self::Writer) {
        self.into_split()
    }
}

/// Makes any byte stream [`Split`], at the price of a lock around each read and write.
#[derive(Debug)]
pub struct Locked<T>(pub T);

impl<T: AsyncRead + AsyncWrite + Send + Unpin + 'static> Split for Locked<T> {
    type Reader = ReadHalf<T>;
    type Writer = WriteHalf<T>;

    fn into_halves(self) -> (Self::Reader, Self::Writer) {
        tokio::io::split(self.0)
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Locked<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Locked<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
