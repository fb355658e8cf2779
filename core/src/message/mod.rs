//! The 25 messages of WAMP with typed heads.
//!
//! Law: parse, don't validate. What leaves this module as a [`Message`] has the right number of elements of the right
//! types, ids in range and known options well typed; everything else is a [`Violation`](crate::error::Violation). URIs are checked later, because
//! a bad one is answered with ERROR, not with ABORT. The payload is never looked into.
//!
//! ```text
//!   [ code,  head ...........................,  args?, kwargs? ]
//!     Code   fields of the message's struct     Payload: a slice of the frame
//! ```

mod code;
mod elements;
mod layouts;
mod names;
mod options;
mod passthru;
mod payload;

pub use code::Code;
pub use elements::{RequestType, Revocation};
pub use layouts::*;
pub use names::{CancelMode, EncAlgo, Invoke, Match};
pub use options::{
    CallOptions, CancelOptions, EventDetails, InterruptOptions, InvocationDetails, Options, PublishOptions,
    RegisterOptions, ResultDetails, SubscribeOptions,
};
pub use passthru::Passthru;
pub use payload::Payload;

use std::borrow::Cow;

/// A string of a message head, borrowed from the frame where its serializer permits.
pub type Text<'a> = Cow<'a, str>;
