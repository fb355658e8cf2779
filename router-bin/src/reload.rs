//! The configuration, read again while the router runs.
//!
//! ```text
//!   SIGHUP ───────────────────────────────────────────────┐
//!   a file differs, and has been at rest for two looks ───┴─> read and check ── mistakes ──> the log; nothing changes
//!                                                                  │
//!                                             what differs from what is in force?
//!                            auth, roles, TLS, auth of listeners   │   everything else
//!                                 take effect, one log line <──────┴──────> one warning: until the next start
//! ```
//!
//! Law: a configuration takes effect as a whole or not at all, and nobody who is there is sent away. What a session was
//! given stays: who is not allowed to log in any more is still there until somebody ends the session.

mod difference;
mod looks;

use std::path::PathBuf;
use std::time::Duration;

use crossway_core::Router;
use crossway_tls::TlsError;
use tokio::time::{MissedTickBehavior, interval};

use self::difference::{Change, Difference};
use self::looks::Looks;
use crate::banner;
use crate::compose::{self, Authorizers, Door, Means};
use crate::config::{self, Config, Environment, Files, Listener, Loaded, Named, Report, Terms};
use crate::signals::Hangup;

/// Where the configuration comes from: this file, or the built-in one, and the environment of the process. Secrets may be in both, so
/// neither is kept.
#[derive(Clone)]
pub(crate) struct Source(pub(crate) Option<PathBuf>);

impl Source {
    /// Reads and checks it, and says which files had to do with it.
    ///
    /// # Errors
    /// Every mistake.
    pub(crate) fn read(&self) -> (Result<Loaded, Report>, Vec<Named>) {
        let files = Files::default();
        let loaded = config::load_noting(self.0.as_deref(), &Environment::of_process(), &files);
        (loaded, files.into_named())
    }
}

/// Everything that it takes to change a router that runs.
pub(crate) struct Running {
    pub(crate) router: Router,
    pub(crate) means: Means,
    pub(crate) authorizers: Authorizers,
    pub(crate) doors: Vec<Door>,
    /// What is in force.
    pub(crate) config: Config,
}

/// Reads the configuration again whenever there is reason to, for ever. `files` are those that it was read from.
pub(crate) async fn keep_up(source: Source, files: Vec<Named>, mut running: Running, mut hangup: Hangup) {
    let mut looks = Looks::at(files, true);
    loop {
        let asked = tokio::select! {
            () = hangup.wanted() => true,
            () = changed(&mut looks, running.config.reload) => false,
        };
        let again = source.clone();
        // Reading waits for files, and derives keys of passwords.
        let Ok((loaded, files)) = tokio::task::spawn_blocking(move || again.read()).await else { continue };
        looks = Looks::at(files, loaded.is_ok());
        match loaded {
            Ok(loaded) => running.take(loaded, asked),
            Err(report) => refuse(&report),
        }
    }
}

/// Waits until a file has changed. Cancel safe: what was seen is in `looks`.
async fn changed(looks: &mut Looks, every: Option<Duration>) {
    let Some(every) = every.filter(|_| !looks.is_empty()) else { return std::future::pending().await };
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks.tick().await;
    loop {
        ticks.tick().await;
        // Aside, since a file system may be on another machine that does not answer.
        let now = tokio::task::spawn_blocking(looks.asking()).await;
        if now.is_ok_and(|now| looks.are_new(now)) {
            return;
        }
    }
}

fn refuse(report: &Report) {
    let mistakes = report.lines().collect::<Vec<_>>().join("; ");
    tracing::error!(mistakes, "the configuration was not read again, and the last one holds on");
}

impl Running {
    /// Lets everything take effect that can.
    fn take(&mut self, Loaded { config, warnings }: Loaded, asked: bool) {
        let Difference { changes, left, mut next } =
            difference::between(&self.config, config, self.means.has_cookies());
        if changes.is_empty() && left.is_empty() {
            if asked {
                tracing::info!("the configuration was read again: nothing has changed");
            }
            return;
        }
        warnings.lines().for_each(|line| tracing::warn!("{line}"));
        let mut taken = Vec::new();
        for change in &changes {
            match self.make(change, &next) {
                Ok(()) => taken.push(change.to_string()),
                Err(error) => {
                    keep_tls(change, &mut next, &self.config);
                    tracing::error!(what = %change, %error, "not taken over");
                }
            }
        }
        self.config = next;
        if !taken.is_empty() {
            tracing::info!(taken = taken.join(", "), "the configuration was read again");
            let listeners: Vec<_> = self.config.listeners.iter().collect();
            banner::log_open(&self.config.realms, &listeners);
        }
        if !left.is_empty() {
            tracing::warn!(
                left = left.join(", "),
                "changed in the configuration, but not before the next start"
            );
        }
    }

    fn make(&self, change: &Change, next: &Config) -> Result<(), TlsError> {
        match change {
            Change::Reload => {}
            Change::Tls(listener) => {
                let door = self.doors.iter().find(|door| door.name == *listener);
                let tls = named(&next.listeners, listener).and_then(|listener| listener.tls.as_ref());
                return door.zip(tls).map_or(Ok(()), |(door, tls)| door.certify(tls));
            }
            Change::Methods(_) => self.allow(next),
            Change::Roles(realm) => {
                if let Some(terms) = terms(next, realm.as_deref()) {
                    self.authorizers.permit(realm.as_deref(), &terms.roles);
                }
            }
            Change::Auth(realm) => {
                // Which names listeners let clients say depends on what realms have.
                self.allow(next);
                if let Some(terms) = terms(next, realm.as_deref()) {
                    compose::let_in(&self.router, realm.as_deref(), &terms.auth, &self.means);
                }
            }
        }
        Ok(())
    }

    fn allow(&self, next: &Config) {
        for door in &self.doors {
            named(&next.listeners, &door.name).inspect(|listener| door.allow(listener, next));
        }
    }
}

fn named<'a>(listeners: &'a [Listener], name: &str) -> Option<&'a Listener> {
    listeners.iter().find(|listener| listener.name == name)
}

fn terms<'a>(config: &'a Config, realm: Option<&str>) -> Option<&'a Terms> {
    match realm {
        Some(name) => config.realms.iter().find(|realm| realm.name == name).map(|realm| &realm.terms),
        None => config.auto_create.as_ref(),
    }
}

/// What could not be made is not in force, and is tried again with the next change.
fn keep_tls(change: &Change, next: &mut Config, now: &Config) {
    let Change::Tls(name) = change else { return };
    let kept = named(&now.listeners, name).and_then(|listener| listener.tls.clone());
    if let Some(listener) = next.listeners.iter_mut().find(|listener| listener.name == *name) {
        listener.tls = kept;
    }
}
