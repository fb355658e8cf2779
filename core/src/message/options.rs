//! Options and details with typed attributes.
//!
//! Law: unknown attributes are ignored, known ones of the wrong type are a protocol violation (MSG-11, MSG-12).

use super::names::{CancelMode, EncAlgo, Invoke, Match};
use super::passthru::Passthru;
use crate::error::Violation;
use crate::id::Id;
use crate::value::{Dict, Value};

/// A typed attribute of an options or details dictionary.
pub(super) trait Attribute: Sized {
    /// What is expected, for the error text.
    const EXPECTED: &'static str;
    fn from_value(value: Value) -> Option<Self>;
    fn into_value(self) -> Value;
}

macro_rules! attribute {
    ($type:ty, $expected:literal, $read:pat => $out:expr, |$x:ident| $write:expr) => {
        impl Attribute for $type {
            const EXPECTED: &'static str = $expected;
            fn from_value(value: Value) -> Option<Self> {
                match value {
                    $read => $out,
                    _ => None,
                }
            }
            fn into_value(self) -> Value {
                let $x = self;
                $write
            }
        }
    };
}

attribute!(bool, "true or false", Value::Bool(truth) => Some(truth), |x| Value::Bool(x));
attribute!(u64, "a non-negative integer", Value::Uint(number) => Some(number), |x| Value::Uint(x));
attribute!(Id, "an id from 1 to 2^53", Value::Uint(number) => Id::new(number), |x| Value::Uint(x.get()));
attribute!(String, "a string", Value::Text(text) => Some(text), |x| Value::Text(x));
attribute!(Dict, "a dictionary", Value::Dict(dict) => Some(dict), |x| Value::Dict(x));
attribute!(Vec<Id>, "a list of ids", Value::List(items) => items.into_iter().map(Id::from_value).collect(),
    |x| Value::List(x.into_iter().map(Id::into_value).collect()));
attribute!(Vec<String>, "a list of strings", Value::List(items) => items.into_iter().map(String::from_value).collect(),
    |x| Value::List(x.into_iter().map(String::into_value).collect()));
attribute!(Vec<Dict>, "a list of dictionaries", Value::List(items) => items.into_iter().map(Dict::from_value).collect(),
    |x| Value::List(x.into_iter().map(Dict::into_value).collect()));

