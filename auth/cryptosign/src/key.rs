//! Keys, and what they sign and verify.
//!
//! Law: a public key that could verify what nobody signed is no key: points of small order, and encodings that stand for
//! another key, are refused where they are read, so that none can be configured or offered.

use std::fmt;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use zeroize::Zeroizing;

use crate::hex;

/// Octets of a key, a challenge and a channel id alike.
pub(crate) const LENGTH: usize = 32;

/// An Ed25519 public key.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKey([u8; LENGTH]);

/// What is wrong with the text of a key. Never says the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not as long as a key, or other characters.
    #[error("a key has 64 hexadecimal digits")]
    NotHex,
    /// A key that anybody can sign for, or a second spelling of another key.
    #[error("this is no key that only one can sign with")]
    Weak,
    /// A key file without a private key.
    #[error("there is no line `private-key-ed25519: ...` in it")]
    NoPrivateKey,
    /// A key file whose public key belongs to another private key.
    #[error("its public key is not the one of its private key")]
    Mismatch,
}

impl PublicKey {
    /// Reads 64 hexadecimal digits in either case.
    ///
    /// # Errors
    /// If it is no hexadecimal text of that length, or a key that proves nothing.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let octets = hex::decode(text).ok_or(KeyError::NotHex)?;
        if is_canonical(&octets) && !is_of_small_order(&octets) {
            return Ok(PublicKey(octets));
        }
        Err(KeyError::Weak)
    }

    /// As it is told to [`User::key`](crossway_users::User::key).
    pub fn octets(&self) -> &[u8; LENGTH] {
        &self.0
    }

    /// Whether the holder of this key signed `message`.
    pub(crate) fn verifies(&self, message: &[u8; LENGTH], signature: &[u8; 2 * LENGTH]) -> bool {
        let (commitment, _) = signature.split_first_chunk().expect("32 of its 64 octets");
        !is_of_small_order(commitment)
            && UnparsedPublicKey::new(&ED25519, self.0).verify(message, signature).is_ok()
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The y coordinate without the sign of x, which is the last bit.
fn y(point: &[u8; LENGTH]) -> [u8; LENGTH] {
    let mut y = *point;
    y[LENGTH - 1] &= 0x7f;
    y
}

/// Whether y is below the prime 2^255 - 19; from there on it would be a second spelling of y - p.
fn is_canonical(point: &[u8; LENGTH]) -> bool {
    let [lowest, rest @ ..] = y(point);
    let [rest @ .., highest] = rest;
    lowest < 0xed || highest < 0x7f || rest.iter().any(|octet| *octet < 0xff)
}

/// Whether the point has order 1, 2, 4 or 8. There are eight of those, with five y coordinates between them.
fn is_of_small_order(point: &[u8; LENGTH]) -> bool {
    const ORDER_8: [&str; 2] = [
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    ];
    let y = y(point);
    let [lowest, rest @ ..] = y;
    let zero_or_one = lowest <= 1 && rest == [0; LENGTH - 1];
    // p - 1, the only one of order 2.
    let minus_one = lowest == 0xec && rest[..LENGTH - 2] == [0xff; LENGTH - 2] && rest[LENGTH - 2] == 0x7f;
    zero_or_one || minus_one || ORDER_8.contains(&hex::encode(&y).as_str())
}

/// An Ed25519 private key, as its seed. Wiped from memory when dropped.
pub struct PrivateKey {
    seed: Zeroizing<[u8; LENGTH]>,
    pair: Ed25519KeyPair,
}

impl PrivateKey {
    /// A new one.
    ///
    /// # Errors
    /// If the system has no randomness.
    pub fn generate() -> Result<Self, NoRandomness> {
        let mut seed = Zeroizing::new([0; LENGTH]);
        aws_lc_rs::rand::fill(&mut *seed).map_err(|_| NoRandomness)?;
        Ok(Self::of(seed))
    }

    /// Reads the seed as 64 hexadecimal digits, or a [key file](crate::keyfile).
    ///
    /// # Errors
    /// If it is neither.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        match hex::decode(text.trim()).map(Zeroizing::new) {
            Some(seed) => Ok(Self::of(seed)),
            None => crate::keyfile::read(text),
        }
    }

    pub(crate) fn of(seed: Zeroizing<[u8; LENGTH]>) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(&*seed).expect("every 32 octets are a seed");
        PrivateKey { seed, pair }
    }

    /// The key that others know this one by.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.pair.public_key().as_ref().try_into().expect("32 octets"))
    }

    /// The seed as 64 hexadecimal digits, for the eyes of its owner alone.
    pub fn reveal(&self) -> Zeroizing<String> {
        Zeroizing::new(hex::encode(&*self.seed))
    }

    /// What cryptosign sends: signature and message, 192 hexadecimal digits.
    pub fn sign(&self, message: &[u8; LENGTH]) -> String {
        hex::encode(self.pair.sign(message).as_ref()) + &hex::encode(message)
    }
}

