//! The event loop: one thread, one epoll, all connections.
//!
//! Whatever one connection received is answered in one write right after it, as a well-written client would.

mod open;

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use mio::event::Event;
use mio::{Events, Poll, Token};

use crate::clock;
use crate::error::{Error, Fault};
use crate::inbox::{Arrival, SCRATCH};
use crate::link::Link;
use crate::outbox::Outbox;
use crate::timer::Timer;

/// What goes over the connections of a run. Connections are known by the order in which they were opened.
pub(crate) trait Load {
    /// A whole message came in.
    fn message(
        &mut self,
        link: usize,
        message: &[u8],
        lane: u32,
        now: u64,
        out: &mut Outbox,
    ) -> Result<(), Fault>;

    /// All messages of one read were handed over; others may have something to send now.
    fn burst(&mut self, link: usize, wakes: &mut Wakes);

    /// Puts what may be sent now, until the outbox is full.
    fn produce(&mut self, link: usize, now: u64, out: &mut Outbox);

    /// Wakes whoever is to send by now, and says when the next one is.
    fn due(&mut self, now: u64, wakes: &mut Wakes) -> Option<u64>;

    /// The connection is over.
    fn failed(&mut self, link: usize, fault: &Fault);
}

/// Connections that have to be served though nothing came in on them.
#[derive(Debug, Default)]
pub(crate) struct Wakes {
    queue: VecDeque<usize>,
    queued: Vec<bool>,
}

impl Wakes {
    /// Serves `link` soon, once however often it is said.
    pub(crate) fn wake(&mut self, link: usize) {
        if self.queued.len() <= link {
            self.queued.resize(link + 1, false);
        }
        if !std::mem::replace(&mut self.queued[link], true) {
            self.queue.push_back(link);
        }
    }

    fn pop(&mut self) -> Option<usize> {
        let link = self.queue.pop_front()?;
        self.queued[link] = false;
        Some(link)
    }
}

/// The event loop.
pub(crate) struct Engine {
    poll: Poll,
    events: Events,
    timer: Timer,
    links: Vec<Link>,
    scratch: Vec<u8>,
    pub(crate) wakes: Wakes,
}

const TIMER: Token = Token(usize::MAX);

impl Engine {
    pub(crate) fn new() -> Result<Engine, Error> {
        let system = || Error::system("epoll");
        let poll = Poll::new().map_err(system())?;
        let timer = Timer::new(poll.registry(), TIMER).map_err(system())?;
        let (events, scratch) = (Events::with_capacity(1024), vec![0; SCRATCH]);
        Ok(Engine { poll, events, timer, links: Vec::new(), scratch, wakes: Wakes::default() })
    }

    /// Waits, at most so long, and deals with whatever happened.
    ///
    /// # Errors
    /// When the system refuses to wait.
    pub(crate) fn turn(&mut self, load: &mut impl Load, patience: Duration) -> io::Result<()> {
        let now = clock::now();
        let due = load.due(now, &mut self.wakes);
        if !self.wakes.queue.is_empty() {
            self.wait(Duration::ZERO)?;
        } else {
            if let Some(moment) = due.filter(|moment| u128::from(moment - now) < patience.as_nanos()) {
                self.timer.set(moment - now)?;
            }
            self.wait(patience)?;
        }
        let Engine { events, links, scratch, wakes, .. } = self;
        for event in events.iter().filter(|event| event.token() != TIMER) {
            let Token(i) = event.token();
            if let Err(fault) = attend(load, i, &mut links[i], event, scratch, wakes) {
                load.failed(i, &fault);
            }
        }
        load.due(clock::now(), wakes);
        // Those that are woken meanwhile come in the next turn, after the others were read from.
        for _ in 0..wakes.queue.len() {
            let Some(i) = wakes.pop() else { break };
            if let Err(fault) = serve(load, i, &mut links[i], wakes) {
                load.failed(i, &fault);
            }
        }
        Ok(())
    }

    fn wait(&mut self, patience: Duration) -> io::Result<()> {
        match self.poll.poll(&mut self.events, Some(patience)) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                self.events.clear();
                Ok(())
            }
            waited => waited,
        }
    }
}

/// Reads all that is there, and answers after every read.
#[inline]
fn attend(
    load: &mut impl Load,
    i: usize,
    link: &mut Link,
    event: &Event,
    scratch: &mut [u8],
    wakes: &mut Wakes,
) -> Result<(), Fault> {
    if event.is_readable() || event.is_read_closed() || event.is_error() {
        // The end may be waiting behind octets that do not fill a buffer, and it is announced only once.
        let ends = event.is_read_closed();
        loop {
            let arrival = receive(load, i, link, scratch, wakes)?;
            serve(load, i, link, wakes)?;
            if !arrival.is_more(ends) {
                break;
            }
        }
    }
    if event.is_writable() && !link.out.waiting().is_empty() {
        serve(load, i, link, wakes)?;
    }
    Ok(())
}

/// Reads once.
#[inline]
fn receive(
    load: &mut impl Load,
    i: usize,
    link: &mut Link,
    scratch: &mut [u8],
    wakes: &mut Wakes,
) -> Result<Arrival, Fault> {
    // Asked for when the first message is there: reading took its time.
    let mut now = 0;
    let arrival = link.receive(scratch, |message, lane, out| {
        if now == 0 {
            now = clock::now();
        }
        load.message(i, message, lane, now, out)
    })?;
    match arrival {
        Arrival::Octets { .. } => load.burst(i, wakes),
        Arrival::Nothing => {}
        Arrival::End => return Err(Fault::Closed),
    }
    Ok(arrival)
}

/// Lets it send what it may.
#[inline]
fn serve(load: &mut impl Load, i: usize, link: &mut Link, wakes: &mut Wakes) -> Result<(), Fault> {
    load.produce(i, clock::now(), &mut link.out);
    let was_full = link.out.is_full();
    if link.flush()? && was_full {
        wakes.wake(i);
    }
    Ok(())
}
