//! The opening handshake.

use std::sync::Arc;

use async_trait::async_trait;
use crossway_core::serializer::Serializer;
use crossway_core::transport::Visitors;
use crossway_framing::{
    Accepted, Arrival, Batching, Handshake, HandshakeError, Split, Stream, Subprotocol, origin_allowed,
    reject,
};
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use zeroize::Zeroizing;

use crate::connection::Connection;
use crate::extension::Agreement;
use crate::request::Request;
use crate::response::{Response, Status};
use crate::{Compression, WebSocketDecoder, WebSocketEncoder, page};

/// What a WebSocket listener offers.
#[derive(Clone, Debug)]
pub struct WebSocketOptions {
    /// The formats that clients may choose from: `json` is subprotocol `wamp.2.json`, and in batches `wamp.2.json.batched`.
    pub serializers: Vec<Arc<dyn Serializer>>,
    /// The paths that may be asked for; others are not found. Empty, the default: all paths, and all realms there.
    pub paths: Vec<WebSocketPath>,
    /// The web pages that may connect: `*`, `https://example.com` or `https://*.example.com`. Clients that are no
    /// browsers send no origin and may connect in any case. `*`, which is right where nothing but the messages
    /// themselves authenticates a client; name the pages where cookies do.
    pub origins: Vec<String>,
    /// The longest message that clients may send, in octets, fragments taken together and decompressed. 16 MiB.
    pub max_message: usize,
    /// The longest batch of messages that clients may send, in octets, likewise; one that is a single message may have
    /// its length in any case. 16 MiB.
    pub max_batch: usize,
    /// Whether clients that offer it get compression. `None`: they do not.
    pub compression: Option<Compression>,
    /// Whether clients are known again by a cookie, and by whom. `None`: they are not.
    pub visitors: Option<Arc<dyn Visitors>>,
}

/// A path and what is behind it.
#[derive(Clone, Debug)]
pub struct WebSocketPath {
    /// `/ws`, without a query.
    pub path: String,
    /// The realms that may be joined there; empty means all.
    pub realms: Vec<String>,
}

impl WebSocketOptions {
    /// The defaults.
    pub fn new(serializers: Vec<Arc<dyn Serializer>>) -> Self {
        WebSocketOptions {
            serializers,
            paths: Vec::new(),
            origins: vec!["*".to_owned()],
            max_message: 16 * 1024 * 1024,
            max_batch: 16 * 1024 * 1024,
            compression: None,
            visitors: None,
        }
    }

    fn subprotocols(&self) -> Vec<String> {
        Subprotocol::all(&self.serializers).map(|subprotocol| subprotocol.to_string()).collect()
    }

    /// The longest WebSocket message of a subprotocol.
    fn longest(&self, subprotocol: &Subprotocol) -> usize {
        match subprotocol.batching {
            None => self.max_message,
            Some(_) => self.max_batch.max(self.max_message.saturating_add(Batching::OVERHEAD)),
        }
    }

    fn find_path(&self, path: &str) -> Option<&[String]> {
        if self.paths.is_empty() {
            return Some(&[]);
        }
        self.paths.iter().find(|known| known.path == path).map(|known| &known.realms[..])
    }
}

/// The WebSocket handshake.
#[derive(Debug)]
pub struct WebSocket {
    options: WebSocketOptions,
}

/// An upgrade that was agreed upon.
struct Upgrade {
    subprotocol: Subprotocol,
    realms: Vec<String>,
    /// The answer to the client's challenge.
    accept: String,
    agreement: Option<Agreement>,
}

impl WebSocket {
    /// A handshake that offers what the options say.
    pub fn new(options: WebSocketOptions) -> Self {
        WebSocket { options }
    }

    fn decide(&self, request: &Request, secure: bool) -> Result<Upgrade, Response> {
        if request.method != "GET" {
            let response = Response::text(Status::MethodNotAllowed, "only GET is understood here\n");
            return Err(response.with("Allow", "GET"));
        }
        if !asks_for_upgrade(request)? {
            return Err(self.plain(request, secure));
        }
        let Some(realms) = self.options.find_path(&request.path) else {
            return Err(Response::text(Status::NotFound, "there is no WAMP router at this path\n"));
        };
        if request.header("origin").is_some_and(|from| !origin_allowed(&self.options.origins, from)) {
            return Err(Response::text(Status::Forbidden, "pages of this origin may not connect\n"));
        }
        let accept = accept(request)?;
        let subprotocol = self.choose(request)?;
        let agreement = self.options.compression.as_ref().and_then(|_| agreement(request));
        Ok(Upgrade { subprotocol, realms: realms.to_vec(), accept, agreement })
    }

    /// The first subprotocol of the client's that we have.
    fn choose(&self, request: &Request) -> Result<Subprotocol, Response> {
        let find = |offered: &str| Subprotocol::find(&self.options.serializers, offered);
        request.list("sec-websocket-protocol").find_map(find).ok_or_else(|| {
            let ours = self.options.subprotocols().join(", ");
            let body = format!("no common subprotocol\nSec-WebSocket-Protocol may be: {ours}\n");
            Response::text(Status::BadRequest, body)
        })
    }

