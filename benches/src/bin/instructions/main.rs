//! Work whose instructions `cargo xtask instructions` counts.
//!
//!     instructions                 every case, and how often it has to run for a figure that is steady
//!     instructions CASE COUNT      runs one case so many times
//!
//! Law: the work of a run is `start + COUNT * operation`, on one thread, and no operation is dearer than the one before.
//! So the difference of two runs tells what an operation takes, and nobody has to know where the start ends.

#![allow(clippy::unwrap_used, reason = "a benchmark that can't go on fails")]
#![allow(clippy::print_stdout, reason = "a program for another program")]

mod formats;
mod frames;
mod routing;

use std::process::ExitCode;

/// Something to count.
struct Case {
    /// Unique; the key in the table of figures.
    name: &'static str,
    /// Operations that take some million instructions together: chance in the start is less than a thousandth of that.
    count: usize,
    /// Does so many operations.
    run: fn(usize),
}

/// Messages that the router finds in one read.
const BATCH: usize = 64;

fn cases() -> impl Iterator<Item = Case> {
    routing::CASES.into_iter().chain(frames::CASES).chain(formats::CASES)
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let known = |name: &str| cases().find(|case| case.name == name);
    match &arguments[..] {
        [] => {
            cases().for_each(|case| println!("{} {}", case.name, case.count));
            ExitCode::SUCCESS
        }
        [name, count] if let (Some(case), Ok(count)) = (known(name), count.parse()) => {
            (case.run)(count);
            ExitCode::SUCCESS
        }
        _ => {
            eprintln!("usage: instructions [CASE COUNT]");
            ExitCode::from(64)
        }
    }
}
