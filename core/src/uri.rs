//! URIs: the rules of section "URIs" of the specification, and the names that it predefines.

/// HELLO named a realm that does not exist.
pub const NO_SUCH_REALM: &str = "wamp.error.no_such_realm";
/// Credentials were wrong.
pub const AUTHENTICATION_DENIED: &str = "wamp.error.authentication_denied";
/// Authentication broke down.
pub const AUTHENTICATION_FAILED: &str = "wamp.error.authentication_failed";
