//! The users file: what is in it ([`read`]), and noticing when it changes ([`Watched`]).

mod read;
mod watch;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use read::read;
pub(crate) use watch::Watched;

/// Which file, and how it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileOptions {
    /// Where it is.
    pub path: PathBuf,
    /// How long a look at it is good for: who logs in later has it looked at again.
    pub interval: Duration,
    /// The longest file that is read, in bytes.
    pub max_bytes: u64,
}

impl FileOptions {
    /// One look each second, and 16 MiB.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        FileOptions { path: path.into(), interval: Duration::from_secs(1), max_bytes: 16 << 20 }
    }
}

/// Why there are no users to be had from a file. Names the place, and shows nothing of what stands there.
#[derive(Debug)]
pub struct UsersError {
    path: PathBuf,
    why: Why,
}

#[derive(Debug)]
enum Why {
    Io(io::Error),
    TooLong(u64),
    Mistake { line: usize, what: String },
}

impl UsersError {
    fn new(path: &Path, why: Why) -> Self {
        UsersError { path: path.to_owned(), why }
    }
}

impl fmt::Display for UsersError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match &self.why {
            Why::Io(error) => write!(f, "{path}: {error}"),
            Why::TooLong(limit) => write!(f, "{path} is longer than {limit} bytes"),
            Why::Mistake { line, what } => write!(f, "{path}, line {line}: {what}"),
        }
    }
}

impl std::error::Error for UsersError {}
