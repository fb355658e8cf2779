//! Records, writes and memory, counted; and any cut of a stream against the stream.

use std::pin::pin;
use std::sync::LazyLock;

use aws_lc_rs::aead;
use crossway_framing::Locked;
use proptest::prelude::*;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{
    ClientConfig, ClientConnection, ConnectionTrafficSecrets, RootCertStore, ServerConfig,
    SupportedProtocolVersion,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio_rustls::TlsConnector;
use tokio_rustls::client;

use super::*;
use crate::handshake::greet;

/// What a carrier was asked to do.
#[derive(Debug, Default)]
struct Log {
    reads: usize,
    /// The octets of each write.
    writes: Vec<Vec<u8>>,
    /// A read or write takes no more, unless this is 0.
    most: usize,
}

impl Log {
    fn limit(&self, len: usize) -> usize {
        if self.most == 0 { len } else { len.min(self.most) }
    }
}

/// A carrier that is watched.
#[derive(Debug)]
struct Watched {
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

struct Configs {
    server: Arc<ServerConfig>,
    clients: Vec<Arc<ClientConfig>>,
}

static CONFIGS: LazyLock<Configs> = LazyLock::new(|| {
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

type Client = client::TlsStream<DuplexStream>;
type Server = TlsStream<Locked<Watched>>;

/// Both ends of a connection whose carrier takes `room` octets, with TLS 1.3 or, if `old`, 1.2.
async fn pair(room: usize, old: bool) -> (Client, Server, Arc<Mutex<Log>>) {
    let (here, there) = duplex(room);
    let log = Arc::new(Mutex::new(Log::default()));
    let io = Locked(Watched { io: there, log: Arc::clone(&log) });
    let connector = TlsConnector::from(Arc::clone(&CONFIGS.clients[usize::from(old)]));
    let name = "localhost".try_into().unwrap();
    let server = greet(io, BytesMut::new(), Arc::clone(&CONFIGS.server));
    let (client, server) = tokio::join!(connector.connect(name, here), server);
    *log.lock() = Log::default();
    (client.unwrap(), server.unwrap(), log)
}

/// The lengths of the records in `octets`.
fn records(mut octets: &[u8]) -> Vec<usize> {
    let mut lengths = Vec::new();
    while let [_, _, _, high, low, rest @ ..] = octets {
        let len = usize::from(u16::from_be_bytes([*high, *low]));
        lengths.push(len);
        octets = &rest[len..];
    }
    lengths
}

const HANDSHAKE: u8 = 22;

/// Makes records that no TLS library would send.
struct Forge {
    key: aead::LessSafeKey,
    iv: [u8; 12],
    sequence: u64,
}

impl Forge {
    /// In the name of a client that has connected with TLS 1.3.
    fn new(client: ClientConnection) -> Self {
        let (sequence, secrets) = client.dangerous_extract_secrets().unwrap().tx;
        let ConnectionTrafficSecrets::Aes256Gcm { key, iv } = secrets else { panic!("another cipher") };
        let key = aead::UnboundKey::new(&aead::AES_256_GCM, key.as_ref()).unwrap();
        Forge { key: aead::LessSafeKey::new(key), iv: iv.as_ref().try_into().unwrap(), sequence }
    }

    /// RFC 8446, 5.2 and 5.3.
    fn record(&mut self, kind: u8, content: &[u8]) -> Vec<u8> {
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
fn text(len: usize) -> Vec<u8> {
    (0..len as u32).map(|i| (i ^ (i >> 8) ^ (i >> 16)) as u8).collect()
}

#[tokio::test]
async fn a_batch_is_few_records_and_one_write() {
    for (old, overhead) in [(false, 17), (true, 24)] {
        let (mut client, mut server, log) = pair(1 << 20, old).await;
        let text = text(64 * 1024);
        let pieces: Vec<_> = text.chunks(256).map(IoSlice::new).collect();
        assert_eq!(server.write_vectored(&pieces).await.unwrap(), text.len());
        let log = std::mem::take(&mut *log.lock());
        assert_eq!(log.writes.len(), 1);
        assert_eq!(records(&log.writes[0]), [16 * 1024 + overhead; 4]);
        let mut received = vec![0; text.len()];
        client.read_exact(&mut received).await.unwrap();
        assert!(received == text);
    }
}

#[tokio::test]
async fn one_read_brings_all_records_that_have_come() {
    let (mut client, server, log) = pair(1 << 20, false).await;
    let (mut reader, _writer) = server.into_halves();
    for _ in 0..100 {
        client.write_all(&[7; 256]).await.unwrap();
        client.flush().await.unwrap();
    }
    let mut received = vec![0; 64 * 1024];
    assert_eq!(reader.read(&mut received).await.unwrap(), 25_600);
    assert_eq!(log.lock().reads, 1);
}

#[tokio::test]
async fn an_idle_connection_keeps_no_buffer() {
    let (mut client, server, _) = pair(4096, false).await;
    let (mut reader, mut writer) = server.into_halves();
    let mut received = vec![0; 100_000];
    for _ in 0..2 {
        let text = text(received.len());
        let (sent, back) = tokio::join!(
            async {
                writer.write_all(&text).await?;
                writer.flush().await
            },
            client.read_exact(&mut received)
        );
        sent.unwrap();
        back.unwrap();
        let (sent, back) = tokio::join!(
            async {
                client.write_all(&text).await?;
                client.flush().await
            },
            reader.read_exact(&mut received)
        );
        sent.unwrap();
        back.unwrap();
    }
    assert_eq!((reader.reading.plain.capacity(), writer.writing.pending.capacity()), (0, 0));
    assert_eq!(reader.reading.session.lock().kept(), 0);
}

#[tokio::test]
async fn a_peer_that_does_not_read_holds_one_batch_at_most() {
    let (_client, server, _) = pair(1000, false).await;
    let (_reader, mut writer) = server.into_halves();
    let mut cx = Context::from_waker(std::task::Waker::noop());
    let text = text(1 << 20);
    let mut taken = 0;
    while let Poll::Ready(count) = pin!(writer.write(&text[taken..])).poll(&mut cx) {
        taken += count.unwrap();
    }
    assert_eq!(taken, scratch::BATCH);
    assert!(writer.writing.pending.len() < scratch::BATCH + 1024);
}

#[tokio::test]
async fn keys_are_renewed_in_both_directions() {
    let (mut client, mut server, _) = pair(1 << 20, false).await;
    for round in 0..20_u8 {
        client.get_mut().1.refresh_traffic_keys().unwrap();
        client.write_all(&[round; 100]).await.unwrap();
        client.flush().await.unwrap();
        let mut echo = [0; 100];
        server.read_exact(&mut echo).await.unwrap();
        server.write_all(&echo).await.unwrap();
        client.read_exact(&mut echo).await.unwrap();
        assert_eq!(echo, [round; 100]);
    }
}

#[tokio::test]
async fn both_sides_say_good_bye() {
    for old in [false, true] {
        let (mut client, mut server, _) = pair(1 << 20, old).await;
        client.write_all(b"last").await.unwrap();
        client.shutdown().await.unwrap();
        let mut received = Vec::new();
        server.read_to_end(&mut received).await.unwrap();
        assert_eq!(received, b"last");
        // The peer's end is not ours.
        server.write_all(b"answer").await.unwrap();
        server.shutdown().await.unwrap();
        received.clear();
        client.read_to_end(&mut received).await.unwrap();
        assert_eq!(received, b"answer");
    }
}

#[tokio::test]
async fn an_end_without_good_bye_is_an_error() {
    let (client, mut server, _) = pair(1 << 20, false).await;
    drop(client.into_inner().0);
    let error = server.read_u8().await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
}

#[tokio::test]
async fn a_forged_record_is_answered_with_an_alert() {
    for old in [false, true] {
        let (client, server, log) = pair(1 << 20, old).await;
        let (mut reader, mut writer) = server.into_halves();
        let mut carrier = client.into_inner().0;
        carrier.write_all(b"\x17\x03\x03\x00\x20................................").await.unwrap();
        let error = reader.read_u8().await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{error}");
        assert!(writer.write_all(b"more").await.is_err());
        writer.shutdown().await.unwrap();
        let written = log.lock().writes.concat();
        assert_eq!(records(&written).len(), 1, "one alert: {written:02x?}");
    }
}

#[tokio::test]
async fn half_a_handshake_message_does_not_hinder_the_writer() {
    // rustls keeps offsets into the octets of half a message, which therefore have to be there when something is written.
    let (client, server, _) = pair(1 << 20, false).await;
    let (mut reader, mut writer) = server.into_halves();
    let (mut carrier, tls) = client.into_inner();
    let mut forge = Forge::new(tls);
    let key_update = [24, 0, 0, 1, 0];
    carrier.write_all(&forge.record(HANDSHAKE, &key_update[..2])).await.unwrap();
    let mut cx = Context::from_waker(std::task::Waker::noop());
    assert!(pin!(reader.read_u8()).poll(&mut cx).is_pending());
    assert!(reader.reading.session.lock().kept() > 0);
    writer.write_all(b"in between").await.unwrap();
    carrier.write_all(&forge.record(HANDSHAKE, &key_update[2..])).await.unwrap();
    assert!(pin!(reader.read_u8()).poll(&mut cx).is_pending());
    assert_eq!(reader.reading.session.lock().kept(), 0);
    writer.write_all(b"behind").await.unwrap();
}

#[tokio::test]
async fn an_endless_handshake_message_is_refused() {
    let (client, server, log) = pair(1 << 20, false).await;
    let (mut reader, mut writer) = server.into_halves();
    let (mut carrier, tls) = client.into_inner();
    let mut forge = Forge::new(tls);
    let mut message = vec![24, 0, 0xFF, 0xF0];
    message.resize(16 * 1024, 0);
    for _ in 0..2 {
        carrier.write_all(&forge.record(HANDSHAKE, &message)).await.unwrap();
    }
    let error = reader.read_u8().await.unwrap_err();
    assert!(error.to_string().contains("too long"), "{error}");
    assert_eq!(reader.reading.session.lock().kept(), 0);
    assert!(writer.write_all(b"more").await.is_err());
    writer.shutdown().await.unwrap();
    assert!(log.lock().writes.is_empty());
}

/// Sends `text` in pieces, and receives it into buffers, of the lengths in `cuts`.
async fn carry<W, R>(mut from: W, mut to: R, text: &[u8], cuts: &[usize]) -> Vec<u8>
where
    W: AsyncWrite + Unpin,
    R: AsyncRead + Unpin,
{
    let sending = async {
        let (mut rest, mut cuts) = (text, cuts.iter().cycle());
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(*cuts.next().unwrap()));
            from.write_all(now).await.unwrap();
            rest = later;
        }
        from.flush().await.unwrap();
    };
    let receiving = async {
        let (mut received, mut cuts) = (Vec::new(), cuts.iter().rev().cycle());
        while received.len() < text.len() {
            let mut buffer = vec![0; *cuts.next().unwrap()];
            let count = to.read(&mut buffer).await.unwrap();
            received.extend_from_slice(&buffer[..count]);
        }
        received
    };
    tokio::join!(sending, receiving).1
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_cut_carries_the_same_text(
        len in 1_usize..200_000,
        room in 2000_usize..200_000,
        most in prop_oneof![1_usize..100, 100_usize..100_000],
        cuts in prop::collection::vec(prop_oneof![50_usize..3000, 3000_usize..120_000], 1..8),
        old in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (client, server, log) = pair(room, old).await;
            log.lock().most = most;
            let (reader, writer) = server.into_halves();
            let (there, here) = tokio::io::split(client);
            let text = text(len);
            let (down, up) = tokio::join!(carry(writer, there, &text, &cuts), carry(here, reader, &text, &cuts));
            assert!(down == text, "what the router wrote");
            assert!(up == text, "what the router read");
        });
    }
}
