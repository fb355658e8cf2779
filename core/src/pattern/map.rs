//! A map from hashed strings to values that never changes: a trie of the hashes' digits, whose successors share what
//! they have in common.
//!
//! ```text
//!   hash ..., 7, 3, 20        root ─20─> [ . . 3 . . 9 ]     a slot for each digit that occurs, of 0 to 31
//!                                            │     └> the only hash that ends in 9, 20
//!                                            v
//!                                        [ 2 . 7 ]           digits until they differ, the last one first
//!                                              └> all that have this hash: usually one
//! ```
//!
//! Law: a branch has two slots at least, or its only one is a branch, so the same keys make the same map. A hash has 13
//! digits, and no way down is longer.

use std::sync::Arc;

/// See the module. What has which hash is the caller's business, as long as the same key always has the same.
#[derive(Clone, Debug)]
pub(super) struct Map<T> {
    root: Option<Slot<T>>,
    length: usize,
}

#[derive(Debug)]
enum Slot<T> {
    /// All keys with one hash; `tag` is part of it, so that a lookup in vain ends here.
    Leaves { tag: u32, leaves: Arc<[Leaf<T>]> },
    /// A slot for each digit whose bit in `present` is set.
    Branch { present: u32, slots: Arc<[Slot<T>]> },
}

#[derive(Clone, Debug)]
struct Leaf<T> {
    hash: u64,
    key: Box<str>,
    value: T,
}

impl<T> Default for Map<T> {
    fn default() -> Self {
        Map { root: None, length: 0 }
    }
}

impl<T> Clone for Slot<T> {
    fn clone(&self) -> Self {
        match self {
            Slot::Leaves { tag, leaves } => Slot::Leaves { tag: *tag, leaves: Arc::clone(leaves) },
            Slot::Branch { present, slots } => Slot::Branch { present: *present, slots: Arc::clone(slots) },
        }
    }
}

/// The bit of the digit of `hash` that decides at `level`.
fn bit(hash: u64, level: u32) -> u32 {
    1 << (hash >> (5 * level) & 0x1f)
}

/// Where the slot of a digit is among those that are there.
fn place(present: u32, bit: u32) -> usize {
    (present & (bit - 1)).count_ones() as usize
}

/// Not the digits that decide first, which all that meet here have in common.
fn tag(hash: u64) -> u32 {
    (hash >> 32) as u32
}

impl<T> Map<T> {
    pub(super) fn len(&self) -> usize {
        self.length
    }

    /// The value of the key that has this hash and is the one.
    #[inline]
    pub(super) fn find(&self, hash: u64, mut is_it: impl FnMut(&str) -> bool) -> Option<&T> {
        let mut slot = self.root.as_ref()?;
        let mut level = 0;
        loop {
            match slot {
                Slot::Branch { present, slots } => {
                    let bit = bit(hash, level);
                    if present & bit == 0 {
                        return None;
                    }
                    slot = &slots[place(*present, bit)];
                    level += 1;
                }
                Slot::Leaves { tag: theirs, .. } if *theirs != tag(hash) => return None,
                Slot::Leaves { leaves, .. } => {
                    return leaves.iter().find(|leaf| is_it(&leaf.key)).map(|leaf| &leaf.value);
                }
            }
        }
    }

    /// All keys and values, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        let mut ahead = Vec::from_iter(&self.root);
        let mut found = [].iter();
        std::iter::from_fn(move || {
            loop {
                if let Some(Leaf { key, value, .. }) = found.next() {
                    return Some((&**key, value));
                }
                match ahead.pop()? {
                    Slot::Branch { slots, .. } => ahead.extend(slots.iter()),
                    Slot::Leaves { leaves, .. } => found = leaves.iter(),
                }
            }
        })
    }
}

impl<T: Clone> Map<T> {
    /// The same with one more key, or with another value for it.
    pub(super) fn with(&self, hash: u64, key: &str, value: T) -> Self {
        let length = self.length + usize::from(self.find(hash, |theirs| theirs == key).is_none());
        let leaf = Leaf { hash, key: key.into(), value };
        let root = match &self.root {
            Some(root) => root.with(0, leaf),
            None => Slot::leaves([leaf].into()),
        };
        Map { root: Some(root), length }
    }

    /// The same without a key, whether it was there or not.
    pub(super) fn without(&self, hash: u64, key: &str) -> Self {
        match (&self.root, self.find(hash, |theirs| theirs == key)) {
            (Some(root), Some(_)) => Map { root: root.without(0, hash, key), length: self.length - 1 },
            _ => self.clone(),
        }
    }
}

impl<T: Clone> Slot<T> {
    /// At least one, of one hash.
    fn leaves(leaves: Arc<[Leaf<T>]>) -> Self {
        Slot::Leaves { tag: tag(leaves[0].hash), leaves }
    }

    fn with(&self, level: u32, leaf: Leaf<T>) -> Self {
        match self {
            Slot::Leaves { leaves, .. } if leaves[0].hash == leaf.hash => {
                let others = leaves.iter().filter(|other| other.key != leaf.key).cloned();
                Slot::leaves(others.chain([leaf.clone()]).collect())
            }
            Slot::Leaves { leaves, .. } => {
                // They differ in a digit, so this ends at the last one.
                let present = bit(leaves[0].hash, level);
                Slot::Branch { present, slots: [self.clone()].into() }.with(level, leaf)
            }
            Slot::Branch { present, slots } => {
                let bit = bit(leaf.hash, level);
                let at = place(*present, bit);
                let (slot, after) = match present & bit {
                    0 => (Slot::leaves([leaf].into()), at),
                    _ => (slots[at].with(level + 1, leaf), at + 1),
                };
                Slot::Branch {
                    present: present | bit,
                    slots: spliced(&slots[..at], Some(slot), &slots[after..]),
                }
            }
        }
    }

    /// Without a key that is there; `None` if nothing is left.
    fn without(&self, level: u32, hash: u64, key: &str) -> Option<Self> {
        match self {
            Slot::Leaves { leaves, .. } => {
                let left: Arc<[_]> = leaves.iter().filter(|leaf| *leaf.key != *key).cloned().collect();
                (!left.is_empty()).then(|| Slot::leaves(left))
            }
            Slot::Branch { present, slots } => {
                let bit = bit(hash, level);
                let at = place(*present, bit);
                let slot = slots[at].without(level + 1, hash, key);
                let present = if slot.is_none() { present & !bit } else { *present };
                match (slot, slots.len()) {
                    (None, 1) => None,
                    // The only one left needs no branch.
                    (Some(slot @ Slot::Leaves { .. }), 1) => Some(slot),
                    (None, 2) if let only @ Slot::Leaves { .. } = &slots[1 - at] => Some(only.clone()),
                    (slot, _) => {
                        Some(Slot::Branch { present, slots: spliced(&slots[..at], slot, &slots[at + 1..]) })
                    }
                }
            }
        }
    }
}

fn spliced<T>(before: &[Slot<T>], slot: Option<Slot<T>>, after: &[Slot<T>]) -> Arc<[Slot<T>]> {
    let mut slots = Vec::with_capacity(before.len() + after.len() + 1);
    slots.extend_from_slice(before);
    slots.extend(slot);
    slots.extend_from_slice(after);
    slots.into()
}
