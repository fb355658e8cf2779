//! Permissions as an operator might write them, by the thousand.

use crossway_core::authorization::{
    Action, Answer, Authorizer, Decision, Permission, Permissions, Request, Role,
};
use crossway_core::message::Match;

/// Where benchmarks publish; [`permissions`] allow it.
pub const TOPIC: &str = "com.example.topic";
/// What they call.
pub const PROCEDURE: &str = "com.example.procedure";

/// So many permissions of anonymous sessions: half of them for exact URIs, a quarter for prefixes, a quarter for wildcards of four
/// shapes. One of them, for the prefix `com.example.`, allows everything; those besides are more specific.
pub fn permissions(count: usize) -> Permissions {
    let below = Permission::new("com.example.", Match::Prefix).allow(Action::ALL);
    let others = (1..count).map(|number| {
        let (policy, uri) = pattern(number);
        Permission::new(uri, policy).allow([Action::Publish, Action::Call, Action::Subscribe])
    });
    let role = Role { name: "anonymous".into(), permissions: others.chain([below]).collect() };
    Permissions::new([role])
}

/// The URI that the permission of this number allows.
pub fn uri(number: usize) -> String {
    format!("com.example.plant{}.line{}.sensor{number}", number % 50, number / 50 % 20)
}

fn pattern(number: usize) -> (Match, String) {
    let (plant, line) = (number % 50, number / 50 % 20);
    match number % 8 {
        0..4 => (Match::Exact, uri(number)),
        4 | 5 => (Match::Prefix, format!("com.example.plant{plant}.line{line}.sensor{number}.")),
        6 => (Match::Wildcard, format!("com.example..line{line}.sensor{number}")),
        _ => (Match::Wildcard, format!("com.example.plant{plant}..sensor{number}")),
    }
}

/// The same decisions, which no session may remember.
pub struct Forgetful(pub Permissions);

impl Authorizer for Forgetful {
    fn authorize(&self, request: &Request<'_>) -> Answer {
        match self.0.authorize(request) {
            Answer::Now(decision) => Answer::Now(Decision { cache: false, ..decision }),
            later @ Answer::Later(_) => later,
        }
    }
}

/// Allows everything, after others have had their turn; `true`: the session may remember it.
pub struct Slow(pub bool);

impl Authorizer for Slow {
    fn authorize(&self, _: &Request<'_>) -> Answer {
        let cache = self.0;
        Answer::later(async move {
            tokio::task::yield_now().await;
            Decision { cache, ..Decision::allowed() }
        })
    }
}
