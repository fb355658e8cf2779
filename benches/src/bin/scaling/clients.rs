//! What the clients say and hear, whatever carries it.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use crate::messages::{self, Heard, Template};
use crate::scenario::{Count, Line};

/// Messages that a sender says in a row.
const BATCH: usize = 64;
/// Calls of one caller that are under way.
const WINDOW: u64 = 256;
/// Over sockets: events of one publisher that are under way to each subscriber, about.
const AHEAD: u64 = 2048;

/// A client: its opening, one message at a time, then its part.
pub(crate) struct Client {
    opening: Vec<Bytes>,
    /// How many answers to the opening are missing.
    unanswered: usize,
    part: Part,
}

enum Part {
    Publisher {
        template: Template,
        said: u64,
        pace: Option<Pace>,
    },
    Caller {
        template: Template,
        said: u64,
        heard: u64,
        line: Arc<Line>,
    },
    Subscriber {
        heard: Vec<u64>,
        line: Arc<Line>,
    },
    Callee {
        heard: Vec<u64>,
        answers: BytesMut,
        ends: Vec<usize>,
    },
    /// The measurement is over.
    Over,
}

/// The count of all deliveries, and how many deliveries one publication of every publisher makes.
type Pace = (Arc<Count>, u64);

impl Client {
    pub(crate) fn publisher(number: usize, topic: usize, pace: Option<Pace>) -> Self {
        let template = Template::publish(number, &name(topic));
        Self::new(Vec::new(), Part::Publisher { template, said: 0, pace })
    }

    pub(crate) fn caller(number: usize, procedure: usize, count: &Count) -> Self {
        let template = Template::call(number, &name(procedure));
        Self::new(Vec::new(), Part::Caller { template, said: 0, heard: 0, line: count.line() })
    }

    pub(crate) fn subscriber(topic: usize, senders: usize, count: &Count) -> Self {
        let part = Part::Subscriber { heard: vec![0; senders], line: count.line() };
        Self::new(vec![messages::subscribe(&name(topic))], part)
    }

    pub(crate) fn callee(procedure: usize) -> Self {
        let part = Part::Callee { heard: Vec::new(), answers: BytesMut::new(), ends: Vec::new() };
        Self::new(vec![messages::register(&name(procedure))], part)
    }

    fn new(mut opening: Vec<Bytes>, part: Part) -> Self {
        opening.push(messages::hello());
        let unanswered = opening.len();
        Client { opening, unanswered, part }
    }

    /// Whether its part has begun.
    pub(crate) fn is_open(&self) -> bool {
        self.unanswered == 0
    }

    /// It says nothing any more, and does not listen: the others leave in some order, and it would hear of that.
    pub(crate) fn end(&mut self) {
        self.part = Part::Over;
    }

    /// What it has to say now.
    pub(crate) fn say(&mut self, mut frame: impl FnMut(Bytes)) {
        if !self.is_open() {
            if self.opening.len() == self.unanswered
                && let Some(next) = self.opening.pop()
            {
                frame(next);
            }
            return;
        }
        match &mut self.part {
            Part::Publisher { template, said, pace } => {
                let free = pace.as_ref().is_none_or(|(count, share)| *said < count.total() / share + AHEAD);
                if free {
                    speak(template, said, BATCH as u64, frame);
                }
            }
            Part::Caller { template, said, heard, .. } => {
                let free = *heard + WINDOW - *said;
                speak(template, said, free, frame);
            }
            Part::Subscriber { .. } | Part::Over => {}
            Part::Callee { answers, ends, .. } => {
                let mut all = answers.split().freeze();
                let mut start = 0;
                for end in ends.drain(..) {
                    frame(all.split_to(end - start));
                    start = end;
                }
            }
        }
    }

    /// What it is told. Fails if something is missing, or out of order.
    pub(crate) fn hear(&mut self, message: &[u8]) {
        if !self.is_open() {
            assert_eq!(messages::kind(message), Heard::Other, "answers come first");
            self.unanswered -= 1;
            return;
        }
        if matches!(self.part, Part::Over) {
            return;
        }
        let (sender, sequence) = messages::signature(message);
        match (&mut self.part, messages::kind(message)) {
            (Part::Subscriber { heard, line }, Heard::Event) => {
                follows(heard, sender, sequence);
                line.add_one();
            }
            (Part::Callee { heard, answers, ends }, Heard::Invocation) => {
                heard.resize(heard.len().max(sender + 1), 0);
                follows(heard, sender, sequence);
                messages::answer(message, answers);
                ends.push(answers.len());
            }
            (Part::Caller { heard, line, .. }, Heard::Result) => {
                *heard += 1;
                assert_eq!(*heard, sequence, "results of one callee come in the order of the calls");
                line.add_one();
            }
            (_, kind) => panic!("{kind:?} is for somebody else"),
        }
    }
}

/// The next message of `sender` is the one behind the last that was heard of it.
fn follows(heard: &mut [u64], sender: usize, sequence: u64) {
    heard[sender] += 1;
    assert_eq!(heard[sender], sequence, "messages of sender {sender} came without a gap and in order");
}

/// Says so many messages.
fn speak(template: &Template, said: &mut u64, count: u64, mut frame: impl FnMut(Bytes)) {
    let mut octets = BytesMut::new();
    for _ in 0..count {
        *said += 1;
        template.write(*said, &mut octets);
        frame(octets.split().freeze());
    }
}

/// Of a topic or procedure.
fn name(number: usize) -> String {
    format!("com.example.name{number}")
}
