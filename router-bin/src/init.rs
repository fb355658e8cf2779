//! `crossway init`: writes the example configuration.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::process::ExitCode;

use crate::exit;

/// Every key with its default. What is not commented out is what runs without a config file.
pub(crate) const EXAMPLE: &str = include_str!("../crossway.example.toml");

/// Writes the example to `file`, or to standard output for `-`. A file that exists is kept unless `force` is given.
pub(crate) fn run(file: &Path, force: bool) -> ExitCode {
    if file == Path::new("-") {
        return exit::saying(EXAMPLE);
    }
    let name = file.display();
    match write(file, force) {
        Ok(()) => {
            eprintln!("Wrote {name}. Start with: crossway --config {name}");
            ExitCode::SUCCESS
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            exit::with(exit::FAILURE, &format!("{name} exists already. --force replaces it."))
        }
        Err(error) => exit::with(exit::FAILURE, &format!("Can't write {name}: {error}")),
    }
}

fn write(file: &Path, force: bool) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    match force {
        true => options.write(true).create(true).truncate(true),
        // One step, so that a file which appears in between is not lost.
        false => options.write(true).create_new(true),
    };
    options.open(file)?.write_all(EXAMPLE.as_bytes())
}
