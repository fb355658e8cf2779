//! Where the router is.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// Something to connect to.
///
/// ```text
///   rs://host:port           RawSocket             rss://host:port          RawSocket over TLS
///   ws://host:port/path      WebSocket             wss://host:port/path     WebSocket over TLS
///   unix:///file             RawSocket             ws+unix:///file[:/path]  WebSocket over a Unix socket
///   fwd://host:port          `crossway bench forward`                       fwd+unix:///file
///   nats:// redis:// mqtt:// other brokers, at host:port
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    pub(crate) scheme: Scheme,
    pub(crate) place: Place,
    pub(crate) tls: bool,
    /// Of a WebSocket.
    pub(crate) path: String,
    text: String,
}

/// What is spoken there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    RawSocket,
    WebSocket,
    Forward,
    Nats,
    Redis,
    Mqtt,
}

/// How to get there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Tcp { host: String, port: u16 },
    Unix(PathBuf),
}

impl Url {
    /// What a browser would write into `Host`.
    pub(crate) fn host_header(&self) -> String {
        match &self.place {
            Place::Tcp { host, port } if host.contains(':') => format!("[{host}]:{port}"),
            Place::Tcp { host, port } => format!("{host}:{port}"),
            Place::Unix(_) => "localhost".into(),
        }
    }

    /// Whether WAMP is spoken there.
    pub(crate) fn is_wamp(&self) -> bool {
        matches!(self.scheme, Scheme::RawSocket | Scheme::WebSocket)
    }

    /// Whether it is a Unix socket.
    pub(crate) fn is_unix(&self) -> bool {
        matches!(self.place, Place::Unix(_))
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Every scheme: its name, what is spoken, whether it is a file, whether there is TLS, and its port.
const SCHEMES: &[(&str, Scheme, bool, bool, Option<u16>)] = &[
    ("rs", Scheme::RawSocket, false, false, None),
    ("rss", Scheme::RawSocket, false, true, None),
    ("unix", Scheme::RawSocket, true, false, None),
    ("rs+unix", Scheme::RawSocket, true, false, None),
    ("ws", Scheme::WebSocket, false, false, Some(80)),
    ("wss", Scheme::WebSocket, false, true, Some(443)),
    ("ws+unix", Scheme::WebSocket, true, false, None),
    ("fwd", Scheme::Forward, false, false, None),
    ("fwd+unix", Scheme::Forward, true, false, None),
    ("nats", Scheme::Nats, false, false, Some(4222)),
    ("redis", Scheme::Redis, false, false, Some(6379)),
    ("mqtt", Scheme::Mqtt, false, false, Some(1883)),
];

impl FromStr for Url {
    type Err = String;

    fn from_str(text: &str) -> Result<Url, String> {
        let (name, rest) = text.split_once(':').ok_or("a URL is expected, such as rs://127.0.0.1:8080")?;
        let Some(&(_, scheme, unix, tls, port)) = SCHEMES.iter().find(|(known, ..)| *known == name) else {
            let known: Vec<&str> = SCHEMES.iter().map(|(name, ..)| *name).collect();
            return Err(format!("unknown scheme {name:?}; known are {}", known.join(", ")));
        };
        let (place, path) = if unix { file(rest)? } else { address(rest, port)? };
        Ok(Url { scheme, place, tls, path, text: text.into() })
    }
}

/// `///file`, `/file`, and behind a colon the path of a WebSocket.
fn file(rest: &str) -> Result<(Place, String), String> {
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    let (file, path) = match rest.split_once(":/") {
        Some((file, path)) => (file, format!("/{path}")),
        None => (rest, "/".into()),
    };
    if file.starts_with('/') {
        Ok((Place::Unix(file.into()), path))
    } else {
        Err("the absolute path of a socket is expected, such as unix:///run/crossway.sock".into())
    }
}

fn address(rest: &str, port: Option<u16>) -> Result<(Place, String), String> {
    let rest = rest.strip_prefix("//").ok_or("// is expected after the colon")?;
    let (authority, path) = match rest.find('/') {
        Some(slash) => rest.split_at(slash),
        None => (rest, "/"),
    };
    let (host, digits) = match authority.rsplit_once(':') {
        Some((host, digits)) if !host.contains(':') || host.ends_with(']') => (host, Some(digits)),
        _ => (authority, None),
    };
    let port = match digits {
        Some(digits) => digits.parse().map_err(|_| format!("{digits:?} is no port"))?,
        None => port.ok_or_else(|| format!("{authority:?} lacks a port"))?,
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    if host.is_empty() {
        return Err("a host is missing".into());
    }
    Ok((Place::Tcp { host: host.into(), port }, path.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> (Scheme, Place, bool, String) {
        let url: Url = text.parse().unwrap();
        (url.scheme, url.place, url.tls, url.path)
    }

    fn tcp(host: &str, port: u16) -> Place {
        Place::Tcp { host: host.into(), port }
    }

    #[test]
    fn every_kind_of_url() {
        use Scheme::{Forward, RawSocket, WebSocket};
        let plain = |scheme, place| (scheme, place, false, "/".to_owned());
        assert_eq!(parsed("rs://127.0.0.1:8080"), plain(RawSocket, tcp("127.0.0.1", 8080)));
        assert_eq!(parsed("rss://example.com:1"), (RawSocket, tcp("example.com", 1), true, "/".into()));
        assert_eq!(
            parsed("ws://localhost:8080/ws"),
            (WebSocket, tcp("localhost", 8080), false, "/ws".into())
        );
        assert_eq!(
            parsed("wss://example.com/a/b"),
            (WebSocket, tcp("example.com", 443), true, "/a/b".into())
        );
        assert_eq!(parsed("ws://[::1]:80"), plain(WebSocket, tcp("::1", 80)));
        assert_eq!(parsed("unix:///run/r.sock"), plain(RawSocket, Place::Unix("/run/r.sock".into())));
        assert_eq!(parsed("fwd+unix:///run/f"), plain(Forward, Place::Unix("/run/f".into())));
        assert_eq!(parsed("nats://localhost").1, tcp("localhost", 4222));
    }

    #[test]
    fn urls_as_the_router_prints_them() {
        assert_eq!(parsed("rs+unix:/run/r.sock").1, Place::Unix("/run/r.sock".into()));
        let (scheme, place, _, path) = parsed("ws+unix:/run/r.sock:/ws");
        assert_eq!(
            (scheme, place, path.as_str()),
            (Scheme::WebSocket, Place::Unix("/run/r.sock".into()), "/ws")
        );
    }

    #[test]
    fn mistakes_are_named() {
        let mistake = |text: &str| text.parse::<Url>().unwrap_err();
        assert!(mistake("http://localhost:1").contains("unknown scheme \"http\"; known are rs, rss, unix"));
        assert_eq!(mistake("rs://localhost"), "\"localhost\" lacks a port");
        assert_eq!(mistake("rs://localhost:x"), "\"x\" is no port");
        assert_eq!(mistake("rs://:80"), "a host is missing");
        assert!(mistake("localhost").starts_with("a URL is expected"));
        assert!(mistake("unix:run/r.sock").starts_with("the absolute path"));
    }
}
