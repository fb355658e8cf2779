//! Where the router under test listens: its config, and the same told to the clients.

use std::io;
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

const REALM: &str = "realm1";

/// The realms of those scenarios that are about permissions.
const PERMISSIONS: &str = include_str!("../../../tests/interop/permissions.toml");

/// One plain port and one with TLS, which speak everything, one for WebSocket with compression, one Unix socket for RawSocket
/// and WebSocket.
pub(super) struct Endpoints {
    plain: u16,
    compressed: u16,
    tls: u16,
    /// Where clients listen, now and then, to be asked who may join.
    hook: u16,
    pub(super) socket: PathBuf,
    certificates: PathBuf,
}

impl Endpoints {
    /// Picks free ports. `folder` is for the socket; its path has to be short, about a hundred bytes.
    pub(super) fn pick(folder: &Path, root: &Path) -> io::Result<Self> {
        // All are held while all are picked, so that they differ.
        let listen = || TcpListener::bind("127.0.0.1:0");
        let (one, other, third, hook) = (listen()?, listen()?, listen()?, listen()?);
        Ok(Self {
            plain: one.local_addr()?.port(),
            compressed: third.local_addr()?.port(),
            tls: other.local_addr()?.port(),
            hook: hook.local_addr()?.port(),
            socket: folder.join("router.sock"),
            certificates: root.join("tests/interop/certs"),
        })
    }

    pub(super) fn ports(&self) -> [u16; 3] {
        [self.plain, self.compressed, self.tls]
    }

    pub(super) fn authority(&self) -> PathBuf {
        self.certificates.join("ca.pem")
    }

    pub(super) fn websocket_url(&self) -> String {
        format!("ws://127.0.0.1:{}/ws", self.plain)
    }

    pub(super) fn config(&self) -> String {
        let Self { plain, compressed, tls, hook, socket, certificates } = self;
        // JSON strings are TOML strings.
        let path = |path: &Path| Value::from(path.to_string_lossy()).to_string();
        let (socket, cert) = (path(socket), path(&certificates.join("server.pem")));
        let key = path(&certificates.join("server.key"));
        format!(
            r#"[[realm]]
name = "{REALM}"
auth = [{{ method = "anonymous" }}]

[[realm.role]]
name = "anonymous"

[[realm.role.permission]]
uri = ""
match = "prefix"
allow = ["call", "register", "subscribe", "publish"]

[[realm.role.permission]]
uri = "wamp."
match = "prefix"
allow = ["call"]

[[realm.topic]]
uri = "interop..disclosed"
match = "wildcard"
disclose = "always"

[[realm.procedure]]
uri = "interop..disclosed"
match = "wildcard"
disclose = "always"

[[realm.history]]
uri = "interop..kept"
match = "wildcard"

{PERMISSIONS}
[[realm]]
name = "login.hook"
auth = [{{ method = "ticket", url = "http://127.0.0.1:{hook}/who" }}]

# Clients are wrong on purpose, and all of them at one address.
[limits]
login_failures = "off"
login_failures_per_address = "off"

[[listener]]
tcp = "127.0.0.1:{plain}"
framing = ["rawsocket", "websocket", "longpoll"]
longpoll = {{ hold = "1s", idle_timeout = "2s" }}
keepalive = "2s"

[[listener]]
tcp = "127.0.0.1:{compressed}"
framing = ["websocket"]
websocket = {{ compression = true }}
keepalive = "2s"

[[listener]]
tcp = "127.0.0.1:{tls}"
framing = ["rawsocket", "websocket", "longpoll"]
longpoll = {{ hold = "1s", idle_timeout = "2s" }}
tls = {{ cert = {cert}, key = {key}, client_ca = "clients.pem", client_cert = "optional" }}
keepalive = "2s"

[[listener]]
unix = {socket}
framing = ["rawsocket", "websocket"]
keepalive = "2s"
"#
        )
    }

    /// What the clients read: every transport by name.
    pub(super) fn for_clients(&self) -> Value {
        let Self { plain, compressed, tls, hook, .. } = self;
        let unix = self.socket.to_string_lossy();
        json!({
            "realm": REALM,
            "ca": self.authority(),
            "hook": hook,
            "transports": {
                "ws": { "framing": "websocket", "host": "127.0.0.1", "port": plain, "path": "/ws" },
                "ws+deflate": {
                    "framing": "websocket", "host": "127.0.0.1", "port": compressed, "path": "/ws", "compression": true,
                },
                "wss": { "framing": "websocket", "host": "localhost", "port": tls, "path": "/ws", "tls": true },
                "tcp": { "framing": "rawsocket", "host": "127.0.0.1", "port": plain },
                "tls": { "framing": "rawsocket", "host": "localhost", "port": tls, "tls": true },
                "unix": { "framing": "rawsocket", "unix": unix },
                "http": { "framing": "longpoll", "host": "127.0.0.1", "port": plain, "path": "/longpoll" },
                "https": { "framing": "longpoll", "host": "localhost", "port": tls, "path": "/longpoll", "tls": true },
                "ws+unix": { "framing": "websocket", "unix": unix, "path": "/ws" },
            },
        })
    }
}
