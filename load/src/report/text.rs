//! Reports for people.

use std::fmt::Write;

use super::{Checks, Comparison, Report};
use crate::histogram::Histogram;

/// Whether to use bold and colours, and how much to say.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    /// On a terminal whose user did not turn them off.
    pub colours: bool,
    /// No histogram.
    pub brief: bool,
}

impl Style {
    fn paint(self, code: &str, text: &str) -> String {
        if self.colours { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }
}

impl Report {
    /// A table, and a small histogram.
    pub fn text(&self, style: Style) -> String {
        let mut text = self.title(style);
        self.figures(&mut text, style);
        if !style.brief {
            bars(&self.histogram, &mut text);
        }
        text + "\n" + &self.verdict(style)
    }

    fn title(&self, style: Style) -> String {
        let mut title = format!("{}  {}  {}", style.bold(self.mode), self.url, self.serializer);
        if (&self.url, self.serializer) != (&self.peer_url, self.peer_serializer) {
            title += &format!("  to  {}  {}", self.peer_url, self.peer_serializer);
        }
        format!("{title}\n{}\n\n", self.setting())
    }

    fn setting(&self) -> String {
        let number = |name: &str| self.settings[name].as_u64().unwrap_or(0);
        let text = |name: &str| self.settings[name].as_str().unwrap_or_default();
        let some = |name: &str, one: &str| match number(name) {
            1 => format!("1 {one}"),
            n => format!("{n} {one}s"),
        };
        let rate = self.settings["rate"]
            .as_f64()
            .map_or(String::new(), |rate| format!(", {} per second", grouped(rate)));
        match self.mode {
            "rpc" => format!(
                "{} with {} in flight, {}, {} octets{rate}",
                some("callers", "caller"),
                number("pipeline"),
                some("callees", "callee"),
                number("payload")
            ),
            "pubsub" => format!(
                "{}{}, {}, {} octets{rate}",
                some("publishers", "publisher"),
                if self.settings["ack"] == true { " (acknowledged)" } else { "" },
                some("subscribers", "subscriber"),
                number("payload")
            ),
            "guess" => format!(
                "{} as {}{rate}, at most {} at a time",
                text("method"),
                text("name"),
                number("concurrency")
            ),
            _ => format!("{}, {} at a time", some("sessions", "session"), number("concurrency")),
        }
    }

    fn figures(&self, text: &mut String, style: Style) {
        let mut line =
            |name: &str, value: String| writeln!(text, "  {name:<11}{value}").expect("memory is enough");
        let speed = style.bold(&format!("{} /s", grouped(self.per_second)));
        line(self.unit, format!("{speed}   {} in {:.1} s", grouped(self.count as f64), self.seconds));
        if let Some(latency) = self.latency_us {
            let [p50, p90, p99, p999, max] =
                [latency.p50, latency.p90, latency.p99, latency.p999, latency.max]
                    .map(|us| duration((us * 1e3) as u64));
            line("latency", format!("p50 {p50}   p90 {p90}   p99 {p99}   p99.9 {p999}   max {max}"));
        }
        if let Some(router) = &self.router {
            let cost = router.cpu.cpu_s_per_million.unwrap_or(0.0);
            let (cores, rss) = (router.cpu.cores, mebibytes(router.rss_kib));
            let cost = style.bold(&format!("{cost:.2} CPU s per million {}", self.unit));
            line(
                "router",
                format!(
                    "{cost}   {cores:.2} cores   {rss} resident, at most {}",
                    mebibytes(router.peak_rss_kib)
                ),
            );
        }
        if let Some(memory) = &self.memory {
            let [before, joined, after] =
                [memory.before_kib, memory.joined_kib, memory.after_kib].map(mebibytes);
            let each = style.bold(&format!("{:.2} KiB per session", memory.kib_per_session));
            line("memory", format!("{each}   {before} before, {joined} with all, {after} after"));
            line("idle", format!("{:.3} cores", memory.idle_cores));
        }
        if let Checks::Guess { refused, .. } = &self.checks {
            refused.iter().for_each(|(why, count)| line("refused", format!("{count} {why}")));
        }
        let cost = self.generator.cpu_s_per_million.unwrap_or(0.0);
        line(
            "generator",
            format!("{cost:.2} CPU s per million {}   {:.2} cores", self.unit, self.generator.cores),
        );
    }

