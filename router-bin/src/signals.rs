//! SIGTERM and SIGINT: the first asks the router to go, the second does not ask. SIGHUP: read the configuration again.
//!
//! A terminal that is closed sends SIGHUP as well, to whatever runs in it; that means to go, as ever. The two are told apart
//! by looking whether there is still a terminal where there was one at the start.

use std::fmt;
use std::io::{self, IsTerminal, stderr};

use tokio::signal::unix::{Signal as Stream, SignalKind, signal};

/// The signals that end the program. From here on they do nothing by themselves.
pub(crate) struct Signals {
    interrupt: Stream,
    terminate: Stream,
    hangup: Hangup,
}

/// One that arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    Interrupt,
    Terminate,
    /// The terminal is gone.
    Hangup,
}

impl Signals {
    /// Takes the signals over. Has to be called within a tokio runtime.
    ///
    /// # Errors
    /// Those of the system.
    pub(crate) fn take() -> io::Result<Signals> {
        Ok(Signals {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: Hangup::take()?,
        })
    }

    /// Waits for the next. Cancel safe.
    pub(crate) async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupt.recv() => Signal::Interrupt,
            _ = self.terminate.recv() => Signal::Terminate,
            () = self.hangup.next(true) => Signal::Hangup,
        }
    }
}

/// SIGHUP.
pub(crate) struct Hangup {
    stream: Stream,
    in_terminal: bool,
}

impl Hangup {
    /// As [`Signals::take`].
    ///
    /// # Errors
    /// Those of the system.
    pub(crate) fn take() -> io::Result<Hangup> {
        Ok(Hangup { stream: signal(SignalKind::hangup())?, in_terminal: stderr().is_terminal() })
    }

    /// Waits until somebody wants the configuration to be read again. Cancel safe.
    pub(crate) async fn wanted(&mut self) {
        self.next(false).await;
    }

    /// The next with a terminal that is gone, or the next without.
    async fn next(&mut self, gone: bool) {
        loop {
            // There is always a next one, sooner or later.
            let _ = self.stream.recv().await;
            if gone == (self.in_terminal && !stderr().is_terminal()) {
                return;
            }
        }
    }
}

impl Signal {
    /// What the shell says of a program that was ended by the signal.
    pub(crate) fn exit_code(self) -> u8 {
        match self {
            Signal::Hangup => 128 + 1,
            Signal::Interrupt => 128 + 2,
            Signal::Terminate => 128 + 15,
        }
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Signal::Hangup => "SIGHUP",
            Signal::Interrupt => "SIGINT",
            Signal::Terminate => "SIGTERM",
        })
    }
}
