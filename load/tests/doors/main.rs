//! Loads against real sockets: a router in this process, a forwarder, and a peer that lies.

#![allow(clippy::unwrap_used, reason = "in a test a surprise is a failure")]

mod harness;
mod liar;
mod modes;
mod refusals;
mod reports;
