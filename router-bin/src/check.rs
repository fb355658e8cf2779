//! `crossway check`: what would run, or what is wrong with it.

use std::path::Path;
use std::process::ExitCode;

use crate::config::{self, Loaded};
use crate::{exit, terminal};

/// Says what is hardly meant on standard error, then what would run on standard output. If `strict`, warnings are mistakes.
pub(crate) fn run(loaded: &Loaded, file: Option<&Path>, strict: bool) -> ExitCode {
    let Loaded { config, warnings } = loaded;
    if !warnings.is_empty() {
        let code = exit::with(exit::CONFIG, &terminal::drawn(warnings));
        if strict {
            return code;
        }
        eprintln!();
    }
    let name = file.map_or("The built-in configuration".into(), |file| file.display().to_string());
    let verdict = if warnings.is_empty() { "is fine" } else { "can be used" };
    exit::saying(&format!("{name} {verdict}.\n\n{}", config::summary(config)))
}
