//! A client that says exactly what a test tells it to, and keeps a record of the dialogue.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Value, json};

use crate::pattern::{ANY, ID, REST, matches};
use crate::wire::{Received, Wire};
use crate::{Carrier, Link, TestRouter};

/// No expectation takes longer than this, unless something is wrong.
pub const WATCHDOG: Duration = Duration::from_secs(10);

/// One connection, and what was said on it.
pub struct Peer {
    link: Link,
    wire: Wire,
    session: u64,
    requests: u64,
    dialogue: Vec<String>,
}

/// HELLO details with all roles and every feature that a client can have.
pub fn all_roles() -> Value {
    json!({"roles": {
        "publisher": {"features": {"publisher_exclusion": true, "publisher_identification": true,
            "subscriber_blackwhite_listing": true, "payload_passthru_mode": true}},
        "subscriber": {"features": {"publisher_identification": true, "publication_trustlevels": true,
            "pattern_based_subscription": true, "subscription_revocation": true, "payload_passthru_mode": true}},
        "caller": {"features": {"progressive_call_results": true, "progressive_call_invocations": true,
            "call_timeout": true, "call_canceling": true, "caller_identification": true,
            "sharded_registration": true, "payload_passthru_mode": true}},
        "callee": {"features": {"progressive_call_results": true, "progressive_call_invocations": true,
            "call_timeout": true, "call_canceling": true, "caller_identification": true, "call_trustlevels": true,
            "pattern_based_registration": true, "shared_registration": true, "sharded_registration": true,
            "registration_revocation": true, "call_reroute": true, "payload_passthru_mode": true}},
    }})
}

impl Peer {
    /// Connects; says nothing yet.
    pub async fn connect(router: &TestRouter, link: Link) -> Self {
        Self::over(router.connect(link).await, link)
    }

    /// Joins `realm1` with all roles.
    pub async fn join(router: &TestRouter, link: Link) -> Self {
        Self::join_as(router, link, "realm1", all_roles()).await
    }

    /// Joins with details of its own.
    pub async fn join_as(router: &TestRouter, link: Link, realm: &str, details: Value) -> Self {
        let mut peer = Self::connect(router, link).await;
        peer.hello(realm, details).await;
        peer
    }

    /// Joins `realm1` over RawSocket, accepting messages of `2^(9 + length)` octets only.
    pub async fn join_accepting(router: &TestRouter, link: Link, length: u8) -> Self {
        assert!(Carrier::RAWSOCKET.contains(&link.carrier), "other transports do not tell");
        let mut peer = Self::over(router.connect_accepting(link, length).await, link);
        peer.hello("realm1", all_roles()).await;
        peer
    }

    /// Speaks on a connection that exists already.
    pub fn over(wire: Wire, link: Link) -> Self {
        Peer { link, wire, session: 0, requests: 0, dialogue: Vec::new() }
    }

    /// HELLO and WELCOME; returns WELCOME.
    pub async fn hello(&mut self, realm: &str, details: Value) -> Value {
        self.send(json!([1, realm, details])).await;
        self.welcomed().await
    }

    /// WELCOME, at the end of a handshake made by hand.
    pub async fn welcomed(&mut self) -> Value {
        let welcome = self.expect(json!([2, ID, ANY])).await;
        self.session = id(&welcome, 1);
        self.requests = 0;
        welcome
    }

    /// The link of this peer.
    pub fn link(&self) -> Link {
        self.link
    }

    /// The id of the session, from WELCOME.
    pub fn session(&self) -> u64 {
        self.session
    }

    /// The next request id.
    pub fn request(&mut self) -> u64 {
        self.requests += 1;
        self.requests
    }

    /// Sends a message.
    pub async fn send(&mut self, message: Value) {
        let frame = self.link.format.encode(&message);
        self.note("->", &message);
        self.wire.send(&frame).await;
    }

