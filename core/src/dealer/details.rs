//! What INVOCATION says beside the arguments, and how long the call may take.

use std::time::Duration;

use super::call::Routed;
use super::registration::Endpoint;
use super::{Dealer, Registration};
use crate::error::Refusal;
use crate::id::Id;
use crate::limits::ProgressiveResults;
use crate::message::{InvocationDetails, Match, Options};
use crate::policy::{CallPolicy, Disclosure};
use crate::session::Session;
use crate::uri;
use crate::value::Dict;

/// The terms on which one callee gets a call.
pub(super) struct Terms {
    pub(super) details: Dict,
    /// How long the dealer lets it take.
    pub(super) timeout: Option<Duration>,
    pub(super) wants_progress: bool,
}

impl Dealer {
    /// The terms, if the callee has what the call needs.
    pub(super) fn terms(
        &self,
        registration: &Registration,
        endpoint: &Endpoint,
        call: &Routed<'_>,
    ) -> Result<Terms, Refusal> {
        let (caller, features) = (call.caller.session(), endpoint.seat.session().features());
        let is_progressive = call.options.progress == Some(true);
        if is_progressive && !(features.callee_progressive_invocations && features.callee_canceling) {
            return Err(unsupported("the callee does not take progressive invocations"));
        }
        if call.options.ppt.is_used() && !features.callee_ppt {
            return Err(unsupported("the callee does not know payload passthru mode"));
        }
        let policy = self.policies.call(call.procedure, &caller.identity().authrole);
        let disclose = discloses(&policy, endpoint, call)?;
        let wants_progress = call.options.receive_progress == Some(true)
            && features.callee_progressive_results
            && (features.callee_canceling
                || self.protocol.progressive_results == ProgressiveResults::Lenient);
        let time = Time::of(&policy, endpoint, call);
        let plain = registration.policy == Match::Exact
            && policy.trustlevel.is_none()
            && !disclose
            && !wants_progress
            && !is_progressive
            && time.told.is_none()
            && !call.options.ppt.is_used();
        if plain {
            return Ok(Terms { details: Dict::new(), timeout: time.kept, wants_progress });
        }
        let details = InvocationDetails {
            trustlevel: policy.trustlevel,
            procedure: (registration.policy != Match::Exact).then(|| call.procedure.to_owned()),
            receive_progress: wants_progress.then_some(true),
            progress: is_progressive.then_some(true),
            timeout: time.told,
            ppt: call.options.ppt.clone(),
            ..if disclose { disclosed(caller) } else { InvocationDetails::default() }
        };
        Ok(Terms { details: details.into_dict(), timeout: time.kept, wants_progress })
    }

    /// How long a call may take before it is known who gets it.
    pub(super) fn patience(&self, call: &Routed<'_>) -> Option<Duration> {
        let policy = self.policies.call(call.procedure, &call.caller.session().identity().authrole);
        shorter(asked(call), policy.max_timeout)
    }
}

/// Who has to end a call that takes too long.
struct Time {
    /// Milliseconds that the callee is told, and keeps.
    told: Option<u64>,
    /// What the dealer keeps itself.
    kept: Option<Duration>,
}

impl Time {
    /// A callee that wants to keep the timeout itself is trusted with the caller's, not with the limits of the realm and
    /// of the registration (RPC-TMO-04, RPC-TMO-05).
    fn of(policy: &CallPolicy, endpoint: &Endpoint, call: &Routed<'_>) -> Time {
        let limit = shorter(policy.max_timeout, endpoint.options.timeout);
        let Some(after) = shorter(asked(call), limit) else { return Time { told: None, kept: None } };
        let forward = policy.forward_timeout.unwrap_or(endpoint.options.forward_timeout)
            && endpoint.seat.session().features().callee_timeout
            && asked(call).is_some();
        match forward {
            true => Time { told: u64::try_from(after.as_millis()).ok(), kept: limit },
            false => Time { told: None, kept: Some(after) },
        }
    }
}

/// `CALL.Options.timeout`; 0 is none (RPC-TMO-01).
fn asked(call: &Routed<'_>) -> Option<Duration> {
    call.options.timeout.filter(|millis| *millis > 0).map(Duration::from_millis)
}

fn shorter(one: Option<Duration>, other: Option<Duration>) -> Option<Duration> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// Whether the callee is told who calls (RPC-CID-01 to 07).
fn discloses(policy: &CallPolicy, endpoint: &Endpoint, call: &Routed<'_>) -> Result<bool, Refusal> {
    let by_callee = endpoint.options.disclose_caller;
    let by_caller = call.options.disclose_me == Some(true);
    match call.disclose.unwrap_or(policy.disclose) {
        // The router's own procedures know whom they serve.
        _ if uri::is_reserved(call.procedure) => Ok(by_callee || by_caller),
        Disclosure::OnRequest => Ok(by_callee || by_caller),
        Disclosure::Always => Ok(true),
        Disclosure::Never if by_caller => {
            Err(Refusal::new(uri::DISCLOSE_ME_DISALLOWED, "callers of this procedure are not disclosed"))
        }
        Disclosure::Never => Ok(false),
    }
}

fn disclosed(caller: &Session) -> InvocationDetails {
    let id: Id = caller.id();
    InvocationDetails {
        caller: Some(id),
        caller_authid: Some(caller.identity().authid.clone()),
        caller_authrole: Some(caller.identity().authrole.clone()),
        ..InvocationDetails::default()
    }
}

pub(super) fn unsupported(what: &'static str) -> Refusal {
    Refusal::new(uri::FEATURE_NOT_SUPPORTED, what)
}
