//! What one client has sent and not been heard, and what waits to be fetched by it.
//!
//! ```text
//!   send ──> [ inbound ]  ──> Source              bounded: a request waits until there is room
//!   receive <── [ outbound ] <── Sink             bounded by core, which asks for the backlog
//!                 └ in flight: what a response has begun to carry; stays until it is written
//! ```
//!
//! Law: at most one response carries messages at a time, so they arrive in order; and of several requests for messages
//! only the last one waits, since the others' connections may long be gone.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use crossway_core::transport::{Backlog, TransportError};
use crossway_framing::{Batching, Separator};
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

/// Octets that wait for the session before a request to send more has to wait. One body fits in any case.
const INBOUND: usize = 256 * 1024;

/// A mailbox, shared by its client's requests and the two halves of its transport.
#[derive(Debug)]
pub(crate) struct Mailbox {
    state: Mutex<State>,
    /// Something changed that a request may be waiting for.
    changed: Notify,
    /// Held by the request whose body is being read, so that bodies come one after the other.
    pub(crate) sending: tokio::sync::Mutex<()>,
    /// How messages are told apart, if one response carries everything that waits.
    pub(crate) batching: Option<Batching>,
    /// Of what is fetched.
    pub(crate) content_type: &'static str,
    pub(crate) separator: Separator,
}

#[derive(Debug)]
struct State {
    inbound: VecDeque<Bytes>,
    inbound_bytes: usize,
    source: Option<Waker>,
    /// The client has broken a rule, and is not listened to any more. What waits for it can be fetched nevertheless.
    deaf: bool,
    /// Which rule, until the session is told.
    failed: Option<TransportError>,
    /// The client has closed, or vanished.
    client_gone: bool,

    outbound: VecDeque<Item>,
    backlog: Backlog,
    sink: Option<Waker>,
    /// How many items a response is carrying.
    in_flight: usize,
    /// The sink has got its last message.
    router_done: bool,

    /// The number of the request that waits for messages, if one does, and of the last one that did.
    receiving: Option<u64>,
    receivers: u64,
    /// Since when nobody has been fetching messages.
    silent_since: Instant,
}

/// Octets that leave together.
#[derive(Clone, Debug)]
struct Item {
    octets: Bytes,
    messages: usize,
}

/// What comes of waiting for messages.
#[derive(Debug)]
pub(crate) enum Fetched {
    /// To be carried to the client.
    Items(Vec<Bytes>, InFlight),
    /// Nothing has come, or another request waits now.
    Nothing,
    /// Nothing will come any more.
    Gone,
}

impl Mailbox {
    pub(crate) fn new(batching: Option<Batching>, content_type: &'static str) -> Arc<Self> {
        let state = State {
            inbound: VecDeque::new(),
            inbound_bytes: 0,
            source: None,
            deaf: false,
            failed: None,
            client_gone: false,
            outbound: VecDeque::new(),
            backlog: Backlog::default(),
            sink: None,
            in_flight: 0,
            router_done: false,
            receiving: None,
            receivers: 0,
            silent_since: Instant::now(),
        };
        Arc::new(Mailbox {
            state: Mutex::new(state),
            changed: Notify::new(),
            sending: tokio::sync::Mutex::default(),
            batching,
            content_type,
            separator: Separator::default(),
        })
    }

    /// Hands a body to the session, when there is room. Answers `false` if nobody listens any more.
    pub(crate) async fn send(&self, body: Bytes) -> bool {
        loop {
            let changed = self.changed.notified();
            {
                let mut state = self.state.lock();
                if state.deaf || state.client_gone || state.router_done {
                    return false;
                }
                if state.inbound_bytes < INBOUND {
                    state.inbound_bytes += body.len();
                    state.inbound.push_back(body);
                    wake(&mut state.source);
                    return true;
                }
            }
            changed.await;
        }
    }

    /// The client has broken a rule: nothing more is heard from it.
    pub(crate) fn fail(&self, error: TransportError) {
        let mut state = self.state.lock();
        if !state.deaf {
            state.deaf = true;
            state.failed = Some(error);
            wake(&mut state.source);
            self.changed.notify_waiters();
        }
    }

    /// The client says that this is the end.
    pub(crate) fn close(&self) {
        let mut state = self.state.lock();
        state.client_gone = true;
        wake(&mut state.source);
        wake(&mut state.sink);
        self.changed.notify_waiters();
    }

    /// Waits for messages, for `hold` at most.
    pub(crate) async fn receive(self: &Arc<Self>, hold: Duration) -> Fetched {
        let receiving = Receiving::begin(self);
        let until = Instant::now() + hold;
        loop {
            let changed = self.changed.notified();
            if let Some(fetched) = self.fetch(receiving.number) {
                return fetched;
            }
            if timeout_at(until, changed).await.is_err() {
                return Fetched::Nothing;
            }
        }
    }

