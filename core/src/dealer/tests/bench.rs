//! A dealer with a few sessions, whose messages are kept.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use super::super::registration::Endpoint;
use super::super::{Dealer, Registration, Seat};
use super::events::{Event, Heard, Setting, Who};
use crate::auth::Identity;
use crate::error::{Fault, Violation};
use crate::id::Id;
use crate::limits::Protocol;
use crate::message::{
    Call, CallOptions, Cancel, CancelOptions, Code, Error, Message, Payload, Register, RegisterOptions,
    ResultDetails, Unregister, Yield,
};
use crate::serializer::Serializer;
use crate::serializer::native::Native;
use crate::session::local::{Inbox, outbox};
use crate::session::turn::Turn;
use crate::session::{Features, Format, Session};
use crate::uri;
use crate::value::{Dict, Value};
use crate::witness::Nobody;

/// A session, and what it got.
pub(super) struct Peer {
    pub(super) seat: Arc<Seat>,
    inbox: Inbox,
    /// All that it has read.
    log: Mutex<Vec<Heard>>,
    /// How many calls it has made.
    made: AtomicUsize,
    /// More messages of its call may come.
    is_open: AtomicBool,
    /// It has read REGISTERED, and no UNREGISTERED since.
    is_registered: AtomicBool,
    /// Invocations that began when it had not.
    strays: AtomicUsize,
    /// Its invocations, by the number of the call.
    pub(super) invocations: Mutex<Vec<(usize, Id)>>,
}

pub(super) const PROCEDURE: &str = "a.procedure";
const TIMEOUT: Duration = Duration::from_millis(100);

pub(super) struct Bench {
    setting: Setting,
    pub(super) dealer: Dealer,
    pub(super) callers: Vec<Peer>,
    pub(super) callees: Vec<Peer>,
    /// All that there ever were.
    pub(super) offers: Mutex<Vec<(Arc<Registration>, Arc<Endpoint>)>>,
    now: Mutex<Instant>,
}

pub(super) fn id(number: u64) -> Id {
    Id::new(number).unwrap()
}

fn peer(number: u64, features: Features) -> Peer {
    let (outbox, inbox) = outbox(&Arc::default(), &Arc::default());
    let identity = Identity::new("somebody", "user", "test");
    let session = id(number);
    outbox.open(Some(session));
    let format = Format::new(Arc::new(Native));
    let session = Session::new(session, identity, None, Arc::default(), features, format, outbox);
    Peer {
        seat: Seat::new(Arc::new(session)),
        inbox,
        log: Mutex::default(),
        made: AtomicUsize::new(0),
        is_open: AtomicBool::new(false),
        is_registered: AtomicBool::new(false),
        strays: AtomicUsize::new(0),
        invocations: Mutex::default(),
    }
}

impl Bench {
    /// With one caller for each of `calls`.
    pub(super) fn new(setting: Setting, calls: usize) -> Self {
        let features = Features {
            callee_canceling: setting.canceling,
            callee_reroute: setting.reroute,
            callee_progressive_results: true,
            callee_progressive_invocations: setting.open,
            ..Features::default()
        };
        let bench = Bench {
            setting,
            dealer: Dealer::new(Arc::default(), Protocol::default(), Arc::default(), Arc::default()),
            callers: (0..calls).map(|call| peer(call as u64 + 1, Features::default())).collect(),
            callees: (0..setting.callees).map(|callee| peer(callee as u64 + 100, features)).collect(),
            offers: Mutex::default(),
            now: Mutex::new(Instant::now()),
        };
        for callee in 0..setting.callees_at_first() {
            bench.act(Event::Register(callee)).unwrap();
            bench.heard(Who::Callee(callee));
        }
        bench
    }