    /// Sends several messages as one batch.
    pub async fn send_batch(&mut self, messages: &[Value]) {
        for message in messages {
            self.note("-> in a batch", message);
        }
        let frames: Vec<_> = messages.iter().map(|message| self.link.format.encode(message)).collect();
        self.wire.send_batch(&frames.iter().map(Vec::as_slice).collect::<Vec<_>>()).await;
    }

    /// The most messages that have come in one batch so far.
    pub fn longest_batch(&self) -> usize {
        self.wire.longest_batch()
    }

    /// Sends a frame that need not be a message.
    pub async fn send_raw(&mut self, frame: &[u8]) {
        self.note("-> octets", &String::from_utf8_lossy(&frame[..frame.len().min(200)]).into());
        self.wire.send(frame).await;
    }

    /// Begins a message of so many octets, as the transport does it; [`go_on`](Self::go_on) sends some of them.
    pub async fn begin(&mut self, length: u16) {
        self.note("-> the head of a message of octets", &length.into());
        self.wire.begin(length).await;
    }

    /// Sends octets of a message that was begun.
    pub async fn go_on(&mut self, octets: &[u8]) {
        self.wire.go_on(octets).await;
    }

    /// Waits for the next message as its octets.
    pub async fn receive_raw(&mut self) -> Vec<u8> {
        match self.next("a message").await {
            Received::Frame(frame) => frame,
            Received::Closed(_) => self.fail("expected a message, but the router closed"),
        }
    }

    /// Waits for the next message.
    pub async fn receive(&mut self) -> Value {
        self.receive_for("a message").await
    }

    async fn receive_for(&mut self, expected: &str) -> Value {
        match self.next(expected).await {
            Received::Frame(frame) => {
                let message = self.link.format.decode(&frame);
                self.note("<-", &message);
                message
            }
            Received::Closed(code) => {
                self.fail(&format!("expected {expected}, but the router closed ({code:?})"))
            }
        }
    }

    async fn next(&mut self, expected: &str) -> Received {
        match tokio::time::timeout(WATCHDOG, self.wire.receive()).await {
            Ok(received) => received,
            Err(_) => self.fail(&format!("expected {expected}, but nothing came for {WATCHDOG:?}")),
        }
    }

    /// Waits for the next message, which has to match; see [`pattern`](crate::pattern).
    pub async fn expect(&mut self, pattern: Value) -> Value {
        let message = self.receive_for(&pattern.to_string()).await;
        if !matches(&pattern, &message) {
            self.fail(&format!("expected {pattern}"));
        }
        message
    }

    /// The answer to request `request` of type `kind` is ERROR with this URI. Returns it.
    pub async fn expect_error(&mut self, kind: u64, request: u64, uri: &str) -> Value {
        self.expect(json!([8, kind, request, {}, uri, REST])).await
    }

    /// ABORT with this reason, and the end of the connection. Returns ABORT.
    pub async fn expect_abort(&mut self, reason: &str) -> Value {
        let abort = self.expect(json!([3, {"message": ANY}, reason])).await;
        self.expect_closed().await;
        abort
    }

    /// ABORT for breaking the protocol, with a text that contains `about`.
    pub async fn expect_violation(&mut self, about: &str) {
        let abort = self.expect_abort("wamp.error.protocol_violation").await;
        let message = abort[1]["message"].as_str().unwrap_or_default();
        if !message.contains(about) {
            self.fail(&format!("expected a violation about {about:?}"));
        }
    }

    /// The router closes without another word. Returns the WebSocket close code.
    pub async fn expect_closed(&mut self) -> Option<u16> {
        match self.next("the end of the connection").await {
            Received::Closed(code) => {
                self.dialogue.push(format!("<- closed {code:?}"));
                // The router waits for this side to close as well.
                self.wire.close().await;
                code
            }
            Received::Frame(frame) => {
                let message = self.link.format.decode(&frame);
                self.note("<-", &message);
                self.fail("expected the end of the connection")
            }
        }
    }

