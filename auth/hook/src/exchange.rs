//! One request and its answer, over HTTP/1.1.
//!
//! Law: a connection that has answered in full is used again, and one that was closed meanwhile is no failure: a new one
//! is made. There are never more of them than decisions at a time.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use crossway_core::{Dict, Value};
use crossway_dynamic::{Decided, Question, Undecided};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{ACCEPT, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HOST, HeaderMap, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use rustls::pki_types::ServerName;
use serde::Serialize;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use zeroize::Zeroizing;

use crate::address::Address;
use crate::{HookError, HookOptions, trust};

/// The service, and the connections to it that nobody uses just now.
pub(crate) struct Service {
    address: Address,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    bearer: Option<HeaderValue>,
    max_answer: usize,
    idle: Mutex<Vec<Sender>>,
}

type Sender = SendRequest<Full<Bytes>>;

impl Service {
    pub(crate) fn new(options: &HookOptions) -> Result<Self, HookError> {
        let address = Address::parse(&options.url)?;
        let tls = if address.is_secure {
            let name = ServerName::try_from(address.host.clone());
            let name = name.map_err(|error| HookError::Trust(format!("{}: {error}", address.host)))?;
            Some((trust::connector(options.ca.as_deref())?, name))
        } else {
            None
        };
        let bearer = options.bearer.as_ref().map(|bearer| {
            let mut header = HeaderValue::try_from(format!("Bearer {}", *bearer.0))?;
            header.set_sensitive(true);
            Ok::<_, hyper::header::InvalidHeaderValue>(header)
        });
        let bearer = bearer.transpose().map_err(|_| HookError::Bearer)?;
        Ok(Service { address, tls, bearer, max_answer: options.max_answer, idle: Mutex::default() })
    }

    pub(crate) async fn ask(&self, body: Bytes) -> Result<Decided, Undecided> {
        let (mut sender, response) =
            self.send(&body).await.map_err(|error| Undecided::Failed(error.to_string()))?;
        let (head, body) = response.into_parts();
        let decided = match head.status {
            StatusCode::OK => {
                let answer = read(body, self.max_answer).await?;
                Ok(Decided { answer: Some(answer), lasts: max_age(&head.headers) })
            }
            StatusCode::FORBIDDEN => {
                read_away(body, self.max_answer).await?;
                Err(Undecided::Denied("the service says 403".to_owned()))
            }
            other => return Err(Undecided::Failed(format!("the service says {other}"))),
        };
        if sender.ready().await.is_ok() {
            self.idle.lock().push(sender);
        }
        decided
    }

    /// Over a connection that is there already, or else a new one.
    async fn send(&self, body: &Bytes) -> Result<(Sender, Response<Incoming>), Error> {
        loop {
            let Some(mut sender) = self.take() else { break };
            if sender.ready().await.is_err() {
                continue;
            }
            if let Ok(response) = sender.send_request(self.request(body)?).await {
                return Ok((sender, response));
            }
        }
        let mut sender = self.connect().await?;
        let response = sender.send_request(self.request(body)?).await?;
        Ok((sender, response))
    }

    fn take(&self) -> Option<Sender> {
        let mut idle = self.idle.lock();
        idle.retain(|sender| !sender.is_closed());
        idle.pop()
    }

    fn request(&self, body: &Bytes) -> Result<Request<Full<Bytes>>, Error> {
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(&self.address.path)
            .header(HOST, &self.address.authority)
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/json");
        if let Some(bearer) = &self.bearer {
            request = request.header(AUTHORIZATION, bearer);
        }
        Ok(request.body(Full::new(body.clone()))?)
    }

    async fn connect(&self) -> Result<Sender, Error> {
        let stream = TcpStream::connect((self.address.host.as_str(), self.address.port)).await?;
        stream.set_nodelay(true)?;
        match &self.tls {
            None => begin(stream).await,
            Some((tls, name)) => begin(tls.connect(name.clone(), stream).await?).await,
        }
    }
}

/// What is sent: what the client has shown is in it, so it is wiped when nobody has it any more, and takes its room at once
/// rather than leave pieces behind while it grows.
pub(crate) fn body(question: &Question) -> serde_json::Result<Bytes> {
    #[derive(Serialize)]
    struct Body<'q> {
        realm: &'q str,
        authid: Option<&'q str>,
        details: &'q Dict,
    }
    let Question { realm, authid, details } = question;
    let body = Body { realm, authid: authid.as_deref(), details };
    let mut length = Length(0);
    serde_json::to_writer(&mut length, &body)?;
    let mut octets = Zeroizing::new(Vec::with_capacity(length.0));
    serde_json::to_writer(&mut *octets, &body)?;
    Ok(Bytes::from_owner(octets))
}

/// Counts what is written.
struct Length(usize);

impl io::Write for Length {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0 += octets.len();
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

type Error = Box<dyn std::error::Error + Send + Sync>;

/// HTTP over a byte stream, driven by a task that ends with the connection.
async fn begin<Io>(stream: Io) -> Result<Sender, Error>
where
    Io: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "the connection to the service has ended");
        }
    });
    Ok(sender)
}

async fn read(body: Incoming, most: usize) -> Result<Value, Undecided> {
    let read = Limited::new(body, most).collect().await;
    let octets = read.map_err(|error| Undecided::Failed(format!("the answer: {error}")))?.to_bytes();
    serde_json::from_slice(&octets)
        .map_err(|error| Undecided::Failed(format!("the answer is no JSON: {error}")))
}

/// So that the connection can be used again.
async fn read_away(body: Incoming, most: usize) -> Result<(), Undecided> {
    let read = Limited::new(body, most).collect().await;
    read.map(drop).map_err(|error| Undecided::Failed(format!("the answer: {error}")))
}

/// How long an answer may be remembered; `None` where nothing is said, or that it must not.
fn max_age(headers: &HeaderMap) -> Option<Duration> {
    let values = headers.get_all(CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    let directives: Vec<_> =
        values.flat_map(|value| value.split(',')).map(|word| word.trim().to_ascii_lowercase()).collect();
    if directives.iter().any(|word| word.starts_with("no-store") || word.starts_with("no-cache")) {
        return None;
    }
    let seconds = directives.iter().find_map(|word| word.strip_prefix("max-age="))?.trim_matches('"').parse();
    seconds.ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_max_age_permits_to_remember() {
        let age = |value: &'static str| {
            max_age(&HeaderMap::from_iter([(CACHE_CONTROL, HeaderValue::from_static(value))]))
        };
        assert_eq!(age("max-age=60"), Some(Duration::from_secs(60)));
        assert_eq!(age("private, Max-Age=5"), Some(Duration::from_secs(5)));
        for none in
            ["no-store, max-age=60", "max-age=60, no-cache", "max-age=soon", "max-age=-1", "", "public"]
        {
            assert_eq!(age(none), None, "{none}");
        }
    }
}
