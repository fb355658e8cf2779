//! Both ends of a connection, a carrier that is watched, and records that no library would send.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll, ready};

use aws_lc_rs::aead;
use bytes::BytesMut;
use crossway_framing::Locked;
use parking_lot::Mutex;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{
    ClientConfig, ClientConnection, ConnectionTrafficSecrets, RootCertStore, ServerConfig,
    SupportedProtocolVersion,
};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf, duplex};
use tokio_rustls::{TlsConnector, client};

use crate::handshake::greet;
use crate::stream::TlsStream;

/// What a carrier was asked to do.
#[derive(Debug, Default)]
pub(super) struct Log {
    pub(super) reads: usize,
    /// The octets of each write.
    pub(super) writes: Vec<Vec<u8>>,
    /// A read or write takes no more, unless this is 0.
    pub(super) most: usize,
}

impl Log {
    fn limit(&self, len: usize) -> usize {
        if self.most == 0 { len } else { len.min(self.most) }
    }
}

/// A carrier that is watched.
#[derive(Debug)]
pub(super) struct Watched {
    io: DuplexStream,
    log: Arc<Mutex<Log>>,
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let most = self.log.lock().limit(buf.remaining());
        let mut octets = vec![0; most];
        let mut limited = ReadBuf::new(&mut octets);
        ready!(Pin::new(&mut self.io).poll_read(cx, &mut limited))?;
        buf.put_slice(limited.filled());
        self.log.lock().reads += 1;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Watched {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let most = self.log.lock().limit(buf.len());
        let count = ready!(Pin::new(&mut self.io).poll_write(cx, &buf[..most]))?;
        self.log.lock().writes.push(buf[..count].to_vec());
        Poll::Ready(Ok(count))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

pub(super) struct Configs {
    server: Arc<ServerConfig>,
    clients: Vec<Arc<ClientConfig>>,
}

pub(super) static CONFIGS: LazyLock<Configs> = LazyLock::new(|| {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let cert: CertificateDer<'static> = made.cert.der().clone();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = || Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let server = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.clone()], key)
        .unwrap();
    let client = |version: &'static SupportedProtocolVersion| {
        let mut roots = RootCertStore::empty();
        roots.add(cert.clone()).unwrap();
        let builder = ClientConfig::builder_with_provider(provider()).with_protocol_versions(&[version]);
        let mut config = builder.unwrap().with_root_certificates(roots).with_no_client_auth();
        // For `Forge`.
        config.enable_secret_extraction = true;
        Arc::new(config)
    };
    let clients = vec![client(&rustls::version::TLS13), client(&rustls::version::TLS12)];
    Configs { server: Arc::new(server), clients }
});

pub(super) type Client = client::TlsStream<DuplexStream>;
pub(super) type Server = TlsStream<Locked<Watched>>;

/// Both ends of a connection whose carrier takes `room` octets, with TLS 1.3 or, if `old`, 1.2.
pub(super) async fn pair(room: usize, old: bool) -> (Client, Server, Arc<Mutex<Log>>) {
    let (here, there) = duplex(room);
    let log = Arc::new(Mutex::new(Log::default()));
    let io = Locked(Watched { io: there, log: Arc::clone(&log) });
    let connector = TlsConnector::from(Arc::clone(&CONFIGS.clients[usize::from(old)]));
    let name = "localhost".try_into().unwrap();
    let server = greet(io, BytesMut::new(), Arc::clone(&CONFIGS.server));
    let (client, server) = tokio::join!(connector.connect(name, here), server);
    *log.lock() = Log::default();
    (client.unwrap(), server.unwrap().io, log)
}

/// The lengths of the records in `octets`.
pub(super) fn records(mut octets: &[u8]) -> Vec<usize> {
    let mut lengths = Vec::new();
    while let [_, _, _, high, low, rest @ ..] = octets {
        let len = usize::from(u16::from_be_bytes([*high, *low]));
        lengths.push(len);
        octets = &rest[len..];
    }
    lengths
}

pub(super) const HANDSHAKE: u8 = 22;

/// Makes records that no TLS library would send.
pub(super) struct Forge {
    key: aead::LessSafeKey,
    iv: [u8; 12],
    sequence: u64,
}

impl Forge {
    /// In the name of a client that has connected with TLS 1.3.
    pub(super) fn new(client: ClientConnection) -> Self {
        let (sequence, secrets) = client.dangerous_extract_secrets().unwrap().tx;
        let ConnectionTrafficSecrets::Aes256Gcm { key, iv } = secrets else { panic!("another cipher") };
        let key = aead::UnboundKey::new(&aead::AES_256_GCM, key.as_ref()).unwrap();
        Forge { key: aead::LessSafeKey::new(key), iv: iv.as_ref().try_into().unwrap(), sequence }
    }

    /// RFC 8446, 5.2 and 5.3.
    pub(super) fn record(&mut self, kind: u8, content: &[u8]) -> Vec<u8> {
        let len = (content.len() + 1 + aead::AES_256_GCM.tag_len()) as u16;
        let [high, low] = len.to_be_bytes();
        let header = [23, 3, 3, high, low];
        let mut nonce = self.iv;
        for (octet, sequence) in nonce[4..].iter_mut().zip(self.sequence.to_be_bytes()) {
            *octet ^= sequence;
        }
        self.sequence += 1;
        let mut sealed = [content, &[kind]].concat();
        let nonce = aead::Nonce::assume_unique_for_key(nonce);
        self.key.seal_in_place_append_tag(nonce, aead::Aad::from(header), &mut sealed).unwrap();
        [&header[..], &sealed].concat()
    }
}

/// A stream that repeats itself late.
pub(super) fn text(len: usize) -> Vec<u8> {
    (0..len as u32).map(|i| (i ^ (i >> 8) ^ (i >> 16)) as u8).collect()
}
