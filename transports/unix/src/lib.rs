//! The Unix domain socket carrier.
//!
//! Law: at most one router listens at a path, a path left over from a killed one is taken over, and nothing is ever
//! removed that is not a socket of ours:
//!
//! ```text
//!   lock `path.lock` ── held by another ─────────────────────────> in use
//!         │ ours until we end, however we end
//!   what is at `path`? ── nothing ──────────────────────┐
//!         │ a socket                └─ something else ──┼──────────> not a socket, left alone
//!   does it answer? ── no: stale, removed ──────────────┤
//!         │ yes                                         v
//!         └──> in use                            bind, set mode, listen
//! ```

mod claim;
mod listener;

pub use claim::BindError;
pub use listener::{UnixListener, UnixOptions};
