//! What a session has left to be published when it is gone.

use super::Session;
use crate::error::Refusal;
use crate::message::{Payload, PublishOptions};
use crate::policy::Disclosure;

/// A publication to come.
#[derive(Debug)]
pub(crate) struct Testament {
    /// Testaments of lower scopes are published first.
    pub(crate) scope: u8,
    pub(crate) topic: Box<str>,
    pub(crate) options: Box<PublishOptions>,
    /// In the spelling of the session's own format.
    pub(crate) payload: Payload,
    /// Whether its publisher is named, if its authorization said something of it.
    pub(crate) disclose: Option<Disclosure>,
    /// About how many bytes all of it takes.
    pub(crate) weight: usize,
}

/// All of one session. Most have none, so that it is behind a pointer.
#[derive(Debug, Default)]
pub(super) struct Testaments {
    /// In the order in which they are published.
    list: Vec<Testament>,
    /// What they weigh together.
    bytes: usize,
}

impl Session {
    /// Adds a testament behind those of its scope.
    ///
    /// # Errors
    /// The session has too many, or too long ones.
    pub(crate) fn add_testament(
        &self,
        testament: Testament,
        max_testaments: usize,
        max_testament_bytes: usize,
    ) -> Result<(), Refusal> {
        let mut testaments = self.testaments.lock();
        let known = testaments.get_or_insert_default();
        if known.list.len() >= max_testaments {
            return Err(Refusal::limit("max_testaments", max_testaments));
        }
        let bytes = known.bytes.saturating_add(testament.weight);
        if bytes > max_testament_bytes {
            return Err(Refusal::limit("max_testament_bytes", max_testament_bytes));
        }
        known.bytes = bytes;
        let at = known.list.partition_point(|known| known.scope <= testament.scope);
        known.list.insert(at, testament);
        Ok(())
    }

    /// Forgets the testaments of one scope.
    pub(crate) fn flush_testaments(&self, scope: u8) {
        let mut testaments = self.testaments.lock();
        if let Some(known) = testaments.as_deref_mut() {
            known.list.retain(|known| known.scope != scope);
            known.bytes = known.list.iter().map(|known| known.weight).sum();
        }
    }

    /// Takes all, in the order in which they are to be published. Whatever is added now is lost: the session is over.
    pub(crate) fn take_testaments(&self) -> Vec<Testament> {
        self.testaments.lock().take().map(|testaments| testaments.list).unwrap_or_default()
    }
}
