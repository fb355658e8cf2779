//! The table as a picture: `docs/performance.svg`.
//!
//! ```text
//!   calls, 4 callers x 8   ████████████░░░│░░░░░      one bar per row: the ratio to the forwarder
//!                                     1.0 │ goal      which is the line at 1
//! ```

use std::fmt::Write as _;
use std::fs;

use super::document::ratio;
use super::table::{ROWS, Table};
use crate::workspace::Workspace;

const LABELS: f64 = 330.0;
const BARS: f64 = 380.0;
const LINE: f64 = 24.0;
const TOP: f64 = 58.0;
/// The ratio at the right end.
const MOST: f64 = 4.0;

/// Draws the ratios.
pub(super) fn write(workspace: &Workspace, table: &Table) -> Result<(), String> {
    let file = workspace.root.join("docs/performance.svg");
    fs::write(&file, svg(table)).map_err(|error| format!("{}: {error}", file.display()))
}

fn svg(table: &Table) -> String {
    let rows: Vec<(&str, f64)> = ROWS
        .iter()
        .zip(&table.figures)
        .filter_map(|(row, figures)| Some((row.name, ratio(figures)?)))
        .collect();
    let (width, height) = (LABELS + BARS + 60.0, TOP + LINE * rows.len() as f64 + 30.0);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" font-size=\"13\">\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n\
         <text x=\"16\" y=\"24\" font-size=\"15\" font-weight=\"bold\" fill=\"#1d2733\">CPU time per message, in terms of a program that \
         only copies the bytes</text>\n"
    );
    let x = |ratio: f64| LABELS + BARS * ratio.min(MOST) / MOST;
    for mark in [1.0, 2.0, 3.0, 4.0] {
        let (at, dash) = (x(mark), if mark == 1.0 { "" } else { " stroke-dasharray=\"2 4\"" });
        let _ = writeln!(
            svg,
            "<line x1=\"{at}\" x2=\"{at}\" y1=\"{}\" y2=\"{}\" stroke=\"#9aa5b1\"{dash}/>\n\
             <text x=\"{at}\" y=\"{}\" fill=\"#5b6773\" text-anchor=\"middle\">{mark}</text>",
            TOP - 6.0,
            height - 24.0,
            height - 8.0,
        );
    }
    for (at, (name, ratio)) in rows.iter().enumerate() {
        let y = TOP + LINE * at as f64;
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{}\" fill=\"#1d2733\" text-anchor=\"end\">{name}</text>\n\
             <rect x=\"{LABELS}\" y=\"{}\" width=\"{:.1}\" height=\"{}\" rx=\"2\" fill=\"#2f6fab\"/>\n\
             <text x=\"{:.1}\" y=\"{}\" fill=\"#1d2733\">{ratio:.2}</text>",
            LABELS - 10.0,
            y + 13.0,
            y + 2.0,
            x(*ratio) - LABELS,
            LINE - 9.0,
            x(*ratio) + 6.0,
            y + 13.0,
        );
    }
    svg.push_str("</svg>\n");
    svg
}
