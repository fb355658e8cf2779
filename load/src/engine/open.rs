//! Connecting, so many at a time.

use std::time::Duration;

use mio::event::Event;
use mio::{Interest, Token};

use super::Engine;
use crate::clock;
use crate::error::{Error, Fault};
use crate::inbox::Arrival;
use crate::link::Link;
use crate::opening::{Opening, Plan};
use crate::pace::Pace;

/// How often it is looked for those that wait in vain.
const TICK: Duration = Duration::from_millis(100);

/// How it went: nanoseconds from connecting to being ready, or to the end.
pub(crate) type Opened = Result<u64, (Error, u64)>;

/// A connection that is not ready yet.
struct Attempt {
    link: usize,
    began: u64,
    opening: Opening,
}

impl Engine {
    /// Opens connections in this order, at most `concurrency` at a time and none before its moment, and tells `each` how it
    /// went. One that fails keeps its number, and is dead.
    ///
    /// # Errors
    /// What keeps us from trying at all.
    pub(crate) fn open(
        &mut self,
        plans: impl IntoIterator<Item = Plan>,
        concurrency: usize,
        pace: Option<Pace>,
        patience: Duration,
        mut each: impl FnMut(Opened),
    ) -> Result<(), Error> {
        let mut plans = plans.into_iter().fuse();
        let mut attempts: Vec<Attempt> = Vec::new();
        let (mut begun, mut is_over) = (0, false);
        loop {
            let early = |begun| pace.map_or(0, |pace| pace.moment(0, begun).saturating_sub(clock::now()));
            while attempts.len() < concurrency && !is_over && early(begun) == 0 {
                match plans.next() {
                    Some(plan) => attempts.push(self.begin(plan)?),
                    None => is_over = true,
                }
                begun += 1;
            }
            if attempts.is_empty() && is_over {
                return Ok(());
            }
            let next = if is_over { Duration::MAX } else { Duration::from_nanos(early(begun).max(1)) };
            let wait = if attempts.len() < concurrency { next.min(TICK) } else { TICK };
            self.wait(wait).map_err(Error::system("epoll"))?;
            let ready: Vec<Event> = self.events.iter().cloned().collect();
            for event in &ready {
                let Token(link) = event.token();
                if let Some(at) = attempts.iter().position(|attempt| attempt.link == link)
                    && let Some(opened) = self.advance(&mut attempts[at], event)
                {
                    attempts.swap_remove(at);
                    each(opened);
                }
            }
            self.give_up(&mut attempts, patience, &mut each);
        }
    }

    fn begin(&mut self, plan: Plan) -> Result<Attempt, Error> {
        let began = clock::now();
        let mut link = plan.connect()?;
        let number = self.links.len();
        let both = Interest::READABLE | Interest::WRITABLE;
        let registered = self.poll.registry().register(link.socket.carrier().source(), Token(number), both);
        registered.map_err(Error::system("epoll"))?;
        self.links.push(link);
        Ok(Attempt { link: number, began, opening: Opening::new(plan) })
    }

    /// `None` while there is more to wait for.
    fn advance(&mut self, attempt: &mut Attempt, event: &Event) -> Option<Opened> {
        let link = &mut self.links[attempt.link];
        if event.is_writable() {
            link.socket.connected();
        }
        match step(link, &mut attempt.opening, &mut self.scratch, event.is_read_closed()) {
            Ok(()) if attempt.opening.is_ready() => {
                link.shrink();
                Some(Ok(clock::now() - attempt.began))
            }
            Ok(()) => None,
            Err(fault) => Some(Err(self.bury(attempt, fault))),
        }
    }

    fn give_up(&mut self, attempts: &mut Vec<Attempt>, patience: Duration, each: &mut impl FnMut(Opened)) {
        let now = clock::now();
        attempts.retain(|attempt| {
            let silent = u128::from(now - attempt.began) > patience.as_nanos();
            if silent {
                each(Err(self.bury(attempt, Fault::Silent(patience.as_secs()))));
            }
            !silent
        });
    }

    fn bury(&mut self, attempt: &Attempt, fault: Fault) -> (Error, u64) {
        let carrier = self.links[attempt.link].socket.carrier();
        // It is dropped with the others; until then nothing may come from it, and the router need not keep it.
        let _ = self.poll.registry().deregister(carrier.source());
        carrier.shut();
        (attempt.opening.error(fault), clock::now() - attempt.began)
    }
}

/// Writes, reads and answers as long as something moves.
fn step(link: &mut Link, opening: &mut Opening, scratch: &mut [u8], ends: bool) -> Result<(), Fault> {
    link.flush()?;
    while !opening.is_ready() {
        let arrival = link.receive_octets(scratch, |octets, out| opening.receive(octets, out))?;
        link.flush()?;
        match arrival {
            Arrival::End => return Err(Fault::Closed),
            arrival if arrival.is_more(ends) => {}
            _ => return Ok(()),
        }
    }
    Ok(())
}
