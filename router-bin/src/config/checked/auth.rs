//! The ways of logging in, checked.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crossway_certificate::Rule;
use crossway_cryptosign::ChannelBinding;
use crossway_hook::HookOptions;
use crossway_jwt::Tokens;
use crossway_users::{FileOptions, KdfOptions, ScramDialect, User, Users};
use zeroize::Zeroizing;

use crate::config::tree::Span;

/// A way of logging in.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Auth {
    /// Without credentials.
    Anonymous { role: String },
    /// The client shows a secret.
    Ticket { users: UserSource },
    /// The client signs with a key.
    WampCra { users: UserSource },
    /// The client proves that it knows a password.
    Scram { dialect: ScramDialect, users: UserSource },
    /// With a TLS client certificate.
    Certificate { rules: Vec<Rule>, users: Option<UsersFile> },
    /// As whoever logged in before.
    Cookie,
    /// Somebody else decides.
    Elsewhere(Elsewhere),
    /// With a private key.
    Cryptosign(Cryptosign),
    /// With a token that an issuer has signed.
    Jwt(Jwt),
}

impl Auth {
    /// The name in the configuration and in the protocol.
    pub(crate) fn method(&self) -> &str {
        match self {
            Auth::Elsewhere(elsewhere) => &elsewhere.method,
            Auth::Anonymous { .. } => "anonymous",
            Auth::Ticket { .. } => "ticket",
            Auth::Certificate { .. } => "tls",
            Auth::Cookie => "cookie",
            Auth::Cryptosign(_) => "cryptosign",
            Auth::WampCra { .. } => "wampcra",
            Auth::Scram { dialect, .. } => dialect.method(),
            Auth::Jwt(_) => "jwt",
        }
    }

    /// The names that clients may say for it: tokens may be shown under that of tickets.
    pub(crate) fn methods(&self) -> impl Iterator<Item = &str> {
        let as_ticket = matches!(self, Auth::Jwt(Jwt { shown, .. }) if shown.contains(&Shown::Ticket));
        std::iter::once(self.method()).chain(as_ticket.then_some("ticket"))
    }

    /// The roles that may be given to who logs in, some perhaps more than once; `None`: nobody knows before.
    pub(crate) fn roles(&self) -> Option<Vec<&str>> {
        match self {
            Auth::Anonymous { role } => Some(vec![role]),
            Auth::Certificate { rules, users: None } => {
                Some(rules.iter().map(|rule| rule.role.as_str()).collect())
            }
            Auth::Certificate { users: Some(_), .. } => None,
            // Those of the other methods.
            Auth::Cookie => Some(Vec::new()),
            Auth::Ticket { users } | Auth::WampCra { users } | Auth::Scram { users, .. } => users.roles(),
            Auth::Cryptosign(Cryptosign { users, .. }) => users.roles(),
            Auth::Jwt(jwt) => jwt.tokens.roles(),
            Auth::Elsewhere(_) => None,
        }
    }

    /// Whether clients send the secret itself: whoever reads along has it.
    pub(crate) fn sends_secret(&self) -> bool {
        ["ticket", "cookie", "jwt"].contains(&self.method())
    }
}

impl fmt::Display for Auth {
    /// A few words for the summary.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Auth::Anonymous { role } => write!(f, "anonymous as {role}"),
            Auth::Certificate { rules, users } => {
                write!(f, "tls by {}", counted(rules.len(), "rule"))?;
                users.as_ref().map_or(Ok(()), |file| write!(f, " and the users of {}", file.path.display()))
            }
            Auth::Cookie => f.write_str("cookie"),
            Auth::Ticket { users } | Auth::WampCra { users } | Auth::Scram { users, .. } => {
                write!(f, "{} for {users}", self.method())
            }
            Auth::Cryptosign(Cryptosign { users, channel_binding, .. }) => {
                write!(f, "cryptosign for {users}")?;
                match channel_binding {
                    ChannelBinding::Required => f.write_str(", bound to TLS"),
                    ChannelBinding::Off | ChannelBinding::Optional => Ok(()),
                }
            }
            Auth::Jwt(Jwt { tokens, .. }) if tokens.issuers.is_empty() => f.write_str("jwt"),
            Auth::Jwt(Jwt { tokens, .. }) => write!(f, "jwt of {}", tokens.issuers.join(", ")),
            Auth::Elsewhere(Elsewhere { method, decider, .. }) => write!(f, "{method} as {decider} decides"),
        }
    }
}

