//! How messages arrive and leave: the [`Transport`] trait that WebSocket, RawSocket, memory and third-party transports
//! implement.
//!
//! A transport is one connection of one client after its own handshake. The router takes it with
//! [`Router::attach`](crate::Router::attach) and splits it into two halves:
//!
//! ```text
//!            ┌────────── Source: poll_batch ──> messages ──> session ──> realm ──> broker | dealer
//!   client <─┤                                                                          │
//!            └────────── Sink:   put, poll_flush <───────── the receiver's outbox <─────┘
//! ```
//!
//! The halves work on batches: one `poll_batch` hands over every message that one read brought in, and one
//! `poll_flush` writes all messages that were `put` since the last. Both are called under the router's control, never
//! at the same time by two tasks; but the *sink is called from the tasks of other sessions*, which put their events and
//! invocations straight into it and flush it. This is why it is a poll-based trait and not an async one.
//!
//! Most transports are a framing over a byte stream; the crate `crossway-framing` implements both halves for those.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use zeroize::Zeroize;

use crate::secret::Secret;
use crate::serializer::Serializer;

/// One connection, ready to carry WAMP messages.
pub trait Transport: Send + 'static {
    /// The serializer that this connection negotiated; fixed for its whole life.
    fn serializer(&self) -> Arc<dyn Serializer>;

    /// What is known about the peer.
    fn info(&self) -> Arc<TransportInfo>;

    /// How long the peer may be silent before it is probed with [`Sink::ping`], and then again before it is given up.
    /// `None`, the default, never probes.
    fn keepalive(&self) -> Option<Duration> {
        None
    }

    /// Takes the connection apart. Called once, before anything is read or written.
    fn split(self: Box<Self>) -> (Box<dyn Source>, Box<dyn Sink>);
}

/// The receiving half of a [`Transport`].
pub trait Source: Send + 'static {
    /// Adds to `batch` everything that has arrived, at least one item, or waits.
    ///
    /// Called by the connection's own task only. One call makes at most one read, so that a peer that sends without pause
    /// can't keep the task to itself. Cancel safe: a call that returned `Pending` has taken nothing.
    ///
    /// # Errors
    /// Why nothing will ever come again. Messages that came before the failure are handed over first.
    fn poll_batch(
        &mut self,
        cx: &mut Context<'_>,
        batch: &mut Vec<Inbound>,
    ) -> Poll<Result<(), TransportError>>;
}

/// Something that arrived.
#[derive(Clone, Debug)]
pub enum Inbound {
    /// One serialized WAMP message.
    Message(Bytes),
    /// The transport has to answer the peer (a PONG): core hands this to [`Sink::control`] unread.
    Reply(Bytes),
    /// The peer is alive (a PONG arrived). Nothing to do.
    Alive,
}

/// The sending half of a [`Transport`].
///
/// All calls are made under one lock of the connection's outbox: never two at a time, and none may block or take long.
pub trait Sink: Send + 'static {
    /// Takes one message. Core has checked that it is no longer than [`max_message`](Sink::max_message) and that the
    /// outbox has room for it. Nothing needs to be written yet; small payloads are best copied behind the bytes that
    /// wait already, large ones kept by reference.
    fn put(&mut self, message: Outgoing<'_>);

    /// How messages are framed, if receivers can share framed messages. Always the same answer for one sink.
    ///
    /// `None`, the default, means that every message is [`put`](Sink::put).
    fn framing(&self) -> Option<&'static Framing> {
        None
    }

    /// Takes messages that are in the [`framing`](Sink::framing) of this sink already. Core has made the same checks as
    /// for `put`. Called by a sender with several events at a time for several receivers; they are best kept by
    /// reference. Never called if `framing` is `None`.
    fn put_framed(&mut self, messages: Framed<'_>) {
        let _ = messages;
    }

    /// Takes a control frame that the [`Source`] asked for. It may overtake messages, but not split one.
    fn control(&mut self, frame: Bytes);

    /// Queues a keep-alive probe, if the transport has one. Returns whether it has.
    fn ping(&mut self) -> bool {
        false
    }

    /// Writes what waits, in as few system calls as possible, until nothing waits or the peer takes no more.
    ///
    /// `Pending` means that the context's waker will be called when the peer takes more. Core passes the waker of the
    /// connection's own task whichever task makes the call.
    ///
    /// # Errors
    /// Why nothing can be written any more. Core then ends the connection.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>>;

    /// Ends the connection after a last `poll_flush`: tells the peer why where the transport has words for it (a
    /// WebSocket close code), and closes. Called until it is ready; may be given up at any point, then the halves
    /// are dropped.
    fn poll_close(&mut self, cx: &mut Context<'_>, why: Close) -> Poll<()>;

    /// How much waits to be written. Called for every message, so it has to be cheap.
    fn backlog(&self) -> Backlog;

    /// The longest message that the peer accepts, in bytes.
    fn max_message(&self) -> usize;
}

