//! From options to a report.

use std::path::PathBuf;
use std::rc::Rc;

use serde::Serialize;
use serde_json::{Value, json};

use crate::baseline::{self, Running};
use crate::drive::{Run, Schedule, drive};
use crate::engine::Engine;
use crate::error::Error;
use crate::format::Format;
use crate::framing::Purpose;
use crate::histogram::Histogram;
use crate::opening::{Credentials, Destination, Plan};
use crate::options::{Bounds, ConnectOptions, GuessOptions, PubsubOptions, RpcOptions, Target};
use crate::progress::Progress;
use crate::pubsub::{self, Pubsub};
use crate::report::text::Style;
use crate::report::{Checks, Comparison, Cpu, Report};
use crate::rpc::{self, Rpc};
use crate::socket::Address;
use crate::tls::{Client, Trust};
use crate::url::Url;
use crate::wamp;

/// Connections opened at the same time before a run.
const CONCURRENCY: usize = 16;

/// What came of it.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Outcome {
    /// Of one target.
    Single(Box<Report>),
    /// Of a router and a forwarder.
    Compared(Box<Comparison>),
}

impl Outcome {
    /// Whether nothing was lost, changed, refused, broken or out of order.
    pub fn is_ok(&self) -> bool {
        match self {
            Outcome::Single(report) => report.ok,
            Outcome::Compared(comparison) => comparison.ok,
        }
    }

    /// For people.
    pub fn text(&self, style: Style) -> String {
        match self {
            Outcome::Single(report) => report.text(style),
            Outcome::Compared(comparison) => comparison.text(style),
        }
    }

    /// For machines: one object.
    pub fn json(&self) -> Value {
        serde_json::to_value(self).expect("names are strings and numbers are finite")
    }
}

/// Calls.
///
/// # Errors
/// When there is nothing to report: wrong options, nobody listens, the router refuses.
pub fn rpc(options: &RpcOptions, program: &PathBuf, progress: &mut Progress<'_>) -> Result<Outcome, Error> {
    perform(&options.target, &options.bounds, program, progress, &|target, progress| {
        rpc_once(options, target, progress)
    })
}

/// Events.
///
/// # Errors
/// When there is nothing to report: wrong options, nobody listens, the router refuses.
pub fn pubsub(
    options: &PubsubOptions,
    program: &PathBuf,
    progress: &mut Progress<'_>,
) -> Result<Outcome, Error> {
    let once = |target: &Target, progress: &mut Progress<'_>| pubsub_once(options, target, progress);
    perform(&options.target, &options.bounds, program, progress, &once)
}

/// Joins.
///
/// # Errors
/// When there is nothing to report: wrong options, nobody listens.
pub fn connect(options: &ConnectOptions, progress: &mut Progress<'_>) -> Result<Outcome, Error> {
    let target = &options.target;
    let settings = json!({"sessions": options.sessions, "concurrency": options.concurrency});
    let mut report = blank("connect", "sessions", target, settings);
    let plan = Plan { to: near(target)?, purpose: Purpose::Idle };
    crate::connect::run(plan, options, &mut report, progress)?;
    Ok(Outcome::Single(Box::new(judged(report, progress))))
}

/// Logins that are wrong.
///
/// # Errors
/// When there is nothing to report: wrong options, nobody listens.
pub fn guess(options: &GuessOptions, progress: &mut Progress<'_>) -> Result<Outcome, Error> {
    let GuessOptions { method, name, rate, .. } = options;
    let target = &options.target;
    let settings = json!({"method": method, "name": name, "rate": rate, "concurrency": options.concurrency});
    let mut report = blank("guess", "guesses", target, settings);
    let credentials = Credentials::Guess { method: method.clone(), authid: name.clone() };
    let to = Rc::new(Destination { credentials, ..Rc::unwrap_or_clone(near(target)?) });
    crate::guess::run(Plan { to, purpose: Purpose::Idle }, options, &mut report, progress)?;
    Ok(Outcome::Single(Box::new(judged(report, progress))))
}

