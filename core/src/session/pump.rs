//! The established session: batch in, turn out.
//!
//! Law: routing happens inside one `poll`, synchronously, on this connection's own task. A session at rest holds no buffer:
//! the batch belongs to the thread.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep};

use super::company::{Company, wait_for_the_others};
use super::connection::{Connection, Ended};
use super::dispatch::{Established, Next};
use super::outbox::Outbox;
use super::turn::{Promises, Turn};
use super::waiting::{Behind, Over};
use crate::broker::Burst;
use crate::error::Violation;
use crate::transport::Inbound;

/// Batches that a session may handle before others get their turn.
const BATCHES: usize = 16;

thread_local! {
    static BATCH: Cell<Vec<Inbound>> = const { Cell::new(Vec::new()) };
}

impl Connection<'_> {
    /// Runs an established session until it ends.
    pub(super) async fn pump(&mut self, session: &mut Established<'_>) -> Ended {
        let mut probe = self.keepalive.map(Probe::new);
        let mut company = Company::default();
        let mut promises: Option<Promises> = None;
        poll_fn(|cx| {
            if let Some(made) = promises.take() {
                company.came_or_not();
                drop(made);
            }
            for _ in 0..BATCHES {
                match ready!(self.poll_batch(session, probe.as_mut(), cx)) {
                    Err(ended) => return Poll::Ready(ended),
                    Ok(turn) if company.is_expected() => {
                        promises = Some(turn.end());
                        return wait_for_the_others(cx);
                    }
                    Ok(turn) => drop(turn),
                }
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        })
        .await
    }

    /// Handles one batch. What it has promised to flush is left to do; or says how the session ended.
    fn poll_batch(
        &mut self,
        session: &mut Established<'_>,
        mut probe: Option<&mut Probe>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Turn, Ended>> {
        if let Poll::Ready(happened) = self.outbox.poll_own(cx) {
            self.keep_what_waits(session);
            return Poll::Ready(Err(happened.map_or_else(Ended::Lost, Ended::Ordered)));
        }
        if let Poll::Ready(over) = session.poll_waiting(cx) {
            return Poll::Ready(self.go_on(over, session));
        }
        let reads = !session.is_overfull();
        if let Some(probe) = probe.as_deref_mut().filter(|_| reads)
            && probe.poll_silence(&self.outbox, cx).is_ready()
        {
            return Poll::Ready(Err(Ended::Silent));
        }
        // Both wakers are where they have to be: with the outbox, and with whoever decides.
        if !reads {
            return Poll::Pending;
        }
        let mut batch = BATCH.take();
        let handled = self.poll_arrivals(&mut batch, cx).map(|arrived| {
            arrived?;
            if let Some(probe) = probe {
                probe.heard();
            }
            self.handle(&mut batch, session)
        });
        batch.clear();
        BATCH.set(batch);
        handled
    }

    fn poll_arrivals(&mut self, batch: &mut Vec<Inbound>, cx: &mut Context<'_>) -> Poll<Result<(), Ended>> {
        if !self.early.is_empty() {
            batch.extend(self.early.drain(..));
            return Poll::Ready(Ok(()));
        }
        if self.outbox.is_congested() {
            return Poll::Pending; // `poll_own` has the waker
        }
        self.source.poll_batch(cx, batch).map_err(Ended::Lost)
    }

    /// The session ends while a request may wait: a GOODBYE behind it is what the router's own will wait for.
    #[cold]
    fn keep_what_waits(&mut self, session: &Established<'_>) {
        if let Some(behind) = session.stop_waiting() {
            self.put_back(behind);
        }
    }

    fn put_back(&mut self, behind: Behind) {
        behind.into_rest().rev().for_each(|frame| self.early.push_front(Inbound::Message(frame)));
    }

    /// One turn: the request that has waited for its authorization, and what has waited behind it.
    #[cold]
    fn go_on(&mut self, over: Over, session: &mut Established<'_>) -> Result<Turn, Ended> {
        let (frame, decided, mut behind) = match over {
            Over::Decided { frame, decided, behind } => (frame, decided, behind),
            Over::Left(after) => {
                self.early.extend(after.into_iter().map(Inbound::Message));
                return Err(Ended::Goodbye);
            }
        };
        let (mut turn, mut burst) = (Turn::begin(), session.burst());
        let mut next = session.resume(&frame, &decided, &mut burst, &mut turn);
        let ended = loop {
            if let Some(ended) = ended_by(next) {
                self.put_back(behind);
                break Some(ended);
            }
            if session.is_waiting() {
                session.wait_on(behind);
                break None;
            }
            let Some(frame) = behind.pop() else { break None };
            next = session.receive(&frame, &mut burst, &mut turn);
        };
        session.deliver(&mut burst, &mut turn);
        match ended {
            None => Ok(turn),
            Some(ended) => Err(ended),
        }
    }

    /// One turn: every message of the batch. One flush for every outbox that got something is to follow.
    fn handle(&mut self, batch: &mut Vec<Inbound>, session: &mut Established<'_>) -> Result<Turn, Ended> {
        let (mut turn, mut burst) = (Turn::begin(), session.burst());
        let ended = self.handle_each(batch, session, &mut burst, &mut turn);
        session.deliver(&mut burst, &mut turn);
        match ended {
            None => Ok(turn),
            Some(ended) => Err(ended),
        }
    }

    fn handle_each(
        &mut self,
        batch: &mut Vec<Inbound>,
        session: &Established<'_>,
        burst: &mut Burst<'_>,
        turn: &mut Turn,
    ) -> Option<Ended> {
        let mut arrivals = batch.drain(..);
        while let Some(inbound) = arrivals.next() {
            let next = match inbound {
                Inbound::Message(frame) => session.receive(&frame, burst, turn),
                Inbound::Reply(frame) => {
                    turn.control(&self.outbox, frame);
                    Ok(Next::Continue)
                }
                Inbound::Alive => Ok(Next::Continue),
            };
            let Some(ended) = ended_by(next) else { continue };
            self.early.extend(arrivals);
            return Some(ended);
        }
        None
    }
}

/// How the session ended with a message, if it did.
fn ended_by(next: Result<Next, Violation>) -> Option<Ended> {
    match next {
        Ok(Next::Continue) => None,
        Ok(Next::Goodbye) => Some(Ended::Goodbye),
        Ok(Next::Aborted) => Some(Ended::Aborted),
        Err(violation) => Some(Ended::Violated(violation)),
    }
}

/// Watches for clients that have vanished without a word. Needs no clock per message.
struct Probe {
    every: Duration,
    timer: Pin<Box<Sleep>>,
    silence: Silence,
}

/// What the client did since the timer struck last.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Silence {
    /// It said something.
    Broken,
    /// Nothing so far.
    Unbroken,
    /// Nothing, and it was asked.
    Probed,
}

impl Probe {
    fn new(every: Duration) -> Self {
        Probe { every, timer: Box::pin(sleep(every)), silence: Silence::Unbroken }
    }

    fn heard(&mut self) {
        self.silence = Silence::Broken;
    }

    /// Ready when the client has not answered a probe within the interval.
    fn poll_silence(&mut self, outbox: &Outbox, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            ready!(self.timer.as_mut().poll(cx));
            self.timer.as_mut().reset(Instant::now() + self.every);
            self.silence = match self.silence {
                Silence::Broken => Silence::Unbroken,
                Silence::Unbroken if outbox.ping() => Silence::Probed,
                // Without a probe silence means nothing.
                Silence::Unbroken => Silence::Unbroken,
                Silence::Probed => return Poll::Ready(()),
            };
        }
    }
}
