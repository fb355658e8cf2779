//! What a run found out: for machines as JSON, whose names are stable; for people see [`text`].

pub(crate) mod text;

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::drive::Window;
use crate::histogram::Histogram;
use crate::process::Usage;
use crate::pubsub::PubsubChecks;
use crate::rpc::RpcChecks;

/// The result of one run.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// `rpc`, `pubsub`, `connect` or `guess`.
    pub mode: &'static str,
    /// Where to.
    pub url: String,
    /// How messages are spelt.
    pub serializer: &'static str,
    /// Where callees and subscribers are.
    pub peer_url: String,
    /// How they spell.
    pub peer_serializer: &'static str,
    /// The options of the mode by name.
    pub settings: Value,
    /// Whether nothing was lost, changed, refused, broken or out of order.
    pub ok: bool,
    /// What is counted: `calls`, `events`, `sessions` or `guesses`.
    pub unit: &'static str,
    /// How many of them in the measured interval.
    pub count: u64,
    /// How long that was.
    pub seconds: f64,
    /// `count` by `seconds`.
    pub per_second: f64,
    /// Of a call from sending it to its result, of an event from publishing it to its arrival, of a session from
    /// connecting to WELCOME, of a guess from connecting to ABORT; in microseconds.
    pub latency_us: Option<Latency>,
    /// Everything that was sent and arrived, before and after the interval too.
    pub checks: Checks,
    /// What went wrong, in words; the first of each kind.
    pub problems: Vec<String>,
    /// What the process of `--router-pid` used.
    pub router: Option<RouterUsage>,
    /// What this program used.
    pub generator: Cpu,
    /// Memory of the router, for `connect`.
    pub memory: Option<Memory>,
    /// For people.
    #[serde(skip)]
    pub(crate) histogram: Histogram,
}

/// Counts by mode.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Checks {
    /// Of calls.
    Rpc(RpcChecks),
    /// Of events.
    Pubsub(PubsubChecks),
    /// Of joins.
    Connect {
        /// Sessions that got a WELCOME.
        joined: u64,
        /// Sessions that didn't.
        failed: u64,
        /// Sessions that ended before they were told to.
        dropped: u64,
    },
    /// Of wrong logins.
    Guess {
        /// Logins that the router took for right.
        let_in: u64,
        /// Those that it refused, by the reason of its ABORT, or in words where there was none.
        refused: BTreeMap<String, u64>,
    },
}

impl Checks {
    /// Whether everything went as it should.
    pub(crate) fn is_ok(&self) -> bool {
        match self {
            Checks::Rpc(RpcChecks { sent, answered, lost, refused, wrong, unexpected }) => {
                *answered > 0 && sent == answered && lost + refused + wrong + unexpected == 0
            }
            Checks::Pubsub(checks) => {
                let PubsubChecks {
                    expected, received, lost, out_of_order, wrong, refused, acks_missing, ..
                } = checks;
                *received > 0
                    && expected == received
                    && lost + out_of_order + wrong + refused + acks_missing == 0
            }
            Checks::Connect { joined, failed, dropped } => *joined > 0 && failed + dropped == 0,
            Checks::Guess { let_in, refused } => *let_in == 0 && !refused.is_empty(),
        }
    }
}

/// Percentiles, in microseconds.
#[derive(Clone, Copy, Debug, Serialize)]
#[expect(missing_docs, reason = "their names say it")]
pub struct Latency {
    pub p50: f64,
    pub p90: f64,
    pub p99: f64,
    pub p999: f64,
    pub max: f64,
    pub mean: f64,
    pub samples: u64,
}

impl Latency {
    pub(crate) fn of(histogram: &Histogram) -> Option<Latency> {
        let us = |nanoseconds: u64| round(nanoseconds as f64 / 1e3);
        (histogram.total() > 0).then(|| Latency {
            p50: us(histogram.quantile(0.50)),
            p90: us(histogram.quantile(0.90)),
            p99: us(histogram.quantile(0.99)),
            p999: us(histogram.quantile(0.999)),
            max: us(histogram.max()),
            mean: us(histogram.mean()),
            samples: histogram.total(),
        })
    }
}

/// CPU time in the measured interval.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Cpu {
    /// Seconds, user and system.
    pub cpu_s: f64,
    /// Seconds per million calls, events or sessions; the figure that is least disturbed by what else is running.
    pub cpu_s_per_million: Option<f64>,
    /// How many cores were busy with it.
    pub cores: f64,
}

impl Cpu {
    fn of(cpu_s: f64, count: u64, seconds: f64) -> Cpu {
        let cpu_s_per_million = (count > 0).then(|| round(cpu_s / count as f64 * 1e6));
        Cpu { cpu_s: round(cpu_s), cpu_s_per_million, cores: round(cpu_s / seconds.max(1e-9)) }
    }
}

/// What a process and its descendants used.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct RouterUsage {
    /// CPU time.
    #[serde(flatten)]
    pub cpu: Cpu,
    /// Resident memory at the end of the interval.
    pub rss_kib: u64,
    /// The most there ever was.
    pub peak_rss_kib: u64,
    /// How many processes these are.
    pub processes: u64,
    /// How many threads.
    pub threads: u64,
}

/// Resident memory of the router around idle sessions.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Memory {
    /// Before the first joined.
    pub before_kib: u64,
    /// With all of them joined.
    pub joined_kib: u64,
    /// After the last left.
    pub after_kib: u64,
    /// What each one added.
    pub kib_per_session: f64,
    /// How many cores idle sessions keep busy.
    pub idle_cores: f64,
}

impl Report {
    /// Fills in what was measured.
    pub(crate) fn measure(&mut self, window: &Window, count: u64, histogram: Histogram) {
        self.count = count;
        self.seconds = round(window.seconds);
        self.per_second = round(count as f64 / window.seconds.max(1e-9));
        self.latency_us = Latency::of(&histogram);
        self.generator = Cpu::of(window.own_cpu_s, count, window.seconds);
        self.router = window.router.map(|(before, after)| {
            let Usage { cpu_s, rss_kib, peak_rss_kib, processes, threads } = after;
            let cpu = Cpu::of(cpu_s - before.cpu_s, count, window.seconds);
            RouterUsage { cpu, rss_kib, peak_rss_kib, processes, threads }
        });
        self.histogram = histogram;
    }

    /// CPU seconds per million, if a process was looked at.
    pub(crate) fn router_cost(&self) -> Option<f64> {
        self.router?.cpu.cpu_s_per_million
    }
}

/// A run beside the same run against a forwarder.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// The router's: of its rounds the one in the middle.
    pub router: Report,
    /// The forwarder's, likewise.
    pub forwarder: Report,
    /// How many rounds there were of each.
    pub rounds: usize,
    /// CPU time of the router per message, in that of the forwarder.
    pub cpu_ratio: Option<f64>,
    /// Messages per second, in those of the forwarder.
    pub speed_ratio: f64,
    /// Whether all rounds were.
    pub ok: bool,
}

/// As exact as anybody needs it.
pub(crate) fn round(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}
