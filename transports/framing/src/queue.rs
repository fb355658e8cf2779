//! Octets that wait to be written, as few pieces of memory and as few writes as possible.
//!
//! ```text
//!   messages   │ a │ b │ c │        d                │ e │
//!   chunks     [hahbhchd   ][ payload of d, shared   ][ he ]
//!                 ^
//!                 written so far; a boundary is where one message ends and the next begins
//!   control    ( pong, pong )     goes out at the next boundary
//! ```
//!
//! Small messages are copied one behind the other; a large payload stays where it is, for all its receivers, and so do
//! messages that were framed for several receivers. Whatever has been written is freed at once, and an empty queue holds
//! nothing: its memory goes back to the thread's pool.

use std::collections::VecDeque;
use std::io::IoSlice;

use bytes::Bytes;
use crossway_core::transport::{Backlog, Outgoing};

use crate::pool::{self, CHUNK};

/// Payloads of this length and more are shared, shorter ones copied.
const SHARE: usize = 16 * 1024;
/// More than what any framing puts before a message.
const HEADER: usize = 16;
/// One write takes this many pieces and octets at most.
pub(crate) const PIECES: usize = 64;
const WRITE: usize = 256 * 1024;
/// Control frames may wait up to this many octets, and one more frame beyond: a peer that asks for answers without
/// reading them gets no further.
const CONTROL: usize = 1024 * 1024;
/// What the smallest control frame counts for, since it costs memory beside its octets.
const CONTROL_COST: usize = 64;
/// Capacity for control frames that an empty queue may keep.
const KEEP: usize = 8;

/// A piece of memory with octets that wait.
#[derive(Debug)]
pub(crate) enum Chunk {
    Owned(Vec<u8>),
    Shared(Bytes),
}

impl Chunk {
    fn octets(&self) -> &[u8] {
        match self {
            Chunk::Owned(octets) => octets,
            Chunk::Shared(octets) => octets,
        }
    }
}

/// Where a message ends, or several that belong together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct End {
    /// Counted as `taken`.
    at: u64,
    messages: usize,
}

#[derive(Debug, Default)]
pub(crate) struct Queue {
    chunks: VecDeque<Chunk>,
    /// How much of the first chunk is written.
    front: usize,
    /// Octets of messages taken and written since the beginning.
    taken: u64,
    written: u64,
    /// Where messages end that are not wholly written.
    ends: VecDeque<End>,
    /// How many messages that is.
    messages: usize,
    /// The end of the last message that is wholly written.
    boundary: u64,
    control: VecDeque<Bytes>,
    /// How much of the first control frame is written.
    control_front: usize,
    /// What the control frames that wait count for.
    control_cost: usize,
    control_octets: usize,
    /// The last frame has been added; what comes now is dropped.
    ended: bool,
    /// It is a control frame: the messages that it overtakes are dropped as well.
    cut: bool,
}

/// A peer asked for more control frames than it reads.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Overflow;

impl Queue {
    /// Adds one message; `header` writes what the framing puts before it.
    pub(crate) fn message(&mut self, message: Outgoing<'_>, header: impl FnOnce(&mut Vec<u8>)) {
        if self.ended {
            return;
        }
        let Outgoing { head, payload, tail } = message;
        let shared = payload.len() >= SHARE;
        let copied = head.len() + if shared { 0 } else { payload.len() + tail.len() };
        let chunk = self.chunk(HEADER + copied);
        let before = chunk.len();
        header(chunk);
        chunk.extend_from_slice(head);
        if !shared {
            chunk.extend_from_slice(payload);
            chunk.extend_from_slice(tail);
        }
        let mut len = chunk.len() - before;
        if shared {
            self.push(Chunk::Shared(payload.clone()));
            len += payload.len();
            if !tail.is_empty() {
                self.chunk(tail.len()).extend_from_slice(tail);
                len += tail.len();
            }
        }
        self.end(len, 1);
    }

    /// Adds messages that are framed already, and shared with other receivers.
    ///
    /// A short slice may be all that is needed of a large buffer. Therefore it is kept by reference only where it does
    /// not wait: in front. What a slow receiver has to wait for is copied, and the buffer let go.
    pub(crate) fn framed(&mut self, octets: &Bytes, messages: usize) {
        if self.ended {
            return;
        }
        if self.chunks.is_empty() || octets.len() >= SHARE {
            self.push(Chunk::Shared(octets.clone()));
        } else {
            self.chunk(octets.len()).extend_from_slice(octets);
        }
        self.end(octets.len(), messages);
    }

    fn end(&mut self, len: usize, messages: usize) {
        self.taken += len as u64;
        self.messages += messages;
        self.ends.push_back(End { at: self.taken, messages });
    }

    fn push(&mut self, chunk: Chunk) {
        if self.chunks.capacity() == 0 {
            (self.chunks, self.ends) = pool::take_lists();
        }
        self.chunks.push_back(chunk);
    }

