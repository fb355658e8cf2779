//! What the process finds around itself: variables and the directory for sockets. Passed as a value, so that tests need
//! not change their own process.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crossway_core::Secret;

/// A snapshot of the environment variables, sorted by name. Those that are no UTF-8 are left out. Any of them may be a secret:
/// this copy is wiped, that of the process is the system's.
#[derive(Clone, Debug, Default)]
pub(crate) struct Environment(BTreeMap<String, Secret>);

impl Environment {
    /// The environment of this process.
    pub(crate) fn of_process() -> Environment {
        let variables = std::env::vars_os();
        Environment(
            variables
                .filter_map(|(name, value)| {
                    Some((name.into_string().ok()?, value.into_string().ok()?.into()))
                })
                .collect(),
        )
    }

    #[cfg(test)]
    pub(crate) fn with(variables: &[(&str, &str)]) -> Environment {
        Environment(variables.iter().map(|(name, value)| (name.to_string(), (*value).into())).collect())
    }

    /// The value of a variable; an empty one counts as not set.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| &**value).filter(|value| !value.is_empty())
    }

    pub(crate) fn variables(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), &**value))
    }

    /// The directory for sockets that are given by a bare name: `$XDG_RUNTIME_DIR`, else `/run` where this user may
    /// write there, else [a directory of the user's own](private_directory) under `$TMPDIR` or `/tmp`.
    ///
    /// Nothing is created here.
    pub(crate) fn runtime_directory(&self) -> PathBuf {
        if let Some(directory) = self.get("XDG_RUNTIME_DIR").map(Path::new).filter(|path| path.is_absolute())
        {
            return directory.to_path_buf();
        }
        let run = Path::new("/run");
        if rustix::fs::access(run, rustix::fs::Access::WRITE_OK).is_ok() {
            return run.to_path_buf();
        }
        private_directory(Path::new(self.get("TMPDIR").unwrap_or("/tmp")))
    }
}

/// The directory of this user under a directory that everybody writes to. Whoever makes it has to make it with mode 0700,
/// and whoever finds it has to look whose it is.
fn private_directory(temporary: &Path) -> PathBuf {
    temporary.join(format!("crossway-{}", rustix::process::geteuid().as_raw()))
}

/// Whether this is such a directory.
pub(crate) fn is_private_directory(path: &Path) -> bool {
    path.parent().is_some_and(|temporary| private_directory(temporary) == path)
}
