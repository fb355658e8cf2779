//! What a framing has to say: how frames are cut out of the octets that arrived, and what goes before a message that
//! leaves. Neither reads, writes or waits.

use bytes::{Bytes, BytesMut};
use crossway_core::transport::{Close, Framing, TransportError};

/// Cuts frames out of a byte stream.
pub trait Decoder: Send + 'static {
    /// Takes the next frame off the beginning of `input`.
    ///
    /// Called again and again until it needs more. `input` starts where the last call left off, and holds any number of
    /// octets: none of a frame, a part, or many frames. How the stream was cut into calls must not make a difference.
    ///
    /// # Errors
    /// The rule that the peer broke. Nothing is decoded after an error, nor after [`Step::Close`]. A frame that is too long is an error as soon as its header is there.
    fn decode(&mut self, input: &mut BytesMut) -> Result<Step, TransportError>;
}

/// What [`Decoder::decode`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing was taken: there is no progress before `input` holds this many octets (more than it does now).
    Need(usize),
    /// One WAMP message.
    Message(Bytes),
    /// The peer has to be sent this frame, as it stands (a PONG).
    Reply(Bytes),
    /// The peer said good-bye, and has to be sent this last frame.
    Close(Bytes),
    /// The peer showed that it is alive (a PONG came).
    Alive,
    /// Something was taken, and there is nothing to tell (a fragment).
    Skip,
}

/// Writes frames.
pub trait Encoder: Send + 'static {
    /// Appends what goes before a message of `len` octets.
    fn header(&mut self, len: usize, out: &mut Vec<u8>);

    /// What [`header`](Encoder::header) does, as something that receivers can share; `None` if it differs from one
    /// connection to the next. See [`Sink::framing`](crossway_core::transport::Sink::framing).
    fn framing(&self) -> Option<&'static Framing> {
        None
    }

    /// The longest message that the peer accepts, in octets.
    fn max_message(&self) -> usize;

    /// A keep-alive probe, if the framing has one.
    fn ping(&mut self) -> Option<Bytes> {
        None
    }

    /// The last frame, if the framing has one.
    fn close(&mut self, why: Close) -> Option<Bytes> {
        let _ = why;
        None
    }

    /// Whether a reply of the [`Decoder`] is a last frame, so that nothing may follow it.
    fn is_close(&self, reply: &[u8]) -> bool {
        let _ = reply;
        false
    }
}
