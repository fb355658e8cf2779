//! Counts events and checks their order.

use super::publisher::Publisher;
use super::{Phase, Tally};
use crate::error::Fault;
use crate::format::Reader;
use crate::wamp::code;

/// One subscriber.
#[derive(Debug)]
pub(super) struct Subscriber {
    /// The number of the next event of each publisher.
    next: Vec<u64>,
}

impl Subscriber {
    pub(super) fn new(publishers: usize) -> Subscriber {
        Subscriber { next: vec![0; publishers] }
    }

    #[inline]
    pub(super) fn message(
        &mut self,
        me: usize,
        message: &[u8],
        now: u64,
        publishers: &mut [Publisher],
        tally: &mut Tally,
    ) -> Result<(), Fault> {
        let (mut reader, code) = Reader::message(tally.format, message)?;
        if !matches!(code, code::EVENT | code::PUBLISH) {
            return Err(Fault::unexpected(tally.format, message));
        }
        for _ in 0..3 {
            reader.skip()?;
        }
        let Some((publisher, number, moment)) = self.event(reader, publishers, tally) else {
            tally.problem(tally.checks.wrong, || format!("subscriber {me}: an event that nobody published"));
            tally.checks.wrong += 1;
            return Ok(());
        };
        let next = &mut self.next[publisher];
        if number < *next {
            let expected = *next;
            tally.problem(tally.checks.out_of_order, || {
                format!("subscriber {me}: event {number} of publisher {publisher} where {expected} was due")
            });
            tally.checks.out_of_order += 1;
            return Ok(());
        }
        // What was skipped is lost, or will come out of order; nobody waits for it any more.
        publishers[publisher].delivered(number + 1 - *next);
        *next = number + 1;
        tally.checks.received += 1;
        if tally.phase == Phase::Measure {
            tally.counted += 1;
            tally.latency.record(now.saturating_sub(moment));
        }
        Ok(())
    }

    /// Publisher, number and moment, if there was such a publication.
    #[inline]
    fn event(
        &self,
        mut arguments: Reader<'_>,
        publishers: &[Publisher],
        tally: &Tally,
    ) -> Option<(usize, u64, u64)> {
        arguments.list().ok()?;
        let publisher = usize::try_from(arguments.uint().ok()?).ok()?;
        let (number, moment) = (arguments.uint().ok()?, arguments.uint().ok()?);
        let known = number < publishers.get(publisher)?.sent();
        let same = arguments.text() == Ok(tally.payload.as_bytes());
        (known && same).then_some((publisher, number, moment))
    }
}
