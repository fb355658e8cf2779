//! The directory of this user's own under a directory that everybody writes to.
//!
//! Law: a socket is put there only if nobody else can put something in its place.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::Path;

use crate::config::is_private_directory;

/// Makes the directory of a socket, if it is the one that is ours to make. Any other has to be there, and is none of our
/// business.
///
/// # Errors
/// The directory can't be made, or somebody else got there first.
pub(super) fn prepare(socket: &Path) -> Result<(), String> {
    match socket.parent() {
        Some(directory) if is_private_directory(directory) => own(directory)
            .map_err(|error| format!("can't use the directory {}: {error}", directory.display())),
        _ => Ok(()),
    }
}

fn own(directory: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(directory) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    // Not through a symbolic link, which anybody could have put there.
    let found = fs::symlink_metadata(directory)?;
    let ours = found.is_dir()
        && found.uid() == rustix::process::geteuid().as_raw()
        && found.permissions().mode() & 0o077 == 0;
    if ours { Ok(()) } else { Err(io::Error::other("it is not a directory of this user with mode 0700")) }
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn it_is_made_for_this_user_alone_and_found_again() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("crossway-1");
        own(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
        own(&path).unwrap();
    }

    #[test]
    fn what_others_can_write_to_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("crossway-1");
        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o770)).unwrap();
        assert!(own(&path).is_err());
    }

    #[test]
    fn a_link_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let (target, path) = (directory.path().join("target"), directory.path().join("crossway-1"));
        own(&target).unwrap();
        symlink(&target, &path).unwrap();
        assert!(own(&path).is_err());
    }
}
