//! Calls, and compares.

use std::collections::VecDeque;
use std::rc::Rc;

use serde_json::json;

use super::{Settings, Tally};
use crate::drive::Phase;
use crate::error::Fault;
use crate::format::{Format, Reader, Template};
use crate::outbox::Outbox;
use crate::pace::Pace;
use crate::wamp::code;

/// In place of the moment of a call that is over.
const OVER: u64 = u64::MAX;

/// One caller.
#[derive(Debug)]
pub(super) struct Caller {
    format: Format,
    number: u64,
    call: Template,
    payload: Rc<str>,
    /// Calls in flight at most.
    pipeline: u64,
    /// Calls at most.
    quota: u64,
    sent: u64,
    /// When the latest calls were to be sent; the last of them has the id `sent`. The first is not over.
    moments: VecDeque<u64>,
    /// How many of these are not over.
    waiting: u64,
}

impl Caller {
    pub(super) fn new(settings: &Settings, number: usize, quota: u64) -> Caller {
        let procedure = &settings.procedures[number % settings.callees];
        let call = json!([code::CALL, null, {}, procedure, [number, null, &*settings.payload]]);
        Caller {
            format: settings.format,
            number: number as u64,
            call: Template::new(settings.format, &call),
            payload: Rc::clone(&settings.payload),
            pipeline: settings.pipeline as u64,
            quota,
            sent: 0,
            moments: VecDeque::new(),
            waiting: 0,
        }
    }

    pub(super) fn sent(&self) -> u64 {
        self.sent
    }

    pub(super) fn waiting(&self) -> u64 {
        self.waiting
    }

    pub(super) fn is_exhausted(&self) -> bool {
        self.sent == self.quota
    }

    #[inline]
    pub(super) fn produce(&mut self, now: u64, pace: Option<&Pace>, out: &mut Outbox) {
        while self.waiting < self.pipeline && self.sent < self.quota && !out.is_full() {
            let moment = pace.map_or(now, |pace| pace.moment(self.number as usize, self.sent));
            if moment > now {
                break;
            }
            self.sent += 1;
            let id = self.sent;
            out.message(0, |octets| self.call.fill(&[id, id], octets));
            self.moments.push_back(moment);
            self.waiting += 1;
        }
    }

    #[inline]
    pub(super) fn message(&mut self, message: &[u8], now: u64, tally: &mut Tally) -> Result<(), Fault> {
        let (mut reader, code) = Reader::message(self.format, message)?;
        match code {
            code::RESULT | code::YIELD => {}
            code::ERROR => return self.refused(reader, message, tally),
            _ => return Err(Fault::unexpected(self.format, message)),
        }
        let id = reader.uint()?;
        let Some(moment) = self.end(id) else {
            self.unexpected(id, tally);
            return Ok(());
        };
        reader.skip()?;
        if !self.is_what_was_sent(id, reader) {
            tally.problem(tally.checks.wrong, || {
                format!("caller {}: the result of call {id} is wrong", self.number)
            });
            tally.checks.wrong += 1;
            return Ok(());
        }
        tally.checks.answered += 1;
        if tally.phase == Phase::Measure {
            tally.counted += 1;
            tally.latency.record(now.saturating_sub(moment));
        }
        Ok(())
    }

    #[inline]
    fn is_what_was_sent(&self, id: u64, mut arguments: Reader<'_>) -> bool {
        arguments.list().is_ok()
            && arguments.uint() == Ok(self.number)
            && arguments.uint() == Ok(id)
            && arguments.text() == Ok(self.payload.as_bytes())
    }

    /// The moment of a call, which is over now; `None` if it was before, or never was.
    #[inline]
    fn end(&mut self, id: u64) -> Option<u64> {
        let first = self.sent + 1 - self.moments.len() as u64;
        let place = self.moments.get_mut(usize::try_from(id.checked_sub(first)?).ok()?)?;
        let moment = std::mem::replace(place, OVER);
        if moment == OVER {
            return None;
        }
        self.waiting -= 1;
        while self.moments.front() == Some(&OVER) {
            self.moments.pop_front();
        }
        Some(moment)
    }

    fn refused(&mut self, mut reader: Reader<'_>, message: &[u8], tally: &mut Tally) -> Result<(), Fault> {
        // The type of the request, which can only be a CALL.
        reader.skip()?;
        let id = reader.uint()?;
        if self.end(id).is_none() {
            self.unexpected(id, tally);
            return Ok(());
        }
        let text =
            || Reader::new(self.format, message).value().map_or_else(|_| "ERROR".into(), |m| m.to_string());
        tally.problem(tally.checks.refused, || {
            format!("caller {}: call {id} was refused: {}", self.number, text())
        });
        tally.checks.refused += 1;
        Ok(())
    }

    fn unexpected(&self, id: u64, tally: &mut Tally) {
        let describe = || format!("caller {}: an answer to call {id}, which waits for none", self.number);
        tally.problem(tally.checks.unexpected, describe);
        tally.checks.unexpected += 1;
    }

    /// Gives up calls that have waited for too long.
    pub(super) fn write_off(&mut self, now: u64, patience: u64, tally: &mut Tally) {
        let first = self.sent + 1 - self.moments.len() as u64;
        let too_old = |moment: u64| moment != OVER && now.saturating_sub(moment) > patience;
        // Moments grow with the ids: behind the first that is young enough all are.
        let overdue = self.moments.iter().take_while(|moment| **moment == OVER || too_old(**moment)).count();
        for id in (first..).take(overdue) {
            if self.end(id).is_some() {
                tally
                    .problem(tally.checks.lost, || format!("caller {}: no answer to call {id}", self.number));
                tally.checks.lost += 1;
            }
        }
    }
}
