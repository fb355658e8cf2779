//! Listening at a path.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use crossway_core::transport::{Credentials, Evidence};
use crossway_framing::{Listener, Patience, Peer};
use socket2::{Domain, SockAddr, Socket, Type};
use tokio::net::UnixStream;

use crate::claim::{BindError, Claim};

/// Where and how to listen.
#[derive(Clone, Debug)]
pub struct UnixOptions {
    /// The path of the socket, at most 107 octets. A file beside it, with `.lock` appended, keeps other routers away.
    pub path: PathBuf,
    /// Who may connect, as file permissions: writing is connecting. `0o660`: the owner and the group.
    pub mode: u32,
    /// How many connections may wait to be accepted; the system may lower it. 1024.
    pub backlog: u32,
}

impl UnixOptions {
    /// The defaults.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        UnixOptions { path: path.into(), mode: 0o660, backlog: 1024 }
    }
}

/// A listening Unix socket. Dropping it removes the socket from the file system.
#[derive(Debug)]
pub struct UnixListener {
    // Closed before the claim is given up: nobody connects to a socket that has no name any more.
    inner: tokio::net::UnixListener,
    address: String,
    patience: Patience,
    _claim: Option<Claim>,
}

impl UnixListener {
    /// Binds and listens. Has to be called within a tokio runtime.
    ///
    /// # Errors
    /// [`BindError`], which says what to look at.
    pub fn bind(options: &UnixOptions) -> Result<Self, BindError> {
        let mut claim = Claim::new(&options.path)?;
        let failed = |doing| move |source| BindError::System { path: options.path.clone(), doing, source };
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None).map_err(failed("creating a socket"))?;
        let address = SockAddr::unix(&options.path).map_err(failed("using it as an address"))?;
        socket.bind(&address).map_err(failed("binding"))?;
        claim.bound().map_err(failed("looking at the new socket"))?;
        // Before `listen`, so that there is no moment at which the wrong user could connect.
        let mode = Permissions::from_mode(options.mode);
        fs::set_permissions(&options.path, mode).map_err(failed("setting its permissions"))?;
        let backlog = i32::try_from(options.backlog).unwrap_or(i32::MAX);
        socket.listen(backlog).map_err(failed("listening"))?;
        let address = format!("unix:{}", options.path.display());
        Self::new(socket.into(), address, Some(claim)).map_err(failed("listening"))
    }

    /// Takes a socket that listens already, such as one handed over by a service manager, and leaves its file alone.
    ///
    /// # Errors
    /// Those of the system, when it is no listening Unix socket.
    pub fn from_std(listener: std::os::unix::net::UnixListener) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let address =
            address.as_pathname().map_or("unix:".to_owned(), |path| format!("unix:{}", path.display()));
        Self::new(listener, address, None)
    }

    fn new(
        listener: std::os::unix::net::UnixListener,
        address: String,
        claim: Option<Claim>,
    ) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let inner = tokio::net::UnixListener::from_std(listener)?;
        Ok(UnixListener { inner, patience: Patience::new(address.clone()), address, _claim: claim })
    }
}

impl Listener for UnixListener {
    type Io = UnixStream;

    async fn accept(&mut self) -> (UnixStream, Peer) {
        let (stream, _nameless) = self.patience.accept(|| self.inner.accept()).await;
        let evidence = Evidence { credentials: credentials(&stream), ..Evidence::default() };
        let peer = Peer { local: true, auth: Some(Box::new(evidence)), ..Peer::default() };
        (stream, peer)
    }

    fn address(&self) -> String {
        self.address.clone()
    }
}

/// Which user the peer is, as the system says: nobody can lie here. A log line may show it.
fn credentials(stream: &UnixStream) -> Option<Credentials> {
    let peer = stream.peer_cred().ok()?;
    Some(Credentials { uid: peer.uid(), gid: peer.gid(), pid: peer.pid() })
}
