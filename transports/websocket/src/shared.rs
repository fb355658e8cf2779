//! Messages that were compressed for one receiver and fit others.
//!
//! Law: an EVENT is compressed once for all its receivers with the same serializer, and nothing is kept beyond the turn.
//!
//! ```text
//!   turn of a publisher   put put put ... put │ flush flush ... flush
//!                          │   └───┴───────┴── what the first has made
//!                          └ compresses        └ the first forgets it
//! ```
//!
//! Receivers share a payload by reference, and a reference that is held here can't come to mean another payload. So two
//! messages are the same if their payloads are the same piece of memory and their short heads are equal.

use std::cell::RefCell;

use bytes::Bytes;
use crossway_core::transport::Outgoing;

/// What a receiver is put in a row, of which the next receiver is put the same: as much as a publisher says in a read, or nearly.
const KEPT: usize = 64;
/// Room for heads beyond this many octets is given back.
const LONGEST_HEAD: usize = 4096;

/// A message and what it was compressed to.
#[derive(Default)]
struct Compressed {
    head: Vec<u8>,
    payload: Bytes,
    tail: &'static [u8],
    window_bits: u8,
    /// Nothing if it did not get shorter.
    deflated: Option<Bytes>,
}

#[derive(Default)]
struct Shared {
    /// The first `used` are of this turn; the others are memory for more.
    kept: Vec<Compressed>,
    used: usize,
    /// Which one goes when there are as many as may be.
    oldest: usize,
}

thread_local! {
    static SHARED: RefCell<Shared> = RefCell::default();
    static BATCH: RefCell<Option<Batch>> = const { RefCell::new(None) };
}

/// A batch and what it was compressed to.
struct Batch {
    plain: Bytes,
    window_bits: u8,
    deflated: Option<Bytes>,
}

/// Longer batches than this are not kept: what comes next is hardly the same.
const LONGEST_BATCH: usize = 64 * 1024;

/// What a message is compressed to: what is there already, or else what `make` makes.
pub(crate) fn deflated<T>(
    message: Outgoing<'_>,
    window_bits: u8,
    make: impl FnOnce() -> Option<Bytes>,
    then: impl FnOnce(Option<&Bytes>) -> T,
) -> T {
    SHARED.with_borrow_mut(|shared| {
        let known = shared.kept[..shared.used].iter().find(|known| known.is_of(message, window_bits));
        if let Some(known) = known {
            return then(known.deflated.as_ref());
        }
        let new = shared.place();
        new.remember(message, window_bits, make());
        then(new.deflated.as_ref())
    })
}

/// What a batch is compressed to. Receivers of the same events have equal batches, which are flushed one after the other: so
/// the last one is kept, until the next batch begins on this thread.
pub(crate) fn deflated_batch(
    plain: &Bytes,
    window_bits: u8,
    make: impl FnOnce() -> Option<Bytes>,
) -> Option<Bytes> {
    BATCH.with_borrow_mut(|kept| {
        if let Some(batch) =
            kept.as_ref().filter(|batch| batch.window_bits == window_bits && batch.plain == plain)
        {
            return batch.deflated.clone();
        }
        let deflated = make();
        let batch = Batch { plain: plain.clone(), window_bits, deflated: deflated.clone() };
        *kept = Some(batch).filter(|batch| batch.plain.len() <= LONGEST_BATCH);
        deflated
    })
}

/// Lets go of the last batch.
pub(crate) fn forget_batch() {
    BATCH.set(None);
}

/// Lets go of everything but the last batch.
pub(crate) fn forget() {
    SHARED.with_borrow_mut(|shared| {
        let used = std::mem::take(&mut shared.used);
        shared.kept[..used].iter_mut().for_each(Compressed::forget);
    });
}

impl Shared {
    /// Where the next one goes.
    fn place(&mut self) -> &mut Compressed {
        if self.used == KEPT {
            self.oldest = (self.oldest + 1) % KEPT;
            return &mut self.kept[self.oldest];
        }
        if self.used == self.kept.len() {
            self.kept.push(Compressed::default());
        }
        self.used += 1;
        &mut self.kept[self.used - 1]
    }
}

impl Compressed {
    fn is_of(&self, Outgoing { head, payload, tail }: Outgoing<'_>, window_bits: u8) -> bool {
        self.window_bits == window_bits
            && self.payload.as_ptr() == payload.as_ptr()
            && self.payload.len() == payload.len()
            && self.head == head
            && self.tail == tail
    }

    fn remember(&mut self, message: Outgoing<'_>, window_bits: u8, deflated: Option<Bytes>) {
        self.head.clear();
        self.head.extend_from_slice(message.head);
        self.payload = message.payload.clone();
        self.tail = message.tail;
        self.window_bits = window_bits;
        self.deflated = deflated;
    }

    fn forget(&mut self) {
        self.payload = Bytes::new();
        self.deflated = None;
        if self.head.capacity() > LONGEST_HEAD {
            self.head = Vec::new();
        }
    }
}
