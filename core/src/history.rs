//! Where the events of subscriptions are kept, so that they can be asked for later (`wamp.subscription.get_events`).
//!
//! Which subscriptions have a history is configured for each realm with [`RealmConfig::history`](crate::RealmConfig::history);
//! where it is kept is up to an [`EventStore`]. [`MemoryStore`] is the default and the template: bounded, and gone with the
//! router.
//!
//! ```text
//!   realm comes into being ──> EventStore::open(realm, rule) ──> EventLog, one for each rule
//!
//!   PUBLISH ──> for every matching subscription that has one: EventLog::append     on the publisher's task
//!   CALL wamp.subscription.get_events ──> find, page, page, ...                    asynchronously
//! ```
//!
//! Who may see an event, and what filters mean, is the broker's business: a store knows nothing of sessions. Publications
//! with lists of sessions never get here (PS-HIST-14).

mod memory;

use std::ops::Range;
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;

use crate::id::Id;
use crate::message::{Match, Payload, PublishOptions};
use crate::serializer::Serializer;
use crate::value::{Dict, Value};
pub use memory::MemoryStore;

/// Which subscription has a history, and how much of it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryRule {
    /// The topic, or the pattern of topics, of the subscription. It exists from the beginning, whoever is subscribed.
    pub uri: String,
    /// How topics are compared with it.
    pub policy: Match,
    /// The most events that are kept; the oldest go first.
    pub events: usize,
    /// The most memory that those take, in bytes, about; an event that is larger by itself is not kept at all.
    pub bytes: usize,
}

impl HistoryRule {
    /// 1,000 events, 16 MiB.
    pub fn new(uri: impl Into<String>, policy: Match) -> Self {
        HistoryRule { uri: uri.into(), policy, events: 1000, bytes: 16 << 20 }
    }
}

/// An event as it is kept: what a subscriber of an exact topic would have got.
#[derive(Clone)]
pub struct StoredEvent {
    /// The publication. The same in the histories of all subscriptions that it matched.
    pub publication: Id,
    /// When the broker took it, in whole milliseconds.
    pub time: SystemTime,
    /// Where it was published.
    pub topic: String,
    /// `EVENT.Details`, without the topic.
    pub details: Dict,
    /// `args` and `kwargs`, as `serializer` spells them. It is a copy: it pins no buffer of a connection.
    pub payload: Payload,
    /// What reads [`payload`](Self::payload): [`Payload::read`], [`Payload::transcode`].
    pub serializer: Arc<dyn Serializer>,
    /// Who may see it.
    pub audience: Audience,
}

impl StoredEvent {
    /// About how much memory it takes, in bytes.
    pub fn size(&self) -> usize {
        let entry = |(key, value): (&str, &Value)| 64 + key.len() + value.as_text().map_or(0, str::len);
        let details: usize = self.details.iter().map(entry).sum();
        size_of::<Self>() + self.topic.len() + self.payload.len() + details + self.audience.size()
    }
}

/// Users and roles that an event is for, and for which it is not: the lists of PUBLISH that still mean something when the
/// sessions of that time are gone (PS-HIST-13).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the specification's")]
pub struct Audience {
    pub exclude_authid: Option<Vec<String>>,
    pub exclude_authrole: Option<Vec<String>>,
    pub eligible_authid: Option<Vec<String>>,
    pub eligible_authrole: Option<Vec<String>>,
}

impl Audience {
    /// The lists of PUBLISH that can be kept; `None` if it has others as well, so that it must not be (PS-HIST-14).
    pub(crate) fn of(options: &PublishOptions) -> Option<Audience> {
        (options.exclude.is_none() && options.eligible.is_none()).then(|| Audience {
            exclude_authid: options.exclude_authid.clone(),
            exclude_authrole: options.exclude_authrole.clone(),
            eligible_authid: options.eligible_authid.clone(),
            eligible_authrole: options.eligible_authrole.clone(),
        })
    }

    /// Whether a user with this id and role is among them.
    pub fn admits(&self, authid: &str, authrole: &str) -> bool {
        let names = |list: &Option<Vec<String>>, name: &str| {
            list.as_ref().map(|list| list.iter().any(|item| item == name))
        };
        !names(&self.exclude_authid, authid).unwrap_or(false)
            && !names(&self.exclude_authrole, authrole).unwrap_or(false)
            && names(&self.eligible_authid, authid).unwrap_or(true)
            && names(&self.eligible_authrole, authrole).unwrap_or(true)
    }

    fn size(&self) -> usize {
        let lists =
            [&self.exclude_authid, &self.exclude_authrole, &self.eligible_authid, &self.eligible_authrole];
        lists.into_iter().flatten().flatten().map(|item| size_of::<String>() + item.len()).sum()
    }
}

/// Where histories are kept: opens one for each rule of each realm.
///
/// Implement it to keep events beyond the life of the router. Give it to
/// [`RealmConfig::event_store`](crate::RealmConfig::event_store).
pub trait EventStore: Send + Sync {
    /// Opens the history of one subscription, or the one that an earlier router has left. Called once for each rule when
    /// the realm comes into being, which may be while a client waits to join: do what takes long later. Realm, URI and policy
    /// are the name of a history: subscription ids do not outlive the router.
    ///
    /// What can't be opened is told by whatever is asked of the log later.
    fn open(&self, realm: &str, rule: &HistoryRule) -> Arc<dyn EventLog>;
}

/// The history of one subscription: events in the order in which they arrived, numbered without gaps by their position.
///
/// Positions belong to the log. They grow with time, never change, and need not begin with 0; those of events that
/// were given up are not used again.
#[async_trait]
pub trait EventLog: Send + Sync {
    /// Takes one more event. Called by the task of its publisher, in the middle of routing, by several at a time: it must be
    /// quick, must not block, and can't fail. A store that writes to a disk puts the event into a bounded queue here, and
    /// decides itself what is lost when that is full.
    fn append(&self, event: Arc<StoredEvent>);

    /// The position of a publication, if it is kept.
    ///
    /// # Errors
    /// The store can't be read at the moment.
    async fn find(&self, publication: Id) -> Result<Option<u64>, StoreError>;

    /// Some events with their positions, in the order that is asked for. Fewer than [`Page::most`] means that there are no
    /// more. The future may be dropped at any time.
    ///
    /// # Errors
    /// The store can't be read at the moment.
    async fn page(&self, page: &Page) -> Result<Vec<(u64, Arc<StoredEvent>)>, StoreError>;
}

/// Which events are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Their positions.
    pub positions: Range<u64>,
    /// Their times, both ends included, in whole milliseconds. A hint for stores that know where a time begins: events outside
    /// may be left out, and are ignored if they are not.
    pub from: Option<SystemTime>,
    /// See [`from`](Self::from).
    pub until: Option<SystemTime>,
    /// The latest first.
    pub reverse: bool,
    /// How many at most.
    pub most: usize,
}

/// A store can't be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct StoreError(pub String);
