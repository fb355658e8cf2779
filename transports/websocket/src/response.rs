//! What HTTP peers are told.

use std::fmt::Write as _;

/// The status line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Ok,
    BadRequest,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    UpgradeRequired,
    HeadTooLarge,
    Unavailable,
    /// The request is not complete; never sent.
    Incomplete,
}

impl Status {
    fn line(self) -> &'static str {
        match self {
            Status::Ok => "200 OK",
            Status::BadRequest | Status::Incomplete => "400 Bad Request",
            Status::Forbidden => "403 Forbidden",
            Status::NotFound => "404 Not Found",
            Status::MethodNotAllowed => "405 Method Not Allowed",
            Status::UpgradeRequired => "426 Upgrade Required",
            Status::HeadTooLarge => "431 Request Header Fields Too Large",
            Status::Unavailable => "503 Service Unavailable",
        }
    }
}

/// An answer other than 101. The connection closes after it.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: Status,
    headers: String,
    body: String,
}

impl Response {
    /// A few words for people.
    pub(crate) fn text(status: Status, body: impl Into<String>) -> Self {
        let headers = "Content-Type: text/plain; charset=utf-8\r\n".to_owned();
        Response { status, headers, body: body.into() }
    }

    /// A page for browsers.
    pub(crate) fn page(body: String) -> Self {
        let headers = "Content-Type: text/html; charset=utf-8\r\n\
                       Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\n"
            .to_owned();
        Response { status: Status::Ok, headers, body }
    }

    /// One more header. The value is ours, not the peer's.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        let _infallible = write!(self.headers, "{name}: {value}\r\n");
        self
    }

    /// What goes on the wire.
    pub(crate) fn octets(&self) -> Vec<u8> {
        let Response { status, headers, body } = self;
        let (line, len) = (status.line(), body.len());
        format!("HTTP/1.1 {line}\r\nConnection: close\r\nContent-Length: {len}\r\n{headers}\r\n{body}").into()
    }

    /// For the log: the first line of the body says what was wrong.
    pub(crate) fn summary(&self) -> String {
        let reason = self.body.lines().next().unwrap_or_default();
        match self.status {
            Status::Ok => "a plain HTTP request".to_owned(),
            status => format!("{}: {reason}", status.line()),
        }
    }
}
