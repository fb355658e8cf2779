//! Configuration: read once, checked once, before anything is opened.
//!
//! ```text
//!   TOML file ─┐                                                    ┌─> Config    (checked: the rest sees only this)
//!   YAML file ─┼─> tree of values and places ─> typed reading, checks ─┤
//!   variables ─┘                                                    └─> Report    (every mistake or warning, with its line)
//! ```

mod check;
mod checked;
mod diagnostics;
mod environment;
mod files;
mod read;
mod summary;
#[cfg(test)]
mod tests;
mod tree;
mod units;

use std::path::Path;

use zeroize::Zeroizing;

use self::diagnostics::{Mistake, Notes};
use self::tree::{Format as FileFormat, Node, Sources};

pub(crate) use self::checked::*;
pub(crate) use self::diagnostics::{Look, Report};
pub(crate) use self::environment::{Environment, is_private_directory};
pub(crate) use self::files::{Files, Named};
pub(crate) use self::read::suggest;
pub(crate) use self::summary::summary;

/// What runs without a config file. `crossway init` writes the same with every key explained.
const BUILT_IN: &str = r#"
[[realm]]
name = "realm1"
auth = [{ method = "anonymous", role = "anonymous" }]

[[listener]]
name = "default"
tcp = "127.0.0.1:8080"

[[listener]]
name = "local"
unix = "crossway.sock"
framing = ["rawsocket"]
"#;

/// A configuration that can be used, and what there is to say about it.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) config: Config,
    /// What is hardly meant as it stands there.
    pub(crate) warnings: Report,
}

/// Reads `file`, or the built-in configuration, lays the environment over it and checks the result.
///
/// # Errors
/// Every mistake that was found.
pub(crate) fn load(file: Option<&Path>, environment: &Environment) -> Result<Loaded, Report> {
    load_noting(file, environment, &Files::default())
}

/// The same; notes which files had to do with it, also if there are mistakes.
///
/// # Errors
/// Every mistake that was found.
pub(crate) fn load_noting(
    file: Option<&Path>,
    environment: &Environment,
    files: &Files,
) -> Result<Loaded, Report> {
    let Some(path) = file else {
        let (name, base) = ("built-in configuration", Path::new("."));
        return understand(FileFormat::Toml, name, BUILT_IN, base, environment, files);
    };
    match read_file(path, files) {
        Ok((format, text)) => {
            let base = path.parent().unwrap_or(Path::new("."));
            understand(format, &path.display().to_string(), &text, base, environment, files)
        }
        Err(mistake) => Err(Report::new(vec![mistake], Sources::default(), &[])),
    }
}

/// The text may have secrets in it.
fn read_file(path: &Path, files: &Files) -> Result<(FileFormat, Zeroizing<String>), Mistake> {
    let name = path.display();
    let format = FileFormat::of(path).ok_or_else(|| {
        Mistake::new(format!("can't tell the format of {name} by its name"))
            .help("allowed: a file that ends in `.toml`, `.yaml` or `.yml`")
    })?;
    let text = files.text(path).map_err(|error| {
        let mistake = Mistake::new(format!("can't read {name}: {error}"));
        match error.kind() {
            std::io::ErrorKind::NotFound => mistake.help(format!("`crossway init {name}` writes an example")),
            _ => mistake,
        }
    })?;
    Ok((format, text))
}

/// Text to configuration. `base` is where relative paths begin.
fn understand(
    format: FileFormat,
    name: &str,
    text: &str,
    base: &Path,
    environment: &Environment,
    files: &Files,
) -> Result<Loaded, Report> {
    let mut sources = Sources::default();
    let notes = Notes::default();
    let source = sources.add(name, text);
    let root = tree::parse(format, source, &sources, &notes);
    let root = root.map(|mut root| {
        tree::environment::overlay(&mut root, environment.variables(), &mut sources, &notes);
        root
    });
    let config = root.as_ref().and_then(|root| check::config(root, &notes, base, environment, files));
    finish(config, root.as_ref(), notes, sources)
}

fn finish(
    config: Option<Config>,
    root: Option<&Node>,
    notes: Notes,
    sources: Sources,
) -> Result<Loaded, Report> {
    let usable = notes.is_usable();
    let mut secrets = Vec::new();
    root.inspect(|root| tree::secrets(root, &mut secrets));
    let report = Report::new(notes.into_mistakes(), sources, &secrets);
    match config {
        Some(config) if usable => Ok(Loaded { config, warnings: report }),
        _ => Err(report),
    }
}
