//! The routing core of Crossway, a WAMP router framework.

pub mod auth;
pub mod serializer;
pub mod transport;
pub mod uri;
pub mod value;

pub use value::{Dict, Value};

/// The router (under construction).
#[derive(Clone, Debug)]
pub struct Router;

impl Router {
    /// Serves one connection until it ends. Call it in a task of the connection's own.
    pub async fn attach(&self, transport: Box<dyn transport::Transport>) {
        let _ = transport;
    }

    /// Waits until the router begins to shut down; listeners stop accepting then.
    pub async fn closing(&self) {}
}
