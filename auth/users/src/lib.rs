//! Who the users are, as the ways of logging in see them.
//!
//! ```text
//!   users file ──┐                    ┌─> ticket      ┐
//!                ├─> Users ─> Roster ─┼─> wampcra     ├─ each asks for a Candidate: a verifier, and whose it is,
//!   code ────────┘   reloads   one    ├─> scram       │  if anybody's. Nobody's looks the same from outside.
//!                              look   └─> cryptosign, certificate: by key instead of by name
//! ```
//!
//! Law: secrets are kept as the weakest thing that still checks them, are wiped when they are dropped, and are never shown: not
//! by `Debug`, not in errors.
//!
//! | module       | room for                                                             |
//! |--------------|----------------------------------------------------------------------|
//! | `verifier`   | tickets, WAMP-CRA keys, SCRAM keys: reading, making and using them   |
//! | `decoy`      | verifiers of users who do not exist                                  |
//! | `kdf`        | threads for functions that are slow on purpose                       |
//! | `user`       | one user, for those who compose their router in code                 |
//! | `roster`     | all users at one moment                                              |
//! | `file`       | the users file: its format, and noticing when it changes             |

mod crypto;
mod decoy;
mod file;
pub mod hex;
mod kdf;
mod roster;
mod user;
mod verifier;

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use crossway_core::auth::{AuthError, AuthRequest};

pub use crypto::{Argon2Cost, MAX_ARGON2_ITERATIONS, MAX_ARGON2_MEMORY};
pub use decoy::Seed;
pub use file::{FileError, FileOptions, read};
pub use kdf::{Kdf, KdfCounters, KdfOptions};
pub use roster::{Candidate, Principal, Roster, Users};
pub use user::User;
pub use verifier::{
    MAX_PBKDF2_ITERATIONS, Salting, Scram, ScramDialect, ScramKdf, Ticket, VerifierError, WampCra,
};

/// A name or password as SCRAM compares it: SASLprep, RFC 4013. `None` if it has characters that it may not have.
pub fn prepared(text: &str) -> Option<Cow<'_, str>> {
    stringprep::saslprep(text).ok()
}

/// By which name failures to log in are counted, for methods to which all spellings that are [`prepared`] alike are one user; see
/// [`Authenticator::account`](crossway_core::auth::Authenticator::account).
pub fn account(authid: &str) -> Cow<'_, str> {
    prepared(authid).unwrap_or(Cow::Borrowed(authid))
}

/// Who the client says it is, for methods that ask for a name.
///
/// # Errors
/// [`AuthError::NotApplicable`] if it does not say.
pub fn authid<'a>(request: &'a AuthRequest, method: &str) -> Result<&'a str, AuthError> {
    let authid = request.authid.as_deref();
    authid.ok_or_else(|| AuthError::NotApplicable(format!("{method} needs an authid in HELLO.Details")))
}

/// Something that was never said before: 16 random octets in base64.
pub fn nonce() -> String {
    STANDARD.encode(crypto::random::<16>())
}