/// A way of logging in that somebody else decides about.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Elsewhere {
    pub(crate) method: String,
    pub(crate) decider: Decider,
    /// Verdicts that are remembered, of those that may be.
    pub(crate) max_cached: usize,
}

/// Whoever decides.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Decider {
    /// A procedure.
    Procedure(Asked),
    /// An HTTP service; there is one with these options.
    Service(HookOptions),
}

/// A procedure of a realm that the router asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) uri: String,
    pub(crate) realm: String,
    /// How long an answer may take.
    pub(crate) timeout: Duration,
    /// Questions at a time.
    pub(crate) max_concurrent: usize,
}

impl fmt::Display for Decider {
    /// Without what a URL may say behind `?`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Decider::Procedure(Asked { uri, realm, .. }) => write!(f, "{uri} of {realm}"),
            Decider::Service(options) => f.write_str(options.url.split('?').next().unwrap_or_default()),
        }
    }
}

/// A realm that was named somewhere, before it is known which there are.
#[derive(Clone, Debug)]
pub(crate) struct Mention {
    pub(crate) realm: String,
    pub(crate) span: Span,
    /// The key that names it.
    pub(crate) path: String,
}

/// `1 user`, `2 users`
fn counted(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

/// Where the users of a method are.
#[derive(Clone, Debug)]
pub(crate) enum UserSource {
    /// In the config file; at least one. Their secrets are verifiers already.
    Listed(Vec<User>),
    /// In a file of their own, which may change.
    File(UsersFile),
}

impl PartialEq for UserSource {
    /// Secrets are not compared: they are not there any more.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (UserSource::Listed(one), UserSource::Listed(other)) => {
                format!("{one:?}") == format!("{other:?}")
            }
            (UserSource::File(one), UserSource::File(other)) => one == other,
            _ => false,
        }
    }
}

impl UserSource {
    fn roles(&self) -> Option<Vec<&str>> {
        match self {
            UserSource::Listed(users) => Some(users.iter().map(User::role).collect()),
            UserSource::File(_) => None,
        }
    }
}

impl fmt::Display for UserSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UserSource::Listed(users) => f.write_str(&counted(users.len(), "user")),
            UserSource::File(file) => write!(f, "the users of {}", file.path.display()),
        }
    }
}

/// A file of users that has been read.
#[derive(Clone, Debug)]
pub(crate) struct UsersFile {
    pub(crate) path: PathBuf,
    pub(crate) users: Users,
}

impl PartialEq for UsersFile {
    fn eq(&self, other: &UsersFile) -> bool {
        self.path == other.path
    }
}

/// What logging in may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AuthLimits {
    /// The threads for functions that are slow on purpose.
    pub(crate) kdf: KdfOptions,
    /// The longest file of users, in bytes.
    pub(crate) max_users_file: u64,
}

impl Default for AuthLimits {
    fn default() -> Self {
        AuthLimits { kdf: KdfOptions::default(), max_users_file: FileOptions::new("").max_bytes }
    }
}

/// What cryptosign needs to know.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Cryptosign {
    pub(crate) users: UserSource,
    /// The private key that the router proves its own identity with, good as it is.
    pub(crate) router_key: Option<Secret>,
    pub(crate) channel_binding: ChannelBinding,
}

/// What JWT needs to know.
#[derive(Clone, Debug)]
pub(crate) struct Jwt {
    /// Which tokens are good. The keys have been read.
    pub(crate) tokens: Arc<Tokens>,
    /// At least one.
    pub(crate) shown: Vec<Shown>,
}

impl PartialEq for Jwt {
    /// As far as can be told without looking at keys.
    fn eq(&self, other: &Self) -> bool {
        self.shown == other.shown && format!("{:?}", self.tokens) == format!("{:?}", other.tokens)
    }
}

/// How a client shows its token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// In the header of the request that opens the transport.
    Header,
    /// As the answer to a challenge.
    Challenge,
    /// As a ticket.
    Ticket,
}

/// Text that is not shown, and wiped when it is dropped.
#[derive(Clone, PartialEq)]
pub(crate) struct Secret(Zeroizing<String>);

impl Secret {
    pub(crate) fn new(text: impl Into<String>) -> Secret {
        Secret(Zeroizing::new(text.into()))
    }

    /// The text, for whoever needs it.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
