//! What every byte-stream transport shares: carriers, framings, buffers and the accept loop.
//!
//! A transport is a *framing* over a *carrier*, and the two never see each other:
//!
//! ```text
//!   carrier            serve                    handshake                     core
//!   Listener ─ Io ──>  cap, timeout,  ─Arrival─> tls ─> port ─> rawsocket  ──> Transport ──> Router::attach
//!   tcp  unix          counters                     │           websocket           ^
//!                                                 └─> longpoll ──> Conversation ──┘ any number
//!                                                               │
//!                             Stream<Io, Decoder, Encoder>  <───┘
//!                              ├─ FrameSource: one read, many messages
//!                              └─ FrameSink:   many messages, one write
//! ```
//!
//! * A carrier implements [`Listener`]; its connections implement [`Split`].
//! * A framing implements [`Handshake`] for any [`Split`], and hands a [`Stream`] with its [`Decoder`] and [`Encoder`]
//!   to the router.
//! * [`serve()`] runs a listener and a handshake against a router.
//!
//! Law: a connection costs memory for what it has sent and not yet completed, and for what it was sent and has not yet
//! read; an idle one holds no buffer. Lengths that a peer announces are never allocated before their octets arrive.

mod accepted;
mod allowed;
mod batch;
mod batch_source;
mod codec;
mod handshake;
mod listener;
mod origin;
mod peer;
mod pool;
mod queue;
mod serve;
mod sink;
mod source;
mod split;
mod stream;
mod subprotocol;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub use accepted::{Accepted, Conversation, Host};
pub use allowed::Allowed;
pub use batch::{Batching, Separator};
pub use batch_source::BatchSource;
pub use codec::{Decoder, Encoder, Step};
pub use handshake::{Arrival, Handshake, HandshakeError, reject};
pub use listener::{Listener, Patience};
pub use origin::origin_allowed;
pub use peer::Peer;
pub use serve::{Attach, ListenerCounters, ServeOptions, serve};
pub use sink::FrameSink;
pub use source::FrameSource;
pub use split::{Locked, Split};
pub use stream::Stream;
pub use subprotocol::Subprotocol;
