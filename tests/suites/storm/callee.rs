//! Somebody who answers, more or less.

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::Ordering;

use crossway_tests::peer::id;
use crossway_tests::{Peer, Random};
use serde_json::{Value, json};

use super::{BLOWS, OVER, PROCEDURES, Storm, WEATHER};

/// What a callee may announce.
const FEATURES: [&str; 5] = [
    "call_canceling",
    "progressive_call_results",
    "progressive_call_invocations",
    "call_timeout",
    "call_reroute",
];

/// An invocation that was not answered yet.
struct Held {
    args: Value,
    wants_progress: bool,
    progress: u64,
}

struct Callee {
    peer: Peer,
    random: Random,
    takes_interrupts: bool,
    weather: u8,
    /// The latest invocation.
    last: u64,
    held: BTreeMap<u64, Held>,
    /// Invocations of which more messages may come.
    open: HashSet<u64>,
    interrupted: HashSet<u64>,
    registrations: Vec<u64>,
}

/// Registers and answers, leaves now and then, and comes back.
pub(super) async fn run(storm: &Storm<'_>, seed: u64) {
    let mut random = Random::new(seed);
    loop {
        let mut callee = Callee::join(storm, &mut random).await;
        let mut patience = 10 + random.below(80);
        while callee.weather != OVER && (callee.weather != BLOWS || patience > 0) {
            let message = callee.peer.receive().await;
            callee.heard(&message).await;
            patience = patience.saturating_sub(1);
        }
        if callee.weather == OVER {
            return callee.peer.expect_silence().await;
        }
        // Leaves with a word or without, and with invocations unanswered.
        if random.one_in(2) {
            callee.peer.send(json!([6, {}, "wamp.close.close_realm"])).await;
        }
    }
}

impl Callee {
    async fn join(storm: &Storm<'_>, random: &mut Random) -> Self {
        let features: serde_json::Map<_, _> =
            FEATURES.iter().map(|name| ((*name).to_owned(), json!(!random.one_in(5)))).collect();
        let takes_interrupts = features["call_canceling"] == true;
        let roles = json!({"roles": {"callee": {"features": features}, "subscriber": {}, "publisher": {}}});
        let mut peer = storm.join(random, roles).await;
        peer.subscribe(WEATHER).await;
        let mut callee = Callee {
            peer,
            random: Random::new(random.next()),
            takes_interrupts,
            // What changed before the subscription was there is no event.
            weather: storm.weather.load(Ordering::SeqCst),
            last: 0,
            held: BTreeMap::new(),
            open: HashSet::new(),
            interrupted: HashSet::new(),
            registrations: Vec::new(),
        };
        if callee.weather != OVER {
            for procedure in PROCEDURES {
                if !callee.random.one_in(3) {
                    callee.register(procedure).await;
                }
            }
        }
        callee
    }

    /// The answer comes among other messages.
    async fn register(&mut self, (procedure, options): (&str, &str)) {
        let options: Value = serde_json::from_str(options).expect("JSON");
        let request = self.peer.request();
        self.peer.send(json!([64, request, options, procedure])).await;
    }

    async fn heard(&mut self, message: &Value) {
        match message[0].as_u64() {
            Some(68) => self.invoked(message),
            Some(69) => self.interrupted(message).await,
            Some(65) => self.registrations.push(id(message, 2)),
            Some(67) => assert!(id(message, 1) > 0, "{message}"),
            Some(36) => self.weather = u8::try_from(id(&message[4], 0)).expect("a small number"),
            Some(8) => {
                let known = ["wamp.error.procedure_already_exists", "wamp.error.no_such_registration"];
                assert!(known.iter().any(|error| message[4] == *error), "{message}");
            }
            _ => panic!("unexpected {message}"),
        }
        self.act().await;
    }

    fn invoked(&mut self, message: &Value) {
        let (invocation, details) = (id(message, 1), &message[3]);
        if invocation == self.last + 1 {
            self.last = invocation;
            let wants_progress = details["receive_progress"] == true;
            self.held.insert(invocation, Held { args: message[4].clone(), wants_progress, progress: 0 });
        } else {
            assert!(self.open.contains(&invocation), "{message} after {}", self.last);
        }
        if details["progress"] == true {
            self.open.insert(invocation);
        } else {
            self.open.remove(&invocation);
        }
    }

    async fn interrupted(&mut self, message: &Value) {
        let invocation = id(message, 1);
        assert!(self.takes_interrupts && invocation <= self.last, "{message}");
        assert!(self.interrupted.insert(invocation), "a second time {message}");
        if message[2]["mode"] == "killnowait" {
            self.open.remove(&invocation);
        }
        // Or it does not listen, and answers later.
        if !self.random.one_in(4) && self.held.remove(&invocation).is_some() {
            self.peer.send(json!([8, 68, invocation, {}, "wamp.error.canceled"])).await;
        }
    }

    async fn act(&mut self) {
        if self.weather != BLOWS {
            while let Some((invocation, held)) = self.held.pop_first() {
                self.peer.send(json!([70, invocation, {}, [held.args]])).await;
            }
            return;
        }
        for _ in 0..self.random.below(3) {
            let all: Vec<u64> = self.held.keys().copied().collect();
            if let Some(invocation) = self.random.pick(&all) {
                self.answer(*invocation).await;
            }
        }
        if self.random.one_in(15) {
            let procedure = *self.random.pick(&PROCEDURES).expect("some procedures");
            self.register(procedure).await;
        }
        if self.random.one_in(15)
            && let Some(registration) = self.registrations.pop()
        {
            let request = self.peer.request();
            self.peer.send(json!([66, request, registration])).await;
        }
    }

    async fn answer(&mut self, invocation: u64) {
        let Some(mut held) = self.held.remove(&invocation) else { return };
        let message = match self.random.below(10) {
            0..4 => json!([70, invocation, {}, [held.args]]),
            4 => json!([8, 68, invocation, {}, "storm.error", [held.args]]),
            5 => json!([8, 68, invocation, {}, "wamp.error.unavailable"]),
            what => {
                let progress = json!([70, invocation, {"progress": true}, [held.args, held.progress]]);
                let makes_progress = what < 9 && held.wants_progress;
                held.progress += u64::from(makes_progress);
                self.held.insert(invocation, held);
                if !makes_progress {
                    return;
                }
                progress
            }
        };
        self.peer.send(message).await;
    }
}
