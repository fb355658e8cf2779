//! A transport of your own: messages over tokio channels. For byte streams there is `crossway-framing`.
//!
//! `cargo run -p crossway-examples --bin custom_transport`

use std::collections::VecDeque;
use std::error::Error;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use crossway_anonymous::Anonymous;
use crossway_client::{Reply, Session};
use crossway_core::transport::*;
use crossway_core::{RealmConfig, Router, serializer::Serializer};
use crossway_json::Json;
use tokio::sync::mpsc;
use tokio_util::sync::PollSender;

type Outcome = Result<(), TransportError>;
/// One end of a connection.
struct Pipe {
    from: mpsc::Receiver<Bytes>,
    to: mpsc::Sender<Bytes>,
}

/// Two ends; 16 messages may be under way in each direction.
fn pipe() -> (Pipe, Pipe) {
    let ((to_b, from_a), (to_a, from_b)) = (mpsc::channel(16), mpsc::channel(16));
    (Pipe { from: from_b, to: to_b }, Pipe { from: from_a, to: to_a })
}

impl Transport for Pipe {
    fn serializer(&self) -> Arc<dyn Serializer> {
        Arc::new(Json)
    }
    fn info(&self) -> Arc<TransportInfo> {
        Arc::new(TransportInfo { transport: "pipe".to_owned(), local: true, ..TransportInfo::default() })
    }
    fn split(self: Box<Self>) -> (Box<dyn Source>, Box<dyn Sink>) {
        let sink = PipeSink { waiting: VecDeque::new(), to: PollSender::new(self.to) };
        (Box::new(PipeSource(self.from)), Box::new(sink))
    }
}

struct PipeSource(mpsc::Receiver<Bytes>);
impl Source for PipeSource {
    fn poll_batch(&mut self, cx: &mut Context<'_>, batch: &mut Vec<Inbound>) -> Poll<Outcome> {
        let message = ready!(self.0.poll_recv(cx)).ok_or(TransportError::Closed)?;
        batch.push(Inbound::Message(message));
        Poll::Ready(Ok(()))
    }
}

struct PipeSink {
    waiting: VecDeque<Bytes>,
    to: PollSender<Bytes>,
}

impl Sink for PipeSink {
    fn put(&mut self, message: Outgoing<'_>) {
        self.waiting.push_back([message.head, message.payload, message.tail].concat().into());
    }
    fn control(&mut self, _frame: Bytes) {} // only what the source asks for
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Outcome> {
        while !self.waiting.is_empty() {
            ready!(self.to.poll_reserve(cx)).map_err(|_| TransportError::Closed)?;
            self.to
                .send_item(self.waiting.pop_front().unwrap_or_default())
                .map_err(|_| TransportError::Closed)?;
        }
        Poll::Ready(Ok(()))
    }
    fn poll_close(&mut self, _cx: &mut Context<'_>, _why: Close) -> Poll<()> {
        self.to.close();
        Poll::Ready(())
    }
    fn backlog(&self) -> Backlog {
        Backlog { bytes: self.waiting.iter().map(Bytes::len).sum(), messages: self.waiting.len() }
    }
    fn max_message(&self) -> usize {
        1 << 20
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let realm = RealmConfig::new("realm1").authenticator(Arc::new(Anonymous::default()));
    let router = Router::builder().realm(realm).build()?;
    let (theirs, ours) = pipe();
    let connection = tokio::spawn(async move { router.attach(Box::new(theirs)).await });

    let session = Session::join(ours, "realm1").await?;
    session.register("com.example.echo", async |call| Ok(Reply::new().args(call.args))).await?.keep();
    println!("echo through a pipe: {:?}", session.call("com.example.echo").arg("hello").await?.args);
    session.leave().await?;
    connection.await?;
    println!("the router has let go of the pipe");
    Ok(())
}
