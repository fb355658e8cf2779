//! CALL, and the ways in which a call ends.
//!
//! ```text
//!                    CALL ──> INVOCATION <── CALL, progressive
//!                                 │ ───> RESULT, progressive
//!     ┌────────────┬──────────────┼─────────────────┬──────────────┬──────────────┐
//!   YIELD        ERROR     CANCEL, timeout      caller gone    callee gone   unavailable
//!     │            │     skip, killnowait│kill      │              │              │
//!   RESULT       ERROR     ERROR         │  └> INTERRUPT, goes on  ERROR canceled └> another callee
//!                          (INTERRUPT)           INTERRUPT
//! ```
//!
//! Whoever takes the invocation out of the callee's desk has decided; the others find nothing and are silent.

use std::sync::Arc;

use hashbrown::hash_map::Entry;

use super::registration::Endpoint;
use super::seat::{Caller, Invocation, More, Pending, PendingEntry, Place, Progressive};
use super::{Dealer, Registration, Seat};
use crate::error::{Fault, Refusal, Violation};
use crate::id::Id;
use crate::message::{Call, CallOptions, Code, Invoke, Payload};
use crate::policy::Disclosure;
use crate::serializer::HeadItem;
use crate::session::outbox::{Delivery, Lane};
use crate::session::turn::{Shared, Turn};
use crate::uri;
use crate::value::Dict;

/// A call on its way to a callee.
pub(super) struct Routed<'a> {
    pub(super) caller: &'a Arc<Seat>,
    pub(super) request: Id,
    pub(super) procedure: &'a str,
    pub(super) options: &'a CallOptions,
    pub(super) payload: &'a Payload,
    /// Whether the callee is told who calls, if the authorization says something of it.
    pub(super) disclose: Option<Disclosure>,
    /// Whether the caller has just made it, or it was somewhere else before.
    pub(super) is_new: bool,
    /// Callees that were asked and are unavailable.
    pub(super) tried: &'a [Id],
}

/// Why a callee does not get a call.
pub(super) enum Declined {
    /// It can't take it, but another one might.
    Next(Refusal),
    /// All of them have as much to do as they take.
    Busy,
    /// The caller has to be told.
    Refused(Refusal),
    /// The call was made before: this is more of it.
    Known,
    /// The caller has left.
    Abandoned,
    /// The call was ended on its way.
    Ended(Refusal),
}

impl From<Refusal> for Declined {
    fn from(refusal: Refusal) -> Self {
        Declined::Refused(refusal)
    }
}

/// Callees that are asked before a call is given up.
const ATTEMPTS: usize = 16;

impl Dealer {
    /// Routes CALL to a callee as INVOCATION. More of a progressive call ([`Seat::goes_on`]) is for
    /// [`go_on`](Self::go_on).
    pub(crate) fn call(
        &self,
        caller: &Arc<Seat>,
        message: &Call<'_>,
        disclose: Option<Disclosure>,
        turn: &mut Turn,
    ) -> Result<(), Fault> {
        let call = Routed {
            caller,
            request: message.request,
            procedure: &message.procedure,
            options: &message.options,
            payload: &message.payload,
            disclose,
            is_new: true,
            tried: &[],
        };
        let routed = self.find(&message.procedure, |registration| self.route(registration, &call, turn));
        match routed.unwrap_or_else(|| Err(no_such_procedure(&message.procedure).into())) {
            Ok(()) => Ok(()),
            Err(_) if caller.knows(message.request) => self.go_on(caller, message, turn),
            Err(Declined::Next(refusal) | Declined::Refused(refusal)) => Err(refusal.into()),
            // None of these comes of a new call; the caller is told all the same.
            Err(Declined::Busy | Declined::Known | Declined::Abandoned | Declined::Ended(_)) => {
                Err(busy().into())
            }
        }
    }

    /// Routes a call to a callee of `registration`, now or when it is its turn.
    pub(super) fn route(
        &self,
        registration: &Arc<Registration>,
        call: &Routed<'_>,
        turn: &mut Turn,
    ) -> Result<(), Declined> {
        match registration.is_limited() {
            false => match self.route_now(registration, call, turn) {
                // The first callee with a limit has come just now.
                Err(Declined::Busy) => self.route_in_line(registration, call, turn),
                done => done,
            },
            true => self.route_in_line(registration, call, turn),
        }
    }

