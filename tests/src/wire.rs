//! Frames over each carrier. RawSocket is cut by hand, WebSocket by tungstenite; nothing here is the router's.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use crossway_core::transport::{Inbound, Outgoing, Sink, Source};
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use crate::http::LongPollClient;
use crate::{Format, batch};

/// A byte stream of any kind.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// A byte stream to the router.
pub type Stream = Box<dyn Io>;

/// What a client receives.
#[derive(Debug)]
pub enum Received {
    /// One message.
    Frame(Vec<u8>),
    /// The router has closed, with this code if the transport has one.
    Closed(Option<u16>),
}

/// A connection that carries frames.
pub enum Wire {
    /// Messages inside the process.
    Memory(Box<MemoryWire>),
    /// WebSocket messages.
    WebSocket(Box<WebSocketWire>),
    /// Bodies of HTTP requests.
    LongPoll(Box<LongPollClient>, Format),
    /// RawSocket frames.
    RawSocket(Stream),
}

/// The two halves of the client's end.
pub struct MemoryWire {
    pub(crate) source: Box<dyn Source>,
    pub(crate) sink: Box<dyn Sink>,
    pub(crate) arrived: Vec<Inbound>,
}

/// A WebSocket client.
pub struct WebSocketWire {
    socket: WebSocketStream<Stream>,
    format: Format,
    /// Whether each of its messages is a batch.
    batched: bool,
    /// The rest of the last batch.
    arrived: VecDeque<Vec<u8>>,
    /// The most messages that came in one batch.
    longest_batch: usize,
}

impl Wire {
    /// WebSocket's opening handshake.
    pub async fn websocket(stream: Stream, format: Format, batched: bool) -> Wire {
        Self::websocket_with(stream, format, batched, &[]).await
    }

