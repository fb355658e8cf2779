//! Cookies as they are on the wire.
//!
//! ```text
//!   cbtid=<id: 32 digits>.<seconds since 1970, hexadecimal>.<HMAC-SHA256 of all before: 64 digits>
//! ```

use std::fmt::Write as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::hmac;
use crossway_core::Secret;
use zeroize::{Zeroize, Zeroizing};

use crate::{CookieOptions, SameSite};

/// A cookie that is our own and not too old.
pub(crate) struct Shown {
    pub(crate) id: u128,
    made: u64,
    /// Whether it is signed with the newest key.
    pub(crate) current: bool,
}

pub(crate) struct Jar {
    name: String,
    keys: Vec<hmac::Key>,
    max_age: Duration,
    same_site: SameSite,
}

impl Jar {
    pub(crate) fn new(options: CookieOptions) -> Self {
        let CookieOptions { name, mut keys, max_age, same_site, .. } = options;
        if keys.is_empty() {
            keys.push(Zeroizing::new([random().to_be_bytes(), random().to_be_bytes()].concat()));
        }
        let keys = keys.iter().map(|key| hmac::Key::new(hmac::HMAC_SHA256, key)).collect();
        Jar { name, keys, max_age, same_site }
    }

    /// Our own among the cookies of a client. Of several with our name, the first that is good.
    pub(crate) fn find(&self, cookies: &str, now: SystemTime) -> Option<Shown> {
        let ours = |pair: &str| {
            let (name, value) = pair.split_once('=')?;
            if name.trim() == self.name { self.verify(value.trim().trim_matches('"'), now) } else { None }
        };
        // More of the same name than a browser has use for are not looked at: each costs a signature.
        cookies.split(';').filter(|pair| pair.contains(&self.name)).take(4).find_map(ours)
    }

    fn verify(&self, value: &str, now: SystemTime) -> Option<Shown> {
        let (signed, signature) = value.rsplit_once('.')?;
        let (id, made) = signed.split_once('.')?;
        // Exactly as we write it: no other spelling of the same cookie.
        let lower = |text: &str| text.bytes().all(|octet| matches!(octet, b'0'..=b'9' | b'a'..=b'f'));
        let shape = id.len() == 32 && signature.len() == 64 && (1..=16).contains(&made.len());
        if !shape || ![id, made, signature].into_iter().all(lower) {
            return None;
        }
        let signature = octets(signature)?;
        let key =
            self.keys.iter().position(|key| hmac::verify(key, signed.as_bytes(), &signature).is_ok())?;
        let (id, made) = (u128::from_str_radix(id, 16).ok()?, u64::from_str_radix(made, 16).ok()?);
        let fresh = seconds(now) < made.saturating_add(self.max_age.as_secs());
        fresh.then_some(Shown { id, made, current: key == 0 })
    }

    /// A new id and its `Set-Cookie`.
    pub(crate) fn make(&self, secure: bool, now: SystemTime) -> (u128, Secret) {
        let id = random();
        (id, self.header(id, seconds(now), secure, now))
    }

    /// The same with the newest key.
    pub(crate) fn renew(&self, shown: &Shown, secure: bool, now: SystemTime) -> Secret {
        self.header(shown.id, shown.made, secure, now)
    }

    fn header(&self, id: u128, made: u64, secure: bool, now: SystemTime) -> Secret {
        let mut value = format!("{id:032x}.{made:x}");
        // There is at least one key.
        let signature = self.keys.first().map(|key| hmac::sign(key, value.as_bytes()));
        value.push('.');
        for octet in signature.iter().flat_map(AsRef::<[u8]>::as_ref) {
            // Writing into a String does not fail.
            let _ = write!(value, "{octet:02x}");
        }
        let left = made.saturating_add(self.max_age.as_secs()).saturating_sub(seconds(now));
        let secure = if secure { "; Secure" } else { "" };
        let same_site = match self.same_site {
            SameSite::Strict => "Strict",
            SameSite::Lax => "Lax",
            SameSite::None => "None",
        };
        let header =
            format!("{}={value}; Path=/; Max-Age={left}; HttpOnly{secure}; SameSite={same_site}", self.name);
        value.zeroize();
        header.into()
    }
}

fn octets(digits: &str) -> Option<Vec<u8>> {
    let pair = |at| digits.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
    (0..digits.len()).step_by(2).map(pair).collect()
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

fn random() -> u128 {
    let mut octets = [0; 16];
    // Without randomness there are no keys for TLS and no session ids either.
    getrandom::fill(&mut octets).expect("the system has random numbers");
    u128::from_be_bytes(octets)
}
