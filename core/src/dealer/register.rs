//! REGISTER, UNREGISTER, and registrations that are taken from their callees.

use std::sync::Arc;
use std::time::Duration;

use super::registration::EndpointOptions;
use super::{Books, Dealer, Registration, Seat, window};
use crate::error::Refusal;
use crate::id::Id;
use crate::limits::ForceReregister;
use crate::message::{Code, Invoke, Match, Register, RegisterOptions, Unregister};
use crate::serializer::HeadItem;
use crate::session::outbox::Lane;
use crate::session::turn::Turn;
use crate::uri;
use crate::value::Dict;
use crate::witness::{Change, Kind, Witness};

impl Dealer {
    /// Answers REGISTER with REGISTERED.
    ///
    /// The lock of the callee's desk is held from before callers can find the procedure until REGISTERED is in the
    /// outbox: their INVOCATIONs need that lock and come after (ORD-06).
    pub(crate) fn register(
        &self,
        seat: &Arc<Seat>,
        message: &Register<'_>,
        witness: &dyn Witness,
        turn: &mut Turn,
    ) -> Result<(), Refusal> {
        let policy = message.options.policy.unwrap_or(Match::Exact);
        let invoke = message.options.invoke.unwrap_or(Invoke::Single);
        let wishes = EndpointOptions::read(&message.options, self.limits.max_uri_length)?;
        let mut books = self.write.lock();
        let mut taken = None;
        if message.options.force_reregister == Some(true)
            && let Some(held) = self.registration(&message.procedure, policy)
        {
            self.may_register(seat, held.has(seat))?;
            self.take_away(&mut books, seat, &held, witness, turn)?;
            taken = Some(held);
        }
        let known = self.registration(&message.procedure, policy);
        if let Some(known) = &known {
            self.may_join(known, seat, invoke)?;
            if known.has(seat) {
                registered(seat, message.request, known.id, turn);
                return Ok(());
            }
        } else if policy == Match::Wildcard {
            self.may_add_shape(&message.procedure)?;
        }
        self.may_register(seat, false)?;
        let mut desk = seat.desk.lock();
        let is_new = known.is_none();
        let registration = known
            .unwrap_or_else(|| Registration::new(books.ids.next_id(), &message.procedure, policy, invoke));
        books.endpoints += 1;
        let endpoint = registration.add(seat, books.endpoints, wishes);
        if is_new {
            self.publish(&mut books, &registration);
        }
        registered(seat, message.request, registration.id, turn);
        desk.registrations.insert(registration.id, (Arc::clone(&registration), endpoint));
        drop(desk);
        if witness.listens() && !uri::is_reserved(&registration.procedure) {
            let by = seat.session().id();
            if is_new {
                witness.saw(Kind::Registration, by, &Change::Created(&registration.facts()), turn);
            }
            witness.saw(Kind::Registration, by, &Change::Joined(registration.id), turn);
        }
        drop(books);
        window();
        if let Some(taken) = taken {
            self.serve_the_line(&taken, turn);
        }
        self.serve_the_line(&registration, turn);
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
        let mut books = self.write.lock();
        let registration = {
            let mut desk = seat.desk.lock();
            let removed = desk.registrations.remove(&message.registration);
            let (registration, endpoint) = removed.ok_or_else(|| {
                let text = format!("this session has no registration {}", message.registration);
                Refusal::new(uri::NO_SUCH_REGISTRATION, text)
            })?;
            endpoint.deactivate();
            let reply = [HeadItem::Uint(Code::Unregistered.number()), HeadItem::Uint(message.request.get())];
            turn.acknowledge(seat.session(), &reply);
            registration
        };
        self.withdraw(&mut books, &registration, seat.session().id(), witness, turn);
        drop(books);
        window();
        self.serve_the_line(&registration, turn);
        Ok(())
    }

    /// Takes a registration from one of its callees, and tells it so if it wants to know (RPC-REV-01, RPC-REV-02). Its
    /// pending invocations go on. Returns whether it had one.
    pub(crate) fn remove_callee(
        &self,
        registration: Id,
        session: Id,
        reason: Option<&str>,
        witness: &dyn Witness,
        turn: &mut Turn,
    ) -> bool {
        let mut books = self.write.lock();
        let Some(registration) = books.by_id.get(&registration).cloned() else { return false };
        let revoked = self.revoke(&mut books, &registration, session, reason, witness, turn);
        drop(books);
        window();
        self.serve_the_line(&registration, turn);
        revoked
    }

