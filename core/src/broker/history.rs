//! Event history: what is kept of a publication, and how it is asked for.
//!
//! Law: an event is kept for every matching subscription that has a history, and shown to nobody who could not have got it:
//! lists of users and roles are kept along, and what was for certain sessions is not kept at all.
//!
//! ```text
//!   get_events ──> positions of the publications that bound it ──> page ──> filters ──> audience ──> entries
//!                                                                    ^                                  │
//!                                                                    └────────── until `limit` ─────────┘
//! ```

#[cfg(test)]
mod tests;

use std::future::Future;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;

use super::{Broker, Subscription};
use crate::error::Refusal;
use crate::history::{EventLog, EventStore, HistoryRule, Page, StoredEvent};
use crate::id::Id;
use crate::message::{Match, Payload};
use crate::session::Session;
use crate::time::{parse_rfc3339, rfc3339};
use crate::uri;
use crate::value::{Dict, Value};

/// How many events are asked of a store at a time.
const PAGE: usize = 256;

/// What `wamp.subscription.get_events` answers: one dictionary for each event.
pub(crate) type Events = Pin<Box<dyn Future<Output = Result<Vec<Value>, Refusal>> + Send>>;

/// The filters of one question; all of them have to hold (PS-HIST-07).
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct HistoryQuery {
    reverse: bool,
    limit: Option<usize>,
    from_time: Option<SystemTime>,
    after_time: Option<SystemTime>,
    before_time: Option<SystemTime>,
    until_time: Option<SystemTime>,
    topic: Option<String>,
    from_publication: Option<Id>,
    after_publication: Option<Id>,
    before_publication: Option<Id>,
    until_publication: Option<Id>,
}

impl HistoryQuery {
    /// Reads the keyword arguments. What is unknown is ignored.
    ///
    /// # Errors
    /// `wamp.error.invalid_argument`: a known one that is not what it has to be.
    pub(crate) fn from_kwargs(kwargs: &Dict) -> Result<Self, Refusal> {
        let limit = argument(kwargs, "limit", "a positive integer", |value| {
            usize::try_from(value.as_uint()?).ok().filter(|limit| *limit > 0)
        })?;
        let time =
            |key| argument(kwargs, key, "a time as in RFC 3339", |value| parse_rfc3339(value.as_text()?));
        let id = |key| argument(kwargs, key, "the id of a publication", |value| Id::new(value.as_uint()?));
        Ok(HistoryQuery {
            reverse: argument(kwargs, "reverse", "true or false", Value::as_bool)?.unwrap_or(false),
            limit,
            from_time: time("from_time")?,
            after_time: time("after_time")?,
            before_time: time("before_time")?,
            until_time: time("until_time")?,
            topic: argument(kwargs, "topic", "a string", |value| value.as_text().map(str::to_owned))?,
            from_publication: id("from_publication")?,
            after_publication: id("after_publication")?,
            before_publication: id("before_publication")?,
            until_publication: id("until_publication")?,
        })
    }

    fn admits(&self, event: &StoredEvent) -> bool {
        self.from_time.is_none_or(|from| event.time >= from)
            && self.after_time.is_none_or(|after| event.time > after)
            && self.before_time.is_none_or(|before| event.time < before)
            && self.until_time.is_none_or(|until| event.time <= until)
            && self.topic.as_ref().is_none_or(|topic| event.topic == *topic)
    }

    /// Where the publications that bound it stand (PS-HIST-06). `None`: one of them is not kept, so nothing is known to
    /// lie on its right side.
    async fn positions(&self, log: &dyn EventLog) -> Result<Option<Range<u64>>, Refusal> {
        let mut range = 0..u64::MAX;
        for (bound, is_start, offset) in [
            (self.from_publication, true, 0),
            (self.after_publication, true, 1),
            (self.before_publication, false, 0),
            (self.until_publication, false, 1),
        ] {
            let Some(publication) = bound else { continue };
            let Some(position) = log.find(publication).await.map_err(unreadable)? else { return Ok(None) };
            if is_start {
                range.start = range.start.max(position + offset);
            } else {
                range.end = range.end.min(position + offset);
            }
        }
        Ok(Some(range))
    }
}

fn argument<T>(
    kwargs: &Dict,
    key: &str,
    expected: &str,
    read: impl FnOnce(&Value) -> Option<T>,
) -> Result<Option<T>, Refusal> {
    let Some(value) = kwargs.get(key).filter(|value| **value != Value::Null) else { return Ok(None) };
    let read = read(value);
    read.map(Some).ok_or_else(|| Refusal::new(uri::INVALID_ARGUMENT, format!("{key} has to be {expected}")))
}

fn unreadable(error: crate::history::StoreError) -> Refusal {
    tracing::warn!(%error, "event history can't be read");
    Refusal::new(uri::UNAVAILABLE, "the event history can't be read at the moment")
}

