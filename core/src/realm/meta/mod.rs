//! The meta API: what a realm lets its sessions know of each other, and do to each other.
//!
//! Law: the realm has a session of its own, and its procedures are registered as any callee's are; the dealer knows no
//! difference. They run in a task of the realm, with no lock held, one after the other. Events are publications of that
//! session, and nothing is prepared for them unless somebody has subscribed.
//!
//! ```text
//!   task of a caller:  CALL wamp.session.get ──> dealer ──> INVOCATION in the realm's outbox ──> queue, wake
//!   task of the realm: queue ──> Request, checked against the catalog ──> procedure ──> YIELD | ERROR ──> dealer
//!   any task:          something changed ──> anybody subscribed to wamp.*? ──> Broker::publish
//! ```
//!
//! | file        | subject                                                         |
//! |-------------|-----------------------------------------------------------------|
//! | [`catalog`] | every procedure, topic and error, with what can be said of them |
//! | [`request`] | a call of one of them, checked                                  |
//! | [`reply`]   | what procedures come to, now or later, and who may call them    |
//! | [`mod@line`]| those that wait for a decision, in order                       |
//! | [`events`]  | what is published                                               |
//! | [`session`] | questions about sessions                                        |
//! | [`kill`]    | ending them                                                     |
//! | [`authorization`] | forgetting what they may do                               |
//! | [`testament`] | what they leave behind                                        |
//! | [`subscription`], [`registration`] | questions about those, and taking them away |
//! | [`reflection`] | what the router says of itself                               |

mod authorization;
mod catalog;
mod events;
mod kill;
mod line;
mod reflection;
mod registration;
mod reply;
mod request;
mod session;
mod subscription;
mod testament;

use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use bytes::Bytes;
use hashbrown::HashMap;

use super::{MetaApi, Realm};
use crate::authorization::Grant;
use crate::dealer::{self, Dealer};
use crate::error::Refusal;
use crate::id::Id;
use crate::limits::{Counters, Limits};
use crate::message::{
    Code, Error, Invocation, Message, Payload, Register, RegisterOptions, ResultDetails, Yield,
};
use crate::serializer::native::Native;
use crate::serializer::{DEPTH_CAP, Serializer};
use crate::session::Session;
use crate::session::local::{self, Inbox};
use crate::session::turn::Turn;
use crate::uri;
use crate::value::{Dict, Value};
use crate::witness::Nobody;
use catalog::{PROCEDURES, Procedure, Run};
use line::{Held, Joined, Lines};
use reply::Reply;
use request::Request;

/// Calls that are answered before other tasks get their turn.
const BATCH: usize = 64;

/// Whether this is a procedure that changes something for others.
pub(super) fn changes(uri: &str) -> bool {
    PROCEDURES.iter().any(|procedure| procedure.uri == uri && procedure.changes)
}

/// The realm's own session, and what it has registered.
pub(super) struct Meta {
    api: MetaApi,
    session: Arc<Session>,
    seat: Arc<dealer::Seat>,
    inbox: Inbox,
    procedures: HashMap<Id, &'static Procedure>,
    /// There is a task that answers.
    served: AtomicBool,
    /// What it does not answer yet.
    lines: Lines,
}

impl Meta {
    /// Registers everything with `dealer`. What is called is answered once [`serve`](Self::serve) was called.
    pub(super) fn new(api: MetaApi, dealer: &Dealer, limits: &Arc<Limits>, counters: &Arc<Counters>) -> Self {
        let (session, inbox) = local::session(Id::unguessable(), limits, counters);
        let seat = dealer::Seat::new(Arc::clone(&session));
        let offered = if api == MetaApi::Off { &[][..] } else { PROCEDURES };
        let registered = offered.iter().filter_map(|procedure| {
            let registration = register(procedure.uri, &seat, &inbox, dealer);
            if registration.is_none() {
                tracing::error!(procedure = procedure.uri, "a procedure of the router can't be registered");
            }
            Some((registration?, procedure))
        });
        let procedures = registered.collect();
        let served = AtomicBool::new(false);
        Meta { api, session, seat, inbox, procedures, served, lines: Lines::default() }
    }

    pub(super) fn api(&self) -> MetaApi {
        self.api
    }

    /// The realm's own session.
    pub(super) fn session(&self) -> &Session {
        &self.session
    }

    /// Sees to it that calls are answered: by a task that lasts as long as the realm or its runtime. Cheap if there is one.
    /// Called inside a runtime, for each session that joins, since realms are made outside of any.
    pub(super) fn serve(&self, realm: &Arc<Realm>) {
        if self.procedures.is_empty() || self.served.load(Ordering::Relaxed) {
            return;
        }
        if let Ok(runtime) = tokio::runtime::Handle::try_current()
            && !self.served.swap(true, Ordering::Relaxed)
        {
            runtime.spawn(serve(Served(Arc::downgrade(realm)), self.inbox.clone()));
        }
    }

    /// Withdraws everything, at the end of the realm.
    pub(super) fn leave(&self, dealer: &Dealer) {
        dealer.leave(&self.seat, &Nobody, &mut Turn::begin());
    }
}

