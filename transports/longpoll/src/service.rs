//! What is done for each request.

use std::sync::Arc;

use bytes::Bytes;
use crossway_core::transport::{Close, TransportError};
use crossway_framing::{Batching, Host, Peer, Subprotocol, origin_allowed};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::header::{
    AUTHORIZATION, CONTENT_TYPE, COOKIE, HeaderMap, HeaderValue, ORIGIN, RETRY_AFTER, SET_COOKIE,
};
use hyper::{Method, Request, Response, StatusCode};
use tokio::time::timeout;

use crate::delivery::{Body, Carried};
use crate::mailbox::{Fetched, Mailbox};
use crate::mailboxes::Mailboxes;
use crate::path::Target;
use crate::response::{BINARY, JSON, TEXT, allowing, answer, bare, finish, preflight, words};
use crate::transport::LongPollTransport;
use crate::{LongPollOptions, open};

/// What all connections of a listener share.
#[derive(Debug)]
pub(crate) struct Listener {
    pub(crate) options: LongPollOptions,
    pub(crate) mailboxes: Arc<Mailboxes>,
}

/// Answers the requests of one connection.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) listener: Arc<Listener>,
    pub(crate) peer: Peer,
    pub(crate) host: Host,
    pub(crate) carried: Carried,
}

impl Service {
    pub(crate) async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        let origin = request.headers().get(ORIGIN).cloned();
        if origin.as_ref().is_some_and(|origin| !self.allows(origin)) {
            return words(StatusCode::FORBIDDEN, "pages of this origin may not connect\n");
        }
        finish(self.answer_allowed(request).await, origin)
    }

    fn allows(&self, origin: &HeaderValue) -> bool {
        origin.to_str().is_ok_and(|origin| origin_allowed(&self.listener.options.origins, origin))
    }

    async fn answer_allowed(&self, request: Request<Incoming>) -> Response<Body> {
        let (head, body) = request.into_parts();
        let path = head.uri.path();
        let Some(target) = Target::parse(&self.listener.options.path, path) else {
            return words(StatusCode::NOT_FOUND, "there is nothing at this path\n");
        };
        match head.method {
            Method::POST => {}
            Method::OPTIONS => return preflight(),
            _ => return allowing(words(StatusCode::METHOD_NOT_ALLOWED, "only POST is understood here\n")),
        }
        match target {
            Target::Open => self.open(&head.headers, body).await,
            Target::Receive(id) => self.with(id, |mailbox| self.receive(mailbox)).await,
            Target::Send(id) => self.with(id, |mailbox| self.send(&head.headers, mailbox, body)).await,
            Target::Close(id) => self.close(&head.headers, id),
        }
    }

    async fn with<F: Future<Output = Response<Body>>>(
        &self,
        id: &str,
        then: impl FnOnce(Arc<Mailbox>) -> F,
    ) -> Response<Body> {
        match self.listener.mailboxes.get(id) {
            Some(mailbox) => then(mailbox).await,
            None => gone(),
        }
    }

    async fn open(&self, headers: &HeaderMap, body: Incoming) -> Response<Body> {
        let options = &self.listener.options;
        let body = match self.body(body, open::LONGEST).await {
            Ok(body) => body,
            Err(fault) => return fault.response(),
        };
        let subprotocol = match open::choose(&body, options) {
            Ok(subprotocol) => subprotocol,
            Err(why) => return words(StatusCode::BAD_REQUEST, why),
        };
        let mailbox = Mailbox::new(subprotocol.batching, content_type(&subprotocol));
        let Some(place) = self.listener.mailboxes.add(Arc::clone(&mailbox), options.max_transports) else {
            options.counters.refused.increment();
            return unavailable("too many transports\n");
        };
        let mut response = answer(StatusCode::OK, JSON, Body::whole(open::answer(&subprotocol, place.id())));
        let mut peer = self.peer(headers);
        let cookie =
            peer.meet(options.visitors.as_ref()).and_then(|cookie| HeaderValue::from_str(&cookie).ok());
        if let Some(cookie) = cookie {
            response.headers_mut().insert(SET_COOKIE, cookie);
        }
        let Subprotocol { serializer, .. } = subprotocol;
        let transport = LongPollTransport {
            mailbox,
            place,
            serializer,
            max_message: options.max_message,
            info: Arc::new(peer.into()),
            idle_timeout: options.idle_timeout,
            counters: Arc::clone(&options.counters),
        };
        match self.host.attach(Box::new(transport)).await {
            true => response,
            false => unavailable("the router is going down\n"),
        }
    }

    /// Who opens a transport.
    fn peer(&self, headers: &HeaderMap) -> Peer {
        let mut peer = self.peer.clone();
        peer.realms.clone_from(&self.listener.options.realms);
        let texts = |name| headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        peer.learn(texts(COOKIE), texts(AUTHORIZATION).next());
        peer
    }

    async fn receive(&self, mailbox: Arc<Mailbox>) -> Response<Body> {
        match mailbox.receive(self.listener.options.hold).await {
            Fetched::Nothing => bare(StatusCode::NO_CONTENT),
            Fetched::Gone => gone(),
            Fetched::Items(items, in_flight) => answer(
                StatusCode::OK,
                mailbox.content_type,
                Body::items(items, in_flight, self.carried.clone()),
            ),
        }
    }

    async fn send(&self, headers: &HeaderMap, mailbox: Arc<Mailbox>, body: Incoming) -> Response<Body> {
        let LongPollOptions { max_message, max_batch, .. } = self.listener.options;
        let longest = match mailbox.batching {
            None => max_message,
            Some(_) => max_batch.max(max_message.saturating_add(Batching::OVERHEAD)),
        };
        let _in_turn = mailbox.sending.lock().await;
        let checked = match self.body(body, longest).await {
            Ok(body) => check(&mailbox, &body, max_message).map(|()| body),
            Err(Fault::TooLong) => Err(too_long(longest)),
            Err(fault) => return fault.response(),
        };
        match checked {
            Ok(body) => match mailbox.send(body).await {
                true => self.accepted(headers),
                false => gone(),
            },
            Err(error) => {
                let words = words(StatusCode::BAD_REQUEST, format!("{error}\n"));
                mailbox.fail(error);
                words
            }
        }
    }

    fn close(&self, headers: &HeaderMap, id: &str) -> Response<Body> {
        match self.listener.mailboxes.get(id) {
            Some(mailbox) => {
                self.listener.mailboxes.remove(id);
                mailbox.close();
            }
            // It closes what an ABORT has ended, and tells its user of the end once that has succeeded.
            None if is_autobahn_js(headers) => {}
            None => return gone(),
        }
        self.accepted(headers)
    }

    fn accepted(&self, headers: &HeaderMap) -> Response<Body> {
        match self.listener.options.no_content || is_autobahn_js(headers) {
            true => bare(StatusCode::NO_CONTENT),
            false => bare(StatusCode::ACCEPTED),
        }
    }

    /// Reads a body of at most `longest` octets, in the time that there is.
    async fn body(&self, body: Incoming, longest: usize) -> Result<Bytes, Fault> {
        let reading = timeout(self.listener.options.request_timeout, Limited::new(body, longest).collect());
        match reading.await {
            Ok(Ok(body)) => Ok(body.to_bytes()),
            Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Fault::TooLong),
            Ok(Err(_)) => Err(Fault::Broken),
            Err(_elapsed) => Err(Fault::TooSlow),
        }
    }
}

