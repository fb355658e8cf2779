//! Installing clients once per state of their lock files.

use std::fs;
use std::path::Path;

/// Runs `install` unless `folder` was installed from exactly this `lock` before.
///
/// The folder is emptied first, and the stamp is written last: half an installation never counts.
pub(super) fn once(
    folder: &Path,
    lock: &str,
    install: impl FnOnce() -> Result<(), String>,
) -> Result<(), String> {
    let stamp = folder.join("installed-from");
    if fs::read_to_string(&stamp).is_ok_and(|text| text == lock) {
        return Ok(());
    }
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(|error| format!("can't remove {}: {error}", folder.display()))?;
    }
    fs::create_dir_all(folder).map_err(|error| format!("can't create {}: {error}", folder.display()))?;
    println!("Installing into {}", folder.display());
    install()?;
    fs::write(&stamp, lock).map_err(|error| format!("can't write {}: {error}", stamp.display()))
}

/// The text of a file of this repository.
pub(super) fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("can't read {}: {error}", path.display()))
}

/// The leading numbers of `v20.11.1` or `3.12.1`; nothing if it is no version.
pub(super) fn version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.trim().trim_start_matches('v').split('.').map(|part| part.parse().ok());
    Some((numbers.next()??, numbers.next()??))
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn versions_are_numbers() {
        assert_eq!(version("v20.11.1\n"), Some((20, 11)));
        assert_eq!(version("3.12.1"), Some((3, 12)));
        assert_eq!(version("unknown"), None);
        assert!(version("3.9.2") < Some((3, 11)));
    }
}
