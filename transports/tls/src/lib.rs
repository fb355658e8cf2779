//! TLS over any carrier.
