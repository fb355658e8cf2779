//! What a listener is told about compression, and what it tells.

use std::sync::Arc;

use crossway_core::limits::Counter;

/// permessage-deflate (RFC 7692), for clients that offer it.
///
/// It trades processor time for bandwidth: compressing 256 octets of JSON takes some 2.5 µs and halves them, which is more
/// than all the rest of routing them costs. An event is compressed once for all its receivers.
///
/// Secrets and text that an attacker chooses should not stand in one message: over TLS its length would tell whether they
/// resemble each other.
#[derive(Clone, Debug)]
pub struct Compression {
    /// Shorter messages are sent as they are, in octets. 256: below, little is saved, and the time is the same.
    pub min_length: usize,
    /// What happened so far. Keep a clone to read it.
    pub counters: Arc<CompressionCounters>,
}

impl Default for Compression {
    fn default() -> Self {
        Compression { min_length: 256, counters: Arc::default() }
    }
}

/// What happened to compressed messages at a listener.
#[derive(Debug, Default)]
pub struct CompressionCounters {
    /// Messages that were compressed, each counted once however many receivers it had.
    pub compressed: Counter,
    /// Of those, sent as they were, since compressing made them no shorter.
    pub incompressible: Counter,
    /// Messages of clients that would have been longer than `max_message`.
    pub inflated_too_long: Counter,
    /// Messages of clients that could not be decompressed.
    pub corrupt: Counter,
}
