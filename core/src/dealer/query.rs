//! What the meta API wants to know of registrations.
//!
//! Law: takes the write lock, so what is told is true at one moment; calls do not need that lock.

use std::sync::Arc;

use super::{Dealer, Registration};
use crate::id::Id;
use crate::message::Match;
use crate::uri;
use crate::witness::Facts;

impl Dealer {
    /// The ids of all registrations with this policy, in the order in which they were made. The router's own are left out
    /// (META-REG-13).
    pub(crate) fn registrations(&self, policy: Match) -> Vec<Id> {
        let books = self.write.lock();
        let of_clients = |registration: &&Arc<Registration>| {
            registration.policy == policy && !uri::is_reserved(&registration.procedure)
        };
        let mut ids: Vec<Id> = books.by_id.values().filter(of_clients).map(|found| found.id).collect();
        ids.sort_unstable();
        ids
    }

    /// The registration for exactly this URI and policy.
    pub(crate) fn lookup(&self, procedure: &str, policy: Match) -> Option<Id> {
        self.registration(procedure, policy).map(|registration| registration.id)
    }

    /// The registration that a call of `procedure` goes to.
    pub(crate) fn best(&self, procedure: &str) -> Option<Id> {
        self.find(procedure, |registration| registration.id)
    }

    /// Shows `then` a registration.
    pub(crate) fn registration_facts<T>(&self, id: Id, then: impl FnOnce(&Facts<'_>) -> T) -> Option<T> {
        let books = self.write.lock();
        books.by_id.get(&id).map(|registration| then(&registration.facts()))
    }

    /// The sessions of its callees, in order of registration.
    pub(crate) fn callees(&self, id: Id) -> Option<Vec<Id>> {
        let books = self.write.lock();
        let endpoints = books.by_id.get(&id)?.endpoints.load();
        Some(endpoints.iter().map(|endpoint| endpoint.id()).collect())
    }
}
