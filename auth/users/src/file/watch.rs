//! Noticing that the users file has changed.
//!
//! ```text
//!   login ──> looked within the interval? ── yes ──> the users as they are known
//!                    │ no: a blocking thread asks for the file's times, length and number
//!                    v
//!               changed? ── no ──> as known          broken? ──> as known, and logged once
//!                    │ yes: read, replace
//! ```
//!
//! There is no watcher: a file that nobody logs in with costs nothing, and renames, mounts and editors need no care. A session
//! that exists is not touched by a change.

use std::fmt;
use std::fs::{self, File, Metadata};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use zeroize::Zeroizing;

use super::{FileOptions, UsersError, Why, read};
use crate::roster::Roster;

/// A users file and what was in it.
pub(crate) struct Watched {
    options: FileOptions,
    roster: ArcSwap<Roster>,
    look: Mutex<Look>,
}

/// The last look at the file.
struct Look {
    at: Instant,
    /// What the file was like; `None` if it has to be read whatever it is like.
    stamp: Option<Stamp>,
    /// The mistake that was logged last.
    complaint: Option<String>,
}

/// By what a file is known to be the same.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stamp {
    device: u64,
    number: u64,
    length: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

/// Times of files are no finer than this everywhere. What was changed within it may change again under the same time.
const COARSE: Duration = Duration::from_secs(2);

impl Stamp {
    fn of(metadata: &Metadata) -> Stamp {
        Stamp {
            device: metadata.dev(),
            number: metadata.ino(),
            length: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    /// Nothing if the file may still change without looking different.
    fn settled(metadata: &Metadata) -> Option<Stamp> {
        let age = SystemTime::now().duration_since(metadata.modified().ok()?).ok()?;
        (age > COARSE).then(|| Stamp::of(metadata))
    }
}

impl Watched {
    pub(crate) fn open(options: FileOptions) -> Result<Self, UsersError> {
        let (roster, stamp) = load(&options)?;
        let look = Mutex::new(Look { at: Instant::now(), stamp, complaint: None });
        Ok(Watched { options, roster: ArcSwap::from_pointee(roster), look })
    }

    /// The users as they were at the last look.
    pub(crate) fn latest(&self) -> Arc<Roster> {
        self.roster.load_full()
    }

    /// The users, after another look if the last one is too long ago. Whoever comes while somebody looks does not wait.
    pub(crate) async fn now(self: &Arc<Self>) -> Arc<Roster> {
        if self.is_due() {
            let watched = Arc::clone(self);
            // A look that broke down leaves the users as they were.
            let _ = tokio::task::spawn_blocking(move || watched.look_again()).await;
        }
        self.latest()
    }

    fn is_due(&self) -> bool {
        self.look.try_lock().is_some_and(|look| look.at.elapsed() >= self.options.interval)
    }

    fn look_again(&self) {
        let mut look = self.look.lock();
        if look.at.elapsed() < self.options.interval {
            return;
        }
        look.at = Instant::now();
        let now = fs::metadata(&self.options.path).ok();
        if look.stamp.is_some() && look.stamp == now.as_ref().map(Stamp::of) {
            return;
        }
        match load(&self.options) {
            Ok((roster, stamp)) => {
                if look.stamp.is_some() || look.complaint.is_some() {
                    tracing::info!(file = %self.options.path.display(), users = roster.len(), "users read again");
                }
                self.roster.store(Arc::new(roster));
                (look.stamp, look.complaint) = (stamp, None);
            }
            Err(error) => {
                let complaint = error.to_string();
                if look.complaint.as_ref() != Some(&complaint) {
                    tracing::error!("the users stay as they were: {complaint}");
                }
                // A file that is broken and stays so is not read each second.
                look.stamp = now.as_ref().and_then(Stamp::settled);
                look.complaint = Some(complaint);
            }
        }
    }
}

fn load(options: &FileOptions) -> Result<(Roster, Option<Stamp>), UsersError> {
    let fail = |why| UsersError::new(&options.path, why);
    let file = File::open(&options.path).map_err(|error| fail(Why::Io(error)))?;
    let metadata = file.metadata().map_err(|error| fail(Why::Io(error)))?;
    let mut text = Zeroizing::new(String::new());
    // One more than allowed tells that there is more. The length is no more than a hint: the file may be growing.
    text.reserve(usize::try_from(metadata.len().min(options.max_bytes)).unwrap_or(0) + 1);
    let read_so_far = file.take(options.max_bytes + 1).read_to_string(&mut text);
    let length = read_so_far.map_err(|error| fail(Why::Io(error)))?;
    if length as u64 > options.max_bytes {
        return Err(fail(Why::TooLong(options.max_bytes)));
    }
    let roster = read(&text).map_err(|(line, what)| fail(Why::Mistake { line, what }))?;
    Ok((roster, Stamp::settled(&metadata)))
}

impl fmt::Debug for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watched").field("path", &self.options.path).field("roster", &self.latest()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn watched(path: &Path) -> Arc<Watched> {
        let options = FileOptions { interval: Duration::ZERO, max_bytes: 1000, ..FileOptions::new(path) };
        Arc::new(Watched::open(options).expect("a good file"))
    }

