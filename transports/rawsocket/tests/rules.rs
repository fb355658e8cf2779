//! The rules of section RAW, octet by octet, over TCP and Unix sockets.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;
use std::time::Duration;

use crossway_framing::testing::{Echo, Named, Seen};
use crossway_framing::{ServeOptions, serve};
use crossway_rawsocket::{RawSocket, RawSocketOptions};
use crossway_tcp::{TcpListener, TcpOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc::UnboundedReceiver;

/// A listener with an echo behind it.
struct Server {
    address: std::net::SocketAddr,
    seen: UnboundedReceiver<Seen>,
    echo: Echo,
    options: ServeOptions,
}

impl Server {
    fn start() -> Self {
        Self::with(|_| (), |_| ())
    }

    fn with(change: impl FnOnce(&mut RawSocketOptions), serving: impl FnOnce(&mut ServeOptions)) -> Self {
        let mut options = RawSocketOptions::new(Named::all());
        change(&mut options);
        let mut serve_options = ServeOptions::new("raw");
        serving(&mut serve_options);
        let listener = TcpListener::bind(&TcpOptions::new(([127, 0, 0, 1], 0).into())).unwrap();
        let address = listener.local_addr();
        let (echo, seen) = Echo::new();
        tokio::spawn(serve(listener, Arc::new(RawSocket::new(options)), echo.clone(), serve_options.clone()));
        Server { address, seen, echo, options: serve_options }
    }

    async fn connect(&self) -> Client {
        Client(TcpStream::connect(self.address).await.unwrap())
    }

    /// A client after its handshake.
    async fn join(&self, request: [u8; 4]) -> Client {
        let mut client = self.connect().await;
        client.send(&request).await;
        let reply = client.receive(4).await;
        assert_eq!(reply[1] & 0x0F, request[1] & 0x0F, "RAW-18: the serializer is echoed");
        client
    }
}

struct Client(TcpStream);

impl Client {
    async fn send(&mut self, octets: &[u8]) {
        self.0.write_all(octets).await.unwrap();
    }

    async fn receive(&mut self, count: usize) -> Vec<u8> {
        let mut octets = vec![0; count];
        self.0.read_exact(&mut octets).await.unwrap();
        octets
    }

    /// Everything up to the end of the connection.
    async fn rest(&mut self) -> Vec<u8> {
        let mut octets = Vec::new();
        let _reset_counts_as_end = self.0.read_to_end(&mut octets).await;
        octets
    }

    async fn expect(&mut self, octets: &[u8]) {
        assert_eq!(self.receive(octets.len()).await, octets);
    }
}

/// What a client receives altogether that sends `octets` and nothing more.
async fn answer_to(octets: &[u8]) -> Vec<u8> {
    let server = Server::start();
    let mut client = server.connect().await;
    client.send(octets).await;
    client.rest().await
}

const JSON: [u8; 4] = [0x7F, 0xF1, 0, 0];

#[tokio::test]
async fn raw_03_raw_17_raw_18_handshake_echoes_each_serializer() {
    for (serializer, name) in [(1, "json"), (2, "msgpack"), (3, "cbor")] {
        let mut server = Server::start();
        let mut client = server.connect().await;
        client.send(&[0x7F, 0x50 | serializer, 0, 0]).await;
        client.expect(&[0x7F, 0xF0 | serializer, 0, 0]).await;
        let Some(Seen::Joined(joined, info)) = server.seen.recv().await else { panic!("not joined") };
        assert_eq!((joined, info.transport.as_str(), info.local, info.secure), (name, "raw", true, false));
        assert_eq!(info.peer, client.0.local_addr().unwrap().to_string());
    }
}

#[tokio::test]
async fn raw_04_another_first_octet_is_dropped_without_a_word() {
    assert_eq!(answer_to(b"G").await, b"");
    assert_eq!(answer_to(&[0x7E, 0xF1, 0, 0]).await, b"");
}

#[tokio::test]
async fn raw_05_raw_19_the_router_states_its_own_limit() {
    for (max_message, nibble) in
        [(512, 0x0), (1023, 0x0), (1024, 0x1), (1 << 20, 0xB), (1 << 24, 0xF), (1 << 30, 0xF), (1, 0x0)]
    {
        let server = Server::with(|options| options.max_message = max_message, |_| ());
        let mut client = server.connect().await;
        client.send(&[0x7F, 0x01, 0, 0]).await;
        client.expect(&[0x7F, nibble << 4 | 1, 0, 0]).await;
    }
}

#[tokio::test]
async fn raw_06_raw_10_raw_15_raw_16_serializers_that_are_not_offered() {
    for serializer in 4..16 {
        assert_eq!(answer_to(&[0x7F, 0xF0 | serializer, 0, 0]).await, [0x7F, 0x10, 0, 0]);
    }
}

#[tokio::test]
async fn raw_09_serializer_zero_is_dropped_without_a_word() {
    assert_eq!(answer_to(&[0x7F, 0xF0, 0, 0]).await, b"");
}

#[tokio::test]
async fn raw_08_raw_12_reserved_octets_of_the_handshake() {
    assert_eq!(answer_to(&[0x7F, 0xF1, 1, 0]).await, [0x7F, 0x30, 0, 0]);
    assert_eq!(answer_to(&[0x7F, 0xF1, 0, 0x80]).await, [0x7F, 0x30, 0, 0]);
}

#[tokio::test]
async fn raw_11_a_client_that_accepts_too_little() {
    let server = Server::with(|options| options.min_peer_message = 1024, |_| ());
    let mut client = server.connect().await;
    client.send(&[0x7F, 0x01, 0, 0]).await;
    assert_eq!(client.rest().await, [0x7F, 0x20, 0, 0]);
    server.join([0x7F, 0x11, 0, 0]).await;
}

#[tokio::test]
async fn raw_13_connections_beyond_the_limit_are_told_so() {
    let mut server = Server::with(|_| (), |serve| serve.max_connections = 1);
    let first = server.join(JSON).await;
    let mut second = server.connect().await;
    second.send(&JSON).await;
    assert_eq!(second.rest().await, [0x7F, 0x40, 0, 0]);
    drop(first);
    while !matches!(server.seen.recv().await, Some(Seen::Left(_))) {}
    // The place is given back when the first connection's task has ended, which is not for the client to see.
    let mut reply = vec![];
    while reply != [0x7F, 0xF1, 0, 0] {
        let mut third = server.connect().await;
        third.send(&JSON).await;
        reply = third.receive(4).await;
    }
    assert!(server.options.counters.refused.load(std::sync::atomic::Ordering::Relaxed) >= 1);
}

#[tokio::test]
async fn raw_34_a_handshake_that_never_completes_is_given_up() {
    for begun in [&[][..], &[0x7F], &[0x7F, 0xF1, 0]] {
        let server = Server::with(|_| (), |serve| serve.handshake_timeout = Duration::from_millis(20));
        let mut client = server.connect().await;
        client.send(begun).await;
        assert_eq!(client.rest().await, b"");
        assert_eq!(server.options.counters.timed_out.load(std::sync::atomic::Ordering::Relaxed), 1);
    }
}

#[tokio::test]
async fn raw_34_the_handshake_may_come_octet_by_octet() {
    let server = Server::start();
    let mut client = server.connect().await;
    for octet in JSON {
        client.send(&[octet]).await;
    }
    client.expect(&[0x7F, 0xF1, 0, 0]).await;
}

#[tokio::test]
async fn frames_behind_the_handshake_in_the_same_packet_are_not_lost() {
    let server = Server::start();
    let mut client = server.connect().await;
    client.send(b"\x7F\xF1\0\0\0\0\0\x02[]\0\0\0\x01").await;
    client.expect(b"\x7F\xF1\0\0\0\0\0\x02[]").await;
    client.send(b"1").await;
    client.expect(b"\0\0\0\x011").await;
}

#[tokio::test]
async fn raw_20_the_router_knows_what_the_client_accepts() {
    use crossway_framing::Encoder;
    assert_eq!(crossway_rawsocket::RawSocketEncoder::new(512).max_message(), 512);
}

#[tokio::test]
async fn raw_21_a_frame_beyond_the_limit_fails_the_connection_from_its_prefix() {
    let mut server = Server::with(|options| options.max_message = 512, |_| ());
    let mut client = server.join(JSON).await;
    client.send(&[0, 0, 2, 1]).await;
    assert_eq!(client.rest().await, b"");
    server.seen.recv().await;
    let left = "transport violation: frame of 513 octets, 512 are accepted";
    assert_eq!(server.seen.recv().await, Some(Seen::Left(left.to_owned())));
}

#[tokio::test]
async fn raw_02_raw_23_lengths_are_big_endian_and_leave_the_prefix_out() {
    let server = Server::start();
    let mut client = server.join(JSON).await;
    let mut frame = vec![0, 0x01, 0x02, 0x03];
    frame.resize(4 + 0x010203, b'x');
    client.send(&frame).await;
    client.expect(&frame).await;
}

#[tokio::test]
async fn raw_24_reserved_bits_fail_the_connection() {
    for bit in [0x10, 0x20, 0x40, 0x80] {
        let server = Server::start();
        let mut client = server.join(JSON).await;
        client.send(&[bit, 0, 0, 0]).await;
        assert_eq!(client.rest().await, b"");
    }
}

#[tokio::test]
async fn raw_25_a_message_of_exactly_2_to_the_24() {
    let server = Server::start();
    let client = server.join(JSON).await;
    let mut frame = vec![0x08, 0, 0, 0];
    frame.resize(4 + (1 << 24), b'x');
    let (mut reader, mut writer) = client.0.into_split();
    let (sent, received) = tokio::join!(writer.write_all(&frame), async {
        let mut received = vec![0; frame.len()];
        reader.read_exact(&mut received).await.unwrap();
        received
    });
    sent.unwrap();
    assert!(received == frame, "the echo differs");
}

#[tokio::test]
async fn raw_25_raw_26_the_25th_length_bit_stands_alone() {
    let mut server = Server::start();
    let mut client = server.join(JSON).await;
    client.send(&[0x08, 0, 0, 1]).await;
    assert_eq!(client.rest().await, b"");
    server.seen.recv().await;
    assert_eq!(
        server.seen.recv().await,
        Some(Seen::Left("transport violation: length beyond 2^24".to_owned()))
    );
}

#[tokio::test]
async fn raw_27_reserved_types_fail_the_connection() {
    for kind in 3..8 {
        let server = Server::start();
        let mut client = server.join(JSON).await;
        client.send(&[kind, 0, 0, 0]).await;
        assert_eq!(client.rest().await, b"");
    }
}

#[tokio::test]
async fn raw_28_raw_29_each_ping_gets_one_pong_with_the_same_payload() {
    let server = Server::start();
    let mut client = server.join(JSON).await;
    client.send(b"\x01\0\0\x05hello\x01\0\0\0\x01\0\0\x01!").await;
    client.expect(b"\x02\0\0\x05hello\x02\0\0\0\x02\0\0\x01!").await;
    client.send(b"\0\0\0\x01.").await;
    client.expect(b"\0\0\0\x01.").await;
}

#[tokio::test]
async fn raw_29_a_long_ping_is_answered_in_full() {
    let server = Server::start();
    let mut client = server.join(JSON).await;
    let mut ping = vec![0x01, 0x01, 0, 0];
    ping.resize(4 + (1 << 16), 7);
    client.send(&ping).await;
    ping[0] = 0x02;
    client.expect(&ping).await;
}

#[tokio::test]
async fn raw_20_raw_29_a_ping_that_its_sender_would_not_accept_back_fails_the_connection() {
    let server = Server::start();
    let mut client = server.join([0x7F, 0x01, 0, 0]).await;
    client.send(&[0x01, 0, 2, 1]).await;
    assert_eq!(client.rest().await, b"");
}

#[tokio::test]
async fn raw_30_a_pong_is_a_sign_of_life_and_no_more() {
    let mut server = Server::start();
    let mut client = server.join(JSON).await;
    client.send(b"\x02\0\0\x03abc\0\0\0\x01.").await;
    client.expect(b"\0\0\0\x01.").await;
    server.seen.recv().await;
    assert_eq!(server.seen.recv().await, Some(Seen::Alive));
}

#[tokio::test]
async fn keepalive_probe_is_a_ping() {
    let server = Server::with(|options| options.ping = true, |_| ());
    let mut client = server.join(JSON).await;
    client.send(b"\0\0\0\x05ping!").await;
    client.expect(b"\x01\0\0\x08crossway").await;
}

/// autobahn-python on asyncio drops the connection when it gets a PING.
#[tokio::test]
async fn nobody_is_probed_unless_the_options_say_so() {
    let server = Server::start();
    let mut client = server.join(JSON).await;
    client.send(b"\0\0\0\x05ping!").await;
    client.send(b"\0\0\0\x04next").await;
    client.expect(b"\0\0\0\x04next").await;
}

#[tokio::test]
async fn raw_32_an_empty_message_is_passed_up_for_the_router_to_judge() {
    let server = Server::start();
    let mut client = server.join(JSON).await;
    client.send(b"\0\0\0\0").await;
    client.expect(b"\0\0\0\0").await;
}

#[tokio::test]
async fn a_connection_closed_in_the_middle_of_a_frame_is_lost_not_closed() {
    let mut server = Server::start();
    let mut client = server.join(JSON).await;
    client.send(b"\0\0\0\x05ab").await;
    drop(client);
    server.seen.recv().await;
    let Some(Seen::Left(why)) = server.seen.recv().await else { panic!("not left") };
    assert_eq!(why, "connection lost: closed in the middle of a frame");
}

#[tokio::test]
async fn a_closing_router_stops_listening_and_ends_its_connections() {
    let server = Server::start();
    let mut client = server.join(JSON).await;
    let mut stuck_in_handshake = server.connect().await;
    stuck_in_handshake.send(&[0x7F]).await;
    server.echo.close();
    assert_eq!(client.rest().await, b"");
    assert_eq!(stuck_in_handshake.rest().await, b"");
    assert!(TcpStream::connect(server.address).await.is_err());
}
