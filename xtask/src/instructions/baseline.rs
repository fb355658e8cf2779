//! The figures that are held, and what a comparison says.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use crate::process::output;

/// An operation may take so many per cent more than the baseline says; if it takes so many less, the baseline is old.
const ALLOWED: u64 = 10;
/// The same where the baseline was made with something else: another compiler may well spend some more.
const ALLOWED_ELSEWHERE: u64 = 2 * ALLOWED;

const PREFACE: &str = "\
# Instructions that one operation takes, as callgrind counts them. `cargo xtask test` fails where they become more by a
# tenth. Written by `cargo xtask instructions --update`: the commit with new figures says where they come from.
";

/// What the file holds.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Baseline {
    pub(super) made_with: MadeWith,
    pub(super) figures: super::Figures,
}

/// What the number of instructions depends on, beside the sources.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct MadeWith {
    rustc: String,
    host: String,
    libc: String,
    /// What libraries choose their inner loops by.
    simd: String,
}

/// What there is to say about new figures.
pub(super) struct Comparison {
    pub(super) table: String,
    /// A sentence for every case that is not as it should be.
    pub(super) failures: Vec<String>,
}

impl MadeWith {
    /// This machine, with the compiler that cargo uses here.
    pub(super) fn here() -> Self {
        let version = output(Command::new("rustc").arg("-vV")).unwrap_or_default();
        let field = |name: &str| version.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        MadeWith {
            rustc: field("rustc ").to_string(),
            host: field("host: ").to_string(),
            libc: output(Command::new("getconf").arg("GNU_LIBC_VERSION")).unwrap_or_default(),
            simd: simd().to_string(),
        }
    }
}

#[cfg(target_arch = "x86_64")]
fn simd() -> &'static str {
    if std::arch::is_x86_feature_detected!("avx2") { "avx2" } else { "sse" }
}

#[cfg(not(target_arch = "x86_64"))]
fn simd() -> &'static str {
    std::env::consts::ARCH
}

impl Baseline {
    pub(super) fn read(file: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(file)
            .map_err(|error| format!("{} can't be read: {error}", file.display()))?;
        Self::parse(&text).map_err(|what| format!("{}: {what}", file.display()))
    }

    pub(super) fn write(&self, file: &Path) -> Result<(), String> {
        std::fs::write(file, self.to_text())
            .map_err(|error| format!("{} can't be written: {error}", file.display()))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let table: toml::Table = text.parse().map_err(|error| format!("{error}"))?;
        let made_with = table.get("made_with").ok_or("there is no [made_with]")?;
        let words = |name: &str| match made_with.get(name).and_then(toml::Value::as_str) {
            Some(words) => Ok(words.to_string()),
            None => Err(format!("[made_with] does not say {name}")),
        };
        let figure = |(name, figure): (&String, &toml::Value)| match figure.as_integer() {
            Some(figure @ 1..) => Ok((name.clone(), figure.unsigned_abs())),
            _ => Err(format!("{name} is no number of instructions")),
        };
        let figures = table.get("instructions").and_then(toml::Value::as_table);
        let figures = figures.ok_or("there is no [instructions]")?;
        Ok(Baseline {
            made_with: MadeWith {
                rustc: words("rustc")?,
                host: words("host")?,
                libc: words("libc")?,
                simd: words("simd")?,
            },
            figures: figures.iter().map(figure).collect::<Result<_, _>>()?,
        })
    }

    fn to_text(&self) -> String {
        let MadeWith { rustc, host, libc, simd } = &self.made_with;
        let mut text = format!(
            "{PREFACE}\n[made_with]\nrustc = {rustc:?}\nhost = {host:?}\nlibc = {libc:?}\nsimd = {simd:?}\n\n[instructions]\n"
        );
        for (name, figure) in &self.figures {
            let _ = writeln!(text, "{name} = {figure}");
        }
        text
    }

    fn figure(&self, name: &str) -> Option<u64> {
        self.figures.iter().find(|(known, _)| known == name).map(|(_, figure)| *figure)
    }

