//! How often silent peers are probed: the listener's word, given to every transport that comes through it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use crossway_core::serializer::Serializer;
use crossway_core::transport::{Sink, Source, Transport, TransportInfo};
use crossway_framing::{Arrival, Handshake, HandshakeError, Split};

/// A handshake whose transports are probed.
pub(super) struct KeepAlive<Io> {
    inner: Arc<dyn Handshake<Io>>,
    interval: Option<Duration>,
}

impl<Io: Split> KeepAlive<Io> {
    pub(super) fn new(inner: Arc<dyn Handshake<Io>>, interval: Option<Duration>) -> Self {
        KeepAlive { inner, interval }
    }
}

#[async_trait]
impl<Io: Split> Handshake<Io> for KeepAlive<Io> {
    async fn accept(&self, arrival: Arrival<Io>) -> Result<Box<dyn Transport>, HandshakeError> {
        let inner = self.inner.accept(arrival).await?;
        Ok(Box::new(Probed { inner, interval: self.interval }))
    }
}

struct Probed {
    inner: Box<dyn Transport>,
    interval: Option<Duration>,
}

impl Transport for Probed {
    fn serializer(&self) -> Arc<dyn Serializer> {
        self.inner.serializer()
    }

    fn info(&self) -> Arc<TransportInfo> {
        self.inner.info()
    }

    fn keepalive(&self) -> Option<Duration> {
        self.interval
    }

    fn split(self: Box<Self>) -> (Box<dyn Source>, Box<dyn Sink>) {
        self.inner.split()
    }
}
