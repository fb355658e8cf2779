//! The half that writes: one batch, few records, one write to the carrier.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use parking_lot::Mutex;
use tokio::io::AsyncWrite;

use crate::scratch;
use crate::session::Session;

#[derive(Debug)]
pub(super) struct Writing {
    session: Arc<Mutex<Session>>,
    /// Records that the carrier has not taken.
    pending: Vec<u8>,
    /// How much of them it has.
    written: usize,
    /// The peer has been told that nothing more will come.
    finished: bool,
}

impl Writing {
    pub(super) fn new(session: Arc<Mutex<Session>>) -> Self {
        Writing { session, pending: Vec::new(), written: 0, finished: false }
    }

    /// Encrypts one batch and writes it. What the carrier does not take waits here, and nothing is encrypted before it
    /// is gone.
    pub(super) fn poll_write<W: AsyncWrite + Unpin>(
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

    /// Octets that are kept until the carrier takes them.
    #[cfg(test)]
    pub(super) fn kept(&self) -> usize {
        self.pending.capacity()
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

    pub(super) fn poll_flush<W: AsyncWrite + Unpin>(
        &mut self,
        io: &mut W,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_pending(io, cx))?;
        Pin::new(io).poll_flush(cx)
    }

    pub(super) fn poll_shutdown<W: AsyncWrite + Unpin>(
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
