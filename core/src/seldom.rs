//! Lines in the log that others can provoke.
//!
//! Law: however often something happens, the log has one line of it in ten seconds, which says how many were left out.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

/// How much time there is between two lines at least.
const INTERVAL: Duration = Duration::from_secs(10);

/// Says when it is time for another line about the same thing.
///
/// ```
/// # use crossway_core::Seldom;
/// static BROKEN: Seldom = Seldom::new();
///
/// if let Some(left_out) = BROKEN.is_time() {
///     tracing::warn!(left_out, "it is broken");
/// }
/// ```
#[derive(Debug, Default)]
pub struct Seldom(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    last: Option<Instant>,
    left_out: u64,
}

impl Seldom {
    /// The first line may come at once.
    pub const fn new() -> Self {
        Seldom(Mutex::new(State { last: None, left_out: 0 }))
    }

    /// It has happened again. If there is to be a line: how often there was none since the one before.
    pub fn is_time(&self) -> Option<u64> {
        let now = Instant::now();
        let mut state = self.0.lock();
        if state.last.is_some_and(|last| now.duration_since(last) < INTERVAL) {
            state.left_out += 1;
            return None;
        }
        state.last = Some(now);
        Some(std::mem::take(&mut state.left_out))
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn there_is_a_line_now_and_then_that_says_how_many_there_are_not() {
        let seldom = Seldom::new();
        assert_eq!(seldom.is_time(), Some(0));
        for _ in 0..3 {
            advance(INTERVAL / 4).await;
            assert_eq!(seldom.is_time(), None);
        }
        advance(INTERVAL / 4).await;
        assert_eq!(seldom.is_time(), Some(3));
        advance(INTERVAL).await;
        assert_eq!(seldom.is_time(), Some(0));
    }
}