    /// As [`websocket`](Self::websocket), with headers of its own in the upgrade.
    pub async fn websocket_with(
        stream: Stream,
        format: Format,
        batched: bool,
        headers: &[(&'static str, &str)],
    ) -> Wire {
        Self::upgrade(stream, format, batched, headers).await.0
    }

    /// The same, and the cookie that the router sets.
    pub(crate) async fn upgrade(
        stream: Stream,
        format: Format,
        batched: bool,
        headers: &[(&'static str, &str)],
    ) -> (Wire, Option<String>) {
        let subprotocol = if batched { format.batched_subprotocol() } else { format.subprotocol() };
        let mut request = "ws://localhost/ws".into_client_request().expect("a valid address");
        let name = subprotocol.parse().expect("a valid header");
        request.headers_mut().insert("Sec-WebSocket-Protocol", name);
        for (name, value) in headers {
            request.headers_mut().append(*name, value.parse().expect("a valid header"));
        }
        let config = WebSocketConfig::default().max_message_size(None).max_frame_size(None);
        let (socket, response) = tokio_tungstenite::client_async_with_config(request, stream, Some(config))
            .await
            .expect("the router accepts the upgrade");
        let chosen = response.headers().get("Sec-WebSocket-Protocol").map(|name| name.as_bytes());
        assert_eq!(chosen, Some(subprotocol.as_bytes()), "the router echoes the subprotocol (WS-09)");
        let cookie = response.headers().get("Set-Cookie");
        let cookie = cookie.map(|cookie| cookie.to_str().expect("text").to_owned());
        let arrived = VecDeque::new();
        let wire = WebSocketWire { socket, format, batched, arrived, longest_batch: 0 };
        (Wire::WebSocket(Box::new(wire)), cookie)
    }

    /// Opens a long-poll transport, with a connection to send on and one to fetch on.
    pub async fn longpoll(sending: Stream, receiving: Stream, format: Format, batched: bool) -> Wire {
        Self::longpoll_with(sending, receiving, format, batched, &[]).await.0
    }

    /// As [`longpoll`](Self::longpoll), with headers of its own in the request that opens the transport; also the cookie that the router sets.
    pub async fn longpoll_with(
        sending: Stream,
        receiving: Stream,
        format: Format,
        batched: bool,
        headers: &[(&'static str, &str)],
    ) -> (Wire, Option<String>) {
        let protocol = if batched { format.batched_subprotocol() } else { format.subprotocol() };
        let (client, cookie) = LongPollClient::open(sending, receiving, protocol, headers).await;
        (Wire::LongPoll(Box::new(client), format), cookie)
    }

    /// RawSocket's handshake; the peer accepts messages of `2^(9 + length)` octets.
    pub async fn rawsocket(mut stream: Stream, format: Format, length: u8) -> Wire {
        let code = format.rawsocket_code();
        stream.write_all(&[0x7F, length << 4 | code, 0, 0]).await.expect("the router listens");
        // TLS may have kept it back.
        stream.flush().await.expect("the router listens");
        let mut reply = [0; 4];
        stream.read_exact(&mut reply).await.expect("the router answers");
        assert_eq!((reply[0], reply[1] & 0x0F, &reply[2..]), (0x7F, code, &[0, 0][..]), "{reply:02x?}");
        Wire::RawSocket(stream)
    }

    /// Sends one message. A connection that the router has closed already is no error; reading will tell.
    pub async fn send(&mut self, frame: &[u8]) {
        let _maybe_closed = match self {
            Wire::Memory(memory) => {
                memory.sink.put(Outgoing { head: frame, payload: &Bytes::new(), tail: b"" });
                poll_fn(|cx| memory.sink.poll_flush(cx)).await.map_err(drop)
            }
            Wire::WebSocket(wire) => wire.send(frame).await,
            Wire::LongPoll(client, format) => {
                let batched = client.protocol.ends_with(".batched");
                let body = if batched { batch::join(*format, &[frame]) } else { frame.to_vec() };
                client.send(&body).await.map(drop).ok_or(())
            }
            Wire::RawSocket(stream) => {
                let length = u32::try_from(frame.len()).expect("a short message").to_be_bytes();
                let whole = [&length[..], frame].concat();
                let written = stream.write_all(&whole).await;
                written.and(stream.flush().await).map_err(drop)
            }
        };
    }

    /// Sends what comes before a message of so many octets, 126 at least. In memory messages are whole.
    pub async fn begin(&mut self, length: u16) {
        let [high, low] = length.to_be_bytes();
        match self {
            Wire::Memory(_) => panic!("messages are whole"),
            Wire::WebSocket(wire) => {
                let kind = if wire.format == Format::Json { 0x81 } else { 0x82 };
                // Masked with zeros.
                wire.say(&[kind, 0x80 | 126, high, low, 0, 0, 0, 0]).await;
            }
            Wire::LongPoll(client, _) => {
                let head = format!(
                    "POST {}/send HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n",
                    client.transport
                );
                self.go_on(head.as_bytes()).await;
            }
            Wire::RawSocket(_) => self.go_on(&[0, 0, high, low]).await,
        }
    }

    /// Sends octets of a message that was begun.
    pub async fn go_on(&mut self, octets: &[u8]) {
        match self {
            Wire::Memory(_) => panic!("messages are whole"),
            Wire::WebSocket(wire) => wire.say(octets).await,
            Wire::LongPoll(client, _) => {
                let Some(sending) = client.sending.as_mut() else { return };
                sending.say(octets).await;
            }
            Wire::RawSocket(stream) => say(stream, octets).await,
        }
    }

    /// Sends several messages as one batch.
    pub async fn send_batch(&mut self, frames: &[&[u8]]) {
        let _maybe_closed = match self {
            Wire::WebSocket(wire) if wire.batched => wire.send_whole(batch::join(wire.format, frames)).await,
            Wire::LongPoll(client, format) => {
                client.send(&batch::join(*format, frames)).await.map(drop).ok_or(())
            }
            _ => panic!("a transport without batches"),
        };
    }

    /// Waits for the next message. Answers pings.
    pub async fn receive(&mut self) -> Received {
        match self {
            Wire::Memory(memory) => memory.receive().await,
            Wire::WebSocket(wire) => wire.receive().await,
            Wire::LongPoll(client, format) => longpoll_receive(client, *format).await,
            Wire::RawSocket(stream) => rawsocket_receive(stream).await,
        }
    }

    /// The most messages that have come in one batch so far.
    pub fn longest_batch(&self) -> usize {
        match self {
            Wire::WebSocket(wire) => wire.longest_batch,
            Wire::LongPoll(client, _) => client.longest_batch,
            _ => 0,
        }
    }

    /// Says farewell in the words of the transport, if it has some, and closes.
    pub async fn close(&mut self) {
        let _maybe_closed = match self {
            Wire::Memory(memory) => {
                poll_fn(|cx| memory.sink.poll_close(cx, crossway_core::transport::Close::Normal)).await;
                Ok(())
            }
            Wire::WebSocket(wire) => wire.socket.close(None).await.map_err(drop),
            Wire::LongPoll(client, _) => client.close().await.map(drop).ok_or(()),
            Wire::RawSocket(stream) => stream.shutdown().await.map_err(drop),
        };
    }
}

impl WebSocketWire {
    async fn send(&mut self, frame: &[u8]) -> Result<(), ()> {
        let payload = if self.batched { batch::join(self.format, &[frame]) } else { frame.to_vec() };
        self.send_whole(payload).await
    }

    async fn say(&mut self, octets: &[u8]) {
        say(self.socket.get_mut(), octets).await;
    }

    async fn send_whole(&mut self, payload: Vec<u8>) -> Result<(), ()> {
        let kind = if self.format == Format::Json { Data::Text } else { Data::Binary };
        let frame = Frame::message(payload, OpCode::Data(kind), true);
        self.socket.send(Message::Frame(frame)).await.map_err(drop)
    }

    async fn receive(&mut self) -> Received {
        loop {
            if let Some(message) = self.arrived.pop_front() {
                return Received::Frame(message);
            }
            let payload = match self.socket.next().await {
                Some(Ok(Message::Text(text))) => {
                    assert_eq!(self.format, Format::Json, "text on a binary subprotocol (WS-06)");
                    text.as_bytes().to_vec()
                }
                Some(Ok(Message::Binary(octets))) => {
                    assert_ne!(self.format, Format::Json, "binary data on a text subprotocol (WS-05)");
                    octets.to_vec()
                }
                Some(Ok(Message::Close(close))) => {
                    while let Some(Ok(_)) = self.socket.next().await {}
                    return Received::Closed(close.map(|close| close.code.into()));
                }
                Some(Ok(_)) => continue,
                Some(Err(_)) | None => return Received::Closed(None),
            };
            match self.batched {
                true => {
                    let messages = batch::split(self.format, &payload);
                    self.longest_batch = self.longest_batch.max(messages.len());
                    self.arrived.extend(messages);
                }
                false => self.arrived.push_back(payload),
            }
        }
    }
}

impl MemoryWire {
    async fn receive(&mut self) -> Received {
        loop {
            if !self.arrived.is_empty() {
                match self.arrived.remove(0) {
                    Inbound::Message(frame) => return Received::Frame(frame.to_vec()),
                    Inbound::Reply(_) | Inbound::Alive => continue,
                }
            }
            let more = |cx: &mut Context<'_>| -> Poll<_> { self.source.poll_batch(cx, &mut self.arrived) };
            if poll_fn(more).await.is_err() {
                return Received::Closed(None);
            }
        }
    }
}

async fn longpoll_receive(client: &mut LongPollClient, format: Format) -> Received {
    if client.arrived.is_empty() {
        let Some(body) = client.receive().await else { return Received::Closed(None) };
        match client.protocol.ends_with(".batched") {
            true => {
                client.arrived.extend(batch::split(format, &body));
                client.longest_batch = client.longest_batch.max(client.arrived.len());
            }
            false => client.arrived.push_back(body),
        }
    }
    client.arrived.pop_front().map_or(Received::Closed(None), Received::Frame)
}

async fn rawsocket_receive(stream: &mut Stream) -> Received {
    loop {
        let mut prefix = [0; 4];
        if stream.read_exact(&mut prefix).await.is_err() {
            return Received::Closed(None);
        }
        let [kind, high, mid, low] = prefix;
        let length = match kind & 0x08 {
            0 => u32::from_be_bytes([0, high, mid, low]),
            _ => 1 << 24,
        };
        let mut payload = vec![0; length as usize];
        if stream.read_exact(&mut payload).await.is_err() {
            return Received::Closed(None);
        }
        match kind & 0x07 {
            0 => return Received::Frame(payload),
            1 => {
                let pong = [&[2, high, mid, low], &payload[..]].concat();
                let _maybe_closed = stream.write_all(&pong).await;
            }
            _ => {}
        }
    }
}

async fn say(stream: &mut Stream, octets: &[u8]) {
    let written = stream.write_all(octets).await;
    let _maybe_closed = written.and(stream.flush().await);
}

/// Reads what is left until the router closes. For tests that speak in octets.
pub async fn read_to_end(stream: &mut Stream) -> Vec<u8> {
    let mut octets = Vec::new();
    // A reset is an end as well.
    let _ = Pin::new(stream).read_to_end(&mut octets).await;
    octets
}
