//! WAMP over HTTP long-polling, over any carrier.
//!
//! A client without WebSocket opens a transport with one request, sends its messages in others, and fetches those of the
//! router in yet others, which are held until there is something to fetch:
//!
//! ```text
//!   POST <path>/open           {"protocols": ["wamp.2.json"]}   ─> 200 {"protocol": "wamp.2.json", "transport": <id>}
//!   POST <path>/<id>/send      a message, or a batch            ─> 202
//!   POST <path>/<id>/receive                                    ─> 200 a message, or a batch of all that wait
//!                                                                  204 nothing has come for a while: ask again
//!   POST <path>/<id>/close                                      ─> 202
//! ```
//!
//! Requests come through any number of connections, which therefore are conversations and not transports:
//!
//! ```text
//!   connection ─┐                        ┌─ Mailbox <─ Source, Sink ── session
//!   connection ─┼─ request ─> Mailboxes ─┤
//!   connection ─┘             by id      └─ Mailbox <─ Source, Sink ── session
//! ```
//!
//! Law: a message leaves its mailbox when the system has taken the whole response with it, not before. What a connection that
//! breaks has taken with it by then is lost, since nothing in the protocol acknowledges a message; everything else is
//! fetched by the next request, in order.
//!
//! HTTP itself is hyper's. What bodies may be is ours: bounded by `max_message` and `max_batch`, and by the time that a request
//! may take.

mod conversation;
mod delivery;
mod io;
mod mailbox;
mod mailboxes;
mod open;
mod options;
mod path;
mod response;
mod service;
mod transport;

pub use conversation::LongPoll;
pub use options::{LongPollCounters, LongPollOptions};
