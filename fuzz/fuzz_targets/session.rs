//! Drives whole sessions with arbitrary frames, some garbage, some well-formed messages in any order.
//!
//! Two clients with serializers of the input's choice do what the input says; a bystander in the same realm must notice
//! nothing: at the end it still gets its own event back. Then everybody leaves, and nothing may be left.
#![no_main]

use std::sync::{Arc, LazyLock};
use std::task::{Context, Waker};

use bytes::Bytes;
use crossway_anonymous::Anonymous;
use crossway_core::message::{
    Abort, Authenticate, Call, CallOptions, Cancel, CancelMode, CancelOptions, Code, Error, Goodbye, Hello, Message,
    Payload, Publish, PublishOptions, Register, Subscribe, Unregister, Unsubscribe, Yield,
};
use crossway_core::serializer::Serializer;
use crossway_core::transport::{Inbound, Outgoing, Sink, Source, Transport};
use crossway_core::{Dict, Id, Limits, RealmConfig, Router, Value};
use crossway_memory::{MemoryOptions, pair};
use libfuzzer_sys::fuzz_target;

static RUNTIME: LazyLock<tokio::runtime::Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime without I/O can be built")
});

fuzz_target!(|data: &[u8]| {
    RUNTIME.block_on(run(Input(data)));
});

async fn run(mut input: Input<'_>) {
    let limits = Limits { max_subscriptions: 4, max_registrations: 4, max_pending_calls: 4, ..Limits::default() };
    let realm = RealmConfig::new("realm1").authenticator(Arc::new(Anonymous::default()));
    let router = Router::builder().limits(limits).realm(realm).build().expect("realm1 is a URI");

    let mut bystander = Client::connect(&router, 0);
    bystander.hello().await;
    bystander.say(Subscribe { request: id(1), options: Default::default(), topic: "by.stander".into() }).await;
    let mut clients = [Client::connect(&router, input.byte()), Client::connect(&router, input.byte())];
    if input.byte() & 1 == 0 {
        clients[0].hello().await;
        clients[1].hello().await;
    }
    while let Some(op) = input.next() {
        let client = &mut clients[usize::from(op >> 7)];
        match op & 0x7f {
            0x7f => client.frame(input.frame()).await,
            op => client.say(message(op, &mut input, &*client.serializer)).await,
        }
        bystander.drain();
    }

    let payload = Payload::write(&[Value::from("still here")], &Dict::new(), &*bystander.serializer).expect("text");
    let options = PublishOptions { exclude_me: Some(false), ..Default::default() };
    bystander.say(Publish { request: id(2), options, topic: "by.stander".into(), payload }).await;
    let heard = bystander.drain();
    assert!(heard.iter().any(|frame| contains(frame, b"still here")), "the bystander heard only {heard:?}");

    drop((bystander, clients));
    while router.connections() != 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(router.sessions(), 0);
}

