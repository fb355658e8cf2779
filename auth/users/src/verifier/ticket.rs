//! Tickets: the secret itself, or its Argon2id hash as other programs write it.
//!
//! ```text
//!   $argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$rU5n...
//!    └ function └ 1.3 └ KiB, passes, lanes └ salt     └ hash, both base64 without padding
//! ```

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use crossway_core::auth::AuthError;
use zeroize::Zeroizing;

use super::VerifierError;
use crate::crypto::{self, Argon2Cost, LENGTH};
use crate::decoy::Verifier;
use crate::kdf::Kdf;

/// Knows a ticket when it sees one.
#[derive(Clone)]
pub struct Ticket(Known);

#[derive(Clone)]
enum Known {
    /// SHA-256 of the ticket, so that comparing takes the same time whatever its length.
    Plain(Zeroizing<[u8; LENGTH]>),
    Hashed(Hash),
}

#[derive(Clone)]
struct Hash {
    cost: Argon2Cost,
    salt: Vec<u8>,
    hash: Zeroizing<Vec<u8>>,
}

impl Ticket {
    /// For a ticket that is known as it is.
    pub fn plain(ticket: &str) -> Self {
        Ticket(Known::Plain(Zeroizing::new(crypto::sha256(ticket.as_bytes()))))
    }

    /// From the text of a hash: `$argon2id$v=19$m=19456,t=2,p=1$salt$hash`.
    ///
    /// # Errors
    /// What is wrong with it; the text says nothing of its contents.
    pub fn hashed(text: &str) -> Result<Self, VerifierError> {
        Hash::read(text).map(|hash| Ticket(Known::Hashed(hash)))
    }

    /// The text of a new hash of a ticket, with a random salt. Takes as long as the cost says.
    ///
    /// # Errors
    /// The cost is beyond the limits, or there is no memory for it.
    pub fn hash(ticket: &str, cost: Argon2Cost) -> Result<String, VerifierError> {
        let salt: [u8; 16] = crypto::random();
        let params = cost.params().ok_or_else(beyond)?;
        let hash = crypto::argon2id(ticket.as_bytes(), &salt, params, LENGTH).ok_or_else(beyond)?;
        let Argon2Cost { memory, iterations, parallelism } = cost;
        let (salt, hash) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(&*hash));
        Ok(format!("$argon2id$v=19$m={memory},t={iterations},p={parallelism}${salt}${hash}"))
    }

    /// Whether this is the ticket.
    ///
    /// # Errors
    /// [`AuthError::Failed`] if too many hashes are asked for at once.
    pub async fn admits(&self, ticket: &str, kdf: &Kdf) -> Result<bool, AuthError> {
        match &self.0 {
            Known::Plain(digest) => Ok(crypto::equal(&crypto::sha256(ticket.as_bytes()), &**digest)),
            Known::Hashed(hash) => {
                let (hash, ticket) = (hash.clone(), Zeroizing::new(ticket.to_owned()));
                let fits = kdf.run(move || hash.fits(ticket.as_bytes())).await?;
                fits.ok_or_else(|| {
                    AuthError::Failed("there is no memory for the hash of a ticket".to_owned())
                })
            }
        }
    }
}

fn beyond() -> VerifierError {
    VerifierError::new("costs more than is allowed, or than there is memory for")
}

impl Hash {
    fn read(text: &str) -> Result<Hash, VerifierError> {
        let shape = || VerifierError::new("is no hash like `$argon2id$v=19$m=19456,t=2,p=1$salt$hash`");
        let mut parts = text.strip_prefix("$argon2id$v=19$").ok_or_else(shape)?.split('$');
        let (Some(cost), Some(salt), Some(hash), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(shape());
        };
        let cost = read_cost(cost).ok_or_else(shape)?;
        let decode = |text: &str| STANDARD_NO_PAD.decode(text).map_err(|_| shape());
        let (salt, hash) = (decode(salt)?, Zeroizing::new(decode(hash)?));
        if !(8..=64).contains(&salt.len()) || !(16..=128).contains(&hash.len()) {
            return Err(VerifierError::new("needs a salt of 8 to 64 octets and a hash of 16 to 128"));
        }
        cost.params().ok_or_else(beyond)?;
        Ok(Hash { cost, salt, hash })
    }

    /// `None` if there is no memory.
    fn fits(&self, ticket: &[u8]) -> Option<bool> {
        let hash = crypto::argon2id(ticket, &self.salt, self.cost.params()?, self.hash.len())?;
        Some(crypto::equal(&hash, &self.hash))
    }
}

/// `m=19456,t=2,p=1`
fn read_cost(text: &str) -> Option<Argon2Cost> {
    let mut costs = text.split(',');
    let mut cost = |name: &str| costs.next()?.strip_prefix(name)?.parse::<u32>().ok();
    let read = Argon2Cost { memory: cost("m=")?, iterations: cost("t=")?, parallelism: cost("p=")? };
    costs.next().is_none().then_some(read)
}

impl fmt::Debug for Ticket {
    /// Shows the kind alone.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Ticket").field(&self.kind()).finish()
    }
}

/// How a ticket is checked, which is to be told by the time that it takes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum TicketKind {
    Plain,
    Hashed(Argon2Cost, usize),
}

impl Verifier for Ticket {
    const METHOD: &'static str = "ticket";
    type Kind = TicketKind;

    fn kind(&self) -> TicketKind {
        match &self.0 {
            Known::Plain(_) => TicketKind::Plain,
            Known::Hashed(hash) => TicketKind::Hashed(hash.cost, hash.hash.len()),
        }
    }

    fn usual() -> TicketKind {
        TicketKind::Plain
    }

    fn decoy(kind: &TicketKind, octets: impl Fn(&str, usize) -> Zeroizing<Vec<u8>>) -> Self {
        match kind {
            TicketKind::Plain => {
                Ticket(Known::Plain(Zeroizing::new(crypto::sha256(&octets("ticket", LENGTH)))))
            }
            TicketKind::Hashed(cost, len) => Ticket(Known::Hashed(Hash {
                cost: *cost,
                salt: octets("salt", 16).to_vec(),
                hash: octets("hash", *len),
            })),
        }
    }
}