    /// Asks one callee after the other.
    pub(super) fn route_now(
        &self,
        registration: &Arc<Registration>,
        call: &Routed<'_>,
        turn: &mut Turn,
    ) -> Result<(), Declined> {
        let payload = Shared::new(call.payload, call.caller.session().format());
        let key = shard_key(call.options)?;
        let endpoints = registration.endpoints.load();
        let mut tried = call.tried.to_vec();
        let mut declined = None;
        for _ in 0..ATTEMPTS {
            let Some(endpoint) = registration.choose(&endpoints, key, &tried) else { break };
            // Where callees have limits, the line's lock is held.
            #[cfg(test)]
            if !registration.is_limited() {
                super::window();
            }
            match self.offer(registration, endpoint, call, &payload, turn) {
                Err(Declined::Next(refusal)) => declined = Some(refusal),
                done => return done,
            }
            tried.push(endpoint.id());
        }
        let some_busy =
            endpoints.iter().any(|endpoint| endpoint.is_busy() && !call.tried.contains(&endpoint.id()));
        match declined {
            // A resource belongs to one node; a line behind it would hold up calls to others.
            _ if some_busy && key.is_some() => Err(busy().into()),
            _ if some_busy => Err(Declined::Busy),
            Some(refusal) => Err(Declined::Next(refusal)),
            None => Err(no_such_procedure(call.procedure).into()),
        }
    }

    /// Sends INVOCATION to one callee, if both sides can.
    fn offer(
        &self,
        registration: &Arc<Registration>,
        endpoint: &Arc<Endpoint>,
        call: &Routed<'_>,
        payload: &Shared<'_>,
        turn: &mut Turn,
    ) -> Result<(), Declined> {
        let callee = &endpoint.seat;
        // Fails here, before anything is admitted, if the callee's serializer can't express an argument.
        payload.check(callee.session().format()).map_err(Refusal::from)?;
        let terms = self.terms(registration, endpoint, call)?;

        let mut desk = callee.desk.lock();
        if desk.gone || !endpoint.is_active() {
            return Err(Declined::Next(no_such_procedure(call.procedure)));
        }
        if endpoint.is_busy() {
            return Err(Declined::Next(busy()));
        }
        if desk.invocations.len() >= self.limits.max_pending_invocations {
            self.counters.invocations_over_limit.increment();
            let limit = self.limits.max_pending_invocations;
            return Err(Declined::Next(Refusal::limit("max_pending_invocations", limit)));
        }
        let mut calls = call.caller.caller.lock();
        let entry = self.admit(call, &mut calls)?;
        let invocation = desk.ids.peek();
        let head = [
            HeadItem::Uint(Code::Invocation.number()),
            HeadItem::Uint(invocation.get()),
            HeadItem::Uint(registration.id.get()),
            HeadItem::Dict(&terms.details),
        ];
        match turn.send(callee.session(), &head, payload, Lane::Invocation) {
            Delivery::Accepted => {}
            Delivery::Full => return Err(Declined::Next(callee_is_slow())),
            Delivery::TooLong => return Err(too_long("callee").into()),
            Delivery::Gone => return Err(Declined::Next(no_such_procedure(call.procedure))),
        }
        desk.ids.next_id();
        let place = Place::At { callee: Arc::clone(callee), invocation };
        match entry {
            Entry::Occupied(known) => {
                let pending = known.into_mut();
                pending.place = place;
                self.be_home_by(pending, call, terms.timeout, turn);
            }
            Entry::Vacant(free) => {
                let deadline = terms.timeout.map(|after| {
                    let now = turn.now();
                    Box::new(self.deadlines.add(call.caller, call.request, after, now))
                });
                free.insert(Pending { place, is_open: call.options.progress == Some(true), deadline });
            }
        }
        drop(calls);
        if endpoint.counts() {
            endpoint.begun();
        }
        let more = self.more(registration, endpoint, call, terms.details);
        let entry = Invocation {
            caller: Arc::clone(call.caller),
            request: call.request,
            interrupted: false,
            wants_progress: terms.wants_progress,
            has_progressed: false,
            more,
        };
        desk.invocations.insert(invocation, entry);
        Ok(())
    }

