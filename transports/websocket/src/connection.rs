//! [`CompressedStream`]: a connection whose messages are compressed, as the router takes it.

use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use crossway_core::serializer::Serializer;
use crossway_core::transport::{Sink, Source, Transport, TransportInfo};
use crossway_framing::{FrameSource, Peer, Split};

use crate::extension::Agreement;
use crate::message_sink::MessageSink;
use crate::{Compression, WebSocketDecoder};

/// What [`Stream`](crossway_framing::Stream) is without compression.
pub(crate) struct CompressedStream<Io> {
    io: Io,
    /// What the handshake read beyond its own end.
    received: BytesMut,
    decoder: WebSocketDecoder,
    agreement: Agreement,
    serializer: Arc<dyn Serializer>,
    keepalive: Option<Duration>,
    info: Arc<TransportInfo>,
}

impl<Io: Split> CompressedStream<Io> {
    pub(crate) fn new(
        io: Io,
        received: BytesMut,
        decoder: WebSocketDecoder,
        (agreement, compression): (Agreement, &Compression),
        serializer: Arc<dyn Serializer>,
        peer: Peer,
    ) -> Self {
        let keepalive = peer.keepalive;
        let decoder = decoder.inflating(Arc::clone(&compression.counters));
        CompressedStream {
            io,
            received,
            decoder,
            agreement,
            serializer,
            keepalive,
            info: Arc::new(peer.into()),
        }
    }
}

impl<Io: Split> Transport for CompressedStream<Io> {
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
        (
            Box::new(FrameSource::new(reader, self.received, self.decoder)),
            Box::new(MessageSink::new(writer, self.serializer.is_text(), Some(self.agreement))),
        )
    }
}