    /// Lets something happen. A session that did not get the invocation does not answer it.
    pub(super) fn act(&self, event: Event) -> Result<(), Violation> {
        let mut turn = Turn::at(*self.now.lock());
        match event {
            Event::Call(call) => {
                let peer = &self.callers[call];
                peer.made.fetch_add(1, Ordering::Relaxed);
                peer.is_open.store(self.setting.open && call == 0, Ordering::Relaxed);
                self.call(call, &mut turn);
            }
            Event::More(call) => self.call(call, &mut turn),
            Event::Last(call) => {
                self.callers[call].is_open.store(false, Ordering::Relaxed);
                self.call(call, &mut turn);
            }
            Event::Cancel(call, mode) => {
                let options = CancelOptions { mode: Some(mode) };
                self.dealer.cancel(&self.callers[call].seat, &Cancel { request: id(1), options }, &mut turn);
            }
            Event::Yield(callee, call) => self.answer(callee, call, false, &mut turn)?,
            Event::Progress(callee, call) => self.answer(callee, call, true, &mut turn)?,
            Event::Fail(callee, call) => self.fail(callee, call, "app.error", &mut turn)?,
            Event::Unavailable(callee, call) => self.fail(callee, call, uri::UNAVAILABLE, &mut turn)?,
            Event::Expire => {
                let now = {
                    let mut now = self.now.lock();
                    *now += 2 * TIMEOUT;
                    *now
                };
                self.dealer.expire(now, &mut turn);
            }
            Event::CallerLeaves(call) => self.leave(&self.callers[call], &mut turn),
            Event::CalleeLeaves(callee) => self.leave(&self.callees[callee], &mut turn),
            Event::Register(callee) => self.register(callee, &mut turn),
            Event::Unregister(callee) => self.unregister(callee, &mut turn),
        }
        Ok(())
    }

    /// Makes a call, or goes on with it, as a session's task does.
    fn call(&self, call: usize, turn: &mut Turn) {
        let options = CallOptions {
            timeout: Some(TIMEOUT.as_millis() as u64),
            receive_progress: Some(self.setting.progress),
            progress: Some(self.callers[call].is_open()),
            ..CallOptions::default()
        };
        let payload = Payload::write(&[Value::from(call as u64)], &Dict::new(), &Native).unwrap();
        let message = Call { request: id(1), options, procedure: PROCEDURE.into(), payload };
        let caller = &self.callers[call].seat;
        let called = match caller.goes_on(&message) {
            true => self.dealer.go_on(caller, &message, turn),
            false => self.dealer.call(caller, &message, None, turn),
        };
        match called {
            Ok(()) => {}
            Err(Fault::Refused(why)) => {
                if self.callers[call].is_open() {
                    caller.ignore_the_rest_of(id(1));
                }
                turn.refuse(caller.session(), Code::Call, id(1), &why);
            }
            Err(Fault::Violated(violation)) => panic!("{violation}"),
        }
    }

    fn answer(&self, callee: usize, call: usize, progress: bool, turn: &mut Turn) -> Result<(), Violation> {
        let Some(request) = self.invocation(callee, call) else { return Ok(()) };
        let options = ResultDetails { progress: Some(progress), ..ResultDetails::default() };
        let message = Yield { request, options, payload: Payload::none() };
        self.dealer.yield_result(&self.callees[callee].seat, &message, turn)
    }

    fn fail(&self, callee: usize, call: usize, error: &str, turn: &mut Turn) -> Result<(), Violation> {
        let Some(request) = self.invocation(callee, call) else { return Ok(()) };
        let message = Error {
            request_type: Code::Invocation.into(),
            request,
            details: Dict::new(),
            error: error.into(),
            payload: Payload::none(),
        };
        self.dealer.yield_error(&self.callees[callee].seat, &message, turn)
    }

    fn leave(&self, peer: &Peer, turn: &mut Turn) {
        peer.seat.session().outbox().open(None);
        self.dealer.leave(&peer.seat, &Nobody, turn);
    }

