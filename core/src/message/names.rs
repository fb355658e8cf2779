//! Attributes that are one of a few words.

use super::options::Attribute;
use crate::value::Value;

/// Enumerations that are strings on the wire.
macro_rules! names {
    ($(#[$meta:meta])* $type:ident, $expected:literal { $($(#[doc = $doc:literal])+ $variant:ident = $name:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $type {
            $($(#[doc = $doc])+ $variant,)*
        }

        impl $type {
            /// The spelling on the wire.
            pub fn name(self) -> &'static str {
                match self {
                    $($type::$variant => $name,)*
                }
            }
        }

        impl Attribute for $type {
            const EXPECTED: &'static str = $expected;
            fn from_value(value: Value) -> Option<Self> {
                match value.as_text()? {
                    $($name => Some($type::$variant),)*
                    _ => None,
                }
            }
            fn into_value(self) -> Value {
                self.name().into()
            }
        }
    };
}

names! {
    /// How a topic or procedure is compared with a subscription or registration.
    Match, "\"exact\", \"prefix\" or \"wildcard\"" {
        /// Equal.
        Exact = "exact",
        /// Begins with.
        Prefix = "prefix",
        /// Equal but for empty components, which stand for any.
        Wildcard = "wildcard",
    }
}

names! {
    /// Which of several callees of one procedure gets a call.
    Invoke, "\"single\", \"roundrobin\", \"random\", \"first\", \"last\" or \"least_pending\"" {
        /// There is only one.
        Single = "single",
        /// One after the other.
        RoundRobin = "roundrobin",
        /// Any.
        Random = "random",
        /// The one that registered first.
        First = "first",
        /// The one that registered last.
        Last = "last",
        /// The one with the fewest unanswered invocations. Not in the specification.
        LeastPending = "least_pending",
    }
}

names! {
    /// How CANCEL ends a call.
    CancelMode, "\"skip\", \"kill\" or \"killnowait\"" {
        /// The caller is answered at once, the callee not told.
        Skip = "skip",
        /// The callee is interrupted, and its answer waited for.
        Kill = "kill",
        /// The caller is answered at once and the callee interrupted.
        KillNoWait = "killnowait",
    }
}

names! {
    /// Encryption of a payload in the layout that came before payload passthru mode; known to be checked, not used.
    EncAlgo, "\"cryptobox\", \"mqtt\" or \"xbr\"" {
        /// NaCl cryptobox.
        CryptoBox = "cryptobox",
        /// Bridged MQTT payload.
        Mqtt = "mqtt",
        /// XBR.
        Xbr = "xbr",
    }
}
