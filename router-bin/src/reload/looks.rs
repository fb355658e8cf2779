//! Whether files have changed.
//!
//! Law: what is still being written is not read. A file counts as changed when two looks in a row have found it the same,
//! and its last change is old enough to be told from the next one.

use std::path::PathBuf;

use crossway_watched::Stamp;

use crate::config::Named;

/// What each file was like, in the order of the files.
pub(super) type Seen = Vec<Option<Stamp>>;

/// Files that are looked at.
pub(super) struct Looks {
    paths: Vec<PathBuf>,
    /// When they were read.
    read: Seen,
    /// At the last look.
    last: Seen,
}

impl Looks {
    /// At these files. Those that others look after count only where the configuration could not be used as it was: perhaps because of
    /// them.
    pub(super) fn at(files: Vec<Named>, usable: bool) -> Looks {
        let files = files.into_iter().filter(|file| !(usable && file.looked_after));
        let (paths, read): (Vec<_>, Seen) = files.map(|file| (file.path, file.stamp)).unzip();
        Looks { paths, last: read.clone(), read }
    }

    /// Whether there is nothing to look at.
    pub(super) fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }

    /// Asks the file system, wherever that may wait.
    pub(super) fn asking(&self) -> impl FnOnce() -> Seen + Send + 'static {
        let paths = self.paths.clone();
        move || paths.iter().map(|path| Stamp::at(path)).collect()
    }

    /// Whether there is something to be read, now that the files look like this.
    pub(super) fn are_new(&mut self, now: Seen) -> bool {
        let at_rest = now == self.last && !now.iter().flatten().any(Stamp::is_fresh);
        self.last = now;
        at_rest && self.last != self.read
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::{Duration, SystemTime};

    use super::*;
    use crate::config::Files;

    fn look(looks: &mut Looks) -> bool {
        let now = looks.asking()();
        looks.are_new(now)
    }

    /// Writes as if it had been so many seconds ago.
    fn write(path: &std::path::Path, text: &str, ago: u64) {
        fs::write(path, text).unwrap();
        let then = SystemTime::now() - Duration::from_secs(ago);
        fs::File::options().write(true).open(path).unwrap().set_modified(then).unwrap();
    }

    #[test]
    fn what_changes_is_new_when_it_has_come_to_rest() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x.toml");
        write(&path, "one", 100);
        let files = Files::default();
        assert_eq!(&**files.text(&path).unwrap(), "one");
        let mut looks = Looks::at(files.into_named(), true);
        assert!(!look(&mut looks) && !look(&mut looks), "nothing has changed");
        write(&path, "tw", 50);
        assert!(!look(&mut looks), "perhaps there is more to come");
        write(&path, "two", 50);
        assert!(!look(&mut looks), "there was");
        assert!(look(&mut looks));
        write(&path, "three", 0);
        assert!(!look(&mut looks) && !look(&mut looks), "another change now could look the same");
        fs::remove_file(&path).unwrap();
        assert!(!look(&mut looks) && look(&mut looks));
    }

    #[test]
    fn what_others_look_after_counts_where_something_is_wrong() {
        let files = || {
            let files = Files::default();
            files.looked_after(std::path::Path::new("/nowhere/users.toml"));
            files.into_named()
        };
        assert!(Looks::at(files(), true).is_empty());
        assert!(!Looks::at(files(), false).is_empty());
    }
}
