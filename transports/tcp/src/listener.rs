//! Listening on a TCP port.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use crossway_framing::{Listener, Patience, Peer};
use socket2::{Domain, Protocol, Socket, TcpKeepalive, Type};
use tokio::net::TcpStream;

/// Where and how to listen.
#[derive(Clone, Debug)]
pub struct TcpOptions {
    /// The address to bind. `[::]` takes IPv4 as well; any other IPv6 address takes IPv6 only. Port 0 is a free one.
    pub address: SocketAddr,
    /// How many connections may wait to be accepted; the system may lower it. 1024.
    pub backlog: u32,
    /// How long a connection may be silent before the system probes whether the peer is still there; three probes
    /// without an answer end it. At least a second. `None` never probes. 30 s.
    pub keepalive: Option<Duration>,
}

impl TcpOptions {
    /// The defaults.
    pub fn new(address: SocketAddr) -> Self {
        TcpOptions { address, backlog: 1024, keepalive: Some(Duration::from_secs(30)) }
    }
}

/// The system counts in whole seconds.
const SECOND: Duration = Duration::from_secs(1);

/// A listening TCP port.
#[derive(Debug)]
pub struct TcpListener {
    inner: tokio::net::TcpListener,
    local: SocketAddr,
    patience: Patience,
}

impl TcpListener {
    /// Binds and listens. Has to be called within a tokio runtime.
    ///
    /// # Errors
    /// [`BindError`], which says what to look at.
    pub fn bind(options: &TcpOptions) -> Result<Self, BindError> {
        let failed = |source| BindError { address: options.address, source };
        let socket = open(options).map_err(failed)?;
        Self::from_std(socket.into()).map_err(failed)
    }

    /// Takes a socket that listens already, such as one handed over by a service manager.
    ///
    /// # Errors
    /// Those of the system, when it is no listening TCP socket.
    pub fn from_std(listener: std::net::TcpListener) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let inner = tokio::net::TcpListener::from_std(listener)?;
        let local = inner.local_addr()?;
        Ok(TcpListener { inner, local, patience: Patience::new(format!("tcp://{local}")) })
    }

    /// The address it listens on, with the port that the system chose if port 0 was asked for.
    pub fn local_addr(&self) -> SocketAddr {
        self.local
    }
}

fn open(options: &TcpOptions) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(options.address), Type::STREAM, Some(Protocol::TCP))?;
    // A restarted router must not wait for the connections of the last one to be forgotten.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    if let SocketAddr::V6(address) = options.address {
        socket.set_only_v6(!address.ip().is_unspecified())?;
    }
    if let Some(idle) = options.keepalive {
        // Accepted sockets inherit it.
        let (idle, interval) = (idle.max(SECOND), (idle / 3).max(SECOND));
        let keepalive = TcpKeepalive::new().with_time(idle).with_interval(interval).with_retries(3);
        socket.set_tcp_keepalive(&keepalive)?;
    }
    socket.bind(&options.address.into())?;
    socket.listen(i32::try_from(options.backlog).unwrap_or(i32::MAX))?;
    Ok(socket)
}

impl Listener for TcpListener {
    type Io = TcpStream;

    async fn accept(&mut self) -> (TcpStream, Peer) {
        let (stream, address) = self.patience.accept(|| self.inner.accept()).await;
        // Messages are written in batches already. An error means that the peer has gone; reading will tell.
        let _ = stream.set_nodelay(true);
        // `::ffff:127.0.0.1` is what IPv4 peers look like to a socket that takes both.
        let ip = address.ip().to_canonical();
        let address = SocketAddr::new(ip, address.port()).to_string();
        (stream, Peer { address, local: ip.is_loopback(), ..Peer::default() })
    }

    fn address(&self) -> String {
        format!("tcp://{}", self.local)
    }
}

/// Why a port can't be listened on.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on tcp://{address}: {source}{}", hint(.source, .address))]
pub struct BindError {
    /// The address that was asked for.
    pub address: SocketAddr,
    /// What the system says.
    pub source: io::Error,
}

fn hint(source: &io::Error, address: &SocketAddr) -> String {
    let port = address.port();
    match source.kind() {
        io::ErrorKind::AddrInUse => {
            format!("; another process listens there, `ss -ltnp 'sport = :{port}'` shows which")
        }
        io::ErrorKind::PermissionDenied if port < 1024 => {
            "; ports below 1024 need CAP_NET_BIND_SERVICE".to_owned()
        }
        io::ErrorKind::AddrNotAvailable => {
            format!("; no interface of this host has the address {}", address.ip())
        }
        _ => String::new(),
    }
}
