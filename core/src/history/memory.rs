//! Histories in memory.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::Arc;

use async_trait::async_trait;
use parking_lot::Mutex;

use super::{EventLog, EventStore, HistoryRule, Page, StoreError, StoredEvent};
use crate::id::Id;

/// Keeps histories in memory, the latest events of each within the bounds of its rule. They are gone with the router.
#[derive(Clone, Copy, Debug, Default)]
pub struct MemoryStore;

impl EventStore for MemoryStore {
    fn open(&self, _: &str, rule: &HistoryRule) -> Arc<dyn EventLog> {
        Arc::new(MemoryLog { most: rule.events, most_bytes: rule.bytes, ring: Mutex::default() })
    }
}

struct MemoryLog {
    most: usize,
    most_bytes: usize,
    ring: Mutex<Ring>,
}

#[derive(Default)]
struct Ring {
    /// Position of the oldest event that is left.
    first: u64,
    events: VecDeque<Arc<StoredEvent>>,
    bytes: usize,
}

/// How many events are looked at while publishers have to wait.
const AT_A_TIME: usize = 4096;

impl MemoryLog {
    /// Looks for a publication in some events from a position on. Goes on with the position behind them.
    fn look(&self, from: u64, publication: Id) -> ControlFlow<Option<u64>, u64> {
        let ring = self.ring.lock();
        let start = ring.offset(from);
        let end = ring.events.len().min(start + AT_A_TIME);
        let found = ring.events.range(start..end).position(|event| event.publication == publication);
        match found {
            Some(at) => ControlFlow::Break(Some(ring.first + (start + at) as u64)),
            None if end == ring.events.len() => ControlFlow::Break(None),
            None => ControlFlow::Continue(ring.first + end as u64),
        }
    }
}

impl Ring {
    /// Where a position is by now. Positions that are gone, or not there yet, are none.
    fn offset(&self, position: u64) -> usize {
        let offset = position.saturating_sub(self.first);
        usize::try_from(offset).map_or(self.events.len(), |offset| offset.min(self.events.len()))
    }
}

#[async_trait]
impl EventLog for MemoryLog {
    fn append(&self, event: Arc<StoredEvent>) {
        let size = event.size();
        if self.most == 0 || size > self.most_bytes {
            return;
        }
        let mut ring = self.ring.lock();
        while ring.events.len() >= self.most || ring.bytes + size > self.most_bytes {
            let Some(oldest) = ring.events.pop_front() else { break };
            ring.bytes -= oldest.size();
            ring.first += 1;
        }
        ring.bytes += size;
        ring.events.push_back(event);
    }

    async fn find(&self, publication: Id) -> Result<Option<u64>, StoreError> {
        let mut from = 0;
        loop {
            match self.look(from, publication) {
                ControlFlow::Continue(next) => from = next,
                ControlFlow::Break(found) => return Ok(found),
            }
        }
    }

    async fn page(&self, page: &Page) -> Result<Vec<(u64, Arc<StoredEvent>)>, StoreError> {
        let ring = self.ring.lock();
        let (start, end) = (ring.offset(page.positions.start), ring.offset(page.positions.end));
        let positioned = (start..end.max(start)).zip(ring.events.range(start..end.max(start)));
        let positioned = positioned.map(|(at, event)| (ring.first + at as u64, Arc::clone(event)));
        Ok(match page.reverse {
            true => positioned.rev().take(page.most).collect(),
            false => positioned.take(page.most).collect(),
        })
    }
}
