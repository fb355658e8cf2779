//! What tests of framings and carriers put in the place of a router and of a format.

use std::future::poll_fn;
use std::sync::Arc;

use bytes::Bytes;
use crossway_core::serializer::{
    DecodeError, HeadItem, Run, RunWriter, Scan, Serializer, Unrepresentable, Visitor,
};
use crossway_core::transport::{
    Close, Inbound, Outgoing, Sink, Source, Transport, TransportError, TransportInfo,
};
use tokio::sync::{mpsc, watch};

use crate::Attach;

/// A serializer that is only a name: framings look at nothing else.
#[derive(Clone, Debug)]
pub struct Named {
    /// Its name.
    pub name: &'static str,
    /// Its RawSocket code.
    pub code: Option<u8>,
    /// Whether WebSocket carries it as text.
    pub text: bool,
}

impl Named {
    /// The three serializers of the specification, by name.
    pub fn all() -> Vec<Arc<dyn Serializer>> {
        let named = [("json", 1, true), ("msgpack", 2, false), ("cbor", 3, false)];
        let serializers = named.map(|(name, code, text)| Named { name, code: Some(code), text });
        serializers.into_iter().map(|named| Arc::new(named) as Arc<dyn Serializer>).collect()
    }
}

impl Serializer for Named {
    fn name(&self) -> &'static str {
        self.name
    }
    fn rawsocket_code(&self) -> Option<u8> {
        self.code
    }
    fn is_text(&self) -> bool {
        self.text
    }
    fn scan(&self, _frame: &Bytes, _max_depth: usize) -> Result<Scan, DecodeError> {
        Err(DecodeError::NotAList)
    }
    fn walk(&self, _run: &[u8], _count: usize, _into: &mut dyn Visitor) -> Result<(), Unrepresentable> {
        Err(Unrepresentable::new("only a name"))
    }
    fn writer<'a>(&self, _out: &'a mut Vec<u8>) -> Box<dyn RunWriter + 'a> {
        unreachable!("framings do not serialize")
    }
    fn encode(&self, _head: &[HeadItem<'_>], _payload: Run<'_>, _out: &mut Vec<u8>) {}
}

/// What an [`Echo`] saw.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    /// A connection, with the name of its serializer.
    Joined(&'static str, Arc<TransportInfo>),
    /// The peer answered a probe.
    Alive,
    /// The connection is about to be closed, in the words of its [`TransportError`].
    Left(String),
}

/// In the place of a router: sends every message back to where it came from.
///
/// The message `ping!` makes it send a probe instead, and `close!` makes it close with [`Close::GoingAway`].
#[derive(Clone, Debug)]
pub struct Echo {
    seen: mpsc::UnboundedSender<Seen>,
    open: Arc<watch::Sender<bool>>,
}

impl Echo {
    /// An echo, and what it sees.
    pub fn new() -> (Self, mpsc::UnboundedReceiver<Seen>) {
        let (seen, watching) = mpsc::unbounded_channel();
        (Echo { seen, open: Arc::new(watch::Sender::new(true)) }, watching)
    }

    /// Makes the accept loop stop.
    pub fn close(&self) {
        self.open.send_replace(false);
    }

    fn saw(&self, what: Seen) {
        // A test that does not look has dropped the receiver.
        let _ = self.seen.send(what);
    }

    async fn converse(&self, source: &mut dyn Source, sink: &mut dyn Sink) -> Result<Close, TransportError> {
        let mut batch = Vec::new();
        loop {
            poll_fn(|cx| source.poll_batch(cx, &mut batch)).await?;
            for inbound in batch.drain(..) {
                match inbound {
                    Inbound::Message(message) if &message[..] == b"ping!" => {
                        sink.ping();
                    }
                    Inbound::Message(message) if &message[..] == b"close!" => return Ok(Close::GoingAway),
                    Inbound::Message(payload) => {
                        sink.put(Outgoing { head: &[], payload: &payload, tail: &[] });
                    }
                    Inbound::Reply(frame) => sink.control(frame),
                    Inbound::Alive => self.saw(Seen::Alive),
                }
            }
            poll_fn(|cx| sink.poll_flush(cx)).await?;
        }
    }
}

impl Attach for Echo {
    async fn attach(&self, transport: Box<dyn Transport>) {
        self.saw(Seen::Joined(transport.serializer().name(), transport.info()));
        let (mut source, mut sink) = transport.split();
        let (why, words) = tokio::select! {
            () = self.closing() => (Close::GoingAway, "router closed".to_owned()),
            end = self.converse(&mut *source, &mut *sink) => match end {
                Ok(why) => (why, "asked to close".to_owned()),
                Err(error) => (closing_for(&error), error.to_string()),
            },
        };
        self.saw(Seen::Left(words));
        // As the router does: what the peer has not read in a second it will not read at all.
        let close = async {
            poll_fn(|cx| sink.poll_close(cx, why)).await;
            while poll_fn(|cx| source.poll_batch(cx, &mut Vec::new())).await.is_ok() {}
        };
        let _ = tokio::time::timeout(std::time::Duration::from_secs(1), close).await;
    }

    async fn closing(&self) {
        // The sender lives in `self`, so this ends for one reason only.
        let _ = self.open.subscribe().wait_for(|open| !open).await;
    }
}

fn closing_for(error: &TransportError) -> Close {
    match error {
        TransportError::Violation { close, .. } => *close,
        _ => Close::Normal,
    }
}
