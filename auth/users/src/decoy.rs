//! Verifiers of users who do not exist, so that nobody finds out who does.
//!
//! Law: to a client, a user who does not exist looks like one who does: the same challenge each time, of a kind that
//! some real user has, and the same work to judge the answer.
//!
//! ```text
//!   authid ──HMAC with the seed──> which of the kinds that real users have (rendezvous: a new kind moves few)
//!                             └──> salt, and keys that nobody has the password for
//! ```

use std::fmt;
use std::sync::OnceLock;

use zeroize::Zeroizing;

use crate::crypto::{self, LENGTH};
use crate::verifier::Scram;

/// What the decoys depend on, besides the name. Who knows it can tell them from real users.
#[derive(Clone)]
pub struct Seed(Zeroizing<[u8; LENGTH]>);

impl Seed {
    /// That of this process, for users without one of their own: random, and the same as long as the process runs, however often
    /// they are read again.
    pub fn of_process() -> Self {
        static SEED: OnceLock<Seed> = OnceLock::new();
        SEED.get_or_init(|| Seed(Zeroizing::new(crypto::random()))).clone()
    }

    /// One that was kept, so that decoys stay the same from one start to the next. Any octets of at least 16.
    pub fn from_octets(octets: &[u8]) -> Option<Self> {
        (octets.len() >= 16).then(|| Seed(Zeroizing::new(crypto::hmac(b"crossway seed", octets))))
    }

    /// The salt that SCRAM has for a user of this name who does not exist, of the length that most have. For users whose password
    /// is at hand whenever they are read: that they come or go does not show.
    pub fn salt(&self, authid: &str) -> Vec<u8> {
        self.octets(<Scram as Verifier>::METHOD, authid, SALT, Scram::SALT_LEN).to_vec()
    }

    /// As many octets as wanted: always the same for the same method, name and purpose.
    pub(crate) fn octets(&self, method: &str, authid: &str, purpose: &str, len: usize) -> Zeroizing<Vec<u8>> {
        let mut octets = Zeroizing::new(Vec::with_capacity(len + LENGTH));
        let mut text = format!("{method}\0{purpose}\0{authid}\0").into_bytes();
        let about = text.len();
        for block in 0_u32.. {
            if octets.len() >= len {
                break;
            }
            text.truncate(about);
            text.extend(block.to_be_bytes());
            octets.extend(crypto::hmac(&*self.0, &text));
        }
        octets.truncate(len);
        octets
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(***)")
    }
}

/// What the octets of a salt are for.
pub(crate) const SALT: &str = "salt";

/// What a verifier looks like from outside, and how to make one that looks the same.
pub(crate) trait Verifier: Sized {
    /// The method, as its key in the users file.
    const METHOD: &'static str;

    /// All that a client can see of it, or measure, apart from the salt itself.
    type Kind: Clone + PartialEq + fmt::Debug;

    fn kind(&self) -> Self::Kind;

    /// The kind of those who do not exist while there is no user to look like.
    fn usual() -> Self::Kind;

    /// One that nothing passes. `octets` gives as many as wanted for a purpose, always the same.
    fn decoy(kind: &Self::Kind, octets: impl Fn(&str, usize) -> Zeroizing<Vec<u8>>) -> Self;
}

/// The decoy of a name, of one of the kinds that there are.
pub(crate) fn decoy<V: Verifier>(kinds: &[V::Kind], seed: &Seed, authid: &str) -> V {
    let octets = |purpose: &str, len: usize| seed.octets(V::METHOD, authid, purpose, len);
    match pick(kinds, seed, V::METHOD, authid) {
        Some(kind) => V::decoy(kind, octets),
        None => V::decoy(&V::usual(), octets),
    }
}

/// The one that a name gets. One that is added takes its share from the others, which keep the rest.
pub(crate) fn pick<'a, T: fmt::Debug>(of: &'a [T], seed: &Seed, method: &str, authid: &str) -> Option<&'a T> {
    let weight = |one: &&T| seed.octets(method, authid, &format!("one of {one:?}"), LENGTH).to_vec();
    match of {
        [only] => Some(only),
        several => several.iter().max_by_key(weight),
    }
}