/// A well-formed message of any kind, with ids and URIs from a small set, so that they often mean something.
fn message(op: u8, input: &mut Input<'_>, serializer: &dyn Serializer) -> Message<'static> {
    let request = id(u64::from(input.byte() % 8) + 1);
    let other = id(u64::from(input.byte() % 8) + 1);
    let uri = ["com.a", "com.b", "com.c", "wamp.x", "", "not a uri"][usize::from(input.byte() % 6)];
    let payload = match input.byte() % 4 {
        0 => Payload::none(),
        1 => Payload::write(&[Value::Bytes(vec![1, 2]), Value::Null], &Dict::new(), serializer).expect("plain values"),
        2 => Payload::write(&[], &Dict::new().with("k", f64::from(op)), serializer).expect("plain values"),
        _ => Payload::write(&["x".repeat(2000).into()], &Dict::new(), serializer).expect("plain values"),
    };
    let yes = Some(input.byte() & 1 == 0);
    match op % 15 {
        0 | 1 => {
            let options = PublishOptions { acknowledge: yes, exclude_me: yes, disclose_me: yes, ..Default::default() };
            Publish { request, options, topic: uri.into(), payload }.into()
        }
        2 => Subscribe { request, options: Default::default(), topic: uri.into() }.into(),
        3 => Unsubscribe { request, subscription: other }.into(),
        4 | 5 => {
            let options = CallOptions { disclose_me: yes, ..Default::default() };
            Call { request, options, procedure: uri.into(), payload }.into()
        }
        6 => {
            let modes = [None, Some(CancelMode::Skip), Some(CancelMode::Kill), Some(CancelMode::KillNoWait)];
            Cancel { request, options: CancelOptions { mode: modes[usize::from(input.byte() % 4)] } }.into()
        }
        7 => Register { request, options: Default::default(), procedure: uri.into() }.into(),
        8 => Unregister { request, registration: other }.into(),
        9 | 10 => Yield { request, options: Default::default(), payload }.into(),
        11 => {
            let request_type = Code::Invocation.into();
            Error { request_type, request, details: Dict::new(), error: uri.into(), payload }.into()
        }
        12 => Goodbye { details: Dict::new(), reason: "com.bye".into() }.into(),
        13 => hello().into(),
        _ if input.byte() & 1 == 0 => Abort { details: Dict::new(), reason: "com.bye".into(), payload }.into(),
        _ => Authenticate { signature: uri.into(), extra: Dict::new() }.into(),
    }
}

fn hello() -> Hello<'static> {
    let features = Dict::new().with("features", Dict::new().with("call_canceling", true));
    let roles = Dict::new().with("callee", features).with("subscriber", Dict::new());
    Hello { realm: "realm1".into(), details: Dict::new().with("roles", roles) }
}

fn id(number: u64) -> Id {
    Id::new(number).expect("small and not zero")
}

fn contains(frame: &[u8], text: &[u8]) -> bool {
    frame.windows(text.len()).any(|window| window == text)
}

struct Client {
    serializer: Arc<dyn Serializer>,
    source: Box<dyn Source>,
    sink: Box<dyn Sink>,
}

impl Client {
    fn connect(router: &Router, format: u8) -> Self {
        let serializer: Arc<dyn Serializer> = match format % 3 {
            0 => Arc::new(crossway_json::Json),
            1 => Arc::new(crossway_msgpack::MessagePack),
            _ => Arc::new(crossway_cbor::Cbor),
        };
        let options = MemoryOptions { max_message: 4096, ..MemoryOptions::default() };
        let (ours, theirs) = pair(Arc::clone(&serializer), &options);
        let router = router.clone();
        tokio::spawn(async move { router.attach(Box::new(theirs)).await });
        let (source, sink) = Box::new(ours).split();
        Client { serializer, source, sink }
    }

    async fn hello(&mut self) {
        self.say(hello()).await;
    }

    async fn say(&mut self, message: impl Into<Message<'static>>) {
        let mut frame = Vec::new();
        message.into().encode(&*self.serializer, &mut frame);
        self.frame(&frame).await;
    }

    async fn frame(&mut self, frame: &[u8]) {
        self.sink.put(Outgoing { head: frame, payload: &Bytes::new(), tail: b"" });
        let _ = self.sink.poll_flush(&mut Context::from_waker(Waker::noop()));
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
    }

    /// What has arrived.
    fn drain(&mut self) -> Vec<Bytes> {
        let mut batch = Vec::new();
        while let std::task::Poll::Ready(Ok(())) =
            self.source.poll_batch(&mut Context::from_waker(Waker::noop()), &mut batch)
        {}
        let message = |inbound| if let Inbound::Message(frame) = inbound { Some(frame) } else { None };
        batch.into_iter().filter_map(message).collect()
    }
}

/// What the fuzzer says, byte by byte.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn byte(&mut self) -> u8 {
        self.next().unwrap_or_default()
    }

    fn frame(&mut self) -> &'a [u8] {
        let length = usize::from(self.byte()).min(self.0.len());
        let (frame, rest) = self.0.split_at(length);
        self.0 = rest;
        frame
    }
}
