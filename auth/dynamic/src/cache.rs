//! Verdicts that may be remembered.
//!
//! Law: a verdict is found again by everything that it depended on, and its key gives none of that away: it is a MAC under
//! a key that only this cache knows.

use std::fmt;
use std::time::Duration;

use aws_lc_rs::hmac;
use hashbrown::HashMap;
use parking_lot::Mutex;
use tokio::time::Instant;
use zeroize::Zeroizing;

use crate::Question;
use crate::verdict::Verdict;

/// Takes what is written into it without keeping it.
struct Mac(hmac::Context);

impl fmt::Write for Mac {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.update(text.as_bytes());
        Ok(())
    }
}

pub(crate) struct Cache {
    most: usize,
    /// Without one nothing is remembered: there was no randomness.
    key: Option<hmac::Key>,
    known: Mutex<HashMap<[u8; 32], Known>>,
}

/// What a question comes to.
pub(crate) type Key = Option<[u8; 32]>;

struct Known {
    verdict: Verdict,
    until: Instant,
}

impl Cache {
    pub(crate) fn new(most: usize) -> Self {
        let mut secret = Zeroizing::new([0; 32]);
        let key = getrandom::fill(&mut *secret).ok().map(|()| hmac::Key::new(hmac::HMAC_SHA256, &*secret));
        Cache { most, key, known: Mutex::default() }
    }

    pub(crate) fn key(&self, question: &Question) -> Key {
        if self.most == 0 {
            return None;
        }
        let mut mac = Mac(hmac::Context::with_key(self.key.as_ref()?));
        question.write_essence(&mut mac).ok()?;
        mac.0.sign().as_ref().try_into().ok()
    }

    pub(crate) fn get(&self, key: &Key) -> Option<Verdict> {
        let key = key.as_ref()?;
        let mut known = self.known.lock();
        let found = known.get(key)?;
        if found.until > Instant::now() {
            return Some(found.verdict.clone());
        }
        known.remove(key);
        None
    }

    pub(crate) fn put(&self, key: Key, verdict: Verdict, lasts: Duration) {
        let Some(key) = key else { return };
        let now = Instant::now();
        let mut known = self.known.lock();
        if known.len() >= self.most && !known.contains_key(&key) {
            known.retain(|_, known| known.until > now);
            while known.len() >= self.most {
                let Some(first) = known.iter().min_by_key(|(_, known)| known.until).map(|(key, _)| *key)
                else {
                    break;
                };
                known.remove(&first);
            }
        }
        known.insert(key, Known { verdict, until: now + lasts });
    }
}
