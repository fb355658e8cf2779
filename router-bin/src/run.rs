//! The life of the router program: open, serve, go.

use std::io;
use std::process::ExitCode;
use std::time::Duration;

use crossway_core::Router;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::compose::{self, Means, Opened};
use crate::config::{Config, Named};
use crate::reload::{self, Running, Source};
use crate::signals::{Hangup, Signals};
use crate::{banner, descriptors, exit, memory};

/// What is told at the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Greeting {
    /// Where it listens, and how to try it.
    Full,
    /// Where it listens.
    Addresses,
    /// Nothing; the log says where it listens.
    None,
}

/// Runs the router until a signal ends it. The configuration was read from `files`.
pub(crate) fn run(config: Config, source: Source, files: Vec<Named>, greeting: Greeting) -> ExitCode {
    memory::prepare();
    // Before there are threads: the maps in it ask the kernel for a barrier between threads, which takes 10 ms from
    // the second thread on.
    let means = Means::of(&config);
    let (router, authorizers) = match compose::router(&config, &means) {
        Ok(router) => router,
        Err(error) => return exit::with(exit::CONFIG, &error.to_string()),
    };
    let running = Running { router, means, authorizers, doors: Vec::new(), config };
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.enable_all().thread_name("crossway");
    builder.worker_threads(running.config.workers.unwrap_or_else(default_workers));
    match builder.build() {
        Ok(runtime) => runtime.block_on(live(running, source, files, greeting)),
        Err(error) => exit::with(exit::FAILURE, &format!("can't start threads: {error}")),
    }
}

/// One for each core but one, which is left to the system and to whoever talks with the router on the same machine.
///
/// Threads beyond what the load needs wake each other up for every few messages. `docs/performance.md` has the figures.
fn default_workers() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| cores.get().saturating_sub(1).max(1))
}

async fn live(mut running: Running, source: Source, files: Vec<Named>, greeting: Greeting) -> ExitCode {
    // Before anything is opened: a signal that comes early must not leave a socket file behind.
    let (mut signals, hangup) = match signals() {
        Ok(signals) => signals,
        Err(error) => return exit::with(exit::FAILURE, &format!("can't listen for signals: {error}")),
    };
    descriptors::raise();
    let router = running.router.clone();
    let opened = match compose::open(&running.config, &router, &running.means) {
        Ok(opened) => opened,
        Err(error) => return exit::with(exit::FAILURE, &error.to_string()),
    };
    greet(&running.config, &opened, greeting);
    let grace = running.config.grace;
    let mut listeners = JoinSet::new();
    for Opened { door, serve, .. } in opened {
        running.doors.push(door);
        listeners.spawn(serve);
    }
    // Dropped, and thereby ended, with this function.
    let mut aside = JoinSet::new();
    aside.spawn(memory::keep_small());
    aside.spawn(reload::keep_up(source, files, running, hangup));
    tokio::select! {
        signal = signals.next() => {
            tracing::info!(%signal, sessions = router.sessions(), "shutting down");
        }
        // Listeners end when the router closes, and nobody closed it.
        Some(ended) = listeners.join_next() => {
            tracing::error!(?ended, "a listener ended by itself");
            return ExitCode::from(exit::FAILURE);
        }
    }
    tokio::select! {
        () = stop(&router, listeners, grace) => {
            tracing::info!("stopped");
            ExitCode::SUCCESS
        }
        signal = signals.next() => {
            tracing::warn!(%signal, "stopped at once");
            ExitCode::from(signal.exit_code())
        }
    }
}

/// Those that end the program, and the one that has the configuration read again.
fn signals() -> io::Result<(Signals, Hangup)> {
    Ok((Signals::take()?, Hangup::take()?))
}

/// Says goodbye to everybody, then waits for the listeners to put their things away; both within `grace`.
///
/// Dropping the listeners' tasks cuts off what is left of them, and removes their socket files.
async fn stop(router: &Router, mut listeners: JoinSet<()>, grace: Duration) {
    let gone = async {
        router.shutdown(grace).await;
        while listeners.join_next().await.is_some() {}
    };
    if timeout(grace, gone).await.is_err() {
        tracing::warn!("cut off what was left after {grace:?}");
    }
    listeners.shutdown().await;
}

fn greet(config: &Config, opened: &[Opened], greeting: Greeting) {
    let listeners: Vec<_> = opened.iter().map(|opened| &opened.listener).collect();
    if greeting != Greeting::None {
        banner::print(&config.realms, &listeners, greeting == Greeting::Full);
        return;
    }
    for listener in &listeners {
        tracing::info!(listener = %listener.name, address = %listener.address, tls = listener.tls.is_some(), "listening");
    }
    banner::log_open(&config.realms, &listeners);
}
