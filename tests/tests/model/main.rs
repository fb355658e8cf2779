//! The router against a deliberately naive model of a broker and a dealer.
//!
//! ```text
//!   seed ──> steps ──┬──> Model: lists and loops      ──> what every session has to receive
//!                    └──> World: the real router over      │ compared after each step,
//!                         memory, raw frames, 3 formats ───┘ message by message, in order
//! ```
//!
//! A failure prints the seed and the shortest list of steps that still fails. `CROSSWAY_MODEL_SEED=17` replays one seed,
//! `CROSSWAY_MODEL_CASES=100000` runs more of them.
//!
//! | file        | subject                                                         |
//! |-------------|-----------------------------------------------------------------|
//! | `step`      | random steps, which mean something in every state               |
//! | `reference` | the model: `broker`, `procedures`, and `calls` with their time   |
//! | `pattern`   | messages with symbols in place of ids that the router chooses   |
//! | `world`     | the router with its raw peers                                   |
//! | `storm`     | many threads at once: what must hold without a known order      |

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test that can't go on fails")]

mod pattern;
mod reference;
mod step;
mod storm;
mod world;

use reference::Model;
use step::{Random, Step};
use world::World;

const CASES: u64 = 2000;
const STEPS: usize = 100;

fn variable(name: &str) -> Option<u64> {
    std::env::var(name)
        .ok()
        .map(|value| value.parse().unwrap_or_else(|_| panic!("{name} has to be a number")))
}

fn steps(seed: u64) -> Vec<Step> {
    let mut random = Random::new(seed);
    (0..STEPS).map(|_| Step::random(&mut random)).collect()
}

/// Runs steps against the model and the router; says where they part.
fn run(steps: &[Step], model: Model) -> Result<(), String> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(World::new().run(steps, model))
}

/// The shortest list of steps that still fails: first a prefix, then without what is not needed.
fn shrink(mut steps: Vec<Step>, fails: impl Fn(&[Step]) -> bool) -> Vec<Step> {
    while steps.len() > 1 && fails(&steps[..steps.len() - 1]) {
        steps.pop();
    }
    let mut at = 0;
    while at < steps.len() {
        let mut fewer = steps.clone();
        fewer.remove(at);
        if fails(&fewer) { steps = fewer } else { at += 1 }
    }
    steps
}

#[test]
fn the_router_does_what_the_model_says() {
    let seeds = match variable("CROSSWAY_MODEL_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..variable("CROSSWAY_MODEL_CASES").unwrap_or(CASES),
    };
    for seed in seeds {
        let steps = steps(seed);
        let Err(failure) = run(&steps, Model::new()) else { continue };
        println!("seed {seed}: {failure}\nlooking for fewer steps that do the same");
        let steps = shrink(steps, |steps| run(steps, Model::new()).is_err());
        let failure =
            run(&steps, Model::new()).err().unwrap_or_else(|| "does not fail every time".to_owned());
        panic!("seed {seed}: {failure}\nsteps:\n{}", World::told(&steps));
    }
}

#[test]
fn a_wrong_model_is_noticed_and_the_failure_shrunk() {
    for flaw in reference::Flaw::ALL {
        let fails = |steps: &[Step]| run(steps, Model::with(flaw)).is_err();
        let failing = (0..2000).map(steps).find(|steps| fails(steps));
        let shrunk = shrink(failing.unwrap_or_else(|| panic!("{flaw:?} goes unnoticed")), fails);
        assert!(shrunk.len() <= 8, "{flaw:?} takes {} steps:\n{}", shrunk.len(), World::told(&shrunk));
    }
}
