//! Who may show which ticket.

use std::sync::LazyLock;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// One user's ticket and role.
pub(crate) struct User {
    ticket: Zeroizing<String>,
    role: Option<String>,
}

impl User {
    pub(crate) fn new(ticket: String, role: String) -> Self {
        User { ticket: Zeroizing::new(ticket), role: Some(role) }
    }

    /// A user that no ticket fits, to be asked in place of one that does not exist.
    pub(crate) fn nobody() -> &'static Self {
        static NOBODY: LazyLock<User> = LazyLock::new(|| User { ticket: Zeroizing::default(), role: None });
        &NOBODY
    }

    /// The role, if `shown` is the ticket. Takes the same time wherever the two differ.
    pub(crate) fn role_for(&self, shown: &str) -> Option<&str> {
        let fits = bool::from(self.ticket.as_bytes().ct_eq(shown.as_bytes()));
        self.role.as_deref().filter(|_| fits)
    }
}