    /// Calls find no callee of this session any more. Called with the write lock held, after the endpoint was deactivated.
    /// Nothing happens if the registration was taken from the session while that was leaving.
    pub(super) fn withdraw(
        &self,
        books: &mut Books,
        registration: &Arc<Registration>,
        session: Id,
        witness: &dyn Witness,
        turn: &mut Turn,
    ) {
        let Some(left) = registration.remove(session) else { return };
        if left == 0 {
            self.unpublish(books, registration);
        }
        if witness.listens() && !uri::is_reserved(&registration.procedure) {
            witness.saw(Kind::Registration, session, &Change::Left(registration.id), turn);
            if left == 0 {
                witness.saw(Kind::Registration, session, &Change::Deleted(registration.id), turn);
            }
        }
    }

    /// The registration of exactly this URI and policy.
    pub(super) fn registration(&self, procedure: &str, policy: Match) -> Option<Arc<Registration>> {
        match policy {
            Match::Exact => self.exact.pin().get(procedure).cloned(),
            _ => self.patterns.load().get(policy, procedure).cloned(),
        }
    }

    fn publish(&self, books: &mut Books, registration: &Arc<Registration>) {
        let (procedure, policy) = (&registration.procedure, registration.policy);
        books.by_id.insert(registration.id, Arc::clone(registration));
        match policy {
            Match::Exact => {
                self.exact.pin().insert(procedure.clone(), Arc::clone(registration));
            }
            _ => {
                let more = self.patterns.load().with(policy, procedure, Arc::clone(registration));
                self.patterns.store(Arc::new(more));
            }
        }
    }

    fn unpublish(&self, books: &mut Books, registration: &Registration) {
        books.by_id.remove(&registration.id);
        match registration.policy {
            Match::Exact => {
                self.exact.pin().remove(&registration.procedure);
            }
            policy => {
                let fewer = self.patterns.load().without(policy, &registration.procedure);
                self.patterns.store(Arc::new(fewer));
            }
        }
    }

    /// Whether the session may have one registration more; or another one instead of its own. Nobody adds any meanwhile, for
    /// the write lock is held.
    fn may_register(&self, seat: &Seat, instead: bool) -> Result<(), Refusal> {
        let (has, limit) = (seat.desk.lock().registrations.len(), self.limits.max_registrations);
        if has < limit || instead || seat.session().is_router() {
            return Ok(());
        }
        self.counters.registrations_over_limit.increment();
        Err(Refusal::limit("max_registrations", limit))
    }

    /// Whether a callee with this policy may join those that are there (RPC-SHARED-02, RPC-SHARED-03).
    fn may_join(&self, known: &Registration, seat: &Arc<Seat>, invoke: Invoke) -> Result<(), Refusal> {
        let procedure = &known.procedure;
        if known.invoke == Invoke::Single {
            let text = format!("{procedure} is registered already");
            return Err(Refusal::new(uri::PROCEDURE_ALREADY_EXISTS, text));
        }
        if known.invoke != invoke {
            let (theirs, yours) = (known.invoke.name(), invoke.name());
            let text = format!("{procedure} is registered with invoke {theirs:?} already, not {yours:?}");
            return Err(Refusal::new(uri::PROCEDURE_ALREADY_EXISTS, text));
        }
        let limit = self.limits.max_shared_callees;
        if known.endpoints.load().len() >= limit && !known.has(seat) {
            self.counters.shared_callees_over_limit.increment();
            return Err(Refusal::limit("max_shared_callees", limit));
        }
        Ok(())
    }

    fn may_add_shape(&self, pattern: &str) -> Result<(), Refusal> {
        let patterns = self.patterns.load();
        let limit = self.limits.max_wildcard_shapes;
        if patterns.wildcard_shapes() >= limit && patterns.adds_wildcard_shape(pattern) {
            self.counters.wildcard_shapes_over_limit.increment();
            return Err(Refusal::limit("max_wildcard_shapes", limit));
        }
        Ok(())
    }

