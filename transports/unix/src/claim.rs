//! Taking possession of a path.

use std::fs::{self, File, Metadata, TryLockError};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use socket2::{Domain, SockAddr, Socket, Type};

/// Why a path can't be listened at.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Another process listens there.
    #[error("cannot listen at {}: another process does, `ss -xlp src {}` shows which", .0.display(), .0.display())]
    InUse(PathBuf),
    /// There is something that is not a socket. It was left alone.
    #[error("cannot listen at {}: it exists and is no socket; remove it or choose another path", .0.display())]
    NotASocket(PathBuf),
    /// The system refuses.
    #[error("cannot listen at {}: {doing}: {source}", .path.display())]
    System {
        /// The path that was asked for.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// What the system says.
        source: io::Error,
    },
}

/// The right to listen at a path. Dropping it removes the socket, if it is still ours, and the lock.
#[derive(Debug)]
pub(crate) struct Claim {
    path: PathBuf,
    lock_path: PathBuf,
    /// The system lets go of it when the process ends, even by `kill -9`.
    lock: File,
    /// Device and inode of our socket.
    socket: Option<(u64, u64)>,
}

impl Claim {
    /// Locks the path, and removes a socket that nobody listens at.
    pub(crate) fn new(path: &Path) -> Result<Self, BindError> {
        let mut name = path.as_os_str().to_owned();
        name.push(".lock");
        let lock_path = PathBuf::from(name);
        let lock = lock(path, &lock_path)?;
        let claim = Claim { path: path.to_owned(), lock_path, lock, socket: None };
        claim.remove_stale()?;
        Ok(claim)
    }

    /// Remembers the socket that has just been bound.
    pub(crate) fn bound(&mut self) -> io::Result<()> {
        self.socket = Some(identity(&fs::symlink_metadata(&self.path)?));
        Ok(())
    }

    fn remove_stale(&self) -> Result<(), BindError> {
        let system = |doing| move |source| BindError::System { path: self.path.clone(), doing, source };
        let found = match fs::symlink_metadata(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            found => found.map_err(system("looking at what is there"))?,
        };
        if !found.file_type().is_socket() {
            return Err(BindError::NotASocket(self.path.clone()));
        }
        if answers(&self.path).map_err(system("connecting to the socket that is there"))? {
            return Err(BindError::InUse(self.path.clone()));
        }
        tracing::info!(path = %self.path.display(), "removing the socket of a router that has gone");
        fs::remove_file(&self.path).map_err(system("removing a stale socket"))
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let ours = |found: &Metadata| Some(identity(found)) == self.socket;
        if fs::symlink_metadata(&self.path).is_ok_and(|found| ours(&found)) {
            // Whoever starts next removes it if we can't.
            let _ = fs::remove_file(&self.path);
        }
        // Under the lock, so whoever opened the file meanwhile finds in `lock` that it is not the one at the path.
        if is_at(&self.lock, &self.lock_path) {
            let _ = fs::remove_file(&self.lock_path);
        }
    }
}

fn identity(file: &Metadata) -> (u64, u64) {
    (file.dev(), file.ino())
}

fn lock(path: &Path, lock_path: &Path) -> Result<File, BindError> {
    let system = |doing| move |source| BindError::System { path: path.to_owned(), doing, source };
    loop {
        let file = File::options().create(true).append(true).open(lock_path);
        let file = file.map_err(system("creating its lock file"))?;
        match file.try_lock() {
            Ok(()) if is_at(&file, lock_path) => return Ok(file),
            // The one who held it has removed it in the meantime: this lock keeps nobody out.
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(BindError::InUse(path.to_owned())),
            Err(TryLockError::Error(source)) => return Err(system("locking its lock file")(source)),
        }
    }
}

fn is_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), fs::symlink_metadata(path)) {
        (Ok(open), Ok(found)) => identity(&open) == identity(&found),
        _ => false,
    }
}

/// Whether somebody listens at a socket. The lock keeps out other routers of ours, not other programs.
fn answers(path: &Path) -> io::Result<bool> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    // A full queue would make a blocking connect wait; it is an answer as well.
    socket.set_nonblocking(true)?;
    match socket.connect(&SockAddr::unix(path)?) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(false),
        Err(error) => Err(error),
    }
}
