//! A request whose authorization is awaited, and what the session has said since.
//!
//! Law: what a session asks for is done in the order in which it asked (ORD-09). What others wait for, its answers to
//! invocations, waits for nobody: the answer that is awaited may be one of them.
//!
//! ```text
//!   PUBLISH a ── Later ──> waits ──decided──> done
//!   PUBLISH b ───────────> behind it ──────────────> done               beyond max_undecided_bytes nothing more is read
//!   YIELD, ERROR ──> done at once                                       from the session, until that is decided
//!   GOODBYE ─────────────> behind it, but no longer than goodbye_timeout
//!   ABORT, the connection is lost, somebody ends the session: what waits is not done; the router's GOODBYE still sees
//!                        a GOODBYE that has waited
//! ```

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::time::{Sleep, sleep};

use super::authorize::Decided;
use super::dispatch::{Established, Next};
use crate::authorization::{self, Deciding};
use crate::error::Violation;
use crate::message::Message;

/// What a message that waits takes beside its bytes, about.
const OVERHEAD: usize = 64;

/// An authorizer that was asked.
pub(super) struct Asking {
    pub(super) decision: Deciding,
    /// Its version then.
    pub(super) version: u64,
}

/// See the module.
pub(super) struct Waiting {
    frame: Bytes,
    asking: Asking,
    behind: Behind,
}

/// What the session has said since.
#[derive(Default)]
pub(super) struct Behind {
    frames: VecDeque<Bytes>,
    /// About what they take.
    bytes: usize,
    /// It wants to leave.
    leaving: Option<Leaving>,
}

/// GOODBYE is the last of what waits; how long it does, and what came after it, for another session.
struct Leaving {
    timer: Pin<Box<Sleep>>,
    after: VecDeque<Bytes>,
}

/// Why waiting is over.
pub(super) enum Over {
    /// It is decided; what waited behind goes on after it.
    Decided { frame: Bytes, decided: Decided, behind: Behind },
    /// GOODBYE has waited for long enough. What came after it is for another session.
    Left(VecDeque<Bytes>),
}

impl Established<'_> {
    /// Whether a request waits for its authorization.
    #[inline]
    pub(super) fn is_waiting(&self) -> bool {
        self.waiting.borrow().is_some()
    }

    /// Whether so much waits that nothing more is to be read.
    pub(super) fn is_overfull(&self) -> bool {
        self.waiting
            .borrow()
            .as_ref()
            .is_some_and(|waiting| waiting.behind.bytes > self.limits.max_undecided_bytes)
    }

    /// From now on this request waits.
    #[cold]
    pub(super) fn wait_for(&self, frame: &Bytes, asking: Asking) {
        let waiting = Waiting { frame: copied(frame), asking, behind: Behind::default() };
        *self.waiting.borrow_mut() = Some(Box::new(waiting));
    }

    /// A message that has to wait for those before it.
    ///
    /// # Errors
    /// It is a GOODBYE without a reason that is a URI.
    #[cold]
    pub(super) fn wait_behind(&self, message: &Message<'_>, frame: &Bytes) -> Result<Next, Violation> {
        let mut waiting = self.waiting.borrow_mut();
        let Some(Waiting { behind, .. }) = waiting.as_deref_mut() else { return Ok(Next::Continue) };
        let was_full = behind.bytes > self.limits.max_undecided_bytes;
        if let Some(leaving) = &mut behind.leaving {
            leaving.after.push_back(copied(frame));
        } else {
            behind.frames.push_back(copied(frame));
            if let Message::Goodbye(goodbye) = message {
                self.check_reason(&goodbye.reason)?;
                let timer = Box::pin(sleep(self.limits.goodbye_timeout));
                behind.leaving = Some(Leaving { timer, after: VecDeque::new() });
            }
        }
        behind.bytes += frame.len() + OVERHEAD;
        if !was_full && behind.bytes > self.limits.max_undecided_bytes {
            self.counters.undecided_over_limit.increment();
        }
        Ok(Next::Continue)
    }

    /// Whether a message has to wait for the request that does: not what others wait for, nor the end, unless the session
    /// has said GOODBYE.
    #[cold]
    pub(super) fn has_to_wait(&self, message: &Message<'_>) -> bool {
        let overtakes = matches!(message, Message::Yield(_) | Message::Error(_) | Message::Abort(_));
        let waiting = self.waiting.borrow();
        !overtakes || waiting.as_ref().is_some_and(|waiting| waiting.behind.leaving.is_some())
    }

    /// What waited behind a request waits for another one now.
    pub(super) fn wait_on(&self, behind: Behind) {
        if let Some(waiting) = self.waiting.borrow_mut().as_deref_mut() {
            waiting.behind = behind;
        }
    }

    /// The session ends: nobody waits any more. What has waited behind the request.
    pub(super) fn stop_waiting(&self) -> Option<Behind> {
        self.waiting.borrow_mut().take().map(|waiting| waiting.behind)
    }

    /// Ready when waiting is over; pending also where nothing waits.
    #[inline]
    pub(super) fn poll_waiting(&self, cx: &mut Context<'_>) -> Poll<Over> {
        if self.is_waiting() { self.poll_decision(cx) } else { Poll::Pending }
    }

    #[cold]
    fn poll_decision(&self, cx: &mut Context<'_>) -> Poll<Over> {
        let mut slot = self.waiting.borrow_mut();
        let Some(waiting) = slot.as_deref_mut() else { return Poll::Pending };
        let decision = match authorization::poll(&mut waiting.asking.decision, cx) {
            Poll::Ready(decision) => decision,
            Poll::Pending => {
                let leaving = &mut waiting.behind.leaving;
                let has_left =
                    leaving.as_mut().is_some_and(|leaving| leaving.timer.as_mut().poll(cx).is_ready());
                return match leaving.take_if(|_| has_left) {
                    Some(leaving) => Poll::Ready(Over::Left(leaving.after)),
                    None => Poll::Pending,
                };
            }
        };
        let Some(waiting) = slot.take() else { return Poll::Pending };
        let Waiting { frame, asking, behind } = *waiting;
        Poll::Ready(Over::Decided { frame, decided: Decided { decision, version: asking.version }, behind })
    }
}

impl Behind {
    /// The next message of the session.
    pub(super) fn pop(&mut self) -> Option<Bytes> {
        let frame = self.frames.pop_front()?;
        self.bytes -= frame.len() + OVERHEAD;
        Some(frame)
    }

    /// All that is left, in order, for what comes after the session.
    pub(super) fn into_rest(self) -> impl DoubleEndedIterator<Item = Bytes> {
        let after = self.leaving.map(|leaving| leaving.after).unwrap_or_default();
        self.frames.into_iter().chain(after)
    }
}

/// What waits pins no buffer that many messages share.
fn copied(frame: &Bytes) -> Bytes {
    Bytes::copy_from_slice(frame)
}
