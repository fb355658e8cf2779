//! Memory for the length of one read or write, which all connections of a thread share.

use std::cell::Cell;
use std::io::IoSlice;

use rustls::unbuffered::{EncryptError, InsufficientSizeError};

use crate::session::HELD;

/// One read from the carrier brings this much at most.
pub(crate) const READ: usize = 64 * 1024;
/// One write takes this much plain text at most: four records, and one write to the carrier.
pub(crate) const BATCH: usize = 64 * 1024;
/// What records take beside their text: 22 octets each with TLS 1.3, 29 with TLS 1.2. Room for some more than a batch has.
const OVERHEAD: usize = 1024;

thread_local! {
    static INCOMING: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
    static OUTGOING: Cell<Outgoing> = const { Cell::new(Outgoing::new()) };
}

/// Lends a buffer of `HELD + READ` octets.
pub(crate) fn incoming<T>(with: impl FnOnce(&mut [u8]) -> T) -> T {
    let mut octets = INCOMING.take();
    octets.resize(HELD + READ, 0);
    let result = with(&mut octets);
    INCOMING.set(octets);
    result
}

/// Lends the buffers of a write.
pub(crate) fn outgoing<T>(with: impl FnOnce(&mut Outgoing) -> T) -> T {
    let mut outgoing = OUTGOING.take();
    outgoing.records.filled = 0;
    let result = with(&mut outgoing);
    OUTGOING.set(outgoing);
    result
}

/// The buffers of a write.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    gathered: Vec<u8>,
    pub(crate) records: Records,
}

impl Outgoing {
    const fn new() -> Self {
        Outgoing { gathered: Vec::new(), records: Records { octets: Vec::new(), filled: 0 } }
    }

    /// The first [`BATCH`] octets of `slices`, in one piece, and where to put their records.
    ///
    /// What comes in many pieces is copied: a record of its own for each would cost several times as much.
    pub(crate) fn batch<'a>(&'a mut self, slices: &'a [IoSlice<'a>]) -> (&'a [u8], &'a mut Records) {
        let Outgoing { gathered, records } = self;
        let mut slices = slices.iter().map(|slice| &**slice).filter(|slice| !slice.is_empty());
        let first = slices.next().unwrap_or_default();
        if first.len() >= BATCH {
            return (&first[..BATCH], records);
        }
        let Some(second) = slices.next() else { return (first, records) };
        gathered.clear();
        gathered.extend_from_slice(first);
        for slice in std::iter::once(second).chain(slices) {
            let room = BATCH - gathered.len();
            gathered.extend_from_slice(&slice[..slice.len().min(room)]);
        }
        (gathered, records)
    }
}

/// A buffer that stays initialized, since clearing it would cost as much as copying.
#[derive(Debug, Default)]
pub(crate) struct Records {
    octets: Vec<u8>,
    filled: usize,
}

impl Records {
    pub(crate) fn filled(&self) -> &[u8] {
        &self.octets[..self.filled]
    }

    pub(crate) fn append(&mut self, octets: &[u8]) {
        self.reserve(octets.len());
        self.octets[self.filled..][..octets.len()].copy_from_slice(octets);
        self.filled += octets.len();
    }

    /// Lets rustls write, which says how much it wrote or needs.
    pub(crate) fn write(
        &mut self,
        mut what: impl FnMut(&mut [u8]) -> Result<usize, EncryptError>,
    ) -> Result<(), EncryptError> {
        self.reserve(BATCH + OVERHEAD);
        let mut written = what(&mut self.octets[self.filled..]);
        if let Err(EncryptError::InsufficientSize(InsufficientSizeError { required_size })) = written {
            self.reserve(required_size);
            written = what(&mut self.octets[self.filled..]);
        }
        self.filled += written?;
        Ok(())
    }

    fn reserve(&mut self, room: usize) {
        if self.octets.len() - self.filled < room {
            self.octets.resize(self.filled + room, 0);
        }
    }
}
