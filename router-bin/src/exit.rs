//! How the program ends.

use std::process::ExitCode;

/// A listener could not be opened, a file could not be written.
pub(crate) const FAILURE: u8 = 1;

/// The command line makes no sense (`EX_USAGE`).
pub(crate) const USAGE: u8 = 64;

/// The configuration has mistakes (`EX_CONFIG`).
pub(crate) const CONFIG: u8 = 78;

/// Says why on standard error and answers the exit code.
pub(crate) fn with(code: u8, why: &str) -> ExitCode {
    eprintln!("{}", why.trim_end());
    ExitCode::from(code)
}
