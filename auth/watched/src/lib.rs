//! Files that are read again when they change: users, keys.
//!
//! ```text
//!   login ──> looked within the interval, or somebody looks? ── yes ──> what is known
//!                    │ no: a blocking thread asks for the file's times, length and number
//!                    v
//!               changed? ── no ──> what is known        broken? ──> what is known, and logged once
//!                    │ yes: read, replace
//! ```
//!
//! There is no watcher: a file that nobody logs in with costs nothing, and renames, mounts and editors need no care.
//!
//! Law: a file that is broken, or gone, changes nothing.

mod stamp;

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use zeroize::Zeroizing;

pub use crate::stamp::Stamp;

/// Which file, and how it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileOptions {
    /// Where it is.
    pub path: PathBuf,
    /// How long a look at it is good for: who asks later has it looked at again.
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

/// Why there is nothing to be had from a file.
#[derive(Debug, thiserror::Error)]
#[error("{}: {why}", path.display())]
pub struct FileError {
    path: PathBuf,
    why: Why,
}

#[derive(Debug, thiserror::Error)]
enum Why {
    #[error("{0}")]
    Io(io::Error),
    #[error("it is longer than {0} bytes")]
    TooLong(u64),
    #[error("{0}")]
    Mistake(String),
}

/// Makes a value of a text, or says what is wrong with it; what is said is logged, so it must not show secrets.
type Parse<T> = Box<dyn Fn(&str) -> Result<T, String> + Send + Sync>;

/// A file and what was in it.
pub struct Watched<T> {
    options: FileOptions,
    parse: Parse<T>,
    value: ArcSwap<T>,
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

impl<T: Send + Sync + 'static> Watched<T> {
    /// Reads the file now. The text is wiped from memory when it has been parsed.
    ///
    /// # Errors
    /// The file can't be read, is too long, or has a mistake.
    pub fn open(
        options: FileOptions,
        parse: impl Fn(&str) -> Result<T, String> + Send + Sync + 'static,
    ) -> Result<Self, FileError> {
        let (value, stamp) = load(&options, &parse)?;
        let look = Mutex::new(Look { at: Instant::now(), stamp, complaint: None });
        Ok(Watched { options, parse: Box::new(parse), value: ArcSwap::from_pointee(value), look })
    }

    /// What was in the file at the last look.
    pub fn latest(&self) -> Arc<T> {
        self.value.load_full()
    }

    /// What is in the file, after another look if the last one is too long ago. Whoever comes while somebody looks does not wait.
    pub async fn now(self: &Arc<Self>) -> Arc<T> {
        if self.is_due() {
            let watched = Arc::clone(self);
            // A look that broke down leaves everything as it was.
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
        match load(&self.options, &self.parse) {
            Ok((value, stamp)) => {
                if look.stamp.is_some() || look.complaint.is_some() {
                    tracing::info!(file = %self.options.path.display(), "read again");
                }
                self.value.store(Arc::new(value));
                (look.stamp, look.complaint) = (stamp, None);
            }
            Err(error) => {
                let complaint = error.to_string();
                if look.complaint.as_ref() != Some(&complaint) {
                    tracing::error!("what was read before goes on to hold: {complaint}");
                }
                // A file that is broken and stays so is not read each second.
                look.stamp = now.as_ref().and_then(Stamp::settled);
                look.complaint = Some(complaint);
            }
        }
    }
}

fn load<T>(
    options: &FileOptions,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<(T, Option<Stamp>), FileError> {
    let fail = |why| FileError { path: options.path.clone(), why };
    let file = File::open(&options.path).map_err(|error| fail(Why::Io(error)))?;
    let metadata = file.metadata().map_err(|error| fail(Why::Io(error)))?;
    let mut text = Zeroizing::new(String::new());
    // One more than allowed tells that there is more. The length is no more than a hint: the file may be growing.
    text.reserve(usize::try_from(metadata.len().min(options.max_bytes)).unwrap_or(0) + 1);
    let read = file.take(options.max_bytes + 1).read_to_string(&mut text);
    let length = read.map_err(|error| fail(Why::Io(error)))?;
    if length as u64 > options.max_bytes {
        return Err(fail(Why::TooLong(options.max_bytes)));
    }
    let value = parse(&text).map_err(|what| fail(Why::Mistake(what)))?;
    Ok((value, Stamp::settled(&metadata)))
}

impl<T: fmt::Debug> fmt::Debug for Watched<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.value.load();
        f.debug_struct("Watched").field("path", &self.options.path).field("value", &**value).finish()
    }
}

#[cfg(test)]
mod tests;
