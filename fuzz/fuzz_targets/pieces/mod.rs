//! What the fuzz targets of the framings have in common.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::{Bytes, BytesMut};
use crossway_core::transport::{Inbound, Source, TransportError};
use crossway_framing::{Decoder, FrameSource, Step};
use tokio::io::{AsyncRead, ReadBuf};

/// What comes out of a stream: its frames, and how it ends.
#[derive(Debug, Default, PartialEq)]
struct Outcome {
    frames: Vec<(char, Bytes)>,
    end: String,
}

/// Decodes a stream in one piece, and as it comes through a [`FrameSource`] in many, and expects the same.
///
/// The first octets of `input` say how to cut the others: their number, then the length of each piece.
pub fn decode_alike<D: Decoder>(input: &[u8], decoder: impl Fn() -> D) {
    let Some((count, rest)) = input.split_first() else { return };
    let Some((cuts, stream)) = rest.split_at_checked(usize::from(count % 16)) else { return };
    assert_eq!(in_pieces(stream, cuts, decoder()), at_once(stream, decoder()));
}

fn at_once<D: Decoder>(stream: &[u8], mut decoder: D) -> Outcome {
    let mut input = BytesMut::from(stream);
    let mut outcome = Outcome::default();
    let end = loop {
        if input.is_empty() {
            break TransportError::Closed;
        }
        let before = input.len();
        match decoder.decode(&mut input) {
            Ok(Step::Need(total)) => {
                assert!(total > before, "needs {total}, has {before}");
                break io::Error::new(io::ErrorKind::UnexpectedEof, "closed in the middle of a frame").into();
            }
            Ok(Step::Message(message)) => outcome.frames.push(('m', message)),
            Ok(Step::Reply(frame)) => outcome.frames.push(('r', frame)),
            Ok(Step::Close(frame)) => {
                outcome.frames.push(('r', frame));
                break TransportError::Closed;
            }
            Ok(Step::Alive) => outcome.frames.push(('a', Bytes::new())),
            Ok(Step::Skip) => {}
            Err(error) => break error,
        }
        assert!(input.len() < before, "every step takes something");
    };
    outcome.end = end.to_string();
    outcome
}

/// Gives a stream in pieces, and what is left in one.
struct Pieces {
    stream: Bytes,
    cuts: std::vec::IntoIter<u8>,
}

impl AsyncRead for Pieces {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let cut = self.cuts.next().map_or(usize::MAX, |cut| 1 + usize::from(cut));
        let count = cut.min(buf.remaining()).min(self.stream.len());
        buf.put_slice(&self.stream.split_to(count));
        Poll::Ready(Ok(()))
    }
}

fn in_pieces<D: Decoder>(stream: &[u8], cuts: &[u8], decoder: D) -> Outcome {
    let reader = Pieces { stream: Bytes::copy_from_slice(stream), cuts: cuts.to_vec().into_iter() };
    let mut source = FrameSource::new(reader, BytesMut::new(), decoder);
    let mut batch = Vec::new();
    let end = loop {
        match source.poll_batch(&mut Context::from_waker(Waker::noop()), &mut batch) {
            Poll::Ready(Err(error)) => break error,
            Poll::Ready(Ok(())) | Poll::Pending => {}
        }
    };
    let frames = batch.into_iter().map(|inbound| match inbound {
        Inbound::Message(message) => ('m', message),
        Inbound::Reply(frame) => ('r', frame),
        Inbound::Alive => ('a', Bytes::new()),
    });
    Outcome { frames: frames.collect(), end: end.to_string() }
}