    /// Adds a frame behind all messages.
    pub(crate) fn last(&mut self, frame: &Bytes) {
        self.message(Outgoing { head: frame, payload: &Bytes::new(), tail: &[] }, |_| ());
        self.ended = true;
    }

    /// Adds a control frame, to be written at the next boundary. `end`: nothing may be written after it.
    pub(crate) fn control(&mut self, frame: Bytes, end: bool) -> Result<(), Overflow> {
        if self.ended || frame.is_empty() {
            return Ok(());
        }
        if self.control_cost >= CONTROL {
            return Err(Overflow);
        }
        self.ended = end;
        self.cut = end;
        self.control_cost += frame.len() + CONTROL_COST;
        self.control_octets += frame.len();
        self.control.push_back(frame);
        Ok(())
    }

    /// The last owned chunk, or a new one if `room` octets would make that one too long.
    fn chunk(&mut self, room: usize) -> &mut Vec<u8> {
        let fits = matches!(self.chunks.back(), Some(Chunk::Owned(octets)) if octets.len() + room <= CHUNK);
        if !fits {
            self.push(Chunk::Owned(pool::take_chunk(room)));
        }
        match self.chunks.back_mut() {
            Some(Chunk::Owned(octets)) => octets,
            _ => unreachable!("the last chunk is owned: it was found or made so above"),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.control.is_empty() && self.chunks.is_empty()
    }

    pub(crate) fn backlog(&self) -> Backlog {
        Backlog { bytes: (self.taken - self.written) as usize + self.control_octets, messages: self.messages }
    }

    /// Whether control frames are what has to be written next.
    fn control_is_next(&self) -> bool {
        !self.control.is_empty() && self.written == self.boundary
    }

    /// What to write next. Returns how many of the slices are in use.
    pub(crate) fn slices<'a>(&'a self, out: &mut [IoSlice<'a>; PIECES]) -> usize {
        if self.control_is_next() {
            return fill(out, self.control.iter().map(|frame| &frame[..]), self.control_front, WRITE);
        }
        // With control frames waiting, only the message that has begun is completed.
        let limit = match self.ends.front() {
            Some(end) if !self.control.is_empty() => (end.at - self.written) as usize,
            _ => WRITE,
        };
        fill(out, self.chunks.iter().map(Chunk::octets), self.front, limit)
    }

    /// Removes `count` octets that were written from the last [`slices`](Self::slices).
    pub(crate) fn advance(&mut self, count: usize) {
        if self.control_is_next() {
            self.advance_control(count);
        } else {
            self.advance_messages(count);
        }
        if self.is_empty() {
            self.shrink();
        }
    }

    fn advance_control(&mut self, count: usize) {
        self.control_octets -= count;
        self.control_front += count;
        while let Some(frame) = self.control.front() {
            if self.control_front < frame.len() {
                return;
            }
            self.control_front -= frame.len();
            self.control_cost -= frame.len() + CONTROL_COST;
            self.control.pop_front();
        }
        if self.cut {
            self.chunks.clear();
            self.ends.clear();
            self.messages = 0;
            self.front = 0;
            self.taken = self.written;
        }
    }

    fn advance_messages(&mut self, count: usize) {
        self.written += count as u64;
        self.front += count;
        while let Some(chunk) = self.chunks.front() {
            let len = chunk.octets().len();
            if self.front < len {
                break;
            }
            self.front -= len;
            if let Some(Chunk::Owned(octets)) = self.chunks.pop_front() {
                pool::give_chunk(octets);
            }
        }
        while let Some(&End { at, messages }) = self.ends.front() {
            if at > self.written {
                break;
            }
            self.boundary = at;
            self.messages -= messages;
            self.ends.pop_front();
        }
    }

    fn shrink(&mut self) {
        if self.chunks.capacity() > 0 {
            pool::give_lists((std::mem::take(&mut self.chunks), std::mem::take(&mut self.ends)));
        }
        if self.control.capacity() > KEEP {
            self.control = VecDeque::new();
        }
    }
}

/// Fills `out` with `pieces`, without the first `skip` octets, up to `limit` octets.
fn fill<'a>(
    out: &mut [IoSlice<'a>; PIECES],
    pieces: impl Iterator<Item = &'a [u8]>,
    mut skip: usize,
    mut limit: usize,
) -> usize {
    let mut used = 0;
    for piece in pieces {
        let piece = &piece[skip..];
        let piece = &piece[..piece.len().min(limit)];
        if used == PIECES || limit == 0 {
            break;
        }
        skip = 0;
        if !piece.is_empty() {
            out[used] = IoSlice::new(piece);
            limit -= piece.len();
            used += 1;
        }
    }
    used
}

#[cfg(test)]
mod tests;
