//! Whether to wait for other sessions before flushing.
//!
//! Law: waiting costs one more look for events, and is worth it only where others put something into the same outboxes
//! meanwhile. So who was alone does not wait, and who waited in vain waits less and less often.

use std::cell::Cell;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll};

/// Whether other sessions are likely to have their turn on this thread in the same tick of the runtime. Who is alone
/// flushes at once.
#[derive(Default)]
pub(super) struct Company {
    /// The number of this session's last turn.
    last: u32,
    /// Turns that will not be waited after, since waiting was in vain.
    alone: u8,
    /// How many those are the next time that it is in vain.
    doubt: u8,
}

/// The most turns in a row without a new attempt to wait.
const MOST_DOUBT: u8 = 15;

thread_local! {
    /// Turns on this thread.
    static TURNS: Cell<u32> = const { Cell::new(0) };
}

impl Company {
    /// Asked once in each turn: not if the turn before was this session's as well.
    pub(super) fn is_expected(&mut self) -> bool {
        let turn = TURNS.get().wrapping_add(1);
        TURNS.set(turn);
        let before = std::mem::replace(&mut self.last, turn);
        if self.alone > 0 {
            self.alone -= 1;
            return false;
        }
        before.wrapping_add(1) != turn
    }

    /// The tick that was waited for is over.
    pub(super) fn came_or_not(&mut self) {
        let nobody = TURNS.get() == self.last;
        self.doubt = if nobody { (self.doubt.saturating_mul(2) + 1).min(MOST_DOUBT) } else { 0 };
        self.alone = self.doubt;
    }
}

/// Comes back when the runtime has run everything else that is ready, and has looked for new events.
pub(super) fn wait_for_the_others<T>(cx: &mut Context<'_>) -> Poll<T> {
    let yielding = pin!(tokio::task::yield_now());
    // The first poll asks to be woken then; nothing more is wanted of it.
    let _ = yielding.poll(cx);
    Poll::Pending
}
