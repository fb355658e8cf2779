//! A line for people who wait.

use std::io::Write;

use crate::clock::{self, MILLISECOND, SECOND, seconds};
use crate::histogram::Histogram;
use crate::report::text::{duration, grouped};

/// How often it changes.
const STEP: u64 = 250 * MILLISECOND;

/// Shows how far a run is, in one line of a terminal that is written over and over. Or nothing.
pub struct Progress<'a> {
    terminal: Option<&'a mut dyn Write>,
    label: String,
    next: u64,
    /// When it was shown last, and what had been counted by then.
    last: (u64, u64),
}

impl<'a> Progress<'a> {
    /// On `terminal`, if there is one.
    pub fn on(terminal: Option<&'a mut dyn Write>) -> Self {
        Progress { terminal, label: String::new(), next: 0, last: (0, 0) }
    }

    /// What the next lines are about.
    pub(crate) fn label(&mut self, label: impl Into<String>) {
        self.label = label.into();
        self.next = 0;
        self.last = (clock::now(), 0);
    }

    /// So many things were counted.
    pub(crate) fn show(&mut self, count: u64, latency: &Histogram) {
        let now = clock::now();
        if self.terminal.is_none() || now < self.next {
            return;
        }
        let (then, before) = self.last;
        let rate = count.saturating_sub(before) as f64 / seconds((now - then).max(1));
        (self.next, self.last) = (now + STEP, (now, count));
        let p99 =
            if count > 0 { format!("  p99 {}", duration(latency.quantile(0.99))) } else { String::new() };
        self.line(&format!("{}  {}/s{p99}", self.label, grouped(rate)));
    }

    /// So many of so many.
    pub(crate) fn steps(&mut self, done: usize, all: usize) {
        let now = clock::now();
        if self.terminal.is_some() && now >= self.next {
            self.next = now + STEP.min(SECOND);
            self.line(&format!("{}  {done} of {all}", self.label));
        }
    }

    fn line(&mut self, text: &str) {
        if let Some(terminal) = &mut self.terminal {
            // Nobody there to see it is no failure.
            let _ = write!(terminal, "\r\x1b[K{text}").and_then(|()| terminal.flush());
        }
    }

    /// Takes the line away again.
    pub(crate) fn clear(&mut self) {
        self.line("");
    }
}
