use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll, Wake, Waker};

use bytes::Bytes;
use crossway_core::transport::{Backlog, Close, Outgoing, Sink, TransportError};
use tokio::io::AsyncWrite;

use super::{FrameSink, TURN};
use crate::Encoder;

/// Frames are `len:message`, `!` is a last frame.
struct Netstring;

impl Encoder for Netstring {
    fn header(&mut self, len: usize, out: &mut Vec<u8>) {
        out.extend(format!("{len}:").bytes());
    }
    fn max_message(&self) -> usize {
        1 << 20
    }
    fn close(&mut self, why: Close) -> Option<Bytes> {
        Some(format!("!{why:?}").into())
    }
    fn is_close(&self, reply: &[u8]) -> bool {
        reply.starts_with(b"!")
    }
}

/// What a [`Pipe`] answers to a write, in turn; then it takes everything.
#[derive(Debug)]
enum Answer {
    Takes(usize),
    Pending,
    Breaks,
}

#[derive(Debug, Default)]
struct Pipe {
    answers: VecDeque<Answer>,
    written: Vec<u8>,
    writes: usize,
    flushes: usize,
    shut: bool,
    plain: bool,
}

impl Pipe {
    fn take(&mut self, octets: &[u8]) -> Poll<io::Result<usize>> {
        self.writes += 1;
        let count = match self.answers.pop_front() {
            None => octets.len(),
            Some(Answer::Takes(count)) => count.min(octets.len()),
            Some(Answer::Pending) => return Poll::Pending,
            Some(Answer::Breaks) => return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
        };
        self.written.extend_from_slice(&octets[..count]);
        Poll::Ready(Ok(count))
    }
}

impl AsyncWrite for Pipe {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.take(buf)
    }
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        assert!(!self.plain, "this pipe takes one piece at a time");
        // No more of it than one answer takes, since the test would take long otherwise.
        let most = if let Some(Answer::Takes(count)) = self.answers.front() { *count } else { usize::MAX };
        let octets: Vec<u8> = bufs.iter().flat_map(|buf| buf.iter().copied()).take(most).collect();
        self.take(&octets)
    }
    fn is_write_vectored(&self) -> bool {
        !self.plain
    }
    fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.flushes += 1;
        Poll::Ready(Ok(()))
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.shut = true;
        Poll::Ready(Ok(()))
    }
}

fn sink(answers: impl IntoIterator<Item = Answer>) -> FrameSink<Pipe, Netstring> {
    FrameSink::new(Pipe { answers: answers.into_iter().collect(), ..Pipe::default() }, Netstring)
}

fn put(sink: &mut impl Sink, payload: impl Into<Bytes>) {
    sink.put(Outgoing { head: b"[", payload: &payload.into(), tail: b"]" });
}

