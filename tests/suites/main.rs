//! Behaviour through public doors. Each test says with `// covers:` which rules it shows; `docs/conformance.md` is made
//! from that.

#![allow(clippy::print_stderr, reason = "tests that are skipped say so")]

mod arrows;
mod auth;
mod auth_scram;
mod auth_users;
mod auth_wampcra;
mod authorization;
mod bad_input;
mod batches;
mod callers;
mod cancel;
mod concurrency;
mod conformance;
mod cryptosign;
mod dynamic;
mod features;
mod history;
mod hook;
mod ids;
mod keepalive;
mod kill;
mod limits;
mod longpoll;
mod messages;
mod meta_registrations;
mod meta_sessions;
mod meta_storm;
mod meta_subscriptions;
mod ordering;
mod passthru;
mod patterns;
mod payloads;
mod port;
mod progress;
mod progressive_calls;
mod pubsub;
mod reflection;
mod registrations;
mod reroute;
mod retention;
mod revocation;
mod rpc;
mod sessions;
mod sharding;
mod shards;
mod shared;
mod storm;
mod subscription_revocation;
mod testaments;
mod timeouts;
mod trust;
mod uris;
mod users;
mod vectors;
