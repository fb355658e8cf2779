//! Logins that are wrong: what a router says to somebody who guesses, and how fast.
//!
//! Law: every guess has a connection of its own, and the next one does not wait for the answer. Who guesses has time.

use std::collections::BTreeMap;
use std::iter::repeat_n;

use crate::drive::Meter;
use crate::engine::Engine;
use crate::error::Error;
use crate::histogram::Histogram;
use crate::opening::Plan;
use crate::options::GuessOptions;
use crate::pace::Pace;
use crate::progress::Progress;
use crate::report::{Checks, Report};

/// Guesses, and fills in the report.
pub(crate) fn run(
    plan: Plan,
    options: &GuessOptions,
    report: &mut Report,
    progress: &mut Progress<'_>,
) -> Result<(), Error> {
    let mut engine = Engine::new()?;
    let count = (options.rate * options.duration.as_secs_f64()).ceil() as usize;
    let (mut let_in, mut refused) = (0, BTreeMap::new());
    let mut latency = Histogram::default();
    let mut answered = 0;
    progress.label("guessing");
    let meter = Meter::start(options.target.router_pid);
    let pace = Some(Pace::new(options.rate, 1));
    engine.open(repeat_n(plan, count), options.concurrency, pace, options.timeout, |guess| {
        answered += 1;
        match guess {
            Ok(_) => let_in += 1,
            Err((error, nanoseconds)) => {
                latency.record(nanoseconds);
                *refused.entry(reason(&error)).or_insert(0) += 1;
            }
        }
        progress.steps(answered, count);
    })?;
    let window = meter.stop();
    report.checks = Checks::Guess { let_in, refused };
    report.measure(&window, answered as u64, latency);
    Ok(())
}

/// The URI of `ABORT uri: text`, or all that is known.
fn reason(error: &Error) -> String {
    let text = match error {
        Error::Refused { why, .. } => why.clone(),
        error => error.to_string(),
    };
    match text.strip_prefix("ABORT ") {
        Some(abort) => abort.split(": ").next().unwrap_or(abort).to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_told_apart_by_their_uri() {
        let refused = |why: &str| reason(&Error::Refused { url: "rs://x".into(), why: why.into() });
        assert_eq!(
            refused("ABORT wamp.error.authentication_denied: wrong"),
            "wamp.error.authentication_denied"
        );
        assert_eq!(refused("ABORT wamp.error.no_such_realm"), "wamp.error.no_such_realm");
        assert_eq!(refused("the router closed the connection"), "the router closed the connection");
    }
}