    fn verdict(&self, style: Style) -> String {
        if self.ok {
            let what = match self.checks {
                Checks::Rpc(_) => "every call was answered with what it had sent",
                Checks::Pubsub(_) => "every event arrived, once and in order",
                Checks::Connect { .. } => "every session joined and stayed",
                Checks::Guess { .. } => "nobody got in",
            };
            return format!("  {}  {what}\n", style.paint("32", "ok"));
        }
        let checks = serde_json::to_value(&self.checks).unwrap_or_default();
        let counts: Vec<String> = checks
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, count)| format!("{} {count}", name.replace('_', " ")))
            .collect();
        let mut text = format!("  {}  {}\n", style.paint("31", "NOT OK"), counts.join(", "));
        for problem in &self.problems {
            text += &format!("    {problem}\n");
        }
        text
    }
}

impl Comparison {
    /// Both tables and the ratio.
    pub fn text(&self, style: Style) -> String {
        let mut text =
            self.router.text(style) + "\n" + &self.forwarder.text(Style { brief: true, ..style }) + "\n";
        let speed = format!("{:.2} of the forwarder's {} per second", self.speed_ratio, self.router.unit);
        let cost = match self.cpu_ratio {
            Some(ratio) => format!("{ratio:.2} times the forwarder's CPU time, "),
            None => "(--router-pid tells the CPU time as well) ".into(),
        };
        text += &format!("{}   {cost}{speed}; {} rounds\n", style.bold("ratio"), self.rounds);
        text
    }
}

/// Bars for steps of 1, 2, 5, 10 and so on, as far as there is something to see.
fn bars(histogram: &Histogram, text: &mut String) {
    const WIDTH: f64 = 40.0;
    if histogram.total() == 0 {
        return;
    }
    let share =
        |from: u64, to: u64| (histogram.below(to) - histogram.below(from)) as f64 / histogram.total() as f64;
    let edges: Vec<u64> = (3..11).flat_map(|power| [1, 2, 5].map(|digit| digit * 10u64.pow(power))).collect();
    let mut rows: Vec<(u64, f64)> = Vec::new();
    let mut from = 0;
    for to in edges {
        rows.push((to, share(from, to)));
        from = to;
    }
    // What is hardly there at either end would only make it long.
    let seen = |(_, share): &(u64, f64)| *share >= 0.000_05;
    let (Some(first), Some(last)) = (rows.iter().position(seen), rows.iter().rposition(seen)) else { return };
    let most = rows.iter().map(|(_, share)| *share).fold(0.0, f64::max);
    text.push('\n');
    for (to, share) in &rows[first..=last] {
        let bar = bar(share / most * WIDTH);
        let below = format!("< {}", duration(*to));
        writeln!(text, "  {below:>11} {:6.2} % {bar}", share * 100.0).expect("memory is enough");
    }
}

/// A bar of so many columns, in eighths.
fn bar(columns: f64) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = (columns * 8.0).round() as usize;
    "█".repeat(eighths / 8) + EIGHTHS[eighths % 8]
}

/// Three digits of it, with a unit.
pub(crate) fn duration(nanoseconds: u64) -> String {
    let (number, unit) = match nanoseconds {
        0..1_000_000 => (nanoseconds as f64 / 1e3, "µs"),
        1_000_000..1_000_000_000 => (nanoseconds as f64 / 1e6, "ms"),
        _ => (nanoseconds as f64 / 1e9, "s"),
    };
    match number {
        0.0..10.0 => trimmed(&format!("{number:.2}"), unit),
        10.0..100.0 => trimmed(&format!("{number:.1}"), unit),
        _ => format!("{number:.0} {unit}"),
    }
}

fn trimmed(number: &str, unit: &str) -> String {
    format!("{} {unit}", number.trim_end_matches('0').trim_end_matches('.'))
}

/// A whole number in groups of three digits.
pub(crate) fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn mebibytes(kib: u64) -> String {
    format!("{:.1} MiB", kib as f64 / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_for_people() {
        assert_eq!([grouped(0.0), grouped(999.4), grouped(1234567.0)], ["0", "999", "1,234,567"]);
        let shown = [0, 950, 12_340, 123_400, 1_000_000, 2_345_678, 12_000_000_000].map(duration);
        assert_eq!(shown, ["0 µs", "0.95 µs", "12.3 µs", "123 µs", "1 ms", "2.35 ms", "12 s"]);
    }

    #[test]
    fn bars_show_where_most_latencies_are() {
        let mut histogram = Histogram::default();
        (0..3).for_each(|_| histogram.record(30_000));
        histogram.record(150_000);
        let mut text = String::new();
        bars(&histogram, &mut text);
        let expected = format!(
            "\n      < 50 µs  75.00 % {}\n     < 100 µs   0.00 % \n     < 200 µs  25.00 % {}▍\n",
            "█".repeat(40),
            "█".repeat(13)
        );
        assert_eq!(text, expected);
    }
}
