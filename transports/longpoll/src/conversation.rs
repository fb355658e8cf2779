//! [`LongPoll`]: the handshake, after which a connection is a conversation.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::BytesMut;
use crossway_framing::{
    Accepted, Arrival, Conversation, Handshake, HandshakeError, Host, Peer, Split, reject,
};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};

use crate::LongPollOptions;
use crate::delivery::Carried;
use crate::io::Watched;
use crate::mailboxes::Mailboxes;
use crate::path::claims;
use crate::service::{Listener, Service};

/// The longest head of a request, in octets.
const LONGEST_HEAD: usize = 16 * 1024;

const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 5\r\n\
    Content-Type: text/plain; charset=utf-8\r\nContent-Length: 21\r\n\r\ntoo many connections\n";

/// WAMP over HTTP long-polling. One value serves all connections of a listener, and has its transports.
#[derive(Debug)]
pub struct LongPoll {
    listener: Arc<Listener>,
}

impl LongPoll {
    /// A listener that offers what the options say.
    pub fn new(mut options: LongPollOptions) -> Self {
        options.path.truncate(options.path.trim_end_matches('/').len());
        LongPoll { listener: Arc::new(Listener { options, mailboxes: Mailboxes::new() }) }
    }

    /// Whether a connection that begins with these octets is for long-polling, on a port where other protocols are spoken as
    /// well; `None`: a few more are needed to tell.
    pub fn claims(&self, seen: &[u8]) -> Option<bool> {
        claims(&self.listener.options.path, seen)
    }
}

#[async_trait]
impl<Io: Split> Handshake<Io> for LongPoll {
    async fn accept(&self, arrival: Arrival<Io>) -> Result<Accepted, HandshakeError> {
        let Arrival { mut io, seen, peer, full } = arrival;
        if full {
            reject(&mut io, FULL).await?;
            return Err(HandshakeError::Full);
        }
        Ok(Accepted::conversation(Requests { io, seen, peer, listener: Arc::clone(&self.listener) }))
    }
}

/// A connection with requests, one after the other.
struct Requests<Io> {
    io: Io,
    seen: BytesMut,
    peer: Peer,
    listener: Arc<Listener>,
}

#[async_trait]
impl<Io: Split> Conversation for Requests<Io> {
    async fn run(self: Box<Self>, host: Host) {
        let Requests { io, seen, peer, listener } = *self;
        let (timeout, carried) = (listener.options.request_timeout, Carried::default());
        let io = Watched::new(io, seen, carried.clone(), timeout);
        let mailboxes = Arc::clone(&listener.mailboxes);
        // The transports that are there have to hear that the router closes, and through which connection is not known.
        let over = async {
            host.closing().await;
            mailboxes.none_left().await;
        };
        let service = Service { listener, peer, host: host.clone(), carried };
        let service = Arc::new(service);
        let answer = service_fn(|request| {
            let service = Arc::clone(&service);
            async move { Ok::<_, Infallible>(service.answer(request).await) }
        });
        let mut connection = pin!(
            http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(timeout)
                .max_buf_size(LONGEST_HEAD)
                .serve_connection(TokioIo::new(io), answer)
        );
        let ended = tokio::select! {
            ended = &mut connection => ended,
            () = over => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(listener = %service.peer.transport, peer = %service.peer.address, %error, "connection ended");
        }
    }
}
