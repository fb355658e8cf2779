//! What can go wrong, one type per question: joining, asking, being asked, and how a session ended.

use std::fmt;
use std::sync::Arc;

use crossway_core::auth::AuthError;
use crossway_core::serializer::Unrepresentable;
use crossway_core::{Dict, Value};

/// Why there is no session.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum JoinError {
    /// The router said ABORT.
    #[error("the router refused: {reason}{}", in_parentheses(.message))]
    Refused {
        /// The URI: `wamp.error.no_such_realm`.
        reason: String,
        /// `Details.message`, a sentence for people; empty if there was none.
        message: String,
    },
    /// A challenge could not be answered.
    #[error("cannot answer the challenge: {0}")]
    Unanswerable(#[from] AuthError),
    /// The router challenged for a method that was not offered, or said something else that has no place here.
    #[error("the router broke the protocol: {0}")]
    Protocol(String),
    /// The transport ended.
    #[error("the connection was lost: {0}")]
    Lost(String),
}

fn in_parentheses(message: &str) -> String {
    if message.is_empty() { String::new() } else { format!(" ({message})") }
}

/// Why a request failed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    /// The router, or the callee behind it, answered with ERROR.
    #[error(transparent)]
    Refused(#[from] CallError),
    /// The session is over; nothing was, or will be, answered.
    #[error("{0}")]
    Ended(Arc<Ended>),
    /// The payload, or the one that was received, can't be expressed in this session's serializer.
    #[error(transparent)]
    Unrepresentable(#[from] Unrepresentable),
    /// The message is longer than the transport carries.
    #[error("a message of {length} bytes is longer than the {limit} that the router accepts")]
    TooLong {
        /// Of the message, in bytes.
        length: usize,
        /// In bytes.
        limit: usize,
    },
}

impl Error {
    /// The URI of an ERROR.
    pub fn uri(&self) -> Option<&str> {
        match self {
            Error::Refused(error) => Some(&error.uri),
            _ => None,
        }
    }
}

/// An ERROR: what a caller gets, and what a procedure may return.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CallError {
    /// What programs read.
    pub uri: String,
    /// Its arguments; by convention the first is a sentence for people.
    pub args: Vec<Value>,
    /// Its keyword arguments.
    pub kwargs: Dict,
}

impl CallError {
    /// An error without a payload.
    pub fn new(uri: impl Into<String>) -> Self {
        CallError { uri: uri.into(), ..CallError::default() }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, value: impl Into<Value>) -> Self {
        self.args.push(value.into());
        self
    }

    /// Adds a keyword argument.
    #[must_use]
    pub fn kwarg(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.kwargs.insert(key, value);
        self
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.args.first().and_then(Value::as_text) {
            Some(message) => write!(f, "{}: {message}", self.uri),
            None => f.write_str(&self.uri),
        }
    }
}

impl std::error::Error for CallError {}

/// How a session ended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Ended {
    /// This side left.
    #[error("the session has left")]
    Left,
    /// The router said GOODBYE.
    #[error("the router ended the session: {reason}")]
    Goodbye {
        /// The URI: `wamp.close.system_shutdown`.
        reason: String,
    },
    /// The router said ABORT.
    #[error("the router aborted the session: {reason}{}", in_parentheses(.message))]
    Aborted {
        /// The URI.
        reason: String,
        /// `Details.message`, a sentence for people; empty if there was none.
        message: String,
    },
    /// The router broke the protocol, or asked for more answers than it takes.
    #[error("the router broke the protocol: {0}")]
    Violated(String),
    /// The transport ended.
    #[error("the connection was lost: {0}")]
    Lost(String),
}
