//! Meta events while many change the same things at once, on several threads.

use std::collections::{BTreeMap, BTreeSet};

use crossway_tests::peer::id;
use crossway_tests::{Carrier, Format, Peer, Plan, on_threads};
use serde_json::{Value, json};

/// What is subscribed to, or registered.
struct Kind {
    name: &'static str,
    /// The endings of its four events: created, joined, left, deleted.
    events: [&'static str; 4],
    /// The message that takes part, with this request.
    take: fn(u64) -> Value,
    /// The number of the message that gives it up.
    give: u64,
}

const KINDS: [Kind; 2] = [
    Kind {
        name: "subscription",
        events: ["on_create", "on_subscribe", "on_unsubscribe", "on_delete"],
        take: |request| json!([32, request, {}, "com.app.topic"]),
        give: 34,
    },
    Kind {
        name: "registration",
        events: ["on_create", "on_register", "on_unregister", "on_delete"],
        take: |request| json!([64, request, {"invoke": "roundrobin"}, "com.app.procedure"]),
        give: 66,
    },
];

const PEERS: usize = 8;
const ROUNDS: usize = 60;

/// The law: created once, then joined and left by sessions that have no part and a part in it, then deleted when it is
/// nobody's.
#[derive(Default)]
struct Heard {
    members: BTreeMap<u64, BTreeSet<u64>>,
    joined: usize,
    left: usize,
}

impl Heard {
    fn event(&mut self, what: usize, args: &Value) {
        let (session, number) = (id(args, 0), args[1]["id"].as_u64().unwrap_or_else(|| id(args, 1)));
        let legal = match what {
            0 => self.members.insert(number, BTreeSet::new()).is_none(),
            3 => self.members.remove(&number).is_some_and(|members| members.is_empty()),
            _ => {
                let members = self.members.get_mut(&number).expect("something that exists");
                if what == 1 {
                    self.joined += 1;
                    members.insert(session)
                } else {
                    self.left += 1;
                    members.remove(&session)
                }
            }
        };
        assert!(legal, "event {what} of {args} after {:?}", self.members);
    }
}

// covers: META-SUB-03, META-SUB-05, META-REG-03, META-REG-05
#[test]
fn everybody_hears_of_changes_in_the_order_in_which_they_happened() {
    for kind in &KINDS {
        on_threads(Plan::default(), async |router| {
            let link = Carrier::Memory.with(Format::MsgPack);
            let mut listener = Peer::join(router, link).await;
            let mut topics = Vec::new();
            for event in kind.events {
                topics.push(listener.subscribe(&format!("wamp.{}.{event}", kind.name)).await);
            }
            let mut peers = Vec::new();
            for _ in 0..PEERS {
                peers.push((Peer::join(router, link).await, None));
            }
            let mut taken = 0;
            for round in 0..ROUNDS {
                // Half of them begin a round later, and take what the others give up.
                let now = if round == 0 { PEERS / 2 } else { PEERS };
                for (peer, held) in &mut peers[..now] {
                    let request = peer.request();
                    match held {
                        None => peer.send((kind.take)(request)).await,
                        Some(held) => peer.send(json!([kind.give, request, held])).await,
                    }
                }
                for (peer, held) in &mut peers[..now] {
                    let answer = peer.receive().await;
                    *held = held.is_none().then(|| id(&answer, 2));
                    taken += usize::from(held.is_some());
                }
            }
            for (peer, _) in &mut peers {
                peer.close().await;
            }
            let mut heard = Heard::default();
            while heard.joined < taken || !heard.members.is_empty() {
                let event = listener.receive().await;
                let what = topics.iter().position(|topic| *topic == id(&event, 1)).expect("a topic");
                heard.event(what, &event[4]);
            }
            assert_eq!((heard.joined, heard.left), (taken, taken));
            listener.expect_silence().await;
        });
    }
}
