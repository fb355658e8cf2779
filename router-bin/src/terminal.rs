//! What the program may draw on a stream.

use std::io::IsTerminal;

use crate::config::{Look, Report};

/// Whether `stream` is a terminal whose user did not turn colours off.
pub(crate) fn colours(stream: &impl IsTerminal) -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    stream.is_terminal() && !set("NO_COLOR") && !dumb
}

/// A report as it is shown on standard error.
pub(crate) fn drawn(report: &Report) -> String {
    report.render(look(&std::io::stderr()), width())
}

/// How a report looks on `stream`.
fn look(stream: &impl IsTerminal) -> Look {
    match (stream.is_terminal(), colours(stream)) {
        (true, true) => Look::Colours,
        (true, false) => Look::Lines,
        (false, _) => Look::Plain,
    }
}

/// Columns of the terminal on standard error, or what suits a log file.
fn width() -> usize {
    match rustix::termios::tcgetwinsize(std::io::stderr()) {
        Ok(size) if size.ws_col >= 40 => usize::from(size.ws_col.min(120)),
        _ => 110,
    }
}
