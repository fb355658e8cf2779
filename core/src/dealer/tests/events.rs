//! What may happen, and what is heard of it.

use crate::message::{CancelMode, Invoke};

/// What the callees are like.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setting {
    pub(super) callees: usize,
    /// How many of them have not registered yet.
    pub(super) absent: usize,
    pub(super) invoke: Invoke,
    /// They can be interrupted.
    pub(super) canceling: bool,
    /// They may say that they are unavailable.
    pub(super) reroute: bool,
    /// Callers ask for progressive results.
    pub(super) progress: bool,
    pub(super) concurrency: Option<u64>,
}

impl Setting {
    /// One callee that knows everything.
    pub(super) fn single() -> Self {
        Setting {
            callees: 1,
            absent: 0,
            invoke: Invoke::Single,
            canceling: true,
            reroute: true,
            progress: true,
            concurrency: None,
        }
    }

    /// Two of them: the first is asked first.
    pub(super) fn shared() -> Self {
        Setting { callees: 2, invoke: Invoke::First, ..Setting::single() }
    }

    pub(super) fn one_at_a_time(self) -> Self {
        Setting { concurrency: Some(1), ..self }
    }

    /// The last callee comes later.
    pub(super) fn one_comes_later(self) -> Self {
        Setting { absent: 1, ..self }
    }
}

/// Something that happens. Calls have numbers; each call has a caller of its own, callees are counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    Call(usize),
    Cancel(usize, CancelMode),
    Yield(usize, usize),
    Progress(usize, usize),
    Fail(usize, usize),
    Unavailable(usize, usize),
    /// The time of all calls is over.
    Expire,
    CallerLeaves(usize),
    CalleeLeaves(usize),
    Register(usize),
    Unregister(usize),
}

/// Who does it, or hears of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Who {
    Caller(usize),
    Callee(usize),
}

/// A message that somebody got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// With the number of the call.
    Invocation(u64, usize),
    Interrupt(u64, CancelMode),
    Progress,
    Result,
    Error(String),
}
