//! What the benchmarks share: [null transports](null) and [messages](sample) of a given length.

#![allow(clippy::unwrap_used, reason = "a benchmark that can't go on fails")]

pub mod null;
pub mod sample;