    fn register(&self, callee: usize, turn: &mut Turn) {
        let options = RegisterOptions {
            invoke: Some(self.setting.invoke),
            concurrency: self.setting.concurrency,
            force_reregister: Some(self.setting.force),
            ..RegisterOptions::default()
        };
        let message = Register { request: id(1), options, procedure: PROCEDURE.into() };
        let seat = &self.callees[callee].seat;
        // Another one may have the procedure.
        if self.dealer.register(seat, &message, &Nobody, turn).is_ok() {
            let mut offers = self.offers.lock();
            for (registration, endpoint) in seat.desk.lock().registrations.values() {
                if !offers.iter().any(|(_, known)| Arc::ptr_eq(known, endpoint)) {
                    offers.push((Arc::clone(registration), Arc::clone(endpoint)));
                }
            }
        }
    }

    fn unregister(&self, callee: usize, turn: &mut Turn) {
        let seat = &self.callees[callee].seat;
        let Some(registration) = seat.desk.lock().registrations.keys().next().copied() else { return };
        let message = Unregister { request: id(2), registration };
        // Another one may have taken it just now.
        let _ = self.dealer.unregister(seat, &message, &Nobody, turn);
    }

    /// The last invocation of this call that the callee has seen.
    pub(super) fn invocation(&self, callee: usize, call: usize) -> Option<Id> {
        let invocations = self.callees[callee].invocations.lock();
        invocations.iter().rev().find(|(of, _)| *of == call).map(|(_, invocation)| *invocation)
    }

    fn peer(&self, who: Who) -> Option<&Peer> {
        match who {
            Who::Caller(call) => Some(&self.callers[call]),
            Who::Callee(callee) => Some(&self.callees[callee]),
            Who::Clock => None,
        }
    }

    /// All that a session has read.
    pub(super) fn log(&self, who: Who) -> Vec<Heard> {
        self.peer(who).map_or_else(Vec::new, |peer| peer.log.lock().clone())
    }

    /// What a session got since this was last asked.
    pub(super) fn heard(&self, who: Who) -> Vec<Heard> {
        let Some(peer) = self.peer(who) else { return Vec::new() };
        let frames = std::iter::from_fn(|| peer.inbox.take());
        let heard: Vec<Heard> = frames.filter_map(|frame| peer.read(&frame)).collect();
        peer.log.lock().extend_from_slice(&heard);
        heard
    }
}

impl Peer {
    pub(super) fn made(&self) -> usize {
        self.made.load(Ordering::Relaxed)
    }

    pub(super) fn strays(&self) -> usize {
        self.strays.load(Ordering::Relaxed)
    }

    pub(super) fn is_open(&self) -> bool {
        self.is_open.load(Ordering::Relaxed)
    }

    fn read(&self, frame: &bytes::Bytes) -> Option<Heard> {
        let scan = Native.scan(frame, 100).unwrap();
        Some(match Message::decode(frame, &scan, &Native).unwrap() {
            Message::Invocation(m) => {
                let (args, _) = m.payload.read(&Native).unwrap();
                let Value::Uint(call) = args[0] else { panic!("{args:?}") };
                let mut invocations = self.invocations.lock();
                let is_more = invocations.contains(&(call as usize, m.request));
                if !is_more && !self.is_registered.load(Ordering::Relaxed) {
                    self.strays.fetch_add(1, Ordering::Relaxed);
                }
                invocations.push((call as usize, m.request));
                Heard::Invocation(m.request.get(), call as usize)
            }
            Message::Interrupt(m) => Heard::Interrupt(m.request.get(), m.options.mode.unwrap()),
            Message::Result(m) if m.details.progress == Some(true) => Heard::Progress,
            Message::Result(_) => Heard::Result,
            Message::Error(m) if m.request_type == Code::Call.into() => Heard::Error(m.error.into()),
            other => {
                if let Message::Registered(_) | Message::Unregistered(_) = other {
                    let is_registered = matches!(other, Message::Registered(_));
                    self.is_registered.store(is_registered, Ordering::Relaxed);
                }
                return None;
            }
        })
    }
}
