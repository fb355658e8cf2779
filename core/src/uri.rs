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
        self.check_with(Empty::None, uri)
    }

    /// Checks a URI that may have empty components, as those of patterns do.
    #[inline]
    pub(crate) fn check_with(self, empty: Empty, uri: &str) -> Result<(), UriError> {
        match self {
            // Almost every URI is plain ASCII: one pass over the bytes decides.
            UriRule::Strict => {
                check_bytes(empty, uri, |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'z' | b'_'))
            }
            UriRule::Loose => check_bytes(empty, uri, |byte| byte.is_ascii_graphic() && byte != b'#'),
        }
        .or_else(|()| self.check_slowly(empty, uri))
    }

    /// Character by character; says what is wrong, and knows the whitespace beyond ASCII.
    #[cold]
    fn check_slowly(self, empty: Empty, uri: &str) -> Result<(), UriError> {
        let permitted = |c: char| match self {
            UriRule::Strict => matches!(c, '0'..='9' | 'a'..='z' | '_'),
            UriRule::Loose => c != '#' && !c.is_whitespace(),
        };
        let mut components = uri.split('.').peekable();
        while let Some(component) = components.next() {
            let last = components.peek().is_none();
            if component.is_empty() && !empty.permitted(last) {
                return Err(UriError::EmptyComponent);
            }
            if let Some(c) = component.chars().find(|c| !permitted(*c)) {
                return Err(UriError::Character(c));
            }
        }
        Ok(())
    }
}

/// Which components of a URI may be empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Empty {
    None,
    Last,
    Any,
}

impl Empty {
    fn permitted(self, last: bool) -> bool {
        match self {
            Empty::None => false,
            Empty::Last => last,
            Empty::Any => true,
        }
    }
}

/// Whether `uri` is components of permitted bytes; `Err` also where only a closer look can tell.
#[inline]
fn check_bytes(empty: Empty, uri: &str, permitted: impl Fn(u8) -> bool) -> Result<(), ()> {
    let mut after_dot = true;
    for &byte in uri.as_bytes() {
        let dot = byte == b'.';
        if (dot && after_dot && !empty.permitted(false)) || !(dot || permitted(byte)) {
            return Err(());
        }
        after_dot = dot;
    }
    if after_dot && !empty.permitted(true) { Err(()) } else { Ok(()) }
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
    /// Reflection was asked for a topic that the router does not publish to. Not in the specification.
    NO_SUCH_TOPIC = "wamp.error.no_such_topic";
    /// Reflection was asked for an error that the router does not know. Not in the specification.
    NO_SUCH_ERROR = "wamp.error.no_such_error";
    /// The session may not do that.
    NOT_AUTHORIZED = "wamp.error.not_authorized";
    /// Nobody could say whether the session may do that.
    AUTHORIZATION_FAILED = "wamp.error.authorization_failed";
    /// HELLO named a realm that does not exist.
    NO_SUCH_REALM = "wamp.error.no_such_realm";
    /// The role that HELLO asks for is not the client's, or there is none of this name.
    NO_SUCH_ROLE = "wamp.error.no_such_role";
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
    /// Why a registration is revoked: another callee has taken the procedure by `force_reregister`. Ours as well.
    PROCEDURE_TAKEN = "crossway.reason.procedure_taken";
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

    // covers: URI-02, URI-04, URI-05, URI-13, PS-PAT-13
    #[test]
    fn components_of_patterns_may_be_empty_at_the_end_of_a_prefix_and_anywhere_in_a_wildcard() {
        use crate::message::Match::{Exact, Prefix, Wildcard};
        let good: [(&[_], &[&str]); 3] = [
            (&[Exact, Prefix, Wildcard], &["com", "com.myapp.topic1", "a_b.c_9"]),
            (&[Prefix, Wildcard], &["", "a.", "com.myapp."]),
            (&[Wildcard], &[".", "..", ".a", "a..b", ".a..b..", "..."]),
        ];
        for (policies, uris) in good {
            for policy in [Exact, Prefix, Wildcard] {
                for uri in uris {
                    let expected =
                        if policies.contains(&policy) { Ok(()) } else { Err(UriError::EmptyComponent) };
                    assert_eq!(UriRule::Loose.check_pattern(policy, uri), expected, "{policy:?} {uri:?}");
                    assert_eq!(UriRule::Strict.check_pattern(policy, uri), expected, "{policy:?} {uri:?}");
                }
            }
        }
    }

    #[test]
    fn patterns_obey_the_rule_like_other_uris() {
        use crate::message::Match::{Exact, Prefix, Wildcard};
        for policy in [Exact, Prefix, Wildcard] {
            for uri in LOOSE_ONLY {
                assert_eq!(UriRule::Loose.check_pattern(policy, uri), Ok(()), "{policy:?} {uri:?}");
                assert!(UriRule::Strict.check_pattern(policy, uri).is_err(), "{policy:?} {uri:?}");
            }
            for uri in ["a b", "a#b", "a.b#", "a\u{a0}b", "a.\u{2003}"] {
                let loose = UriRule::Loose.check_pattern(policy, uri);
                assert!(matches!(loose, Err(UriError::Character(_))), "{policy:?} {uri:?}");
                assert!(UriRule::Strict.check_pattern(policy, uri).is_err(), "{policy:?} {uri:?}");
            }
        }
        assert_eq!(UriRule::Loose.check_pattern(Wildcard, ".\u{a0}."), Err(UriError::Character('\u{a0}')));
        assert_eq!(UriRule::Loose.check_pattern(Prefix, "müller."), Ok(()));
        assert_eq!(UriRule::Loose.check_pattern(Prefix, "müller..a"), Err(UriError::EmptyComponent));
        assert_eq!(UriRule::Loose.check_pattern(Wildcard, "müller..a"), Ok(()));
    }

    #[test]
    fn only_the_component_wamp_is_reserved() {
        assert!(is_reserved("wamp.session.count") && is_reserved("wamp"));
        assert!(!is_reserved("wampum.x") && !is_reserved("com.wamp.x"));
    }
}