/// A dictionary with typed attributes.
pub trait Options: Default {
    /// Reads the attributes that are known; `message` names the message for errors.
    ///
    /// # Errors
    /// A known attribute of the wrong type.
    fn from_dict(message: &'static str, dict: Dict) -> Result<Self, Violation>;

    /// The attributes that are present.
    fn into_dict(self) -> Dict;
}

impl Options for Dict {
    fn from_dict(_: &'static str, dict: Dict) -> Result<Self, Violation> {
        Ok(dict)
    }
    fn into_dict(self) -> Dict {
        self
    }
}

macro_rules! options {
    ($(#[$meta:meta])* $type:ident $(and $ppt:ident)? { $($(#[doc = $doc:literal])+ $key:literal $field:ident: $attribute:ty,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct $type {
            $($(#[doc = $doc])+ pub $field: Option<$attribute>,)*
            $(
                /// Payload passthru mode: `ppt_scheme` and what goes with it.
                pub $ppt: Passthru,
            )?
        }

        impl Options for $type {
            fn from_dict(message: &'static str, dict: Dict) -> Result<Self, Violation> {
                let mut options = Self::default();
                for (key, value) in dict {
                    match key.as_str() {
                        $($key => options.$field = Some(attribute(message, $key, value)?),)*
                        $(key if options.$ppt.knows(key) => options.$ppt.read(message, key, value)?,)?
                        _ => {}
                    }
                }
                Ok(options)
            }

            fn into_dict(self) -> Dict {
                let mut dict = Dict::new();
                $(if let Some(value) = self.$field {
                    dict.insert($key, value.into_value());
                })*
                $(self.$ppt.write(&mut dict);)?
                dict
            }
        }
    };
}

pub(super) fn attribute<T: Attribute>(
    message: &'static str,
    key: &'static str,
    value: Value,
) -> Result<T, Violation> {
    T::from_value(value).ok_or_else(|| Violation::new(format!("{message}.{key} has to be {}", T::EXPECTED)))
}

options! {
    /// `PUBLISH.Options`.
    PublishOptions and ppt {
        /// Whether the publisher wants PUBLISHED.
        "acknowledge" acknowledge: bool,
        /// Whether the publisher itself is left out; true if absent.
        "exclude_me" exclude_me: bool,
        /// Sessions that get nothing.
        "exclude" exclude: Vec<Id>,
        /// Users that get nothing.
        "exclude_authid" exclude_authid: Vec<String>,
        /// Roles that get nothing.
        "exclude_authrole" exclude_authrole: Vec<String>,
        /// The only sessions that may get the event.
        "eligible" eligible: Vec<Id>,
        /// The only users that may get the event.
        "eligible_authid" eligible_authid: Vec<String>,
        /// The only roles that may get the event.
        "eligible_authrole" eligible_authrole: Vec<String>,
        /// Whether subscribers are told who published.
        "disclose_me" disclose_me: bool,
        /// Whether the event is kept for later subscribers.
        "retain" retain: bool,
        /// Key of a sharded subscription.
        "rkey" rkey: String,
        /// Checked only: not in the specification, but in its test vectors.
        "transaction_hash" transaction_hash: String,
        /// Checked only: routers on the way here.
        "forward_for" forward_for: Vec<Dict>,
        /// Checked only: layout before payload passthru mode.
        "enc_algo" enc_algo: EncAlgo,
        /// Checked only: layout before payload passthru mode.
        "enc_key" enc_key: String,
        /// Checked only: layout before payload passthru mode.
        "enc_serializer" enc_serializer: String,
    }
}

options! {
    /// `SUBSCRIBE.Options`.
    SubscribeOptions {
        /// How the topic is compared; exact if absent.
        "match" policy: Match,
        /// Whether a retained event is wanted.
        "get_retained" get_retained: bool,
        /// Node key of a sharded subscription.
        "nkey" nkey: String,
        /// Checked only: routers on the way here.
        "forward_for" forward_for: Vec<Dict>,
    }
}

options! {
    /// `EVENT.Details`.
    EventDetails and ppt {
        /// Session of the publisher, where it is disclosed.
        "publisher" publisher: Id,
        /// User of the publisher, where it is disclosed.
        "publisher_authid" publisher_authid: String,
        /// Role of the publisher, where it is disclosed.
        "publisher_authrole" publisher_authrole: String,
        /// Trust level of the publication.
        "trustlevel" trustlevel: u64,
        /// The topic, for pattern-based subscriptions.
        "topic" topic: String,
        /// Whether the event was retained.
        "retained" retained: bool,
        /// The payload was left out because it is longer than the subscriber accepts.
        "payload_limit_exceeded" payload_limit_exceeded: bool,
        /// How many events the subscriber lost before this one because it was too slow.
        "_lost" lost: u64,
        /// Checked only: not in the specification, but in its test vectors.
        "transaction_hash" transaction_hash: String,
        /// Checked only: not in the specification, but in its test vectors.
        "x_acknowledged_delivery" x_acknowledged_delivery: bool,
        /// Checked only: routers on the way here.
        "forward_for" forward_for: Vec<Dict>,
        /// Checked only: layout before payload passthru mode.
        "enc_algo" enc_algo: EncAlgo,
        /// Checked only: layout before payload passthru mode.
        "enc_key" enc_key: String,
        /// Checked only: layout before payload passthru mode.
        "enc_serializer" enc_serializer: String,
    }
}

options! {
    /// `CALL.Options`.
    CallOptions and ppt {
        /// Whether the caller takes progressive results.
        "receive_progress" receive_progress: bool,
        /// Whether more CALLs with this id follow.
        "progress" progress: bool,
        /// Milliseconds.
        "timeout" timeout: u64,
        /// Whether the callee is told who calls.
        "disclose_me" disclose_me: bool,
        /// How a sharded registration is called.
        "runmode" runmode: String,
        /// Resource key: the callee of a sharded registration that has it in its care is called.
        "rkey" rkey: String,
    }
}

options! {
    /// `CANCEL.Options`.
    CancelOptions {
        /// How the call ends; [`CancelMode::KillNoWait`] if absent.
        "mode" mode: CancelMode,
    }
}

options! {
    /// `REGISTER.Options`.
    RegisterOptions {
        /// How the procedure is compared; exact if absent.
        "match" policy: Match,
        /// Who of several callees is called; [`Invoke::Single`] if absent.
        "invoke" invoke: Invoke,
        /// Whether every caller is disclosed to this callee.
        "disclose_caller" disclose_caller: bool,
        /// Whether the callee takes care of timeouts.
        "forward_timeout" forward_timeout: bool,
        /// How many invocations the callee takes at a time. Not in the specification, but in Autobahn.
        "concurrency" concurrency: u64,
        /// Whether whoever holds the procedure loses it. Not in the specification, but in Autobahn.
        "force_reregister" force_reregister: bool,
        /// Node key: names the callee in a sharded registration. Not in the specification.
        "nkey" nkey: String,
        /// The longest that a call may take, in milliseconds. Not in the specification.
        "_timeout" timeout: u64,
    }
}

options! {
    /// `INVOCATION.Details`.
    InvocationDetails and ppt {
        /// Session of the caller, where it is disclosed.
        "caller" caller: Id,
        /// User of the caller, where it is disclosed.
        "caller_authid" caller_authid: String,
        /// Role of the caller, where it is disclosed.
        "caller_authrole" caller_authrole: String,
        /// Trust level of the call.
        "trustlevel" trustlevel: u64,
        /// The procedure, for pattern-based registrations.
        "procedure" procedure: String,
        /// Whether the caller takes progressive results.
        "receive_progress" receive_progress: bool,
        /// Whether more INVOCATIONs with this id follow.
        "progress" progress: bool,
        /// Milliseconds.
        "timeout" timeout: u64,
    }
}

options! {
    /// `INTERRUPT.Options`.
    InterruptOptions {
        /// How the call ended.
        "mode" mode: CancelMode,
    }
}

options! {
    /// `YIELD.Options` and `RESULT.Details`.
    ResultDetails and ppt {
        /// Whether more results of this call follow.
        "progress" progress: bool,
    }
}
