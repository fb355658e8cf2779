//! Who failed to log in, how often, and when last.
//!
//! Law: it never has more than so many records. One failure is forgotten for every interval that passes without another, so
//! who stops is forgotten, and nothing has to be cleared by hand. Where room is short, who failed least often goes, of a few
//! whom chance picks: were it always the same few, whoever fills the ledger would be forgotten as soon as it is full.

use std::hash::BuildHasher;
use std::time::Duration;

use hashbrown::{DefaultHashBuilder, HashTable};
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
    records: HashTable<(Key, Record)>,
    hash: DefaultHashBuilder,
    /// When those were cleared away last that say nothing any more.
    swept: Option<Instant>,
}

impl Ledger {
    fn get(&self, key: &Key) -> Option<&Record> {
        let found = self.records.find(self.hash.hash_one(key), |(known, _)| known == key);
        found.map(|(_, record)| record)
    }

    fn get_mut(&mut self, key: &Key) -> Option<&mut Record> {
        let found = self.records.find_mut(self.hash.hash_one(key), |(known, _)| known == key);
        found.map(|(_, record)| record)
    }

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
        let Some(record) = self.get(key) else { return Duration::ZERO };
        let over = backoff(record.failures, free, first, most);
        // One try at a time, or a thousand at once would all come after the same wait.
        if record.trying { first } else { over.saturating_sub(now.duration_since(record.last)) }
    }

    /// Notes that somebody tries who has no more failures free; whether that is so. One failure less with every `interval`.
    pub(super) fn begin(&mut self, key: &Key, free: usize, interval: Duration, now: Instant) -> bool {
        let used_up = |record: &&mut Record| {
            let failures = record.failures(interval, now);
            failures > 0 && failures as usize >= free
        };
        let record = self.get_mut(key).filter(used_up);
        record.is_some_and(|record| !std::mem::replace(&mut record.trying, true))
    }

    /// The try that [`begin`](Self::begin) has noted is over.
    pub(super) fn end(&mut self, key: &Key) {
        if let Some(record) = self.get_mut(key) {
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
        let failures = self.get(key).map_or(0, |record| record.failures(interval, now));
        backoff(failures, free, first, most)
    }

    /// Notes a failure; whether another record had to go.
    pub(super) fn note(&mut self, key: Key, most: usize, interval: Duration, now: Instant) -> bool {
        if let Some(record) = self.get_mut(&key) {
            record.failures = record.failures(interval, now).saturating_add(1);
            record.last = now;
            return false;
        }
        let dropped = self.make_room(most, interval, now);
        let record = Record { failures: 1, last: now, trying: false };
        let Ledger { records, hash, .. } = self;
        records.insert_unique(hash.hash_one(key), (key, record), |(known, _)| hash.hash_one(known));
        dropped
    }

    pub(super) fn forget(&mut self, key: &Key) {
        if let Ok(known) = self.records.find_entry(self.hash.hash_one(key), |(known, _)| known == key) {
            known.remove();
        }
    }

    fn make_room(&mut self, most: usize, interval: Duration, now: Instant) -> bool {
        if self.records.len() < most {
            return false;
        }
        if self.swept.is_none_or(|last| now.duration_since(last) >= interval) {
            self.swept = Some(now);
            self.records.retain(|(_, record)| record.failures(interval, now) > 0);
            if self.records.len() < most {
                return false;
            }
        }
        let room = self.records.num_buckets();
        let start = fastrand::usize(..room.max(1));
        let picked =
            (start..room).chain(0..start).filter_map(|at| Some((at, &self.records.get_bucket(at)?.1)));
        let strength = |(_, record): &(usize, &Record)| (record.failures(interval, now), record.last);
        let weakest = picked.take(CANDIDATES).min_by_key(strength).map(|(at, _)| at);
        weakest.is_some_and(|at| self.records.get_bucket_entry(at).map(|record| record.remove()).is_ok())
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
