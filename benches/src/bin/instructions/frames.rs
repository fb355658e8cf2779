//! Framing, without a socket: what goes in comes from memory, and what comes out is forgotten.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::{Bytes, BytesMut};
use crossway_benches::sample::event;
use crossway_core::transport::{Outgoing, Sink, Source};
use crossway_framing::{Decoder, Encoder, FrameSink, FrameSource};
use crossway_msgpack::MessagePack;
use crossway_rawsocket::{RawSocketDecoder, RawSocketEncoder};
use crossway_websocket::{WebSocketDecoder, WebSocketEncoder};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::{BATCH, Case};

pub(crate) const CASES: [Case; 4] = [
    Case { name: "rawsocket-read", count: 100 * BATCH, run: rawsocket_read },
    Case { name: "rawsocket-write", count: 100 * BATCH, run: rawsocket_write },
    Case { name: "websocket-read", count: 100 * BATCH, run: websocket_read },
    Case { name: "websocket-write", count: 100 * BATCH, run: websocket_write },
];

/// Length of the payload in octets.
const SIZE: usize = 256;
/// The longest that RawSocket can carry, in octets.
const MAX_MESSAGE: usize = 1 << 24;

fn rawsocket_read(count: usize) {
    let message = event(&MessagePack, SIZE);
    let mut frame = BytesMut::new();
    let framing = RawSocketEncoder::new(MAX_MESSAGE).framing().unwrap();
    (framing.frame)(outgoing(&message), &mut frame);
    read(count, &frame, RawSocketDecoder::new(MAX_MESSAGE, MAX_MESSAGE));
}

fn rawsocket_write(count: usize) {
    write(count, RawSocketEncoder::new(MAX_MESSAGE));
}

/// Clients mask what they send.
fn websocket_read(count: usize) {
    const MASK: [u8; 4] = [0x37, 0xFA, 0x21, 0x3D];
    let message = event(&MessagePack, SIZE);
    let mut frame = vec![0x82, 0x80 | 126];
    frame.extend_from_slice(&u16::try_from(message.len()).unwrap().to_be_bytes());
    frame.extend_from_slice(&MASK);
    frame.extend(message.iter().zip(MASK.iter().cycle()).map(|(octet, mask)| octet ^ mask));
    read(count, &frame, WebSocketDecoder::new(MAX_MESSAGE, false));
}

fn websocket_write(count: usize) {
    write(count, WebSocketEncoder::new(false));
}

/// An operation is a frame, of those of which one read brings [`BATCH`].
fn read(count: usize, frame: &[u8], decoder: impl Decoder) {
    let endless = Endless(frame.repeat(BATCH));
    let mut source = FrameSource::new(endless, BytesMut::new(), decoder);
    let mut batch = Vec::new();
    let mut left = count;
    while left > 0 {
        assert!(source.poll_batch(&mut idle(), &mut batch).is_ready());
        left = left.saturating_sub(batch.len());
        batch.clear();
    }
}

/// An operation is a message, of those of which one write takes [`BATCH`].
fn write(count: usize, encoder: impl Encoder) {
    let message = event(&MessagePack, SIZE);
    let mut sink = FrameSink::new(Nowhere, encoder);
    for _ in 0..count / BATCH {
        (0..BATCH).for_each(|_| sink.put(outgoing(&message)));
        assert!(sink.poll_flush(&mut idle()).is_ready());
    }
}

/// A message as core gives it to a sink.
fn outgoing(message: &Bytes) -> Outgoing<'_> {
    Outgoing { head: b"", payload: message, tail: b"" }
}

fn idle() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

/// A peer that always has the same to say.
struct Endless(Vec<u8>);

impl AsyncRead for Endless {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        into.put_slice(&self.0);
        Poll::Ready(Ok(()))
    }
}

/// A peer that takes everything.
struct Nowhere;

impl AsyncWrite for Nowhere {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(octets.len()))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(pieces.iter().map(|piece| piece.len()).sum()))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
