//! The rounds of one authentication: CHALLENGE and AUTHENTICATE, as often as the method likes.
//!
//! Law: whatever an authenticator waits for, the connection is looked after meanwhile. A client that is lost, or a router that
//! goes down, ends the wait: the authenticator is dropped where it stands. One that panics has not decided: the client is told
//! so, and nobody else notices.
//!
//! ```text
//!   Authenticator ── challenge(extra) ──> Desk ──> the connection's task: CHALLENGE, waits for AUTHENTICATE
//!                 <────── Response ───────┘
//! ```

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::{Poll, Waker};
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use tokio::time::sleep;

use super::connection::{Connection, Ended};
use super::handshake::{Refused, too_long};
use super::outbox::Delivery;
use crate::auth::{AuthError, AuthRequest, Authenticator, Challenger, Identity, Response};
use crate::error::Violation;
use crate::gate::Attempt;
use crate::message::{Challenge, Code, Message};
use crate::seldom::Seldom;
use crate::uri;
use crate::value::Dict;

/// What passes between an authenticator and the connection. Both are in one task, so nobody ever waits for the lock.
#[derive(Default)]
struct Desk {
    extra: Option<Dict>,
    response: Option<Response>,
    waiting: Option<Waker>,
}

/// The authenticator's side.
struct Exchange<'d>(&'d Mutex<Desk>);

#[async_trait]
impl Challenger for Exchange<'_> {
    async fn challenge(&mut self, extra: Dict) -> Result<Response, AuthError> {
        self.0.lock().extra = Some(extra);
        let response = poll_fn(|cx| {
            let mut desk = self.0.lock();
            match desk.response.take() {
                Some(response) => Poll::Ready(response),
                None => {
                    desk.waiting = Some(cx.waker().clone());
                    Poll::Pending
                }
            }
        });
        Ok(response.await)
    }
}

/// What comes first.
enum Event {
    Decided(Result<Identity, AuthError>),
    Challenge(Dict),
    Ended(Ended),
}

/// Who panics has not decided.
fn panicked(request: &AuthRequest, authenticator: &dyn Authenticator) -> AuthError {
    static PANICKED: Seldom = Seldom::new();
    if let Some(left_out) = PANICKED.is_time() {
        let method = authenticator.method();
        tracing::error!(realm = request.realm, method, peer = %request.transport, left_out, "an authenticator has panicked");
    }
    AuthError::Failed("this way of logging in has failed".to_owned())
}

impl Connection<'_> {
    /// Lets some time pass. Whoever leaves meanwhile takes no place among those who log in any more.
    pub(super) async fn pause(&mut self, time: Duration) -> Result<(), Ended> {
        if time.is_zero() {
            return Ok(());
        }
        let mut timer = pin!(sleep(time));
        poll_fn(|cx| match timer.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Ok(())),
            Poll::Pending => self.poll_lost(cx).map(Err),
        })
        .await
    }

    /// Lets a method decide. `Err`: there is nothing to decide any more.
    pub(super) async fn authenticate(
        &mut self,
        authenticator: &dyn Authenticator,
        request: &AuthRequest,
        attempt: &Attempt<'_>,
    ) -> Result<Result<Identity, AuthError>, Refused> {
        let desk = Mutex::new(Desk::default());
        let mut exchange = Exchange(&desk);
        // All of it in one future, so that it panics in one place if it does.
        let mut deciding = pin!(async { authenticator.authenticate(request, &mut exchange).await });
        loop {
            let event = poll_fn(|cx| {
                let polled = catch_unwind(AssertUnwindSafe(|| deciding.as_mut().poll(cx)));
                match polled.unwrap_or_else(|_| Poll::Ready(Err(panicked(request, authenticator)))) {
                    Poll::Ready(decision) => return Poll::Ready(Event::Decided(decision)),
                    Poll::Pending => {}
                }
                if let Some(extra) = desk.lock().extra.take() {
                    return Poll::Ready(Event::Challenge(extra));
                }
                self.poll_lost(cx).map(Event::Ended)
            });
            match event.await {
                Event::Decided(decision) => return Ok(decision),
                Event::Ended(ended) => return Err(ended.into()),
                Event::Challenge(extra) => {
                    let response = self.round(authenticator.method(), extra).await?;
                    // Others may have failed while this one took its time.
                    attempt.answered().map_err(|limit| Refused::Abort(uri::LIMIT_EXCEEDED, limit))?;
                    let waiting = {
                        let mut desk = desk.lock();
                        desk.response = Some(response);
                        desk.waiting.take()
                    };
                    waiting.into_iter().for_each(Waker::wake);
                }
            }
        }
    }

    async fn round(&mut self, method: &str, extra: Dict) -> Result<Response, Refused> {
        if self.say(Challenge { method: method.into(), extra }) == Delivery::TooLong {
            return Err(too_long("CHALLENGE"));
        }
        let frame = self.next_frame().await?;
        self.check_length(&frame)?;
        let serializer = self.format.serializer();
        let scan = serializer.scan(&frame, self.router.limits.max_depth).map_err(Violation::from)?;
        match Message::decode(&frame, &scan, serializer)? {
            Message::Authenticate(m) => Ok(Response { signature: m.signature, extra: m.extra }),
            Message::Abort(_) => Err(Ended::Aborted.into()),
            other => {
                let text =
                    format!("{} where {} has to follow", other.code().name(), Code::Authenticate.name());
                Err(Violation::new(text).into())
            }
        }
    }
}
