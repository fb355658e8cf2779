//! Load for WAMP routers: calls, events and joins over real sockets, each of them checked, and beside them a forwarder
//! that only copies octets, as the limit of the machine.
//!
//! ```text
//!   options ──> modes: rpc  pubsub  connect  guess   forward: a program of its own
//!                  │ messages from templates, checked answers
//!                  v
//!               drive: warm up, measure, drain ──> report ──> JSON, text
//!                  │
//!                  v
//!               engine: one thread, one epoll ──> link ──> framing, socket, TLS
//! ```
//!
//! It shares no code with the router: what judges must not make the same mistakes. It is as cheap as a client can be, so
//! that the figures are the router's: octets are prepared once, nothing is allocated for a message, and whatever one
//! read brought is answered in one write.

mod baseline;
mod clock;
mod connect;
mod drive;
mod engine;
mod error;
mod format;
mod forward;
mod framing;
mod guess;
mod histogram;
mod inbox;
mod link;
mod opening;
mod options;
mod outbox;
mod pace;
mod process;
mod progress;
mod pubsub;
mod report;
mod rpc;
mod run;
mod socket;
mod timer;
mod tls;
mod url;
mod wamp;

pub use error::Error;
pub use format::Format;
pub use forward::Forwarder;
pub use options::{
    Bench, Bounds, ConnectOptions, ForwardOptions, GuessOptions, Output, PubsubOptions, RpcOptions, Target,
};
pub use progress::Progress;
pub use pubsub::PubsubChecks;
pub use report::text::Style;
pub use report::{Checks, Comparison, Cpu, Latency, Memory, Report, RouterUsage};
pub use rpc::RpcChecks;
pub use run::{Outcome, connect, guess, pubsub, rpc};
pub use url::Url;
