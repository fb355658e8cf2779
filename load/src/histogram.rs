//! Latencies, counted in classes whose width grows with them.

use std::fmt;

/// Classes per power of two: no value is off by more than 1/128.
const STEP_BITS: u32 = 7;
const STEPS: usize = 1 << STEP_BITS;
/// Powers of two beyond the first: durations up to 2^44 ns, which is almost five hours.
const POWERS: usize = 44 - STEP_BITS as usize;

/// How often each duration occurred, in nanoseconds.
///
/// ```text
///   class   0 1 2 ... 127 | 128 ... 255 | 256 258 ... 510 | 512 516 ...
///   width        1        |      1      |        2        |     4
/// ```
#[derive(Clone)]
pub(crate) struct Histogram {
    counts: Vec<u64>,
    total: u64,
    sum: u128,
    max: u64,
}

impl fmt::Debug for Histogram {
    /// Without its thousands of classes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Histogram")
            .field("total", &self.total)
            .field("max", &self.max)
            .finish_non_exhaustive()
    }
}

impl Default for Histogram {
    fn default() -> Self {
        Histogram { counts: vec![0; (POWERS + 1) * STEPS], total: 0, sum: 0, max: 0 }
    }
}

impl Histogram {
    #[inline]
    pub(crate) fn record(&mut self, nanoseconds: u64) {
        let class = class(nanoseconds).min(self.counts.len() - 1);
        self.counts[class] += 1;
        self.total += 1;
        self.sum += u128::from(nanoseconds);
        self.max = self.max.max(nanoseconds);
    }

    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    pub(crate) fn max(&self) -> u64 {
        self.max
    }

    pub(crate) fn mean(&self) -> u64 {
        // The mean of 64-bit numbers is one.
        self.sum.checked_div(u128::from(self.total)).unwrap_or(0) as u64
    }

    /// The duration that a share `q` of all do not exceed.
    pub(crate) fn quantile(&self, q: f64) -> u64 {
        let rank = ((self.total as f64 * q).ceil() as u64).clamp(1, self.total.max(1));
        let mut seen = 0;
        for (class, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= rank {
                return middle(class).min(self.max);
            }
        }
        self.max
    }

    /// How many were shorter than `nanoseconds`, up to the width of a class.
    pub(crate) fn below(&self, nanoseconds: u64) -> u64 {
        let class = class(nanoseconds).min(self.counts.len());
        self.counts[..class].iter().sum()
    }
}

fn class(nanoseconds: u64) -> usize {
    let power = (63 - STEP_BITS).saturating_sub((nanoseconds | 1).leading_zeros());
    power as usize * STEPS + (nanoseconds >> power) as usize
}

/// The lower edge of a class.
fn edge(class: usize) -> u64 {
    match (class / STEPS).checked_sub(1) {
        None => class as u64,
        Some(power) => ((class % STEPS + STEPS) as u64) << power,
    }
}

fn middle(class: usize) -> u64 {
    u64::midpoint(edge(class), edge(class + 1) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_narrow_and_without_a_gap() {
        let many = (0..3_000_000u64).step_by(3).chain((22..44).map(|power| 1 << power));
        let mut last = 0;
        for nanoseconds in many {
            let class = class(nanoseconds);
            let (from, to) = (edge(class), edge(class + 1));
            assert!((from..to).contains(&nanoseconds), "{nanoseconds} is not in {from}..{to}");
            assert!(to - from <= 1 + nanoseconds / 128, "{from}..{to} is wide");
            assert!(class >= last && class < (POWERS + 1) * STEPS);
            last = class;
        }
    }

    #[test]
    fn quantiles_of_known_durations() {
        let mut histogram = Histogram::default();
        (1..=1000).rev().for_each(|i| histogram.record(i * 1000));
        for (q, expected) in [(0.0, 1_000.0), (0.5, 500_000.0), (0.99, 990_000.0), (1.0, 1_000_000.0)] {
            let found = histogram.quantile(q) as f64;
            assert!((found - expected).abs() <= expected / 128.0, "{q}: {found}");
        }
        assert_eq!((histogram.total(), histogram.max(), histogram.mean()), (1000, 1_000_000, 500_500));
        assert!((histogram.below(250_000) as i64 - 250).abs() <= 2);
    }

    #[test]
    fn nothing_recorded_and_far_too_long() {
        let mut histogram = Histogram::default();
        assert_eq!((histogram.quantile(0.5), histogram.mean(), histogram.max()), (0, 0, 0));
        histogram.record(u64::MAX);
        assert_eq!(histogram.max(), u64::MAX);
    }
}