    /// Proves that the router has sent nothing else: the answer to a publication made now is the next message. Everything
    /// that this peer has sent before has been handled by then.
    pub async fn expect_silence(&mut self) {
        let request = self.request();
        self.send(json!([16, request, {"acknowledge": true}, "test.fence"])).await;
        self.expect(json!([17, request, ID])).await;
    }

    /// Closes the connection in the words of the transport.
    pub async fn close(&mut self) {
        self.dialogue.push("-> closed".into());
        self.wire.close().await;
    }

    fn note(&mut self, direction: &str, message: &Value) {
        let mut text = message.to_string();
        if let Some((cut, _)) = text.char_indices().nth(300) {
            text.truncate(cut);
            text.push_str("...");
        }
        self.dialogue.push(format!("{direction} {text}"));
    }

    fn fail(&self, what: &str) -> ! {
        let mut text = format!("{}: {what}\n", self.link);
        for line in &self.dialogue {
            let _infallible = writeln!(text, "    {line}");
        }
        panic!("{text}");
    }
}

/// What tests do most often.
impl Peer {
    /// SUBSCRIBE and SUBSCRIBED; returns the subscription.
    pub async fn subscribe(&mut self, topic: &str) -> u64 {
        self.subscribe_with(topic, json!({})).await
    }

    /// As [`subscribe`](Self::subscribe), with options.
    pub async fn subscribe_with(&mut self, topic: &str, options: Value) -> u64 {
        let request = self.request();
        self.send(json!([32, request, options, topic])).await;
        id(&self.expect(json!([33, request, ID])).await, 2)
    }

    /// REGISTER and REGISTERED; returns the registration.
    pub async fn register(&mut self, procedure: &str) -> u64 {
        self.register_with(procedure, json!({})).await
    }

    /// As [`register`](Self::register), with options.
    pub async fn register_with(&mut self, procedure: &str, options: Value) -> u64 {
        let request = self.request();
        self.send(json!([64, request, options, procedure])).await;
        id(&self.expect(json!([65, request, ID])).await, 2)
    }

    /// PUBLISH without an answer.
    pub async fn publish(&mut self, topic: &str, args: Value) {
        self.publish_with(topic, json!({}), args).await;
    }

    /// As [`publish`](Self::publish), with options.
    pub async fn publish_with(&mut self, topic: &str, options: Value, args: Value) {
        let request = self.request();
        self.send(json!([16, request, options, topic, args])).await;
    }

    /// PUBLISH and PUBLISHED; returns the publication.
    pub async fn publish_acknowledged(&mut self, topic: &str, args: Value) -> u64 {
        let request = self.request();
        self.send(json!([16, request, {"acknowledge": true}, topic, args])).await;
        id(&self.expect(json!([17, request, ID])).await, 2)
    }

    /// CALL; returns the request id.
    pub async fn call(&mut self, procedure: &str, args: Value) -> u64 {
        self.call_with(procedure, json!({}), args).await
    }

    /// As [`call`](Self::call), with options.
    pub async fn call_with(&mut self, procedure: &str, options: Value, args: Value) -> u64 {
        let request = self.request();
        self.send(json!([48, request, options, procedure, args])).await;
        request
    }

    /// INVOCATION with these arguments; returns its id.
    pub async fn expect_invocation(&mut self, registration: u64, args: Value) -> u64 {
        id(&self.expect(json!([68, ID, registration, {}, args])).await, 1)
    }

    /// EVENT with these arguments; returns the publication.
    pub async fn expect_event(&mut self, subscription: u64, args: Value) -> u64 {
        id(&self.expect(json!([36, subscription, ID, {}, args])).await, 2)
    }
}

/// The id at a position of a message.
pub fn id(message: &Value, at: usize) -> u64 {
    message[at].as_u64().unwrap_or_else(|| panic!("no id at {at} of {message}"))
}
