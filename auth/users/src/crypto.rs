//! The few primitives that the verifiers are made of, under names that say what they are for.

use std::num::NonZeroU32;

use argon2::{Algorithm, Argon2, Params, Version};
use aws_lc_rs::{digest, hmac, pbkdf2};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Length of everything that SHA-256 makes.
pub(crate) const LENGTH: usize = 32;

pub(crate) fn sha256(octets: &[u8]) -> [u8; LENGTH] {
    fixed(digest::digest(&digest::SHA256, octets).as_ref())
}

/// HMAC-SHA-256.
pub(crate) fn hmac(key: &[u8], octets: &[u8]) -> [u8; LENGTH] {
    fixed(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), octets).as_ref())
}

fn fixed(octets: &[u8]) -> [u8; LENGTH] {
    let mut fixed = [0; LENGTH];
    fixed.copy_from_slice(octets);
    fixed
}

/// Whether two are the same, in a time that depends on their lengths only.
pub(crate) fn equal(one: &[u8], other: &[u8]) -> bool {
    one.ct_eq(other).into()
}

/// PBKDF2 with HMAC-SHA-256. Slow on purpose: only for [`Kdf`](crate::Kdf) and programs that have nothing else to do.
pub(crate) fn pbkdf2(password: &[u8], salt: &[u8], iterations: NonZeroU32, len: usize) -> Zeroizing<Vec<u8>> {
    let mut key = Zeroizing::new(vec![0; len]);
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, iterations, salt, password, &mut key);
    key
}

/// The costs of Argon2id, version 1.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Argon2Cost {
    /// In KiB.
    pub memory: u32,
    /// How often the memory is gone through.
    pub iterations: u32,
    /// Lanes; they are worked on one after the other.
    pub parallelism: u32,
}

/// The most memory that one hash may take, in KiB: a slip in a file may not bring the router down.
pub const MAX_ARGON2_MEMORY: u32 = 1 << 20;
/// The most that one hash may go through it.
pub const MAX_ARGON2_ITERATIONS: u32 = 10_000;

impl Argon2Cost {
    /// What new hashes of tickets cost unless somebody says otherwise: 19 MiB and 2 passes, about 20 ms.
    pub const TICKET: Argon2Cost = Argon2Cost { memory: 19 << 10, iterations: 2, parallelism: 1 };

    /// The parameters, if they are within the limits of Argon2 and of Crossway.
    pub(crate) fn params(self) -> Option<Params> {
        let bounded = self.memory <= MAX_ARGON2_MEMORY
            && self.iterations <= MAX_ARGON2_ITERATIONS
            && self.parallelism <= 64;
        bounded.then(|| Params::new(self.memory, self.iterations, self.parallelism, None).ok()).flatten()
    }
}

/// Argon2id. As slow as its cost says.
///
/// `None` if there is not enough memory, or the salt is shorter than 8 octets.
pub(crate) fn argon2id(
    password: &[u8],
    salt: &[u8],
    params: Params,
    len: usize,
) -> Option<Zeroizing<Vec<u8>>> {
    let mut key = Zeroizing::new(vec![0; len]);
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon2.hash_password_into(password, salt, &mut key).ok()?;
    Some(key)
}

/// Octets from the system's random generator.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut octets = [0; N];
    // Fails only where the library's own self-tests have failed; then nothing here would be secure.
    aws_lc_rs::rand::fill(&mut octets).expect("the system has random octets");
    octets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn argon2_of_other_implementations_is_the_same() {
        // RFC 9106 has vectors with secret and associated data only; this one is of the reference program:
        // printf password | argon2 somesalt -id -t 2 -m 16 -p 1 -l 32
        let cost = Argon2Cost { memory: 1 << 16, iterations: 2, parallelism: 1 };
        let key = argon2id(b"password", b"somesalt", cost.params().unwrap(), 32).unwrap();
        let expected =
            [0x09, 0x31, 0x61, 0x15, 0xd5, 0xcf, 0x24, 0xed, 0x5a, 0x15, 0xa3, 0x1a, 0x3b, 0xa3, 0x26, 0xe5];
        assert_eq!(key[..16], expected);
    }

    #[test]
    fn what_would_bring_the_router_down_is_no_cost() {
        for cost in [
            Argon2Cost { memory: u32::MAX, iterations: 1, parallelism: 1 },
            Argon2Cost { memory: 1024, iterations: u32::MAX, parallelism: 1 },
            Argon2Cost { memory: 1024, iterations: 0, parallelism: 1 },
            Argon2Cost { memory: 1, iterations: 1, parallelism: 1 },
            Argon2Cost { memory: 1024, iterations: 1, parallelism: 0 },
        ] {
            assert!(cost.params().is_none(), "{cost:?}");
        }
    }
}
