//! One connection of the forwarder.

use std::io::{self, Read, Write};

use crate::framing::Part;
use crate::socket::Carrier;

/// Frames are as long as messages over RawSocket may be, and not much longer.
const LONGEST: usize = 1 << 25;

/// One connection.
#[derive(Debug)]
pub(super) struct Client {
    carrier: Carrier,
    /// `None` until it has said what it is for.
    pub(super) part: Option<Part>,
    /// The beginning of an unfinished frame.
    rest: Vec<u8>,
    out: Vec<u8>,
    written: usize,
    /// The socket took less than it was given; it tells when it takes more.
    pub(super) is_blocked: bool,
}

impl Client {
    pub(super) fn new(carrier: Carrier) -> Client {
        Client { carrier, part: None, rest: Vec::new(), out: Vec::new(), written: 0, is_blocked: false }
    }

    /// Reads once, behind what is left from before. `None` when nothing is there, an error also at the end.
    pub(super) fn read(&mut self, scratch: &mut Vec<u8>) -> io::Result<Option<usize>> {
        let kept = self.rest.len();
        if kept == scratch.len() {
            grow(scratch)?;
        }
        scratch[..kept].copy_from_slice(&self.rest);
        let count = loop {
            match self.carrier.read(&mut scratch[kept..]) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => break count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
                Err(error) => return Err(error),
            }
        };
        self.rest.clear();
        Ok(Some(kept + count))
    }

    /// For the next read.
    pub(super) fn keep(&mut self, rest: &[u8]) {
        self.rest.extend_from_slice(rest);
    }

    /// Appends a frame; whether it is the first that waits.
    #[inline]
    pub(super) fn queue(&mut self, length: [u8; 4], lane: u32, body: &[u8]) -> bool {
        let first = self.out.is_empty();
        self.out.extend_from_slice(&length);
        self.out.extend_from_slice(&lane.to_be_bytes());
        self.out.extend_from_slice(body);
        first
    }

    /// Answers a greeting.
    pub(super) fn greet(&mut self, part: Part) -> bool {
        self.part = Some(part);
        let first = self.out.is_empty();
        self.out.extend_from_slice(&part.greeting());
        first
    }

    /// Writes what waits.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.is_blocked = false;
        while self.written < self.out.len() {
            match self.carrier.write(&self.out[self.written..]) {
                Ok(count) => self.written += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.is_blocked = true;
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
        }
        self.out.clear();
        self.written = 0;
        Ok(())
    }
}

/// For a frame that is longer than any before.
fn grow(scratch: &mut Vec<u8>) -> io::Result<()> {
    if scratch.len() > LONGEST {
        return Err(io::ErrorKind::InvalidData.into());
    }
    scratch.resize(2 * scratch.len(), 0);
    Ok(())
}
