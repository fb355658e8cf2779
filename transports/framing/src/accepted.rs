//! What comes of a handshake: [`Accepted`].

use std::fmt;

use async_trait::async_trait;
use crossway_core::transport::Transport;
use tokio::sync::{mpsc, watch};

/// What a connection became.
pub enum Accepted {
    /// A transport. The connection lives as long as it.
    Transport(Box<dyn Transport>),
    /// A conversation: the connection carries no transport of its own, but has to do with any number of them.
    Conversation(Box<dyn Conversation>),
}

impl Accepted {
    /// A connection that became a transport, as most do.
    pub fn transport(transport: impl Transport) -> Self {
        Accepted::Transport(Box::new(transport))
    }

    /// A connection that carries requests.
    pub fn conversation(conversation: impl Conversation) -> Self {
        Accepted::Conversation(Box::new(conversation))
    }
}

impl fmt::Debug for Accepted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Accepted::Transport(_) => "Accepted::Transport",
            Accepted::Conversation(_) => "Accepted::Conversation",
        })
    }
}

/// A connection whose transports are not its own: HTTP, where the requests of one transport come through several
/// connections, and those of several transports through one.
#[async_trait]
pub trait Conversation: Send + 'static {
    /// Talks until the connection ends. Called once, in the connection's own task, after the time for the handshake: what the
    /// peer may take from now on is the conversation's to bound. It counts as a connection all the while.
    ///
    /// When the router [closes](Host::closing), it has to come to an end: at once, or when the transports that it serves
    /// have ended, which they do within the router's own times.
    async fn run(self: Box<Self>, host: Host);
}

/// The way from a [`Conversation`] to the router.
#[derive(Clone, Debug)]
pub struct Host {
    transports: mpsc::Sender<Box<dyn Transport>>,
    closing: watch::Receiver<bool>,
}

/// Transports that wait for the accept loop to take them. It does so at once, so this need not be many.
const WAITING: usize = 64;

impl Host {
    /// A host, the transports that it is given, and what closes it.
    pub(crate) fn new() -> (Self, mpsc::Receiver<Box<dyn Transport>>, watch::Sender<bool>) {
        let (transports, given) = mpsc::channel(WAITING);
        let (close, closing) = watch::channel(false);
        (Host { transports, closing }, given, close)
    }

    /// Hands a transport to the router, which serves it in a task of its own until it ends. Answers `false`, and drops it, if
    /// the router is closing.
    pub async fn attach(&self, transport: Box<dyn Transport>) -> bool {
        self.transports.send(transport).await.is_ok()
    }

    /// Waits until the router wants no more connections.
    pub async fn closing(&self) {
        // An error means that nobody is left who could say it.
        let _ = self.closing.clone().wait_for(|closing| *closing).await;
    }
}
