//! The dealer without sockets, threads and clocks of its own: what happens to a call in every order.
//!
//! | file       | subject                                                                   |
//! |------------|---------------------------------------------------------------------------|
//! | [`bench`]  | a dealer with a few sessions, whose messages are kept                     |
//! | [`events`] | what may happen, and what is heard of it                                  |
//! | [`bugs`]   | what has gone wrong once                                                  |

mod bench;
mod bugs;
mod events;
