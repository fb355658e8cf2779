//! The WebSocket layer without WAMP: every message goes back as it came. The conformance suite of WebSocket runs against it.
//!
//! `cargo run --release -p crossway-examples --bin websocket_echo [ADDRESS]`

use std::error::Error;

use crossway_core::transport::TransportError;
use crossway_framing::{Arrival, Listener};
use crossway_tcp::{TcpListener, TcpOptions};
use crossway_websocket::{Compression, Messages, MessagesOptions};
use tokio::net::TcpStream;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9001".to_owned());
    let mut listener = TcpListener::bind(&TcpOptions::new(address.parse()?))?;
    println!("echo at ws://{}", listener.local_addr());
    loop {
        let (io, peer) = listener.accept().await;
        let arrival = Arrival { io, seen: bytes::BytesMut::new(), peer, full: false };
        // A connection that fails is no concern of the others.
        tokio::spawn(async move {
            let options = MessagesOptions { compression: Some(Compression::default()), ..Default::default() };
            if let Ok(mut messages) = Messages::accept(arrival, &options).await {
                let Err(why) = echo(&mut messages).await;
                messages.close(&why).await;
            }
        });
    }
}

/// Until the peer leaves, or breaks a rule.
async fn echo(messages: &mut Messages<TcpStream>) -> Result<std::convert::Infallible, TransportError> {
    loop {
        for message in messages.receive().await? {
            messages.put(&message);
        }
        messages.flush().await?;
    }
}
