//! Publishes, as far ahead of its subscribers as the window allows.

use serde_json::json;

use super::{Settings, Tally};
use crate::error::Fault;
use crate::format::{Format, Reader, Template};
use crate::outbox::Outbox;
use crate::pace::Pace;
use crate::wamp::code;

/// One publisher.
#[derive(Debug)]
pub(super) struct Publisher {
    format: Format,
    number: usize,
    publication: Template,
    /// Publications at most.
    quota: u64,
    sent: u64,
    /// Publications without acknowledgement at most.
    acks: Option<u64>,
    acknowledged: u64,
    /// Acknowledgements that nobody waits for any more.
    forgiven: u64,
    subscribers: u64,
    /// Events on the way at most.
    window: u64,
    /// Events on the way.
    undelivered: u64,
}

impl Publisher {
    pub(super) fn new(settings: &Settings, number: usize, quota: u64) -> Publisher {
        let options = if settings.acks.is_some() { json!({"acknowledge": true}) } else { json!({}) };
        let arguments = json!([number, null, null, &*settings.payload]);
        let publication = json!([code::PUBLISH, null, options, settings.topic, arguments]);
        let subscribers = settings.subscribers as u64;
        Publisher {
            format: settings.format,
            number,
            publication: Template::new(settings.format, &publication),
            quota,
            sent: 0,
            acks: settings.acks,
            acknowledged: 0,
            forgiven: 0,
            subscribers,
            window: settings.window.map_or(u64::MAX, |window| window * subscribers),
            undelivered: 0,
        }
    }

    pub(super) fn sent(&self) -> u64 {
        self.sent
    }

    pub(super) fn wants_acks(&self) -> bool {
        self.acks.is_some()
    }

    pub(super) fn is_exhausted(&self) -> bool {
        self.sent == self.quota
    }

    /// Events and acknowledgements on the way.
    pub(super) fn outstanding(&self) -> u64 {
        self.undelivered + self.acks.map_or(0, |_| self.unacknowledged())
    }

    fn unacknowledged(&self) -> u64 {
        self.sent.saturating_sub(self.acknowledged + self.forgiven)
    }

    /// Whether deliveries leave room for one more publication.
    #[inline]
    pub(super) fn may_publish(&self) -> bool {
        self.undelivered + self.subscribers <= self.window
    }

    /// So many events arrived, or are known to be lost.
    #[inline]
    pub(super) fn delivered(&mut self, events: u64) {
        self.undelivered = self.undelivered.saturating_sub(events);
    }

    pub(super) fn write_off(&mut self) {
        self.undelivered = 0;
        self.forgiven = self.sent - self.acknowledged;
    }

    /// Whether it has to wait for deliveries now.
    #[inline]
    pub(super) fn produce(&mut self, now: u64, pace: Option<&Pace>, out: &mut Outbox) -> bool {
        while self.sent < self.quota && !out.is_full() {
            let moment = pace.map_or(now, |pace| pace.moment(self.number, self.sent));
            if moment > now || self.acks.is_some_and(|acks| self.unacknowledged() >= acks) {
                break;
            }
            if !self.may_publish() {
                return true;
            }
            let number = self.sent;
            self.sent += 1;
            self.undelivered += self.subscribers;
            out.message(0, |octets| self.publication.fill(&[self.sent, number, moment], octets));
        }
        false
    }

    pub(super) fn message(&mut self, message: &[u8], tally: &mut Tally) -> Result<(), Fault> {
        match Reader::message(self.format, message)? {
            (_, code::PUBLISHED) if self.acknowledged < self.sent => {}
            (_, code::ERROR) => {
                let why = Fault::unexpected(self.format, message);
                tally.problem(tally.checks.refused, || format!("publisher {}: {why}", self.number));
                tally.checks.refused += 1;
            }
            _ => return Err(Fault::unexpected(self.format, message)),
        }
        self.acknowledged += 1;
        tally.acknowledged += 1;
        Ok(())
    }
}
