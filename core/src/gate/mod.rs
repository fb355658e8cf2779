//! Who may try to log in, and when: limits against guessing and against floods of half-finished logins.
//!
//! ```text
//!   HELLO ──> place ──> failures of this user from this address, and of this address ──> failures of this user ──> methods
//!               │          │ too many: refused until the back-off is over                  │ too many: a moment's
//!               │ none left: refused                                                       v delay, never a refusal
//! ```
//!
//! | who fails                     | free                         | then                                              |
//! |-------------------------------|------------------------------|---------------------------------------------------|
//! | one user from one address     | `login_failures`             | refused for `login_backoff`, doubled each time up to `max_login_backoff` |
//! | one address, whatever user    | `login_failures_per_address` | likewise                                          |
//! | one user, wherever from       | `login_failures`             | delayed, by no more than `max_login_delay`        |
//!
//! Whose free failures are used up may try once at a time, so that many at once don't all come after the same wait.
//!
//! Law: what is refused costs no method anything, so no guess costs a key derivation before its time has come; a refused try
//! is not a failure, so the back-off ends however often somebody knocks; and no stranger keeps a user out, since from
//! another address there is a delay and nothing else. Users are counted whether they exist or not.
//!
//! Addresses are those of the connections: clients behind one proxy share theirs. What has no address, sessions inside the
//! process, is not counted.

mod ledger;
mod origin;
mod places;

use std::hash::BuildHasher;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use hashbrown::DefaultHashBuilder;
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::auth::AuthRequest;
use crate::limits::{Counters, Limits};
use ledger::{Key, Ledger};
use origin::Origin;
use places::{Place, Places};

/// What is known of those who log in.
pub(crate) struct Gate {
    limits: Arc<Limits>,
    counters: Arc<Counters>,
    places: Arc<Places>,
    ledger: Mutex<Ledger>,
    /// Names are kept as hashes, with a key that nobody knows.
    names: DefaultHashBuilder,
}

/// One login, from HELLO to its decision.
pub(crate) struct Attempt<'g> {
    gate: &'g Gate,
    origin: Option<Origin>,
    name: Option<u64>,
    /// What has no more failures free, and is tried by nobody else meanwhile.
    alone: Vec<Key>,
    /// Something was shown.
    answered: AtomicBool,
    /// What came of it was noted.
    settled: AtomicBool,
    _place: Option<Place>,
}

impl Gate {
    pub(crate) fn new(limits: &Arc<Limits>, counters: &Arc<Counters>) -> Self {
        Gate {
            limits: Arc::clone(limits),
            counters: Arc::clone(counters),
            places: Arc::default(),
            ledger: Mutex::default(),
            names: DefaultHashBuilder::default(),
        }
    }

    /// Begins a login as `account`, if that is known, and says how long to wait with it. An account is the same in all realms:
    /// they may share their users.
    ///
    /// # Errors
    /// The limit that is in the way, in words for the client.
    pub(crate) fn enter(
        &self,
        request: &AuthRequest,
        account: Option<&str>,
    ) -> Result<(Attempt<'_>, Duration), String> {
        let origin = Origin::of(&request.transport);
        let name = account.map(|account| self.names.hash_one(account));
        let place = match origin {
            Some(origin) => Some(self.place(origin)?),
            None => None,
        };
        let (alone, answered, settled) = Default::default();
        let mut attempt = Attempt { gate: self, origin, name, alone, answered, settled, _place: place };
        let delay = attempt.may_try(Instant::now())?;
        Ok((attempt, delay))
    }

    fn place(&self, origin: Origin) -> Result<Place, String> {
        let Limits { max_logins, max_logins_per_address, .. } = *self.limits;
        let taken = Places::take(&self.places, origin, max_logins, max_logins_per_address);
        taken.map_err(|limit| {
            self.counters.logins_over_limit.increment();
            format!("too many logins at a time (limit {limit})")
        })
    }
}

