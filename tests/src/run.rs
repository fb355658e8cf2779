//! A behaviour over all links, and the check that nothing is left of the router afterwards.

use std::fmt::Display;

use tokio::runtime::Builder;

use crate::{Link, Plan, TestRouter};

/// Runs a behaviour over every carrier with every format.
pub fn everywhere(behaviour: impl AsyncFn(&TestRouter, Link)) {
    everywhere_with(Plan::default, behaviour);
}

/// As [`everywhere`], with a plan.
pub fn everywhere_with(plan: impl Fn() -> Plan, behaviour: impl AsyncFn(&TestRouter, Link)) {
    for link in Link::all() {
        run(link, plan(), async |router| behaviour(router, link).await);
    }
}

/// Runs a behaviour between peers of different formats, every ordered pair on several carriers.
pub fn between(behaviour: impl AsyncFn(&TestRouter, Link, Link)) {
    between_with(Plan::default, behaviour);
}

/// As [`between`], with a plan.
pub fn between_with(plan: impl Fn() -> Plan, behaviour: impl AsyncFn(&TestRouter, Link, Link)) {
    for (one, other) in Link::pairs() {
        let name = format!("{one} and {other}");
        run(name, plan(), async |router| behaviour(router, one, other).await);
    }
}

/// Runs a behaviour once, for what has nothing to do with the link.
pub fn on_memory(plan: Plan, behaviour: impl AsyncFn(&TestRouter)) {
    run(Link::DEFAULT, plan, behaviour);
}

/// Runs a behaviour against a router that uses several threads, for what depends on who is faster.
pub fn on_threads(plan: Plan, behaviour: impl AsyncFn(&TestRouter)) {
    let mut builder = Builder::new_multi_thread();
    run_in(builder.worker_threads(3), "several threads", plan, behaviour);
}

/// Runs a behaviour over some links.
pub fn on(
    links: impl IntoIterator<Item = Link>,
    plan: impl Fn() -> Plan,
    behaviour: impl AsyncFn(&TestRouter, Link),
) {
    for link in links {
        run(link, plan(), async |router| behaviour(router, link).await);
    }
}

fn run(name: impl Display, plan: Plan, behaviour: impl AsyncFn(&TestRouter)) {
    run_in(&mut Builder::new_current_thread(), name, plan, behaviour);
}

fn run_in(builder: &mut Builder, name: impl Display, plan: Plan, behaviour: impl AsyncFn(&TestRouter)) {
    let name = Name(name);
    let runtime = builder.enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let router = TestRouter::start(plan);
        behaviour(&router).await;
        router.finish().await;
    });
    drop(name);
}

/// Says which link it was when a test fails.
struct Name<N: Display>(N);

impl<N: Display> Drop for Name<N> {
    #[allow(clippy::print_stderr, reason = "this is what the test runner shows")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("this was over {}", self.0);
        }
    }
}