    fn names(watched: &Arc<Watched>) -> [bool; 2] {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let roster = runtime.block_on(watched.now());
        ["joe", "bob"].map(|name| roster.ticket(name).admitted(true).is_ok())
    }

    fn user(name: &str) -> String {
        format!("[user.{name}]\nrole = \"user\"\nticket = {{ secret = \"secret\" }}\n")
    }

    #[test]
    fn a_file_that_changes_is_read_again_and_a_broken_one_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("users.toml");
        fs::write(&path, user("joe")).unwrap();
        let watched = watched(&path);
        assert_eq!(names(&watched), [true, false]);
        // In place, of the same length, at once.
        fs::write(&path, user("bob")).unwrap();
        assert_eq!(names(&watched), [false, true]);
        // By rename.
        let other = directory.path().join("users.toml.new");
        fs::write(&other, user("joe")).unwrap();
        fs::rename(&other, &path).unwrap();
        assert_eq!(names(&watched), [true, false]);
        for broken in ["[user.bob]\nrole = 5".to_owned(), "x".repeat(2000)] {
            fs::write(&path, broken).unwrap();
            assert_eq!(names(&watched), [true, false]);
        }
        fs::remove_file(&path).unwrap();
        assert_eq!(names(&watched), [true, false]);
        fs::write(&path, user("bob")).unwrap();
        assert_eq!(names(&watched), [false, true]);
    }

    #[test]
    fn a_file_that_has_settled_is_read_once() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("users.toml");
        fs::write(&path, user("joe")).unwrap();
        let long_ago = SystemTime::now() - Duration::from_secs(60);
        File::options().write(true).open(&path).unwrap().set_modified(long_ago).unwrap();
        let watched = watched(&path);
        let before = watched.latest();
        assert_eq!(names(&watched), [true, false]);
        assert!(Arc::ptr_eq(&before, &watched.latest()), "it was not read again");
    }

    #[test]
    fn within_the_interval_nobody_looks() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("users.toml");
        fs::write(&path, user("joe")).unwrap();
        let options = FileOptions { interval: Duration::from_secs(3600), ..FileOptions::new(&path) };
        let watched = Arc::new(Watched::open(options).unwrap());
        fs::write(&path, user("bob")).unwrap();
        assert_eq!(names(&watched), [true, false]);
    }

    #[test]
    fn what_is_wrong_at_the_start_is_told() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("users.toml");
        let open = || {
            Watched::open(FileOptions { max_bytes: 100, ..FileOptions::new(&path) }).unwrap_err().to_string()
        };
        assert!(open().contains("No such file"), "{}", open());
        fs::write(&path, "\n[user.joe]\n").unwrap();
        assert!(open().ends_with("users.toml, line 2: `role` is missing"), "{}", open());
        fs::write(&path, "#".repeat(200)).unwrap();
        assert!(open().ends_with("is longer than 100 bytes"), "{}", open());
    }
}