impl Attempt<'_> {
    /// What counts against a try, with the failures that are free.
    fn grounds(&self) -> impl Iterator<Item = (Key, &'static str, usize)> {
        let limits = &self.gate.limits;
        let user =
            || Some((Key::UserFrom(self.origin?, self.name?), "login_failures", limits.login_failures?));
        let address = || {
            let free = limits.login_failures_per_address?;
            Some((Key::Address(self.origin?), "login_failures_per_address", free))
        };
        [user(), address()].into_iter().flatten()
    }

    fn name(&self) -> Option<(Key, usize)> {
        self.origin?;
        Some((Key::User(self.name?), self.gate.limits.login_failures?))
    }

    fn may_try(&mut self, now: Instant) -> Result<Duration, String> {
        let Gate { limits, counters, ledger, .. } = self.gate;
        let mut ledger = ledger.lock();
        self.check(&ledger, now)?;
        let alone = self
            .grounds()
            .filter(|(key, _, free)| ledger.begin(key, *free, limits.max_login_backoff, now))
            .map(|(key, ..)| key)
            .collect();
        let delay = self.name().map_or(Duration::ZERO, |(key, free)| {
            ledger.pause(
                &key,
                free,
                limits.login_backoff,
                limits.max_login_delay,
                limits.max_login_backoff,
                now,
            )
        });
        drop(ledger);
        self.alone = alone;
        if !delay.is_zero() {
            counters.logins_delayed.increment();
        }
        Ok(delay)
    }

    fn check(&self, ledger: &Ledger, now: Instant) -> Result<(), String> {
        let Gate { limits, counters, .. } = self.gate;
        for (key, limit, free) in self.grounds().filter(|(key, ..)| !self.alone.contains(key)) {
            let wait = ledger.wait(&key, free, limits.login_backoff, limits.max_login_backoff, now);
            if !wait.is_zero() {
                counters.logins_held_off.increment();
                let seconds = wait.as_secs_f32().ceil();
                return Err(format!("too many failed logins ({limit} = {free}): try again in {seconds} s"));
            }
        }
        Ok(())
    }

    /// Credentials are shown. From here on it counts as a failure if nothing comes of it, or guesses that are not waited for
    /// would be free, and what they cost as well.
    ///
    /// # Errors
    /// The limit that is in the way by now: of many that came at once, those go on whose failures are free.
    pub(crate) fn answered(&self) -> Result<(), String> {
        self.check(&self.gate.ledger.lock(), Instant::now())?;
        self.answered.store(true, Relaxed);
        Ok(())
    }

    /// Nobody could decide, which is not the client's fault.
    pub(crate) fn undecided(&self) {
        self.settled.store(true, Relaxed);
    }

    /// The credentials were wrong.
    pub(crate) fn failed(&self) {
        self.settled.store(true, Relaxed);
        let Gate { limits, counters, ledger, .. } = self.gate;
        counters.logins_denied.increment();
        let now = Instant::now();
        let mut ledger = ledger.lock();
        let keys = self.grounds().map(|(key, ..)| key).chain(self.name().map(|(key, _)| key));
        for key in keys {
            if ledger.note(key, limits.max_login_records, limits.max_login_backoff, now) {
                counters.login_records_dropped.increment();
            }
        }
    }

    /// They were right. What others did from this address, or in this name from elsewhere, is not forgotten, nor what was done in
    /// this name if the client is not `itself`.
    pub(crate) fn succeeded(&self, itself: bool) {
        self.settled.store(true, Relaxed);
        if !itself {
            return;
        }
        if let (Some(origin), Some(name)) = (self.origin, self.name) {
            self.gate.ledger.lock().forget(&Key::UserFrom(origin, name));
        }
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        if *self.answered.get_mut() && !*self.settled.get_mut() {
            self.failed();
        }
        if !self.alone.is_empty() {
            let mut ledger = self.gate.ledger.lock();
            self.alone.iter().for_each(|key| ledger.end(key));
        }
    }
}

#[cfg(test)]
mod tests;
