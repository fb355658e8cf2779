//! A router inside your own program, made of the crates that you choose: here RawSocket over TCP, JSON and MessagePack.
//!
//! `cargo run -p crossway-examples --bin embed`

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use crossway_anonymous::Anonymous;
use crossway_client::{Reply, Session, connect_in_process};
use crossway_core::serializer::Serializer;
use crossway_core::{Limits, RealmConfig, Router};
use crossway_framing::{Peer, ServeOptions, Stream, serve};
use crossway_json::Json;
use crossway_msgpack::MessagePack;
use crossway_rawsocket::{RawSocket, RawSocketDecoder, RawSocketEncoder, RawSocketOptions};
use crossway_tcp::{TcpListener, TcpOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // Who may join, and what one client may make the router do.
    let realm = RealmConfig::new("realm1").authenticator(Arc::new(Anonymous::default()));
    let limits = Limits { max_sessions: 1000, ..Limits::default() };
    let router = Router::builder().realm(realm).limits(limits).build()?;

    // How clients reach it. Another listener is another three lines; port 0 is a free one.
    let serializers: Vec<Arc<dyn Serializer>> = vec![Arc::new(Json), Arc::new(MessagePack)];
    let listener = TcpListener::bind(&TcpOptions::new("127.0.0.1:0".parse()?))?;
    let address = listener.local_addr();
    let framing = Arc::new(RawSocket::new(RawSocketOptions::new(serializers)));
    let serving = tokio::spawn(serve(listener, framing, router.clone(), ServeOptions::new("rawsocket")));
    println!("listening on {}", address.ip());

    // Your program takes part as a session of its own.
    let own = Session::join(connect_in_process(&router, Arc::new(MessagePack)), "realm1").await?;
    own.register("com.example.hello", async |_| Ok(Reply::new().arg("hello"))).await?.keep();

    // What a client in another process would do.
    let client = Session::join(connect(TcpStream::connect(address).await?).await?, "realm1").await?;
    println!("a client over TCP hears: {:?}", client.call("com.example.hello").await?.args);

    // Everybody is told GOODBYE; `serve` returns after the last connection has ended.
    router.shutdown(Duration::from_secs(5)).await;
    serving.await?;
    println!("ended: {}", client.ended().await);
    Ok(())
}

/// The client's side of RawSocket: its magic octet, 2^24 as the longest message, and JSON.
async fn connect(
    mut stream: TcpStream,
) -> std::io::Result<Stream<TcpStream, RawSocketDecoder, RawSocketEncoder>> {
    stream.write_all(&[crossway_rawsocket::MAGIC, 0xF1, 0, 0]).await?;
    let mut answer = [0; 4];
    stream.read_exact(&mut answer).await?;
    let theirs = 1 << (9 + (answer[1] >> 4));
    let framing = (RawSocketDecoder::new(1 << 24, theirs), RawSocketEncoder::new(theirs));
    Ok(Stream::new(stream, bytes::BytesMut::new(), framing, Arc::new(Json), Peer::default()))
}
