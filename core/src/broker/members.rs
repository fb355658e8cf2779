//! The subscribers of one subscription, as a snapshot that publishers read without a lock.
//!
//! Law: a snapshot never changes; a change copies one chunk and the list of chunks. So a publisher with an old snapshot
//! is undisturbed, and subscribing as the n-th costs O(n / CHUNK + CHUNK), not O(n).
//!
//! ```text
//!   Members ── [ chunk ][ chunk ][ chunk ]        sorted by session id throughout,
//!                  └─ [ member, member, ... ]     so that one can be found without looking at all
//! ```

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use super::Seat;
use crate::id::Id;
use crate::session::outbox::Outbox;
use crate::session::{Format, Session};
use crate::transport::Framing;

/// One session's place in one subscription.
///
/// What every event needs to know of a subscriber stands here, so that the session itself need not be looked at: with
/// a thousand subscribers each such look is a cache miss.
pub(crate) struct Member {
    id: Id,
    active: AtomicBool,
    framing: Option<&'static Framing>,
    format: Format,
    outbox: Arc<Outbox>,
    session: Arc<Session>,
    /// Its name among the nodes of a sharded subscription.
    nkey: Option<Box<str>>,
    /// Where the session holds this; to take it away.
    seat: Weak<Seat>,
}

impl Member {
    pub(crate) fn new(seat: &Arc<Seat>, nkey: Option<&str>) -> Arc<Self> {
        let session = Arc::clone(&seat.session);
        Arc::new(Member {
            id: session.id(),
            active: AtomicBool::new(true),
            framing: session.outbox().framing(),
            format: session.format().clone(),
            outbox: Arc::clone(session.outbox()),
            session,
            nkey: nkey.map(Box::from),
            seat: Arc::downgrade(seat),
        })
    }

    /// The session's id.
    pub(crate) fn id(&self) -> Id {
        self.id
    }

    pub(crate) fn session(&self) -> &Session {
        &self.session
    }

    /// Its node key, if it takes part in sharding.
    pub(crate) fn nkey(&self) -> Option<&str> {
        self.nkey.as_deref()
    }

    /// The seat of the session, unless it is gone.
    pub(crate) fn seat(&self) -> Option<Arc<Seat>> {
        self.seat.upgrade()
    }

    pub(crate) fn outbox(&self) -> &Arc<Outbox> {
        &self.outbox
    }

    pub(crate) fn format(&self) -> &Format {
        &self.format
    }

    /// How its transport frames messages, where that can be shared.
    pub(crate) fn framing(&self) -> Option<&'static Framing> {
        self.framing
    }

    /// Whether the session still wants events. Read and written under the lock of the session's outbox, so that no EVENT
    /// follows UNSUBSCRIBED.
    pub(crate) fn is_active(&self) -> bool {
        self.active.load(Ordering::Relaxed)
    }

    pub(crate) fn deactivate(&self) {
        self.active.store(false, Ordering::Relaxed);
    }
}

type Chunk = Arc<[Arc<Member>]>;

/// Chunks are split when they are longer.
const CHUNK: usize = 128;

/// A snapshot of all members.
#[derive(Clone, Default)]
pub(crate) struct Members {
    chunks: Vec<Chunk>,
}

impl Members {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Member>> {
        self.chunks.iter().flat_map(|chunk| chunk.iter())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.len()).sum()
    }

    /// The member of session `id`.
    pub(crate) fn get(&self, id: Id) -> Option<&Arc<Member>> {
        let chunk = self.chunks.get(self.chunk_of(id))?;
        chunk.binary_search_by_key(&id, |member| member.id()).ok().map(|at| &chunk[at])
    }

    /// A snapshot with `member` as well.
    pub(crate) fn with(&self, member: Arc<Member>) -> Self {
        let mut chunks = self.chunks.clone();
        let id = member.id();
        let at = self.chunk_of(id);
        match chunks.get(at) {
            None => chunks.push([member].into()),
            Some(chunk) => {
                let mut members = chunk.to_vec();
                members.insert(members.partition_point(|m| m.id() < id), member);
                if members.len() > CHUNK {
                    let upper = members.split_off(members.len() / 2);
                    chunks.insert(at + 1, upper.into());
                }
                chunks[at] = members.into();
            }
        }
        Members { chunks }
    }

    /// A snapshot without the member of session `id`.
    pub(crate) fn without(&self, id: Id) -> Self {
        let mut chunks = self.chunks.clone();
        let at = self.chunk_of(id);
        if let Some(chunk) = chunks.get(at) {
            let members: Vec<_> = chunk.iter().filter(|m| m.id() != id).cloned().collect();
            if members.is_empty() {
                chunks.remove(at);
            } else {
                chunks[at] = members.into();
            }
        }
        Members { chunks }
    }

    /// The chunk where a session with this id is, or would have to be: the last that does not begin behind it.
    fn chunk_of(&self, id: Id) -> usize {
        self.chunks.partition_point(|chunk| chunk[0].id() <= id).saturating_sub(1)
    }
}
