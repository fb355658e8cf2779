//! REGISTER and UNREGISTER.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Dealer, Seat};
use crate::error::Refusal;
use crate::id::Id;
use crate::message::{Code, Invoke, Match, Register, Unregister};
use crate::serializer::HeadItem;
use crate::session::turn::Turn;
use crate::uri;
use crate::witness::Witness;

/// One procedure and who runs it.
pub(crate) struct Registration {
    pub(super) id: Id,
    pub(super) procedure: Box<str>,
    pub(super) callee: Arc<Seat>,
    pub(super) disclose_caller: bool,
    /// Read and written under the callee's lock, so that no INVOCATION follows UNREGISTERED.
    active: AtomicBool,
}

impl Registration {
    pub(super) fn is_active(&self) -> bool {
        self.active.load(Ordering::Relaxed)
    }
}

impl Dealer {
    /// Answers REGISTER with REGISTERED.
    ///
    /// The callee's lock is held from before callers can find the procedure until REGISTERED is in the outbox: their
    /// INVOCATIONs need that lock and come after (ORD-06).
    pub(crate) fn register(
        &self,
        seat: &Arc<Seat>,
        message: &Register<'_>,
        witness: &dyn Witness,
        turn: &mut Turn,
    ) -> Result<(), Refusal> {
        if message.options.policy.unwrap_or(Match::Exact) != Match::Exact {
            return Err(Refusal::new(uri::OPTION_NOT_ALLOWED, "pattern-based registration is not supported"));
        }
        if message.options.invoke.unwrap_or(Invoke::Single) != Invoke::Single {
            return Err(Refusal::new(uri::OPTION_NOT_ALLOWED, "shared registration is not supported"));
        }
        let mut ids = self.write.lock();
        let procedures = self.procedures.pin();
        if procedures.contains_key(&*message.procedure) {
            let text = format!("{} is registered already", message.procedure);
            return Err(Refusal::new(uri::PROCEDURE_ALREADY_EXISTS, text));
        }
        let mut callee = seat.callee.lock();
        if callee.registrations.len() >= self.limits.max_registrations {
            self.counters.registrations_over_limit.increment();
            return Err(Refusal::limit("max_registrations", self.limits.max_registrations));
        }
        let registration = Arc::new(Registration {
            id: ids.next_id(),
            procedure: message.procedure.as_ref().into(),
            callee: Arc::clone(seat),
            disclose_caller: message.options.disclose_caller.unwrap_or(false),
            active: AtomicBool::new(true),
        });
        procedures.insert(registration.procedure.clone(), Arc::clone(&registration));
        let reply = [
            HeadItem::Uint(Code::Registered.number()),
            HeadItem::Uint(message.request.get()),
            HeadItem::Uint(registration.id.get()),
        ];
        turn.acknowledge(seat.session(), &reply);
        callee.registrations.insert(registration.id, registration);
        Ok(())
    }

    /// Answers UNREGISTER with UNREGISTERED, after which no INVOCATION follows. Pending ones go on (RPC-16).
    pub(crate) fn unregister(
        &self,
        seat: &Seat,
        message: &Unregister,
        witness: &dyn Witness,
        turn: &mut Turn,
    ) -> Result<(), Refusal> {
        let _write = self.write.lock();
        let mut callee = seat.callee.lock();
        let registration = callee.registrations.remove(&message.registration).ok_or_else(|| {
            let text = format!("this session has no registration {}", message.registration);
            Refusal::new(uri::NO_SUCH_REGISTRATION, text)
        })?;
        self.withdraw(&registration);
        let reply = [HeadItem::Uint(Code::Unregistered.number()), HeadItem::Uint(message.request.get())];
        turn.acknowledge(seat.session(), &reply);
        Ok(())
    }

    /// Callers find the procedure no longer. Called with the write lock held.
    pub(super) fn withdraw(&self, registration: &Registration) {
        registration.active.store(false, Ordering::Relaxed);
        self.procedures.pin().remove(&registration.procedure);
    }
}
