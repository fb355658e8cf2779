//! The opening handshake.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Buf;
use crossway_core::serializer::Serializer;
use crossway_framing::{Accepted, Arrival, Handshake, HandshakeError, Split, Stream, reject};
use tokio::io::AsyncWriteExt;

use crate::{MAGIC, RawSocketDecoder, RawSocketEncoder};

/// What a RawSocket listener offers.
#[derive(Clone, Debug)]
pub struct RawSocketOptions {
    /// The formats that clients may choose from; those without a RawSocket code are left out.
    pub serializers: Vec<Arc<dyn Serializer>>,
    /// The longest message that clients may send, in octets. RawSocket knows the powers of two from 2^9 to 2^24, and
    /// this is rounded down to one of them. 16 MiB.
    pub max_message: usize,
    /// Clients have to accept messages of this length at least, in octets. 512, which all do.
    pub min_peer_message: usize,
    /// Whether silent peers are probed with PING. No: clients in use (autobahn-python on asyncio) drop the connection
    /// when they get one, and a carrier such as TCP can find out by itself that a peer has vanished.
    pub ping: bool,
}

impl RawSocketOptions {
    /// The defaults.
    pub fn new(serializers: Vec<Arc<dyn Serializer>>) -> Self {
        RawSocketOptions { serializers, max_message: 1 << 24, min_peer_message: 512, ping: false }
    }
}

/// Why the router refuses, as the peer is told.
#[derive(Clone, Copy, Debug)]
enum Refusal {
    Serializer = 1,
    Length = 2,
    Reserved = 3,
    Connections = 4,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Refusal::Serializer => "a serializer that is not offered",
            Refusal::Length => "accepts too short messages only",
            Refusal::Reserved => "reserved bits set",
            Refusal::Connections => "too many connections",
        })
    }
}

/// The RawSocket handshake.
#[derive(Debug)]
pub struct RawSocket {
    options: RawSocketOptions,
    /// The router's own LENGTH nibble.
    length: u8,
}

impl RawSocket {
    /// A handshake that offers what the options say.
    pub fn new(options: RawSocketOptions) -> Self {
        let octets = options.max_message.clamp(1 << 9, 1 << 24);
        RawSocket { options, length: (octets.ilog2() - 9) as u8 }
    }

    /// What the second octet of the request asks for: the serializer, and the longest message that the peer accepts.
    fn choose(&self, choice: u8, reserved: [u8; 2]) -> Result<(Arc<dyn Serializer>, usize), Refusal> {
        if reserved != [0, 0] {
            return Err(Refusal::Reserved);
        }
        let code = choice & 0x0F;
        let known = self.options.serializers.iter().find(|s| s.rawsocket_code() == Some(code));
        let serializer = known.ok_or(Refusal::Serializer)?;
        let peer_max = limit(choice >> 4);
        if peer_max < self.options.min_peer_message {
            return Err(Refusal::Length);
        }
        Ok((Arc::clone(serializer), peer_max))
    }
}

fn limit(length: u8) -> usize {
    1 << (9 + length)
}

#[async_trait]
impl<Io: Split> Handshake<Io> for RawSocket {
    async fn accept(&self, mut arrival: Arrival<Io>) -> Result<Accepted, HandshakeError> {
        // One octet is enough to see that somebody speaks something else.
        arrival.read_to(1).await?;
        if arrival.seen[0] != MAGIC {
            return Err(HandshakeError::refused("not RawSocket"));
        }
        arrival.read_to(4).await?;
        let (choice, reserved) = (arrival.seen[1], [arrival.seen[2], arrival.seen[3]]);
        arrival.seen.advance(4);
        if choice & 0x0F == 0 {
            // Zero is what marks an error, so it can't be asked for and has no answer.
            return Err(HandshakeError::refused("serializer 0"));
        }
        let chosen = if arrival.full { Err(Refusal::Connections) } else { self.choose(choice, reserved) };
        let Arrival { mut io, seen, peer, .. } = arrival;
        match chosen {
            Err(refusal) => {
                reject(&mut io, &[MAGIC, (refusal as u8) << 4, 0, 0]).await?;
                Err(match refusal {
                    Refusal::Connections => HandshakeError::Full,
                    other => HandshakeError::refused(other.to_string()),
                })
            }
            Ok((serializer, peer_max)) => {
                io.write_all(&[MAGIC, self.length << 4 | choice & 0x0F, 0, 0]).await?;
                io.flush().await?;
                let decoder = RawSocketDecoder::new(limit(self.length), peer_max);
                let framing = (decoder, RawSocketEncoder::new(peer_max).with_ping(self.options.ping));
                Ok(Accepted::transport(Stream::new(io, seen, framing, serializer, peer)))
            }
        }
    }
}
