//! Programs that are measured: started, waited for, and ended with us.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::process::{output, stop};
use crate::workspace::Workspace;

/// A way from publishers or callers to the contender, and on to subscribers or callees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// RawSocket and MessagePack over TCP, or what a broker of another kind has instead.
    Tcp,
    /// The same over a Unix socket.
    Unix,
    /// WebSocket and JSON.
    WebSocket,
    /// From RawSocket and MessagePack to WebSocket and JSON.
    Across,
}

/// One that takes part, running.
pub(super) struct Contender {
    pub(super) name: String,
    child: Child,
    /// Another process for Unix sockets, where one does not do both.
    unix: Option<Child>,
    /// What `crossway bench` is told for each route.
    routes: [Option<String>; 4],
    /// Resident before anybody came.
    pub(super) idle_kib: u64,
}

/// How long a contender may take to open its port.
const PATIENCE: Duration = Duration::from_secs(30);

impl Contender {
    /// Crossway and the forwarder, and whoever else is installed.
    pub(super) fn start_all(workspace: &Workspace, folder: &Path) -> Result<Vec<Contender>, String> {
        let mut all = vec![Self::crossway(workspace, folder, "Crossway", "")?, forwarder(workspace, folder)?];
        all.extend(crossbar(folder));
        all.extend(broker("nats-server", "nats", |port| words(&format!("-a 127.0.0.1 -p {port}"))));
        all.extend(broker("redis-server", "redis", |port| {
            // The empty word after --save turns snapshots off.
            words(&format!("--bind 127.0.0.1 --port {port} --appendonly no --save "))
        }));
        all.extend(broker("mosquitto", "mqtt", |port| words(&format!("-p {port}"))));
        Ok(all)
    }

    /// The router, open to everybody, with more to be said of its realm and of others.
    pub(super) fn crossway(
        workspace: &Workspace,
        folder: &Path,
        name: &str,
        more: &str,
    ) -> Result<Contender, String> {
        let file = |extension: &str| folder.join(format!("{}.{extension}", name.replace(' ', "-")));
        let (port, unix, config) = (free_port(), file("sock"), file("toml"));
        let text = format!(
            "[[realm]]\nname = \"realm1\"\nauth = [{{ method = \"anonymous\", role = \"anonymous\" }}]\n{more}\n\
             [[listener]]\nname = \"tcp\"\ntcp = \"127.0.0.1:{port}\"\n\
             [[listener]]\nname = \"unix\"\nunix = \"{}\"\n",
            unix.display()
        );
        write(&config, &text)?;
        let routes = wamp_routes(port, Some(&unix));
        Contender::start(name, Command::new(workspace.router()).arg("--config").arg(config), port, routes)
            .ok_or_else(|| "the router does not start".to_owned())
    }

    /// What `crossway bench` is told, or nothing if the contender has no such way.
    pub(super) fn route(&self, route: Route) -> Option<&str> {
        self.routes[route as usize].as_deref()
    }

    /// The process to be looked at.
    pub(super) fn id(&self, route: Route) -> u32 {
        let unix = self.unix.as_ref().filter(|_| route == Route::Unix);
        unix.unwrap_or(&self.child).id()
    }

    fn start(name: &str, command: &mut Command, port: u16, routes: [Option<String>; 4]) -> Option<Contender> {
        let null = || Stdio::null();
        let child = command.stdin(null()).stdout(null()).stderr(null()).spawn().ok()?;
        let mut contender = Contender { name: name.to_owned(), child, unix: None, routes, idle_kib: 0 };
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let end = Instant::now() + PATIENCE;
        while TcpStream::connect(address).is_err() {
            if Instant::now() > end || contender.child.try_wait().ok()?.is_some() {
                return None;
            }
            sleep(Duration::from_millis(20));
        }
        sleep(Duration::from_millis(500));
        contender.idle_kib = resident(contender.child.id());
        Some(contender)
    }
}

impl Drop for Contender {
    fn drop(&mut self) {
        stop(&mut self.child);
        if let Some(unix) = &mut self.unix {
            stop(unix);
        }
    }
}