    /// `force_reregister`: whoever holds the procedure loses it, if the new callee may do that.
    fn take_away(
        &self,
        books: &mut Books,
        seat: &Seat,
        held: &Arc<Registration>,
        witness: &dyn Witness,
        turn: &mut Turn,
    ) -> Result<(), Refusal> {
        let endpoints = held.endpoints.load_full();
        let new = seat.session().identity();
        let may = |old: &crate::auth::Identity| match self.protocol.force_reregister {
            ForceReregister::SameRole => old.authrole == new.authrole,
            ForceReregister::SameUser => old.authrole == new.authrole && old.authid == new.authid,
            ForceReregister::Never => false,
        };
        if uri::is_reserved(&held.procedure)
            || !endpoints.iter().all(|old| may(old.seat.session().identity()))
        {
            let text = format!("force_reregister is not allowed for {}", held.procedure);
            return Err(Refusal::new(uri::OPTION_NOT_ALLOWED, text));
        }
        for old in endpoints.iter() {
            self.revoke(books, held, old.id(), Some(uri::PROCEDURE_TAKEN), witness, turn);
        }
        Ok(())
    }

    /// Law: a reason is a URI, though the specification calls it a string: autobahn-python gives up its session otherwise.
    fn revoke(
        &self,
        books: &mut Books,
        registration: &Arc<Registration>,
        session: Id,
        reason: Option<&str>,
        witness: &dyn Witness,
        turn: &mut Turn,
    ) -> bool {
        let endpoints = registration.endpoints.load_full();
        let Some(endpoint) = endpoints.iter().find(|endpoint| endpoint.id() == session) else {
            return false;
        };
        let callee = &endpoint.seat;
        {
            let mut desk = callee.desk.lock();
            let is_leaving = desk.registrations.remove(&registration.id).is_none();
            endpoint.deactivate();
            if !is_leaving && callee.session().features().callee_revocation {
                revoked(callee, registration.id, reason, turn);
            }
        }
        self.withdraw(books, registration, session, witness, turn);
        true
    }
}

impl Registration {
    fn has(&self, seat: &Arc<Seat>) -> bool {
        self.endpoints.load().iter().any(|endpoint| Arc::ptr_eq(&endpoint.seat, seat))
    }
}

impl EndpointOptions {
    fn read(options: &RegisterOptions, longest: usize) -> Result<Self, Refusal> {
        if options.nkey.as_ref().is_some_and(|node| node.len() > longest) {
            let text = format!("nkey is longer than {longest} bytes (limit max_uri_length)");
            return Err(Refusal::new(uri::INVALID_ARGUMENT, text));
        }
        if options.concurrency == Some(0) {
            return Err(Refusal::new(uri::INVALID_ARGUMENT, "a concurrency of 0 would take no call at all"));
        }
        Ok(EndpointOptions {
            disclose_caller: options.disclose_caller.unwrap_or(false),
            forward_timeout: options.forward_timeout.unwrap_or(false),
            timeout: options.timeout.filter(|millis| *millis > 0).map(Duration::from_millis),
            concurrency: options.concurrency.map(|most| usize::try_from(most).unwrap_or(usize::MAX)),
            node: options.nkey.as_deref().map(Into::into),
        })
    }
}

fn registered(seat: &Seat, request: Id, registration: Id, turn: &mut Turn) {
    let reply = [
        HeadItem::Uint(Code::Registered.number()),
        HeadItem::Uint(request.get()),
        HeadItem::Uint(registration.get()),
    ];
    turn.acknowledge(seat.session(), &reply);
}

/// `UNREGISTERED [67, 0, Details]`, which nobody asked for.
fn revoked(callee: &Seat, registration: Id, reason: Option<&str>, turn: &mut Turn) {
    let mut details = Dict::new().with("registration", registration.get());
    if let Some(reason) = reason {
        details.insert("reason", reason);
    }
    let head = [HeadItem::Uint(Code::Unregistered.number()), HeadItem::Uint(0), HeadItem::Dict(&details)];
    turn.say(callee.session(), &head, Lane::Reply);
}
