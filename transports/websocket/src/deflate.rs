//! Compressing and decompressing one message (RFC 7692, section 7.2).
//!
//! Law: a message is compressed for itself alone. Compressors and decompressors belong to the thread, and no connection
//! owns one: a compressor costs some 350 KiB, and ten thousand idle connections would pay for it.
//!
//! ```text
//!   deflated message  [ block ][ block ] ... [ empty block: 0 00 ] 00 00 FF FF      the last four are not sent
//!   put back by us                                                00 00 FF FF | 01 00 00 FF FF
//!                                                                               └ an empty last block: a message that
//!                                                                 was cut off in the middle of a block ends elsewhere
//! ```

use std::cell::RefCell;

use bytes::Bytes;
use zlib_rs::{Deflate, DeflateFlush, Inflate, InflateFlush, Status};

use crate::extension::{NARROWEST, WIDEST};

/// Of zlib's levels the quickest. Measured on JSON of 256 octets to 64 KiB: a third to a fifth of the time of level 6, and
/// a fifth to a half more octets. With 256 octets most of the time (1.6 of 2.5 µs) is forgetting the message before.
const LEVEL: i32 = 1;
/// What a flushed message ends with, and what is put back before it is read.
const END: &[u8] = &[0x00, 0x00, 0xFF, 0xFF];
const END_AND_LAST_BLOCK: &[u8] = &[0x00, 0x00, 0xFF, 0xFF, 0x01, 0x00, 0x00, 0xFF, 0xFF];
/// A message may be made of so many streams with a last block each (7.2.3.4). Each costs as much as a short message.
const STREAMS: usize = 16;
/// The first length of a thread's buffer, and the longest that the thread keeps.
const BUFFER: usize = 16 * 1024;
const KEEP: usize = 128 * 1024;

/// Why a message can't be decompressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It would be longer than the limit.
    TooLong,
    /// It is not what a compressor makes.
    Corrupt,
}

/// What one thread has.
#[derive(Default)]
struct Workshop {
    /// One for each size of window, made when first needed.
    deflaters: [Option<Deflate>; (WIDEST - NARROWEST) as usize + 1],
    inflater: Option<Inflate>,
    /// Room to write to; its whole length is, so that it need not be cleared each time.
    buffer: Vec<u8>,
}

thread_local! {
    static WORKSHOP: RefCell<Workshop> = RefCell::default();
}

#[cfg(test)]
thread_local! {
    /// How many messages this thread has compressed.
    pub(crate) static DEFLATED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Compresses a message that is given in parts. Nothing if it would not be shorter.
pub(crate) fn deflate(parts: &[&[u8]], window_bits: u8) -> Option<Bytes> {
    #[cfg(test)]
    DEFLATED.set(DEFLATED.get() + 1);
    WORKSHOP.with_borrow_mut(|Workshop { deflaters, buffer, .. }| {
        let slot = &mut deflaters[usize::from(window_bits - NARROWEST)];
        let deflater = slot.get_or_insert_with(|| Deflate::new(LEVEL, false, window_bits));
        let len: usize = parts.iter().map(|part| part.len()).sum();
        make_room(buffer, room_for(len));
        let used = fill(deflater, parts, buffer);
        if used.is_none() {
            *slot = None;
        }
        let deflated = used.filter(|used| *used < len).map(|used| Bytes::copy_from_slice(&buffer[..used]));
        forget(buffer);
        deflated
    })
}

/// More than what a compressor can make of a message. It has to be: zlib-rs 0.6.8 that is left without room panics when it
/// is used again, since it loses its place in a buffer of its own. The worst that level 1 does is nine bits for an octet.
fn room_for(len: usize) -> usize {
    len + len / 4 + 256
}

/// Compresses into `out`, and returns how much of it is used; nothing if something went wrong.
fn fill(deflater: &mut Deflate, parts: &[&[u8]], out: &mut [u8]) -> Option<usize> {
    let (last, parts) = parts.split_last()?;
    let steps = parts.iter().map(|part| (part, DeflateFlush::NoFlush));
    deflater.reset();
    let mut used = 0;
    for (part, flush) in steps.chain([(last, DeflateFlush::SyncFlush)]) {
        deflater.compress(part, &mut out[used..], flush).ok()?;
        used = deflater.total_out() as usize;
    }
    // What fills the room may go on beyond it.
    out[..used].strip_suffix(END).filter(|_| used < out.len()).map(<[u8]>::len)
}

/// Decompresses a message of at most `max` octets. What comes out takes memory, not what is announced.
pub(crate) fn inflate(message: &[u8], max: usize) -> Result<Bytes, Fault> {
    WORKSHOP.with_borrow_mut(|Workshop { inflater, buffer, .. }| {
        let inflater = inflater.get_or_insert_with(|| Inflate::new(false, WIDEST));
        let inflated =
            Reading { inflater, out: buffer, used: 0, max, streams: 0, ended: true }.message(message);
        let inflated = inflated.map(|len| take(buffer, len));
        forget(buffer);
        inflated
    })
}

/// A message that is being decompressed.
struct Reading<'a> {
    inflater: &'a mut Inflate,
    out: &'a mut Vec<u8>,
    /// How much of `out` has come out.
    used: usize,
    max: usize,
    /// How many streams have begun, and whether the last of them has ended.
    streams: usize,
    ended: bool,
}

