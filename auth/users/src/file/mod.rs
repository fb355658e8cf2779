//! The users file: what is in it ([`read()`]), and reading it again when it changes.

mod read;

use std::sync::Arc;

pub use crossway_watched::{FileError, FileOptions};
pub use read::read;

use crate::roster::Roster;

/// A users file and who was in it. A session that exists is not touched by a change.
pub(crate) type Watched = crossway_watched::Watched<Roster>;

/// Reads the file now, and again when it has changed.
pub(crate) fn watch(options: FileOptions) -> Result<Arc<Watched>, FileError> {
    let parse = |text: &str| read(text).map_err(|(line, what)| format!("line {line}: {what}"));
    Watched::open(options, parse).map(Arc::new)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_file_that_changes_is_read_again_and_a_broken_one_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("users.toml");
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let user =
            |name: &str| format!("[user.{name}]\nrole = \"user\"\nticket = {{ secret = \"secret\" }}\n");
        fs::write(&path, user("joe")).unwrap();
        let watched = watch(FileOptions { interval: Duration::ZERO, ..FileOptions::new(&path) }).unwrap();
        let names = || {
            let roster = runtime.block_on(watched.now());
            ["joe", "bob"].map(|name| roster.ticket(name).admitted(true).is_ok())
        };
        assert_eq!(names(), [true, false]);
        fs::write(&path, user("bob")).unwrap();
        assert_eq!(names(), [false, true]);
        fs::write(&path, "[user.joe]\nrole = 5").unwrap();
        assert_eq!(names(), [false, true]);
    }

    #[test]
    fn what_is_wrong_at_the_start_is_told() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("users.toml");
        fs::write(&path, "\n[user.joe]\n").unwrap();
        let told = watch(FileOptions::new(&path)).unwrap_err().to_string();
        assert!(told.ends_with("users.toml: line 2: `role` is missing"), "{told}");
    }
}
