//! The file of users as it is edited: what is not touched stays as it was written, comments included.
//!
//! Law: the file is whole at every moment, and never readable for more people than before: what is new is written beside it,
//! read back as a router would read it, and put in its place. Of several who change it at the same time each sees what the one
//! before has done.

use std::fmt::{self, Write as _};
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use toml_edit::{DocumentMut, InlineTable, Item, Table, value};
use zeroize::Zeroizing;

use super::verifiers::Method;
use crate::exit;

/// Why nothing was changed.
pub(super) enum Failed {
    /// The file is not as it has to be.
    Broken(String),
    /// What was asked for can't be done.
    Refused(String),
}

impl Failed {
    /// The exit code.
    pub(super) fn code(&self) -> u8 {
        match self {
            Failed::Broken(_) => exit::CONFIG,
            Failed::Refused(_) => exit::FAILURE,
        }
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failed::Broken(why) | Failed::Refused(why) => f.write_str(why),
        }
    }
}

/// A file of users that is being edited.
pub(super) struct UsersFile {
    /// Where it really is, behind links.
    path: PathBuf,
    document: DocumentMut,
}

const NEW: &str = "# Users of a Crossway router. `crossway user --help` tells how to change them.\n";

/// Opens a file, changes it and puts it in its place, while nobody else does so. Nobody is asked anything meanwhile: others wait.
pub(super) fn edit(
    path: &Path,
    open: impl FnOnce(&Path) -> Result<UsersFile, Failed>,
    change: impl FnOnce(&mut UsersFile) -> Result<(), Failed>,
) -> Result<String, Failed> {
    let _alone = alone(path)
        .map_err(|error| Failed::Refused(format!("Can't lock the folder of {}: {error}.", path.display())))?;
    let mut file = open(path)?;
    change(&mut file)?;
    file.save()?;
    Ok(String::new())
}

