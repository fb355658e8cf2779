//! The real router, with raw peers over memory.
//!
//! Law: nothing sleeps; time passes in steps of its own only. After each step a fence proves that the router has handled all of it: routing is synchronous, so
//! when the acting session has the answer to one more request, everybody has everything.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use crossway_anonymous::Anonymous;
use crossway_core::auth::{AuthError, AuthRequest, Authenticator, Challenger, Identity};
use crossway_core::serializer::Serializer;
use crossway_core::transport::{Inbound, Outgoing, Sink, Source, Transport};
use crossway_core::{MetaApi, RealmConfig, Router};
use crossway_memory::{MemoryOptions, pair};
use crossway_tests::Format;
use serde_json::Value;
use tokio::task::JoinHandle;

use crate::pattern::{Bindings, Message};
use crate::reference::{Act, Expected, Model, Turn, USERS};
use crate::step::{SLOTS, Step};

/// Nothing takes this long, except for ever.
const WATCHDOG: Duration = Duration::from_secs(5);

/// A realm that anybody may join.
pub(crate) fn open(uri: &str) -> RealmConfig {
    RealmConfig::new(uri).authenticator(Arc::new(Anonymous::default()))
}

/// A realm where everybody is who it says it is. Without meta events, which patterns would get as well.
fn named(uri: &str) -> RealmConfig {
    RealmConfig::new(uri).authenticator(Arc::new(Believing)).meta_api(MetaApi::Off)
}

/// Lets in whoever the model knows, without a proof.
struct Believing;

#[async_trait]
impl Authenticator for Believing {
    fn method(&self) -> &str {
        "anonymous"
    }

    async fn authenticate(
        &self,
        request: &AuthRequest,
        _: &mut dyn Challenger,
    ) -> Result<Identity, AuthError> {
        let user = USERS.iter().find(|(authid, _)| request.authid.as_deref() == Some(authid));
        let (authid, authrole) = user.ok_or_else(|| AuthError::Denied("a stranger".into()))?;
        Ok(Identity::new(*authid, *authrole, "model"))
    }
}

/// A connection without a client: frames go in, frames come out.
pub(crate) struct Peer {
    format: Format,
    source: Box<dyn Source>,
    sink: Box<dyn Sink>,
    batch: Vec<Inbound>,
    pub(crate) task: JoinHandle<()>,
}

impl Peer {
    pub(crate) fn connect(router: &Router, format: Format) -> Self {
        let serializer: Arc<dyn Serializer> = match format {
            Format::Json => Arc::new(crossway_json::Json),
            Format::MsgPack => Arc::new(crossway_msgpack::MessagePack),
            Format::Cbor => Arc::new(crossway_cbor::Cbor),
        };
        let (theirs, ours) = pair(serializer, &MemoryOptions::default());
        let router = router.clone();
        let task = tokio::spawn(async move { router.attach(Box::new(theirs)).await });
        let (source, sink) = Box::new(ours).split();
        Peer { format, source, sink, batch: Vec::new(), task }
    }

    pub(crate) async fn say(&mut self, message: &Value) {
        let frame = self.format.encode(message);
        self.sink.put(Outgoing { head: &frame, payload: &Bytes::new(), tail: b"" });
        // A router that has closed will be noticed by reading.
        let _ = poll_fn(|cx| self.sink.poll_flush(cx)).await;
    }

    /// Everything that has arrived; waits for it unless `now`. `None` when the router has closed.
    pub(crate) async fn receive(&mut self, now: bool) -> Option<Vec<Value>> {
        let Peer { source, batch, .. } = self;
        let arrived = if now {
            match source.poll_batch(&mut Context::from_waker(Waker::noop()), batch) {
                Poll::Ready(arrived) => arrived,
                Poll::Pending => return Some(Vec::new()),
            }
        } else {
            poll_fn(|cx| source.poll_batch(cx, batch)).await
        };
        arrived.ok()?;
        let format = self.format;
        let message = |inbound| match inbound {
            Inbound::Message(frame) => Some(format.decode(&frame)),
            Inbound::Reply(_) | Inbound::Alive => None,
        };
        Some(self.batch.drain(..).filter_map(message).collect())
    }
}

pub(crate) struct World {
    router: Router,
    peers: [Option<Peer>; SLOTS],
    bindings: Bindings,
}

impl World {
    pub(crate) fn new() -> Self {
        let router = Router::builder().realm(named("realm1")).realm(named("realm2")).build().unwrap();
        World { router, peers: Default::default(), bindings: Bindings::default() }
    }