/// One message to be sent: `head ++ payload ++ tail` is what the peer's serializer gets to see.
#[derive(Clone, Copy, Debug)]
pub struct Outgoing<'a> {
    /// The beginning, written for this receiver or for a group of receivers.
    pub head: &'a [u8],
    /// The payload, shared by all receivers that speak the same serializer. May be empty.
    pub payload: &'a Bytes,
    /// What closes the message: `]` in JSON.
    pub tail: &'static [u8],
}

impl Outgoing<'_> {
    /// Length of the whole message in bytes.
    #[allow(clippy::len_without_is_empty, reason = "a message is never empty")]
    pub fn len(&self) -> usize {
        self.head.len() + self.payload.len() + self.tail.len()
    }

    /// Appends the whole message.
    pub fn write(&self, out: &mut BytesMut) {
        out.extend_from_slice(self.head);
        out.extend_from_slice(self.payload);
        out.extend_from_slice(self.tail);
    }
}

/// A framing that depends on nothing but the message: what was framed once serves every receiver with the same framing.
///
/// Two are the same if they have the same name.
#[derive(Debug)]
pub struct Framing {
    /// Unique in the process: name it after its crate, and after everything else that the octets depend on.
    pub name: &'static str,
    /// Appends one message with all that goes around it. Core calls it for messages of less than 32 KiB only.
    pub frame: fn(Outgoing<'_>, &mut BytesMut),
}

impl PartialEq for Framing {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other) || self.name == other.name
    }
}

/// Messages of one [`Framing`], one behind the other.
#[derive(Clone, Copy, Debug)]
pub struct Framed<'a> {
    /// All of them, framed.
    pub octets: &'a Bytes,
    /// How many there are.
    pub messages: usize,
    /// Length of the longest in bytes, without what the framing adds.
    pub longest: usize,
}

/// What waits in a [`Sink`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Bytes, framing included.
    pub bytes: usize,
    /// Messages, those that are partly written included.
    pub messages: usize,
}

/// Why the router closes a connection; a transport translates it into its own words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Close {
    /// All said. WebSocket 1000.
    Normal,
    /// The router is going down. WebSocket 1001.
    GoingAway,
    /// The peer broke the rules of WAMP or of the transport. WebSocket 1002.
    ProtocolError,
    /// A message of a kind that the serializer does not use, such as text under MessagePack. WebSocket 1003.
    UnsupportedData,
    /// Text that is not UTF-8. WebSocket 1007.
    InvalidData,
    /// The peer did something that is not allowed here. WebSocket 1008.
    PolicyViolation,
    /// A message beyond the limit. WebSocket 1009.
    TooLarge,
}

/// Why a transport ended.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The peer closed the connection.
    #[error("closed by the peer")]
    Closed,
    /// The connection broke.
    #[error("connection lost: {0}")]
    Io(#[from] io::Error),
    /// The peer broke a rule of the transport.
    #[error("transport violation: {what}")]
    Violation {
        /// Which rule, in a few words.
        what: String,
        /// How to close.
        close: Close,
    },
}

impl TransportError {
    /// A broken rule of the transport.
    pub fn violation(close: Close, what: impl Into<String>) -> Self {
        TransportError::Violation { what: what.into(), close }
    }
}

/// What is known about a connection: for logs, for authenticators, for `Details.transport`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TransportInfo {
    /// The listener it came through, as configured: `ws`, `rawsocket`, `memory`.
    pub transport: String,
    /// The peer: `127.0.0.1:50122`, or empty where it has no address.
    pub peer: String,
    /// Whether the bytes are encrypted on the way.
    pub secure: bool,
    /// Whether the peer runs on this host: a loopback address, a Unix socket, the same process.
    pub local: bool,
    /// The realms that may be joined through this connection; empty means all.
    pub realms: Vec<String>,
    /// The ways of logging in that the listener allows; `None` means all that the realm has.
    pub authmethods: Option<Arc<[String]>>,
    /// What the transport learned that may authenticate the peer (AUTH-14); boxed, since most learn nothing.
    pub auth: Option<Box<Evidence>>,
}