impl Reading<'_> {
    /// Returns the length of the message.
    fn message(mut self, message: &[u8]) -> Result<usize, Fault> {
        self.read(message)?;
        // Some senders leave out the empty block behind a last one, or flush nothing into nothing.
        if !self.ended {
            self.read(END_AND_LAST_BLOCK)?;
        }
        if self.ended { Ok(self.used) } else { Err(Fault::Corrupt) }
    }

    fn read(&mut self, mut input: &[u8]) -> Result<(), Fault> {
        while !input.is_empty() {
            if self.ended {
                self.begin()?;
            }
            let taken = self.step(input)?;
            input = &input[taken..];
        }
        Ok(())
    }

    fn begin(&mut self) -> Result<(), Fault> {
        if self.streams == STREAMS {
            return Err(Fault::Corrupt);
        }
        self.streams += 1;
        self.ended = false;
        self.inflater.reset(false);
        Ok(())
    }

    /// Decompresses up to the end of the input, of the room or of the stream. Returns how much of the input was taken.
    fn step(&mut self, input: &[u8]) -> Result<usize, Fault> {
        // One octet beyond the limit, which will tell whether there is more.
        let longest = self.max.saturating_add(1);
        if self.used == self.out.len() {
            make_room(self.out, (self.used * 2).max(BUFFER).min(longest));
        }
        let room = self.out.len().min(longest);
        let before = (self.inflater.total_in(), self.inflater.total_out());
        let status = self.inflater.decompress(input, &mut self.out[self.used..room], InflateFlush::NoFlush);
        let taken = (self.inflater.total_in() - before.0) as usize;
        let made = (self.inflater.total_out() - before.1) as usize;
        self.used += made;
        if self.used > self.max {
            return Err(Fault::TooLong);
        }
        match status {
            Ok(Status::StreamEnd) => self.ended = true,
            Ok(_) if taken + made > 0 => {}
            // There was input, and there was room.
            _ => return Err(Fault::Corrupt),
        }
        Ok(taken)
    }
}

fn make_room(buffer: &mut Vec<u8>, len: usize) {
    if buffer.len() < len {
        buffer.resize(len, 0);
    }
}

/// The first `len` octets: a copy, or the buffer itself where the thread would not keep it.
fn take(buffer: &mut Vec<u8>, len: usize) -> Bytes {
    if buffer.len() <= KEEP {
        return Bytes::copy_from_slice(&buffer[..len]);
    }
    let mut octets = std::mem::take(buffer);
    octets.truncate(len);
    octets.shrink_to_fit();
    octets.into()
}

fn forget(buffer: &mut Vec<u8>) {
    if buffer.len() > KEEP {
        *buffer = Vec::new();
    }
}

#[cfg(test)]
mod tests;
