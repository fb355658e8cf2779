//! Questions about sessions.

use std::sync::Arc;

use super::Realm;
use super::request::Request;
use crate::error::Refusal;
use crate::id::Id;
use crate::session::turn::Turn;
use crate::session::{Fate, Session};
use crate::uri;
use crate::value::{Dict, Value};

type Answer = Result<Vec<Value>, Refusal>;

pub(super) fn count(realm: &Realm, request: &Request<'_>, _: &mut Turn) -> Answer {
    let mut count = 0_u64;
    realm.each_session(|session| count += u64::from(is_wanted(request, session)));
    Ok(vec![count.into()])
}

pub(super) fn list(realm: &Realm, request: &Request<'_>, _: &mut Turn) -> Answer {
    let mut ids = Vec::new();
    realm.each_session(|session| {
        if is_wanted(request, session) {
            ids.push(Value::from(session.id().get()));
        }
    });
    Ok(vec![ids.into()])
}

pub(super) fn get(realm: &Realm, request: &Request<'_>, _: &mut Turn) -> Answer {
    let session = realm.session(request.id("session"))?;
    Ok(vec![details(&session).into()])
}

/// A list of roles that is there but empty admits nobody.
fn is_wanted(request: &Request<'_>, session: &Session) -> bool {
    let role = &session.identity().authrole;
    let roles = request.get("filter_authroles").and_then(Value::as_list);
    roles.is_none_or(|roles| roles.iter().any(|wanted| wanted.as_text() == Some(role)))
}

/// What others may know of a session (META-SESS-04, META-SESS-22). Of the connection no address, no headers, no cookies:
/// whoever joins can ask.
pub(super) fn details(session: &Session) -> Dict {
    let (identity, info) = (session.identity(), session.info());
    let transport = Dict::new()
        .with("type", info.transport.as_str())
        .with("protocol", format!("wamp.2.{}", session.format().serializer().name()))
        .with("secure", info.secure);
    Dict::new()
        .with("session", session.id().get())
        .with("authid", identity.authid.as_str())
        .with("authrole", identity.authrole.as_str())
        .with("authmethod", session.authmethod())
        .with("authprovider", identity.authprovider.as_str())
        .with("transport", transport)
}

/// The error of those who name a session that is not there.
pub(super) fn no_such_session(id: Option<Id>) -> Refusal {
    let text = id.map_or("that number is no session's".to_owned(), |id| format!("there is no session {id}"));
    Refusal::new(uri::NO_SUCH_SESSION, text)
}

impl Realm {
    /// Shows every session that is in this realm, and that nobody has killed.
    pub(super) fn each_session(&self, mut show: impl FnMut(&Arc<Session>)) {
        let sessions = self.sessions.pin();
        sessions.values().filter(|session| session.fate() == Fate::Open).for_each(&mut show);
    }

    /// A session of this realm (META-SESS-06, META-SESS-09).
    pub(super) fn session(&self, id: Option<Id>) -> Result<Arc<Session>, Refusal> {
        let session = id.and_then(|id| self.sessions.pin().get(&id).cloned());
        session.filter(|session| session.fate() == Fate::Open).ok_or_else(|| no_such_session(id))
    }
}