/// Registers one procedure, as any callee would. Returns the registration's id.
fn register(procedure: &str, seat: &Arc<dealer::Seat>, inbox: &Inbox, dealer: &Dealer) -> Option<Id> {
    let options = RegisterOptions::default();
    let message = Register { request: Id::MIN, options, procedure: procedure.into() };
    dealer.register(seat, &message, &Nobody, &mut Turn::begin()).ok()?;
    // One at a time, so that the answer fits into the outbox whatever its limits are.
    let frame = inbox.take()?;
    let scan = Native.scan(&frame, DEPTH_CAP).ok()?;
    match Message::decode(&frame, &scan, &Native) {
        Ok(Message::Registered(registered)) => Some(registered.registration),
        _ => None,
    }
}

/// The task of a realm exists while this does.
struct Served(Weak<Realm>);

impl Drop for Served {
    fn drop(&mut self) {
        if let Some(realm) = self.0.upgrade() {
            realm.meta.served.store(false, Ordering::Relaxed);
        }
    }
}

/// The realm's task. Ends with the realm, which it does not keep.
async fn serve(served: Served, inbox: Inbox) {
    let mut frames = Vec::new();
    while poll_fn(|cx| inbox.poll_take(cx, BATCH, &mut frames)).await {
        let Some(realm) = served.0.upgrade() else { return };
        realm.answer_all(&mut frames);
        drop(realm);
        tokio::task::yield_now().await;
    }
}

impl Realm {
    fn answer_all(self: &Arc<Self>, frames: &mut Vec<Bytes>) {
        let mut turn = Turn::begin();
        for frame in frames.drain(..) {
            let scan = Native.scan(&frame, DEPTH_CAP).unwrap_or_default();
            // There is nothing to do about INTERRUPT: what it is about is over in no time.
            if let Ok(Message::Invocation(invocation)) = Message::decode(&frame, &scan, &Native) {
                self.answer(&invocation, &mut turn);
            }
        }
    }

    fn answer(self: &Arc<Self>, invocation: &Invocation, turn: &mut Turn) {
        let Some(caller) = self.meta.seat.caller_of(invocation.request) else { return };
        let Some(procedure) = self.meta.procedures.get(&invocation.registration) else { return };
        let request = invocation.request;
        if let Run::InTurn(_) = procedure.run {
            let most = self.limits.max_undecided_bytes;
            let held = || Held { request, procedure, payload: invocation.payload.clone() };
            match self.meta.lines.join(caller.id(), held, most) {
                Joined::NoLine => {}
                Joined::Waits => return,
                Joined::Full => {
                    self.counters.undecided_over_limit.increment();
                    return self.reply(request, Err(Refusal::limit("max_undecided_bytes", most)), turn);
                }
            }
        }
        match self.run(procedure, &caller, &invocation.payload, turn) {
            Ok(Reply::Asked(undecided)) => self.form_line(caller.id(), request, undecided),
            outcome => self.finish(request, outcome, turn),
        }
    }

    /// Answers, now or when what is asked for is there.
    fn finish(self: &Arc<Self>, request: Id, outcome: Result<Reply, Refusal>, turn: &mut Turn) {
        match outcome {
            Ok(Reply::Now(args)) => self.reply(request, Ok(args), turn),
            Ok(Reply::Later(events)) => self.reply_later(request, events),
            Ok(Reply::Asked(undecided)) => {
                if let Some(caller) = self.meta.seat.caller_of(request) {
                    self.form_line(caller.id(), request, undecided);
                }
            }
            Err(refusal) => self.reply(request, Err(refusal), turn),
        }
    }

    /// Refuses procedures that change something to who has no permission for them in particular.
    pub(crate) fn check_purpose(&self, procedure: &str, grant: Grant) -> Result<(), Refusal> {
        if grant.explicit || self.meta.api == MetaApi::Off || !changes(procedure) {
            return Ok(());
        }
        self.counters.authorizations_denied.increment();
        let text =
            format!("{procedure} changes something: it needs a permission for procedures below \"wamp.\"");
        Err(Refusal::new(uri::NOT_AUTHORIZED, text))
    }

    fn run(
        &self,
        procedure: &'static Procedure,
        caller: &Arc<Session>,
        payload: &Payload,
        turn: &mut Turn,
    ) -> Result<Reply, Refusal> {
        if procedure.changes && self.meta.api == MetaApi::ReadOnly {
            let text = format!("this realm answers questions only, and {} changes something", procedure.uri);
            return Err(Refusal::new(uri::NOT_AUTHORIZED, text));
        }
        let (args, kwargs) = payload.read(&Native)?;
        let request = Request::new(procedure, caller, args, kwargs)?;
        match procedure.run {
            Run::Now(run) => run(self, &request, turn).map(Reply::Now),
            Run::InTurn(run) => run(self, &request),
        }
    }

    fn reply(&self, request: Id, answer: Result<Vec<Value>, Refusal>, turn: &mut Turn) {
        let written =
            answer.and_then(|args| Payload::write(&args, &Dict::new(), &Native).map_err(Refusal::from));
        // A violation would be an answer to what was never asked; this was.
        let _ = match written {
            Ok(payload) => {
                let message = Yield { request, options: ResultDetails::default(), payload };
                self.dealer.yield_result(&self.meta.seat, &message, turn)
            }
            Err(refusal) => {
                let args = [Value::from(refusal.message.as_ref())];
                let payload = Payload::write(&args, &Dict::new(), &Native).unwrap_or_default();
                let request_type = Code::Invocation.into();
                let (details, error) = (Dict::new(), refusal.uri.into());
                let message = Error { request_type, request, details, error, payload };
                self.dealer.yield_error(&self.meta.seat, &message, turn)
            }
        };
    }
}
