//! Who is connected, and how everybody is sent home.
//!
//! Law: presence is a guard, so no connection can be forgotten; the router is down when the last guard is dropped.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hashbrown::HashMap;
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};

use super::Shared;
use crate::session::outbox::{Order, Outbox};
use crate::uri;

/// A table with room for no more than this many connections is not worth being made smaller.
const ROOMY: usize = 1024;

pub(super) struct Registry {
    connections: Mutex<Connections>,
    sessions: AtomicUsize,
    empty: Notify,
    closing: watch::Sender<bool>,
}

#[derive(Default)]
struct Connections {
    next: u64,
    outboxes: HashMap<u64, Arc<Outbox>>,
    /// What a connection that comes now is told.
    standing_order: Option<Order>,
}

impl Registry {
    pub(super) fn new() -> Self {
        Registry {
            connections: Mutex::default(),
            sessions: AtomicUsize::new(0),
            empty: Notify::new(),
            closing: watch::Sender::new(false),
        }
    }

    pub(super) fn enter(shared: &Arc<Shared>, outbox: &Arc<Outbox>) -> Presence {
        let mut connections = shared.registry.connections.lock();
        connections.next += 1;
        let number = connections.next;
        connections.outboxes.insert(number, Arc::clone(outbox));
        if let Some(order) = &connections.standing_order {
            outbox.order(order.clone());
        }
        Presence { shared: Arc::clone(shared), number }
    }

    pub(super) fn session_slot(shared: &Arc<Shared>, limit: usize) -> Option<SessionSlot> {
        let more = |sessions| (sessions < limit).then_some(sessions + 1);
        let taken = shared.registry.sessions.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        taken.ok().map(|_| SessionSlot { shared: Arc::clone(shared) })
    }

    pub(super) fn connections(&self) -> usize {
        self.connections.lock().outboxes.len()
    }

    pub(super) fn sessions(&self) -> usize {
        self.sessions.load(Ordering::Relaxed)
    }

    pub(super) async fn closing(&self) {
        // The sender lives as long as `self`, so waiting can't fail.
        let _ = self.closing.subscribe().wait_for(|closing| *closing).await;
    }

    pub(super) async fn shutdown(&self, grace: Duration) {
        self.closing.send_replace(true);
        self.tell_all(Order::Goodbye(uri::SYSTEM_SHUTDOWN));
        if tokio::time::timeout(grace, self.until_empty()).await.is_err() {
            self.tell_all(Order::Drop);
            self.until_empty().await;
        }
    }

    fn tell_all(&self, order: Order) {
        let outboxes: Vec<_> = {
            let mut connections = self.connections.lock();
            connections.standing_order = Some(order.clone());
            connections.outboxes.values().cloned().collect()
        };
        outboxes.iter().for_each(|outbox| outbox.order(order.clone()));
    }

    async fn until_empty(&self) {
        loop {
            let empty = self.empty.notified();
            if self.connections() == 0 {
                return;
            }
            empty.await;
        }
    }
}

/// One connection's entry in the registry.
pub(crate) struct Presence {
    shared: Arc<Shared>,
    number: u64,
}

impl Drop for Presence {
    fn drop(&mut self) {
        let registry = &self.shared.registry;
        let mut connections = registry.connections.lock();
        let outbox = connections.outboxes.remove(&self.number);
        // A crowd has left: its table goes as well.
        let left = connections.outboxes.len();
        if connections.outboxes.capacity() > ROOMY.max(left * 8) {
            connections.outboxes.shrink_to(left * 2);
        }
        if connections.outboxes.is_empty() {
            registry.empty.notify_waiters();
        }
        drop(connections);
        drop(outbox); // not under the lock: it may be the last handle of a transport
    }
}

/// One session of `max_sessions`.
pub(crate) struct SessionSlot {
    shared: Arc<Shared>,
}

impl Drop for SessionSlot {
    fn drop(&mut self) {
        self.shared.registry.sessions.fetch_sub(1, Ordering::Relaxed);
    }
}
