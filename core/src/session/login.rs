//! Logging in: which method. `exchange` has its rounds.
//!
//! Law: a method that can't decide about a client leaves it to the next; one that can has the last word. Whoever offers a
//! wrong credential gets no second try by another method in the same handshake.

use std::sync::Arc;

use super::connection::Connection;
use super::handshake::Refused;
use crate::auth::{AuthError, AuthRequest, Identity};
use crate::realm::{Realm, Way};
use crate::transport::TransportInfo;
use crate::uri;

impl Connection<'_> {
    /// Lets the client log in by the first method of its list that realm and listener have and that can decide about it. Says who
    /// it is, and how it was let in.
    pub(super) async fn log_in(
        &mut self,
        realm: &Realm,
        known: &[Way],
        preferred: &[String],
        request: &AuthRequest,
    ) -> Result<(Identity, Arc<str>), Refused> {
        let ways = common(known, preferred, &self.info);
        if ways.is_empty() {
            return Err(no_method(&request.realm, preferred));
        }
        let mut refused = None;
        let router = Arc::clone(self.router);
        let held_off = |limit| Refused::Abort(uri::LIMIT_EXCEEDED, limit);
        let account = request.authid.as_deref().map(|authid| account(authid, &ways));
        let (attempt, delay) = router.gate.enter(request, account.as_deref()).map_err(held_off)?;
        self.pause(delay).await?;
        for Way { method, authenticator } in ways {
            match self.authenticate(&*authenticator, request, &attempt).await? {
                Ok(identity) => {
                    // Whoever is somebody else now has not shown that the failures were slips of the owner.
                    attempt.succeeded(account.as_ref() == Some(&identity.authid));
                    let identity = with_role(identity, request, realm)?;
                    return Ok((identity, method));
                }
                Err(error) => {
                    refused = Some(Refused::Abort(error.uri(), error.to_string()));
                    match error {
                        AuthError::NotApplicable(_) => continue,
                        AuthError::Denied(_) => attempt.failed(),
                        AuthError::Failed(_) | AuthError::Gone => attempt.undecided(),
                    }
                    break;
                }
            }
        }
        Err(refused.unwrap_or_else(|| no_method(&request.realm, preferred)))
    }
}

/// The methods of the client that realm and listener have, in the client's order, each once.
fn common(known: &[Way], preferred: &[String], info: &TransportInfo) -> Vec<Way> {
    let mut common: Vec<Way> = Vec::new();
    for name in preferred {
        // However long the list: there is nothing more to find.
        if common.len() == known.len() {
            break;
        }
        let new = info.allows(name) && common.iter().all(|way| *way.method != **name);
        common.extend(known.iter().find(|way| new && *way.method == **name).cloned());
    }
    common
}

/// By which name failures are counted: however it is spelt, one user is one user.
fn account(authid: &str, ways: &[Way]) -> String {
    ways.iter().fold(authid.to_owned(), |name, way| way.authenticator.account(&name).into_owned())
}

fn no_method(realm: &str, preferred: &[String]) -> Refused {
    if preferred == ["anonymous"] {
        let text = format!("realm {:?} does not let anonymous clients in here", realm);
        return Refused::Abort(uri::AUTHENTICATION_REQUIRED, text);
    }
    let text = format!("realm {:?} has none of the methods {preferred:?} here", realm);
    Refused::Abort(uri::NO_MATCHING_AUTH_METHOD, text)
}

/// The router decides on the role; a client that needs another one is better told than let in (AUTH-09), and so is one that
/// could do nothing.
fn with_role(identity: Identity, request: &AuthRequest, realm: &Realm) -> Result<Identity, Refused> {
    let Identity { authrole, .. } = &identity;
    let text = match &request.authrole {
        Some(wanted) if wanted != authrole => format!("not in the role {wanted:?}"),
        _ if realm.authorizer().is_some_and(|authorizer| !authorizer.knows_role(authrole)) => {
            format!("realm {:?} has no role {authrole:?}", request.realm)
        }
        _ => return Ok(identity),
    };
    Err(Refused::Abort(uri::NO_SUCH_ROLE, text))
}
