//! The TCP carrier.

mod listener;

pub use listener::{BindError, TcpListener, TcpOptions};
