//! The head of an HTTP request.

use bytes::Buf;
use crossway_core::Secret;
use crossway_framing::{Arrival, HandshakeError, Split};
use zeroize::Zeroize;

use crate::response::{Response, Status};

/// The longest head, in octets.
const LONGEST: usize = 16 * 1024;
/// The most headers.
const HEADERS: usize = 64;

/// The parts of a request that we look at.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Without the query.
    pub(crate) path: String,
    pub(crate) http_1_1: bool,
    /// Cookies and tokens are among them.
    headers: Vec<(String, Secret)>,
}

impl Request {
    /// Reads a request head off the beginning of a connection, and leaves what follows in [`Arrival::seen`].
    ///
    /// The outer error is the connection's, the inner one is what to tell the peer.
    pub(crate) async fn read<Io: Split>(
        arrival: &mut Arrival<Io>,
    ) -> Result<Result<Request, Response>, HandshakeError> {
        let mut searched = 0;
        for reads in 1_usize.. {
            if let Some(size) = end_of_head(&arrival.seen, searched) {
                let request = Self::parse(&arrival.seen[..size]);
                arrival.seen[..size].zeroize();
                arrival.seen.advance(size);
                return Ok(request);
            }
            if arrival.seen.len() > LONGEST {
                return Ok(Err(Response::text(Status::HeadTooLarge, "the request head is too long\n")));
            }
            // Garbage need not wait for a head that will never end. Not after every read, or a peer that sends octet by
            // octet would have us parse everything each time.
            if reads.is_power_of_two()
                && let Err(response) = Self::parse(&arrival.seen)
                && response.status != Status::Incomplete
            {
                return Ok(Err(response));
            }
            searched = arrival.seen.len();
            arrival.read().await?;
        }
        unreachable!("the loop counts further than the head is long")
    }

    fn parse(head: &[u8]) -> Result<Request, Response> {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS];
        let mut request = httparse::Request::new(&mut headers);
        match request.parse(head) {
            Ok(httparse::Status::Complete(_)) => Ok(Self::own(&request)),
            Ok(httparse::Status::Partial) => Err(Response::text(Status::Incomplete, "incomplete\n")),
            Err(httparse::Error::TooManyHeaders) => {
                Err(Response::text(Status::HeadTooLarge, "too many headers\n"))
            }
            Err(_) => Err(Response::text(Status::BadRequest, "this is not HTTP/1.1\n")),
        }
    }

    fn own(request: &httparse::Request<'_, '_>) -> Request {
        let target = request.path.unwrap_or_default();
        let path = target.split(['?', '#']).next().unwrap_or_default();
        // A header that is no text is none that we know.
        let texts = request.headers.iter().filter_map(|header| {
            let value = std::str::from_utf8(header.value).ok()?;
            Some((header.name.to_ascii_lowercase(), value.trim().into()))
        });
        Request {
            method: request.method.unwrap_or_default().to_owned(),
            path: path.to_owned(),
            http_1_1: request.version == Some(1),
            headers: texts.collect(),
        }
    }

    /// The value of a header that may come once; of several, the first. `name` is in lower case.
    pub(crate) fn header(&self, name: &'static str) -> Option<&str> {
        self.all(name).next()
    }

    /// The values of a header. `name` is in lower case.
    pub(crate) fn all(&self, name: &'static str) -> impl Iterator<Item = &str> {
        self.headers.iter().filter(move |(other, _)| other == name).map(|(_, value)| &**value)
    }

    /// The items of a header that holds a list.
    pub(crate) fn list(&self, name: &'static str) -> impl Iterator<Item = &str> {
        self.all(name).flat_map(|value| value.split(',')).map(str::trim).filter(|item| !item.is_empty())
    }

    /// Whether a header that holds a list has the item, in upper or lower case.
    pub(crate) fn has(&self, name: &'static str, item: &str) -> bool {
        self.list(name).any(|other| other.eq_ignore_ascii_case(item))
    }
}

/// Where the head ends, if it does. The first `searched` octets are known not to hold the end.
fn end_of_head(octets: &[u8], searched: usize) -> Option<usize> {
    const END: &[u8] = b"\r\n\r\n";
    let start = searched.saturating_sub(END.len() - 1);
    let found = octets[start..].windows(END.len()).position(|window| window == END)?;
    Some(start + found + END.len()).filter(|size| *size <= LONGEST)
}

#[cfg(test)]
mod tests;
