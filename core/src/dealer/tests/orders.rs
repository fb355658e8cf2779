//! Every order of the events of a call, one after the other.

use super::bench::Bench;
use super::events::{Event, Setting, Who, any_event, any_setting};
use super::oracle::{Messages, Oracle, State};
use crate::message::CancelMode;

/// What everybody got.
pub(super) fn all_heard(bench: &Bench) -> Messages {
    let callers = (0..bench.callers.len()).map(Who::Caller);
    let callees = (0..bench.callees.len()).map(Who::Callee);
    let heard = callers.chain(callees).map(|who| (who, bench.heard(who)));
    heard.filter(|(_, heard)| !heard.is_empty()).collect()
}

/// The dealer's tables say what the oracle says.
pub(super) fn compare(bench: &Bench, oracle: &Oracle) -> Result<(), String> {
    let mut load = vec![0; bench.callees.len()];
    for call in 0..bench.callers.len() {
        let place = match oracle.state(call) {
            State::NotMade | State::Over => None,
            State::InLine => Some(None),
            State::At { callee, .. } => {
                load[*callee] += 1;
                Some(Some(*callee))
            }
        };
        if bench.place(call) != place {
            return Err(format!("call {call} has to be {place:?} and is {:?}", bench.place(call)));
        }
    }
    if bench.waiting() != oracle.waiting() {
        return Err(format!("{} calls are in line", bench.waiting()));
    }
    for (callee, load) in load.into_iter().enumerate() {
        let (invocations, counted) = bench.load(callee);
        if invocations != load || counted.is_some_and(|counted| counted != load) {
            return Err(format!(
                "callee {callee} has {invocations}, {counted:?} counted, in place of {load}"
            ));
        }
    }
    Ok(())
}

/// Lets events happen one after the other, and at last everybody leave.
pub(super) fn run(setting: Setting, calls: usize, events: &[Event]) -> Result<(), String> {
    let (bench, mut oracle) = (Bench::new(setting, calls), Oracle::new(setting, calls));
    for event in events {
        step(&bench, &mut oracle, *event)?;
    }
    finish(&bench, &mut oracle)
}

pub(super) fn step(bench: &Bench, oracle: &mut Oracle, event: Event) -> Result<(), String> {
    if !oracle.can(event) {
        return Ok(());
    }
    bench.act(event).map_err(|violation| format!("{event:?}: {violation}"))?;
    let (expected, heard) = (oracle.take(event), all_heard(bench));
    if heard != expected {
        return Err(format!("{event:?}\n  has to be {expected:?}\n  and was   {heard:?}"));
    }
    compare(bench, oracle).map_err(|difference| format!("{event:?}: {difference}"))
}

pub(super) fn finish(bench: &Bench, oracle: &mut Oracle) -> Result<(), String> {
    for call in 0..bench.callers.len() {
        step(bench, oracle, Event::CallerLeaves(call))?;
    }
    bench.has_no_calls()?;
    for callee in 0..bench.callees.len() {
        step(bench, oracle, Event::CalleeLeaves(callee))?;
    }
    bench.is_empty()
}

/// All orders of `len` events after `first`. What nobody is there for does not happen.
fn explore(setting: Setting, calls: usize, first: &[Event], pool: &[Event], len: usize) {
    let mut oracle = Oracle::new(setting, calls);
    for event in first {
        oracle.take(*event);
    }
    every_order(&oracle, pool, len, &mut first.to_vec(), &mut |events| {
        if let Err(failure) = run(setting, calls, events) {
            panic!("{setting:?}\n{events:?}\n{failure}");
        }
    });
}

/// Shows `then` what has happened and `len` more out of `pool`, each at most once.
fn every_order(
    oracle: &Oracle,
    pool: &[Event],
    len: usize,
    events: &mut Vec<Event>,
    then: &mut impl FnMut(&[Event]),
) {
    let may = |event: &&Event| len > 0 && !events.contains(event) && oracle.can(**event);
    let next: Vec<Event> = pool.iter().filter(may).copied().collect();
    if next.is_empty() {
        return then(events);
    }
    for event in next {
        let mut oracle = oracle.clone();
        oracle.take(event);
        events.push(event);
        every_order(&oracle, pool, len - 1, events, then);
        events.pop();
    }
}

/// What may happen to call 0, with one callee.
pub(super) const ONE: [Event; 13] = [
    Event::Yield(0, 0),
    Event::Progress(0, 0),
    Event::Fail(0, 0),
    Event::Unavailable(0, 0),
    Event::Cancel(0, CancelMode::Skip),
    Event::Cancel(0, CancelMode::Kill),
    Event::Cancel(0, CancelMode::KillNoWait),
    Event::Expire,
    Event::CallerLeaves(0),
    Event::CalleeLeaves(0),
    Event::Unregister(0),
    Event::Register(0),
    Event::Register(1),
];

