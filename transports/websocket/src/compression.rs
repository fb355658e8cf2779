//! What a listener is told about compression, and what it tells.

use std::sync::Arc;

use crossway_core::limits::Counter;

/// permessage-deflate (RFC 7692), for clients that offer it.
///
/// It trades processor time for bandwidth: compressing 256 octets of JSON takes some 2.5 µs and halves them, which is more
/// than all the rest of routing them costs one receiver. An event is compressed once for all its receivers: with a hundred,
/// it costs nothing, since fewer octets have to be written. Messages of less than 256
/// octets, and those that get no shorter, are sent as they are.
///
/// Secrets and text that an attacker chooses should not stand in one message: over TLS its length would tell whether they
/// resemble each other.
#[derive(Clone, Debug, Default)]
pub struct Compression {
    /// What was wrong so far. Keep a clone to read it.
    pub counters: Arc<CompressionCounters>,
}

/// Compressed messages of clients that were refused at a listener, and the connection with them.
#[derive(Debug, Default)]
pub struct CompressionCounters {
    /// They would have been longer than `max_message`.
    pub inflated_too_long: Counter,
    /// They could not be decompressed.
    pub corrupt: Counter,
}
