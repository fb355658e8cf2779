//! Files that the program writes for its user.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Who may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Readers {
    /// Whoever the system lets by default.
    Usual,
    /// Its owner alone, also where it takes the place of a file that others could read.
    Owner,
}

/// Writes `text` to `file`. A file that exists is kept unless `force` is given.
///
/// # Errors
/// What to tell the user.
pub(crate) fn write(file: &Path, text: &str, readers: Readers, force: bool) -> Result<(), String> {
    let name = file.display();
    try_write(file, text, readers, force).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => format!("{name} exists already. --force replaces it."),
        _ => format!("Can't write {name}: {error}"),
    })
}

fn try_write(file: &Path, text: &str, readers: Readers, force: bool) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true);
    match (force, readers) {
        (true, Readers::Usual) => options.create(true).truncate(true),
        // One step, so that a file which appears in between is not lost.
        (false, _) => options.create_new(true),
        // A file that is there already would keep its permissions.
        (true, Readers::Owner) => {
            match std::fs::remove_file(file) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            options.create_new(true)
        }
    };
    if readers == Readers::Owner {
        options.mode(0o600);
    }
    options.open(file)?.write_all(text.as_bytes())
}
