//! URIs: the rules of section "URIs" of the specification, and the names that it predefines.
//!
//! A URI is a list of components joined by dots. Two rules exist, and each has a form for patterns, where components may
//! be empty:
//!
//! | rule   | a component may hold                        |
//! |--------|---------------------------------------------|
//! | loose  | anything but `.`, `#` and Unicode whitespace |
//! | strict | `a`-`z`, `0`-`9` and `_`                     |

use std::fmt;

/// Which characters a URI may hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UriRule {
    /// Everything but dots, hashes and whitespace.
    #[default]
    Loose,
    /// Lower-case ASCII letters, digits and underscores.
    Strict,
}

/// Why a string is no URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UriError {
    /// A component is empty.
    EmptyComponent,
    /// A character that the rule does not permit.
    Character(char),
    /// Longer than the limit.
    TooLong {
        /// The limit in bytes.
        limit: usize,
    },
    /// The first component is `wamp`, which is reserved for the router.
    Reserved,
}

impl fmt::Display for UriError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UriError::EmptyComponent => f.write_str("a component of the URI is empty"),
            UriError::Character(c) => write!(f, "{c:?} is not allowed in a URI"),
            UriError::TooLong { limit } => {
                write!(f, "the URI is longer than {limit} bytes (limit max_uri_length)")
            }
            UriError::Reserved => f.write_str("URIs that begin with \"wamp.\" are reserved"),
        }
    }
}

impl UriRule {
    /// Checks a URI without empty components: a topic or procedure of PUBLISH, CALL and exact matching, an error, a
    /// reason, a realm (URI-01, URI-03).
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(self, uri: &str) -> Result<(), UriError> {
        match self {
            // Almost every URI is plain ASCII: one pass over the bytes decides.
            UriRule::Strict => check_bytes(uri, |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'z' | b'_')),
            UriRule::Loose => check_bytes(uri, |byte| byte.is_ascii_graphic() && byte != b'#'),
        }
        .or_else(|()| self.check_slowly(uri))
    }

    /// Character by character; says what is wrong, and knows the whitespace beyond ASCII.
    #[cold]
    fn check_slowly(self, uri: &str) -> Result<(), UriError> {
        let permitted = |c: char| match self {
            UriRule::Strict => matches!(c, '0'..='9' | 'a'..='z' | '_'),
            UriRule::Loose => c != '#' && !c.is_whitespace(),
        };
        for component in uri.split('.') {
            if component.is_empty() {
                return Err(UriError::EmptyComponent);
            }
            if let Some(c) = component.chars().find(|c| !permitted(*c)) {
                return Err(UriError::Character(c));
            }
        }
        Ok(())
    }
}

/// Whether `uri` is non-empty components of permitted bytes; `Err` also where only a closer look can tell.
fn check_bytes(uri: &str, permitted: impl Fn(u8) -> bool) -> Result<(), ()> {
    let mut after_dot = true;
    for &byte in uri.as_bytes() {
        let dot = byte == b'.';
        if (dot && after_dot) || !(dot || permitted(byte)) {
            return Err(());
        }
        after_dot = dot;
    }
    if after_dot { Err(()) } else { Ok(()) }
}

/// Whether only the router itself may publish to or register `uri` (URI-08).
pub fn is_reserved(uri: &str) -> bool {
    uri == "wamp" || uri.starts_with("wamp.")
}

