//! The octets on an edge of the tree.

use std::fmt;
use std::sync::Arc;

/// At least one octet. Short ones are in place, so that a lookup that compares them needs no further memory; long ones
/// are shared by all versions of the tree.
#[derive(Clone)]
pub(super) enum Label {
    Short { length: u8, octets: [u8; SHORT] },
    Long { first: u8, octets: Arc<[u8]> },
}

/// As many as make both forms of a label equally large: 24 octets.
const SHORT: usize = 22;

impl Label {
    pub(super) fn new(octets: &[u8]) -> Self {
        Self::joined(octets, b"")
    }

    /// One label after the other.
    pub(super) fn joined(front: &[u8], back: &[u8]) -> Self {
        let length = front.len() + back.len();
        if length > SHORT {
            let octets: Arc<[u8]> = [front, back].concat().into();
            return Label::Long { first: octets[0], octets };
        }
        let mut octets = [0; SHORT];
        octets[..front.len()].copy_from_slice(front);
        octets[front.len()..length].copy_from_slice(back);
        // No more than SHORT.
        Label::Short { length: length as u8, octets }
    }

    /// What distinguishes the edges of one node.
    pub(super) fn first(&self) -> u8 {
        match self {
            Label::Short { octets, .. } => octets[0],
            Label::Long { first, .. } => *first,
        }
    }

    pub(super) fn octets(&self) -> &[u8] {
        match self {
            Label::Short { length, octets } => &octets[..usize::from(*length)],
            Label::Long { octets, .. } => octets,
        }
    }
}

impl fmt::Debug for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", String::from_utf8_lossy(self.octets()))
    }
}
