//! An asynchronous WAMP client over any Crossway transport.
//!
//! ```
//! # use std::sync::Arc;
//! # use crossway_anonymous::Anonymous;
//! # use crossway_core::{RealmConfig, Router};
//! use crossway_client::{Invocation, Reply, Session, connect_in_process};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let realm = RealmConfig::new("realm1").authenticator(Arc::new(Anonymous::default()));
//! # let router = Router::builder().realm(realm).build()?;
//! let transport = connect_in_process(&router, Arc::new(crossway_json::Json));
//! let session = Session::join(transport, "realm1").await?;
//!
//! let _sum = session
//!     .register("com.example.sum", async |call: Invocation| {
//!         let sum: u64 = call.args.iter().filter_map(|arg| arg.as_uint()).sum();
//!         Ok(Reply::new().arg(sum))
//!     })
//!     .await?;
//! let result = session.call("com.example.sum").arg(20).arg(22).await?;
//! assert_eq!(result.args[0].as_uint(), Some(42));
//!
//! let mut news = session.subscribe("com.example.news").await?;
//! session.publish("com.example.news").arg("hello").exclude_me(false).await?;
//! assert_eq!(news.next().await.expect("an event").args[0].as_text(), Some("hello"));
//! session.leave().await?;
//! # Ok(()) }
//! ```
//!
//! # Two halves
//!
//! ```text
//!   Session (handle; cheap to clone) ── commands, bounded ──> Actor (one task) <──> Transport
//!   Subscription <──── events, bounded ────────────────────────┤
//!   handler tasks <─── invocations, bounded ───────────────────┘
//! ```
//!
//! Law: no queue is unbounded. Commands wait for the transport; events that find the queue of their subscription full are
//! lost and counted; invocations beyond [`Login::max_invocations`] are answered with `wamp.error.unavailable`. The actor
//! never stops reading, so a program may call from within what it does with an event.
//!
//! What is dropped is undone: a [`Subscription`] unsubscribes, a [`Registration`] unregisters, a call that is no longer
//! awaited is canceled, and when the last handle of a session is dropped, it leaves.

mod actor;
mod call;
mod error;
mod in_process;
mod login;
mod payload;
mod publish;
mod registration;
mod session;
mod subscription;

pub use call::{Call, CallResult};
pub use error::{CallError, Ended, Error, JoinError};
pub use in_process::connect_in_process;
pub use login::Login;
pub use publish::{AcknowledgedPublish, Publish};
pub use registration::{Invocation, Register, Registration, Reply};
pub use session::Session;
pub use subscription::{Event, Subscribe, Subscription};
