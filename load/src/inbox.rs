//! What came in and is no whole frame yet.

use std::io;

use crate::socket::Socket;

/// Octets of the buffer that all connections share.
pub(crate) const SCRATCH: usize = 256 << 10;
/// From here on a rest is not moved back and forth any more, but completed where it is.
const LONG: usize = 64 << 10;

/// The beginning of an unfinished frame; usually nothing.
///
/// A connection reads into a buffer that all share, behind what it had left over, and keeps what is left over again.
/// So the frames of a thousand connections are found in the same warm memory, and an idle connection has none of its
/// own. Only the frames that are long fill a buffer which their connection keeps.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    own: Vec<u8>,
    /// Octets in `own`.
    filled: usize,
}

/// What one read brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// Octets, and whether more may be waiting.
    Octets { more: bool },
    /// Nothing now.
    Nothing,
    /// The end.
    End,
}

impl Arrival {
    /// Whether to read again; `ends` says that the end was announced.
    #[inline]
    pub(crate) fn is_more(self, ends: bool) -> bool {
        matches!(self, Arrival::Octets { more } if more || ends)
    }
}

impl Inbox {
    /// Reads once, and has `consume` take whole frames from all there is; it answers how many octets it took.
    #[inline]
    pub(crate) fn read<E: From<io::Error>>(
        &mut self,
        socket: &mut Socket,
        scratch: &mut [u8],
        consume: impl FnOnce(&[u8]) -> Result<usize, E>,
    ) -> Result<Arrival, E> {
        if self.filled >= LONG.min(scratch.len() / 2) {
            return self.read_long(socket, consume);
        }
        let kept = self.filled;
        scratch[..kept].copy_from_slice(&self.own[..kept]);
        let room = scratch.len() - kept;
        let count = match read(socket, &mut scratch[kept..])? {
            None => return Ok(Arrival::Nothing),
            Some(0) => return Ok(Arrival::End),
            Some(count) => count,
        };
        let octets = &scratch[..kept + count];
        let taken = consume(octets)?;
        self.keep(&octets[taken..]);
        Ok(Arrival::Octets { more: count == room || socket.may_hold_more() })
    }

    fn keep(&mut self, rest: &[u8]) {
        if self.own.len() < rest.len() {
            self.own.resize(rest.len(), 0);
        }
        self.own[..rest.len()].copy_from_slice(rest);
        self.filled = rest.len();
    }

    #[cold]
    fn read_long<E: From<io::Error>>(
        &mut self,
        socket: &mut Socket,
        consume: impl FnOnce(&[u8]) -> Result<usize, E>,
    ) -> Result<Arrival, E> {
        if self.own.len() < self.filled + LONG {
            self.own.resize(2 * (self.filled + LONG), 0);
        }
        let room = self.own.len() - self.filled;
        let count = match read(socket, &mut self.own[self.filled..])? {
            None => return Ok(Arrival::Nothing),
            Some(0) => return Ok(Arrival::End),
            Some(count) => count,
        };
        self.filled += count;
        let taken = consume(&self.own[..self.filled])?;
        self.own.copy_within(taken..self.filled, 0);
        self.filled -= taken;
        Ok(Arrival::Octets { more: count == room || socket.may_hold_more() })
    }

    /// Gives memory back that idle connections don't need.
    pub(crate) fn shrink(&mut self) {
        self.own.truncate(self.filled);
        self.own.shrink_to_fit();
    }
}

/// `None` when nothing is there.
fn read(socket: &mut Socket, into: &mut [u8]) -> io::Result<Option<usize>> {
    loop {
        match socket.read(into) {
            Ok(count) => return Ok(Some(count)),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return Ok(Some(0)),
            Err(error) => return Err(error),
        }
    }
}