    fn fetch(self: &Arc<Self>, number: u64) -> Option<Fetched> {
        let mut state = self.state.lock();
        if state.receiving != Some(number) {
            return Some(Fetched::Nothing);
        }
        if state.in_flight > 0 {
            return None;
        }
        if state.client_gone || state.outbound.is_empty() {
            let over = state.client_gone || state.router_done;
            return over.then_some(Fetched::Gone);
        }
        let count = if self.batching.is_some() { state.outbound.len() } else { 1 };
        state.in_flight = count;
        let items = state.outbound.iter().take(count).map(|item| self.spelt(&item.octets)).collect();
        Some(Fetched::Items(items, InFlight { mailbox: Arc::clone(self), written: false }))
    }

    /// As this client reads it.
    fn spelt(&self, octets: &Bytes) -> Bytes {
        if !self.separator.is_translated() {
            return octets.clone();
        }
        let mut octets = BytesMut::from(&octets[..]);
        self.separator.translate(&mut octets);
        octets.freeze()
    }

    /// Everything that has arrived, for the source.
    pub(crate) fn poll_arrived(&self, cx: &mut Context<'_>) -> Poll<Result<VecDeque<Bytes>, TransportError>> {
        let mut state = self.state.lock();
        if !state.inbound.is_empty() {
            state.inbound_bytes = 0;
            let arrived = std::mem::take(&mut state.inbound);
            self.changed.notify_waiters();
            return Poll::Ready(Ok(arrived));
        }
        if let Some(error) = state.failed.take() {
            return Poll::Ready(Err(error));
        }
        let fetched_all = state.router_done && state.outbound.is_empty();
        if state.deaf || state.client_gone || fetched_all {
            return Poll::Ready(Err(TransportError::Closed));
        }
        state.source = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Adds octets that leave together.
    pub(crate) fn put(&self, octets: Bytes, messages: usize) {
        let mut state = self.state.lock();
        if state.router_done {
            return;
        }
        state.backlog.bytes += octets.len();
        state.backlog.messages += messages;
        state.outbound.push_back(Item { octets, messages });
    }

    /// Lets requests see what was put, and waits until it is fetched.
    pub(crate) fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        let mut state = self.state.lock();
        if state.outbound.is_empty() {
            return Poll::Ready(Ok(()));
        }
        if state.client_gone {
            return Poll::Ready(Err(TransportError::Closed));
        }
        if state.receiving.is_some() && state.in_flight == 0 {
            self.changed.notify_waiters();
        }
        state.sink = Some(cx.waker().clone());
        Poll::Pending
    }

    /// The sink has got its last message.
    pub(crate) fn finish(&self) {
        let mut state = self.state.lock();
        state.router_done = true;
        self.changed.notify_waiters();
    }

    /// Nobody serves this mailbox any more: whoever waits is told.
    pub(crate) fn abandon(&self) {
        let mut state = self.state.lock();
        state.router_done = true;
        state.client_gone = true;
        self.changed.notify_waiters();
    }

    pub(crate) fn backlog(&self) -> Backlog {
        self.state.lock().backlog
    }

    /// Since when nobody has been fetching messages; now, if somebody is.
    pub(crate) fn silent_since(&self) -> Instant {
        let state = self.state.lock();
        match state.receiving.is_some() || state.in_flight > 0 {
            true => Instant::now(),
            false => state.silent_since,
        }
    }
}

fn wake(waker: &mut Option<Waker>) {
    if let Some(waker) = waker.take() {
        waker.wake();
    }
}

/// A request that waits for messages. The next one takes its place.
struct Receiving<'a> {
    mailbox: &'a Mailbox,
    number: u64,
}

impl<'a> Receiving<'a> {
    fn begin(mailbox: &'a Mailbox) -> Self {
        let mut state = mailbox.state.lock();
        state.receivers += 1;
        state.receiving = Some(state.receivers);
        mailbox.changed.notify_waiters();
        Receiving { mailbox, number: state.receivers }
    }
}

impl Drop for Receiving<'_> {
    fn drop(&mut self) {
        let mut state = self.mailbox.state.lock();
        state.silent_since = Instant::now();
        state.receiving.take_if(|number| *number == self.number);
    }
}

/// What a response carries stays in the mailbox until the response is written; it goes nowhere if it never is.
#[derive(Debug)]
pub(crate) struct InFlight {
    mailbox: Arc<Mailbox>,
    written: bool,
}

impl InFlight {
    /// The system has taken the response.
    pub(crate) fn written(mut self) {
        self.written = true;
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let mut state = self.mailbox.state.lock();
        let count = std::mem::take(&mut state.in_flight);
        state.silent_since = Instant::now();
        if self.written {
            for Item { octets, messages } in state.outbound.drain(..count).collect::<Vec<_>>() {
                state.backlog.bytes -= octets.len();
                state.backlog.messages -= messages;
            }
            if state.outbound.is_empty() {
                state.outbound = VecDeque::new();
            }
            wake(&mut state.sink);
        }
        self.mailbox.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests;
