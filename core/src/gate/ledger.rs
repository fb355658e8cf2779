//! Who failed to log in, how often, and when last.
//!
//! Law: it never has more than so many records. One failure is forgotten for every interval that passes without another, so
//! who stops is forgotten, and nothing has to be cleared by hand. Where room is short, who failed least often goes.

use std::time::Duration;

use hashbrown::HashMap;
use tokio::time::Instant;

use super::origin::Origin;

/// What failures are counted by. Users are hashes of realm and name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    UserFrom(Origin, u64),
    Address(Origin),
    User(u64),
}

#[derive(Clone, Copy, Debug)]
struct Record {
    failures: u32,
    last: Instant,
    /// Somebody tries just now whose back-off is over.
    trying: bool,
}

impl Record {
    /// What is left of it.
    fn failures(&self, interval: Duration, now: Instant) -> u32 {
        let passed = now.duration_since(self.last).as_nanos() / interval.as_nanos().max(1);
        self.failures.saturating_sub(u32::try_from(passed).unwrap_or(u32::MAX))
    }
}

/// How many records are looked at for one that may go.
const CANDIDATES: usize = 16;

#[derive(Default)]
pub(super) struct Ledger {
    records: HashMap<Key, Record>,
    /// When those were cleared away last that say nothing any more.
    swept: Option<Instant>,
}

impl Ledger {
    /// How much longer nobody may try: after `free` failures `first`, then twice as long each time up to `most`, counted from
    /// the last failure on.
    pub(super) fn wait(
        &self,
        key: &Key,
        free: usize,
        first: Duration,
        most: Duration,
        now: Instant,
    ) -> Duration {
        let Some(record) = self.records.get(key) else { return Duration::ZERO };
        let over = backoff(record.failures, free, first, most);
        // One try at a time, or a thousand at once would all come after the same wait.
        if record.trying { first } else { over.saturating_sub(now.duration_since(record.last)) }
    }

    /// Notes that somebody tries who has no more failures free; whether that is so.
    pub(super) fn begin(&mut self, key: &Key, free: usize) -> bool {
        let used_up = |record: &&mut Record| record.failures > 0 && record.failures as usize >= free;
        self.records
            .get_mut(key)
            .filter(used_up)
            .is_some_and(|record| !std::mem::replace(&mut record.trying, true))
    }

    /// The try that [`begin`](Self::begin) has noted is over.
    pub(super) fn end(&mut self, key: &Key) {
        if let Some(record) = self.records.get_mut(key) {
            record.trying = false;
        }
    }

    /// How long a try is held up: as the back-off grows, but no longer than `most`. One failure less with every `interval`.
    pub(super) fn pause(
        &self,
        key: &Key,
        free: usize,
        first: Duration,
        most: Duration,
        interval: Duration,
        now: Instant,
    ) -> Duration {
        let failures = self.records.get(key).map_or(0, |record| record.failures(interval, now));
        backoff(failures, free, first, most)
    }

    /// Notes a failure; whether another record had to go.
    pub(super) fn note(&mut self, key: Key, most: usize, interval: Duration, now: Instant) -> bool {
        let failures = self.records.get(&key).map_or(0, |record| record.failures(interval, now));
        let dropped = failures == 0 && self.make_room(&key, most, interval, now);
        let trying = self.records.get(&key).is_some_and(|record| record.trying);
        self.records.insert(key, Record { failures: failures.saturating_add(1), last: now, trying });
        dropped
    }

    pub(super) fn forget(&mut self, key: &Key) {
        self.records.remove(key);
    }

    fn make_room(&mut self, key: &Key, most: usize, interval: Duration, now: Instant) -> bool {
        if self.records.len() < most || self.records.contains_key(key) {
            return false;
        }
        if self.swept.is_none_or(|last| now.duration_since(last) >= interval) {
            self.swept = Some(now);
            self.records.retain(|_, record| record.failures(interval, now) > 0);
            if self.records.len() < most {
                return false;
            }
        }
        let weakest = |(_, record): &(&Key, &Record)| (record.failures(interval, now), record.last);
        let weakest = self.records.iter().take(CANDIDATES).min_by_key(weakest);
        weakest.map(|(key, _)| *key).is_some_and(|key| self.records.remove(&key).is_some())
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.records.len()
    }
}

fn backoff(failures: u32, free: usize, first: Duration, most: Duration) -> Duration {
    let free = u32::try_from(free).unwrap_or(u32::MAX);
    match failures.checked_sub(free) {
        // Nobody waits before the first failure, however few are free.
        Some(over) if failures > 0 => {
            first.saturating_mul(1_u32.checked_shl(over).unwrap_or(u32::MAX)).min(most)
        }
        _ => Duration::ZERO,
    }
}
