//! Authentication by cookie: who has logged in once, by another method, is known again.
//!
//! ```text
//!   HTTP request ──> Cookies::meet ── signed by us, not expired, remembered? ── yes ──> the same id
//!                                                 │ no
//!                                                 v
//!                                        a new id: Set-Cookie
//!
//!   HELLO {authmethods: ["cookie", "ticket"]} ──> remembered for this realm? ── yes ──> WELCOME
//!                                                 │ no: the next method
//!                                                 v
//!                                        logged in by a ticket ──> remembered, if the id is new
//! ```
//!
//! A cookie carries a random id, when it was made, and a signature (HMAC-SHA256) over both; whose it is, is known to the router
//! alone. The table is in memory, so a restart forgets everybody.
//!
//! Laws: what is forged, altered or expired never reaches the table, and making ids costs nothing but the answer. An id stands
//! for logins of that one connection only on which it was made: somebody who plants a cookie of his own into another's browser
//! gains nothing, since what is not remembered is replaced before anybody logs in, and what is remembered is never given to a
//! second user. Anonymous clients are not remembered, nor are those who showed a token or a certificate: how long these hold is
//! said elsewhere.
//!
//! What it does not do: a user who is taken out of a users file or gets another role there, and one whose session was killed,
//! comes back by cookie as who they were until `max_age` is over; and pages of other sites
//! that may connect bring the cookie along unless `SameSite` says otherwise; so name the origins that may.

mod jar;
mod table;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use crossway_core::auth::{AuthError, AuthRequest, Authenticator, Challenger, Identity};
use crossway_core::limits::Counter;
use crossway_core::transport::{Met, Visitor, Visitors};
use parking_lot::Mutex;
use tokio::time::Instant;
use zeroize::Zeroizing;

use jar::Jar;
use table::Table;

/// What is said of cookies.
#[derive(Clone, PartialEq, Eq)]
pub struct CookieOptions {
    /// The cookie's name: letters, digits, `-`, `_`. `cbtid`, as Crossbar.io has it. A name that begins with `__Host-` is
    /// taken by browsers from this very host only, and over TLS only.
    pub name: String,
    /// Keys for signatures, the newest first: it signs, all verify. Empty, the default: a random one, until the router stops.
    pub keys: Vec<Zeroizing<Vec<u8>>>,
    /// How long a login is remembered. 24 h.
    pub max_age: Duration,
    /// Which pages of other sites bring the cookie along. `Lax`.
    pub same_site: SameSite,
    /// Logins that are remembered; beyond that the oldest are forgotten. 100,000.
    pub max_logins: usize,
}

impl Default for CookieOptions {
    fn default() -> Self {
        CookieOptions {
            name: "cbtid".to_owned(),
            keys: Vec::new(),
            max_age: Duration::from_secs(24 * 60 * 60),
            same_site: SameSite::Lax,
            max_logins: 100_000,
        }
    }
}

impl fmt::Debug for CookieOptions {
    /// Without the keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CookieOptions")
            .field("name", &self.name)
            .field("keys", &self.keys.len())
            .field("max_age", &self.max_age)
            .field("same_site", &self.same_site)
            .field("max_logins", &self.max_logins)
            .finish()
    }
}

/// The attribute of that name (RFC 6265bis).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SameSite {
    /// Pages of other sites do not bring the cookie along, however they link to us.
    Strict,
    /// They do when a person follows a link, which opens no WebSocket.
    #[default]
    Lax,
    /// They do. Browsers want `Secure` with it.
    None,
}

/// The cookies of a router: one value for all listeners that make them and all realms that take them.
pub struct Cookies {
    jar: Jar,
    table: Mutex<Table>,
    /// Logins forgotten because of [`CookieOptions::max_logins`].
    pub forgotten: Counter,
}

impl Cookies {
    /// Nobody is remembered yet.
    pub fn new(options: CookieOptions) -> Self {
        let table = Table::new(options.max_age, options.max_logins);
        Cookies { jar: Jar::new(options), table: Mutex::new(table), forgotten: Counter::default() }
    }

    fn remembered(&self, visitor: Option<Visitor>, realm: &str) -> Option<Identity> {
        self.table.lock().get(visitor?.id, realm, Instant::now())
    }
}

impl fmt::Debug for Cookies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cookies").finish_non_exhaustive()
    }
}

impl Visitors for Cookies {
    fn meet(&self, cookie: Option<&str>, secure: bool) -> Met {
        let now = SystemTime::now();
        let shown = cookie.and_then(|cookie| self.jar.find(cookie, now));
        match shown.filter(|shown| self.table.lock().has(shown.id, Instant::now())) {
            Some(shown) => Met {
                visitor: Visitor { id: shown.id, fresh: false },
                set_cookie: (!shown.current).then(|| self.jar.renew(&shown, secure, now)),
            },
            None => {
                let (id, set_cookie) = self.jar.make(secure, now);
                Met { visitor: Visitor { id, fresh: true }, set_cookie: Some(set_cookie) }
            }
        }
    }
}

/// Lets in who is remembered. Every realm may have one over the same [`Cookies`].
#[derive(Clone, Debug)]
pub struct Cookie {
    cookies: Arc<Cookies>,
}

impl Cookie {
    /// Over these cookies.
    pub fn new(cookies: Arc<Cookies>) -> Self {
        Cookie { cookies }
    }
}

fn visitor(request: &AuthRequest) -> Option<Visitor> {
    request.transport.auth.as_ref().and_then(|auth| auth.visitor)
}

#[async_trait]
impl Authenticator for Cookie {
    fn method(&self) -> &str {
        "cookie"
    }

    /// A client that says who it is, and was somebody else when it logged in, is asked by the next method.
    async fn authenticate(
        &self,
        request: &AuthRequest,
        _: &mut dyn Challenger,
    ) -> Result<Identity, AuthError> {
        let remembered = self.cookies.remembered(visitor(request), &request.realm);
        let wanted =
            |identity: &Identity| request.authid.as_ref().is_none_or(|wanted| *wanted == identity.authid);
        remembered
            .filter(wanted)
            .ok_or_else(|| AuthError::NotApplicable("there is no login behind the cookie".to_owned()))
    }

    fn admitted(&self, request: &AuthRequest, identity: &Identity, method: &str) {
        let Some(Visitor { id, fresh: true }) = visitor(request) else { return };
        // A token that was shown as a ticket is told by who vouches for it.
        let ends_elsewhere = matches!(method, "jwt" | "tls") || identity.authprovider == "jwt";
        if ends_elsewhere || matches!(method, "anonymous" | "cookie") {
            return;
        }
        let forgotten = self.cookies.table.lock().put(id, &request.realm, identity, Instant::now());
        (0..forgotten).for_each(|_| self.cookies.forgotten.increment());
    }
}

#[cfg(test)]
mod tests;
