//! One connection: octets in, messages out, and the other way round.

use std::io;

use crate::error::Fault;
use crate::framing::{Framing, Kind, Target};
use crate::inbox::{Arrival, Inbox};
use crate::outbox::Outbox;
use crate::socket::Socket;

/// A connection.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) socket: Socket,
    framing: Framing,
    inbox: Inbox,
    pub(crate) out: Outbox,
    /// A message that comes in several frames.
    parts: Vec<u8>,
}

impl Link {
    pub(crate) fn new(socket: Socket, framing: Framing, target: Target) -> Link {
        let out = Outbox::new(framing, target);
        Link { socket, framing, inbox: Inbox::default(), out, parts: Vec::new() }
    }

    /// Reads once and hands over every whole message: its content, its lane, and where to answer.
    #[inline]
    pub(crate) fn receive(
        &mut self,
        scratch: &mut [u8],
        mut each: impl FnMut(&[u8], u32, &mut Outbox) -> Result<(), Fault>,
    ) -> Result<Arrival, Fault> {
        let Link { socket, framing, inbox, out, parts, .. } = self;
        inbox.read(socket, scratch, |octets| {
            let mut at = 0;
            while let Some(frame) = framing.next(&octets[at..])? {
                let body = &octets[at..][frame.body];
                at += frame.length;
                match frame.kind {
                    Kind::Message => each(body, frame.lane, out)?,
                    Kind::First | Kind::Middle | Kind::Last => {
                        parts.extend_from_slice(body);
                        if frame.kind == Kind::Last {
                            each(&std::mem::take(parts), frame.lane, out)?;
                        }
                    }
                    Kind::Ping => out.pong(body),
                    Kind::Close => return Err(Fault::Closed),
                    Kind::Ignored => {}
                }
            }
            Ok(at)
        })
    }

    /// Reads once and hands over the octets as they are; `each` answers how many it took.
    pub(crate) fn receive_octets(
        &mut self,
        scratch: &mut [u8],
        each: impl FnOnce(&[u8], &mut Outbox) -> Result<usize, Fault>,
    ) -> Result<Arrival, Fault> {
        let Link { socket, inbox, out, .. } = self;
        inbox.read(socket, scratch, |octets| each(octets, out))
    }

    /// Writes what waits. `false` when the socket takes no more for now.
    #[inline]
    pub(crate) fn flush(&mut self) -> Result<bool, Fault> {
        while !self.out.waiting().is_empty() {
            match self.socket.write(self.out.waiting()) {
                Ok(count) => self.out.wrote(count),
                Err(error) => return blocked(error),
            }
        }
        self.socket.flush().map_or_else(blocked, |()| Ok(true))
    }

    /// Gives memory back that idle connections don't need.
    pub(crate) fn shrink(&mut self) {
        self.inbox.shrink();
        self.out.shrink();
    }
}

fn blocked(error: io::Error) -> Result<bool, Fault> {
    match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::NotConnected => Ok(false),
        io::ErrorKind::Interrupted => Ok(true),
        // It has closed before the last message was written: the same as being told so.
        io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => Err(Fault::Closed),
        _ => Err(error.into()),
    }
}
