//! WebSocket for something else than WAMP.
//!
//! The same frames, compression and limits as under WAMP; a connection has messages of both kinds and no subprotocol. The
//! conformance suite of WebSocket goes through this door.

use std::future::poll_fn;
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use crossway_core::transport::{Close, Inbound, Outgoing, Sink, Source, TransportError};
use crossway_framing::{Arrival, Decoder, FrameSource, HandshakeError, Split, Step, reject};
use tokio::io::AsyncWriteExt;

use crate::handshake::{accept, agreement, asks_for_upgrade, switching};
use crate::message_sink::MessageSink;
use crate::request::Request;
use crate::response::{Response, Status};
use crate::{Compression, WebSocketDecoder};

/// How long a peer may take for its part of the closing.
const FAREWELL: Duration = Duration::from_secs(1);

/// What a connection without WAMP offers.
#[derive(Clone, Debug)]
pub struct MessagesOptions {
    /// The longest message that the peer may send, in octets, fragments taken together and decompressed. 16 MiB.
    pub max_message: usize,
    /// Whether a peer that offers it gets compression. `None`, the default: it does not.
    pub compression: Option<Compression>,
}

impl Default for MessagesOptions {
    fn default() -> Self {
        MessagesOptions { max_message: 16 << 20, compression: None }
    }
}

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// UTF-8: [`receive`](Messages::receive) has checked it.
    Text(Bytes),
    /// Any octets.
    Binary(Bytes),
}

/// A WebSocket connection of a server, after its handshake.
pub struct Messages<Io: Split> {
    source: FrameSource<Io::Reader, BothKinds>,
    sink: MessageSink<Io::Writer>,
    batch: Vec<Inbound>,
}

impl<Io: Split> Messages<Io> {
    /// Answers the opening handshake. Any path and origin will do.
    ///
    /// # Errors
    /// Why there will be no connection; the peer has been told.
    pub async fn accept(mut arrival: Arrival<Io>, options: &MessagesOptions) -> Result<Self, HandshakeError> {
        let request = Request::read(&mut arrival).await?;
        let Arrival { mut io, seen, .. } = arrival;
        let (request, accept) = match request.and_then(|request| Ok((challenge(&request)?, request))) {
            Ok((accept, request)) => (request, accept),
            Err(response) => {
                reject(&mut io, &response.octets()).await?;
                return Err(HandshakeError::refused(response.summary()));
            }
        };
        let compression = options.compression.as_ref();
        let agreed = compression.and_then(|compression| Some((agreement(&request)?, compression)));
        let answer = switching(&accept, None, agreed.map(|(agreement, _)| agreement), None);
        io.write_all(answer.as_bytes()).await?;
        io.flush().await?;

        let mut decoder = WebSocketDecoder::of_either_kind(options.max_message);
        if let Some((_, compression)) = agreed {
            decoder = decoder.inflating(compression.counters.clone());
        }
        let (reader, writer) = io.into_halves();
        Ok(Messages {
            source: FrameSource::new(reader, seen, BothKinds(decoder)),
            sink: MessageSink::new(writer, false, agreed.map(|(agreement, _)| agreement)),
            batch: Vec::new(),
        })
    }

    /// Waits for messages, and returns all that one read brought in. Answers pings and the peer's close frame.
    ///
    /// # Errors
    /// Why nothing will come any more. [`close`](Self::close) is what to do then.
    pub async fn receive(&mut self) -> Result<Vec<Message>, TransportError> {
        loop {
            poll_fn(|cx| self.source.poll_batch(cx, &mut self.batch)).await?;
            let mut messages = Vec::new();
            for inbound in self.batch.drain(..) {
                match inbound {
                    Inbound::Message(tagged) => messages.push(untagged(tagged)),
                    Inbound::Reply(frame) => self.sink.control(frame),
                    Inbound::Alive => {}
                }
            }
            self.flush().await?;
            if !messages.is_empty() {
                return Ok(messages);
            }
        }
    }

    /// Puts a message behind those that wait.
    pub fn put(&mut self, message: &Message) {
        let (text, payload) = match message {
            Message::Text(payload) => (true, payload),
            Message::Binary(payload) => (false, payload),
        };
        self.sink.set_kind(text);
        self.sink.put(Outgoing { head: &[], payload, tail: &[] });
    }

    /// Writes what waits.
    ///
    /// # Errors
    /// Why nothing can be written any more.
    pub async fn flush(&mut self) -> Result<(), TransportError> {
        poll_fn(|cx| self.sink.poll_flush(cx)).await
    }

    /// Tells the peer why, unless it has said good-bye itself, and waits a second for its end.
    pub async fn close(mut self, why: &TransportError) {
        let why = match why {
            TransportError::Violation { close, .. } => *close,
            TransportError::Closed | TransportError::Io(_) => Close::Normal,
        };
        let farewell = async {
            poll_fn(|cx| self.sink.poll_close(cx, why)).await;
            while poll_fn(|cx| self.source.poll_batch(cx, &mut self.batch)).await.is_ok() {}
        };
        // Who does not answer in time is cut off.
        let _ = tokio::time::timeout(FAREWELL, farewell).await;
    }
}

/// What the handshake has to answer.
fn challenge(request: &Request) -> Result<String, Response> {
    if request.method != "GET" || !asks_for_upgrade(request)? {
        return Err(Response::text(Status::BadRequest, "WebSocket is spoken here\n"));
    }
    accept(request)
}

/// Marks each message with its kind, in one octet before it.
struct BothKinds(WebSocketDecoder);

impl Decoder for BothKinds {
    fn decode(&mut self, input: &mut BytesMut) -> Result<Step, TransportError> {
        let step = self.0.decode(input)?;
        let Step::Message(message) = step else { return Ok(step) };
        // A copy. This door is not the one in a hurry.
        let mut tagged = BytesMut::with_capacity(1 + message.len());
        tagged.put_u8(u8::from(self.0.is_text()));
        tagged.put_slice(&message);
        Ok(Step::Message(tagged.freeze()))
    }
}

fn untagged(mut tagged: Bytes) -> Message {
    match tagged.split_to(1)[0] {
        0 => Message::Binary(tagged),
        _ => Message::Text(tagged),
    }
}
