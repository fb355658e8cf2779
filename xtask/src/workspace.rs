//! Where things are.

use std::env;
use std::path::{Path, PathBuf};

/// The folders of this checkout.
pub(crate) struct Workspace {
    /// The folder of the workspace's `Cargo.toml`.
    pub(crate) root: PathBuf,
    /// Where cargo builds; `CARGO_TARGET_DIR` counts.
    pub(crate) target: PathBuf,
}

impl Workspace {
    pub(crate) fn find() -> Self {
        let root =
            Path::new(env!("CARGO_MANIFEST_DIR")).parent().map_or_else(PathBuf::new, Path::to_path_buf);
        let target =
            env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |path| root.join(path));
        Self { root, target }
    }

    /// The router program as users get it.
    pub(crate) fn router(&self) -> PathBuf {
        self.target.join("release/crossway")
    }

    /// How many instructions the data path may take.
    pub(crate) fn instructions(&self) -> PathBuf {
        self.root.join("benches/instructions.toml")
    }

    /// What the interop steps install and write.
    pub(crate) fn interop(&self) -> PathBuf {
        self.target.join("interop")
    }
}