/// What may be wrong with a body before it is looked at.
enum Fault {
    TooLong,
    TooSlow,
    /// Chunks that are none, or the connection broke.
    Broken,
}

impl Fault {
    fn response(self) -> Response<Body> {
        match self {
            Fault::TooLong => words(StatusCode::BAD_REQUEST, "the body is too long\n"),
            Fault::TooSlow => words(StatusCode::REQUEST_TIMEOUT, "the body did not come in time\n"),
            Fault::Broken => words(StatusCode::BAD_REQUEST, "the body is broken\n"),
        }
    }
}

/// Whether a body is a batch, where it has to be one. What is wrong with a message is for the session to say.
fn check(mailbox: &Mailbox, body: &Bytes, max_message: usize) -> Result<(), TransportError> {
    let Some(batching) = mailbox.batching else { return Ok(()) };
    let mut rest = body.clone();
    loop {
        batching.take(&mut rest, &mailbox.separator, max_message)?;
        if rest.is_empty() {
            return Ok(());
        }
    }
}

fn too_long(longest: usize) -> TransportError {
    TransportError::violation(Close::TooLarge, format!("message beyond {longest} octets"))
}

/// A batch of JSON is no JSON.
fn content_type(subprotocol: &Subprotocol) -> &'static str {
    match (subprotocol.serializer.name(), subprotocol.batching) {
        ("json", None) => JSON,
        _ if subprotocol.serializer.is_text() => TEXT,
        _ => BINARY,
    }
}

fn gone() -> Response<Body> {
    words(StatusCode::NOT_FOUND, "there is no such transport, or not any more\n")
}

fn unavailable(why: &'static str) -> Response<Body> {
    let mut response = words(StatusCode::SERVICE_UNAVAILABLE, why);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("5"));
    response
}

/// Whether a request is from autobahn-js, which takes 202 for a failure. It says so by nothing but this header, the same for every
/// request for years; whoever else spells it like that understands 204 as well.
fn is_autobahn_js(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    content_type.is_some_and(|text| text.eq_ignore_ascii_case(b"application/json; charset=utf-8"))
}
