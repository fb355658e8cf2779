//! Ids: integers from 1 to 2^53, in the three scopes of the specification.
//!
//! | scope   | ids                                   | here                               |
//! |---------|---------------------------------------|------------------------------------|
//! | global  | session, publication                  | [`Id::random`]                     |
//! | router  | subscription, registration            | [`IdSequence`], one per realm      |
//! | session | request, in each direction            | [`IdSequence`], one per session    |

use std::fmt;

/// An id in [1, 2^53].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(u64);

impl Id {
    /// The largest id: the largest integer up to which a double holds every integer.
    pub const MAX: Id = Id(1 << 53);

    /// The smallest id.
    pub const MIN: Id = Id(1);

    /// `number` as an id, if it is in range.
    pub const fn new(number: u64) -> Option<Id> {
        if number >= Self::MIN.0 && number <= Self::MAX.0 { Some(Id(number)) } else { None }
    }

    /// A global scope id, uniform over the whole range. Not a secret: use it where ids may be guessed.
    pub fn random() -> Id {
        Id(fastrand::u64(Self::MIN.0..=Self::MAX.0))
    }

    /// A global scope id that nobody can guess, uniform over the whole range; for sessions.
    pub fn unguessable() -> Id {
        // The range is a power of two, so the low 53 bits are uniform. Without a random source of the system's the
        // ids are only hard to guess, which is all that the specification asks for.
        let bits = getrandom::u64().unwrap_or_else(|_| fastrand::u64(..));
        Id((bits & (Self::MAX.0 - 1)) + 1)
    }

    /// The number.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The id that follows in a sequence: 2^53 is followed by 1.
    pub const fn next(self) -> Id {
        if self.0 == Self::MAX.0 { Self::MIN } else { Id(self.0 + 1) }
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Hands out 1, 2, 3, ... and remembers which were handed out.
#[derive(Debug, Default)]
pub struct IdSequence {
    last: u64,
    wrapped: bool,
}

impl IdSequence {
    /// A sequence that begins with 1.
    pub const fn new() -> Self {
        IdSequence { last: 0, wrapped: false }
    }

    /// The next id.
    pub fn next_id(&mut self) -> Id {
        let next = Id(self.last).next();
        self.wrapped |= next.0 < self.last;
        self.last = next.0;
        next
    }

    /// The id that [`next_id`](Self::next_id) will hand out.
    pub fn peek(&self) -> Id {
        Id(self.last).next()
    }

    /// Whether `id` was handed out at some time.
    pub fn has_issued(&self, id: Id) -> bool {
        self.wrapped || id.0 <= self.last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_run_from_1_to_2_pow_53_and_wrap() {
        assert_eq!(Id::new(0), None);
        assert_eq!(Id::new(1).map(Id::get), Some(1));
        assert_eq!(Id::new(1 << 53), Some(Id::MAX));
        assert_eq!(Id::new((1 << 53) + 1), None);
        assert_eq!(Id::MAX.next(), Id::MIN);
    }

    #[test]
    fn a_sequence_begins_with_1_and_knows_what_it_issued() {
        let mut sequence = IdSequence::new();
        assert!(!sequence.has_issued(Id::MIN));
        assert_eq!([1, 2, 3], [(); 3].map(|()| sequence.next_id().get()));
        assert!(sequence.has_issued(Id(3)) && !sequence.has_issued(Id(4)));
    }

    // covers: ID-05
    #[test]
    fn a_sequence_wraps_from_2_pow_53_to_1() {
        let mut sequence = IdSequence { last: Id::MAX.0, wrapped: false };
        assert_eq!(sequence.next_id(), Id::MIN);
        assert!(sequence.has_issued(Id::MAX));
    }

    #[test]
    fn random_ids_stay_in_range_and_differ() {
        for draw in [Id::random, Id::unguessable] {
            let ids: std::collections::HashSet<_> = (0..1000).map(|_| draw()).collect();
            assert_eq!(ids.len(), 1000);
            assert!(ids.iter().all(|id| Id::new(id.get()).is_some()));
        }
    }
}
