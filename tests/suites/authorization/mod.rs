//! Who may do what: rules and other authorizers through public doors.

mod meanwhile;
mod memory;
mod meta;
mod order;
mod panics;
mod rules;
mod storm;
mod terms;

use std::sync::Arc;

use crossway_core::RealmConfig;
use crossway_core::authorization::{Action, Answer, Authorizer, Decision, Grant, Permission, Request, Role};
use crossway_core::message::Match;
use crossway_tests::{Link, Plan, TestRouter, on};
use tokio::sync::{Mutex, mpsc, oneshot};

use crate::users::users;

/// `realm1` with alice and bob, who are staff, and carol, a guest; this one decides what they may do.
fn plan(authorizer: impl Authorizer) -> Plan {
    Plan::realm(users(RealmConfig::new("realm1")).authorizer(Arc::new(authorizer)))
}

/// A role that may publish what proves silence.
fn role(name: &str) -> Role {
    Role::new(name).permission(Permission::new("test.fence", Match::Exact).allow([Action::Publish]))
}

/// A permission for a prefix.
fn below(uri: &str) -> Permission {
    Permission::new(uri, Match::Prefix)
}

/// Decides at once, as a function says.
struct Judge<F>(F);

impl<F: Fn(&Request<'_>) -> Decision + Send + Sync + 'static> Authorizer for Judge<F> {
    fn authorize(&self, request: &Request<'_>) -> Answer {
        Answer::Now((self.0)(request))
    }
}

/// What alice wants with URIs below `slow.` is decided when the test does it, everything else is allowed.
#[derive(Clone)]
struct Gate(mpsc::UnboundedSender<Question>);

/// Something to be decided.
struct Question {
    action: Action,
    uri: String,
    answer: oneshot::Sender<Decision>,
}

impl Authorizer for Gate {
    fn authorize(&self, request: &Request<'_>) -> Answer {
        if request.identity.authid != "alice" || !request.uri.starts_with("slow.") {
            return Decision::granted(Grant::default().on_purpose()).into();
        }
        let (answer, decided) = oneshot::channel();
        let question = Question { action: request.action(), uri: request.uri.to_owned(), answer };
        // A test that asks for nothing more is over.
        let _ = self.0.send(question);
        Answer::later(
            async move { decided.await.unwrap_or_else(|_| Decision::failed("nobody has decided that")) },
        )
    }
}

impl Question {
    fn allow(self) {
        self.answered_with(Decision::allowed());
    }

    fn deny(self) {
        self.answered_with(Decision::denied());
    }

    fn answered_with(self, decision: Decision) {
        assert!(self.answer.send(decision).is_ok(), "nobody waits for the decision about {}", self.uri);
    }
}

/// What is asked.
struct Questions(Mutex<mpsc::UnboundedReceiver<Question>>);

impl Questions {
    /// The next, which has to be this one.
    async fn next(&self, action: Action, uri: &str) -> Question {
        let question = self.0.lock().await.recv().await.expect("the router is there");
        assert_eq!((question.action, question.uri.as_str()), (action, uri));
        question
    }

    /// Nothing was asked that is not answered.
    async fn is_empty(&self) -> bool {
        self.0.lock().await.is_empty()
    }
}

fn gate() -> (Gate, Questions) {
    let (sender, receiver) = mpsc::unbounded_channel();
    (Gate(sender), Questions(Mutex::new(receiver)))
}

/// Runs a behaviour over every link, with a gate.
fn gated(change: impl Fn(&mut Plan), behaviour: impl AsyncFn(&TestRouter, Link, &Questions)) {
    for link in Link::all() {
        let (gate, questions) = gate();
        let plan = || {
            let mut plan = plan(gate.clone());
            change(&mut plan);
            plan
        };
        on([link], plan, async |router, link| behaviour(router, link, &questions).await);
    }
}
