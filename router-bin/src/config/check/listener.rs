//! `[[listener]]`: where the router listens and what is spoken there.

use std::cell::RefCell;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use super::realm::Realms;
use super::tls::tls;
use super::{Context, auth, unique};
use crate::config::checked::{
    Address, FORMATS, FRAMINGS, Format, Framing, Listener, LongPoll, Place, RawSocket, USUAL_FRAMINGS,
    WebSocket, WebSocketPath,
};
use crate::config::diagnostics::Mistake;
use crate::config::read::{Field, Table};
use crate::config::tree::Span;

/// What was seen, for comparisons between listeners; also of those with mistakes.
#[derive(Default)]
struct Seen {
    names: RefCell<Vec<(String, Span)>>,
    addresses: RefCell<Vec<(Address, Span)>>,
}

pub(super) fn listeners(table: &Table<'_>, realms: &Realms, context: &Context<'_>) -> Vec<Listener> {
    let seen = Seen::default();
    let Some(field) = table.get("listener") else {
        let help = "add a [[listener]], for example with tcp = \"127.0.0.1:8080\"".to_string();
        table.note("there is no listener".to_string(), "no `listener` in here", help);
        return Vec::new();
    };
    if field.is_empty_list() {
        return field.wrong("is empty", "nobody could connect", "add at least one").unwrap_or_default();
    }
    let listeners = field.list(|item| item.read(|table| one(table, &seen, realms, context))?);
    unique(&seen.names.into_inner(), "listeners", context.notes);
    clashes(&seen.addresses.into_inner(), context);
    listeners.unwrap_or_default()
}

fn one(table: &Table<'_>, seen: &Seen, realms: &Realms, context: &Context<'_>) -> Option<Listener> {
    let name = table.get("name").and_then(|field| {
        let name = field.text()?;
        seen.names.borrow_mut().push((name.clone(), field.span()));
        Some(name)
    });
    let address = address(table, seen, context);
    let mut framings = USUAL_FRAMINGS.to_vec();
    table.set("framing", &mut framings, |field| field.choices(&FRAMINGS));
    let mut serializers: Vec<Format> = FORMATS.map(|(_, format)| format).to_vec();
    table.set("serializers", &mut serializers, |field| field.choices(&FORMATS));
    let mut methods = None;
    table.set("auth", &mut methods, |field| auth::allowed(field).map(Some));
    let tls = table.get("tls").and_then(|field| tls(&field, address.as_ref(), context));
    let websocket = websocket(table, &framings, realms);
    let rawsocket = rawsocket(table, &framings);
    let longpoll = longpoll(table, &framings, &websocket, realms);
    let mut max_message = 16 << 20;
    table.set("max_message", &mut max_message, |field| size(field, longest(&framings)));
    let mut max_batch = 16 << 20;
    table.set("max_batch", &mut max_batch, |field| size(field, 1 << 30));
    let mut max_connections = 65_536;
    table.set("max_connections", &mut max_connections, |field| number(field, 1..=10_000_000));
    let mut keepalive = Some(Duration::from_secs(30));
    table.set("keepalive", &mut keepalive, interval);
    let mut backlog = 1_024;
    table.set("backlog", &mut backlog, |field| {
        field.count(1..=65_535).and_then(|number| u32::try_from(number).ok())
    });
    let address = address?;
    let place = table.get("tcp").or_else(|| table.get("unix")).map_or(table.span, |field| field.span());
    Some(Listener {
        name: name.unwrap_or_else(|| address.to_string()),
        place: Place(place),
        address,
        framings,
        serializers,
        methods,
        tls,
        websocket,
        rawsocket,
        longpoll,
        max_message,
        max_batch,
        max_connections,
        keepalive,
        backlog,
    })
}

fn number(field: &Field<'_>, range: RangeInclusive<u64>) -> Option<usize> {
    field.count(range).and_then(|number| usize::try_from(number).ok())
}

fn size(field: &Field<'_>, longest: u64) -> Option<usize> {
    field.size(512..=longest).and_then(|bytes| usize::try_from(bytes).ok())
}

/// RawSocket has 24 bits for the length of a message (RAW-04); for WebSocket the bound is one of reason.
fn longest(framings: &[Framing]) -> u64 {
    if framings.contains(&Framing::RawSocket) { 16 << 20 } else { 1 << 30 }
}

fn interval(field: &Field<'_>) -> Option<Option<Duration>> {
    if field.is_off() {
        return Some(None);
    }
    field.duration(Duration::from_millis(100)..=Duration::from_secs(86_400)).map(Some)
}

