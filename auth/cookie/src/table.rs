//! Which logins are behind which ids.
//!
//! Law: every login is in the table once and in the line once, so both have the same bound, and the oldest are at the front.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use crossway_core::Dict;
use crossway_core::auth::Identity;
use tokio::time::Instant;

/// Realms that one connection may leave logins in; others are not remembered.
const REALMS: usize = 8;

#[derive(Debug)]
struct Login {
    realm: String,
    identity: Identity,
}

#[derive(Debug)]
struct Known {
    until: Instant,
    logins: Vec<Login>,
}

#[derive(Debug)]
pub(crate) struct Table {
    max_age: Duration,
    most: usize,
    known: HashMap<u128, Known>,
    /// In the order in which they expire.
    line: VecDeque<u128>,
}

impl Table {
    pub(crate) fn new(max_age: Duration, most: usize) -> Self {
        Table { max_age, most, known: HashMap::new(), line: VecDeque::new() }
    }

    pub(crate) fn has(&self, id: u128, now: Instant) -> bool {
        self.alive(id, now).is_some()
    }

    pub(crate) fn get(&self, id: u128, realm: &str, now: Instant) -> Option<Identity> {
        let login = self.alive(id, now)?.logins.iter().find(|login| login.realm == realm);
        login.map(|login| login.identity.clone())
    }

    /// Remembers a login; how many had to be forgotten for it. An id expires with its first login, and stays with the user
    /// that it has in a realm.
    pub(crate) fn put(&mut self, id: u128, realm: &str, identity: &Identity, now: Instant) -> usize {
        self.sweep(now);
        let (line, until) = (&mut self.line, now + self.max_age);
        let known = self.known.entry(id).or_insert_with(|| {
            line.push_back(id);
            Known { until, logins: Vec::new() }
        });
        match known.logins.iter().position(|login| login.realm == realm) {
            Some(at) if known.logins[at].identity.authid != identity.authid => {
                // Two users at one connection: neither of them is meant next time.
                known.logins.remove(at);
            }
            Some(_) => {}
            None if known.logins.len() < REALMS => {
                let identity = Identity { authextra: Dict::new(), ..identity.clone() };
                known.logins.push(Login { realm: realm.to_owned(), identity });
            }
            None => {}
        }
        let mut forgotten = 0;
        while self.line.len() > self.most {
            self.line.pop_front().and_then(|oldest| self.known.remove(&oldest));
            forgotten += 1;
        }
        forgotten
    }

    fn alive(&self, id: u128, now: Instant) -> Option<&Known> {
        self.known.get(&id).filter(|known| known.until > now)
    }

    fn sweep(&mut self, now: Instant) {
        while let Some(id) = self.line.front().filter(|id| self.alive(**id, now).is_none()).copied() {
            self.line.pop_front();
            self.known.remove(&id);
        }
    }
}
