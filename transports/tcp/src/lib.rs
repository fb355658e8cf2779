//! The TCP carrier.
