//! The table of `docs/performance.md`: `cargo xtask bench table`.
//!
//! Every row is one pattern of load. In every round each contender gets it once, in turn, so that whatever else the
//! machine does hits all of them; what counts is the median of the rounds. The load is `crossway bench`, which checks
//! every answer: a run with anything lost, wrong or out of order has no figure.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use super::contender::{Contender, Route};
use super::{document, picture};
use crate::process::{cargo, output, succeed};
use crate::workspace::Workspace;

/// One pattern of load.
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) route: Route,
    /// What `crossway bench` is told, without the URL.
    pub(super) load: &'static str,
    /// The ratio to the forwarder that we want to stay below.
    pub(super) goal: Option<f64>,
}

impl Row {
    /// Whether one of the words is in its name, or there are none.
    pub(super) fn is_wanted(&self, words: &[&str]) -> bool {
        words.is_empty() || words.iter().any(|word| self.name.contains(word))
    }
}

/// What is to be measured: how often, and which of the rows.
pub(super) struct Request<'a> {
    pub(super) rounds: usize,
    pub(super) words: Vec<&'a str>,
}

impl Request<'_> {
    /// A number is that of the rounds.
    pub(super) fn read(arguments: &[String]) -> Request<'_> {
        let (words, numbers): (Vec<&str>, Vec<&str>) =
            arguments.iter().map(String::as_str).partition(|word| word.parse::<usize>().is_err());
        let rounds = numbers.first().and_then(|number| number.parse().ok()).unwrap_or(5);
        Request { rounds, words }
    }
}

/// Builds the router; returns a folder for what it needs.
pub(super) fn prepared(workspace: &Workspace) -> Result<PathBuf, String> {
    succeed(&mut cargo(workspace, &["build", "--release", "--package", "crossway"]))?;
    let folder = workspace.target.join("bench");
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    Ok(folder)
}

const fn row(name: &'static str, route: Route, load: &'static str, goal: f64) -> Row {
    Row { name, route, load, goal: Some(goal) }
}

pub(super) const ROWS: [Row; 14] = [
    row("calls, 4 callers x 8", Route::Tcp, "rpc --callers 4 --pipeline 8", 2.0),
    row("the same, Unix socket", Route::Unix, "rpc --callers 4 --pipeline 8", 2.0),
    row("the same, WebSocket and JSON", Route::WebSocket, "rpc --callers 4 --pipeline 8", 3.0),
    row("calls of 8 KiB", Route::Tcp, "rpc --callers 4 --pipeline 8 --payload 8192", 1.8),
    row("calls of 64 KiB", Route::Tcp, "rpc --callers 4 --pipeline 8 --payload 65536", 1.4),
    row("calls, 32 callers x 1, 4 callees", Route::Tcp, "rpc --callers 32 --pipeline 1 --callees 4", 2.0),
    row("calls, 10 callers x 16", Route::Tcp, "rpc --callers 10 --pipeline 16", 3.0),
    row("events, 1 -> 1", Route::Tcp, "pubsub --subscribers 1", 1.8),
    row("events, 1 -> 10", Route::Tcp, "pubsub --subscribers 10", 1.4),
    row("events, 1 -> 100", Route::Tcp, "pubsub --subscribers 100", 1.25),
    row("events, 1 -> 1000", Route::Tcp, "pubsub --subscribers 1000", 1.25),
    row("events, 1 -> 100, WebSocket and JSON", Route::WebSocket, "pubsub --subscribers 100", 1.5),
    row("events, 1 -> 100, from MessagePack to JSON", Route::Across, "pubsub --subscribers 100", 1.6),
    Row {
        name: "events, 4 -> 10, acknowledged",
        route: Route::Tcp,
        load: "pubsub --publishers 4 --subscribers 10 --ack --pipeline 4",
        goal: None,
    },
];

/// What one contender took in one row.
#[derive(Clone, Debug, Default)]
pub(super) struct Figure {
    /// CPU seconds for a million calls or events.
    pub(super) cpu: f64,
    /// Calls or events in a second.
    pub(super) rate: f64,
}

