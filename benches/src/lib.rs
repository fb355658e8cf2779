//! What the benchmarks share: [null transports](null), [messages](sample) of a given length, and [permissions] by the
//! thousand.

#![allow(clippy::unwrap_used, reason = "a benchmark that can't go on fails")]

pub mod null;
pub mod permissions;
pub mod sample;
