//! The table of all messages: what follows the type code, in order.

use bytes::Bytes;

use super::elements::{Element, Elements, Head};
use super::{
    CallOptions, CancelOptions, Code, EventDetails, InterruptOptions, InvocationDetails, Payload,
    PublishOptions, RegisterOptions, RequestType, ResultDetails, Revocation, SubscribeOptions, Text,
};
use crate::error::Violation;
use crate::id::Id;
use crate::secret::Secret;
use crate::serializer::{Scan, Serializer};
use crate::value::Dict;

/// Each field is an [`Element`], which knows how it is read and written.
macro_rules! layouts {
    ($($(#[doc = $doc:literal])+ $name:ident $(<$life:lifetime>)? { $($field:ident: $type:ty,)* })*) => {
        $(
            $(#[doc = $doc])+
            #[allow(missing_docs, reason = "the fields are the specification's")]
            #[derive(Clone, Debug, PartialEq)]
            pub struct $name $(<$life>)? {
                $(pub $field: $type,)*
            }

            impl<'a> From<$name $(<$life>)?> for Message<'a> {
                fn from(message: $name $(<$life>)?) -> Self {
                    Message::$name(message)
                }
            }
        )*

        /// Any message.
        #[allow(missing_docs, reason = "the names are the specification's")]
        #[derive(Clone, Debug, PartialEq)]
        pub enum Message<'a> {
            $($name($name $(<$life>)?),)*
        }

        impl<'a> Message<'a> {
            /// Reads the head of a message. `scan` is what `serializer` said of `frame`.
            ///
            /// # Errors
            /// Unknown type code, wrong number or type of elements, ids out of range, known options of a wrong type.
            pub fn decode(frame: &'a Bytes, scan: &'a Scan, serializer: &'a dyn Serializer) -> std::result::Result<Self, Violation> {
                let (code, mut elements) = Elements::new(frame, scan, serializer)?;
                let message = match code {
                    $(Code::$name => Message::$name($name {
                        $($field: Element::read(&mut elements, stringify!($field))?,)*
                    }),)*
                };
                elements.finish()?;
                Ok(message)
            }

            /// The type of this message.
            pub fn code(&self) -> Code {
                match self {
                    $(Message::$name(_) => Code::$name,)*
                }
            }

            /// Writes this message behind whatever `out` holds. Its payload has to be in the spelling of `serializer`.
            ///
            /// For handshakes, clients and tests; events and calls are written by the broker and the dealer.
            pub fn encode(self, serializer: &dyn Serializer, out: &mut Vec<u8>) {
                let mut head = Head::new(self.code());
                match self {
                    $(Message::$name(message) => {
                        $(Element::write(message.$field, &mut head);)*
                    })*
                }
                head.encode(serializer, out);
            }
        }
    };
}

layouts! {
    /// A client asks to join a realm.
    Hello<'a> { realm: Text<'a>, details: Dict, }
    /// The router lets it in.
    Welcome { session: Id, details: Dict, }
    /// Either side gives up.
    Abort<'a> { details: Dict, reason: Text<'a>, payload: Payload, }
    /// The router asks for proof.
    Challenge<'a> { method: Text<'a>, extra: Dict, }
    /// The client gives it.
    Authenticate { signature: Secret, extra: Dict, }
    /// Either side leaves in peace.
    Goodbye<'a> { details: Dict, reason: Text<'a>, }
    /// A request or an invocation failed.
    Error<'a> { request_type: RequestType, request: Id, details: Dict, error: Text<'a>, payload: Payload, }
    /// A publisher has something to say.
    Publish<'a> { request: Id, options: PublishOptions, topic: Text<'a>, payload: Payload, }
    /// The broker has taken it.
    Published { request: Id, publication: Id, }
    /// A subscriber wants the events of a topic.
    Subscribe<'a> { request: Id, options: SubscribeOptions, topic: Text<'a>, }
    /// It will get them.
    Subscribed { request: Id, subscription: Id, }
    /// A subscriber has heard enough.
    Unsubscribe { request: Id, subscription: Id, }
    /// It will get no more.
    Unsubscribed { request: Revocation, }
    /// What a publisher said.
    Event { subscription: Id, publication: Id, details: EventDetails, payload: Payload, }
    /// A caller wants a procedure run.
    Call<'a> { request: Id, options: CallOptions, procedure: Text<'a>, payload: Payload, }
    /// A caller has changed its mind.
    Cancel { request: Id, options: CancelOptions, }
    /// What the procedure returned.
    Result { request: Id, details: ResultDetails, payload: Payload, }
    /// A callee offers a procedure.
    Register<'a> { request: Id, options: RegisterOptions, procedure: Text<'a>, }
    /// Callers can reach it.
    Registered { request: Id, registration: Id, }
    /// A callee withdraws a procedure.
    Unregister { request: Id, registration: Id, }
    /// Callers can no longer reach it.
    Unregistered { request: Revocation, }
    /// A callee is to run a procedure.
    Invocation { request: Id, registration: Id, details: InvocationDetails, payload: Payload, }
    /// A callee is to stop running it.
    Interrupt { request: Id, options: InterruptOptions, }
    /// What the callee's procedure returned.
    Yield { request: Id, options: ResultDetails, payload: Payload, }
    /// A subscriber has received an event. Only in the test vectors of the specification.
    EventReceived { publication: Id, }
}
