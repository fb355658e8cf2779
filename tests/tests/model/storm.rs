//! Many sessions on many threads: what has to hold although nobody knows the order.
//!
//! ```text
//!   publishers ─┐             ┌─> subscribers, one of which comes and goes
//!               ├─ one realm ─┤
//!   callers ────┘             └─> callees, one of which comes and goes
//! ```
//!
//! Every session checks its own stream, message by message:
//!
//! * events of one publisher come in order, across topics (ORD-01); calls of one caller too, across procedures (ORD-04);
//! * SUBSCRIBED before the first EVENT, REGISTERED before the first INVOCATION (ORD-02, ORD-06), and none of either after
//!   UNSUBSCRIBED and UNREGISTERED;
//! * who stays misses nothing; invocation ids are 1, 2, 3, ...; every call has exactly one final answer.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crossway_core::Router;
use crossway_tests::Format;
use serde_json::{Value, json};

use crate::variable;
use crate::world::{Peer, open};

const PUBLISHERS: u64 = 3;
const CALLERS: u64 = 3;
const MESSAGES: u64 = 400;
const TOPICS: [&str; 2] = ["storm.topic.a", "storm.topic.b"];
const STEADY: [&str; 2] = ["storm.steady.a", "storm.steady.b"];
const FLEETING: &str = "storm.fleeting";

/// A peer with a session.
struct Client {
    peer: Peer,
    unread: std::collections::VecDeque<Value>,
    requests: u64,
}

impl Client {
    async fn join(router: &Router, number: u64) -> Self {
        let format = Format::ALL[usize::try_from(number).unwrap() % 3];
        let mut client =
            Client { peer: Peer::connect(router, format), unread: Default::default(), requests: 0 };
        let roles = json!({ "publisher": {}, "subscriber": {}, "caller": {},
            "callee": { "features": { "call_canceling": true } } });
        client.peer.say(&json!([1, "storm", { "roles": roles }])).await;
        assert_eq!(client.next().await[0], 2);
        client
    }

    async fn next(&mut self) -> Value {
        loop {
            if let Some(message) = self.unread.pop_front() {
                return message;
            }
            let arrived = self.peer.receive(false).await;
            self.unread.extend(arrived.expect("the router keeps the connection"));
        }
    }

    /// Sends a request, whose id stands in second place, and returns that id.
    async fn request(&mut self, mut message: Value) -> u64 {
        self.requests += 1;
        message[1] = self.requests.into();
        self.peer.say(&message).await;
        self.requests
    }
}

/// Checks that what one sender says arrives in the order in which it was said.
#[derive(Default)]
struct InOrder(HashMap<u64, u64>);

impl InOrder {
    /// `args` are the sender and its counter. With `gapless` nothing may be missing.
    fn check(&mut self, args: &Value, gapless: bool) {
        let (sender, counter) = (args[0].as_u64().unwrap(), args[1].as_u64().unwrap());
        let last = self.0.insert(sender, counter);
        match last {
            Some(last) if gapless => assert_eq!(counter, last + 1, "sender {sender}"),
            Some(last) => assert!(counter > last, "sender {sender}: {counter} after {last}"),
            None => assert!(!gapless || counter == 0, "sender {sender} begins with {counter}"),
        }
    }
}

async fn publish(mut client: Client, me: u64) {
    for counter in 0..MESSAGES {
        let topic = TOPICS[usize::try_from(counter % 2).unwrap()];
        let last = counter + 1 == MESSAGES;
        let request = client.request(json!([16, 0, { "acknowledge": last }, topic, [me, counter]])).await;
        if last {
            let published = client.next().await;
            assert_eq!((&published[0], &published[1]), (&json!(17), &json!(request)));
        }
    }
}

/// Subscribes before the first publication and stays: gets everything once.
async fn subscribe_and_stay(mut client: Client) {
    let (mut order, mut publications) = (InOrder::default(), HashSet::new());
    for _ in 0..PUBLISHERS * MESSAGES {
        let event = client.next().await;
        assert_eq!(event[0], 36, "{event}");
        order.check(&event[4], true);
        assert!(publications.insert(event[2].as_u64()), "{event} came twice");
    }
}

/// Subscribes and unsubscribes as long as there are publishers.
async fn subscribe_and_go(mut client: Client, busy: Arc<AtomicUsize>) {
    let mut order = InOrder::default();
    while busy.load(Ordering::SeqCst) > 0 {
        let request = client.request(json!([32, 0, {}, TOPICS[0]])).await;
        let subscribed = client.next().await;
        assert_eq!((&subscribed[0], &subscribed[1]), (&json!(33), &json!(request)), "SUBSCRIBED comes first");
        let request = client.request(json!([34, 0, subscribed[2]])).await;
        loop {
            let message = client.next().await;
            if message[0] == 35 {
                assert_eq!(message[1], request);
                break;
            }
            assert_eq!((&message[0], &message[1]), (&json!(36), &subscribed[2]), "{message}");
            order.check(&message[4], false);
        }
    }
}

