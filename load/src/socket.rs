//! Byte streams that never block: TCP and Unix sockets, and TLS over them.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, ToSocketAddrs};
use std::path::PathBuf;

use mio::event::Source;
use mio::net::{TcpStream, UnixStream};

use crate::error::Error;
use crate::tls::{Client, TlsStream};
use crate::url::{Place, Url};

/// A place whose name was looked up, to connect to as often as one likes.
#[derive(Clone, Debug)]
pub(crate) struct Address {
    place: ResolvedPlace,
    tls: Option<Client>,
}

#[derive(Clone, Debug)]
enum ResolvedPlace {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

impl Address {
    /// Looks up the name. Of several addresses it takes the first that somebody listens at.
    pub(crate) fn of(url: &Url, tls: Option<Client>) -> Result<Address, Error> {
        let refused = |source| Error::Connect { url: url.to_string(), source };
        let place = match &url.place {
            Place::Unix(path) => ResolvedPlace::Unix(path.clone()),
            Place::Tcp { host, port } => {
                let all: Vec<SocketAddr> =
                    (host.as_str(), *port).to_socket_addrs().map_err(refused)?.collect();
                ResolvedPlace::Tcp(match all.as_slice() {
                    [only] => *only,
                    all => std::net::TcpStream::connect(all)
                        .and_then(|stream| stream.peer_addr())
                        .map_err(refused)?,
                })
            }
        };
        Ok(Address { place, tls })
    }

    /// Begins to connect; whether it works is known from the first write or read.
    pub(crate) fn connect(&self) -> io::Result<Socket> {
        let carrier = match &self.place {
            ResolvedPlace::Tcp(address) => Carrier::Tcp(TcpStream::connect(*address)?),
            ResolvedPlace::Unix(path) => Carrier::Unix(connect_unix(path)?),
        };
        match &self.tls {
            None => Ok(Socket::Plain(carrier)),
            Some(client) => Ok(Socket::Tls(Box::new(client.wrap(carrier)?))),
        }
    }
}

/// Waits if the router's backlog is full: a Unix socket that doesn't block would just refuse then.
fn connect_unix(path: &PathBuf) -> io::Result<UnixStream> {
    let stream = std::os::unix::net::UnixStream::connect(path)?;
    stream.set_nonblocking(true)?;
    Ok(UnixStream::from_std(stream))
}

/// What carries the octets.
#[derive(Debug)]
pub(crate) enum Carrier {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Carrier {
    /// Small messages have to leave at once. Only possible once it is connected.
    fn set_nodelay(&self) {
        if let Carrier::Tcp(stream) = self {
            // Where it fails the connection has failed as well, which the next write tells.
            let _ = stream.set_nodelay(true);
        }
    }

    /// Closes both ways. That it was closed already is no matter.
    pub(crate) fn shut(&self) {
        let _ = match self {
            Carrier::Tcp(stream) => stream.shutdown(Shutdown::Both),
            Carrier::Unix(stream) => stream.shutdown(Shutdown::Both),
        };
    }

    pub(crate) fn source(&mut self) -> &mut dyn Source {
        match self {
            Carrier::Tcp(stream) => stream,
            Carrier::Unix(stream) => stream,
        }
    }
}

impl Read for Carrier {
    #[inline]
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Carrier::Tcp(stream) => stream.read(into),
            Carrier::Unix(stream) => stream.read(into),
        }
    }
}

impl Write for Carrier {
    #[inline]
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        match self {
            Carrier::Tcp(stream) => stream.write(octets),
            Carrier::Unix(stream) => stream.write(octets),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// One connection's byte stream.
#[derive(Debug)]
pub(crate) enum Socket {
    Plain(Carrier),
    Tls(Box<TlsStream>),
}

impl Socket {
    pub(crate) fn carrier(&mut self) -> &mut Carrier {
        match self {
            Socket::Plain(carrier) => carrier,
            Socket::Tls(stream) => stream.carrier(),
        }
    }

    /// To be called when it first became writable.
    pub(crate) fn connected(&mut self) {
        self.carrier().set_nodelay();
    }

    #[inline]
    pub(crate) fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Socket::Plain(carrier) => carrier.read(into),
            Socket::Tls(stream) => stream.read(into),
        }
    }

    /// Whether a read that did not fill its buffer may be followed by another: records are smaller than buffers.
    #[inline]
    pub(crate) fn may_hold_more(&self) -> bool {
        matches!(self, Socket::Tls(_))
    }

    #[inline]
    pub(crate) fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        match self {
            Socket::Plain(carrier) => carrier.write(octets),
            Socket::Tls(stream) => stream.write(octets),
        }
    }

    /// Writes what TLS still holds.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        match self {
            Socket::Plain(_) => Ok(()),
            Socket::Tls(stream) => stream.flush(),
        }
    }
}
