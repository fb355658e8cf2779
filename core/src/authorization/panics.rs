//! Authorizers that panic.
//!
//! Law: who panics has not decided, and harms nobody else: not the session, and not the realm's own task.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use super::{Answer, Authorizer, Decision, Request};

/// A decision that is awaited.
pub(crate) type Deciding = Pin<Box<dyn Future<Output = Decision> + Send>>;

/// What an authorizer says.
pub(crate) fn ask(authorizer: &dyn Authorizer, request: &Request<'_>) -> Answer {
    let asked = catch_unwind(AssertUnwindSafe(|| authorizer.authorize(request)));
    asked.unwrap_or_else(|_| Answer::Now(panicked()))
}

/// What it says later. Not to be polled again when it is ready.
pub(crate) fn poll(deciding: &mut Deciding, cx: &mut Context<'_>) -> Poll<Decision> {
    let polled = catch_unwind(AssertUnwindSafe(|| deciding.as_mut().poll(cx)));
    polled.unwrap_or_else(|_| Poll::Ready(panicked()))
}

fn panicked() -> Decision {
    Decision::failed("the authorizer has failed")
}