impl TransportInfo {
    /// Whether the listener allows this way of logging in.
    pub fn allows(&self, method: &str) -> bool {
        self.authmethods.as_ref().is_none_or(|allowed| allowed.iter().any(|known| known == method))
    }
}

/// What a transport learned that may authenticate its peer.
///
/// Law: most of it is secret, so nothing of it is ever shown, not even by `Debug`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    /// The HTTP headers `Cookie` as one (RFC 6265).
    pub cookie: Option<Secret>,
    /// The HTTP header `Authorization`.
    pub authorization: Option<Secret>,
    /// The certificates that the client showed in TLS, its own first, in DER. They have been verified.
    pub certificates: Vec<Vec<u8>>,
    /// What makes the TLS connection unmistakable.
    pub channel: Option<ChannelBinding>,
    /// What an HTTP client is known by, if the listener knows clients again.
    pub visitor: Option<Visitor>,
    /// Who is at the other end of a Unix socket, as the system says.
    pub credentials: Option<Credentials>,
}

impl fmt::Debug for Evidence {
    /// Says what there is, not what it is.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Evidence")
            .field("cookie", &self.cookie.is_some())
            .field("authorization", &self.authorization.is_some())
            .field("certificates", &self.certificates.len())
            .field("channel", &self.channel.is_some())
            .field("visitor", &self.visitor.is_some())
            .field("credentials", &self.credentials)
            .finish()
    }
}

/// What both ends of a TLS connection know of it and nobody in between could imitate. There is no `tls-unique`: the TLS
/// library gives no Finished messages. A method that is asked for a binding that is `None` has to refuse.
#[derive(Clone, PartialEq, Eq)]
pub struct ChannelBinding {
    /// `tls-exporter` (RFC 9266): of this connection alone. Under TLS 1.3 only, where nothing else has to be agreed upon for
    /// it to be unique.
    pub exporter: Option<[u8; 32]>,
    /// `tls-server-end-point` (RFC 5929): the hash of the router's certificate. `None` where its signature has no hash that
    /// RFC 5929 could mean, as Ed25519.
    pub server_end_point: Option<Arc<[u8]>>,
}

impl Drop for ChannelBinding {
    fn drop(&mut self) {
        self.exporter.zeroize();
    }
}

impl fmt::Debug for ChannelBinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChannelBinding")
    }
}

/// Knows HTTP clients again, by a cookie. Handshakes that begin with an HTTP request ask it; who puts what into the cookie, and
/// what that is worth, is up to ways of logging in.
pub trait Visitors: fmt::Debug + Send + Sync + 'static {
    /// A client comes. `cookie` is what it sent, all headers `Cookie` as one; `secure` says whether the connection is. Called
    /// for every request that opens a transport, whoever sent it, so it must be quick and keep nothing.
    fn meet(&self, cookie: Option<&str>, secure: bool) -> Met;
}

/// What comes of meeting an HTTP client.
#[derive(Clone, PartialEq, Eq)]
pub struct Met {
    /// What it is known by from now on.
    pub visitor: Visitor,
    /// What `Set-Cookie` says; `None`: the client has its cookie already.
    pub set_cookie: Option<Secret>,
}

impl fmt::Debug for Met {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Met")
    }
}

/// What an HTTP client is known by.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Visitor {
    /// Random; whoever knows it could not make a cookie of it.
    pub id: u128,
    /// Whether the client was given it on this very connection, so that nobody else can have it.
    pub fresh: bool,
}

impl fmt::Debug for Visitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Visitor")
    }
}

/// A process on this host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// Its user.
    pub uid: u32,
    /// Its group.
    pub gid: u32,
    /// Its number, where the system tells.
    pub pid: Option<i32>,
}

impl fmt::Display for TransportInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.peer.as_str() {
            "" => f.write_str(&self.transport),
            peer => write!(f, "{} {peer}", self.transport),
        }
    }
}