    /// What has become of the figures, counted `here`.
    pub(super) fn compare(&self, now: &super::Figures, here: &MadeWith) -> Comparison {
        let allowed = if self.made_with == *here { ALLOWED } else { ALLOWED_ELSEWHERE };
        let mut table =
            format!("  {:32} {:>9} {:>9} {:>9}\n", "instructions for one", "baseline", "now", "change");
        let mut failures = Vec::new();
        for (name, now) in now {
            let Some(was) = self.figure(name) else {
                failures.push(format!("{name} takes {now} instructions, and the baseline does not know it"));
                continue;
            };
            let change = 100.0 * (*now as f64 / was as f64 - 1.0);
            let mark = if 100 * now > was * (100 + allowed) {
                let change = format!("{change:+.1} %, where {allowed} % are allowed");
                failures.push(format!("{name} took {was} instructions and takes {now}: {change}"));
                "  TOO MANY"
            } else if 100 * now < was * (100 - ALLOWED) {
                "  fewer: renew the baseline, cargo xtask instructions --update"
            } else {
                ""
            };
            let _ = writeln!(table, "  {name:32} {was:>9} {now:>9} {change:>+7.1} %{mark}");
        }
        let gone = self.figures.iter().filter(|(name, _)| now.iter().all(|(known, _)| known != name));
        failures.extend(gone.map(|(name, _)| format!("the baseline has {name}, and there is no such case")));
        if allowed != ALLOWED {
            let _ = writeln!(
                table,
                "  The baseline was made with other tools, so {allowed} % are allowed: {:?} there, {here:?} here.",
                self.made_with
            );
        }
        Comparison { table, failures }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made_with(rustc: &str) -> MadeWith {
        let [host, libc, simd] = ["x86_64-unknown-linux-gnu", "glibc 2.36", "avx2"].map(String::from);
        MadeWith { rustc: rustc.into(), host, libc, simd }
    }

    fn baseline() -> Baseline {
        Baseline {
            made_with: made_with("1.95.0"),
            figures: vec![("call".into(), 1000), ("scan".into(), 200)],
        }
    }

    fn compare(call: u64, scan: u64, rustc: &str) -> Comparison {
        baseline().compare(&vec![("call".into(), call), ("scan".into(), scan)], &made_with(rustc))
    }

    #[test]
    fn the_file_is_read_as_it_was_written() {
        assert_eq!(Baseline::parse(&baseline().to_text()), Ok(baseline()));
    }

    #[test]
    fn a_tenth_more_is_held_and_anything_beyond_fails_by_name() {
        assert!(compare(1100, 200, "1.95.0").failures.is_empty());
        let failures = compare(1150, 200, "1.95.0").failures;
        assert_eq!(failures, ["call took 1000 instructions and takes 1150: +15.0 %, where 10 % are allowed"]);
    }

    #[test]
    fn figures_of_another_compiler_are_held_half_as_close() {
        let comparison = compare(1150, 200, "1.96.0");
        assert!(comparison.failures.is_empty());
        assert!(comparison.table.contains("20 % are allowed"), "{}", comparison.table);
        assert_eq!(compare(1201, 200, "1.96.0").failures.len(), 1);
    }

    #[test]
    fn a_tenth_less_asks_for_a_new_baseline_without_failing() {
        let comparison = compare(1000, 170, "1.95.0");
        assert!(comparison.failures.is_empty());
        assert!(comparison.table.contains("renew the baseline"), "{}", comparison.table);
    }

    #[test]
    fn cases_and_baseline_have_to_know_each_other() {
        let now = vec![("call".into(), 1000), ("publish".into(), 7)];
        let failures = baseline().compare(&now, &made_with("1.95.0")).failures;
        assert_eq!(
            failures,
            [
                "publish takes 7 instructions, and the baseline does not know it",
                "the baseline has scan, and there is no such case"
            ]
        );
    }
}
