//! Everybody at once: a thread for each session and one for the clock. What holds in any order is looked at afterwards.

use std::thread;

use super::bench::Bench;
use super::events::{Event, Who, any_event, any_setting};
use super::with_visitor;

const CALLERS: usize = 4;

/// What one session does, again and again. A thread gives way in windows at random, so that others come between.
fn acts(bench: &Bench, who: Who, mut random: fastrand::Rng) -> Result<(), String> {
    let mut other = random.fork();
    let gives_way = move |_| {
        if other.bool() {
            thread::yield_now();
        }
    };
    let mut done = Ok(());
    with_visitor(gives_way, || done = (0..60).try_for_each(|_| one_act(bench, who, &mut random)));
    done
}

fn one_act(bench: &Bench, who: Who, random: &mut fastrand::Rng) -> Result<(), String> {
    bench.heard(who);
    let mine = |event: &Event| event.by() == who;
    let event = std::iter::repeat_with(|| any_event(random, CALLERS, bench.callees.len())).find(mine);
    let is_rare = matches!(event, Some(Event::CallerLeaves(_) | Event::CalleeLeaves(_) | Event::Expire));
    match event {
        Some(event) if !is_rare || random.u8(..8) == 0 => bench.may(event),
        _ => {
            thread::yield_now();
            Ok(())
        }
    }
}

#[test]
fn a_storm_comes_to_an_end() {
    for seed in 0..300 {
        let mut random = fastrand::Rng::with_seed(seed);
        let setting = any_setting(&mut random);
        let bench = Bench::new(setting, CALLERS);
        let failed = |failure| panic!("seed {seed}, {setting:?}\n{failure}");
        thread::scope(|scope| {
            for who in bench.everybody().chain([Who::Clock]) {
                let (bench, random) = (&bench, random.fork());
                scope.spawn(move || acts(bench, who, random).unwrap_or_else(failed));
            }
        });
        bench.comes_to_an_end().unwrap_or_else(failed);
    }
}