fn flush(sink: &mut impl Sink) -> Poll<Result<(), TransportError>> {
    sink.poll_flush(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn many_messages_are_one_write_and_one_flush() {
    let mut sink = sink([]);
    for message in ["1", "22", ""] {
        put(&mut sink, message);
    }
    assert!(matches!(flush(&mut sink), Poll::Ready(Ok(()))));
    assert_eq!(sink.writer.written, b"3:[1]4:[22]2:[]");
    assert_eq!((sink.writer.writes, sink.writer.flushes), (1, 1));
    assert_eq!(sink.backlog(), Backlog::default());
}

#[test]
fn partial_writes_go_on_where_they_stopped() {
    let payload = vec![b'x'; 20_000];
    for takes in [1, 2, 5, 7, 100, 19_999] {
        for plain in [false, true] {
            let mut sink = sink((0..30_000).map(|_| Answer::Takes(takes)));
            sink.writer.plain = plain;
            put(&mut sink, "1");
            put(&mut sink, payload.clone());
            put(&mut sink, "2");
            while !matches!(flush(&mut sink), Poll::Ready(Ok(()))) {}
            let expected = [b"3:[1]20002:[", &payload[..], b"]3:[2]"].concat();
            assert!(sink.writer.written == expected, "takes {takes}, plain {plain}");
        }
    }
}

#[test]
fn pending_keeps_what_waits() {
    let mut sink = sink([Answer::Takes(2), Answer::Pending, Answer::Pending]);
    put(&mut sink, "1");
    assert!(flush(&mut sink).is_pending());
    assert_eq!(sink.backlog(), Backlog { bytes: 3, messages: 1 });
    put(&mut sink, "2");
    assert!(flush(&mut sink).is_pending());
    assert!(flush(&mut sink).is_ready());
    assert_eq!(sink.writer.written, b"3:[1]3:[2]");
}

#[test]
fn a_pong_overtakes_what_waits_and_splits_nothing() {
    let mut sink = sink([Answer::Takes(2), Answer::Pending]);
    put(&mut sink, "1");
    put(&mut sink, "2");
    assert!(flush(&mut sink).is_pending());
    sink.control("pong".into());
    assert!(flush(&mut sink).is_ready());
    assert_eq!(sink.writer.written, b"3:[1]pong3:[2]");
}

#[test]
fn errors_are_told() {
    let mut broken = sink([Answer::Breaks]);
    put(&mut broken, "1");
    assert!(matches!(flush(&mut broken), Poll::Ready(Err(TransportError::Io(_)))));
    let mut full = sink([Answer::Takes(0)]);
    put(&mut full, "1");
    assert!(matches!(flush(&mut full), Poll::Ready(Err(TransportError::Io(_)))));
}

#[test]
fn a_peer_that_pings_and_never_reads_is_cut_off() {
    let mut sink = sink((0..100_000).map(|_| Answer::Pending));
    let mut pings = 0;
    while flush(&mut sink).is_pending() || pings == 0 {
        sink.control("pong".into());
        pings += 1;
        assert!(pings < 50_000, "no limit in sight");
    }
    let Poll::Ready(Err(TransportError::Violation { close, .. })) = flush(&mut sink) else {
        panic!("no violation")
    };
    assert_eq!(close, Close::PolicyViolation);
}

#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Relaxed);
    }
}

#[test]
fn a_fast_reader_gets_no_more_than_its_turn() {
    let mut sink = sink([]);
    put(&mut sink, vec![b'x'; 3 * TURN]);
    let wakes = Arc::new(Count::default());
    let waker = Waker::from(Arc::clone(&wakes));
    let mut turns = 0;
    while sink.poll_flush(&mut Context::from_waker(&waker)).is_pending() {
        turns += 1;
        assert_eq!(wakes.0.load(Relaxed), turns, "whoever is stopped is woken");
    }
    assert_eq!(turns, 3);
}

#[test]
fn closing_writes_what_waits_then_a_last_frame_then_shuts() {
    let mut sink = sink([Answer::Takes(1), Answer::Pending]);
    put(&mut sink, "1");
    let mut cx = Context::from_waker(Waker::noop());
    assert!(sink.poll_close(&mut cx, Close::GoingAway).is_pending());
    assert!(!sink.writer.shut);
    assert!(sink.poll_close(&mut cx, Close::GoingAway).is_ready());
    assert_eq!(sink.writer.written, b"3:[1]!GoingAway");
    assert!(sink.writer.shut);
}

#[test]
fn one_last_frame_is_enough() {
    let mut sink = sink([]);
    put(&mut sink, "1");
    sink.control("!bye".into());
    let mut cx = Context::from_waker(Waker::noop());
    assert!(sink.poll_close(&mut cx, Close::Normal).is_ready());
    assert_eq!(sink.writer.written, b"!bye");
    assert!(sink.writer.shut);
}

#[test]
fn closing_a_broken_connection_ends() {
    let mut sink = sink([Answer::Breaks]);
    put(&mut sink, "1");
    assert!(sink.poll_close(&mut Context::from_waker(Waker::noop()), Close::Normal).is_ready());
}

/// A publisher that delivers to more subscribers than its task has budget for: all of them are written by that task.
#[tokio::test]
async fn writes_do_not_use_up_the_budget_of_the_task_that_delivers() {
    use tokio::io::AsyncReadExt;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut client = tokio::net::TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (server, _) = listener.accept().await.unwrap();
    let (_reader, writer) = server.into_split();
    let mut sink = FrameSink::new(writer, Netstring);
    std::future::poll_fn(|cx| {
        for _ in 0..1000 {
            put(&mut sink, "1");
            assert!(sink.poll_flush(cx).is_ready());
        }
        Poll::Ready(())
    })
    .await;
    let mut received = [0; 5000];
    client.read_exact(&mut received).await.unwrap();
    assert!(received.chunks(5).all(|frame| frame == b"3:[1]"));
}