/// Waits until nobody else edits a file in the same folder, and keeps it so until the guard is dropped. It is the folder that
/// is locked: the file gets replaced, and a file made for this would stay behind.
///
/// A folder that there is not is told of by whoever opens the file; where the system has no locks for folders, there are none.
fn alone(path: &Path) -> io::Result<Option<fs::File>> {
    let real = path.canonicalize();
    let Ok(folder) = fs::File::open(folder_of(real.as_deref().unwrap_or(path))) else { return Ok(None) };
    match folder.lock() {
        Ok(()) => Ok(Some(folder)),
        // NFS locks what is open for writing only, which folders never are.
        Err(error) if error.kind() == ErrorKind::Unsupported => Ok(None),
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::BADF.raw_os_error()) => Ok(None),
        Err(error) => Err(error),
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

impl UsersFile {
    /// One that there is.
    pub(super) fn open(path: &Path) -> Result<Self, Failed> {
        let failed = |error: io::Error| match error.kind() {
            ErrorKind::NotFound => Failed::Refused(format!("There is no file {}.", path.display())),
            _ => Failed::Refused(format!("Can't read {}: {error}.", path.display())),
        };
        let real = path.canonicalize().map_err(failed)?;
        let text = Zeroizing::new(fs::read_to_string(&real).map_err(failed)?);
        usable(&text, path)?;
        // What can be used is valid TOML.
        let document =
            text.parse().map_err(|_| Failed::Broken(format!("{} is not valid TOML.", path.display())))?;
        Ok(UsersFile { path: real, document })
    }

    /// One that there is, or none yet.
    pub(super) fn open_or_new(path: &Path) -> Result<Self, Failed> {
        if path.symlink_metadata().is_ok() {
            return Self::open(path);
        }
        let mut document = DocumentMut::new();
        document.insert("seed", value(crossway_users::nonce()));
        document.decor_mut().set_prefix(NEW);
        Ok(UsersFile { path: path.to_owned(), document })
    }

    pub(super) fn add(&mut self, name: &str, role: &str) -> Result<(), Failed> {
        if self.user(name).is_ok() {
            return Err(Failed::Refused(format!("There is a user {name} already.")));
        }
        let mut user = Table::new();
        user.insert("role", value(role));
        let users = self.document.entry("user").or_insert_with(|| {
            let mut users = Table::new();
            users.set_implicit(true);
            Item::Table(users)
        });
        if let Some(users) = users.as_table_like_mut() {
            users.insert(name, Item::Table(user));
        }
        Ok(())
    }

    pub(super) fn remove(&mut self, name: &str) -> Result<(), Failed> {
        self.user(name)?;
        if let Some(users) = self.document.get_mut("user").and_then(Item::as_table_like_mut) {
            users.remove(name);
        }
        Ok(())
    }

    /// The methods that a user has a secret for.
    pub(super) fn methods(&mut self, name: &str) -> Result<Vec<Method>, Failed> {
        let user = self.user(name)?;
        Ok(Method::ALL.into_iter().filter(|method| user.get(method.name()).is_some()).collect())
    }

    pub(super) fn set(&mut self, name: &str, verifiers: Vec<(Method, InlineTable)>) -> Result<(), Failed> {
        let user = self.user(name)?;
        for (method, verifier) in verifiers {
            user.insert(method.name(), value(verifier));
        }
        Ok(())
    }

    pub(super) fn set_keys(&mut self, name: &str, keys: &[String]) -> Result<(), Failed> {
        let keys: toml_edit::Array = keys.iter().map(|key| key.to_ascii_lowercase()).collect();
        self.user(name)?.insert("cryptosign", value(keys));
        Ok(())
    }

    /// Name, role and methods of everybody, a line each.
    pub(super) fn list(&self) -> String {
        let users = self.document.get("user").and_then(Item::as_table_like);
        let users: Vec<_> = users.into_iter().flat_map(|users| users.iter()).collect();
        let role = |user: &Item| user.get("role").and_then(Item::as_str).unwrap_or_default().to_owned();
        let widest = |lengths: &mut dyn Iterator<Item = usize>| lengths.max().unwrap_or(0);
        let names = widest(&mut users.iter().map(|(name, _)| name.chars().count()));
        let roles = widest(&mut users.iter().map(|(_, user)| role(user).chars().count()));
        let mut text = String::new();
        for (name, user) in users {
            let methods = user.as_table_like().into_iter().flat_map(|user| user.iter());
            let methods: Vec<&str> = methods.map(|(key, _)| key).filter(|key| *key != "role").collect();
            // Writing into a String does not fail.
            let _ = writeln!(text, "{name:names$}  {:roles$}  {}", role(user), methods.join(", "));
        }
        text
    }

    fn user(&mut self, name: &str) -> Result<&mut dyn toml_edit::TableLike, Failed> {
        let users = self.document.get_mut("user").and_then(Item::as_table_like_mut);
        let user = users.and_then(|users| users.get_mut(name)).and_then(Item::as_table_like_mut);
        user.ok_or_else(|| Failed::Refused(format!("There is no user {name}.")))
    }

    /// Puts what was changed in the place of what there was.
    fn save(self) -> Result<(), Failed> {
        let text = Zeroizing::new(self.document.to_string());
        usable(&text, &self.path).map_err(|failed| Failed::Refused(failed.to_string()))?;
        self.replace(&text)
            .map_err(|error| Failed::Refused(format!("Can't write {}: {error}.", self.path.display())))
    }

    fn replace(&self, text: &str) -> io::Result<()> {
        let folder = folder_of(&self.path);
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        let beside = folder.join(format!(".{name}.{}", std::process::id()));
        let written = self.write_beside(&beside, text).and_then(|()| fs::rename(&beside, &self.path));
        if written.is_err() {
            // What could not be written, or could not be put there, is of no use.
            let _ = fs::remove_file(&beside);
            return written;
        }
        // So that the change is still there after a power failure.
        fs::File::open(folder)?.sync_all()
    }

    /// A new file is its owner's alone; another has the mode and, if that is allowed, the owner of the one it replaces.
    fn write_beside(&self, beside: &Path, text: &str) -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(beside)?;
        if let Ok(before) = fs::metadata(&self.path) {
            let _ = std::os::unix::fs::fchown(&file, Some(before.uid()), Some(before.gid()));
            file.set_permissions(fs::Permissions::from_mode(before.mode() & 0o777))?;
        }
        file.write_all(text.as_bytes())?;
        file.sync_all()
    }
}

/// Whether a router could use it.
fn usable(text: &str, path: &Path) -> Result<(), Failed> {
    match crossway_users::read(text) {
        Ok(_) => Ok(()),
        Err((line, what)) => Err(Failed::Broken(format!("{}, line {line}: {what}.", path.display()))),
    }
}
