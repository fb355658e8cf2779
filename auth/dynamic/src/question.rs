//! What a decider is told.

use std::fmt::{self, Write};

use aws_lc_rs::digest::{SHA256, digest};
use crossway_core::auth::AuthRequest;
use crossway_core::transport::TransportInfo;
use crossway_core::{Dict, Secret, Value};
use crossway_users::hex;
use zeroize::Zeroize;

/// Somebody wants to join. Shows nothing of itself in logs, and is wiped when it is dropped.
pub struct Question {
    /// The realm.
    pub realm: String,
    /// Who the client says it is.
    pub authid: Option<String>,
    /// The rest: `authmethod`, `authrole` if HELLO asks for one, `authextra`, `session`, `transport`, and what was shown:
    /// `ticket`.
    pub details: Dict,
}

impl Question {
    pub(crate) fn new(request: &AuthRequest, method: &str) -> Self {
        let mut details = Dict::new().with("authmethod", method);
        if let Some(role) = &request.authrole {
            details.insert("authrole", role.as_str());
        }
        details.insert("authextra", request.authextra.clone());
        details.insert("session", request.session);
        details.insert("transport", transport(&request.transport, method));
        Question { realm: request.realm.clone(), authid: request.authid.clone(), details }
    }

    pub(crate) fn show_ticket(&mut self, ticket: &Secret) {
        self.details.insert("ticket", &**ticket);
    }

    /// The authid as a value; absent is null.
    pub fn authid(&self) -> Value {
        self.authid.as_deref().map_or(Value::Null, Value::from)
    }

    /// Everything that a verdict may depend on, without a way to mistake one thing for another. The session and the port
    /// that the peer happens to have are new each time, and nothing that a verdict may be remembered for. Written piece by
    /// piece: put together it would be one more place with a secret in it.
    pub(crate) fn write_essence(&self, to: &mut impl Write) -> fmt::Result {
        let Question { realm, authid, details } = self;
        let lasting: Vec<_> =
            details.iter().filter(|(key, _)| !["session", "transport"].contains(key)).collect();
        let transport = details.get("transport").and_then(Value::as_dict);
        write!(to, "{realm:?} {authid:?} {lasting:?}")?;
        for (key, value) in transport.into_iter().flat_map(Dict::iter) {
            match key {
                "peer" => write!(to, " {key:?} {:?}", host(value))?,
                _ => write!(to, " {key:?} {value:?}")?,
            }
        }
        Ok(())
    }
}

/// An address without its port.
fn host(peer: &Value) -> &str {
    let peer = peer.as_text().unwrap_or_default();
    peer.rsplit_once(':').map_or(peer, |(host, _)| host)
}

/// Where the client comes from. What the transport learned that is a secret is for the method that lives by it.
fn transport(info: &TransportInfo, method: &str) -> Dict {
    let mut transport = Dict::new()
        .with("type", info.transport.as_str())
        .with("peer", info.peer.as_str())
        .with("secure", info.secure)
        .with("local", info.local);
    let Some(evidence) = &info.auth else { return transport };
    if let Some(who) = evidence.credentials {
        transport.insert("credentials", Dict::new().with("uid", who.uid).with("gid", who.gid));
    }
    match (method, &evidence.cookie, evidence.certificates.first()) {
        ("cookie", Some(cookie), _) => transport.insert("cookie", &**cookie),
        ("tls", _, Some(certificate)) => transport.insert("certificate_sha256", fingerprint(certificate)),
        _ => None,
    };
    transport
}

/// Of a certificate in DER, as lower-case hex.
fn fingerprint(certificate: &[u8]) -> String {
    hex::encode(digest(&SHA256, certificate).as_ref())
}

impl Drop for Question {
    fn drop(&mut self) {
        self.details.zeroize();
    }
}

impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Question").field("realm", &self.realm).finish_non_exhaustive()
    }
}
