//! The dealer without sockets, threads and clocks of its own: what happens to a call in every order.
//!
//! | file       | subject                                                                   |
//! |------------|---------------------------------------------------------------------------|
//! | [`bench`]  | a dealer with a few sessions, whose messages are kept                     |
//! | [`events`] | what may happen, and what is heard of it                                  |
//! | [`state`]  | what the dealer's tables say                                              |
//! | [`oracle`] | what has to happen, with lists and loops                                  |
//! | [`orders`] | every order of the events of a call, one after the other                  |
//! | [`bugs`]   | what has gone wrong once                                                  |

mod bench;
mod bugs;
mod events;
mod oracle;
mod orders;
mod state;
