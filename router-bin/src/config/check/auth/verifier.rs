//! What stands in the place of a secret: something to check it with. `crossway hash` makes them.

use crossway_users::VerifierError;

use super::secret::Keys;
use crate::config::checked::Secret;
use crate::config::read::{Field, Table};

/// A user has a secret or a verifier, not both.
pub(super) fn one_kind(verifier: &Field<'_>, table: &Table<'_>, keys: &Keys) -> Option<()> {
    let Keys { here, variable, file } = *keys;
    if [here, variable, file].iter().any(|key| table.get(key).is_some()) {
        return verifier.wrong("is one too many", "there is a secret as well", "allowed: one of them");
    }
    Some(())
}

/// Text that is not shown.
pub(super) fn text(field: &Field<'_>) -> Option<Secret> {
    field.text().map(Secret::new)
}

/// A number that there has to be.
pub(super) fn number(table: &Table<'_>, key: &'static str, example: &str) -> Option<u32> {
    let number = table.require(key, example)?.count(1..=u64::from(u32::MAX))?;
    u32::try_from(number).ok()
}

/// What came of it, or a note of what is wrong.
pub(super) fn checked<T>(field: &Field<'_>, result: Result<T, VerifierError>) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(error) => {
            field.wrong("can't be used", &format!("it {error}"), "`crossway hash` writes what belongs here")
        }
    }
}
