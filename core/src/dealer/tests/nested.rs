//! One event in the midst of another: in every window where no lock is held.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::bench::Bench;
use super::events::{Event, Heard, Setting, Who, any_event, any_setting};
use super::oracle::Oracle;
use super::orders::{LINE, ONE, TWO};
use super::with_visitor;
use crate::message::CancelMode;
use crate::uri;

/// Lets `inner` happen in a window of `outer`, after what was `before`. Tells how many windows there were.
fn one_in_another(
    setting: Setting,
    before: &[Event],
    outer: Event,
    window: usize,
    inner: Event,
) -> Result<usize, String> {
    let bench = Arc::new(Bench::new(setting, 3));
    for event in before {
        bench.may(*event)?;
        bench.all_read();
    }
    if !bench.can(outer) {
        return Ok(0);
    }
    let (inside, failure) = (Arc::clone(&bench), Arc::new(parking_lot::Mutex::new(Ok(()))));
    let told = Arc::clone(&failure);
    let visitor = move |number| {
        if number == window {
            inside.all_read();
            *told.lock() = inside.may(inner);
        }
    };
    let mut done = Ok(());
    let windows = with_visitor(visitor, || done = bench.may(outer));
    done?;
    std::mem::replace(&mut *failure.lock(), Ok(()))?;
    bench.all_answer()?;
    if window < windows && are_whole(before, outer, inner) {
        let heard: Vec<Vec<Heard>> = bench.everybody().map(|who| bench.log(who)).collect();
        let orders = [[outer, inner], [inner, outer]];
        let expected = orders.map(|order| one_after_the_other(setting, &[before, &order].concat()));
        if !expected.contains(&heard) {
            return Err(format!("all have heard {heard:?}\nand not one of {expected:#?}"));
        }
    }
    bench.comes_to_an_end()?;
    Ok(windows)
}

/// Whether it has to be as if one had come after the other. Not so where callers leave, for they do it as callees first, nor
/// where something happens to several calls, one by one; and a call on its way to another callee hears of its end there.
fn are_whole(before: &[Event], outer: Event, inner: Event) -> bool {
    let events = before.iter().chain([&outer, &inner]);
    let calls = events.filter(|event| matches!(event, Event::Call(_))).count();
    let is_whole = |event| match event {
        Event::CallerLeaves(_) => false,
        Event::Expire => calls < 2,
        // The oracle knows of one call for each caller.
        Event::Call(_) => !before.contains(&event),
        _ => true,
    };
    let may_be_split = !matches!(outer, Event::Unavailable(..) | Event::Register(_));
    may_be_split && is_whole(outer) && is_whole(inner)
}

/// What everybody hears if nothing comes between.
fn one_after_the_other(setting: Setting, events: &[Event]) -> Vec<Vec<Heard>> {
    let mut oracle = Oracle::new(setting, 3);
    let mut heard: BTreeMap<Who, Vec<Heard>> = BTreeMap::new();
    let mut happens = |event| {
        if oracle.can(event) {
            for (who, messages) in oracle.take(event) {
                heard.entry(who).or_default().extend(messages);
            }
        }
    };
    events.iter().for_each(|event| happens(*event));
    for _ in 0..=3 {
        for callee in 0..setting.callees {
            (0..3).for_each(|call| happens(Event::Yield(callee, call)));
        }
    }
    let callees = (0..setting.callees).map(Who::Callee);
    let everybody = (0..3).map(Who::Caller).chain(callees);
    everybody.map(|who| heard.remove(&who).unwrap_or_default()).collect()
}

/// All pairs of what may happen, in all windows.
fn explore(setting: Setting, before: &[Event], pool: &[Event]) {
    for &outer in pool {
        for &inner in pool.iter().filter(|inner| inner.by() != outer.by()) {
            let mut window = 0;
            loop {
                match one_in_another(setting, before, outer, window, inner) {
                    Ok(windows) if window + 1 < windows => window += 1,
                    Ok(_) => break,
                    Err(failure) => {
                        panic!(
                            "{setting:?}\n{before:?}, then {inner:?} in window {window} of {outer:?}\n{failure}"
                        )
                    }
                }
            }
        }
    }
}

const CALL: Event = Event::Call(0);

#[test]
fn a_call_to_one_callee_ends_once_whatever_comes_between() {
    let single = Setting { callees: 2, ..Setting::single() }.one_comes_later();
    let pool = [&ONE[..], &[CALL]].concat();
    let settings = [
        single,
        Setting { canceling: false, ..single },
        single.one_at_a_time(),
        Setting { force: true, ..single.one_at_a_time() },
    ];
    for setting in settings {
        for before in
            [&[][..], &[CALL], &[CALL, Event::Progress(0, 0)], &[CALL, Event::Cancel(0, CancelMode::Kill)]]
        {
            explore(setting, before, &pool);
        }
    }
}

