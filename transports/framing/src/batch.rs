//! Batches: several messages in one unit of a transport that has units, such as a WebSocket message or an HTTP body.
//!
//! ```text
//!   text      message │ 1E │ message │ 1E           the last one has its separator as well
//!   binary    length │ message │ length │ message    in 4 octets, the highest first, without themselves
//! ```
//!
//! Law: a batch has at least one message, and no message is empty.
//!
//! The specification writes the separator as `\30` and as 0x1E. autobahn-python, which offers batches unless told otherwise,
//! believes the first and reads it as Python does, in octal: 0x18. So a client's first batch tells which of the two it means,
//! and it is answered alike. Neither can stand in JSON by itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use crossway_core::serializer::Serializer;
use crossway_core::transport::{Close, Framing, Outgoing, TransportError};

/// Stands behind every message of a text format. No text format may use this octet by itself; JSON escapes it.
const SEPARATOR: u8 = 0x1E;
/// What some clients take for it.
const OTHER_SEPARATOR: u8 = 0x18;
/// Octets of a length.
const LENGTH: usize = 4;

/// How the messages of a batch are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Batching {
    /// By the record separator of ASCII behind each: text formats.
    Separated,
    /// By the length before each: binary formats.
    Prefixed,
}

impl Batching {
    /// The most octets that batching adds to a message.
    pub const OVERHEAD: usize = LENGTH;

    /// What the batches of a format look like.
    pub fn of(serializer: &dyn Serializer) -> Self {
        if serializer.is_text() { Batching::Separated } else { Batching::Prefixed }
    }

    /// Messages as items of a batch, for receivers to share: nothing stands before the first or behind the last.
    pub fn framing(self) -> &'static Framing {
        match self {
            Batching::Separated => &SEPARATED,
            Batching::Prefixed => &PREFIXED,
        }
    }

    /// Appends a message to a batch. [`max_message`](Self::max_message) has been looked at.
    pub fn write(self, message: Outgoing<'_>, batch: &mut BytesMut) {
        self.before(message.len(), batch);
        message.write(batch);
        batch.put_slice(self.behind());
    }

    /// Appends what goes before a message of `len` octets.
    pub fn before(self, len: usize, out: &mut impl BufMut) {
        if self == Batching::Prefixed {
            out.put_u32(len as u32);
        }
    }

    /// What goes behind every message.
    pub fn behind(self) -> &'static [u8] {
        match self {
            Batching::Separated => &[SEPARATOR],
            Batching::Prefixed => &[],
        }
    }

    /// The longest message that can be told apart.
    pub fn max_message(self) -> usize {
        match self {
            Batching::Separated => usize::MAX,
            Batching::Prefixed => u32::MAX as usize,
        }
    }

    /// Takes the first message off a batch, which may be at most `max_message` octets long. To be called until the batch
    /// is empty, and once at least: an empty batch is an error.
    ///
    /// # Errors
    /// The rule that the peer broke.
    pub fn take(
        self,
        batch: &mut Bytes,
        separator: &Separator,
        max_message: usize,
    ) -> Result<Bytes, TransportError> {
        if batch.is_empty() {
            return Err(violation("a batch without messages"));
        }
        let len = match self {
            Batching::Separated => match separator.find(batch) {
                Some(len) => len,
                None => return Err(violation("a batch without a separator behind its last message")),
            },
            Batching::Prefixed => {
                if batch.len() < LENGTH {
                    return Err(violation("a batch that ends within a length"));
                }
                batch.get_u32() as usize
            }
        };
        match len {
            0 => Err(violation("an empty message in a batch")),
            len if len > batch.len() => Err(violation("a batch that ends within a message")),
            len if len > max_message => Err(TransportError::violation(
                Close::TooLarge,
                format!("message beyond {max_message} octets"),
            )),
            len => {
                let message = batch.split_to(len);
                batch.advance(self.behind().len());
                Ok(message)
            }
        }
    }
}

/// What a client of a text format puts behind its messages; the clones of a connection's halves agree.
#[derive(Clone, Debug, Default)]
pub struct Separator(Arc<AtomicU8>);

impl Separator {
    /// The first separator in a batch. The first of a connection decides what is one.
    fn find(&self, batch: &[u8]) -> Option<usize> {
        match self.0.load(Relaxed) {
            // Nothing has come so far.
            0 => {
                let found = memchr::memchr2(SEPARATOR, OTHER_SEPARATOR, batch)?;
                self.0.store(batch[found], Relaxed);
                Some(found)
            }
            known => memchr::memchr(known, batch),
        }
    }

    /// Changes what was written with the right separator into what the client expects.
    pub fn translate(&self, batch: &mut [u8]) {
        if self.is_translated() {
            batch.iter_mut().filter(|octet| **octet == SEPARATOR).for_each(|octet| *octet = OTHER_SEPARATOR);
        }
    }

    /// Whether [`translate`](Self::translate) has to be called. Never with prefixes.
    pub fn is_translated(&self) -> bool {
        self.0.load(Relaxed) == OTHER_SEPARATOR
    }
}

fn violation(what: &str) -> TransportError {
    TransportError::violation(Close::ProtocolError, what)
}

static SEPARATED: Framing = Framing {
    name: "crossway-framing batch, separated",
    frame: |message, out| Batching::Separated.write(message, out),
};
static PREFIXED: Framing = Framing {
    name: "crossway-framing batch, prefixed",
    frame: |message, out| Batching::Prefixed.write(message, out),
};

#[cfg(test)]
mod tests;
