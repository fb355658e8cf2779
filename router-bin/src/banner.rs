//! What a person sees at the start: where the router listens, and how to try it.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::config::{Address, Auth, Framing, Listener, Realm};
use crate::terminal;

/// Prints to standard output. Nobody there to read it is no failure.
pub(crate) fn print(realms: &[Realm], listeners: &[&Listener], snippet: bool) {
    let stdout = std::io::stdout();
    let text = text(realms, listeners, snippet, terminal::colours(&stdout));
    let _ = stdout.lock().write_all(text.as_bytes()).and_then(|()| stdout.lock().flush());
}

fn text(realms: &[Realm], listeners: &[&Listener], snippet: bool, colours: bool) -> String {
    let [bold, dim, reset] = if colours { ["\x1b[1m", "\x1b[2m", "\x1b[0m"] } else { [""; 3] };
    let mut text = format!("{bold}Crossway {}{reset} is listening\n\n", env!("CARGO_PKG_VERSION"));
    for (framing, url) in listeners.iter().flat_map(|listener| endpoints(listener)) {
        text += &format!("  {framing}  {bold}{url}{reset}\n");
    }
    for realm in realms {
        let methods: Vec<&str> = realm.terms.auth.iter().map(Auth::method).collect();
        text += &format!("  realm      {bold}{}{reset} {dim}({}){reset}\n", realm.name, methods.join(" or "));
    }
    for (realm, role, listener) in open(realms, listeners) {
        let (name, address) = (&realm.name, &listener.address);
        let may = match realm.terms.roles.is_empty() {
            true => "who may do everything but what changes something for others".to_string(),
            false => format!("who may do what the role {role} may"),
        };
        text += &format!("  open       {bold}{name}{reset} to everybody who gets to {address}, {may}\n");
    }
    if let Some(code) = example(realms, listeners).filter(|_| snippet) {
        text += &format!("\n{dim}Try it in another terminal, after `pip install autobahn`:{reset}\n\n{code}");
        text += &format!("\n{dim}`crossway init` writes a config file to begin with. Ctrl-C stops.{reset}\n");
    }
    text + "\n"
}

/// Realms that anybody can join from outside of this machine, in which role, and where.
pub(crate) fn open<'a>(
    realms: &'a [Realm],
    listeners: &[&'a Listener],
) -> Vec<(&'a Realm, &'a str, &'a Listener)> {
    let role = |realm: &'a Realm| {
        realm.terms.auth.iter().find_map(|auth| match auth {
            Auth::Anonymous { role } => Some(role.as_str()),
            _ => None,
        })
    };
    let is_open = |listener: &Listener| listener.is_public() && listener.allows("anonymous");
    let at = |listener: &&'a Listener| {
        let here = *listener;
        let served = realms.iter().filter(|realm| here.serves(&realm.name));
        served.filter_map(move |realm| Some((realm, role(realm)?, here))).collect::<Vec<_>>()
    };
    listeners.iter().filter(|listener| is_open(listener)).flat_map(at).collect()
}

/// Tells the log of them.
pub(crate) fn log_open(realms: &[Realm], listeners: &[&Listener]) {
    for (realm, role, listener) in open(realms, listeners) {
        tracing::info!(listener = %listener.name, realm = %realm.name, role, "open to everybody");
    }
}

/// One line for each framing: what to put into a client. WebSocket first: it is what most people look for.
fn endpoints(listener: &Listener) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    if listener.framings.contains(&Framing::WebSocket) {
        lines.push(("WebSocket", websocket_url(listener)));
    }
    if listener.framings.contains(&Framing::RawSocket) {
        lines.push(("RawSocket", rawsocket_url(listener)));
    }
    if listener.framings.contains(&Framing::LongPoll) {
        lines.push(("LongPoll ", longpoll_url(listener)));
    }
    lines
}

fn websocket_url(listener: &Listener) -> String {
    let path = listener.websocket.paths.first().map_or("/", |path| path.path.as_str());
    match &listener.address {
        Address::Tcp(address) => {
            format!("{}://{}{path}", if listener.tls.is_some() { "wss" } else { "ws" }, reachable(*address))
        }
        Address::Unix { path: file, .. } => format!("ws+unix:{}:{path}", file.display()),
    }
}

fn rawsocket_url(listener: &Listener) -> String {
    match &listener.address {
        Address::Tcp(address) => {
            format!("{}://{}", if listener.tls.is_some() { "rss" } else { "rs" }, reachable(*address))
        }
        Address::Unix { path, .. } => format!("rs+unix:{}", path.display()),
    }
}

