//! The carriers and formats, and the ways to combine them.

use std::fmt;

use crate::Format;

/// How a peer reaches the router.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Carrier {
    /// Inside the process.
    Memory,
    /// WebSocket over TCP.
    Ws,
    /// WebSocket over TLS.
    Wss,
    /// Batched WebSocket over TCP.
    Batched,
    /// HTTP long-polling over TCP, a message at a time.
    LongPoll,
    /// HTTP long-polling over TCP, in batches.
    LongPollBatched,
    /// RawSocket over TCP.
    Tcp,
    /// RawSocket over TLS.
    Tls,
    /// RawSocket over a Unix socket.
    Unix,
}

impl Carrier {
    /// All that there are.
    pub const ALL: [Carrier; 9] = [
        Carrier::Memory,
        Carrier::Ws,
        Carrier::Wss,
        Carrier::Batched,
        Carrier::LongPoll,
        Carrier::LongPollBatched,
        Carrier::Tcp,
        Carrier::Tls,
        Carrier::Unix,
    ];

    /// Those with RawSocket framing.
    pub const RAWSOCKET: [Carrier; 3] = [Carrier::Tcp, Carrier::Tls, Carrier::Unix];

    /// Those with WebSocket framing and one message in each of its messages.
    pub const WEBSOCKET: [Carrier; 2] = [Carrier::Ws, Carrier::Wss];

    /// Whether it closes in the words of WebSocket.
    pub fn is_websocket(self) -> bool {
        matches!(self, Carrier::Ws | Carrier::Wss | Carrier::Batched)
    }

    /// Whether messages come in the answers to requests.
    pub fn is_longpoll(self) -> bool {
        matches!(self, Carrier::LongPoll | Carrier::LongPollBatched)
    }

    /// This carrier with a format.
    pub const fn with(self, format: Format) -> Link {
        Link { carrier: self, format }
    }
}

/// A carrier and a format: one way of talking to the router.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Link {
    /// How frames travel.
    pub carrier: Carrier,
    /// How messages are spelt.
    pub format: Format,
}

impl Link {
    /// The link for tests to which it makes no difference.
    pub const DEFAULT: Link = Carrier::Memory.with(Format::Json);

    /// Every carrier with every format; long-polling with one format each.
    pub fn all() -> impl Iterator<Item = Link> {
        let all = Carrier::ALL.into_iter().flat_map(|carrier| Format::ALL.map(|format| carrier.with(format)));
        all.filter(|link| match link.carrier {
            // They are slower, and differ from others in what becomes of the octets, not in what the octets are.
            Carrier::LongPoll => link.format == Format::Json,
            Carrier::LongPollBatched => link.format == Format::Cbor,
            _ => true,
        })
    }

    /// Every ordered pair of formats, the carriers taking turns so that each one meets others on both sides.
    pub fn pairs() -> impl Iterator<Item = (Link, Link)> {
        let formats = Format::ALL.into_iter().flat_map(|one| Format::ALL.map(|other| (one, other)));
        formats.enumerate().flat_map(|(turn, (one, other))| {
            [0, 4].map(|offset| {
                let carrier = |step: usize| Carrier::ALL[(turn + offset + step) % Carrier::ALL.len()];
                (carrier(0).with(one), carrier(1 + turn % (Carrier::ALL.len() - 1)).with(other))
            })
        })
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{:?}/{:?}", self.carrier, self.format);
        f.write_str(&text.to_lowercase())
    }
}
