//! What the second core is worth to one realm: throughput and processor time on one core and on two, with one and with two
//! worker threads.
//!
//!     cargo xtask bench scaling             every case, in memory and over sockets
//!     cargo xtask bench scaling calls       those whose name contains the word
//!     cargo xtask bench scaling calls 2 1   on so many cores with so many workers only, for a profiler
//!
//! ```text
//!   in memory   worker 1 ─┐
//!               worker 2 ─┴─ router, and clients without a wire
//!
//!   sockets     worker 1 ─┐         TCP on loopback
//!               worker 2 ─┴─ router <─────────────> all clients, on one thread that takes its share of the cores
//! ```
//!
//! On one core everything runs there, the clients' thread as well.
//!
//! Law: every receiver checks that the messages of each sender come without a gap and in their order. A figure is there
//! only if that held.

#![allow(clippy::unwrap_used, reason = "a benchmark that can't go on fails")]
#![allow(clippy::print_stdout, reason = "a program for people")]

mod clients;
mod memory;
mod messages;
mod processor;
mod scenario;
mod sockets;

use std::time::Duration;

use scenario::{Measured, SCENARIOS, Scenario};

/// Rounds of every case in every setting, in turn; medians are shown.
const ROUNDS: usize = 5;
/// What is measured of a round, and what goes before.
const ROUND: Duration = Duration::from_millis(400);
const WARM_UP: Duration = Duration::from_millis(100);

/// Cores for everything, and workers of the router. The ratio is that of the last to the first.
const SETTINGS: [Setting; 3] = [(1, 1), (2, 1), (2, 2)];
type Setting = (usize, usize);

/// How clients and router are connected.
type Place = fn(&Scenario, usize) -> Measured;
const PLACES: [(&str, Place); 2] = [("in memory", memory::run), ("over sockets", sockets::run)];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let word = arguments.first().map_or("", String::as_str);
    let settings = match &arguments[..] {
        [_, cores, workers] => vec![(cores.parse().unwrap(), workers.parse().unwrap())],
        _ => SETTINGS.to_vec(),
    };
    println!("medians of {ROUNDS} rounds; time: of the workers, in µs for each call or delivery\n");
    print!("{:46}", "");
    for (cores, workers) in &settings {
        print!("  {:>18}", format!("{cores} cores, {workers} workers"));
    }
    print!("\n{:46}", "");
    settings.iter().for_each(|_| print!("  {:>11} {:>6}", "per second", "time"));
    println!("  ratio");
    for (place, run) in PLACES {
        for scenario in &SCENARIOS {
            let name = format!("{place}: {}", scenario.name);
            if name.contains(word) {
                println!("{name:46}{}", compare(scenario, run, &settings));
            }
        }
    }
}

/// The columns of one line.
fn compare(scenario: &Scenario, run: Place, settings: &[Setting]) -> String {
    let mut rounds = vec![Vec::new(); settings.len()];
    for _ in 0..ROUNDS {
        for ((cores, workers), rounds) in settings.iter().zip(&mut rounds) {
            rounds.push(processor::with_cores(*cores, || run(scenario, *workers)));
        }
    }
    let medians: Vec<Measured> = rounds.into_iter().map(median).collect();
    let columns =
        medians.iter().map(|median| format!("  {:>11.0} {:>6.3}", median.per_second, median.processor));
    let ratio = medians[medians.len() - 1].per_second / medians[0].per_second;
    format!("{}  {ratio:>5.2}", columns.collect::<String>())
}

fn median(rounds: Vec<Measured>) -> Measured {
    let of = |field: fn(&Measured) -> f64| {
        let mut values: Vec<f64> = rounds.iter().map(field).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    Measured { per_second: of(|measured| measured.per_second), processor: of(|measured| measured.processor) }
}
