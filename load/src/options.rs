//! What people ask for on the command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use crate::format::Format;
use crate::url::Url;

/// Load a router and check every answer.
#[derive(Clone, Debug, Subcommand)]
#[command(defer = true)]
pub enum Bench {
    /// Calls: callers that keep so many in flight, callees that echo
    Rpc(RpcOptions),
    /// Events: publishers and subscribers; every event is counted, in order
    Pubsub(PubsubOptions),
    /// Joins many sessions and looks at what they cost
    Connect(ConnectOptions),
    /// Wrong logins at a fixed rate, as by somebody who guesses; nobody may get in
    Guess(GuessOptions),
    /// The limit of this machine: a program that copies frames without reading them
    Forward(ForwardOptions),
}

/// Where to.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Router")]
pub struct Target {
    /// rs:// rss:// ws:// wss://host:port, unix:///file, ws+unix:///file; fwd://, fwd+unix:// (`forward`);
    /// nats:// redis:// mqtt://
    #[arg(default_value = "rs://127.0.0.1:8080", value_name = "URL")]
    pub url: Url,

    /// Where callees and subscribers connect, if elsewhere
    #[arg(long, value_name = "URL")]
    pub peer_url: Option<Url>,

    /// The realm to join
    #[arg(long, default_value = "realm1")]
    pub realm: String,

    /// How messages are spelt
    #[arg(long, value_enum, default_value = "msgpack", value_name = "FORMAT")]
    pub serializer: Format,

    /// How callees and subscribers spell theirs, if otherwise
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub peer_serializer: Option<Format>,

    /// Join as this user instead of anonymously
    #[arg(long, requires = "ticket", value_name = "AUTHID")]
    pub authid: Option<String>,

    /// The user's ticket
    #[arg(long, requires = "authid", env = "CROSSWAY_BENCH_TICKET", hide_env_values = true)]
    pub ticket: Option<String>,

    /// TLS: trust the certificates in this PEM file, instead of the system's
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,

    /// TLS: trust everybody
    #[arg(long, conflicts_with = "ca")]
    pub insecure: bool,

    /// A process whose CPU time and memory are reported, with its descendants'
    #[arg(long, value_name = "PID")]
    pub router_pid: Option<u32>,
}

/// How long, and how it is shown.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Run")]
pub struct Bounds {
    /// How long is measured; with --count, at most
    #[arg(long, value_parser = duration, default_value = "5s", default_value_if("count", clap::builder::ArgPredicate::IsPresent, "1h"), value_name = "TIME")]
    pub duration: Duration,

    /// Traffic before measuring begins
    #[arg(long, value_parser = duration, default_value = "1s", default_value_if("count", clap::builder::ArgPredicate::IsPresent, "0s"), value_name = "TIME")]
    pub warmup: Duration,

    /// Stop after so many calls or publications
    #[arg(long, value_name = "N")]
    pub count: Option<u64>,

    /// So many per second, whatever the router does; latency counts from when each was due
    #[arg(long, value_parser = rate, value_name = "N")]
    pub rate: Option<f64>,

    /// After this time an answer is lost
    #[arg(long, value_parser = duration, default_value = "5s", value_name = "TIME")]
    pub timeout: Duration,

    /// Measure a forwarder as well, by turns, and print the ratio
    #[arg(long)]
    pub baseline: bool,

    /// So many measurements of each; the one in the middle counts
    #[arg(long, default_value_t = 3, value_parser = at_least_one(), requires = "baseline", value_name = "N")]
    pub rounds: usize,
}

/// How it is shown.
#[derive(Args, Clone, Copy, Debug)]
#[command(next_help_heading = "Output")]
pub struct Output {
    /// One line of JSON instead of a table
    #[arg(long)]
    pub json: bool,

    /// No progress and no histogram
    #[arg(short, long)]
    pub quiet: bool,
}

/// Calls: callers that keep so many in flight, callees that echo.
#[derive(Args, Clone, Debug)]
pub struct RpcOptions {
    /// Sessions that call
    #[arg(long, default_value_t = 4, value_parser = at_least_one(), value_name = "N")]
    pub callers: usize,

    /// Calls in flight per caller [default: 8; with --rate, 1024]
    #[arg(long, value_parser = at_least_one(), value_name = "N")]
    pub pipeline: Option<usize>,

    /// Sessions that answer; caller i calls callee i modulo N
    #[arg(long, default_value_t = 1, value_parser = at_least_one(), value_name = "N")]
    pub callees: usize,

    /// Octets of the string in every message
    #[arg(long, default_value_t = 256, value_parser = octets(), value_name = "OCTETS")]
    pub payload: usize,

    #[command(flatten)]
    #[expect(missing_docs, reason = "its type says it")]
    pub target: Target,

    #[command(flatten)]
    #[expect(missing_docs, reason = "its type says it")]
    pub bounds: Bounds,

    #[command(flatten)]
    #[expect(missing_docs, reason = "its type says it")]
    pub output: Output,
}

/// Events: publishers and subscribers; every event is counted, in order.
#[derive(Args, Clone, Debug)]
pub struct PubsubOptions {
    /// Sessions that publish
    #[arg(long, default_value_t = 1, value_parser = at_least_one(), value_name = "N")]
    pub publishers: usize,

    /// Sessions that subscribe
    #[arg(long, default_value_t = 10, value_parser = at_least_one(), value_name = "N")]
    pub subscribers: usize,

