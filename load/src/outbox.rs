//! What one connection is about to say.

use crate::framing::{Framing, Target};

/// Octets after which whoever produces messages lets them be written first.
pub(crate) const FULL: usize = 256 << 10;

/// Frames that wait to be written, one behind the other, so that one write takes them all.
#[derive(Debug)]
pub(crate) struct Outbox {
    framing: Framing,
    target: Target,
    octets: Vec<u8>,
    /// How many of them were written.
    written: usize,
    /// For framings whose head needs the length of the message.
    scratch: Vec<u8>,
}

impl Outbox {
    pub(crate) fn new(framing: Framing, target: Target) -> Outbox {
        Outbox { framing, target, octets: Vec::new(), written: 0, scratch: Vec::new() }
    }

    /// A message; `lane` says where it goes, in framings that route by it.
    #[inline]
    pub(crate) fn message(&mut self, lane: u32, body: impl FnOnce(&mut Vec<u8>)) {
        self.framing.put(&mut self.octets, &mut self.scratch, (&self.target, lane), body);
    }

    /// Octets outside of any message.
    pub(crate) fn octets(&mut self, octets: &[u8]) {
        self.octets.extend_from_slice(octets);
    }

    pub(crate) fn pong(&mut self, content: &[u8]) {
        self.framing.pong(&mut self.octets, content);
    }

    /// Whether the producer has to pause.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.octets.len() - self.written >= FULL
    }

    /// What is to be written.
    #[inline]
    pub(crate) fn waiting(&self) -> &[u8] {
        &self.octets[self.written..]
    }

    #[inline]
    pub(crate) fn wrote(&mut self, count: usize) {
        self.written += count;
        if self.written == self.octets.len() {
            self.octets.clear();
            self.written = 0;
        }
    }

    /// Gives memory back that idle connections don't need.
    pub(crate) fn shrink(&mut self) {
        self.octets = self.octets.split_off(self.written);
        self.written = 0;
        self.scratch = Vec::new();
    }
}
