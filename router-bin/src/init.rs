//! `crossway init`: writes the example configuration.

use std::path::Path;
use std::process::ExitCode;

use crate::exit;
use crate::output::{self, Readers};

/// Every key with its default. What is not commented out is what runs without a config file.
pub(crate) const EXAMPLE: &str = include_str!("../crossway.example.toml");

/// Writes the example to `file`, or to standard output for `-`. A file that exists is kept unless `force` is given.
pub(crate) fn run(file: &Path, force: bool) -> ExitCode {
    if file == Path::new("-") {
        return exit::saying(EXAMPLE);
    }
    match output::write(file, EXAMPLE, Readers::Usual, force) {
        Ok(()) => {
            let name = file.display();
            eprintln!("Wrote {name}. Start with: crossway --config {name}");
            ExitCode::SUCCESS
        }
        Err(why) => exit::with(exit::FAILURE, &why),
    }
}