impl fmt::Debug for PrivateKey {
    /// Says which key it is, but not the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PrivateKey").field(&self.public()).finish()
    }
}

/// The system has no randomness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the system has no randomness")]
pub struct NoRandomness;

#[cfg(test)]
mod tests {
    use super::{KeyError, PrivateKey, PublicKey};
    use crate::hex;

    /// The eight points of small order, and second spellings of two of them.
    const WEAK: [&str; 10] = [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    ];

    #[test]
    fn keys_that_anybody_can_sign_for_are_refused() {
        for weak in WEAK {
            assert_eq!(PublicKey::parse(weak), Err(KeyError::Weak), "{weak}");
        }
    }

    #[test]
    fn second_spellings_are_refused() {
        // 2^255 - 19 + n for every n that still fits.
        for lowest in 0xed..=0xff_u8 {
            for highest in ["7f", "ff"] {
                let text = format!("{lowest:02x}{}{highest}", "ff".repeat(30));
                assert_eq!(PublicKey::parse(&text), Err(KeyError::Weak), "{text}");
            }
        }
    }

    #[test]
    fn a_key_reads_as_it_is_written() {
        let key = PrivateKey::generate().expect("randomness");
        let public = key.public();
        assert_eq!(PublicKey::parse(&public.to_string()), Ok(public));
        assert_eq!(PublicKey::parse(&public.to_string().to_uppercase()), Ok(public));
        assert_eq!(PrivateKey::parse(&format!("{}\n", *key.reveal())).expect("a key").public(), public);
        assert!(!format!("{key:?}").contains(&*key.reveal()), "the private key is not shown");
    }

    #[test]
    fn a_signature_verifies_with_its_message_and_key_alone() {
        let (one, other) = (PrivateKey::generate().expect("one"), PrivateKey::generate().expect("another"));
        let signed: [u8; 96] = hex::decode(&one.sign(&[7; 32])).expect("192 digits");
        let signature: [u8; 64] = signed[..64].try_into().expect("64 octets");
        assert!(one.public().verifies(&[7; 32], &signature));
        assert!(!one.public().verifies(&[8; 32], &signature));
        assert!(!other.public().verifies(&[7; 32], &signature));
        for at in 0..64 {
            let mut tampered = signature;
            tampered[at] ^= 1;
            assert!(!one.public().verifies(&[7; 32], &tampered), "octet {at}");
        }
    }

    #[test]
    fn a_signature_commits_to_something() {
        // R is the point that adds nothing, and S fits: the equation holds, and who has the key can make as many as he likes. Some
        // verify such a signature and some do not. The key is the first of the specification, the message 32 times 0xff.
        let key = PrivateKey::parse("4d57d97a68f555696620a6d849c0ce582568518d729eb753dc7c732de2804510");
        let odd = "0100000000000000000000000000000000000000000000000000000000000000\
                   a457381360547db893343a5f7e3fe645e86aac3ae5b335bcc5c142ae4483730c";
        let odd = hex::decode(odd).expect("128 digits");
        assert!(!key.expect("a key").public().verifies(&[0xff; 32], &odd));
    }

    #[test]
    fn a_signature_has_one_spelling() {
        // S + L verifies as S does, where S is not asked to be below L, the order of the group.
        const L: [u8; 32] = [
            0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
        ];
        let key = PrivateKey::generate().expect("randomness");
        let mut signature: [u8; 64] =
            hex::decode::<96>(&key.sign(&[7; 32])).expect("192 digits")[..64].try_into().expect("64 octets");
        let mut carry = 0;
        for (octet, addend) in signature[32..].iter_mut().zip(L) {
            let sum = u16::from(*octet) + u16::from(addend) + carry;
            (*octet, carry) = (sum.to_le_bytes()[0], sum >> 8);
        }
        assert!(!key.public().verifies(&[7; 32], &signature));
    }
}