fn longpoll_url(listener: &Listener) -> String {
    let path = &listener.longpoll.path;
    match &listener.address {
        Address::Tcp(address) => {
            format!(
                "{}://{}{path}",
                if listener.tls.is_some() { "https" } else { "http" },
                reachable(*address)
            )
        }
        Address::Unix { path: file, .. } => format!("http+unix:{}:{path}", file.display()),
    }
}

/// Nobody connects to "every address"; from this machine, loopback is one of them.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    };
    SocketAddr::new(ip, address.port())
}

/// A client to paste into a terminal, if there is a way in without certificates and credentials.
fn example(realms: &[Realm], listeners: &[&Listener]) -> Option<String> {
    let open = |realm: &&Realm| realm.terms.auth.iter().any(|auth| matches!(auth, Auth::Anonymous { .. }));
    let plain = |listener: &&&Listener| {
        listener.framings.contains(&Framing::WebSocket)
            && listener.tls.is_none()
            && listener.allows("anonymous")
            && matches!(listener.address, Address::Tcp(_))
    };
    let realm = &realms.iter().find(open)?.name;
    let url = websocket_url(listeners.iter().find(plain)?);
    Some(format!(
        r#"python3 - <<'END'
from autobahn.asyncio.component import Component, run
me = Component(transports="{url}", realm="{realm}")

@me.on_join
async def joined(session, details):
    await session.register(lambda name: f"Hello, {{name}}!", "com.example.hello")
    print(await session.call("com.example.hello", "WAMP"))
    session.leave()

run([me])
END
"#
    ))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{Environment, load};

    #[test]
    fn the_greeting_of_the_built_in_configuration() {
        let environment = Environment::with(&[("XDG_RUNTIME_DIR", "/run/user/1000")]);
        let config = load(None::<&Path>, &environment).unwrap().config;
        let listeners: Vec<&Listener> = config.listeners.iter().collect();
        let expected = format!(
            r#"Crossway {} is listening

  WebSocket  ws://127.0.0.1:8080/ws
  RawSocket  rs://127.0.0.1:8080
  RawSocket  rs+unix:/run/user/1000/crossway.sock
  realm      realm1 (anonymous)

Try it in another terminal, after `pip install autobahn`:

python3 - <<'END'
from autobahn.asyncio.component import Component, run
me = Component(transports="ws://127.0.0.1:8080/ws", realm="realm1")

@me.on_join
async def joined(session, details):
    await session.register(lambda name: f"Hello, {{name}}!", "com.example.hello")
    print(await session.call("com.example.hello", "WAMP"))
    session.leave()

run([me])
END

`crossway init` writes a config file to begin with. Ctrl-C stops.

"#,
            env!("CARGO_PKG_VERSION")
        );
        assert_eq!(text(&config.realms, &listeners, true, false), expected);
        let short = text(&config.realms, &listeners, false, false);
        assert!(expected.starts_with(short.trim_end()) && !short.contains("python"), "{short}");
        assert!(
            text(&config.realms, &listeners, false, true).contains("\x1b[1mws://127.0.0.1:8080/ws\x1b[0m")
        );
    }

    #[test]
    fn a_realm_that_is_open_to_the_world_is_told() {
        let role = ("CROSSWAY__REALM__0__ROLE__0__NAME", "anonymous");
        let outside = ("CROSSWAY__LISTENER__0__TCP", "0.0.0.0:8080");
        let said = ("CROSSWAY__LISTENER__0__AUTH", "anonymous");
        let greeting = |variables: &[(&str, &str)]| {
            let config = load(None::<&Path>, &Environment::with(variables)).unwrap().config;
            let listeners: Vec<&Listener> = config.listeners.iter().collect();
            text(&config.realms, &listeners, false, false)
        };
        let open = "  open       realm1 to everybody who gets to 0.0.0.0:8080, who may do ";
        assert!(greeting(&[outside, said]).contains(&format!("{open}everything but what changes")));
        assert!(greeting(&[outside, said, role]).contains(&format!("{open}what the role anonymous may\n")));
        assert!(!greeting(&[outside]).contains("open"), "anonymous clients are not let in");
        assert!(!greeting(&[said]).contains("open"), "nobody from outside");
    }

    #[test]
    fn every_address_is_shown_as_one_that_can_be_reached() {
        let shown = |address: &str| reachable(address.parse().unwrap()).to_string();
        assert_eq!(shown("0.0.0.0:80"), "127.0.0.1:80");
        assert_eq!(shown("[::]:80"), "[::1]:80");
        assert_eq!(shown("192.0.2.1:80"), "192.0.2.1:80");
    }
}
