//! The transports of a listener, by their ids.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::watch;

use crate::mailbox::Mailbox;

/// All mailboxes. Law: a mailbox is in here while its [`Place`] exists, unless its client has closed it.
#[derive(Debug)]
pub(crate) struct Mailboxes {
    all: Mutex<HashMap<String, Arc<Mailbox>>>,
    /// How many there are, for those who wait for none.
    count: watch::Sender<usize>,
}

impl Mailboxes {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Mailboxes { all: Mutex::default(), count: watch::Sender::new(0) })
    }

    /// Adds one, unless there are `max` already.
    pub(crate) fn add(self: &Arc<Self>, mailbox: Arc<Mailbox>, max: usize) -> Option<Place> {
        let id = unguessable();
        let mut all = self.all.lock();
        if all.len() >= max {
            return None;
        }
        all.insert(id.clone(), Arc::clone(&mailbox));
        self.count.send_replace(all.len());
        drop(all);
        Some(Place { id, mailbox, mailboxes: Arc::clone(self) })
    }

    pub(crate) fn get(&self, id: &str) -> Option<Arc<Mailbox>> {
        self.all.lock().get(id).cloned()
    }

    pub(crate) fn remove(&self, id: &str) {
        let mut all = self.all.lock();
        if all.remove(id).is_some() {
            self.count.send_replace(all.len());
        }
    }

    /// Waits until there are none.
    pub(crate) async fn none_left(&self) {
        // The sender lives in `self`, so this ends for one reason only.
        let _ = self.count.subscribe().wait_for(|count| *count == 0).await;
    }
}

/// Keeps a mailbox among the others. Who waits at it is told when the place is gone.
#[derive(Debug)]
pub(crate) struct Place {
    id: String,
    mailbox: Arc<Mailbox>,
    mailboxes: Arc<Mailboxes>,
}

impl Place {
    pub(crate) fn id(&self) -> &str {
        &self.id
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.mailboxes.remove(&self.id);
        self.mailbox.abandon();
    }
}

/// 128 random bits in hexadecimal: whoever knows the id has the session.
fn unguessable() -> String {
    let mut bits = [0_u8; 16];
    getrandom::fill(&mut bits).expect("a system without randomness can't be defended against anything");
    bits.iter().map(|octet| format!("{octet:02x}")).collect()
}