    /// Ask for acknowledgements
    #[arg(long)]
    pub ack: bool,

    /// Publications without acknowledgement per publisher, with --ack
    #[arg(long, default_value_t = 16, value_parser = at_least_one(), requires = "ack", value_name = "N")]
    pub pipeline: usize,

    /// Publications per publisher that may be undelivered, on the average of the subscribers; 0 floods
    #[arg(long, default_value_t = 32, value_name = "N")]
    pub window: u64,

    /// Octets of the string in every message
    #[arg(long, default_value_t = 256, value_parser = octets(), value_name = "OCTETS")]
    pub payload: usize,

    #[command(flatten)]
    #[expect(missing_docs, reason = "its type says it")]
    pub target: Target,

    #[command(flatten)]
    #[expect(missing_docs, reason = "its type says it")]
    pub bounds: Bounds,

    #[command(flatten)]
    #[expect(missing_docs, reason = "its type says it")]
    pub output: Output,
}

/// Joins many sessions and looks at what they cost.
#[derive(Args, Clone, Debug)]
pub struct ConnectOptions {
    /// Sessions to join
    #[arg(long, default_value_t = 1000, value_parser = at_least_one(), value_name = "N")]
    pub sessions: usize,

    /// Sessions that join at the same time
    #[arg(long, default_value_t = 16, value_parser = at_least_one(), value_name = "N")]
    pub concurrency: usize,

    /// Rest before memory is read
    #[arg(long, value_parser = duration, default_value = "1s", value_name = "TIME")]
    pub settle: Duration,

    /// How long the CPU time of idle sessions is measured
    #[arg(long, value_parser = duration, default_value = "2s", value_name = "TIME")]
    pub hold: Duration,

    /// After this time a session has failed to join
    #[arg(long, value_parser = duration, default_value = "10s", value_name = "TIME")]
    pub timeout: Duration,

    #[command(flatten)]
    #[expect(missing_docs, reason = "its type says it")]
    pub target: Target,

    #[command(flatten)]
    #[expect(missing_docs, reason = "its type says it")]
    pub output: Output,
}

/// Wrong logins at a fixed rate, as by somebody who guesses; nobody may get in.
#[derive(Args, Clone, Debug)]
pub struct GuessOptions {
    /// How to log in: ticket, wampcra, wamp-scram, cryptosign, or whatever the router knows
    #[arg(long, default_value = "ticket", value_name = "METHOD")]
    pub method: String,

    /// As whom
    #[arg(long, default_value = "nobody", value_name = "AUTHID")]
    pub name: String,

    /// Guesses per second, each over a connection of its own
    #[arg(long, value_parser = rate, default_value = "500", value_name = "N")]
    pub rate: f64,

    /// How long
    #[arg(long, value_parser = duration, default_value = "5s", value_name = "TIME")]
    pub duration: Duration,

    /// Guesses that wait for their answer at the same time; those beyond it come later
    #[arg(long, default_value_t = 1024, value_parser = at_least_one(), value_name = "N")]
    pub concurrency: usize,

    /// After this time a guess is not answered any more
    #[arg(long, value_parser = duration, default_value = "15s", value_name = "TIME")]
    pub timeout: Duration,

    #[command(flatten)]
    #[expect(missing_docs, reason = "its type says it")]
    pub target: Target,

    #[command(flatten)]
    #[expect(missing_docs, reason = "its type says it")]
    pub output: Output,
}

/// The limit of this machine: a program that copies frames without reading them.
#[derive(Args, Clone, Debug)]
pub struct ForwardOptions {
    /// host:port, or the path of a Unix socket
    #[arg(long, default_value = "127.0.0.1:9999", value_name = "ADDRESS")]
    pub listen: String,

    /// End with standard input
    #[arg(long, hide = true)]
    pub while_stdin: bool,
}

/// `500ms`, `5s`, `2m`, `1h`, or seconds.
fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let seconds = match &text[digits.len()..] {
        "ms" => 0.001,
        "" | "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        unit => return Err(format!("unknown unit {unit:?}; known are ms, s, m and h")),
    };
    let number: f64 = digits.parse().map_err(|_| "a time is expected, such as 5s or 500ms".to_owned())?;
    Duration::try_from_secs_f64(number * seconds).map_err(|error| error.to_string())
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(rate) if (0.001..1e9).contains(&rate) => Ok(rate),
        _ => Err("a number above 0 is expected".into()),
    }
}

fn at_least_one() -> impl clap::builder::TypedValueParser<Value = usize> {
    use clap::builder::TypedValueParser;
    clap::value_parser!(u32).range(1..=1_000_000).map(|number| number as usize)
}

/// With its head a message has to fit into 16 MiB, the most that RawSocket knows.
fn octets() -> impl clap::builder::TypedValueParser<Value = usize> {
    use clap::builder::TypedValueParser;
    clap::value_parser!(u32).range(..=(1 << 24) - (1 << 10)).map(|number| number as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_in_the_configuration() {
        let ms = |text| duration(text).map(|time| time.as_millis());
        assert_eq!((ms("500ms"), ms("5s"), ms("0.5"), ms("2m")), (Ok(500), Ok(5000), Ok(500), Ok(120_000)));
        assert_eq!(ms("5 parsecs"), Err("unknown unit \"parsecs\"; known are ms, s, m and h".into()));
        assert!(ms("-1").is_err() && ms("soon").is_err() && ms("").is_err() && ms("1e30").is_err());
    }
}
