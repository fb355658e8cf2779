//! The parts of the URL.

use std::net::IpAddr;

use hyper::Uri;

use crate::HookError;

/// Where the service is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) is_secure: bool,
    /// `Host`, as the URL has it.
    pub(crate) authority: String,
    /// Path and query.
    pub(crate) path: String,
}

impl Address {
    pub(crate) fn parse(url: &str) -> Result<Self, HookError> {
        let wrong = |why: &str| HookError::Url { url: url.to_owned(), why: why.to_owned() };
        let uri: Uri = url.parse().map_err(|_| wrong("is no URL"))?;
        let is_secure = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(wrong("has to begin with https:// or http://")),
        };
        let authority = uri.authority().ok_or_else(|| wrong("names no host"))?;
        if authority.as_str().contains('@') {
            return Err(wrong("holds credentials: they belong into the bearer token"));
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        if !is_secure && !is_this_host(&host) {
            return Err(wrong("would send secrets in the clear: a service on another host needs https"));
        }
        let port = authority.port_u16().unwrap_or(if is_secure { 443 } else { 80 });
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        Ok(Address { host, port, is_secure, authority: authority.as_str().to_owned(), path: path.to_owned() })
    }
}

fn is_this_host(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_taken_apart() {
        let parts = |url| Address::parse(url).map(|a| (a.host, a.port, a.is_secure, a.path));
        assert_eq!(
            parts("https://auth.example.com/a?b=c"),
            Ok(("auth.example.com".to_owned(), 443, true, "/a?b=c".to_owned()))
        );
        assert_eq!(parts("http://127.0.0.1:81"), Ok(("127.0.0.1".to_owned(), 81, false, "/".to_owned())));
        assert_eq!(parts("http://[::1]/x"), Ok(("::1".to_owned(), 80, false, "/x".to_owned())));
    }

    #[test]
    fn secrets_do_not_leave_this_host_in_the_clear() {
        for url in ["http://auth.example.com/", "http://10.0.0.1/", "ftp://localhost/", "localhost", "/x", ""]
        {
            assert!(Address::parse(url).is_err(), "{url}");
        }
        assert!(Address::parse("https://joe:secret@auth.example.com/").is_err());
    }
}
