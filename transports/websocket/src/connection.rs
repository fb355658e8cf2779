//! [`Connection`]: a connection with batches, compression or both, as the router takes it.

use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use crossway_core::serializer::Serializer;
use crossway_core::transport::{Sink, Source, Transport, TransportInfo};
use crossway_framing::{BatchSource, Batching, FrameSource, Peer, Separator, Split, Subprotocol};

use crate::WebSocketDecoder;
use crate::batch_sink::BatchSink;
use crate::extension::Agreement;
use crate::message_sink::MessageSink;

/// What [`Stream`](crossway_framing::Stream) is without either.
pub(crate) struct Connection<Io> {
    io: Io,
    /// What the handshake read beyond its own end.
    received: BytesMut,
    decoder: WebSocketDecoder,
    agreement: Option<Agreement>,
    serializer: Arc<dyn Serializer>,
    /// How messages are told apart, and how long each may be.
    batches: Option<(Batching, usize)>,
    keepalive: Option<Duration>,
    info: Arc<TransportInfo>,
}

impl<Io: Split> Connection<Io> {
    /// `max_message` is the limit of each message of a batch; the decoder has that of the whole.
    pub(crate) fn new(
        (io, received): (Io, BytesMut),
        decoder: WebSocketDecoder,
        agreement: Option<Agreement>,
        subprotocol: Subprotocol,
        max_message: usize,
        peer: Peer,
    ) -> Self {
        let Subprotocol { serializer, batching } = subprotocol;
        Connection {
            io,
            received,
            decoder,
            agreement,
            serializer,
            batches: batching.map(|batching| (batching, max_message)),
            keepalive: peer.keepalive,
            info: Arc::new(peer.into()),
        }
    }
}

impl<Io: Split> Transport for Connection<Io> {
    fn serializer(&self) -> Arc<dyn Serializer> {
        Arc::clone(&self.serializer)
    }

    fn info(&self) -> Arc<TransportInfo> {
        Arc::clone(&self.info)
    }

    fn keepalive(&self) -> Option<Duration> {
        self.keepalive
    }

    fn split(self: Box<Self>) -> (Box<dyn Source>, Box<dyn Sink>) {
        let (reader, writer) = self.io.into_halves();
        let source = FrameSource::new(reader, self.received, self.decoder);
        match self.batches {
            None => {
                let sink = MessageSink::new(writer, self.serializer.is_text(), self.agreement);
                (Box::new(source), Box::new(sink))
            }
            Some((batching, max_message)) => {
                let separator = Separator::default();
                let sink = BatchSink::new(writer, batching, separator.clone(), self.agreement);
                (Box::new(BatchSource::new(source, batching, separator, max_message)), Box::new(sink))
            }
        }
    }
}
