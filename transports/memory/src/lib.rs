//! Messages between tasks of one process: a [`Transport`] without a byte stream.
//!
//! In-process sessions run over it, and it is the template for transports that carry whole messages by themselves.
//!
//! ```text
//!   one end                                     the other end
//!   Sink ── put ──> waiting ── poll_flush ──> [ lane ] ── poll_batch ──> Source
//!   Source <─────────────────────────────────── [ lane ] <───────────────── Sink
//! ```
//!
//! Law: a lane is bounded in bytes, as a socket is. A reader that stops makes the sink `Pending`, and the router's
//! limits for slow receivers apply.

mod lane;

use std::sync::Arc;

use crossway_core::serializer::Serializer;
use crossway_core::transport::{Sink, Source, Transport, TransportInfo};
use lane::{Lane, LaneSink, LaneSource};

/// How two ends are connected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemoryOptions {
    /// Bytes that wait between the two ends before a sink has to wait. Default 256 KiB.
    pub capacity: usize,
    /// The longest message that either end accepts, in bytes. Default 16 MiB.
    pub max_message: usize,
}

impl Default for MemoryOptions {
    fn default() -> Self {
        MemoryOptions { capacity: 256 << 10, max_message: 16 << 20 }
    }
}

/// One end of a connection inside the process.
#[derive(Debug)]
pub struct MemoryTransport {
    serializer: Arc<dyn Serializer>,
    source: LaneSource,
    sink: LaneSink,
}

/// Two connected ends: one for [`Router::attach`](crossway_core::Router::attach), one for the client. Both speak
/// `serializer`.
pub fn pair(serializer: Arc<dyn Serializer>, options: &MemoryOptions) -> (MemoryTransport, MemoryTransport) {
    let (there, back) = (Lane::new(options.capacity), Lane::new(options.capacity));
    let end = |from: &Arc<Lane>, to: &Arc<Lane>| MemoryTransport {
        serializer: Arc::clone(&serializer),
        source: LaneSource::new(Arc::clone(from)),
        sink: LaneSink::new(Arc::clone(to), options.max_message),
    };
    (end(&back, &there), end(&there, &back))
}

impl Transport for MemoryTransport {
    fn serializer(&self) -> Arc<dyn Serializer> {
        Arc::clone(&self.serializer)
    }

    fn info(&self) -> Arc<TransportInfo> {
        Arc::new(TransportInfo {
            transport: "memory".to_owned(),
            secure: true,
            local: true,
            ..TransportInfo::default()
        })
    }

    fn split(self: Box<Self>) -> (Box<dyn Source>, Box<dyn Sink>) {
        (Box::new(self.source), Box::new(self.sink))
    }
}