fn address(table: &Table<'_>, seen: &Seen, context: &Context<'_>) -> Option<Address> {
    let mode = table.get("mode");
    let (field, address) = match (table.get("tcp"), table.get("unix")) {
        (Some(field), None) => {
            if let Some(mode) = mode {
                mode.wrong::<()>("goes with `unix` only", "no meaning here", "remove it");
            }
            let address = tcp(&field)?;
            (field, Address::Tcp(address))
        }
        (None, Some(field)) => {
            let mode = mode.map_or(Some(0o660), |field| permissions(&field));
            let path = unix(&field, context);
            (field, Address::Unix { path: path?, mode: mode? })
        }
        (None, None) => {
            let help = "allowed: tcp = \"127.0.0.1:8080\", or unix = \"/path/of/socket\"".to_string();
            table.note(format!("`{}` is missing", table.path_of("tcp")), "listens nowhere", help);
            return None;
        }
        (Some(_), Some(field)) => {
            return field.wrong(
                "can't stand beside `tcp`",
                "a second address",
                "write a second [[listener]]",
            );
        }
    };
    seen.addresses.borrow_mut().push((address.clone(), field.span()));
    Some(address)
}

fn tcp(field: &Field<'_>) -> Option<SocketAddr> {
    let text = if field.is_text() { field.text()? } else { String::new() };
    if let Ok(address) = text.parse() {
        return Some(address);
    }
    let port = text.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
    let help = match (text.rsplit_once(':').map(|(host, _)| host), port) {
        (Some("localhost"), Some(port)) => format!("did you mean \"127.0.0.1:{port}\", or \"[::1]:{port}\"?"),
        (Some("" | "*"), Some(port)) => {
            format!("did you mean \"0.0.0.0:{port}\" (every IPv4 address), or \"[::]:{port}\" (every address)?")
        }
        _ => "allowed: an IP address and a port: \"127.0.0.1:8080\" (this machine only), \"0.0.0.0:8080\" (every IPv4 \
              address), \"[::]:8080\" (every address)"
            .to_string(),
    };
    field.wrong("wants an IP address and a port", "this is none", help)
}

/// A bare name lies in the runtime directory, any other relative path beside the config file.
fn unix(field: &Field<'_>, context: &Context<'_>) -> Option<PathBuf> {
    let text = field.text()?;
    let path = match text.contains('/') {
        true => context.base.join(&text),
        false => context.environment.runtime_directory().join(&text),
    };
    // The kernel's struct has 108 octets, the last of them 0.
    let length = path.as_os_str().len();
    if length > 107 {
        let help = format!("the whole path is {}", path.display());
        return field.wrong("is too long for a socket", &format!("{length} bytes, 107 are possible"), help);
    }
    Some(path)
}

fn permissions(field: &Field<'_>) -> Option<u32> {
    let text = if field.is_text() { field.text()? } else { String::new() };
    let mode = u32::from_str_radix(text.strip_prefix("0o").unwrap_or(&text), 8).ok();
    mode.filter(|mode| *mode <= 0o777 && (3..=5).contains(&text.len())).or_else(|| {
        let help =
            "allowed: octal digits in quotes, such as \"0600\" (this user) or \"0660\" (this user and group)";
        field.wrong("wants permission bits", "these are none", help)
    })
}

fn clashes(addresses: &[(Address, Span)], context: &Context<'_>) {
    for (index, (address, span)) in addresses.iter().enumerate() {
        if let Some((_, first)) = addresses[..index].iter().find(|(other, _)| clash(address, other)) {
            context.notes.add(
                Mistake::new(format!("two listeners want {address}"))
                    .at(*span, "again here")
                    .at(*first, "taken here")
                    .help(
                        "one listener can speak several framings: framing = [\"rawsocket\", \"websocket\"]",
                    ),
            );
        }
    }
}

/// Whether the system would refuse the second of two addresses. Port 0 is a new port each time.
fn clash(one: &Address, other: &Address) -> bool {
    match (one, other) {
        (Address::Unix { path: one, .. }, Address::Unix { path: other, .. }) => one == other,
        (Address::Tcp(one), Address::Tcp(other)) => {
            let everywhere = covers(one.ip(), other.ip()) || covers(other.ip(), one.ip());
            one.port() == other.port() && one.port() != 0 && (everywhere || one.ip() == other.ip())
        }
        _ => false,
    }
}

/// Whether listening at `one` takes the port of `other`: `[::]` is every IPv4 address as well.
fn covers(one: IpAddr, other: IpAddr) -> bool {
    one.is_unspecified() && (one.is_ipv6() || other.is_ipv4())
}

fn websocket(table: &Table<'_>, framings: &[Framing], realms: &Realms) -> WebSocket {
    let mut websocket = WebSocket::default();
    let Some(field) = table.get("websocket") else { return websocket };
    spoken(&field, framings, Framing::WebSocket, "websocket");
    field.read(|table| {
        table.set("paths", &mut websocket.paths, |field| paths(field, realms));
        table.set("allowed_origins", &mut websocket.allowed_origins, origins);
        table.set("compression", &mut websocket.compression, Field::flag);
    });
    websocket
}

