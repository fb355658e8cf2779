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

/// An event goes to receivers with hardly more than three serializers, in any order; each serializer has a message of its own.
const KEPT: usize = 4;
/// Room for heads beyond this many octets is given back.
const LONGEST_HEAD: usize = 4096;

/// A message and what it was compressed to.
#[derive(Default)]
struct Compressed {
    head: Vec<u8>,
    payload: Bytes,
    tail: &'static [u8],
    /// Zero: there is none here.
    window_bits: u8,
    /// Nothing if it did not get shorter.
    deflated: Option<Bytes>,
}

#[derive(Default)]
struct Shared {
    kept: [Compressed; KEPT],
    /// Where the next one goes.
    next: usize,
    /// Whether there is anything to forget.
    used: bool,
}

thread_local! {
    static SHARED: RefCell<Shared> = RefCell::default();
}

/// What a message is compressed to: what is there already, or else what `make` makes.
pub(crate) fn deflated<T>(
    message: Outgoing<'_>,
    window_bits: u8,
    make: impl FnOnce() -> Option<Bytes>,
    then: impl FnOnce(Option<&Bytes>) -> T,
) -> T {
    SHARED.with_borrow_mut(|Shared { kept, next, used }| {
        if let Some(known) = kept.iter().find(|known| known.is_of(message, window_bits)) {
            return then(known.deflated.as_ref());
        }
        let new = &mut kept[*next];
        new.remember(message, window_bits, make());
        *next = (*next + 1) % KEPT;
        *used = true;
        then(new.deflated.as_ref())
    })
}

/// Lets go of everything.
pub(crate) fn forget() {
    SHARED.with_borrow_mut(|shared| {
        if std::mem::take(&mut shared.used) {
            shared.kept.iter_mut().for_each(Compressed::forget);
        }
    });
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
        self.window_bits = 0;
        self.payload = Bytes::new();
        self.deflated = None;
        if self.head.capacity() > LONGEST_HEAD {
            self.head = Vec::new();
        }
    }
}
