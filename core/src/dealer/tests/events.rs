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
    /// Call 0 consists of several messages. Only callees that can be interrupted take it.
    pub(super) open: bool,
    /// Callees take the procedure from those that have it.
    pub(super) force: bool,
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
            open: false,
            force: false,
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

    /// How many callees register at the beginning: who takes the procedure is alone with it.
    pub(super) fn callees_at_first(self) -> usize {
        let there = self.callees - self.absent;
        if self.force { there.min(1) } else { there }
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
    /// One more message of a call, and the last one.
    More(usize),
    Last(usize),
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

/// Who does it. A session does one thing after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Who {
    Caller(usize),
    Callee(usize),
    Clock,
}

impl Event {
    pub(super) fn by(self) -> Who {
        match self {
            Event::Call(call)
            | Event::More(call)
            | Event::Last(call)
            | Event::Cancel(call, _)
            | Event::CallerLeaves(call) => Who::Caller(call),
            Event::Yield(callee, _)
            | Event::Progress(callee, _)
            | Event::Fail(callee, _)
            | Event::Unavailable(callee, _)
            | Event::CalleeLeaves(callee)
            | Event::Register(callee)
            | Event::Unregister(callee) => Who::Callee(callee),
            Event::Expire => Who::Clock,
        }
    }
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

impl Heard {
    /// Nothing of this call follows.
    pub(super) fn is_final(&self) -> bool {
        matches!(self, Heard::Result | Heard::Error(_))
    }
}

/// Three callees.
pub(super) fn any_setting(random: &mut fastrand::Rng) -> Setting {
    let open = random.bool();
    Setting {
        callees: 3,
        absent: random.usize(..2),
        canceling: open || random.bool(),
        open,
        force: random.u8(..4) == 0,
        reroute: random.u8(..4) > 0,
        progress: random.bool(),
        concurrency: [None, Some(1), Some(2)][random.usize(..3)],
        ..Setting::shared()
    }
}

/// Most of it is routing: leaving is rare.
pub(super) fn any_event(random: &mut fastrand::Rng, calls: usize, callees: usize) -> Event {
    let (call, callee) = (random.usize(..calls), random.usize(..callees));
    let mode = [CancelMode::Skip, CancelMode::Kill, CancelMode::KillNoWait][random.usize(..3)];
    match random.usize(..27) {
        0..6 => Event::Call(call),
        6..9 => Event::Yield(callee, call),
        9..11 => Event::Progress(callee, call),
        11..13 => Event::Fail(callee, call),
        13..18 => Event::Unavailable(callee, call),
        18..21 => Event::Cancel(call, mode),
        21 => Event::CallerLeaves(call),
        22 => [Event::CalleeLeaves(callee), Event::Unregister(callee)][random.usize(..2)],
        23 => Event::Register(callee),
        24 => Event::More(0),
        25 => Event::Last(0),
        _ => Event::Expire,
    }
}
