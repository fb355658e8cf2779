//! All connections of the forwarder, and what goes from one to another.

use std::io;

use super::client::Client;
use crate::framing::{FORWARD_HEAD, Part};
use crate::socket::Carrier;

/// All connections.
#[derive(Debug, Default)]
pub(super) struct Table {
    clients: Vec<Option<Client>>,
    free: Vec<usize>,
    callees: Vec<usize>,
    subscribers: Vec<usize>,
    /// Connections that something was queued for since they were flushed.
    queued: Vec<usize>,
}

impl Table {
    /// The number of the next connection.
    pub(super) fn free_number(&mut self) -> usize {
        self.free.pop().unwrap_or_else(|| {
            self.clients.push(None);
            self.clients.len() - 1
        })
    }

    pub(super) fn add(&mut self, number: usize, carrier: Carrier) {
        self.clients[number] = Some(Client::new(carrier));
    }

    /// Reads all there is, and queues it for those it is for. `ends` says that the end was announced.
    pub(super) fn read(&mut self, i: usize, ends: bool, scratch: &mut Vec<u8>) {
        while let Some(client) = &mut self.clients[i] {
            let more = client.read(scratch).and_then(|count| match count {
                Some(count) => {
                    let taken = self.take(i, &scratch[..count])?;
                    if let Some(client) = &mut self.clients[i] {
                        client.keep(&scratch[taken..count]);
                    }
                    Ok(ends || count == scratch.len())
                }
                None => Ok(false),
            });
            match more {
                Ok(true) => {}
                Ok(false) => return,
                Err(_) => return self.remove(i),
            }
        }
    }

    /// Routes all whole frames, and answers how many octets they had.
    fn take(&mut self, from: usize, octets: &[u8]) -> io::Result<usize> {
        let mut at = 0;
        let part = match self.clients[from].as_ref().and_then(|client| client.part) {
            Some(part) => part,
            None => match octets.first_chunk() {
                None => return Ok(0),
                Some(greeting) => {
                    at = greeting.len();
                    self.greet(from, *greeting)?
                }
            },
        };
        while let Some(&[a, b, c, d, e, f, g, h]) = octets[at..].first_chunk::<FORWARD_HEAD>() {
            let length = [a, b, c, d];
            let end = at + FORWARD_HEAD + u32::from_be_bytes(length) as usize;
            let Some(body) = octets.get(at + FORWARD_HEAD..end) else { break };
            self.route(from, part, length, u32::from_be_bytes([e, f, g, h]), body);
            at = end;
        }
        Ok(at)
    }

    fn greet(&mut self, from: usize, greeting: [u8; 4]) -> io::Result<Part> {
        let part = Part::greeted(greeting).ok_or(io::ErrorKind::InvalidData)?;
        match part {
            Part::Callee => self.callees.push(from),
            Part::Subscriber => self.subscribers.push(from),
            Part::Caller | Part::Publisher => {}
        }
        if self.clients[from].as_mut().is_some_and(|client| client.greet(part)) {
            self.queued.push(from);
        }
        Ok(part)
    }

    #[inline]
    fn route(&mut self, from: usize, part: Part, length: [u8; 4], lane: u32, body: &[u8]) {
        match part {
            Part::Caller => {
                if let Some(number) = from.checked_rem(self.callees.len()) {
                    self.queue(self.callees[number], length, from as u32, body);
                }
            }
            Part::Callee => self.queue(lane as usize, length, 0, body),
            Part::Publisher => {
                for i in 0..self.subscribers.len() {
                    self.queue(self.subscribers[i], length, 0, body);
                }
            }
            Part::Subscriber => {}
        }
    }

    #[inline]
    fn queue(&mut self, to: usize, length: [u8; 4], lane: u32, body: &[u8]) {
        if let Some(Some(client)) = self.clients.get_mut(to)
            && client.queue(length, lane, body)
        {
            self.queued.push(to);
        }
    }

    /// Writes whatever was queued, each connection once. Those that are blocked wait until they are writable.
    pub(super) fn flush(&mut self) {
        for i in std::mem::take(&mut self.queued) {
            if let Some(client) = &mut self.clients[i]
                && client.flush().is_err()
            {
                self.remove(i);
            }
        }
    }

    /// Goes on writing where the socket was full.
    pub(super) fn writable(&mut self, i: usize) {
        if let Some(client) = &mut self.clients[i]
            && client.is_blocked
            && client.flush().is_err()
        {
            self.remove(i);
        }
    }

    /// Closing the socket takes it out of the poll as well.
    fn remove(&mut self, i: usize) {
        if self.clients[i].take().is_some() {
            self.free.push(i);
        }
        self.callees.retain(|callee| *callee != i);
        self.subscribers.retain(|subscriber| *subscriber != i);
    }
}
