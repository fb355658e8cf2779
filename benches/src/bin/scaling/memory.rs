//! Clients without a wire: what they say is read from memory, what they are told is heard at once.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use crossway_core::Router;
use crossway_core::serializer::Serializer;
use crossway_core::transport::{
    Backlog, Close, Framed, Framing, Inbound, Outgoing, Sink, Source, Transport, TransportError,
    TransportInfo,
};
use crossway_framing::Encoder;
use crossway_msgpack::MessagePack;
use crossway_rawsocket::RawSocketEncoder;
use parking_lot::Mutex;
use tokio::runtime::Runtime;

use crate::clients::Client;
use crate::scenario::{Measured, Scenario, measure, router};

const MAX_MESSAGE: usize = 1 << 24;

pub(crate) fn run(scenario: &Scenario, workers: usize) -> Measured {
    let (runtime, router) = router(workers);
    let count = Arc::default();
    let mut ends = attach(&runtime, &router, scenario.receivers(&count));
    ends.extend(attach(&runtime, &router, scenario.senders(&count, false)));
    let measured = measure(&count);
    assert_eq!(router.sessions(), ends.len(), "no client has failed");
    ends.iter().for_each(|end| end.state.lock().client.end());
    runtime.shutdown_timeout(Duration::from_secs(5));
    measured
}

/// Returns when all have opened.
fn attach(runtime: &Runtime, router: &Router, clients: Vec<Client>) -> Vec<Arc<End>> {
    let ends: Vec<Arc<End>> = clients.into_iter().map(End::new).collect();
    for end in &ends {
        let (router, transport) = (router.clone(), Box::new(Memory { end: Arc::clone(end) }));
        runtime.spawn(async move { router.attach(transport).await });
    }
    while !ends.iter().all(|end| end.state.lock().client.is_open()) {
        std::thread::yield_now();
    }
    ends
}

/// A client's end of a connection.
struct End {
    state: Mutex<State>,
}

struct State {
    client: Client,
    waker: Option<Waker>,
    /// A message that came in pieces.
    message: BytesMut,
}

impl End {
    fn new(client: Client) -> Arc<Self> {
        Arc::new(End { state: Mutex::new(State { client, waker: None, message: BytesMut::new() }) })
    }
}

struct Memory {
    end: Arc<End>,
}

impl Transport for Memory {
    fn serializer(&self) -> Arc<dyn Serializer> {
        Arc::new(MessagePack)
    }

    fn info(&self) -> Arc<TransportInfo> {
        Arc::default()
    }

    fn split(self: Box<Self>) -> (Box<dyn Source>, Box<dyn Sink>) {
        (Box::new(MemorySource { end: Arc::clone(&self.end) }), Box::new(MemorySink { end: self.end }))
    }
}

struct MemorySource {
    end: Arc<End>,
}

impl Source for MemorySource {
    fn poll_batch(
        &mut self,
        cx: &mut Context<'_>,
        batch: &mut Vec<Inbound>,
    ) -> Poll<Result<(), TransportError>> {
        let mut state = self.end.state.lock();
        state.client.say(|frame| batch.push(Inbound::Message(frame)));
        if batch.is_empty() {
            state.waker = Some(cx.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(Ok(()))
    }
}

struct MemorySink {
    end: Arc<End>,
}

impl Sink for MemorySink {
    fn put(&mut self, message: Outgoing<'_>) {
        let mut state = self.end.state.lock();
        let State { client, message: whole, .. } = &mut *state;
        whole.clear();
        message.write(whole);
        client.hear(whole);
    }

    fn framing(&self) -> Option<&'static Framing> {
        RawSocketEncoder::new(MAX_MESSAGE).framing()
    }

    fn put_framed(&mut self, messages: Framed<'_>) {
        let mut state = self.end.state.lock();
        each(messages.octets, |message| state.client.hear(message));
    }

    fn control(&mut self, _frame: Bytes) {}

    fn poll_flush(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        let waker = self.end.state.lock().waker.take();
        if let Some(waker) = waker {
            waker.wake();
        }
        Poll::Ready(Ok(()))
    }

    fn poll_close(&mut self, _cx: &mut Context<'_>, _why: Close) -> Poll<()> {
        Poll::Ready(())
    }

    fn backlog(&self) -> Backlog {
        Backlog::default()
    }

    fn max_message(&self) -> usize {
        MAX_MESSAGE
    }
}

/// Takes RawSocket frames apart; returns how many octets were whole frames.
pub(crate) fn each(octets: &[u8], mut message: impl FnMut(&[u8])) -> usize {
    let mut rest = octets;
    while let Some((&[_, high, mid, low], after)) = rest.split_first_chunk() {
        let len = u32::from_be_bytes([0, high, mid, low]) as usize;
        let Some((whole, after)) = after.split_at_checked(len) else { break };
        message(whole);
        rest = after;
    }
    octets.len() - rest.len()
}
