//! The forwarder: the least that a program between sockets can do, and so the limit of the machine.
//!
//! One thread, one epoll. It finds where frames end and where they go, and copies them: what a caller sends goes to a
//! callee, with the caller's number as lane; what a callee sends goes to the caller in the lane; what a publisher sends
//! goes to every subscriber. It knows no realm, no id and no format, checks nothing and keeps no promise. Whatever a
//! router costs beyond it is what routing costs.

mod client;
mod table;

use std::fmt;
use std::io;
use std::net::ToSocketAddrs;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

use mio::event::Event;
use mio::net::{TcpListener, UnixListener};
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};

use crate::error::Error;
use crate::socket::Carrier;
use table::Table;

/// Octets read at a time.
const SCRATCH: usize = 1 << 20;
const LISTENER: Token = Token(usize::MAX);
const STDIN: Token = Token(usize::MAX - 1);

/// A forwarder that listens.
pub struct Forwarder {
    poll: Poll,
    listener: Listener,
    table: Table,
    scratch: Vec<u8>,
}

enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener, PathBuf),
}

impl Forwarder {
    /// Listens at `host:port`, or at the path of a Unix socket.
    ///
    /// # Errors
    /// When nobody may listen there.
    pub fn bind(listen: &str) -> Result<Forwarder, Error> {
        let place = listen.trim_start_matches("fwd://").trim_start_matches("fwd+unix://");
        let listening = || -> io::Result<(Poll, Listener)> {
            let poll = Poll::new()?;
            let listener =
                if place.starts_with('/') { unix(&poll, place.as_ref())? } else { tcp(&poll, place)? };
            Ok((poll, listener))
        };
        let (poll, listener) = listening().map_err(Error::system(format!("cannot listen at {place}")))?;
        Ok(Forwarder { poll, listener, table: Table::default(), scratch: vec![0; SCRATCH] })
    }

    /// Forwards for ever, or with `while_stdin` until standard input ends.
    ///
    /// # Errors
    /// When the system refuses to wait or to look at standard input.
    pub fn run(mut self, while_stdin: bool) -> Result<(), Error> {
        self.forward(while_stdin).map_err(Error::system("forwarding"))
    }

    fn forward(&mut self, while_stdin: bool) -> io::Result<()> {
        if while_stdin {
            let stdin = io::stdin().as_raw_fd();
            self.poll.registry().register(&mut SourceFd(&stdin), STDIN, Interest::READABLE)?;
        }
        let mut events = Events::with_capacity(1024);
        loop {
            match self.poll.poll(&mut events, None) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                waited => waited?,
            }
            for event in &events {
                match event.token() {
                    LISTENER => self.accept(),
                    STDIN => return Ok(()),
                    Token(i) => self.attend(i, event),
                }
            }
            self.table.flush();
        }
    }

    fn accept(&mut self) {
        loop {
            let carrier = match &self.listener {
                Listener::Tcp(listener) => listener.accept().map(|(stream, _)| {
                    let _ = stream.set_nodelay(true);
                    Carrier::Tcp(stream)
                }),
                Listener::Unix(listener, _) => listener.accept().map(|(stream, _)| Carrier::Unix(stream)),
            };
            let Ok(mut carrier) = carrier else { return };
            let both = Interest::READABLE | Interest::WRITABLE;
            let number = self.table.free_number();
            if self.poll.registry().register(carrier.source(), Token(number), both).is_ok() {
                self.table.add(number, carrier);
            }
        }
    }

    fn attend(&mut self, i: usize, event: &Event) {
        if event.is_writable() {
            self.table.writable(i);
        }
        if event.is_readable() || event.is_read_closed() || event.is_error() {
            self.table.read(i, event.is_read_closed(), &mut self.scratch);
        }
    }
}

fn tcp(poll: &Poll, place: &str) -> io::Result<Listener> {
    let address = place.to_socket_addrs()?.next().ok_or(io::ErrorKind::AddrNotAvailable)?;
    let mut listener = TcpListener::bind(address)?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    Ok(Listener::Tcp(listener))
}

/// A socket that nobody listens at any more is no obstacle.
fn unix(poll: &Poll, path: &Path) -> io::Result<Listener> {
    if std::os::unix::net::UnixStream::connect(path)
        .is_err_and(|e| e.kind() == io::ErrorKind::ConnectionRefused)
    {
        std::fs::remove_file(path)?;
    }
    let mut listener = UnixListener::bind(path)?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    Ok(Listener::Unix(listener, path.to_owned()))
}

impl fmt::Display for Forwarder {
    /// The URL for clients.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.listener {
            Listener::Tcp(listener) => match listener.local_addr() {
                Ok(address) => write!(f, "fwd://{address}"),
                Err(_) => f.write_str("fwd://"),
            },
            Listener::Unix(_, path) => write!(f, "fwd+unix://{}", path.display()),
        }
    }
}

impl Drop for Forwarder {
    fn drop(&mut self) {
        if let Listener::Unix(_, path) = &self.listener {
            // If somebody else did that already, all the better.
            let _ = std::fs::remove_file(path);
        }
    }
}
