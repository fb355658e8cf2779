//! By what a file is known to be the same.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, SystemTime};

/// What changes when somebody writes a file, or puts another one in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    device: u64,
    number: u64,
    length: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

/// Times of files are no finer than this everywhere. What was changed within it may change again under the same time.
const COARSE: Duration = Duration::from_secs(2);

impl Stamp {
    pub(crate) fn of(metadata: &Metadata) -> Stamp {
        Stamp {
            device: metadata.dev(),
            number: metadata.ino(),
            length: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    /// Nothing if the file may still change without looking different.
    pub(crate) fn settled(metadata: &Metadata) -> Option<Stamp> {
        let age = SystemTime::now().duration_since(metadata.modified().ok()?).ok()?;
        (age > COARSE).then(|| Stamp::of(metadata))
    }
}
