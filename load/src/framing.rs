//! How messages are cut out of a byte stream, and what is said before the first one.
//!
//! A message of a broker that knows no WAMP is what publishers, callers and callees would send to a router: it carries
//! the same octets as opaque payload.

mod forward;
mod mqtt;
mod nats;
mod rawsocket;
mod redis;
mod websocket;

use std::ops::Range;

pub(crate) use forward::{HEAD as FORWARD_HEAD, Part};

use crate::error::Fault;
use crate::format::Format;
use crate::outbox::Outbox;
use crate::url::{Scheme, Url};

/// A piece at the beginning of what was received.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    /// Octets of the whole frame.
    pub(crate) length: usize,
    /// Where its content stands.
    pub(crate) body: Range<usize>,
    /// Where an answer goes, in framings that route by it.
    pub(crate) lane: u32,
    pub(crate) kind: Kind,
}

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A whole message.
    Message,
    /// The first part of a message, or one in the middle, or the last.
    First,
    Middle,
    Last,
    /// To be answered with the same content.
    Ping,
    /// The peer goes.
    Close,
    /// Nothing that matters here.
    Ignored,
}

/// What a connection is for. Routers don't ask, but the forwarder and the other brokers do.
#[derive(Clone, Debug)]
pub(crate) enum Purpose {
    /// Calls `procedure`; `number` is its own among all callers.
    Caller {
        procedure: String,
        number: u32,
    },
    Callee {
        procedure: String,
    },
    Publisher {
        topic: String,
    },
    Subscriber {
        topic: String,
    },
    /// Joins and is silent.
    Idle,
}

/// How one connection is cut into messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    RawSocket,
    WebSocket { text: bool },
    Forward,
    Nats,
    Redis,
    Mqtt,
}

impl Framing {
    pub(crate) fn of(url: &Url, format: Format) -> Framing {
        match url.scheme {
            Scheme::RawSocket => Framing::RawSocket,
            Scheme::WebSocket => Framing::WebSocket { text: format.is_text() },
            Scheme::Forward => Framing::Forward,
            Scheme::Nats => Framing::Nats,
            Scheme::Redis => Framing::Redis,
            Scheme::Mqtt => Framing::Mqtt,
        }
    }

    /// Whether WAMP is spoken inside.
    pub(crate) fn is_wamp(self) -> bool {
        matches!(self, Framing::RawSocket | Framing::WebSocket { .. })
    }

    /// What a client says first.
    pub(crate) fn greet(
        self,
        url: &Url,
        format: Format,
        purpose: &Purpose,
        out: &mut Outbox,
    ) -> Result<(), Fault> {
        match self {
            Framing::RawSocket => out.octets(&rawsocket::greeting(format)),
            Framing::WebSocket { .. } => out.octets(websocket::greeting(url, format).as_bytes()),
            Framing::Forward => out.octets(&Part::of(purpose)?.greeting()),
            Framing::Nats => out.octets(nats::greeting(purpose).as_bytes()),
            Framing::Redis => out.octets(redis::greeting(purpose)?.as_bytes()),
            Framing::Mqtt => out.octets(&mqtt::greeting(purpose)?),
        }
        Ok(())
    }

    /// How many octets the answer to the greeting has; `None` while it isn't complete.
    pub(crate) fn greeted(
        self,
        octets: &[u8],
        format: Format,
        purpose: &Purpose,
    ) -> Result<Option<usize>, Fault> {
        match self {
            Framing::RawSocket => rawsocket::greeted(octets, format),
            Framing::WebSocket { .. } => websocket::greeted(octets, format),
            Framing::Forward => forward::greeted(octets),
            Framing::Nats => nats::greeted(octets),
            Framing::Redis => redis::greeted(octets, purpose),
            Framing::Mqtt => mqtt::greeted(octets, purpose),
        }
    }

    /// The frame at the beginning of `octets`, if it is there as a whole.
    #[inline]
    pub(crate) fn next(self, octets: &[u8]) -> Result<Option<Frame>, Fault> {
        match self {
            Framing::RawSocket => rawsocket::next(octets),
            Framing::WebSocket { .. } => websocket::next(octets),
            Framing::Forward => forward::next(octets),
            Framing::Nats => nats::next(octets),
            Framing::Redis => redis::next(octets),
            Framing::Mqtt => mqtt::next(octets),
        }
    }

    /// Appends a message of which `body` is the content. `target` and `lane` are for framings that route by them.
    #[inline]
    pub(crate) fn put(
        self,
        out: &mut Vec<u8>,
        scratch: &mut Vec<u8>,
        to: (&Target, u32),
        body: impl FnOnce(&mut Vec<u8>),
    ) {
        match self {
            Framing::RawSocket => rawsocket::put(out, body),
            Framing::Forward => forward::put(out, to.1, body),
            _ => {
                scratch.clear();
                body(scratch);
                match self {
                    Framing::WebSocket { text } => websocket::put(out, websocket::opcode(text), scratch),
                    Framing::Nats => nats::put(out, to.0, to.1, scratch),
                    Framing::Redis => redis::put(out, to.0, scratch),
                    _ => mqtt::put(out, to.0, scratch),
                }
            }
        }
    }

    /// Appends the answer to a PING.
    pub(crate) fn pong(self, out: &mut Vec<u8>, content: &[u8]) {
        match self {
            Framing::RawSocket => rawsocket::pong(out, content),
            Framing::WebSocket { .. } => websocket::put(out, websocket::PONG, content),
            Framing::Nats => out.extend_from_slice(b"PONG\r\n"),
            Framing::Forward | Framing::Redis | Framing::Mqtt => {}
        }
    }
}

/// Where the messages of one connection go, for brokers that are told outside of the message.
#[derive(Clone, Debug, Default)]
pub(crate) struct Target {
    /// Subject, channel or topic.
    subject: String,
    /// The number of a caller, who is answered there.
    inbox: Option<u32>,
}

impl Target {
    pub(crate) fn of(purpose: &Purpose) -> Target {
        match purpose {
            Purpose::Caller { procedure, number } => {
                Target { subject: procedure.clone(), inbox: Some(*number) }
            }
            Purpose::Publisher { topic } => Target { subject: topic.clone(), inbox: None },
            Purpose::Callee { .. } | Purpose::Subscriber { .. } | Purpose::Idle => Target::default(),
        }
    }
}

/// A line without its end, and its length with it.
fn line(octets: &[u8]) -> Option<(&[u8], usize)> {
    let end = octets.iter().position(|octet| *octet == b'\n')?;
    Some((octets[..end].strip_suffix(b"\r").unwrap_or(&octets[..end]), end + 1))
}

/// A length in a line of text. The longest that is believed is a gibibyte.
fn decimal(text: &[u8]) -> Result<usize, Fault> {
    let number = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok());
    number.filter(|number| *number < 1 << 30).ok_or(Fault::Framing("a length expected"))
}

#[cfg(test)]
mod tests;
