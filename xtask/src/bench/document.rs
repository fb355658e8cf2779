//! The table as people read it: on the terminal, and in `docs/performance.md`.

use std::fmt::Write as _;
use std::fs;

use super::table::{Figure, ROWS, Row, Sessions, Table};
use crate::process::output;
use crate::workspace::Workspace;

/// The table stands between these lines; the rest of the page is written by hand.
const BEGIN: &str = "<!-- cargo xtask bench table: begin -->";
const END: &str = "<!-- cargo xtask bench table: end -->";

/// One row for the terminal.
pub(super) fn line(row: &Row, contenders: &[String], figures: &[Option<Figure>]) -> String {
    let mut line = format!("{:44}", row.name);
    for (contender, figure) in contenders.iter().zip(figures) {
        if let Some(figure) = figure {
            let _ = write!(line, "  {contender} {:.3} s ({:.0}/s)", figure.cpu, figure.rate);
        }
    }
    if let Some(ratio) = ratio(figures) {
        let goal = row.goal.map_or(String::new(), |goal| format!(", goal {goal}"));
        let _ = write!(line, "  ratio {ratio:.2}{goal}");
    }
    line
}

/// Crossway's CPU time in that of the forwarder, who come first and second.
pub(super) fn ratio(figures: &[Option<Figure>]) -> Option<f64> {
    match figures {
        [Some(crossway), Some(forwarder), ..] if forwarder.cpu > 0.0 => Some(crossway.cpu / forwarder.cpu),
        _ => None,
    }
}

/// Puts the table into the page.
pub(super) fn write(workspace: &Workspace, table: &Table) -> Result<(), String> {
    let file = workspace.root.join("docs/performance.md");
    let text = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    let (before, rest) = text.split_once(BEGIN).ok_or_else(|| format!("{BEGIN} is not in the page"))?;
    let (_, after) = rest.split_once(END).ok_or_else(|| format!("{END} is not in the page"))?;
    let text = format!("{before}{BEGIN}\n\n{}\n{END}{after}", markdown(table));
    fs::write(&file, text).map_err(|error| format!("{}: {error}", file.display()))
}

fn markdown(table: &Table) -> String {
    let (cores, machine) = (std::thread::available_parallelism().map_or(1, usize::from), machine());
    let date = output(std::process::Command::new("date").arg("+%Y-%m-%d")).unwrap_or_default();
    let mut text = format!(
        "{date}, {machine}, {cores} cores, `cargo xtask bench table`: CPU seconds of the router for a million calls or delivered \
         events, medians of {} interleaved rounds; *ratio* is Crossway in terms of the forwarder.\n\n| |",
        table.rounds
    );
    for contender in &table.contenders {
        let _ = write!(text, " {contender} |");
    }
    let _ = writeln!(text, " ratio | goal |\n|---|{}---|---|", "---|".repeat(table.contenders.len()));
    for (row, figures) in ROWS.iter().zip(&table.figures) {
        let _ = write!(text, "| {} |", row.name);
        for figure in figures {
            let _ = write!(
                text,
                " {} |",
                figure.as_ref().map_or("-".into(), |figure| format!("{:.2}", figure.cpu))
            );
        }
        let ratio = ratio(figures).map_or("-".into(), |ratio| format!("**{ratio:.2}**"));
        let _ = writeln!(text, " {ratio} | {} |", row.goal.map_or("-".into(), |goal| goal.to_string()));
    }
    let mut sessions = |name: &str, show: fn(&Sessions) -> String| {
        let _ = write!(text, "| {name} |");
        for sessions in &table.sessions {
            let _ = write!(text, " {} |", sessions.as_ref().map_or("-".into(), show));
        }
        let _ = writeln!(text, " | |");
    };
    sessions("joining, CPU ms", |sessions| format!("{:.3}", sessions.join_cpu_ms));
    sessions("an idle session, KiB", |sessions| format!("{:.1}", sessions.kib_each));
    sessions("idle, MiB resident", |sessions| format!("{:.1}", sessions.idle_mib));
    text
}

/// The processor, as it calls itself.
fn machine() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = info.lines().find_map(|line| line.strip_prefix("model name"));
    name.map_or("unknown processor".into(), |name| name.trim_start_matches([' ', '\t', ':']).to_owned())
}
