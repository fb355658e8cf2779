//! One TLS session, without sockets: octets in, octets out.
//!
//! ```text
//!   records from the peer ──> receive ──> plain text            (called by the reader)
//!                               │ held: less than a record, and handshake messages that are not complete
//!                               v own: what rustls answers by itself, such as alerts
//!   records for the peer  <── seal <── plain text               (called by the writer)
//! ```
//!
//! The law: [`Session::receive`] goes on until rustls can do nothing more with what has come. So whoever calls
//! [`Session::seal`] finds rustls ready to write, and `held` is all that rustls may look at: it keeps offsets into it.
//!
//! rustls is used through its interface without buffers, since the other one keeps 4 KiB per idle connection, reads
//! no more than that at a time, and hands over one record for each call.

use std::fmt;
use std::io;
use std::sync::Arc;

use rustls::server::UnbufferedServerConnection;
use rustls::unbuffered::{
    ConnectionState, EncodeError, EncodeTlsData, EncryptError, InsufficientSizeError, UnbufferedStatus,
};
use rustls::{ServerConfig, SupportedCipherSuite};

use crate::scratch::Records;

/// More than the longest record with its header (RFC 5246, 6.2.3: 2^14 + 2048 + 5 octets). All of what `held` may be once
/// the handshake is over; a peer has no reason to send longer handshake messages then.
pub(crate) const HELD: usize = 20 * 1024;

/// The state of a connection.
pub(crate) struct Session {
    connection: UnbufferedServerConnection,
    held: Vec<u8>,
    own: Vec<u8>,
    /// The peer has said that nothing more will come.
    ended: bool,
    /// Why nothing is decrypted or encrypted any more.
    failure: Option<rustls::Error>,
}

impl Session {
    /// # Errors
    /// Those of rustls: the configuration can't be used.
    pub(crate) fn new(config: Arc<ServerConfig>) -> Result<Self, rustls::Error> {
        let connection = UnbufferedServerConnection::new(config)?;
        Ok(Session { connection, held: Vec::new(), own: Vec::new(), ended: false, failure: None })
    }

    pub(crate) fn is_handshaking(&self) -> bool {
        self.connection.is_handshaking()
    }

    /// What was agreed upon, once it was.
    pub(crate) fn suite(&self) -> Option<SupportedCipherSuite> {
        self.connection.negotiated_cipher_suite()
    }

    /// What the client showed and proved to be its own; its own certificate first.
    pub(crate) fn certificates(&self) -> Vec<Vec<u8>> {
        let shown = self.connection.peer_certificates().unwrap_or_default();
        shown.iter().map(|certificate| certificate.to_vec()).collect()
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.ended
    }

    /// How much is kept until more comes.
    #[cfg(test)]
    pub(crate) fn kept(&self) -> usize {
        self.held.capacity() + self.own.capacity()
    }

