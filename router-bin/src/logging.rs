//! Log lines on standard error: for people, or one JSON object per line.

use tracing::Level;
use tracing_subscriber::filter::{Directive, EnvFilter};

use crate::cli::Run;
use crate::config::{Environment, Log, LogFormat, suggest};
use crate::terminal;

/// Starts logging. What was said nearest to the start wins: the command line, then `CROSSWAY_LOG`, then the configuration.
///
/// # Errors
/// What is wrong with `CROSSWAY_LOG`.
pub(crate) fn init(log: Log, run: &Run, environment: &Environment) -> Result<(), String> {
    let filter = filter(log.level, run, environment.get("CROSSWAY_LOG"))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // Where the log can't be written nobody reads complaints of that either, and the attempt would be a panic.
    let builder = builder.log_internal_errors(false);
    match run.log_format.unwrap_or(log.format) {
        LogFormat::Pretty => builder.with_ansi(terminal::colours(&std::io::stderr())).init(),
        LogFormat::Json => {
            builder.json().flatten_event(true).with_current_span(false).with_span_list(false).init()
        }
    }
    Ok(())
}

fn filter(configured: Level, run: &Run, variable: Option<&str>) -> Result<EnvFilter, String> {
    let level = match (run.quiet, run.verbose, variable) {
        (true, _, _) => Level::WARN,
        (_, 1, _) => Level::DEBUG,
        (_, 2.., _) => Level::TRACE,
        (_, _, Some(text)) => return by_module(text),
        _ => configured,
    };
    Ok(EnvFilter::default().add_directive(level.into()))
}

const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// `warn,crossway_core=trace`
fn by_module(text: &str) -> Result<EnvFilter, String> {
    let mut filter = EnvFilter::default();
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        // A word alone could be the name of a module as well, but then a mistyped level would silence the log.
        let level = part.rsplit_once('=').map_or(part, |(_, level)| level).to_ascii_lowercase();
        if !LEVELS.contains(&level.as_str()) {
            let help = suggest(&level, &LEVELS, &LEVELS);
            return Err(format!("CROSSWAY_LOG: `{level}` is no level; {help}"));
        }
        let directive: Directive =
            part.parse().map_err(|error| format!("CROSSWAY_LOG: `{part}`: {error}"))?;
        filter = filter.add_directive(directive);
    }
    Ok(filter)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(verbose: u8, quiet: bool) -> Run {
        Run { config: None, log_format: None, verbose, quiet }
    }

    fn shown(run: &Run, variable: Option<&str>) -> String {
        filter(Level::INFO, run, variable).unwrap().to_string()
    }

    #[test]
    fn the_nearest_word_wins() {
        assert_eq!(shown(&run(0, false), None), "info");
        assert_eq!(shown(&run(0, false), Some("error")), "error");
        assert_eq!(shown(&run(1, false), Some("error")), "debug");
        assert_eq!(shown(&run(3, false), Some("error")), "trace");
        assert_eq!(shown(&run(0, true), Some("error")), "warn");
    }

    #[test]
    fn modules_have_levels_of_their_own() {
        let filter = shown(&run(0, false), Some("warn, crossway_core=trace"));
        assert!(filter.contains("warn") && filter.contains("crossway_core=trace"), "{filter}");
    }

    #[test]
    fn a_mistyped_level_is_a_mistake() {
        let error = filter(Level::INFO, &run(0, false), Some("debgu")).unwrap_err();
        assert!(error.starts_with("CROSSWAY_LOG: `debgu` is no level; did you mean `debug`?"), "{error}");
        assert!(filter(Level::INFO, &run(0, false), Some("crossway=loud")).is_err());
    }
}