/// All that was measured.
pub(super) struct Table {
    pub(super) contenders: Vec<String>,
    /// For every row, a figure for every contender that can do it.
    pub(super) figures: Vec<Vec<Option<Figure>>>,
    /// What 5,000 sessions take, for every contender.
    pub(super) sessions: Vec<Option<Sessions>>,
    pub(super) rounds: usize,
}

/// What sessions cost.
#[derive(Clone, Debug, Default)]
pub(super) struct Sessions {
    pub(super) join_cpu_ms: f64,
    pub(super) kib_each: f64,
    pub(super) idle_mib: f64,
}

/// Runs the table, prints it, and writes it where people look.
pub(super) fn run(workspace: &Workspace, arguments: &[String]) -> Result<(), String> {
    let Request { rounds, words } = Request::read(arguments);
    let folder = prepared(workspace)?;
    let contenders = Contender::start_all(workspace, &folder)?;
    let mut table = Table {
        contenders: contenders.iter().map(|contender| contender.name.clone()).collect(),
        figures: Vec::new(),
        sessions: Vec::new(),
        rounds,
    };
    for row in &ROWS {
        let figures =
            if row.is_wanted(&words) { measure(workspace, row, &contenders, rounds) } else { Vec::new() };
        println!("{}", document::line(row, &table.contenders, &figures));
        table.figures.push(figures);
    }
    if words.is_empty() {
        table.sessions = contenders.iter().map(|contender| sessions(workspace, contender)).collect();
        document::write(workspace, &table)?;
        picture::write(workspace, &table)?;
    }
    Ok(())
}

pub(super) fn measure(
    workspace: &Workspace,
    row: &Row,
    contenders: &[Contender],
    rounds: usize,
) -> Vec<Option<Figure>> {
    let mut samples: Vec<Vec<Figure>> = vec![Vec::new(); contenders.len()];
    for _ in 0..rounds {
        for (contender, samples) in contenders.iter().zip(&mut samples) {
            let Some(route) = contender.route(row.route) else { continue };
            let load = format!("{} --duration 1.5s --warmup 300ms {route}", row.load);
            if let Some(report) = bench(workspace, &load, contender.id(row.route)) {
                samples.push(Figure {
                    cpu: number(&report, "/router/cpu_s_per_million"),
                    rate: number(&report, "/per_second"),
                });
            }
        }
    }
    samples.iter().map(|samples| median(samples)).collect()
}

fn sessions(workspace: &Workspace, contender: &Contender) -> Option<Sessions> {
    let load = format!("connect --sessions 5000 {}", contender.route(Route::Tcp)?);
    let report = bench(workspace, &load, contender.id(Route::Tcp))?;
    Some(Sessions {
        join_cpu_ms: number(&report, "/router/cpu_s_per_million") / 1000.0,
        kib_each: number(&report, "/memory/kib_per_session"),
        idle_mib: contender.idle_kib as f64 / 1024.0,
    })
}

/// One run of the load; nothing if it went wrong in any way.
pub(super) fn bench(workspace: &Workspace, load: &str, process: u32) -> Option<Value> {
    let mut command = Command::new(workspace.router());
    command.arg("bench").args(load.split_whitespace()).args(["--json", "--quiet", "--router-pid"]);
    let text = output(command.arg(process.to_string()))?;
    let report: Value = serde_json::from_str(&text).ok()?;
    (report["ok"] == true).then_some(report)
}

pub(super) fn number(report: &Value, at: &str) -> f64 {
    report.pointer(at).and_then(Value::as_f64).unwrap_or_default()
}

/// The middle of the figures by CPU time.
fn median(samples: &[Figure]) -> Option<Figure> {
    let mut sorted = samples.to_vec();
    sorted.sort_by(|a, b| a.cpu.total_cmp(&b.cpu));
    sorted.get(sorted.len() / 2).cloned()
}
