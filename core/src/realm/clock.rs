//! The realm's clock: ends calls that take too long.
//!
//! Law: nobody keeps time while no call has a timeout, and keeping time keeps no realm alive.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::{Instant, timeout_at};

use super::Realm;
use crate::session::turn::Turn;

/// Timers reach no further than years; hours are enough.
const NAP: Duration = Duration::from_secs(3600);

impl Realm {
    /// Sends somebody to look after the deadlines, if there are new ones and nobody does. Called when a message has been
    /// handled, and when a session has left: a call that waited may have got to a callee with a timeout of its own.
    #[inline]
    pub(crate) fn keep_time(self: &Arc<Self>) {
        if self.dealer.deadlines().need_a_keeper() {
            self.send_a_keeper();
        }
    }

    #[cold]
    fn send_a_keeper(self: &Arc<Self>) {
        // Without a runtime everything ends.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(keep(Arc::downgrade(self)));
        }
    }
}

async fn keep(realm: Weak<Realm>) {
    while let Some((next, bell)) = look_after(&realm) {
        let nap = next.min(Instant::now() + NAP);
        // Woken early or not, there is something to look at.
        let _ = timeout_at(nap, bell.notified()).await;
    }
}

/// Ends what is due. Says when to look again; `None` if there is nothing more to wait for.
fn look_after(realm: &Weak<Realm>) -> Option<(Instant, Arc<tokio::sync::Notify>)> {
    let realm = realm.upgrade()?;
    let mut turn = Turn::begin();
    realm.dealer.expire(Instant::now(), &mut turn);
    drop(turn);
    let deadlines = realm.dealer.deadlines();
    deadlines.next().map(|next| (next, deadlines.bell()))
}