/// Calls, several at a time, and cancels some; counts the answers.
async fn call(mut client: Client, me: u64) {
    let mut open = HashSet::new();
    for counter in 0..MESSAGES {
        let fleeting = counter % 4 == 3;
        let procedure = if fleeting { FLEETING } else { STEADY[usize::try_from(counter % 2).unwrap()] };
        let request = client.request(json!([48, 0, {}, procedure, [me, counter]])).await;
        open.insert(request);
        if counter % 7 == 0 {
            let mode = ["skip", "kill", "killnowait"][usize::try_from(counter % 3).unwrap()];
            client.peer.say(&json!([49, request, { "mode": mode }])).await;
        }
        while open.len() > 16 {
            finish(&mut client, &mut open).await;
        }
    }
    while !open.is_empty() {
        finish(&mut client, &mut open).await;
    }
    // Whatever answer came twice would be here by now.
    let fence = client.request(json!([48, 0, {}, "a.fence"])).await;
    assert_eq!(client.next().await[2], fence);
}

async fn finish(client: &mut Client, open: &mut HashSet<u64>) {
    let message = client.next().await;
    let request = if message[0] == 50 { &message[1] } else { &message[2] };
    assert!(message[0] == 50 || (message[0] == 8 && message[1] == 48), "{message}");
    assert!(open.remove(&request.as_u64().unwrap()), "{message} answers nothing that is open");
}

/// Answers until it is told to stop; answers to interrupted calls included, which nobody gets.
async fn serve(mut client: Client, mut stop: tokio::sync::watch::Receiver<bool>) {
    let (mut order, mut invocations) = (InOrder::default(), 0);
    loop {
        let message = tokio::select! {
            message = client.next() => message,
            _ = stop.wait_for(|stop| *stop) => return,
        };
        if message[0] == 68 {
            invocations += 1;
            assert_eq!(message[1], invocations, "invocation ids are sequential");
            order.check(&message[4], false);
            answer(&mut client, &message).await;
        } else {
            assert_eq!(message[0], 69, "{message}");
        }
    }
}

async fn answer(client: &mut Client, invocation: &Value) {
    let counter = invocation[4][1].as_u64().unwrap();
    let (id, args) = (&invocation[1], &invocation[4]);
    client
        .peer
        .say(&match counter % 5 {
            0 => json!([8, 68, id, {}, "an.error", args]),
            _ => json!([70, id, {}, args]),
        })
        .await;
}

/// Registers and unregisters, leaves now and then with calls unanswered, and comes back.
async fn serve_and_go(router: Router, busy: Arc<AtomicUsize>) {
    let mut visit = 0;
    while busy.load(Ordering::SeqCst) > 0 {
        visit += 1;
        let mut client = Client::join(&router, visit).await;
        let mut invocations = 0;
        for _ in 0..4 {
            let request = client.request(json!([64, 0, {}, FLEETING])).await;
            let registered = client.next().await;
            // INTERRUPTs are of calls to registrations before this one.
            let registered =
                if registered[0] == 69 { next_but_interrupts(&mut client).await } else { registered };
            assert_eq!((&registered[0], &registered[1]), (&json!(65), &json!(request)), "{registered}");
            let request = client.request(json!([66, 0, registered[2]])).await;
            loop {
                let message = next_but_interrupts(&mut client).await;
                if message[0] == 67 {
                    assert_eq!(message[1], request);
                    break;
                }
                invocations += 1;
                assert_eq!(
                    json!([message[0], message[1], message[2]]),
                    json!([68, invocations, registered[2]])
                );
                if invocations % 3 > 0 {
                    answer(&mut client, &message).await;
                }
            }
        }
    }
}

async fn next_but_interrupts(client: &mut Client) -> Value {
    loop {
        let message = client.next().await;
        if message[0] != 69 {
            return message;
        }
    }
}

async fn storm() {
    let router = Router::builder().realm(open("storm")).build().unwrap();
    let busy = Arc::new(AtomicUsize::new(usize::try_from(PUBLISHERS + CALLERS).unwrap()));
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..3 {
        let mut client = Client::join(&router, number).await;
        for topic in TOPICS {
            client.request(json!([32, 0, {}, topic])).await;
            assert_eq!(client.next().await[0], 33);
        }
        tasks.spawn(subscribe_and_stay(client));
    }
    let mut callee = Client::join(&router, 1).await;
    for procedure in STEADY {
        callee.request(json!([64, 0, {}, procedure])).await;
        assert_eq!(callee.next().await[0], 65);
    }
    let callee = tokio::spawn(serve(callee, stopped));
    for number in 0..2 {
        tasks.spawn(subscribe_and_go(Client::join(&router, number).await, Arc::clone(&busy)));
    }
    tasks.spawn(serve_and_go(router.clone(), Arc::clone(&busy)));
    for me in 0..PUBLISHERS {
        tasks.spawn(counted(publish(Client::join(&router, me).await, me), Arc::clone(&busy)));
    }
    for me in 0..CALLERS {
        tasks.spawn(counted(call(Client::join(&router, me).await, me), Arc::clone(&busy)));
    }
    while let Some(finished) = tasks.join_next().await {
        finished.unwrap();
    }
    stop.send_replace(true);
    callee.await.unwrap();
    router.shutdown(Duration::from_secs(5)).await;
    assert_eq!((router.sessions(), router.connections()), (0, 0));
}

async fn counted(work: impl Future<Output = ()>, busy: Arc<AtomicUsize>) {
    work.await;
    busy.fetch_sub(1, Ordering::SeqCst);
}

#[test]
fn a_storm_on_many_threads_keeps_order_and_answers_everything() {
    let threads = 4;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_time().build().unwrap();
    for round in 0..variable("CROSSWAY_STORM_ROUNDS").unwrap_or(10) {
        let done = runtime.block_on(async { tokio::time::timeout(Duration::from_secs(60), storm()).await });
        assert!(done.is_ok(), "round {round}: somebody waits for ever");
    }
}