macro_rules! predefined {
    ($($(#[doc = $doc:literal])+ $name:ident = $uri:literal;)*) => {$(
        $(#[doc = $doc])+
        pub const $name: &str = $uri;
    )*};
}

predefined! {
    /// A URI in a message breaks the rules.
    INVALID_URI = "wamp.error.invalid_uri";
    /// CALL of a procedure that nobody registered.
    NO_SUCH_PROCEDURE = "wamp.error.no_such_procedure";
    /// REGISTER of a procedure that somebody registered.
    PROCEDURE_ALREADY_EXISTS = "wamp.error.procedure_already_exists";
    /// UNREGISTER of a registration that this session does not hold.
    NO_SUCH_REGISTRATION = "wamp.error.no_such_registration";
    /// UNSUBSCRIBE of a subscription that this session does not hold.
    NO_SUCH_SUBSCRIPTION = "wamp.error.no_such_subscription";
    /// The payload can't be accepted, or can't be expressed in the receiver's serializer.
    INVALID_ARGUMENT = "wamp.error.invalid_argument";
    /// The call was canceled, or its callee is gone.
    CANCELED = "wamp.error.canceled";
    /// The message is longer than the receiver accepts.
    PAYLOAD_SIZE_EXCEEDED = "wamp.error.payload_size_exceeded";
    /// The peer broke the protocol.
    PROTOCOL_VIOLATION = "wamp.error.protocol_violation";
    /// An option that this router does not grant.
    OPTION_NOT_ALLOWED = "wamp.error.option_not_allowed";
    /// The callee can't take the call at the moment.
    UNAVAILABLE = "wamp.error.unavailable";
    /// No callee of the procedure can take the call at the moment.
    NO_AVAILABLE_CALLEE = "wamp.error.no_available_callee";
    /// The call took longer than it may.
    TIMEOUT = "wamp.error.timeout";
    /// The other side does not have a feature that the message uses.
    FEATURE_NOT_SUPPORTED = "wamp.error.feature_not_supported";
    /// The router does not disclose who publishes or calls.
    DISCLOSE_ME_DISALLOWED = "wamp.error.option_disallowed.disclose_me";
    /// A procedure of the session meta API was asked about a session that does not exist.
    NO_SUCH_SESSION = "wamp.error.no_such_session";
    /// The session may not do that.
    NOT_AUTHORIZED = "wamp.error.not_authorized";
    /// HELLO named a realm that does not exist.
    NO_SUCH_REALM = "wamp.error.no_such_realm";
    /// No authentication method that both sides have.
    NO_MATCHING_AUTH_METHOD = "wamp.error.no_matching_auth_method";
    /// Credentials were wrong.
    AUTHENTICATION_DENIED = "wamp.error.authentication_denied";
    /// Authentication broke down.
    AUTHENTICATION_FAILED = "wamp.error.authentication_failed";
    /// The realm does not let anonymous clients in.
    AUTHENTICATION_REQUIRED = "wamp.error.authentication_required";
    /// The router is going down.
    SYSTEM_SHUTDOWN = "wamp.close.system_shutdown";
    /// The realm is left, or closes.
    CLOSE_REALM = "wamp.close.close_realm";
    /// Somebody ended the session by way of the session meta API.
    KILLED = "wamp.close.killed";
    /// The answer to GOODBYE.
    GOODBYE_AND_OUT = "wamp.close.goodbye_and_out";
    /// A limit of this router was reached; the message says which. Not in the specification, which has no word for it.
    LIMIT_EXCEEDED = "crossway.error.limit_exceeded";
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: [&str; 4] = ["com", "com.myapp.topic1", "a_b.c_9", "0.1"];
    const LOOSE_ONLY: [&str; 4] = ["Com.MyApp", "com.my-app", "com.müller.straße", "a/b.c:d"];
    const BAD: [&str; 9] = ["", ".", "a.", ".a", "a..b", "a b", "a#b", "a\u{a0}b", "a.\u{2003}"];

    #[test]
    fn the_loose_rule_refuses_empty_components_hashes_and_unicode_whitespace() {
        for uri in GOOD.iter().chain(&LOOSE_ONLY) {
            assert_eq!(UriRule::Loose.check(uri), Ok(()), "{uri:?}");
        }
        for uri in BAD {
            assert!(UriRule::Loose.check(uri).is_err(), "{uri:?}");
        }
        assert_eq!(UriRule::Loose.check("a\u{a0}b"), Err(UriError::Character('\u{a0}')));
    }

    #[test]
    fn the_strict_rule_permits_lower_case_ascii_digits_and_underscore() {
        for uri in GOOD {
            assert_eq!(UriRule::Strict.check(uri), Ok(()), "{uri:?}");
        }
        for uri in BAD.iter().chain(&LOOSE_ONLY) {
            assert!(UriRule::Strict.check(uri).is_err(), "{uri:?}");
        }
    }

    #[test]
    fn only_the_component_wamp_is_reserved() {
        assert!(is_reserved("wamp.session.count") && is_reserved("wamp"));
        assert!(!is_reserved("wampum.x") && !is_reserved("com.wamp.x"));
    }
}