    /// What this call needs beyond the ordinary.
    fn more(
        &self,
        registration: &Arc<Registration>,
        endpoint: &Arc<Endpoint>,
        call: &Routed<'_>,
        details: Dict,
    ) -> Option<Box<More>> {
        let is_progressive = call.options.progress == Some(true);
        let may_move = registration.invoke != Invoke::Single
            && endpoint.seat.session().features().callee_reroute
            && !is_progressive;
        if !is_progressive && !may_move && !endpoint.counts() {
            return None;
        }
        Some(Box::new(More {
            counted: endpoint.counts().then(|| (Arc::clone(registration), Arc::clone(endpoint))),
            // Without room for it the call goes to this callee or to none.
            held: if may_move { self.hold(registration, call).map(Box::new) } else { None },
            progressive: is_progressive.then(|| Progressive {
                registration: registration.id,
                procedure: call.procedure.into(),
                details,
            }),
        }))
    }

    /// Where the call stands among those of its caller, if the caller still wants it, or may make it.
    pub(super) fn admit<'c>(
        &self,
        call: &Routed<'_>,
        calls: &'c mut Caller,
    ) -> Result<PendingEntry<'c>, Declined> {
        let (waiting, is_late) = (calls.pending.len(), calls.late.contains(call.request));
        match (calls.pending.entry(call.request), call.is_new) {
            (Entry::Occupied(_), true) => Err(Declined::Known),
            (Entry::Vacant(_), true) if is_late => Err(Declined::Known),
            (Entry::Vacant(_), true) if waiting >= self.limits.max_pending_calls => {
                self.counters.calls_over_limit.increment();
                Err(Refusal::limit("max_pending_calls", self.limits.max_pending_calls).into())
            }
            (Entry::Vacant(_), false) => Err(Declined::Abandoned),
            (Entry::Occupied(known), false) => match &known.get().place {
                Place::Moving { end: Some(why) } => Err(Declined::Ended(why.clone())),
                _ => Ok(Entry::Occupied(known)),
            },
            (free @ Entry::Vacant(_), true) => Ok(free),
        }
    }
}

/// The resource key of a call to a sharded registration (RPC-SHARD-01).
fn shard_key(options: &CallOptions) -> Result<Option<&str>, Refusal> {
    match (options.runmode.as_deref(), options.rkey.as_deref()) {
        (None, _) => Ok(None),
        (Some("partition"), Some(key)) => Ok(Some(key)),
        (Some("partition"), None) => {
            Err(Refusal::new(uri::INVALID_ARGUMENT, "runmode \"partition\" needs an rkey"))
        }
        (Some(other), _) => {
            let text = format!("runmode {other:?} is not supported, only \"partition\"");
            Err(Refusal::new(uri::OPTION_NOT_ALLOWED, text))
        }
    }
}

/// A second CALL with the id of one that waits for its answer.
pub(crate) fn pending_already(request: Id) -> Violation {
    Violation::new(format!("CALL.Request {request} is pending already"))
}

pub(super) fn no_such_procedure(procedure: &str) -> Refusal {
    Refusal::new(uri::NO_SUCH_PROCEDURE, format!("nobody has registered {procedure}"))
}

pub(super) fn busy() -> Refusal {
    Refusal::new(uri::UNAVAILABLE, "all callees have as much to do as they take at a time")
}

pub(super) fn callee_is_slow() -> Refusal {
    Refusal::new(
        uri::UNAVAILABLE,
        "the callee is too slow: its outbox is full (limits outbox_bytes, outbox_messages)",
    )
}

pub(super) fn too_long(receiver: &str) -> Refusal {
    Refusal::new(uri::PAYLOAD_SIZE_EXCEEDED, format!("the message is longer than the {receiver} accepts"))
}