fn rawsocket(table: &Table<'_>, framings: &[Framing]) -> RawSocket {
    let mut rawsocket = RawSocket::default();
    if let Some(field) = table.get("rawsocket") {
        spoken(&field, framings, Framing::RawSocket, "rawsocket");
        field.read(|table| table.set("ping", &mut rawsocket.ping, Field::flag));
    }
    rawsocket
}

fn origins(field: &Field<'_>) -> Option<Vec<String>> {
    if field.is_empty_list() {
        let help = "allowed: \"*\" for all, or a list of origins";
        return field.wrong("is empty", "no web page could connect", help);
    }
    field.list(|item| item.text())
}

fn longpoll(table: &Table<'_>, framings: &[Framing], websocket: &WebSocket, realms: &Realms) -> LongPoll {
    let mut longpoll = LongPoll::default();
    let Some(field) = table.get("longpoll") else { return longpoll };
    spoken(&field, framings, Framing::LongPoll, "longpoll");
    field.read(|table| {
        table.set("path", &mut longpoll.path, |field| base(field, framings, websocket));
        table.set("realms", &mut longpoll.realms, |field| field.list(|item| realms.reference(item)));
        table.set("allowed_origins", &mut longpoll.allowed_origins, origins);
        table.set("max_transports", &mut longpoll.max_transports, |field| number(field, 1..=10_000_000));
        let second = Duration::from_secs(1);
        table.set("hold", &mut longpoll.hold, |field| field.duration(second..=300 * second));
        table.set("idle_timeout", &mut longpoll.idle_timeout, |field| field.duration(second..=3600 * second));
        table.set("request_timeout", &mut longpoll.request_timeout, |field| {
            field.duration(second..=300 * second)
        });
        table.set("no_content", &mut longpoll.no_content, Field::flag);
    });
    longpoll
}

/// The path of long-polling. Everything below it is taken, so no path of WebSocket may be there.
fn base(field: &Field<'_>, framings: &[Framing], websocket: &WebSocket) -> Option<String> {
    let path = location(field)?.trim_end_matches('/').to_string();
    let below = |other: &str| other.strip_prefix(&path).is_some_and(|rest| rest.starts_with('/'));
    let clash = websocket.paths.iter().find(|other| below(&other.path));
    match clash.filter(|_| framings.contains(&Framing::WebSocket)) {
        None => Some(path),
        Some(other) => field.wrong(
            "takes a path of WebSocket",
            &format!("{} lies below it", other.path),
            "for example: path = \"/longpoll\"",
        ),
    }
}

/// Settings of a framing go with that framing.
fn spoken(field: &Field<'_>, framings: &[Framing], framing: Framing, name: &str) {
    if !framings.contains(&framing) {
        let help = format!("add \"{name}\" to `framing`, or remove this");
        field.wrong::<()>("has no effect", "not spoken here", help);
    }
}

fn paths(field: &Field<'_>, realms: &Realms) -> Option<Vec<WebSocketPath>> {
    if field.is_empty_list() {
        return field.wrong("is empty", "nobody could connect", "for example: paths = [\"/ws\"]");
    }
    let seen = RefCell::new(Vec::new());
    field.list(|item| {
        let path = path(item, realms)?;
        if seen.borrow().contains(&path.path) {
            return item.wrong("names a path again", "second time", "each path may be named once");
        }
        seen.borrow_mut().push(path.path.clone());
        Some(path)
    })
}

/// `"/ws"`, or `{ path = "/ws", realms = ["realm1"] }`.
fn path(field: &Field<'_>, realms: &Realms) -> Option<WebSocketPath> {
    if field.is_text() {
        return Some(WebSocketPath { path: location(field)?, realms: Vec::new() });
    }
    field.read(|table| {
        let path = table.require("path", "path = \"/ws\"").and_then(|field| location(&field));
        let mut allowed = Vec::new();
        table.set("realms", &mut allowed, |field| field.list(|item| realms.reference(item)));
        Some(WebSocketPath { path: path?, realms: allowed })
    })?
}

fn location(field: &Field<'_>) -> Option<String> {
    let text = field.text()?;
    let plain = |c: char| c.is_ascii_graphic() && c != '?' && c != '#';
    if text.starts_with('/') && text.chars().all(plain) {
        return Some(text);
    }
    field.wrong(
        "wants the path of a URL",
        "this is none",
        "allowed: \"/\", \"/ws\", \"/app/ws\": no spaces, `?` or `#`",
    )
}
