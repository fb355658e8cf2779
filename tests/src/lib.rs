//! The harness for tests through public doors: a router with real listeners, and raw clients that share no code with it.
//!
//! ```text
//!   Peer ── Format ── Wire ─────────────────────────> TestRouter
//!   │       json      memory   ws   wss               a crossway_core::Router with one listener per carrier,
//!   │       msgpack   tcp      tls  unix              opened when the first peer comes
//!   │       cbor      batched
//!   └─ send, expect: messages as serde_json values, whatever the format
//! ```
//!
//! Law: no test sleeps. What has to come is waited for under a watchdog, and what must not come is proved absent by
//! something that would have come later ([`Peer::expect_silence`]).
//!
//! | module       | subject                                                        |
//! |--------------|----------------------------------------------------------------|
//! | [`link`]     | the carriers and formats, and the ways to combine them         |
//! | [`mod@format`] | neutral values, spelt by serde_json, rmpv and ciborium         |
//! | [`batch`]    | several messages in one, put together by hand                  |
//! | [`mod@http`]   | HTTP requests, spelt by hand                                   |
//! | [`wire`]     | frames over each carrier, cut by hand or by tungstenite        |
//! | [`router`]   | the router under test                                          |
//! | [`peer`]     | a client that says exactly what a test tells it to             |
//! | [`pattern`]  | what a test expects                                            |
//! | [`random`]   | chance that can be repeated                                    |
//! | [`run`]      | a behaviour over all links, and the check that nothing is left |

pub mod batch;
pub mod format;
pub mod http;
pub mod link;
pub mod pattern;
pub mod peer;
pub mod random;
pub mod router;
pub mod run;
pub mod tls;
pub mod wire;

pub use bystander::Bystander;
pub use format::{Format, binary};
pub use link::{Carrier, Link};
pub use peer::Peer;
pub use random::Random;
pub use router::{Plan, TestRouter, trusting};
pub use run::{between, between_with, everywhere, everywhere_with, on, on_memory, on_threads};

mod bystander;
