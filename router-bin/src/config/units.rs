//! Durations (`30s`, `500ms`, `2m`) and sizes (`16MiB`, `64kB`, `512`) as people write them, and back.

use std::time::Duration;

/// What a duration may look like.
pub(crate) const DURATION: &str = "a whole number and a unit: \"500ms\", \"30s\", \"2m\", \"1h\", \"1d\"";

/// What a size may look like.
pub(crate) const SIZE: &str = "a number of bytes, or a whole number and a unit: \"64KiB\", \"16MiB\", \"1GiB\" (powers of 1024), \
                               \"64kB\", \"16MB\", \"1GB\" (powers of 1000)";

const DURATIONS: [(&str, u64); 5] =
    [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

const SIZES: [(&str, u64); 7] = [
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1_000),
    ("B", 1),
];

/// Reads a duration. A space before the unit is fine; a number without a unit is not, since nobody can tell what it means.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = split(text)?;
    let (_, milliseconds) = DURATIONS.iter().find(|(name, _)| *name == unit)?;
    number.checked_mul(*milliseconds).map(Duration::from_millis)
}

/// Reads a size in bytes. Letter case does not matter, as there is nothing to confuse.
pub(crate) fn size(text: &str) -> Option<u64> {
    let (number, unit) = split(text)?;
    if unit.is_empty() {
        return Some(number);
    }
    let (_, bytes) = SIZES.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit))?;
    number.checked_mul(*bytes)
}

fn split(text: &str) -> Option<(u64, &str)> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    Some((number.parse().ok()?, unit.trim_start()))
}

/// Writes a duration the shortest way that [`duration`] reads.
pub(crate) fn show_duration(value: Duration) -> String {
    let milliseconds = u64::try_from(value.as_millis()).unwrap_or(u64::MAX);
    show(milliseconds, &DURATIONS)
}

/// Writes a size the shortest way that [`size`] reads, in powers of 1024.
pub(crate) fn show_size(bytes: u64) -> String {
    let binary = [SIZES[0], SIZES[1], SIZES[2], SIZES[6]];
    show(bytes, &binary)
}

fn show(value: u64, units: &[(&str, u64)]) -> String {
    let fits = units.iter().find(|(_, factor)| value >= *factor && value.is_multiple_of(*factor));
    // Zero fits nowhere; the last unit is the smallest.
    let (unit, factor) = fits.copied().unwrap_or(units[units.len() - 1]);
    format!("{}{unit}", value / factor)
}