fn wamp_routes(port: u16, unix: Option<&Path>) -> [Option<String>; 4] {
    let tcp = format!("rs://127.0.0.1:{port}");
    let web = format!("ws://127.0.0.1:{port}/ws");
    [
        Some(tcp.clone()),
        unix.map(|unix| format!("unix://{}", unix.display())),
        Some(format!("{web} --serializer json")),
        Some(format!("{tcp} --peer-url {web} --peer-serializer json")),
    ]
}

/// The program that copies frames without reading them. It listens at one address, so there is one for each kind.
fn forwarder(workspace: &Workspace, folder: &Path) -> Result<Contender, String> {
    let (port, unix) = (free_port(), folder.join("forward.sock"));
    let forward = |listen: &str| {
        let mut command = Command::new(workspace.router());
        command.args(["bench", "forward", "--listen", listen]);
        command
    };
    let tcp = Some(format!("fwd://127.0.0.1:{port}"));
    let routes = [tcp.clone(), Some(format!("fwd+unix://{}", unix.display())), tcp.clone(), tcp];
    let failed = || "the forwarder does not start".to_owned();
    let mut contender =
        Contender::start("forwarder", &mut forward(&format!("127.0.0.1:{port}")), port, routes)
            .ok_or_else(failed)?;
    // A run that was cut off leaves its socket behind.
    let _ = fs::remove_file(&unix);
    let null = || Stdio::null();
    let beside = forward(&unix.display().to_string()).stdin(null()).stdout(null()).stderr(null()).spawn();
    contender.unix = Some(beside.map_err(|error| format!("the forwarder does not start: {error}"))?);
    Ok(contender)
}

/// Crossbar, if it is on the path.
fn crossbar(folder: &Path) -> Option<Contender> {
    let program = installed("crossbar")?;
    let (port, node) = (free_port(), folder.join("crossbar"));
    fs::create_dir_all(&node).ok()?;
    let role = json!({"name": "anonymous", "permissions": [{
        "uri": "", "match": "prefix", "allow": {"call": true, "register": true, "publish": true, "subscribe": true}
    }]});
    let transport = json!({
        "type": "universal",
        "endpoint": {"type": "tcp", "port": port, "interface": "127.0.0.1"},
        "rawsocket": {"serializers": ["msgpack"]},
        "websocket": {"ws": {"type": "websocket", "serializers": ["json", "msgpack"]}},
    });
    let config = json!({"version": 2, "workers": [{
        "type": "router",
        "realms": [{"name": "realm1", "roles": [role]}],
        "transports": [transport],
    }]});
    write(&node.join("config.json"), &config.to_string()).ok()?;
    let mut command = Command::new(program);
    command.arg("start").arg("--cbdir").arg(&node);
    Contender::start("crossbar", &mut command, port, wamp_routes(port, None))
}

/// A broker of another kind, if it is on the path. It gets the same octets, over TCP.
fn broker(program: &str, scheme: &str, arguments: impl Fn(u16) -> Vec<String>) -> Option<Contender> {
    let port = free_port();
    let mut command = Command::new(installed(program)?);
    command.args(arguments(port));
    let url = Some(format!("{scheme}://127.0.0.1:{port}"));
    Contender::start(program, &mut command, port, [url, None, None, None])
}

fn words(line: &str) -> Vec<String> {
    line.split(' ').map(str::to_owned).collect()
}

/// Where a program is.
fn installed(program: &str) -> Option<PathBuf> {
    output(Command::new("sh").args(["-c", &format!("command -v {program}")])).map(PathBuf::from)
}

/// A port that nobody has at the moment.
fn free_port() -> u16 {
    let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    port.map_or(19_876, |address| address.port())
}

fn write(file: &Path, text: &str) -> Result<(), String> {
    fs::write(file, text).map_err(|error| format!("{}: {error}", file.display()))
}

/// What a process has in memory, in KiB.
fn resident(id: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or_default()
}
