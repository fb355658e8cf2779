//! From connecting to being ready: the handshake of the framing, joining the realm, and one request.
//!
//! ```text
//!   Greeting ──framing agreed──> Joining ──WELCOME──> Asking ──SUBSCRIBED, REGISTERED──> Ready
//!       │                          │  ^                                                    ^
//!       │                          └──┘ CHALLENGE, answered with the ticket                │
//!       └──no WAMP spoken there────────────────────────────────────────────────────────────┘
//! ```

use std::rc::Rc;

use serde_json::{Value, json};

use crate::error::{Error, Fault};
use crate::format::{Format, Reader};
use crate::framing::{Framing, Kind, Purpose, Target};
use crate::link::Link;
use crate::outbox::Outbox;
use crate::socket::Address;
use crate::url::Url;
use crate::wamp::code;

/// Where to go and as whom; connections to one place share it.
#[derive(Clone, Debug)]
pub(crate) struct Destination {
    pub(crate) url: Url,
    pub(crate) address: Address,
    pub(crate) format: Format,
    pub(crate) realm: String,
    pub(crate) credentials: Credentials,
}

/// As whom.
#[derive(Clone, Debug)]
pub(crate) enum Credentials {
    Anonymous,
    Ticket {
        authid: String,
        ticket: String,
    },
    /// Whatever is asked, the answer has the right form and is wrong.
    Guess {
        method: String,
        authid: String,
    },
}

/// One connection to be opened.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) to: Rc<Destination>,
    pub(crate) purpose: Purpose,
}

impl Plan {
    /// Begins to connect. The greeting waits in the outbox.
    pub(crate) fn connect(&self) -> Result<Link, Error> {
        let Destination { url, address, format, .. } = &*self.to;
        let socket = address.connect().map_err(|source| Error::Connect { url: url.to_string(), source })?;
        let framing = Framing::of(url, *format);
        let mut link = Link::new(socket, framing, Target::of(&self.purpose));
        framing.greet(url, *format, &self.purpose, &mut link.out).map_err(|fault| self.error(fault))?;
        Ok(link)
    }

    fn error(&self, fault: Fault) -> Error {
        let url = self.to.url.to_string();
        match fault {
            Fault::Io(source) => Error::Connect { url, source },
            fault => Error::Refused { url, why: fault.to_string() },
        }
    }
}

/// How far a connection got.
#[derive(Debug)]
pub(crate) struct Opening {
    plan: Plan,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Greeting,
    Joining,
    Asking,
    Ready,
}

impl Opening {
    pub(crate) fn new(plan: Plan) -> Opening {
        Opening { plan, stage: Stage::Greeting }
    }

    /// What people are told when it fails.
    pub(crate) fn error(&self, fault: Fault) -> Error {
        self.plan.error(fault)
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.stage == Stage::Ready
    }

    /// Takes what it understands from the octets received, and answers how many that were.
    pub(crate) fn receive(&mut self, octets: &[u8], out: &mut Outbox) -> Result<usize, Fault> {
        let to = Rc::clone(&self.plan.to);
        let framing = Framing::of(&to.url, to.format);
        let mut at = 0;
        if self.stage == Stage::Greeting {
            match framing.greeted(octets, to.format, &self.plan.purpose)? {
                None => return Ok(0),
                Some(length) => at = length,
            }
            self.greeted(framing, out);
        }
        while self.stage != Stage::Ready
            && let Some(frame) = framing.next(&octets[at..])?
        {
            let body = &octets[at..][frame.body];
            at += frame.length;
            match frame.kind {
                Kind::Message => self.message(body, out)?,
                Kind::Ping => out.pong(body),
                Kind::Close => return Err(Fault::Closed),
                Kind::Ignored => {}
                Kind::First | Kind::Middle | Kind::Last => {
                    return Err(Fault::Framing("a short message in pieces"));
                }
            }
        }
        Ok(at)
    }

