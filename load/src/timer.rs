//! Wakes the event loop at a moment more exact than the milliseconds that polling knows.

use std::io;
use std::os::fd::AsRawFd;

use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};
use rustix::fd::OwnedFd;
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};

/// One moment to be woken at.
#[derive(Debug)]
pub(crate) struct Timer {
    descriptor: OwnedFd,
}

impl Timer {
    pub(crate) fn new(registry: &Registry, token: Token) -> io::Result<Timer> {
        let descriptor =
            timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
        registry.register(&mut SourceFd(&descriptor.as_raw_fd()), token, Interest::READABLE)?;
        Ok(Timer { descriptor })
    }

    /// Instead of the moment set before. Setting it also takes back an expiry that nobody has read.
    pub(crate) fn set(&self, nanoseconds_from_now: u64) -> io::Result<()> {
        let never = Timespec { tv_sec: 0, tv_nsec: 0 };
        let wait = nanoseconds_from_now.max(1).cast_signed();
        let it_value = Timespec { tv_sec: wait / 1_000_000_000, tv_nsec: wait % 1_000_000_000 };
        let when = Itimerspec { it_interval: never, it_value };
        timerfd_settime(&self.descriptor, TimerfdTimerFlags::empty(), &when)?;
        Ok(())
    }
}
