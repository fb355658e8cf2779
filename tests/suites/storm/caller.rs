//! Somebody who calls.

use std::collections::HashMap;

use crossway_tests::peer::{all_roles, id};
use crossway_tests::{Peer, Random};
use serde_json::{Value, json};

use super::{PROCEDURES, Storm};

const ACTS: u64 = 150;

/// How a call may end.
const ERRORS: [&str; 7] = [
    "storm.error",
    "wamp.error.canceled",
    "wamp.error.timeout",
    "wamp.error.no_such_procedure",
    "wamp.error.no_available_callee",
    "wamp.error.unavailable",
    "wamp.error.feature_not_supported",
];

/// A call that waits for its answer.
struct Open {
    args: Value,
    wants_progress: bool,
    progress: u64,
}

struct Caller {
    peer: Peer,
    random: Random,
    /// Distinguishes this caller from the others.
    number: u64,
    calls: u64,
    open: HashMap<u64, Open>,
    /// Progressive calls whose last message was not sent yet, over or not, with their procedures.
    unfinished: HashMap<u64, String>,
    /// The ids of all calls of this session.
    used: Vec<u64>,
}

/// Calls, and checks what comes of it.
pub(super) async fn run(storm: &Storm<'_>, number: u64, seed: u64) {
    let mut random = Random::new(seed);
    let peer = storm.join(&mut random, all_roles()).await;
    let (open, unfinished) = Default::default();
    let mut caller = Caller { peer, random, number, calls: 0, open, unfinished, used: Vec::new() };
    for _ in 0..ACTS {
        caller.act(storm).await;
    }
    storm.lull.wait().await;
    for _ in 0..8 {
        caller.call().await;
    }
    caller.finish().await;
}

impl Caller {
    async fn act(&mut self, storm: &Storm<'_>) {
        match self.random.below(20) {
            0..10 => self.call().await,
            10..13 => self.go_on().await,
            13..16 => self.cancel().await,
            16..19 => self.listen().await,
            _ if self.random.one_in(3) => self.leave(storm).await,
            _ => self.listen().await,
        }
        if self.unfinished.len() > 20 {
            self.finish_all().await;
        }
    }

    async fn call(&mut self) {
        let random = &mut self.random;
        let (procedure, _) = *random.pick(&PROCEDURES).expect("some procedures");
        let procedure = if procedure.ends_with('.') { format!("{procedure}x") } else { procedure.to_owned() };
        let mut options = json!({});
        if random.one_in(4) {
            options["timeout"] = json!(1 + random.below(20));
        }
        for (option, times) in [("receive_progress", 3), ("progress", 5), ("disclose_me", 8)] {
            if random.one_in(times) {
                options[option] = json!(true);
            }
        }
        if random.one_in(8) {
            options["runmode"] = json!("partition");
            options["rkey"] = json!(format!("resource{}", random.below(5)));
        }
        self.calls += 1;
        let args = json!([self.number, self.calls]);
        let wants_progress = options["receive_progress"] == true;
        let is_progressive = options["progress"] == true;
        let call = self.peer.call_with(&procedure, options, args.clone()).await;
        self.open.insert(call, Open { args, wants_progress, progress: 0 });
        self.used.push(call);
        if is_progressive {
            self.unfinished.insert(call, procedure);
        }
    }

    /// One more message of a progressive call, be it over or not.
    async fn go_on(&mut self) {
        let calls: Vec<u64> = self.unfinished.keys().copied().collect();
        let Some(call) = self.random.pick(&calls).copied() else { return };
        let is_last = self.random.one_in(3);
        self.send_more(call, is_last).await;
    }

    async fn send_more(&mut self, call: u64, is_last: bool) {
        let Some(procedure) = self.unfinished.get(&call).cloned() else { return };
        let options = if is_last { json!({}) } else { json!({"progress": true, "timeout": 1}) };
        self.peer.send(json!([48, call, options, procedure, [self.number, "more"]])).await;
        if is_last {
            self.unfinished.remove(&call);
        }
    }

    async fn finish_all(&mut self) {
        for call in self.unfinished.keys().copied().collect::<Vec<_>>() {
            self.send_more(call, true).await;
        }
    }

    /// Of a call that may be over, or never was.
    async fn cancel(&mut self) {
        let call = self.random.pick(&self.used).copied().unwrap_or(1);
        let modes =
            [json!({}), json!({"mode": "skip"}), json!({"mode": "kill"}), json!({"mode": "killnowait"})];
        let options = self.random.pick(&modes).cloned();
        self.peer.send(json!([49, call, options])).await;
    }

    /// Reads what is there.
    async fn listen(&mut self) {
        let fence = self.peer.request();
        self.peer.send(json!([16, fence, {"acknowledge": true}, "test.fence"])).await;
        loop {
            let message = self.peer.receive().await;
            if message[0] == 17 {
                assert_eq!(message[1], fence);
                return;
            }
            self.heard(&message);
        }
    }

    fn heard(&mut self, message: &Value) {
        let (call, answer, is_progress) = match message[0].as_u64() {
            Some(50) => (id(message, 1), &message[3], message[2]["progress"] == true),
            Some(8) if message[1] == 48 => (id(message, 2), &message[5], false),
            _ => panic!("caller {}: unexpected {message}", self.number),
        };
        let Some(open) = self.open.get_mut(&call) else { panic!("nothing is open for {message}") };
        if is_progress {
            assert!(open.wants_progress, "nobody asked for {message}");
            assert_eq!(*answer, json!([open.args, open.progress]), "{message}");
            open.progress += 1;
            return;
        }
        if message[0] == 50 || message[4] == "storm.error" {
            assert_eq!(*answer, json!([open.args]), "{message}");
        } else {
            assert!(ERRORS.iter().any(|error| message[4] == *error), "{message}");
        }
        self.open.remove(&call);
    }

    /// Leaves with calls unanswered, and comes back as somebody else.
    async fn leave(&mut self, storm: &Storm<'_>) {
        if self.random.one_in(2) {
            self.peer.send(json!([6, {}, "wamp.close.close_realm"])).await;
        }
        self.peer = storm.join(&mut self.random, all_roles()).await;
        self.open.clear();
        self.unfinished.clear();
        self.used.clear();
    }

    /// Waits for all answers, and makes sure that there is nothing more.
    async fn finish(&mut self) {
        self.finish_all().await;
        while !self.open.is_empty() {
            let message = self.peer.receive().await;
            self.heard(&message);
        }
        self.peer.expect_silence().await;
        // An id that the router had in use still would be a violation, or go unanswered.
        for call in std::mem::take(&mut self.used) {
            self.peer.send(json!([48, call, {}, "storm.nobody"])).await;
            self.peer.expect_error(48, call, "wamp.error.no_such_procedure").await;
        }
        self.peer.expect_silence().await;
    }
}
