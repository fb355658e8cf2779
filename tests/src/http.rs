//! HTTP requests, spelt by hand.

use std::collections::VecDeque;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::wire::Stream;

/// A connection that stays open from request to request.
pub struct Http(pub Stream);

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// The number.
    pub status: u16,
    /// Everything before the body, in lower case.
    pub head: String,
    /// The body.
    pub body: Vec<u8>,
}

impl Http {
    /// Sends a POST and waits for the answer; `None` if the router closes instead.
    pub async fn post(&mut self, path: &str, body: &[u8]) -> Option<Answer> {
        self.send(path, body).await;
        self.answer().await
    }

    /// Sends a POST.
    pub async fn send(&mut self, path: &str, body: &[u8]) {
        self.send_with(path, body, &[]).await;
    }

    /// Sends a POST with headers of its own.
    pub async fn send_with(&mut self, path: &str, body: &[u8], headers: &[(&'static str, &str)]) {
        let len = body.len();
        let more: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let head = format!("POST {path} HTTP/1.1\r\nHost: localhost\r\n{more}Content-Length: {len}\r\n\r\n");
        self.say(&[head.as_bytes(), body].concat()).await;
    }

    /// Sends octets. A connection that the router has closed already is no error; reading will tell.
    pub async fn say(&mut self, octets: &[u8]) {
        let written = self.0.write_all(octets).await;
        let _maybe_closed = written.and(self.0.flush().await);
    }

    /// Waits for an answer; `None` if the router closes instead.
    pub async fn answer(&mut self) -> Option<Answer> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.0.read_u8().await.ok()?);
        }
        let head = String::from_utf8(head).expect("the router answers in ASCII").to_lowercase();
        let status = head.split(' ').nth(1).and_then(|number| number.parse().ok()).expect("a status");
        let len = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; len.map_or(0, |len| len.parse().expect("a length"))];
        self.0.read_exact(&mut body).await.ok()?;
        Some(Answer { status, head, body })
    }
}

/// A client of the long-poll transport: a connection to send on and one to fetch on, as browsers have.
pub struct LongPollClient {
    /// `/longpoll/<id>`
    pub transport: String,
    /// For `send` and `close`; gone when the client is.
    pub sending: Option<Http>,
    /// For `receive`.
    pub receiving: Http,
    /// The subprotocol.
    pub protocol: &'static str,
    /// Whether a request for messages is under way.
    pub asked: bool,
    /// The rest of the last answer.
    pub arrived: VecDeque<Vec<u8>>,
    /// The most messages that came in one batch.
    pub longest_batch: usize,
}

impl LongPollClient {
    /// Opens a transport; also the cookie that the router sets, in lower case.
    pub async fn open(
        sending: Stream,
        receiving: Stream,
        protocol: &'static str,
        headers: &[(&'static str, &str)],
    ) -> (Self, Option<String>) {
        let mut sending = Http(sending);
        let body = serde_json::json!({"protocols": [protocol]}).to_string();
        sending.send_with("/longpoll/open", body.as_bytes(), headers).await;
        let answer = sending.answer().await.expect("an answer");
        assert_eq!(answer.status, 200, "{answer:?}");
        let cookie = answer.head.lines().find_map(|line| line.strip_prefix("set-cookie: "));
        let cookie = cookie.map(str::to_owned);
        let opened: serde_json::Value = serde_json::from_slice(&answer.body).expect("JSON (LP-06)");
        assert_eq!(opened["protocol"], protocol);
        let transport = format!("/longpoll/{}", opened["transport"].as_str().expect("an id"));
        let mut client = LongPollClient {
            transport,
            sending: Some(sending),
            receiving: Http(receiving),
            protocol,
            asked: false,
            arrived: VecDeque::new(),
            longest_batch: 0,
        };
        client.ask().await;
        (client, cookie)
    }

    /// Asks for messages, unless a request for them is under way.
    async fn ask(&mut self) {
        if !std::mem::replace(&mut self.asked, true) {
            let path = format!("{}/receive", self.transport);
            self.receiving.send(&path, b"").await;
        }
    }

    /// Sends a body; the status of the answer.
    pub async fn send(&mut self, body: &[u8]) -> Option<u16> {
        let path = format!("{}/send", self.transport);
        self.sending.as_mut()?.post(&path, body).await.map(|answer| answer.status)
    }

    /// Closes the transport.
    pub async fn close(&mut self) -> Option<u16> {
        let path = format!("{}/close", self.transport);
        self.sending.as_mut()?.post(&path, b"").await.map(|answer| answer.status)
    }

    /// Waits for the next body with messages; `None` at the end. Asks for the next one at once, as clients do.
    pub async fn receive(&mut self) -> Option<Vec<u8>> {
        loop {
            self.ask().await;
            let answer = self.receiving.answer().await?;
            self.asked = false;
            match answer.status {
                200 => {
                    self.ask().await;
                    return Some(answer.body);
                }
                204 => {}
                404 => return None,
                _ => panic!("{answer:?}"),
            }
        }
    }
}

/// Other transports end with their connections. Here the router would wait for the client to come back, and the test for
/// the router.
impl Drop for LongPollClient {
    fn drop(&mut self) {
        let (Some(mut sending), Ok(runtime)) = (self.sending.take(), tokio::runtime::Handle::try_current())
        else {
            return;
        };
        let path = format!("{}/close", self.transport);
        runtime.spawn(async move { sending.post(&path, b"").await });
    }
}