impl Broker {
    /// Makes a subscription that has a history. For the beginning, before anybody subscribes.
    pub(crate) fn keep(&self, realm: &str, rule: &HistoryRule, store: &dyn EventStore) {
        let mut ids = self.write.lock();
        if self.lookup(rule.policy, &rule.uri).is_some() {
            return;
        }
        let log = store.open(realm, rule);
        let subscription = Subscription::with_history(ids.next_id(), rule.policy, &rule.uri, Some(log));
        self.insert(&subscription);
    }

    /// What was published over a subscription and may be known to the session that asks.
    ///
    /// # Errors
    /// There is no such subscription. One without a history is one without events.
    pub(crate) fn events(
        &self,
        subscription: Id,
        asking: &Session,
        query: HistoryQuery,
    ) -> Result<Events, Refusal> {
        let Some(subscription) = self.subscription(subscription) else {
            let text = format!("there is no subscription {subscription}");
            return Err(Refusal::new(uri::NO_SUCH_SUBSCRIPTION, text));
        };
        let (limits, counters) = (Arc::clone(&self.limits), Arc::clone(&self.counters));
        let identity = asking.identity();
        let (authid, authrole) = (identity.authid.clone(), identity.authrole.clone());
        Ok(Box::pin(async move {
            let Some(log) = &subscription.history else { return Ok(Vec::new()) };
            let Some(positions) = query.positions(&**log).await? else { return Ok(Vec::new()) };
            let admits =
                |event: &StoredEvent| query.admits(event) && event.audience.admits(&authid, &authrole);
            let too_much = || {
                counters.history_answers_over_limit.increment();
                let limit = limits.max_history_answer_bytes;
                let text = format!(
                    "the answer is longer than max_history_answer_bytes = {limit}: ask for fewer events with `limit`"
                );
                Refusal::new(uri::LIMIT_EXCEEDED, text)
            };
            let most_bytes = limits.max_history_answer_bytes;
            let found = collect(&**log, positions, &query, admits, most_bytes).await?.ok_or_else(too_much)?;
            Ok(found.iter().filter_map(|event| entry(&subscription, event)).collect())
        }))
    }
}

/// The events that pass, page by page, up to the limit. `None`: several of them take more than `most_bytes`.
async fn collect(
    log: &dyn EventLog,
    positions: Range<u64>,
    query: &HistoryQuery,
    admits: impl Fn(&StoredEvent) -> bool,
    most_bytes: usize,
) -> Result<Option<Vec<Arc<StoredEvent>>>, Refusal> {
    let limit = query.limit.unwrap_or(usize::MAX);
    let mut page = Page {
        positions,
        from: query.from_time.max(query.after_time),
        until: [query.until_time, query.before_time].into_iter().flatten().min(),
        reverse: query.reverse,
        most: PAGE,
    };
    let (mut found, mut bytes) = (Vec::new(), 0);
    while !page.positions.is_empty() {
        let events = log.page(&page).await.map_err(unreadable)?;
        let last = events.last().map(|(position, _)| *position).filter(|_| events.len() >= PAGE);
        let passing = events.into_iter().map(|(_, event)| event).filter(|event| admits(event));
        for event in passing.take(limit - found.len()) {
            bytes += event.size();
            if bytes > most_bytes && !found.is_empty() {
                return Ok(None);
            }
            found.push(event);
        }
        match last.filter(|_| found.len() < limit) {
            None => break,
            Some(last) if page.reverse => page.positions.end = last,
            Some(last) => page.positions.start = last + 1,
        }
    }
    Ok(Some(found))
}

/// How an event is told (PS-HIST-08); `None` if its payload is nothing that a WAMP value can be.
fn entry(subscription: &Subscription, event: &StoredEvent) -> Option<Value> {
    let (args, kwargs) = event.payload.read(&*event.serializer).ok()?;
    let mut details = event.details.clone();
    if subscription.policy != Match::Exact {
        details.insert("topic", event.topic.as_str());
    }
    let mut entry = Dict::new()
        .with("timestamp", rfc3339(event.time))
        .with("subscription", subscription.id.get())
        .with("publication", event.publication.get())
        .with("details", details);
    if event.payload.count() > 0 {
        entry.insert("args", args);
    }
    if event.payload.count() > 1 {
        entry.insert("kwargs", kwargs);
    }
    Some(entry.into())
}

/// Now, in the milliseconds in which times are written: so that what is told can be asked for.
pub(super) fn now() -> SystemTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UNIX_EPOCH + Duration::new(since.as_secs(), since.subsec_millis() * 1_000_000)
}

/// A payload that pins no buffer of a connection.
pub(super) fn copied(payload: &Payload) -> Payload {
    Payload::new(Bytes::copy_from_slice(payload.bytes()), payload.count())
}
