//! The ways of logging in, checked.

use std::fmt;

use zeroize::Zeroizing;

/// A way of logging in.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Auth {
    /// Without credentials.
    Anonymous { role: String },
    /// With a shared secret.
    Ticket { users: Vec<TicketUser> },
}

impl Auth {
    /// The name in the configuration and in the protocol.
    pub(crate) fn method(&self) -> &'static str {
        match self {
            Auth::Anonymous { .. } => "anonymous",
            Auth::Ticket { .. } => "ticket",
        }
    }

    /// Whether clients send the secret itself: whoever reads along has it.
    pub(crate) fn sends_secret(&self) -> bool {
        matches!(self, Auth::Ticket { .. })
    }
}

impl fmt::Display for Auth {
    /// A few words for the summary.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Auth::Anonymous { role } => write!(f, "anonymous as {role}"),
            Auth::Ticket { users } if users.len() == 1 => f.write_str("ticket for 1 user"),
            Auth::Ticket { users } => write!(f, "ticket for {} users", users.len()),
        }
    }
}

/// Somebody who logs in with a ticket.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TicketUser {
    pub(crate) authid: String,
    pub(crate) ticket: Secret,
    pub(crate) role: String,
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
