//! Who is at the other end, as far as the carrier knows.

use std::sync::Arc;
use std::time::Duration;

use crossway_core::Secret;
use crossway_core::transport::{Evidence, Met, TransportInfo, Visitors};

/// What a carrier knows about a connection; each handshake adds what it learns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Peer {
    /// The listener it came through, as configured. [`serve()`](crate::serve()) fills it in.
    pub transport: String,
    /// `127.0.0.1:50122`, or empty where the carrier has no addresses.
    pub address: String,
    /// Whether the octets are encrypted on the way.
    pub secure: bool,
    /// Whether the peer runs on this host.
    pub local: bool,
    /// The realms that may be joined through this connection; empty means all.
    pub realms: Vec<String>,
    /// The ways of logging in that the listener allows; `None` means all. [`serve()`](crate::serve()) fills it in.
    pub authmethods: Option<Arc<[String]>>,
    /// What may authenticate the peer.
    pub auth: Option<Box<Evidence>>,
    /// How long it may be silent before it is probed. [`serve()`](crate::serve()) fills it in.
    pub keepalive: Option<Duration>,
}

impl Peer {
    /// Notes what may authenticate an HTTP client: `cookie`, the headers of that name as one (RFC 6265), and `authorization`.
    /// Both are secrets, so they appear in no log. Called by handshakes that begin with a request.
    pub fn learn<'a>(&mut self, cookies: impl Iterator<Item = &'a str>, authorization: Option<&str>) {
        let cookies: Vec<_> = cookies.collect();
        if !cookies.is_empty() {
            self.evidence().cookie = Some(cookies.join("; ").into());
        }
        if let Some(authorization) = authorization {
            self.evidence().authorization = Some(authorization.into());
        }
    }

    /// Notes what an HTTP client is known by; returns what `Set-Cookie` has to say, if anything. Called after
    /// [`learn`](Self::learn), when it is clear that there will be a transport.
    pub fn meet(&mut self, visitors: Option<&Arc<dyn Visitors>>) -> Option<Secret> {
        let cookie = self.auth.as_ref().and_then(|auth| auth.cookie.as_deref());
        let Met { visitor, set_cookie } = visitors?.meet(cookie, self.secure);
        self.evidence().visitor = Some(visitor);
        set_cookie
    }

    /// Where handshakes put what they learn.
    pub fn evidence(&mut self) -> &mut Evidence {
        self.auth.get_or_insert_default()
    }
}

impl From<Peer> for TransportInfo {
    fn from(peer: Peer) -> Self {
        let Peer { transport, address, secure, local, realms, authmethods, auth, keepalive: _ } = peer;
        TransportInfo { transport, peer: address, secure, local, realms, authmethods, auth }
    }
}
