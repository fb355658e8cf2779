//! The type codes of the 25 messages.

macro_rules! codes {
    ($($code:literal $name:ident $wire:literal,)*) => {
        /// The type of a message, as its first element says it.
        #[allow(missing_docs, reason = "the names are the specification's")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u16)]
        pub enum Code {
            $($name = $code,)*
        }

        impl Code {
            /// All types, in the order of their codes.
            pub const ALL: [Code; 25] = [$(Code::$name),*];

            /// The type with this code.
            pub fn new(code: u64) -> Option<Code> {
                match code {
                    $($code => Some(Code::$name),)*
                    _ => None,
                }
            }

            /// The number.
            pub fn number(self) -> u64 {
                self as u64
            }

            /// The name as the specification writes it.
            pub fn name(self) -> &'static str {
                match self {
                    $(Code::$name => $wire,)*
                }
            }
        }
    };
}

codes! {
    1 Hello "HELLO",
    2 Welcome "WELCOME",
    3 Abort "ABORT",
    4 Challenge "CHALLENGE",
    5 Authenticate "AUTHENTICATE",
    6 Goodbye "GOODBYE",
    8 Error "ERROR",
    16 Publish "PUBLISH",
    17 Published "PUBLISHED",
    32 Subscribe "SUBSCRIBE",
    33 Subscribed "SUBSCRIBED",
    34 Unsubscribe "UNSUBSCRIBE",
    35 Unsubscribed "UNSUBSCRIBED",
    36 Event "EVENT",
    48 Call "CALL",
    49 Cancel "CANCEL",
    50 Result "RESULT",
    64 Register "REGISTER",
    65 Registered "REGISTERED",
    66 Unregister "UNREGISTER",
    67 Unregistered "UNREGISTERED",
    68 Invocation "INVOCATION",
    69 Interrupt "INTERRUPT",
    70 Yield "YIELD",
    337 EventReceived "EVENT_RECEIVED",
}
