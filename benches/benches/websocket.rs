//! WebSocket without sockets: our framing beside tungstenite's, and what compression costs in a fan-out.

#![allow(clippy::unwrap_used, reason = "a benchmark that can't go on fails")]

use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::{Bytes, BytesMut};
use crossway_core::transport::{Inbound, Outgoing, Sink, Source};
use crossway_framing::{Accepted, Arrival, FrameSink, FrameSource, Handshake, Locked, Peer};
use crossway_json::Json;
use crossway_websocket::{Compression, WebSocket, WebSocketDecoder, WebSocketEncoder, WebSocketOptions};
use divan::Bencher;
use divan::counter::ItemsCount;
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

fn main() {
    divan::main();
}

/// Messages in one read.
const BATCH: usize = 64;

/// A stream from which the same octets can be read again and again, and to which anything can be written.
#[derive(Clone)]
struct Memory {
    octets: Bytes,
    read: usize,
}

impl Memory {
    fn new(octets: impl Into<Bytes>) -> Self {
        Memory { octets: octets.into(), read: 0 }
    }
}

impl AsyncRead for Memory {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let count = buf.remaining().min(self.octets.len() - self.read);
        buf.put_slice(&self.octets[self.read..self.read + count]);
        self.read = (self.read + count) % self.octets.len();
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Memory {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(divan::black_box(octets).len()))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        octets: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(octets.iter().map(|octets| divan::black_box(octets).len()).sum()))
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

/// The result of something that has no reason to wait, or nothing if it wants to run again later.
fn poll_once<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

/// A batch of masked messages of text, as a client sends them.
fn frames(len: usize) -> Vec<u8> {
    let mask = [0x37, 0xFA, 0x21, 0x3D];
    let mut octets = Vec::new();
    for _ in 0..BATCH {
        octets.push(0x81);
        match len {
            0..126 => octets.push(0x80 | len as u8),
            126..0x1_0000 => {
                octets.push(0x80 | 126);
                octets.extend((len as u16).to_be_bytes());
            }
            _ => {
                octets.push(0x80 | 127);
                octets.extend((len as u64).to_be_bytes());
            }
        }
        octets.extend(mask);
        octets.extend(text(len).iter().zip(mask.iter().cycle()).map(|(octet, mask)| octet ^ mask));
    }
    octets
}

/// A payload of JSON, as sensors send it.
fn text(len: usize) -> Vec<u8> {
    let entry = |number: u32| {
        let value = number.wrapping_mul(2_654_435_761) % 10_000;
        format!(r#"{{"sensor":"room-{}","celsius":{}.{}}},"#, number % 7, value % 40, value / 40)
    };
    (0..).flat_map(|number| entry(number).into_bytes()).take(len).collect()
}

const LENGTHS: [usize; 4] = [16, 256, 4096, 65_536];

/// A batch is read, and written back.
#[divan::bench(args = LENGTHS)]
fn echo_own_framing(bencher: Bencher, len: usize) {
    let memory = Memory::new(frames(len));
    let decoder = WebSocketDecoder::new(1 << 24, true);
    let mut source = FrameSource::new(memory.clone(), BytesMut::new(), decoder);
    let mut sink = FrameSink::new(memory, WebSocketEncoder::new(true));
    let mut batch = Vec::new();
    bencher.counter(ItemsCount::new(BATCH)).bench_local(|| {
        let mut seen = 0;
        while seen < BATCH {
            if let Some(read) = poll_once(poll_fn(|cx| source.poll_batch(cx, &mut batch))) {
                read.unwrap();
            }
            seen += batch.len();
            for inbound in batch.drain(..) {
                let Inbound::Message(payload) = inbound else { panic!("{inbound:?}") };
                sink.put(Outgoing { head: &[], payload: &payload, tail: &[] });
            }
            poll_once(poll_fn(|cx| sink.poll_flush(cx)));
        }
    });
}

/// The same with tungstenite, its buffers as long as ours.
#[divan::bench(args = LENGTHS)]
fn echo_tungstenite(bencher: Bencher, len: usize) {
    let config = WebSocketConfig::default().read_buffer_size(64 << 10).write_buffer_size(256 << 10);
    let memory = Memory::new(frames(len));
    let mut stream = poll_once(WebSocketStream::from_raw_socket(memory, Role::Server, Some(config))).unwrap();
    bencher.counter(ItemsCount::new(BATCH)).bench_local(|| {
        for _ in 0..BATCH {
            let message = poll_once(stream.next()).unwrap().unwrap().unwrap();
            poll_once(stream.feed(message)).unwrap().unwrap();
        }
        poll_once(stream.flush()).unwrap().unwrap();
    });
}

const RECEIVERS: usize = 100;

/// Receivers after their handshake.
fn receivers(compression: bool) -> Vec<Box<dyn Sink>> {
    let mut options = WebSocketOptions::new(vec![Arc::new(Json)]);
    options.compression = compression.then(Compression::default);
    let websocket = WebSocket::new(options);
    let request = "GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
                   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: wamp.2.json\r\n\
                   Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n";
    let receiver = || {
        let io = Locked(Memory::new(request));
        let arrival = Arrival { io, seen: BytesMut::new(), peer: Peer::default(), full: false };
        let Accepted::Transport(transport) = poll_once(websocket.accept(arrival)).unwrap().unwrap() else {
            panic!("WebSocket makes transports");
        };
        transport.split().1
    };
    std::iter::repeat_with(receiver).take(RECEIVERS).collect()
}

/// One event to every receiver; `payload` says where each one's is.
fn fan_out(bencher: Bencher, compression: bool, payload: impl Fn(usize) -> Bytes) {
    let mut receivers = receivers(compression);
    let payloads: Vec<Bytes> = (0..RECEIVERS).map(payload).collect();
    bencher.counter(ItemsCount::new(RECEIVERS)).bench_local(|| {
        for (receiver, payload) in receivers.iter_mut().zip(&payloads) {
            receiver.put(Outgoing { head: b"[36,5512315355,4429313566,{},[", payload, tail: b"]]" });
        }
        for receiver in &mut receivers {
            poll_once(poll_fn(|cx| receiver.poll_flush(cx))).unwrap().unwrap();
        }
    });
}

#[divan::bench(args = [256, 4096])]
fn fan_out_plain(bencher: Bencher, len: usize) {
    let payload = Bytes::from(text(len));
    fan_out(bencher, false, |_| payload.clone());
}

/// As the broker delivers: all receivers share the payload, and so the compressed message.
#[divan::bench(args = [256, 4096])]
fn fan_out_compressed_once(bencher: Bencher, len: usize) {
    let payload = Bytes::from(text(len));
    fan_out(bencher, true, |_| payload.clone());
}

/// The same payload in another place for each: compressed for each.
#[divan::bench(args = [256, 4096])]
fn fan_out_compressed_for_each(bencher: Bencher, len: usize) {
    fan_out(bencher, true, |_| Bytes::from(text(len)));
}
