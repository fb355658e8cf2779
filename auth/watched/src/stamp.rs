//! By what a file is known to be the same.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// What changes when somebody writes a file, or puts another one in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    device: u64,
    number: u64,
    length: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

/// Times of files are no finer than this everywhere. What was changed within it may change again under the same time.
const COARSE: Duration = Duration::from_secs(2);

impl Stamp {
    /// That of the file which is there now, behind links; nothing if there is none. Asks the file system.
    pub fn at(path: &Path) -> Option<Stamp> {
        fs::metadata(path).ok().map(|metadata| Stamp::of(&metadata))
    }

    pub(crate) fn of(metadata: &Metadata) -> Stamp {
        Stamp {
            device: metadata.dev(),
            number: metadata.ino(),
            length: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    /// Whether the file was written so shortly ago that it may change again without looking different.
    pub fn is_fresh(&self) -> bool {
        let (seconds, nanos) = self.modified;
        let since = Duration::new(seconds.try_into().unwrap_or(0), nanos.try_into().unwrap_or(0));
        let modified = SystemTime::UNIX_EPOCH.checked_add(since);
        let age = modified.and_then(|modified| SystemTime::now().duration_since(modified).ok());
        // A time to come says nothing, and is not waited for.
        age.is_some_and(|age| age <= COARSE)
    }

    /// Nothing if the file may still change without looking different.
    pub(crate) fn settled(metadata: &Metadata) -> Option<Stamp> {
        let age = SystemTime::now().duration_since(metadata.modified().ok()?).ok()?;
        (age > COARSE).then(|| Stamp::of(metadata))
    }
}
