//! A fixed rate that does not care how the router is doing: an open loop.
//!
//! Every message has a moment at which it should leave. Its latency counts from then on, even if it left late because
//! earlier ones were not answered: waiting in line is what users do, too.

use crate::clock;

/// Moments at a fixed distance, dealt out in turn to those who send.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    begin: u64,
    nanoseconds: f64,
    senders: usize,
    /// Moments that passed.
    passed: u64,
}

impl Pace {
    pub(crate) fn new(per_second: f64, senders: usize) -> Pace {
        Pace { begin: clock::now(), nanoseconds: 1e9 / per_second, senders, passed: 0 }
    }

    /// When the message `number` of `sender` should leave; both count from 0.
    #[inline]
    pub(crate) fn moment(&self, sender: usize, number: u64) -> u64 {
        self.nth(number * self.senders as u64 + sender as u64)
    }

    fn nth(&self, n: u64) -> u64 {
        self.begin + (n as f64 * self.nanoseconds) as u64
    }

    /// Names the senders whose moments have come since the last time, and says when the next one comes.
    pub(crate) fn due(&mut self, now: u64, mut name: impl FnMut(usize)) -> u64 {
        let before = self.passed;
        while self.nth(self.passed) <= now {
            // Whoever is named once sends all that is due.
            if self.passed - before < self.senders as u64 {
                name((self.passed % self.senders as u64) as usize);
            }
            self.passed += 1;
        }
        self.nth(self.passed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_dealt_out_in_turn() {
        let mut pace = Pace { begin: 1000, nanoseconds: 100.0, senders: 3, passed: 0 };
        let mut named = Vec::new();
        assert_eq!(pace.due(999, |sender| named.push(sender)), 1000);
        assert_eq!(pace.due(1000, |sender| named.push(sender)), 1100);
        assert_eq!(pace.due(1250, |sender| named.push(sender)), 1300);
        assert_eq!(named, [0, 1, 2]);
        assert_eq!((pace.moment(1, 0), pace.moment(0, 1), pace.moment(2, 1)), (1100, 1300, 1500));
    }

    #[test]
    fn who_is_far_behind_is_named_once() {
        let mut pace = Pace { begin: 0, nanoseconds: 1.0, senders: 2, passed: 0 };
        let mut named = Vec::new();
        assert_eq!(pace.due(9, |sender| named.push(sender)), 10);
        assert_eq!(named, [0, 1]);
    }
}
