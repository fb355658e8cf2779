//! Where connections come from: the [`Listener`] trait, and [`Patience`] for those who implement it.

use std::future::Future;
use std::io;
use std::time::Duration;

use tokio::time::Instant;

use crate::{Peer, Split};

/// A source of connections: a carrier's listening end.
pub trait Listener: Send + 'static {
    /// Its connections.
    type Io: Split;

    /// Waits for the next connection.
    ///
    /// Can't fail: what goes wrong with one connection concerns nobody else, and when the system has no more file
    /// descriptors, waiting is all there is to do. That belongs here, where the errors are understood; [`Patience`]
    /// does it. Cancel safe: a dropped call has accepted nothing.
    fn accept(&mut self) -> impl Future<Output = (Self::Io, Peer)> + Send;

    /// Where it listens, for people: `tcp://127.0.0.1:8080`.
    fn address(&self) -> String;
}

const FIRST_DELAY: Duration = Duration::from_millis(50);
const LAST_DELAY: Duration = Duration::from_secs(1);
/// An episode is over when accepting has worked for this long. A process at its limit accepts a connection whenever
/// another one closes, and every one of those would be the end of an episode otherwise.
const CALM: Duration = Duration::from_secs(10);

/// Accepts until it works.
///
/// ```text
///          error of one connection: at once
///           ┌────┐
///           v    │                 out of descriptors, memory, ...: after 50 ms, 100 ms, ... 1 s
///   ────> accept ┴─────────────────────────────────────────────────> waiting ──> accept again
///           │                      the first of an episode is logged
///           v
///      a connection; after 10 s without an error the episode is over
/// ```
#[derive(Debug)]
pub struct Patience {
    address: String,
    /// How long it waited last, since it accepted something.
    delay: Option<Duration>,
    /// The last error of the episode.
    troubled: Option<Instant>,
}

impl Patience {
    /// `address` is what the log calls the listener.
    pub fn new(address: impl Into<String>) -> Self {
        Patience { address: address.into(), delay: None, troubled: None }
    }

    /// Calls `accept` until it succeeds. As cancel safe as `accept` is.
    pub async fn accept<T, F>(&mut self, mut accept: impl FnMut() -> F) -> T
    where
        F: Future<Output = io::Result<T>>,
    {
        loop {
            match accept().await {
                Ok(connection) => {
                    self.recovered();
                    return connection;
                }
                Err(error) if concerns_one_connection(&error) => {
                    tracing::debug!(listener = %self.address, %error, "connection lost before it was accepted");
                    // A queue full of those must not hold the thread.
                    tokio::task::yield_now().await;
                }
                Err(error) => tokio::time::sleep(self.next_delay(&error)).await,
            }
        }
    }

    fn next_delay(&mut self, error: &io::Error) -> Duration {
        if self.troubled.replace(Instant::now()).is_none() {
            tracing::warn!(listener = %self.address, %error, "can't accept connections; trying again");
        }
        let delay = self.delay.map_or(FIRST_DELAY, |last| (last * 2).min(LAST_DELAY));
        self.delay = Some(delay);
        delay
    }

    fn recovered(&mut self) {
        self.delay = None;
        if self.troubled.is_some_and(|error| error.elapsed() >= CALM) {
            self.troubled = None;
            tracing::info!(listener = %self.address, "accepting connections again");
        }
    }
}

/// Errors that accept(2) reports although they belong to a connection that came and went.
fn concerns_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind as Kind;
    matches!(
        error.kind(),
        Kind::ConnectionAborted
            | Kind::ConnectionReset
            | Kind::ConnectionRefused
            | Kind::BrokenPipe
            | Kind::Interrupted
            | Kind::TimedOut
            | Kind::NotConnected
            | Kind::HostUnreachable
            | Kind::NetworkUnreachable
            | Kind::PermissionDenied
    )
}

#[cfg(test)]
mod tests;