/// Once, or by turns with a forwarder that `program` runs.
fn perform(
    target: &Target,
    bounds: &Bounds,
    program: &PathBuf,
    progress: &mut Progress<'_>,
    once: &dyn Fn(&Target, &mut Progress<'_>) -> Result<Report, Error>,
) -> Result<Outcome, Error> {
    if !bounds.baseline {
        progress.label(&*target.url.to_string());
        return Ok(Outcome::Single(Box::new(once(target, progress)?)));
    }
    let forwarder = Running::start(program, &target.url)?;
    let peer = match &target.peer_url {
        Some(peer) if peer.is_unix() != target.url.is_unix() => {
            return Err(Error::Usage(
                "--baseline needs --peer-url of the same kind: TCP or Unix sockets".into(),
            ));
        }
        _ => None,
    };
    let limit = Target {
        url: forwarder.url.clone(),
        peer_url: peer,
        // Nobody translates there.
        peer_serializer: None,
        router_pid: Some(forwarder.pid()),
        ..target.clone()
    };
    let shared = std::cell::RefCell::new(progress);
    let measure = |what: &str, round: usize, target: &Target| {
        let progress = &mut **shared.borrow_mut();
        progress.label(format!("{what}, round {round} of {}", bounds.rounds));
        once(target, progress)
    };
    let comparison = baseline::compare(
        bounds.rounds,
        |round| measure("router", round, target),
        |round| measure("forwarder", round, &limit),
    )?;
    Ok(Outcome::Compared(Box::new(comparison)))
}

fn rpc_once(options: &RpcOptions, target: &Target, progress: &mut Progress<'_>) -> Result<Report, Error> {
    let RpcOptions { callers, callees, payload, bounds, .. } = options;
    let pipeline = options.pipeline.unwrap_or(if bounds.rate.is_some() { 1024 } else { 8 });
    let settings = rpc::Settings {
        format: target.serializer,
        peer_format: peer_format(target),
        callers: *callers,
        pipeline,
        callees: *callees,
        payload: wamp::payload(*payload).into(),
        count: bounds.count,
        rate: bounds.rate,
        procedures: (0..*callees).map(|i| wamp::name("echo", i)).collect(),
    };
    let (near, far) = (near(target)?, far(target)?);
    let procedures = settings.procedures.iter().cycle();
    let callee_plans = procedures.clone().take(*callees).map(|procedure| Plan {
        to: Rc::clone(&far),
        purpose: Purpose::Callee { procedure: procedure.clone() },
    });
    let caller_plans = (0..).zip(procedures.take(*callers)).map(|(number, procedure)| Plan {
        to: Rc::clone(&near),
        purpose: Purpose::Caller { procedure: procedure.clone(), number },
    });
    let mut engine = opened(callee_plans.chain(caller_plans))?;

    let mut run = Rpc::new(&settings);
    run.begin(&mut engine.wakes);
    let window = drive(&mut engine, &mut run, &schedule(target, bounds), progress)?;
    let settings = json!({
        "callers": callers, "pipeline": pipeline, "callees": callees, "payload": payload, "rate": bounds.rate,
    });
    let mut report = blank("rpc", "calls", target, settings);
    report.measure(&window, run.counted(), run.latency().clone());
    let (checks, problems) = run.finish();
    (report.checks, report.problems) = (Checks::Rpc(checks), problems);
    Ok(judged(report, progress))
}

fn pubsub_once(
    options: &PubsubOptions,
    target: &Target,
    progress: &mut Progress<'_>,
) -> Result<Report, Error> {
    let PubsubOptions { publishers, subscribers, ack, pipeline, window, payload, bounds, .. } = options;
    let settings = pubsub::Settings {
        format: target.serializer,
        peer_format: peer_format(target),
        publishers: *publishers,
        subscribers: *subscribers,
        acks: ack.then_some(*pipeline as u64),
        window: (*window > 0).then_some(*window),
        payload: wamp::payload(*payload).into(),
        count: bounds.count,
        rate: bounds.rate,
        topic: wamp::name("topic", 0),
    };
    let (near, far) = (near(target)?, far(target)?);
    let plan = |to: &Rc<Destination>, purpose: Purpose| Plan { to: Rc::clone(to), purpose };
    let topic = &settings.topic;
    let subscriber_plans =
        (0..*subscribers).map(|_| plan(&far, Purpose::Subscriber { topic: topic.clone() }));
    let publisher_plans = (0..*publishers).map(|_| plan(&near, Purpose::Publisher { topic: topic.clone() }));
    let mut engine = opened(subscriber_plans.chain(publisher_plans))?;

    let mut run = Pubsub::new(&settings);
    run.begin(&mut engine.wakes);
    let measured = drive(&mut engine, &mut run, &schedule(target, bounds), progress)?;
    let settings = json!({
        "publishers": publishers, "subscribers": subscribers, "ack": ack, "pipeline": ack.then_some(pipeline),
        "window": window, "payload": payload, "rate": bounds.rate,
    });
    let mut report = blank("pubsub", "events", target, settings);
    report.measure(&measured, run.counted(), run.latency().clone());
    let (checks, problems) = run.finish();
    (report.checks, report.problems) = (Checks::Pubsub(checks), problems);
    Ok(judged(report, progress))
}

/// An engine with all these connections; the first that fails is the end.
fn opened(plans: impl Iterator<Item = Plan>) -> Result<Engine, Error> {
    let mut engine = Engine::new()?;
    let mut failure = None;
    engine.open(plans, CONCURRENCY, None, std::time::Duration::from_secs(10), |opened| {
        if let Err((error, _)) = opened {
            failure.get_or_insert(error);
        }
    })?;
    match failure {
        Some(error) => Err(error),
        None => Ok(engine),
    }
}

/// The side of callers and publishers.
fn near(target: &Target) -> Result<Rc<Destination>, Error> {
    destination(target, &target.url, target.serializer)
}

/// The side of callees and subscribers.
fn far(target: &Target) -> Result<Rc<Destination>, Error> {
    destination(target, peer_url(target), peer_format(target))
}

fn peer_url(target: &Target) -> &Url {
    target.peer_url.as_ref().unwrap_or(&target.url)
}

fn peer_format(target: &Target) -> Format {
    target.peer_serializer.unwrap_or(target.serializer)
}

fn destination(target: &Target, url: &Url, format: Format) -> Result<Rc<Destination>, Error> {
    if !url.is_wamp() && target.serializer != peer_format(target) {
        return Err(Error::Usage(format!("{url} does not translate between serializers")));
    }
    let trust = match &target.ca {
        _ if target.insecure => Trust::Anybody,
        Some(file) => Trust::File(file),
        None => Trust::System,
    };
    let tls = if url.tls { Some(Client::new(url, trust)?) } else { None };
    Ok(Rc::new(Destination {
        url: url.clone(),
        address: Address::of(url, tls)?,
        format,
        realm: target.realm.clone(),
        credentials: match target.authid.clone().zip(target.ticket.clone()) {
            Some((authid, ticket)) => Credentials::Ticket { authid, ticket },
            None => Credentials::Anonymous,
        },
    }))
}

fn schedule(target: &Target, bounds: &Bounds) -> Schedule {
    Schedule {
        warmup: bounds.warmup,
        duration: bounds.duration,
        patience: bounds.timeout,
        router_pid: target.router_pid,
    }
}

/// A report with nothing in it but what was asked for.
fn blank(mode: &'static str, unit: &'static str, target: &Target, settings: Value) -> Report {
    Report {
        mode,
        unit,
        url: target.url.to_string(),
        serializer: target.serializer.name(),
        peer_url: peer_url(target).to_string(),
        peer_serializer: peer_format(target).name(),
        settings,
        ok: false,
        count: 0,
        seconds: 0.0,
        per_second: 0.0,
        latency_us: None,
        checks: Checks::Connect { joined: 0, failed: 0, dropped: 0 },
        problems: Vec::new(),
        router: None,
        generator: Cpu { cpu_s: 0.0, cpu_s_per_million: None, cores: 0.0 },
        memory: None,
        histogram: Histogram::default(),
    }
}

/// The last word about a run.
fn judged(mut report: Report, progress: &mut Progress<'_>) -> Report {
    progress.clear();
    report.ok = report.checks.is_ok() && report.problems.is_empty();
    report
}