    /// The answer to a request that asks for no upgrade.
    fn plain(&self, request: &Request, secure: bool) -> Response {
        if request.path != "/" && self.options.find_path(&request.path).is_none() {
            return Response::text(Status::NotFound, "there is nothing at this path\n");
        }
        let mut paths: Vec<_> = self.options.paths.iter().map(|known| known.path.clone()).collect();
        if paths.is_empty() {
            paths.push("any".to_owned());
        }
        let path = self.options.paths.first().map_or("/ws", |known| &known.path);
        let scheme = if secure { "wss" } else { "ws" };
        let host = request.header("host").unwrap_or("localhost");
        page::page(&format!("{scheme}://{host}{path}"), &self.options.subprotocols(), &paths)
    }
}

/// Whether this is for WebSocket at all. Half a request is worth an answer of its own: it is what a client's looks like
/// after a proxy that does not know WebSocket.
pub(crate) fn asks_for_upgrade(request: &Request) -> Result<bool, Response> {
    let signs = [
        request.http_1_1,
        request.has("upgrade", "websocket"),
        request.has("connection", "upgrade"),
        request.header("sec-websocket-key").is_some(),
    ];
    match signs {
        [true, true, true, _] => Ok(true),
        [_, false, _, false] => Ok(false),
        _ => Err(Response::text(
            Status::BadRequest,
            "half a WebSocket handshake\n\
             HTTP/1.1, Upgrade: websocket and Connection: Upgrade are needed; a proxy may have removed them\n",
        )),
    }
}

/// The answer to the client's challenge.
pub(crate) fn accept(request: &Request) -> Result<String, Response> {
    if request.header("sec-websocket-version") != Some("13") {
        let response = Response::text(Status::UpgradeRequired, "WebSocket version 13 is spoken here\n");
        return Err(response.with("Sec-WebSocket-Version", "13").with("Upgrade", "websocket"));
    }
    match request.header("sec-websocket-key") {
        // 16 octets in base64.
        Some(key) if key.len() == 24 && key.ends_with("==") => Ok(derive_accept_key(key.as_bytes())),
        _ => Err(Response::text(Status::BadRequest, "Sec-WebSocket-Key is missing or malformed\n")),
    }
}

#[async_trait]
impl<Io: Split> Handshake<Io> for WebSocket {
    async fn accept(&self, mut arrival: Arrival<Io>) -> Result<Accepted, HandshakeError> {
        let request = Request::read(&mut arrival).await?;
        let Arrival { mut io, seen, mut peer, full } = arrival;
        if full {
            let response = Response::text(Status::Unavailable, "too many connections\n");
            reject(&mut io, &response.with("Retry-After", "5").octets()).await?;
            return Err(HandshakeError::Full);
        }
        let agreed = request.and_then(|request| {
            let upgrade = self.decide(&request, peer.secure)?;
            peer.learn(request.all("cookie"), request.header("authorization"));
            Ok(upgrade)
        });
        match agreed {
            Err(response) => {
                reject(&mut io, &response.octets()).await?;
                Err(HandshakeError::refused(response.summary()))
            }
            Ok(Upgrade { subprotocol, realms, accept, agreement }) => {
                let cookie = peer.meet(self.options.visitors.as_ref());
                let answer = switching(&accept, Some(&subprotocol.to_string()), agreement, cookie.as_deref());
                io.write_all(answer.as_bytes()).await?;
                io.flush().await?;
                peer.realms = realms;
                let text = subprotocol.serializer.is_text();
                let mut decoder = WebSocketDecoder::new(self.options.longest(&subprotocol), text);
                if let Some((_, compression)) = agreement.zip(self.options.compression.as_ref()) {
                    decoder = decoder.inflating(Arc::clone(&compression.counters));
                }
                if agreement.is_none() && subprotocol.batching.is_none() {
                    let framing = (decoder, WebSocketEncoder::new(text));
                    let stream = Stream::new(io, seen, framing, subprotocol.serializer, peer);
                    return Ok(Accepted::transport(stream));
                }
                let max_message = self.options.max_message;
                let stream = (io, seen);
                Ok(Accepted::transport(Connection::new(
                    stream,
                    decoder,
                    agreement,
                    subprotocol,
                    max_message,
                    peer,
                )))
            }
        }
    }
}

/// What the extensions that the client offers come to.
pub(crate) fn agreement(request: &Request) -> Option<Agreement> {
    Agreement::first(request.all("sec-websocket-extensions"))
}

/// The answer to a request that is granted.
pub(crate) fn switching(
    accept: &str,
    subprotocol: Option<&str>,
    agreement: Option<Agreement>,
    cookie: Option<&str>,
) -> Zeroizing<String> {
    let mut answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n"
    );
    if let Some(subprotocol) = subprotocol {
        answer += &format!("Sec-WebSocket-Protocol: {subprotocol}\r\n");
    }
    if let Some(agreement) = agreement {
        answer += &format!("Sec-WebSocket-Extensions: {}\r\n", agreement.header());
    }
    if let Some(cookie) = cookie {
        answer += &format!("Set-Cookie: {cookie}\r\n");
    }
    Zeroizing::new(answer + "\r\n")
}
