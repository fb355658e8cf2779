//! The routing core of Crossway, a WAMP router framework.
//!
//! Core opens no socket, knows no format and no way of logging in. It is written against three traits, and people build
//! routers by choosing, or writing, what implements them:
//!
//! | trait                                        | decides                        |
//! |----------------------------------------------|--------------------------------|
//! | [`transport::Transport`]                     | how messages arrive and leave  |
//! | [`serializer::Serializer`]                   | how messages are spelt         |
//! | [`auth::Authenticator`]                      | who may join                   |
//!
//! Two more are for those who want other permissions than rules ([`authorization::Authorizer`]), or to keep events longer
//! than memory does ([`history::EventStore`]).
//!
//! # The data path
//!
//! ```text
//!   bytes ─> Source ─> frame ─> Serializer::scan ─> Message: typed head + raw payload
//!                                                        │
//!                  sender's task,            session::dispatch ── realm ── broker | dealer
//!                  one turn per batch                    │                      │ lookup in a snapshot
//!                                                        │                      v
//!   bytes <─ Sink::poll_flush <─ outbox of the receiver <┴── new head + the same payload bytes
//! ```
//!
//! Routing runs on the sender's own task from the first byte to the receiver's socket: there is no realm actor, no queue
//! between tasks, and no lock but those of the receivers' outboxes. A receiver's own task is woken only when its peer
//! reads slower than others write.
//!
//! A module uses those above it only:
//!
//! | module                                     | room for                                            |
//! |--------------------------------------------|-----------------------------------------------------|
//! | [`value`], [`id`], [`uri`], [`time`], [`error`] | the words of the protocol                      |
//! | [`Secret`]                                 | text that is wiped and not shown                    |
//! | [`Seldom`]                                 | lines in the log that others can provoke            |
//! | [`limits`]                                 | every limit, its default and its counter            |
//! | [`caller`]                                 | calls that the router makes itself                  |
//! | [`transport`], [`serializer`], [`auth`]    | what plug-in authors implement                      |
//! | [`message`]                                | the 25 messages                                     |
//! | [`pattern`]                                | prefixes and wildcards: what matches, what wins     |
//! | [`policy`]                                 | what an operator says of topics and procedures      |
//! | [`authorization`]                          | who may do what; a trait for plug-ins, and rules    |
//! | [`history`]                                | where events are kept; a trait for plug-ins         |
//! | `gate`                                     | limits against guessing and floods of logins        |
//! | `session`                                  | outboxes, turns, and the states of a connection     |
//! | `broker`, `dealer`                         | routing; they know neither each other nor the clock |
//! | `realm`, `router`                          | what binds them together                            |

pub mod auth;
pub mod authorization;
mod broker;
pub mod caller;
mod dealer;
pub mod error;
mod gate;
pub mod history;
pub mod id;
pub mod limits;
pub mod message;
pub mod pattern;
pub mod policy;
mod realm;
mod rendezvous;
mod router;
mod secret;
mod seldom;
pub mod serializer;
mod session;
pub mod time;
pub mod transport;
pub mod uri;
pub mod value;
mod witness;

pub use id::Id;
pub use limits::{Limits, Protocol};
pub use realm::{MetaApi, RealmConfig};
pub use router::{BuildError, Builder, Router};
pub use secret::Secret;
pub use seldom::Seldom;
pub use value::{Dict, Value};
