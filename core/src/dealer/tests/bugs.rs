//! What has gone wrong once.

use std::sync::Arc;

use super::bench::Bench;
use super::events::{Event, Heard, Setting, Who};
use super::with_visitor;
use crate::uri;

/// Lets events happen one after the other, and forgets what was heard.
fn after(setting: Setting, calls: usize, events: &[Event]) -> Bench {
    let bench = Bench::new(setting, calls);
    for event in events {
        happens(&bench, *event);
    }
    bench
}

/// Lets one thing happen. Everybody reads what comes of it.
fn happens(bench: &Bench, event: Event) -> Vec<(Who, Heard)> {
    bench.act(event).unwrap();
    let callers = (0..bench.callers.len()).map(Who::Caller);
    let everybody = callers.chain((0..bench.callees.len()).map(Who::Callee));
    everybody.flat_map(|who| bench.heard(who).into_iter().map(move |heard| (who, heard))).collect()
}

fn error(uri: &str) -> Heard {
    Heard::Error(uri.into())
}

/// Call 0 waits for callee 1, which is busy; callee 0, which was unavailable for it, has time for others.
#[test]
fn a_new_call_waited_behind_one_that_waited_for_somebody_else() {
    let setting = Setting::shared().one_at_a_time();
    let bench = after(setting, 3, &[Event::Call(0), Event::Call(1), Event::Unavailable(0, 0)]);
    let heard = happens(&bench, Event::Call(2));
    assert_eq!(heard, [(Who::Callee(0), Heard::Invocation(2, 2))]);
}

/// The same with a call that was there before: it may pass when callee 0 has time.
#[test]
fn a_call_waited_behind_one_that_waited_for_somebody_else() {
    let setting = Setting::shared().one_at_a_time();
    let events = [Event::Call(0), Event::Call(1), Event::Unavailable(0, 0), Event::Call(2), Event::Call(3)];
    let bench = after(setting, 4, &events);
    let heard = happens(&bench, Event::Yield(0, 2));
    assert_eq!(heard, [(Who::Caller(2), Heard::Result), (Who::Callee(0), Heard::Invocation(3, 3))]);
}

/// Callee 0 was unavailable for call 0, callee 1 has left; in front of it somebody waits for callee 0.
#[test]
fn a_call_waited_for_nobody_behind_one_that_waited_for_somebody() {
    let setting = Setting::shared().one_at_a_time();
    let calls = [Event::Call(0), Event::Call(1), Event::Call(2), Event::Call(3)];
    let bench = after(setting, 4, &[&calls[..], &[Event::Unavailable(0, 0)]].concat());
    let heard = happens(&bench, Event::CalleeLeaves(1));
    let expected =
        [(Who::Caller(0), error(uri::NO_AVAILABLE_CALLEE)), (Who::Caller(1), error(uri::CANCELED))];
    assert_eq!(heard, expected);
}

/// Both callees were unavailable for call 0, and others waited: it lined up behind them all the same.
#[test]
fn a_call_lined_up_when_all_callees_had_said_that_they_were_unavailable() {
    let setting = Setting::shared().one_at_a_time();
    let calls =
        [Event::Call(0), Event::Call(1), Event::Unavailable(0, 0), Event::Call(2), Event::Yield(1, 1)];
    let more = [Event::Call(3), Event::Call(4)];
    let bench = after(setting, 5, &[&calls[..], &more].concat());
    let heard = happens(&bench, Event::Unavailable(1, 0));
    let expected =
        [(Who::Caller(0), error(uri::NO_AVAILABLE_CALLEE)), (Who::Callee(1), Heard::Invocation(3, 3))];
    assert_eq!(heard, expected);
}

/// Callee 1 had answered, and those in line had not been served yet: the new call came before the one that waited.
#[test]
fn a_new_call_overtook_one_in_line_when_a_callee_had_just_answered() {
    let setting = Setting::shared().one_at_a_time();
    let events = [Event::Call(0), Event::Call(1), Event::Unavailable(0, 0), Event::Call(2)];
    let bench = Arc::new(after(setting, 4, &events));
    let inside = Arc::clone(&bench);
    let visitor = move |number| {
        if number == 0 {
            inside.act(Event::Call(3)).unwrap();
        }
    };
    with_visitor(visitor, || bench.act(Event::Yield(1, 1)).unwrap());
    assert_eq!(bench.heard(Who::Callee(1)), [Heard::Invocation(2, 0)]);
}

/// Its session had gone, its registration not yet: whoever came back was told that the procedure existed already.
#[test]
fn a_procedure_could_not_be_taken_from_a_callee_that_was_leaving() {
    let setting = Setting { callees: 2, force: true, ..Setting::single() };
    let bench = Arc::new(Bench::new(setting, 1));
    let inside = Arc::clone(&bench);
    let visitor = move |number| {
        if number == 0 {
            inside.act(Event::Register(1)).unwrap();
        }
    };
    with_visitor(visitor, || bench.act(Event::CalleeLeaves(0)).unwrap());
    let heard = happens(&bench, Event::Call(0));
    assert_eq!(heard, [(Who::Callee(1), Heard::Invocation(1, 0))]);
}
