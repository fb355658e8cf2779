//! The half that reads: one read of the carrier, all records in it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use parking_lot::Mutex;
use tokio::io::{AsyncRead, ReadBuf};

use crate::scratch::{self, READ};
use crate::session::{HELD, Session};

/// A read of the carrier takes this much at least: a whole record, so that it need not wait for its rest.
const RECORD: usize = HELD;
/// Reads of the carrier that bring no text, in one call, before other tasks get their turn.
const READS: usize = 16;

#[derive(Debug)]
pub(super) struct Reading {
    session: Arc<Mutex<Session>>,
    /// Text that did not fit into the caller's buffer.
    plain: BytesMut,
}

impl Reading {
    /// `plain` is text that has come already.
    pub(super) fn new(session: Arc<Mutex<Session>>, plain: BytesMut) -> Self {
        Reading { session, plain }
    }

    pub(super) fn poll_read<R: AsyncRead + Unpin>(
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

    /// Octets that are kept until more come.
    #[cfg(test)]
    pub(super) fn kept(&self) -> usize {
        self.plain.capacity() + self.session.lock().kept()
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
