//! [`Stream`]: a framed connection as the router takes it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use crossway_core::serializer::Serializer;
use crossway_core::transport::{Sink, Source, Transport, TransportInfo};

use crate::{Decoder, Encoder, FrameSink, FrameSource, Peer, Split};

/// A byte stream, a framing and what their handshake agreed upon.
pub struct Stream<Io, D, E> {
    io: Io,
    received: BytesMut,
    decoder: D,
    encoder: E,
    serializer: Arc<dyn Serializer>,
    info: Arc<TransportInfo>,
    keepalive: Option<Duration>,
}

impl<Io: Split, D: Decoder, E: Encoder> Stream<Io, D, E> {
    /// A connection after its handshake. `received` is what the handshake read beyond its own end.
    pub fn new(
        io: Io,
        received: BytesMut,
        framing: (D, E),
        serializer: Arc<dyn Serializer>,
        peer: Peer,
    ) -> Self {
        let (decoder, encoder) = framing;
        let keepalive = peer.keepalive;
        Stream { io, received, decoder, encoder, serializer, info: Arc::new(peer.into()), keepalive }
    }
}

impl<Io: Split, D: Decoder, E: Encoder> Transport for Stream<Io, D, E> {
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
            Box::new(FrameSink::new(writer, self.encoder)),
        )
    }
}

impl<Io, D, E> fmt::Debug for Stream<Io, D, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream")
            .field("serializer", &self.serializer)
            .field("info", &format_args!("{}", self.info))
            .finish_non_exhaustive()
    }
}
