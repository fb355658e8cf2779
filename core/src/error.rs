//! What a peer can provoke, converted in one place to what the protocol answers.
//!
//! | error         | who must act | answer                                             |
//! |---------------|--------------|----------------------------------------------------|
//! | [`Violation`] | the peer     | ABORT `wamp.error.protocol_violation`, then closed |
//! | [`Refusal`]   | the peer     | ERROR for that request; the session goes on        |

use std::borrow::Cow;

use crate::serializer::{DecodeError, Unrepresentable};
use crate::uri::{self, UriError};

/// The peer broke the protocol: its session ends.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Violation(pub Cow<'static, str>);

impl Violation {
    /// `what` says in a few words which rule, and with which value.
    pub fn new(what: impl Into<Cow<'static, str>>) -> Self {
        Violation(what.into())
    }
}

impl From<DecodeError> for Violation {
    fn from(error: DecodeError) -> Self {
        Violation::new(error.to_string())
    }
}

/// A request can't be granted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{uri}: {message}")]
pub struct Refusal {
    /// The error URI.
    pub uri: &'static str,
    /// A sentence for people, sent as the only argument.
    pub message: Cow<'static, str>,
}

impl Refusal {
    /// A refusal with the URI that programs read and the sentence that people read.
    pub fn new(uri: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Refusal { uri, message: message.into() }
    }

    /// A limit was reached: says its name and value.
    pub fn limit(name: &'static str, value: usize) -> Self {
        Refusal::new(uri::LIMIT_EXCEEDED, format!("the limit {name} = {value} is reached"))
    }
}

impl From<UriError> for Refusal {
    fn from(error: UriError) -> Self {
        Refusal::new(uri::INVALID_URI, error.to_string())
    }
}

impl From<Unrepresentable> for Refusal {
    fn from(error: Unrepresentable) -> Self {
        Refusal::new(uri::INVALID_ARGUMENT, format!("the payload {error} in the serializer of the receiver"))
    }
}

/// A request that fails, one way or the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// ERROR for the request.
    Refused(Refusal),
    /// ABORT for the session.
    Violated(Violation),
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        Fault::Refused(refusal)
    }
}

impl From<Violation> for Fault {
    fn from(violation: Violation) -> Self {
        Fault::Violated(violation)
    }
}
