//! Messages in MessagePack, written and read by position.
//!
//! ```text
//!   arguments   93 │ D9 20 text │ CF sender in 64 bits │ CF sequence in 64 bits      the last ARGUMENTS octets
//! ```
//!
//! Receivers look at the end only: clients should take as little of the machine as they can.

use bytes::{BufMut, Bytes, BytesMut};
use crossway_core::message::{
    Call, CallOptions, Hello, Message, Payload, Publish, PublishOptions, Register, RegisterOptions,
    Subscribe, SubscribeOptions,
};
use crossway_core::{Dict, Id};
use crossway_msgpack::MessagePack;

const TEXT: &[u8; 32] = b"thirty-two octets for a start...";
/// Length of the arguments in octets.
const ARGUMENTS: usize = 1 + 2 + TEXT.len() + 9 + 9;
/// A number in 64 bits.
const UINT_64: u8 = 0xCF;

const RESULT: u8 = 50;
const YIELD: u8 = 70;
const INVOCATION: u8 = 68;
const EVENT: u8 = 36;

/// What a client hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    Result,
    Invocation,
    Event,
    Other,
}

/// The type of a message: its second octet.
pub(crate) fn kind(message: &[u8]) -> Heard {
    match message.get(1) {
        Some(&RESULT) => Heard::Result,
        Some(&INVOCATION) => Heard::Invocation,
        Some(&EVENT) => Heard::Event,
        _ => Heard::Other,
    }
}

/// Who said it, and which of its messages this is.
pub(crate) fn signature(message: &[u8]) -> (usize, u64) {
    let number = |from_end: usize| {
        let at = message.len() - from_end;
        assert_eq!(message[at], UINT_64, "the arguments came through as they were");
        u64::from_be_bytes(message[at + 1..at + 9].try_into().unwrap())
    };
    (number(18) as usize, number(9))
}

/// The YIELD for an INVOCATION, with its arguments.
pub(crate) fn answer(invocation: &[u8], out: &mut BytesMut) {
    let id = match invocation[2] {
        0..=0x7F => 1,
        0xCC => 2,
        0xCD => 3,
        0xCE => 5,
        _ => 9,
    };
    out.put_slice(&[0x94, YIELD]);
    out.put_slice(&invocation[2..2 + id]);
    out.put_u8(0x80);
    out.put_slice(&invocation[invocation.len() - ARGUMENTS..]);
}

/// The beginning of a request, to be completed with numbers.
pub(crate) struct Template {
    octets: Vec<u8>,
}

impl Template {
    pub(crate) fn publish(sender: usize, topic: &str) -> Self {
        let (request, options, payload) = (Id::MAX, PublishOptions::default(), Payload::none());
        Self::new(sender, Publish { request, options, topic: topic.into(), payload })
    }

    pub(crate) fn call(sender: usize, procedure: &str) -> Self {
        let (request, options, payload) = (Id::MAX, CallOptions::default(), Payload::none());
        Self::new(sender, Call { request, options, procedure: procedure.into(), payload })
    }

    /// [type, request, {}, name] gets the arguments as its fifth element.
    fn new<'m>(sender: usize, message: impl Into<Message<'m>>) -> Self {
        let mut octets = encode(message);
        octets[0] += 1;
        assert_eq!(octets[2], UINT_64, "the largest id takes the longest form");
        octets.put_slice(&[0x93, 0xD9, TEXT.len() as u8]);
        octets.put_slice(TEXT);
        octets.put_u8(UINT_64);
        octets.put_u64(sender as u64);
        octets.put_u8(UINT_64);
        octets.put_u64(0);
        Template { octets }
    }

    /// The message that is number `sequence` of its sender; the number is its request id as well.
    pub(crate) fn write(&self, sequence: u64, out: &mut BytesMut) {
        let start = out.len();
        out.put_slice(&self.octets);
        let end = out.len();
        out[start + 3..start + 11].copy_from_slice(&sequence.to_be_bytes());
        out[end - 8..].copy_from_slice(&sequence.to_be_bytes());
    }
}

pub(crate) fn hello() -> Bytes {
    let roles = ["publisher", "subscriber", "caller", "callee"].map(|role| (role, Dict::new()));
    let details = Dict::new().with("roles", roles.into_iter().collect::<Dict>());
    encode(Hello { realm: "realm1".into(), details }).into()
}

pub(crate) fn subscribe(topic: &str) -> Bytes {
    let (request, options) = (Id::MIN, SubscribeOptions::default());
    encode(Subscribe { request, options, topic: topic.into() }).into()
}

pub(crate) fn register(procedure: &str) -> Bytes {
    let (request, options) = (Id::MIN, RegisterOptions::default());
    encode(Register { request, options, procedure: procedure.into() }).into()
}

fn encode<'m>(message: impl Into<Message<'m>>) -> Vec<u8> {
    let mut frame = Vec::new();
    message.into().encode(&MessagePack, &mut frame);
    frame
}
