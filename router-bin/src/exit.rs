//! How the program ends.

use std::io::Write;
use std::process::ExitCode;

/// A listener could not be opened, a file could not be written; what `crossway explain` was asked about is denied.
pub(crate) const FAILURE: u8 = 1;

/// `crossway explain`: nobody knows before a procedure is asked.
pub(crate) const UNKNOWN: u8 = 2;

/// The command line makes no sense (`EX_USAGE`).
pub(crate) const USAGE: u8 = 64;

/// The configuration has mistakes (`EX_CONFIG`).
pub(crate) const CONFIG: u8 = 78;

/// Says `text` on standard output and ends well; a reader that has seen enough (`| head`) is no failure.
pub(crate) fn saying(text: &str) -> ExitCode {
    let _ = std::io::stdout().write_all(text.as_bytes());
    ExitCode::SUCCESS
}

/// Says why on standard error and answers the exit code.
pub(crate) fn with(code: u8, why: &str) -> ExitCode {
    eprintln!("{}", why.trim_end());
    ExitCode::from(code)
}