    fn greeted(&mut self, framing: Framing, out: &mut Outbox) {
        if !framing.is_wamp() {
            self.stage = Stage::Ready;
            return;
        }
        let to = &*self.plan.to;
        let mut details = json!({
            "agent": concat!("crossway-bench-", env!("CARGO_PKG_VERSION")),
            "roles": {"caller": {}, "callee": {}, "publisher": {}, "subscriber": {}},
        });
        to.credentials.greet(&mut details);
        send(to.format, out, &json!([code::HELLO, to.realm, details]));
        self.stage = Stage::Joining;
    }

    fn message(&mut self, message: &[u8], out: &mut Outbox) -> Result<(), Fault> {
        let to = Rc::clone(&self.plan.to);
        let message = Reader::new(to.format, message).value()?;
        match (self.stage, message[0].as_u64()) {
            (Stage::Joining, Some(code::WELCOME)) => self.joined(to.format, out),
            (Stage::Joining, Some(code::CHALLENGE)) => {
                let (signature, extra) = to.credentials.answer(&message)?;
                send(to.format, out, &json!([code::AUTHENTICATE, signature, extra]));
            }
            (Stage::Asking, Some(code::SUBSCRIBED | code::REGISTERED)) => self.stage = Stage::Ready,
            (_, Some(code::ABORT)) => {
                return Err(Fault::refused(refusal("ABORT", &message[2], &message[1]["message"])));
            }
            (_, Some(code::ERROR)) => {
                return Err(Fault::refused(refusal("ERROR", &message[4], &message[5][0])));
            }
            _ => return Err(Fault::Unexpected(message.to_string())),
        }
        Ok(())
    }

    fn joined(&mut self, format: Format, out: &mut Outbox) {
        let request = match &self.plan.purpose {
            Purpose::Callee { procedure } => json!([code::REGISTER, 1, {}, procedure]),
            Purpose::Subscriber { topic } => json!([code::SUBSCRIBE, 1, {}, topic]),
            Purpose::Caller { .. } | Purpose::Publisher { .. } | Purpose::Idle => {
                self.stage = Stage::Ready;
                return;
            }
        };
        send(format, out, &request);
        self.stage = Stage::Asking;
    }
}

/// 16 and 32 octets that mean nothing, in base64, and a key in hex that is somebody's or nobody's.
const NONCE: &str = "Z3Vlc3NpbmcgaXMgZnVuIQ==";
const PROOF: &str = "bm90aGluZyB0byBzZWUgaGVyZSwgZ28gYXdheSBub3c=";
const KEY: &str = "545efb0a2192db8d43f118e9bf9aee081466e1ef36c708b96ee6f62dddad9122";

impl Credentials {
    /// What HELLO says of them.
    fn greet(&self, details: &mut Value) {
        let (method, authid) = match self {
            Credentials::Anonymous => ("anonymous", None),
            Credentials::Ticket { authid, .. } => ("ticket", Some(authid)),
            Credentials::Guess { method, authid } => (method.as_str(), Some(authid)),
        };
        details["authmethods"] = json!([method]);
        if let Some(authid) = authid {
            details["authid"] = json!(authid);
        }
        if matches!(self, Credentials::Guess { .. }) {
            details["authextra"] = json!({"nonce": NONCE, "pubkey": KEY});
        }
    }

    /// Signature and extra of AUTHENTICATE.
    fn answer(&self, challenge: &Value) -> Result<(&str, Value), Fault> {
        match self {
            Credentials::Anonymous => {
                Err(Fault::refused(format!("it wants to see credentials ({})", challenge[1])))
            }
            Credentials::Ticket { ticket, .. } => Ok((ticket, json!({}))),
            Credentials::Guess { .. } => {
                let nonce = challenge[2]["nonce"].as_str().unwrap_or(NONCE);
                Ok((PROOF, json!({"nonce": nonce})))
            }
        }
    }
}

fn send(format: Format, out: &mut Outbox, message: &Value) {
    let octets = format.encode(message);
    out.message(0, |into| into.extend_from_slice(&octets));
}

/// `ABORT wamp.error.no_such_realm: realm "x" does not exist`
fn refusal(message: &str, reason: &Value, more: &Value) -> String {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match more {
        Value::Null => format!("{message} {}", text(reason)),
        more => format!("{message} {}: {}", text(reason), text(more)),
    }
}