/// What may happen to call 0, with two callees.
pub(super) const TWO: [Event; 14] = [
    Event::Unavailable(0, 0),
    Event::Unavailable(1, 0),
    Event::Yield(0, 0),
    Event::Yield(1, 0),
    Event::Progress(0, 0),
    Event::Progress(1, 0),
    Event::Cancel(0, CancelMode::Kill),
    Event::Cancel(0, CancelMode::KillNoWait),
    Event::Expire,
    Event::CallerLeaves(0),
    Event::CalleeLeaves(0),
    Event::CalleeLeaves(1),
    Event::Unregister(0),
    Event::Register(1),
];

/// What may happen to two or three calls, of which at most two are served at a time.
pub(super) const LINE: [Event; 15] = [
    Event::Call(2),
    Event::Yield(0, 0),
    Event::Unavailable(0, 0),
    Event::Yield(0, 1),
    Event::Yield(1, 1),
    Event::Unavailable(1, 1),
    Event::Cancel(0, CancelMode::KillNoWait),
    Event::Cancel(1, CancelMode::Kill),
    Event::Expire,
    Event::CallerLeaves(0),
    Event::CallerLeaves(1),
    Event::CalleeLeaves(0),
    Event::CalleeLeaves(1),
    Event::Unregister(1),
    Event::Register(1),
];

const CALL: [Event; 1] = [Event::Call(0)];

#[test]
fn a_call_to_one_callee_ends_as_the_order_of_events_says() {
    let single = Setting { callees: 2, ..Setting::single() }.one_comes_later();
    explore(single, 1, &CALL, &ONE, 4);
    explore(single.one_at_a_time(), 1, &CALL, &ONE, 3);
    for canceling in [true, false] {
        for reroute in [true, false] {
            for progress in [true, false] {
                explore(Setting { canceling, reroute, progress, ..single }, 1, &CALL, &ONE, 3);
            }
        }
    }
}

#[test]
fn a_call_that_may_go_elsewhere_ends_as_the_order_of_events_says() {
    explore(Setting::shared(), 1, &CALL, &TWO, 4);
    for setting in [Setting::shared(), Setting::shared().one_comes_later()] {
        explore(setting.one_at_a_time(), 1, &CALL, &TWO, 3);
        for canceling in [true, false] {
            for progress in [true, false] {
                explore(Setting { canceling, progress, ..setting }, 1, &CALL, &TWO, 3);
            }
        }
    }
}

#[test]
fn a_call_of_several_messages_ends_as_the_order_of_events_says() {
    let pool = [&TWO[..], &[Event::More(0), Event::Last(0)]].concat();
    let open = Setting { open: true, ..Setting::shared() };
    explore(open, 1, &CALL, &pool, 3);
    explore(open.one_comes_later().one_at_a_time(), 2, &[Event::Call(1)], &[&pool[..], &CALL].concat(), 3);
}

#[test]
fn calls_in_line_end_as_the_order_of_events_says() {
    let (calls, moved) = ([Event::Call(0), Event::Call(1), Event::Call(2)], Event::Unavailable(0, 0));
    let single = Setting { callees: 2, ..Setting::single() }.one_comes_later();
    for setting in [single, Setting::shared().one_comes_later()] {
        explore(setting.one_at_a_time(), 3, &calls[..2], &LINE, 3);
    }
    for first in [&calls[..2], &calls, &[calls[0], calls[1], moved]] {
        explore(Setting::shared().one_at_a_time(), 3, first, &LINE, 3);
    }
}

#[test]
fn long_random_stories_end_as_the_oracle_says() {
    for seed in 0..3000 {
        let mut random = fastrand::Rng::with_seed(seed);
        let setting = any_setting(&mut random);
        let events: Vec<Event> = (0..30).map(|_| any_event(&mut random, 5, 3)).collect();
        if let Err(failure) = run(setting, 5, &events) {
            panic!("seed {seed}\n{setting:?}\n{failure}\n{events:?}");
        }
    }
}

#[test]
fn an_answer_to_an_invocation_that_never_was_is_a_violation() {
    let bench = Bench::new(Setting::single(), 1);
    bench.act(Event::Call(0)).unwrap();
    bench.heard(Who::Callee(0));
    bench.callees[0].pretend(0, 2);
    for event in [Event::Yield(0, 0), Event::Progress(0, 0), Event::Fail(0, 0), Event::Unavailable(0, 0)] {
        assert!(bench.act(event).is_err(), "{event:?}");
    }
}
