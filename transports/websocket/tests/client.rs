//! A client that somebody else wrote.

mod support;

use futures_util::{SinkExt, StreamExt};
use support::Server;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

async fn connect(
    server: &Server,
    subprotocols: &'static str,
) -> Result<WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>, Error> {
    let mut request = format!("ws://{}/ws", server.address).into_client_request()?;
    request.headers_mut().insert("Sec-WebSocket-Protocol", subprotocols.parse().expect("a header value"));
    let (client, response) = connect_async(request).await?;
    assert!(response.headers().contains_key("Sec-WebSocket-Protocol"));
    Ok(client)
}

#[tokio::test]
async fn messages_of_all_lengths_come_back_in_order() {
    let server = Server::start();
    let mut client = connect(&server, "wamp.2.cbor, wamp.2.json").await.expect("connected");
    let lengths = [0, 1, 125, 126, 127, 16_383, 16_384, 65_535, 65_536, 70_000, 1 << 20, 3, (1 << 24) - 1];
    for len in lengths {
        let message: Vec<u8> = (0..len).map(|i| (i % 251) as u8).collect();
        let message = Message::binary(message);
        client.send(message.clone()).await.expect("sent");
        let echo = client.next().await.expect("an answer").expect("a message");
        assert!(echo == message, "the echo of {len} octets differs");
    }
}

#[tokio::test]
async fn a_thousand_messages_without_waiting() {
    let server = Server::start();
    let client = connect(&server, "wamp.2.json").await.expect("connected");
    let (mut sink, mut stream) = client.split();
    let sender = tokio::spawn(async move {
        for i in 0..1000 {
            let text = format!("[{i}{}]", " ".repeat(i * 7 % 5000));
            sink.feed(Message::text(text)).await.expect("sent");
        }
        sink.flush().await.expect("flushed");
        sink
    });
    for i in 0..1000 {
        let echo = stream.next().await.expect("an answer").expect("a message");
        assert!(echo.to_text().expect("text").starts_with(&format!("[{i}")));
    }
    drop(sender.await.expect("the sender ends"));
}

#[tokio::test]
async fn closing_from_either_side() {
    let mut server = Server::start();
    let mut client = connect(&server, "wamp.2.json").await.expect("connected");
    client.close(None).await.expect("closing");
    while let Some(frame) = client.next().await {
        assert!(frame.is_ok(), "{frame:?}");
    }
    assert_eq!(server.left().await, "closed by the peer");

    let mut client = connect(&server, "wamp.2.json").await.expect("connected");
    client.send(Message::text("close!")).await.expect("sent");
    let Some(Ok(Message::Close(Some(close)))) = client.next().await else { panic!("no close frame") };
    assert_eq!(close.code, CloseCode::Away);
}

#[tokio::test]
async fn ws_04_no_common_subprotocol() {
    let server = Server::start();
    let Err(Error::Http(response)) = connect(&server, "mqtt").await else { panic!("connected") };
    assert_eq!(response.status(), 400);
}