    /// Takes what rustls has to say by itself. It has to be written before anything that is sealed later.
    pub(crate) fn take_own(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.own)
    }

    /// Decrypts `octets[HELD..]`, which have just come; the first [`HELD`] octets are room for those that came before.
    /// `plain` gets the text, record by record.
    ///
    /// # Errors
    /// The peer, or somebody between us, broke the protocol. The alert is in [`take_own`](Self::take_own).
    pub(crate) fn receive(&mut self, octets: &mut [u8], plain: impl FnMut(&[u8])) -> io::Result<()> {
        let start = HELD - self.held.len();
        octets[start..HELD].copy_from_slice(&self.held);
        self.held = Vec::new();
        let used = self.process(&mut octets[start..], plain)?;
        self.hold(&octets[start + used..])
    }

    /// Keeps what [`process`](Self::process) did not use, until more has come.
    ///
    /// # Errors
    /// It is longer than a record.
    pub(crate) fn hold(&mut self, rest: &[u8]) -> io::Result<()> {
        if rest.len() > HELD {
            return Err(self.fail(rustls::Error::General("handshake message too long".to_owned())));
        }
        self.held = rest.to_vec();
        Ok(())
    }

    /// Lets rustls work until it needs more octets. Returns how many it is done with.
    ///
    /// # Errors
    /// As [`receive`](Self::receive).
    pub(crate) fn process(&mut self, octets: &mut [u8], mut plain: impl FnMut(&[u8])) -> io::Result<usize> {
        if let Some(error) = &self.failure {
            return Err(broken(error.clone()));
        }
        let mut used = 0;
        loop {
            let UnbufferedStatus { mut discard, state } =
                self.connection.process_tls_records(&mut octets[used..]);
            let mut blocked = false;
            match state {
                Ok(ConnectionState::ReadTraffic(mut traffic)) => {
                    while let Some(record) = traffic.next_record() {
                        let record = record.map_err(broken)?;
                        discard += record.discard;
                        plain(record.payload);
                    }
                }
                Ok(ConnectionState::EncodeTlsData(data)) => append(&mut self.own, data),
                Ok(ConnectionState::TransmitTlsData(data)) => data.done(),
                Ok(ConnectionState::PeerClosed) => self.ended = true,
                Ok(
                    ConnectionState::BlockedHandshake
                    | ConnectionState::WriteTraffic(_)
                    | ConnectionState::Closed,
                ) => blocked = true,
                // Early data, which is not offered, and states of later versions.
                Ok(other) => return Err(io::Error::other(format!("unexpected state of TLS: {other:?}"))),
                Err(error) => {
                    // Called once more, with the same octets, rustls gives us the alert.
                    let status = self.connection.process_tls_records(&mut octets[used..]);
                    if let Ok(ConnectionState::EncodeTlsData(data)) = status.state {
                        append(&mut self.own, data);
                    }
                    return Err(self.fail(error));
                }
            }
            used += discard;
            if blocked {
                return Ok(used);
            }
        }
    }

    /// Encrypts `plain` into `records`, behind what rustls has to say by itself.
    ///
    /// # Errors
    /// The session has failed, or its keys are used up.
    pub(crate) fn seal(&mut self, plain: &[u8], records: &mut Records) -> io::Result<()> {
        if let Some(error) = &self.failure {
            // The alert waits for `finish`.
            return Err(broken(error.clone()));
        }
        self.write(records, |traffic, room| traffic.encrypt(plain, room))
    }

    /// Tells the peer that nothing more will come, or why. Nothing is sealed after that.
    pub(crate) fn finish(&mut self, records: &mut Records) {
        if self.failure.is_some() {
            // Which is why it ends. The alert says so.
            records.append(&self.take_own());
        } else {
            // If nothing can be said any more, the end of the stream has to do.
            let _ = self.write(records, |traffic, room| traffic.queue_close_notify(room));
        }
    }

    fn write(
        &mut self,
        records: &mut Records,
        mut what: impl FnMut(&mut WriteTraffic<'_>, &mut [u8]) -> Result<usize, EncryptError>,
    ) -> io::Result<()> {
        records.append(&self.take_own());
        let UnbufferedStatus { discard, state } = self.connection.process_tls_records(&mut self.held);
        debug_assert_eq!(discard, 0, "`receive` left nothing to do");
        match state {
            Ok(ConnectionState::WriteTraffic(mut traffic)) => {
                records.write(|room| what(&mut traffic, room)).map_err(io::Error::other)
            }
            Ok(ConnectionState::Closed) => Err(io::ErrorKind::BrokenPipe.into()),
            Ok(other) => Err(io::Error::other(format!("TLS is not ready to write: {other:?}"))),
            Err(error) => Err(self.fail(error)),
        }
    }

    fn fail(&mut self, error: rustls::Error) -> io::Error {
        self.held = Vec::new();
        self.failure = Some(error.clone());
        broken(error)
    }
}

type WriteTraffic<'c> = rustls::unbuffered::WriteTraffic<'c, rustls::server::ServerConnectionData>;

/// What TLS says by itself: a few records at most, since rustls bounds how often a peer may provoke them.
fn append<D>(own: &mut Vec<u8>, mut data: EncodeTlsData<'_, D>) {
    // An empty buffer is always too small, and the error says how much is needed.
    if let Err(EncodeError::InsufficientSize(InsufficientSizeError { required_size })) = data.encode(&mut [])
    {
        let filled = own.len();
        own.resize(filled + required_size, 0);
        data.encode(&mut own[filled..]).expect("the buffer is as long as rustls asked for");
    }
}

fn broken(error: rustls::Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("held", &self.held.len())
            .field("own", &self.own.len())
            .field("ended", &self.ended)
            .field("failure", &self.failure)
            .finish_non_exhaustive()
    }
}
