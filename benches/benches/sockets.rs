//! Through real sockets: RawSocket over loopback TCP, clients on threads of their own that write and read plain frames.

#![allow(clippy::unwrap_used, reason = "a benchmark that can't go on fails")]

use std::io::{BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use crossway_anonymous::Anonymous;
use crossway_core::{RealmConfig, Router};
use crossway_framing::{ServeOptions, serve};
use crossway_json::Json;
use crossway_rawsocket::{RawSocket, RawSocketOptions};
use crossway_tcp::{TcpListener, TcpOptions};
use divan::Bencher;
use divan::counter::ItemsCount;
use tokio::runtime::Runtime;

fn main() {
    divan::main();
}

/// A router on all cores.
fn router() -> (Runtime, SocketAddr) {
    let runtime = Runtime::new().unwrap();
    let realm = RealmConfig::new("realm1").authenticator(Arc::new(Anonymous::default()));
    let router = Router::builder().realm(realm).build().unwrap();
    let _context = runtime.enter();
    let listener = TcpListener::bind(&TcpOptions::new("127.0.0.1:0".parse().unwrap())).unwrap();
    let address = listener.local_addr();
    let framing = Arc::new(RawSocket::new(RawSocketOptions::new(vec![Arc::new(Json)])));
    runtime.spawn(serve(listener, framing, router, ServeOptions::new("rawsocket")));
    (runtime, address)
}

/// A client that speaks JSON by hand.
struct Client {
    reader: BufReader<TcpStream>,
    writer: TcpStream,
    out: Vec<u8>,
    message: Vec<u8>,
    request: u64,
}

impl Client {
    fn join(address: SocketAddr) -> Self {
        let mut writer = TcpStream::connect(address).unwrap();
        writer.set_nodelay(true).unwrap();
        writer.write_all(&[0x7F, 0xF1, 0, 0]).unwrap();
        let mut reader = BufReader::with_capacity(64 << 10, writer.try_clone().unwrap());
        reader.read_exact(&mut [0; 4]).unwrap();
        let mut client = Client { reader, writer, out: Vec::new(), message: Vec::new(), request: 0 };
        let roles = r#"{"publisher":{},"subscriber":{},"caller":{},"callee":{}}"#;
        client.put(&format!(r#"[1,"realm1",{{"roles":{roles}}}]"#));
        client.flush();
        assert!(client.next().starts_with(b"[2,"));
        client
    }

    fn put(&mut self, message: &str) {
        self.out.extend_from_slice(&u32::try_from(message.len()).unwrap().to_be_bytes());
        self.out.extend_from_slice(message.as_bytes());
    }

    fn flush(&mut self) {
        self.writer.write_all(&self.out).unwrap();
        self.out.clear();
    }

    fn next(&mut self) -> &[u8] {
        let mut prefix = [0; 4];
        self.reader.read_exact(&mut prefix).unwrap();
        self.message.resize(u32::from_be_bytes(prefix) as usize, 0);
        self.reader.read_exact(&mut self.message).unwrap();
        &self.message
    }

    /// Sends a request without payload, and waits for its answer.
    fn ask(&mut self, code: u64, uri: &str) {
        self.request += 1;
        self.put(&format!(r#"[{code},{},{{}},"{uri}"]"#, self.request));
        self.flush();
        self.next();
    }
}

/// Answers every invocation with its own arguments, until the router goes.
fn serve_calls(mut callee: Client) {
    let mut answer = String::new();
    loop {
        let mut prefix = [0; 4];
        if callee.reader.read_exact(&mut prefix).is_err() {
            return;
        }
        callee.message.resize(u32::from_be_bytes(prefix) as usize, 0);
        callee.reader.read_exact(&mut callee.message).unwrap();
        let text = std::str::from_utf8(&callee.message).unwrap();
        let id = text.strip_prefix("[68,").and_then(|rest| rest.split(',').next()).unwrap();
        answer.clear();
        answer.push_str("[70,");
        answer.push_str(id);
        answer.push_str(r#",{},["hello"]]"#);
        callee.put(&answer);
        if callee.reader.buffer().is_empty() {
            callee.flush();
        }
    }
}

/// One caller, one callee, so many calls under way at a time; items are calls.
#[divan::bench(args = [1, 64])]
fn call(bencher: Bencher, window: u64) {
    let (_runtime, address) = router();
    let mut callee = Client::join(address);
    callee.ask(64, "com.example.echo");
    std::thread::spawn(move || serve_calls(callee));
    let mut caller = Client::join(address);
    bencher.counter(ItemsCount::new(window)).bench_local(|| {
        for _ in 0..window {
            caller.request += 1;
            caller.put(&format!(r#"[48,{},{{}},"com.example.echo",["hello"]]"#, caller.request));
        }
        caller.flush();
        for _ in 0..window {
            assert!(caller.next().starts_with(b"[50,"));
        }
    });
}

/// One publisher, subscribers on one thread each, 64 events at a time; items are deliveries.
#[divan::bench(args = [1, 10, 100], sample_count = 30)]
fn fan_out(bencher: Bencher, subscribers: usize) {
    const EVENTS: usize = 64;
    let (_runtime, address) = router();
    let (done, all_done) = std::sync::mpsc::channel();
    for _ in 0..subscribers {
        let mut client = Client::join(address);
        client.ask(32, "com.example.topic");
        let done = done.clone();
        std::thread::spawn(move || {
            let mut prefix = [0; 4];
            let mut seen = 0;
            while client.reader.read_exact(&mut prefix).is_ok() {
                client.message.resize(u32::from_be_bytes(prefix) as usize, 0);
                client.reader.read_exact(&mut client.message).unwrap();
                seen += 1;
                if seen % EVENTS == 0 {
                    let _ = done.send(());
                }
            }
        });
    }
    let mut publisher = Client::join(address);
    bencher.counter(ItemsCount::new(EVENTS * subscribers)).bench_local(|| {
        for _ in 0..EVENTS {
            publisher.request += 1;
            let request = publisher.request;
            publisher
                .put(&format!(r#"[16,{request},{{}},"com.example.topic",["a text of some length",23]]"#));
        }
        publisher.flush();
        (0..subscribers).for_each(|_| all_done.recv().unwrap());
    });
}
