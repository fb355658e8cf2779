//! What sessions remember of what they may do.

use super::Realm;
use super::request::Request;
use crate::error::Refusal;
use crate::session::turn::Turn;
use crate::value::Value;

/// Tells the realm's authorizer that decisions have become wrong. Not in the specification.
pub(super) fn invalidate(realm: &Realm, _: &Request<'_>, _: &mut Turn) -> Result<Vec<Value>, Refusal> {
    realm.authorizer().into_iter().for_each(|authorizer| authorizer.invalidate());
    Ok(Vec::new())
}
