//! Histories in memory.

use std::collections::VecDeque;
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
        let ring = self.ring.lock();
        let at = ring.events.iter().position(|event| event.publication == publication);
        Ok(at.map(|at| ring.first + at as u64))
    }

    async fn page(&self, page: &Page) -> Result<Vec<(u64, Arc<StoredEvent>)>, StoreError> {
        let ring = self.ring.lock();
        // Positions that are gone, or not there yet, are none.
        let within = |position: u64| {
            let offset = position.saturating_sub(ring.first);
            usize::try_from(offset).map_or(ring.events.len(), |offset| offset.min(ring.events.len()))
        };
        let (start, end) = (within(page.positions.start), within(page.positions.end));
        let positioned = (start..end.max(start)).zip(ring.events.range(start..end.max(start)));
        let positioned = positioned.map(|(at, event)| (ring.first + at as u64, Arc::clone(event)));
        Ok(match page.reverse {
            true => positioned.rev().take(page.most).collect(),
            false => positioned.take(page.most).collect(),
        })
    }
}
