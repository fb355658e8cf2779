//! What happens to the port.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::net::SocketAddr;

use crossway_framing::Listener;
use crossway_tcp::{TcpListener, TcpOptions};
use tokio::net::TcpStream;

fn bind(address: &str) -> TcpListener {
    TcpListener::bind(&TcpOptions::new(address.parse().unwrap())).unwrap()
}

#[tokio::test]
async fn connections_come_with_their_address_and_without_delay() {
    let mut listener = bind("127.0.0.1:0");
    assert_eq!(listener.address(), format!("tcp://{}", listener.local_addr()));
    let (client, (stream, peer)) = tokio::join!(TcpStream::connect(listener.local_addr()), listener.accept());
    assert_eq!(peer.address, client.unwrap().local_addr().unwrap().to_string());
    assert!(peer.local && !peer.secure);
    assert!(stream.nodelay().unwrap());
}

#[tokio::test]
async fn ipv6_any_takes_ipv4_and_shows_it_as_such() {
    let mut listener = bind("[::]:0");
    let address = SocketAddr::from(([127, 0, 0, 1], listener.local_addr().port()));
    let (client, (_, peer)) = tokio::join!(TcpStream::connect(address), listener.accept());
    assert_eq!(peer.address, client.unwrap().local_addr().unwrap().to_string());
    assert!(peer.local);
}

#[tokio::test]
async fn a_port_in_use_is_explained() {
    let listener = bind("127.0.0.1:0");
    let address = listener.local_addr();
    let error = TcpListener::bind(&TcpOptions::new(address)).unwrap_err();
    assert_eq!(error.source.kind(), std::io::ErrorKind::AddrInUse);
    let text = error.to_string();
    assert!(text.starts_with(&format!("cannot listen on tcp://{address}: ")), "{text}");
    assert!(text.ends_with(&format!("`ss -ltnp 'sport = :{}'` shows which", address.port())), "{text}");
}

#[tokio::test]
async fn an_address_of_another_host_is_explained() {
    let error = TcpListener::bind(&TcpOptions::new("192.0.2.1:0".parse().unwrap())).unwrap_err().to_string();
    assert!(error.ends_with("no interface of this host has the address 192.0.2.1"), "{error}");
}

#[tokio::test]
async fn a_port_is_free_at_once_although_its_connections_linger() {
    let mut listener = bind("127.0.0.1:0");
    let address = listener.local_addr();
    let (client, (stream, _)) = tokio::join!(TcpStream::connect(address), listener.accept());
    // Closed by our side first: the connection stays in TIME_WAIT.
    drop((listener, stream));
    drop(client);
    TcpListener::bind(&TcpOptions::new(address)).expect("bound again");
}