    /// Takes the steps, one by one; says where the router parts from the model.
    pub(crate) async fn run(mut self, steps: &[Step], mut model: Model) -> Result<(), String> {
        for step in steps {
            let Some(Turn { act, expected }) = model.take(step) else { continue };
            let told = format!("connection {}: {act:?}", step.slot);
            let fence = matches!(act, Act::Say(_) | Act::Wait(_)).then(|| model.request(step.slot)).flatten();
            let taken = tokio::time::timeout(WATCHDOG, self.take(step, act, fence)).await;
            let received = taken.map_err(|_| format!("{told}\nis never answered"))?;
            self.compare(received, expected).map_err(|difference| format!("{told}\n{difference}"))?;
        }
        self.peers = Default::default();
        Ok(())
    }

    /// What steps do, for people.
    pub(crate) fn told(steps: &[Step]) -> String {
        let mut model = Model::new();
        let act = |step| model.take(step).map(|turn| format!("  {} {:?}", step.slot, turn.act));
        steps.iter().filter_map(act).collect::<Vec<_>>().join("\n")
    }

    /// Takes one step, and returns what everybody received.
    async fn take(&mut self, step: &Step, act: Act, fence: Option<u64>) -> Vec<Vec<Value>> {
        let mut received = vec![Vec::new(); SLOTS];
        let own = &mut received[step.slot];
        match act {
            Act::Join(hello) => {
                let format = Format::ALL[usize::try_from(step.choices >> 8).unwrap() % 3];
                let peer = self.peers[step.slot].get_or_insert_with(|| Peer::connect(&self.router, format));
                peer.say(&self.bindings.resolve(&hello)).await;
                own.extend(peer.receive(false).await.unwrap_or_default());
            }
            Act::Say(message) => {
                let peer = self.peers[step.slot].as_mut().unwrap();
                peer.say(&self.bindings.resolve(&message)).await;
                fence_off(peer, fence.unwrap(), own).await;
            }
            Act::Wait(millis) => {
                // The keeper of the deadlines wakes up first; the session that answers comes behind it.
                tokio::time::advance(Duration::from_millis(millis)).await;
                fence_off(self.peers[step.slot].as_mut().unwrap(), fence.unwrap(), own).await;
            }
            Act::Leave(goodbye) => {
                let peer = self.peers[step.slot].as_mut().unwrap();
                peer.say(&self.bindings.resolve(&goodbye)).await;
                own.extend(peer.receive(false).await.unwrap_or_default());
            }
            Act::Break(message) => {
                let mut peer = self.peers[step.slot].take().unwrap();
                peer.say(&self.bindings.resolve(&message)).await;
                while let Some(messages) = peer.receive(false).await {
                    own.extend(messages);
                }
                gone(peer).await;
            }
            Act::Drop => {
                if let Some(peer) = self.peers[step.slot].take() {
                    gone(peer).await;
                }
            }
        }
        for (peer, received) in self.peers.iter_mut().zip(&mut received) {
            if let Some(peer) = peer {
                received.extend(peer.receive(true).await.unwrap_or_default());
            }
        }
        received
    }

    fn compare(&mut self, received: Vec<Vec<Value>>, mut expected: Expected) -> Result<(), String> {
        for (slot, received) in received.into_iter().enumerate() {
            let groups = expected.0.remove(&slot).unwrap_or_default();
            if !self.same(&groups, &received) {
                return Err(format!(
                    "connection {slot} has to receive {groups:?}\nand received {received:?}"
                ));
            }
        }
        Ok(())
    }

    fn same(&mut self, groups: &[Vec<Message>], received: &[Value]) -> bool {
        let mut rest = received;
        for group in groups {
            let Some((these, others)) = rest.split_at_checked(group.len()) else { return false };
            let mut left: Vec<&Value> = these.iter().collect();
            for message in group {
                match left.iter().position(|found| self.bindings.matches(message, found)) {
                    Some(at) => left.swap_remove(at),
                    None => return false,
                };
            }
            rest = others;
        }
        rest.is_empty()
    }
}

/// Calls what nobody can register, not even a pattern, and collects what comes before the answer.
async fn fence_off(peer: &mut Peer, request: u64, received: &mut Vec<Value>) {
    peer.say(&serde_json::json!([48, request, {}, "wamp.fence"])).await;
    while let Some(messages) = peer.receive(false).await {
        for message in messages {
            if message[0] == 8 && message[1] == 48 && message[2] == request {
                return;
            }
            received.push(message);
        }
    }
}

/// Waits until the router has noticed that a peer has gone.
async fn gone(peer: Peer) {
    let Peer { source, sink, task, .. } = peer;
    drop((source, sink));
    task.await.expect("the router does not panic");
}
