//! Clients behind RawSocket over TCP on loopback, all on one thread.
//!
//! They read and write as much at a time as there is. Still, one delivery costs the client about a system call for every
//! batch, as it does the router, and what the client takes of two cores the router can't have.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crossway_framing::{ServeOptions, serve};
use crossway_msgpack::MessagePack;
use crossway_rawsocket::{RawSocket, RawSocketOptions};
use crossway_tcp::{TcpListener, TcpOptions};
use rustix::event::{PollFd, PollFlags, poll};

use crate::clients::Client;
use crate::memory::each;
use crate::scenario::{Measured, Scenario, measure, router};

/// What one read takes at most.
const READ: usize = 256 << 10;

pub(crate) fn run(scenario: &Scenario, workers: usize) -> Measured {
    let (runtime, router) = router(workers);
    let address = {
        let _context = runtime.enter();
        let listener = TcpListener::bind(&TcpOptions::new("127.0.0.1:0".parse().unwrap())).unwrap();
        let address = listener.local_addr();
        let framing = Arc::new(RawSocket::new(RawSocketOptions::new(vec![Arc::new(MessagePack)])));
        runtime.spawn(serve(listener, framing, router.clone(), ServeOptions::new("rawsocket")));
        address
    };
    let (count, stop) = (Arc::default(), Arc::new(AtomicBool::new(false)));
    let (receivers, senders) = (scenario.receivers(&count), scenario.senders(&count, true));
    let (opened, all_opened) = mpsc::channel();
    let clients = thread::spawn({
        let stop = Arc::clone(&stop);
        move || {
            let mut crowd = Crowd::default();
            crowd.open(receivers, address);
            crowd.open(senders, address);
            opened.send(()).unwrap();
            while !stop.load(Ordering::Relaxed) {
                crowd.turn();
            }
        }
    });
    let _ = all_opened.recv();
    let measured = measure(&count);
    stop.store(true, Ordering::Relaxed);
    clients.join().unwrap();
    runtime.shutdown_timeout(Duration::from_secs(5));
    measured
}

/// All clients.
#[derive(Default)]
struct Crowd {
    connections: Vec<Connection>,
    buffer: Vec<u8>,
}

impl Crowd {
    /// Returns when all of them have opened.
    fn open(&mut self, clients: Vec<Client>, address: SocketAddr) {
        self.buffer.resize(READ, 0);
        self.connections.extend(clients.into_iter().map(|client| Connection::new(client, address)));
        while !self.connections.iter().all(|connection| connection.client.is_open()) {
            self.turn();
        }
    }

    /// Waits for something to read or room to write, and does both.
    fn turn(&mut self) {
        self.connections.iter_mut().for_each(Connection::write);
        let readable: Vec<bool> = {
            let mut waiting: Vec<PollFd<'_>> = self.connections.iter().map(Connection::interest).collect();
            let patience = rustix::event::Timespec { tv_sec: 0, tv_nsec: 10_000_000 };
            poll(&mut waiting, Some(&patience)).unwrap();
            waiting.iter().map(|fd| fd.revents().intersects(PollFlags::IN)).collect()
        };
        for (connection, _) in self.connections.iter_mut().zip(readable).filter(|(_, readable)| *readable) {
            connection.read(&mut self.buffer);
        }
    }
}

struct Connection {
    stream: TcpStream,
    client: Client,
    /// The part of a frame that came before the rest.
    held: Vec<u8>,
    /// What is not written yet.
    out: Vec<u8>,
}

impl Connection {
    fn new(client: Client, address: SocketAddr) -> Self {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.write_all(&[crossway_rawsocket::MAGIC, 0xF2, 0, 0]).unwrap();
        stream.read_exact(&mut [0; 4]).unwrap();
        stream.set_nonblocking(true).unwrap();
        Connection { stream, client, held: Vec::new(), out: Vec::new() }
    }

    fn interest(&self) -> PollFd<'_> {
        let write = if self.out.is_empty() { PollFlags::empty() } else { PollFlags::OUT };
        PollFd::from_borrowed_fd(self.stream.as_fd(), PollFlags::IN | write)
    }

    /// Asks the client for more only when all that it said before has left.
    fn write(&mut self) {
        if self.out.is_empty() {
            let out = &mut self.out;
            self.client.say(|frame| {
                out.extend_from_slice(&u32::try_from(frame.len()).unwrap().to_be_bytes());
                out.extend_from_slice(&frame);
            });
        }
        if self.out.is_empty() {
            return;
        }
        match self.stream.write(&self.out) {
            Ok(count) => drop(self.out.drain(..count)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => panic!("the router has gone: {error}"),
        }
    }

    fn read(&mut self, buffer: &mut [u8]) {
        let held = self.held.len();
        buffer[..held].copy_from_slice(&self.held);
        let count = match self.stream.read(&mut buffer[held..]) {
            Ok(0) => panic!("the router has hung up"),
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return,
            Err(error) => panic!("the router has gone: {error}"),
        };
        let octets = &buffer[..held + count];
        let client = &mut self.client;
        let whole = each(octets, |message| client.hear(message));
        self.held.clear();
        self.held.extend_from_slice(&octets[whole..]);
    }
}