#[test]
fn a_call_that_may_go_elsewhere_ends_once_whatever_comes_between() {
    let pool = [&TWO[..], &[CALL]].concat();
    let shared = Setting::shared();
    for setting in [shared, shared.one_comes_later(), shared.one_at_a_time()] {
        for before in [&[][..], &[CALL], &[CALL, Event::Unavailable(0, 0)]] {
            explore(setting, before, &pool);
        }
    }
}

#[test]
fn calls_in_line_end_once_whatever_comes_between() {
    let pool = [&LINE[..], &[CALL]].concat();
    let single = Setting { callees: 2, ..Setting::single() }.one_comes_later();
    for setting in [single, Setting::shared(), Setting::shared().one_comes_later()] {
        let two = [CALL, Event::Call(1)];
        let three = [CALL, Event::Call(1), Event::Call(2)];
        let moved = [CALL, Event::Call(1), Event::Unavailable(0, 0)];
        for before in [&two[..1], &two, &three, &moved] {
            explore(setting.one_at_a_time(), before, &pool);
        }
    }
}

#[test]
fn a_call_of_several_messages_ends_once_whatever_comes_between() {
    let open = Setting { open: true, ..Setting::shared().one_comes_later() };
    let pool = [&TWO[..], &[CALL, Event::More(0), Event::Last(0)]].concat();
    for setting in [open, open.one_at_a_time()] {
        for before in [&[][..], &[CALL], &[CALL, Event::More(0)], &[CALL, Event::Last(0)]] {
            explore(setting, before, &pool);
        }
    }
}

/// Between two callees it is nobody's: whoever ends it there is heard, and the other callee does not get it.
#[test]
fn a_call_on_its_way_to_another_callee_can_be_ended() {
    let ends = [
        (Event::Cancel(0, CancelMode::Skip), uri::CANCELED),
        (Event::Cancel(0, CancelMode::Kill), uri::CANCELED),
        (Event::Cancel(0, CancelMode::KillNoWait), uri::CANCELED),
        (Event::Expire, uri::TIMEOUT),
    ];
    let shared = Setting::shared();
    // The last has no other callee: the end is heard before it can be said that nobody is left.
    for setting in [shared, shared.one_at_a_time(), shared.one_comes_later()] {
        for (end, why) in ends {
            let bench = Arc::new(Bench::new(setting, 1));
            bench.act(CALL).unwrap();
            bench.all_read();
            let inside = Arc::clone(&bench);
            let visitor = move |number| {
                if number == 0 {
                    inside.act(end).unwrap();
                }
            };
            with_visitor(visitor, || bench.act(Event::Unavailable(0, 0)).unwrap());
            assert_eq!(bench.heard(Who::Caller(0)), [Heard::Error(why.into())], "{end:?}");
            assert_eq!(bench.heard(Who::Callee(1)), [], "{end:?}");
            bench.comes_to_an_end().unwrap();
        }
    }
}

/// Callers may use an id again when they have the answer.
#[test]
fn the_clock_of_a_call_does_not_end_the_next_one_with_its_id() {
    let bench = Arc::new(Bench::new(Setting::single(), 1));
    bench.act(CALL).unwrap();
    bench.all_read();
    let inside = Arc::clone(&bench);
    let visitor = move |number| {
        if number == 0 {
            inside.act(Event::Yield(0, 0)).unwrap();
            inside.act(CALL).unwrap();
        }
    };
    with_visitor(visitor, || bench.act(Event::Expire).unwrap());
    assert_eq!(bench.heard(Who::Caller(0)), [Heard::Result]);
    bench.comes_to_an_end().unwrap();
}

/// Anything in any window of anything, and more than one at a time.
#[test]
fn long_random_stories_come_to_an_end() {
    for seed in 0..1500 {
        let mut random = fastrand::Rng::with_seed(seed);
        let setting = any_setting(&mut random);
        let bench = Arc::new(Bench::new(setting, 5));
        for _ in 0..30 {
            let outer = any_event(&mut random, 5, 3);
            let (inside, mut other) = (Arc::clone(&bench), random.fork());
            let visitor = move |_| {
                let inner = any_event(&mut other, 5, 3);
                inside.all_read();
                if inner.by() != outer.by() && other.bool() {
                    inside.may(inner).unwrap_or_else(|failure| panic!("seed {seed}: {failure}"));
                }
            };
            bench.all_read();
            with_visitor(visitor, || {
                bench.may(outer).unwrap_or_else(|failure| panic!("seed {seed}: {failure}"))
            });
        }
        bench.comes_to_an_end().unwrap_or_else(|failure| panic!("seed {seed}, {setting:?}\n{failure}"));
    }
}
